"""What is odd about a document that is valid: rules that can never grant, or never count beside another; tiers nobody can reach.

A finding is certain: what only may be odd is not told. What cannot be published at all is told by `check.py` and `bounds.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from jifen.document.meaning import can_hold
from jifen.domain.calendar import date_of, day_number
from jifen.domain.program.conditions import All, Any, Claim, Condition
from jifen.domain.program.meaning import (
    NO_MOST,
    NONE,
    Brought,
    Counts,
    EarnRule,
    Grant,
    Program,
    Shape,
    Together,
    When,
)
from jifen.domain.program.reading import conjuncts, is_under
from jifen.present.said import Chosen, Said
from jifen.present.shown import name_in

_FAR = 1 << 62
_DATES = ("purchase.date", "event.date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """One finding, by the path of the document that it is about."""

    code: str
    path: str
    said: Said


def oddities(program: Program, *, today: date) -> list[Oddity]:
    """Everything that is odd about a programme as of a day, in its order."""
    return [*_never(program, today), *_beaten(program), *_moments(program, today), *_tiers(program)]


def _never(program: Program, today: date) -> Iterator[Oddity]:
    """Rules that can never grant."""
    number = today.year * 10_000 + today.month * 100 + today.day
    for rule in program.rules:
        path = f"earn_rules[{rule.code}]"
        whole = All(parts=(rule.told if rule.on_event != NONE else rule.given, rule.known, rule.state))
        last = _last_day(whole)
        if rule.on == NONE and not can_hold(whole):
            yield Oddity(
                code="never_holds",
                path=path,
                said=Said("oddity.never_holds", rule=_named(rule.names, rule.code)),
            )
        elif last is not None and last < number:
            day = f"{last // 10_000:04d}-{last // 100 % 100:02d}-{last % 100:02d}"
            said = Said("oddity.days_over", rule=_named(rule.names, rule.code), day=day)
            yield Oddity(code="days_over", path=path, said=said)
        elif (most := _skipped_below(rule)) is not None:
            said = Said(
                "oddity.always_skipped", rule=_named(rule.names, rule.code), units=rule.rate[0], most=most
            )
            yield Oddity(code="always_skipped", path=path, said=said)


def _last_day(condition: Condition) -> int | None:
    """The last day on which a condition can hold, as yyyymmdd; None: no claim ends it; 0: its days are none."""
    if isinstance(condition, Any):
        ends = [_last_day(part) for part in condition.parts]
        return None if None in ends or not ends else max(one for one in ends if one is not None)
    if isinstance(condition, All):
        known = [end for part in conjuncts(condition) if (end := _last_day(part)) is not None]
        return min(known, default=None)
    return _last_day_claimed(condition) if isinstance(condition, Claim) else None


def _last_day_claimed(claim: Claim) -> int | None:
    """The same of a claim."""
    if claim.asks not in _DATES:
        return None
    if claim.among is not None:
        return max((int(one) for one in claim.among), default=0)
    ends = _ends(claim)
    return None if ends is None or ends[1] >= _FAR else ends[1]


def _skipped_below(rule: EarnRule) -> int | None:
    """The limit that is always less than the one amount which a rule desires, where less means nothing."""
    if rule.grant is not Grant.FIXED or rule.shape is not Shape.PLAIN or rule.multiplied_by != NONE:
        return None
    for limit in rule.limits:
        if limit.counts is Counts.UNITS and limit.when is When.SKIP and limit.units < rule.rate[0]:
            return limit.units
    return None


def _beaten(program: Program) -> Iterator[Oddity]:
    """Rules of a `best` or `first` group beside which another always counts."""
    for at, rule in enumerate(program.rules):
        if rule.together is Together.ADD:
            continue
        for before, other in enumerate(program.rules):
            if other.group != rule.group or before == at or not _always_grants_as_much(other, rule):
                continue
            is_beaten = (
                before < at if rule.together is Together.FIRST else before < at or _grants_more(other, rule)
            )
            if is_beaten:
                said = Said(
                    "oddity.never_counts",
                    rule=_named(rule.names, rule.code),
                    other=_named(other.names, other.code),
                )
                yield Oddity(code="never_counts", path=f"earn_rules[{rule.code}]", said=said)
                break


def _always_grants_as_much(one: EarnRule, other: EarnRule) -> bool:
    """Whether a rule grants at least as much wherever another grants, whoever the member is."""
    if one.budget is not None or any(limit.units < NO_MOST for limit in one.limits):
        return False
    if one.shape is not Shape.PLAIN or other.shape is not Shape.PLAIN or one.grant is not other.grant:
        return False
    seen = ("on", "on_event", "attribute", "multiplied_by", "rounding")
    if any(getattr(one, name) != getattr(other, name) for name in seen) or one.least < other.least:
        return False
    is_by_steps = one.grant in (Grant.PER_WHOLE_AMOUNT, Grant.PER_WHOLE_QUANTITY)
    if is_by_steps and one.rate[1] != other.rate[1]:
        return False
    if Fraction(*one.rate) < Fraction(*other.rate):
        return False
    return all(_implies(getattr(other, name), getattr(one, name)) for name in ("given", "told", "state"))


def _grants_more(one: EarnRule, other: EarnRule) -> bool:
    """Of two of which the first grants at least as much: whether the second can be equal only where both are nothing."""
    return one.grant is Grant.FIXED and one.rate[0] > other.rate[0]


def _implies(strong: Condition, weak: Condition) -> bool:
    """Whether one condition holds wherever another does, as far as their parts show it."""
    held = conjuncts(strong)
    return all(any(_part_implies(part, asked) for part in held) for asked in conjuncts(weak))


def _part_implies(held: Condition, asked: Condition) -> bool:
    if held == asked or (isinstance(asked, All) and not asked.parts):
        return True
    if isinstance(asked, Any):
        return any(_implies(held, branch) for branch in asked.parts)
    if isinstance(held, Any):
        return bool(held.parts) and all(_implies(branch, asked) for branch in held.parts)
    return isinstance(held, Claim) and isinstance(asked, Claim) and _claim_implies(held, asked)


def _claim_implies(held: Claim, asked: Claim) -> bool:
    about = ("fact", "window_days", "currency", "rule", "period", "of")
    if any(getattr(held, name) != getattr(asked, name) for name in about):
        return False
    if held.among is not None and asked.among is not None:
        return set(held.among) <= set(asked.among)
    have, want = _values(held), _values(asked)
    if held.operator in ("is", "in", "under") and asked.operator == "under":
        return all(any(is_under(str(one), str(top)) for top in want) for one in have)
    if held.operator in ("is", "in", "eq") and asked.operator in ("is", "in", "eq"):
        return set(have) <= set(want)
    if held.operator in ("has", "has_any") and asked.operator in ("has", "has_any"):
        return set(have) <= set(want)
    ends, around = _ends(held), _ends(asked)
    return ends is not None and around is not None and around[0] <= ends[0] and ends[1] <= around[1]


def _values(claim: Claim) -> tuple[str | int, ...]:
    return tuple(claim.value) if isinstance(claim.value, tuple) else (claim.value,)


def _ends(claim: Claim) -> tuple[int, int] | None:
    """The least and the most that a claim about a number lets through; None: it is no span."""
    value = claim.value
    if isinstance(value, tuple):
        numbers = [one for one in value if isinstance(one, int)]
        return (min(numbers), max(numbers)) if claim.operator in ("between", "in") and numbers else None
    if not isinstance(value, int):
        return None
    spans: Mapping[str, tuple[int, int]] = {
        "eq": (value, value), "ge": (value, _FAR), "gt": (value + 1, _FAR), "le": (-_FAR, value), "lt": (-_FAR, value - 1),
    }  # fmt: skip
    return spans.get(claim.operator)


def _moments(program: Program, today: date) -> Iterator[Oddity]:
    for moment in program.moments:
        if moment.brought is Brought.ON_DAYS and not any(day >= day_number(today) for day in moment.on):
            last = date_of(max(moment.on)) if moment.on else None
            said = Said("oddity.moment_over", name=_named(moment.names, moment.code), day=str(last or "-"))
            yield Oddity(code="moment_over", path=f"moments[{moment.code}]", said=said)


def _tiers(program: Program) -> Iterator[Oddity]:
    """Ladders by a currency that nothing gives."""
    given = {rule.currency for rule in program.rules}
    for ladder in program.ladders:
        if ladder.counts >= 0 and ladder.counts not in given and len(ladder.tiers) > 1:
            currency = next(one for one in program.currencies if one.number == ladder.counts)
            said = Said("oddity.tiers_unreachable", currency=_named(currency.names, currency.code))
            yield Oddity(code="tiers_unreachable", path="tiers", said=said)


def _named(names: Mapping[str, str], code: str) -> Chosen:
    return Chosen(lambda language: name_in(dict(names), language) or code)
