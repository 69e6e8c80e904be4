"""The random lives draw every kind of part: a law that holds of lives without some part says nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.domain.life import EVENTS, Life
from tests.domain.worlds import Step, lives, timelines

from jifen.domain import fold
from jifen.domain.program.conditions import FACTS, FactKind
from jifen.domain.program.meaning import (
    Counts,
    Draw,
    Grant,
    Period,
    Rounding,
    Shape,
    Together,
    When,
    WindowKind,
)
from jifen.domain.program.reading import claims_of
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Why

KINDS: dict[str, set[Any]] = {
    "amount": set(Grant), "shape": set(Shape), "together": set(Together), "period": set(Period), "counts": set(Counts),
    "when": set(When), "rounding": set(Rounding), "draw": set(Draw), "window": set(WindowKind),
    "fact": {fact.name for fact in FACTS.values() if fact.kind is FactKind.STATE},
    "entry": {*EVENTS.values(), fold.MOMENT} - {fold.ADVANCE},
    "why": set(Why),
    "expires": {"never", "by days", "by months"}, "pending": {False, True}, "grace": {False, True}, "least": {False, True},
}  # fmt: skip
"""What must be drawn. When moments of each kind fall due is drawn by `tests/oracle/test_drawn.py`."""


def drawn(timeline: Timeline) -> Iterator[tuple[str, Any]]:
    """The kinds that a programme holds."""
    for program in timeline.programs:
        for rule in program.rules:
            yield from (
                ("amount", rule.grant),
                ("shape", rule.shape),
                ("together", rule.together),
                ("rounding", rule.rounding),
            )
            yield "least", rule.least > 0
            for limit in rule.limits:
                yield from (("period", limit.period), ("counts", limit.counts), ("when", limit.when))
            for claim in claims_of(rule.state):
                yield "fact", claim.fact
        for currency in program.currencies:
            yield "draw", currency.draw
            for terms in currency.terms:
                expiry = terms.expiry
                yield "expires", "never" if expiry is None else "by months" if expiry.months else "by days"
                yield from (("pending", terms.pending_days > 0), ("grace", terms.grace_days > 0))
        for ladder in program.ladders:
            yield "window", ladder.window.kind


def test_the_random_lives_draw_every_kind() -> None:
    found: dict[str, set[Any]] = {kind: set() for kind in KINDS}

    def draw(timeline: Timeline, steps: list[Step]) -> None:
        life = Life(timeline)
        life.live(steps)
        for kind, one in drawn(timeline):
            found[kind].add(one)
        for told in life.told:
            found["entry"].add(told.asked.event[fold.EVENT_KIND])
            if EVENTS[told.what] not in (fold.RETURN, fold.VOID):
                found["why"] |= {Why(result.why) for result in told.decision.results}

    def missing() -> dict[str, set[Any]]:
        return {kind: wanted - found[kind] for kind, wanted in KINDS.items() if wanted - found[kind]}

    some = settings(
        max_examples=100,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for batch in range(20):
        if missing():
            seed(batch)(some(given(timelines(), lives)(draw)))()
    assert missing() == {}
