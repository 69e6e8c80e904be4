"""What is said beside the numbers: what was taken for granted, and what the reader must know."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from jifen.domain.program.meaning import EarnRule, Expiry, Program, Until, Window, WindowKind
from jifen.domain.program.reading import claims_of
from jifen.insight.backtest.missing import called
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.result import Assumption, Notice, Sensitivity, Side
from jifen.insight.backtest.result_side import sentence_of
from jifen.insight.backtest.tally import BASELINE, DRAFT, Tally
from jifen.present.said import Said

LEVELS = {"serious": 0, "caution": 1, "note": 2}
REFUSED_CAUTION_BPS = 500


def assumptions_of(
    question: Question, gifts: dict[int, int], elasticity: Fraction | None
) -> tuple[Assumption, ...]:
    """What a back-test takes for granted.

    Shape
        gifts   by side: in how many passes gifts were settled
    """
    told = [
        _assumption("purchases_unchanged"),
        _spends(question),
        _assumption("adjustments_as_they_were"),
        _assumption("brought_to_the_end", day=str(question.to_on)),
    ]
    if gifts:
        told.append(_assumption("gifts_follow_givers", passes=max(gifts.values())))
    if any(any(side.timeline.pooled) for side in question.sides):
        told.append(_assumption("budgets_by_the_hour"))
    if any(any(side.timeline.known[side.published :]) for side in question.sides):
        told.append(_assumption("segments_as_they_are"))
    if question.stores:
        told.append(_assumption("stores_choose_members"))
    if question.sample is not None and question.sample < 1:
        share = f"{float(question.sample):.2%}"
        told.append(_assumption("whole_members_sampled", share=share, seed=question.seed))
    if elasticity is not None:
        told.append(_assumption("elasticity_stated", points=f"{float(elasticity):g}"))
    return tuple(told)


def _spends(question: Question) -> Assumption:
    if question.redemptions == "replayed":
        return _assumption("spends_as_balances_allow")
    return _assumption("redemptions_drawn", seed=question.seed)


def notices_of(
    question: Question, tally: Tally, sides: tuple[Side, Side], missing: Iterable[Notice]
) -> tuple[Notice, ...]:
    """The warnings, the most serious first."""
    found = [*missing, *_short_history(question), *_refused(sides[DRAFT])]
    if tally.purchases == 0:
        found.append(_notice("no_purchases", "serious", {}))
    if question.draft.begins_at is not None and question.draft.published:
        found.append(
            _notice(
                "draft_begins_half_way",
                "note",
                {"revisions_before": question.draft.published},
                day=str(question.from_on),
            )
        )
    for at, which in ((BASELINE, "baseline"), (DRAFT, "draft")):
        owed = sides[at].owed_minor
        if any(total.closing_units < 0 for total in sides[at].currencies):
            programme = Said(f"backtest.which.{which}")
            found.append(_notice("balances_below_zero", "caution", {"owed_minor": owed}, programme=programme))
    return tuple(sorted(found, key=lambda one: LEVELS[one.level]))


def _short_history(question: Question) -> Iterable[Notice]:
    """Windows and lives of units that reach further than the history."""
    program = question.draft.program
    days = (question.from_on - question.history_from).days
    span = (question.to_on - question.history_from).days + 1
    window = _days_of(program.ladder.window)
    if len(program.ladder.tiers) > 1 and days < window:
        yield _notice(
            "tier_window_short",
            "caution",
            {"window_days": window, "days_before": days},
            window=window,
            known=_known_before(days),
        )
    for currency in program.currencies:
        lives = [terms.expiry for terms in currency.terms if terms.expiry is not None]
        if lives:
            life = max(_days_of_life(expiry) for expiry in lives)
            if span < 2 * life:
                yield _notice(
                    "expiry_hardly_seen",
                    "caution",
                    {"life_days": life, "history_days": span},
                    currency=currency.code,
                    life=life,
                    span=span,
                )
    for rule, window_days in _rule_windows(program):
        if days < window_days:
            yield _notice(
                "rule_window_short",
                "note",
                {"window_days": window_days, "days_before": days},
                rule=called(rule),
                window=window_days,
                known=_known_before(days),
            )


def _days_of(window: Window) -> int:
    """How far a window looks back; 0: as far as a membership goes, which no number of days says."""
    if window.kind is WindowKind.ROLLING:
        return window.days
    return 0 if window.kind is WindowKind.LIFE else 366


def _known_before(days: int) -> Said:
    if days == 0:
        return Said("backtest.known_before.nothing")
    return Said("backtest.known_before.days", count=days)


def _rule_windows(program: Program) -> Iterable[tuple[EarnRule, int]]:
    for rule in program.rules:
        longest = max((claim.window_days for claim in claims_of(rule.state)), default=0)
        if longest:
            yield rule, longest


def _refused(side: Side) -> Iterable[Notice]:
    for row in side.replayed:
        if row.verb == "redeem" and row.refused:
            share = row.refused_units * 10_000 // max(row.asked_units, 1)
            yield _notice(
                "redemptions_refused",
                "caution" if share >= REFUSED_CAUTION_BPS else "note",
                {"refused": row.refused, "refused_units": row.refused_units, "members": row.refused_members},
                members=row.refused_members,
                refused=row.refused,
                units=row.refused_units,
            )


def sensitivity_of(
    elasticity: Fraction | None, sides: tuple[Side, Side], sales_minor: int
) -> tuple[Sensitivity, ...]:
    """What the draft comes to if sales answer: none, half, as stated, twice. Sales change by elasticity x change of the share."""
    if elasticity is None or sales_minor <= 0:
        return ()
    costs = [Fraction(side.cost_minor) for side in sides]
    told = []
    for stated in sorted({Fraction(0), elasticity / 2, elasticity, elasticity * 2}):
        sales = stated * (costs[DRAFT] - costs[BASELINE])
        cost = costs[DRAFT] - costs[BASELINE] + sales * costs[DRAFT] / sales_minor
        told.append(
            Sensitivity(
                elasticity=(stated.numerator, stated.denominator),
                is_stated=stated == elasticity,
                sales_minor=round(sales),
                cost_minor=round(cost),
            )
        )
    return tuple(told)


def _assumption(code: str, **parts: Any) -> Assumption:
    return Assumption(code=code, sentence=sentence_of(Said(f"backtest.assumes.{code}", **parts)))


def _notice(code: str, level: str, numbers: dict[str, int], **parts: Any) -> Notice:
    sentence = sentence_of(Said(f"backtest.warns.{code}", **parts))
    return Notice(code=code, level=level, numbers=numbers, sentence=sentence)  # type: ignore[arg-type]


def _days_of_life(expiry: Expiry) -> int:
    """So many days units may live at the longest, roughly."""
    rounded = {Until.ITSELF: 0, Until.MONTH_END: 30, Until.QUARTER_END: 91, Until.YEAR_END: 365}[expiry.until]
    return expiry.months * 30 + expiry.days + (365 // len(expiry.on) if expiry.on else rounded)
