"""Which offers are open to a basket, and which of its lines each sees: what is known before it is paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from jifen.domain import fold
from jifen.domain.basket import Candidate
from jifen.domain.deals import Sight
from jifen.domain.member import Member
from jifen.domain.program.conditions import All, Claim, Condition, Not
from jifen.domain.program.known import UNKNOWN, Known
from jifen.domain.program.meaning import NONE, EarnRule, Grant, Program, Rounding, Together
from jifen.domain.program.offers import Bundle, Offer
from jifen.domain.program.reading import claim_holds
from jifen.domain.program.select import Moment, Select, compile_select
from jifen.domain.purchase import Line, Purchase


class Closed(StrEnum):
    """Why an offer is not open."""

    NOT_NOW = "not_now"  # its condition on store, channel, time or basket does not hold
    NOT_FOR_MEMBER = "not_for_member"  # that on the member does not
    MEMBER_UNKNOWN = "member_unknown"  # that on the member, and nobody is named


class Opened(NamedTuple):
    """Offers in their order: those that are open, and those that are not."""

    candidates: tuple[Candidate, ...]
    closed: tuple[tuple[Offer, Closed], ...]


def open_offers(
    program: Program,
    basket: Purchase,
    moment: Moment,
    member: Member | None,
    *,
    day: int,
    known: Known = UNKNOWN,
) -> Opened:
    """The offers of a programme that need no right, for a basket at shelf prices.

    Units
        day   number of the day on which it is priced, for windows that end with it
    """
    sights = sights_of(program, basket, moment)
    facts = member_facts(program, member, day, known)
    candidates = []
    closed: list[tuple[Offer, Closed]] = []
    for offer in program.offers:
        sight = sights.get(offer.code)
        if sight is None:
            closed.append((offer, Closed.NOT_NOW))
        elif not member_holds(offer.state, facts):
            closed.append((offer, Closed.NOT_FOR_MEMBER if member else Closed.MEMBER_UNKNOWN))
        else:
            candidates.append(Candidate(offer, sight))
    return Opened(tuple(candidates), tuple(closed))


def sights_of(program: Program, basket: Purchase, moment: Moment) -> dict[str, Sight]:
    """What each offer sees whose condition on the basket holds, by its code; what costs nothing is seen by none."""
    masks = _select_of(_Same(program))(basket, moment).masks
    found = {}
    position = 0
    for offer in program.offers:
        parts = _seeing(offer)
        seen = [
            tuple(at for at, mask in enumerate(masks) if mask >> bit & 1 and basket.lines[at].amount_minor)
            for bit in range(position + 1, position + 1 + len(parts))
        ]
        if masks[0] >> position & 1:
            whole = tuple(sorted({at for places in seen for at in places}))
            found[offer.code] = Sight(whole, tuple(seen) if isinstance(offer.deal, Bundle) else ())
        position += 1 + len(parts)
    return found


def _seeing(offer: Offer) -> list[Condition]:
    """The conditions on lines of an offer: of a bundle one for each of its places."""
    return [item.lines for item in offer.deal.items] if isinstance(offer.deal, Bundle) else [offer.lines]


class _Same:
    """A programme by itself: what was made of it is found again without looking at what it says."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __hash__(self) -> int:
        return id(self.program)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.program is self.program


@lru_cache(maxsize=8)
def _select_of(of: _Same) -> Select:
    """The function that selects by the conditions of a programme's offers as if they were rules: of each when it is open, then
    what it sees."""
    asked = [condition for offer in of.program.offers for condition in (offer.given, *_seeing(offer))]
    rules = tuple(
        EarnRule(
            number=at, code=str(at), names={}, currency=0, terms=0, grant=Grant.FIXED, rate=(0, 1), rounding=Rounding.DOWN,
            multiplied_by=NONE, group=at, together=Together.ADD, given=condition,
        )
        for at, condition in enumerate(asked)
    )  # fmt: skip
    return compile_select(replace(of.program, rules=rules))


Facts: TypeAlias = Callable[[Claim], object]
"""The value of the fact that a claim is about, or by which what it is about is looked up; None: it is not known."""


def member_holds(condition: Condition, value: Facts) -> bool:
    """Whether a condition on the member holds. What is not known of him makes a claim false."""
    if isinstance(condition, Claim):
        if condition.among is not None:
            return value(condition) in condition.among
        return claim_holds(condition.operator, condition.value, value(condition))
    if isinstance(condition, Not):
        return not member_holds(condition.part, value)
    verdicts = (member_holds(part, value) for part in condition.parts)
    return all(verdicts) if isinstance(condition, All) else any(verdicts)


def member_facts(program: Program, member: Member | None, day: int, known: Known = UNKNOWN) -> Facts:
    """What is known of a member on a day, whom time has done its part to; of nobody, nothing. As `fold.state_holds` reads it."""
    if member is None:
        return lambda _: None
    tiers = {tier.number: tier.code for tier in program.ladder.tiers}
    currencies = {one.code: one.number for one in program.currencies}
    width = fold.DAYS_COUNTED + len(member.tiers)

    def in_window(column: int, days: int) -> int:
        rows = range(0, len(member.days), width)
        first = day - days + 1
        return sum(
            member.days[row + column] for row in rows if first <= member.days[row + fold.DAYS_DAY] <= day
        )

    def value(claim: Claim) -> object:  # noqa: PLR0911
        last, joined = member.last_purchase_day, member.scalars[fold.JOINED_DAY]
        match claim.fact:
            case "member.tier":
                return tiers.get(member.tier)
            case "member.segments":
                return known.segments
            case "member.spend_minor":
                return in_window(fold.DAYS_SPEND, claim.window_days)
            case "member.visits":
                return in_window(fold.DAYS_VISITS, claim.window_days)
            case "member.days_since_purchase":
                return day - last if 0 <= last <= day else None
            case "member.purchases_before":
                return member.scalars[fold.PURCHASES]
            case "member.balance":
                return member.balance(currencies[claim.currency])
            case "member.days_since_joined":
                return day - joined if 0 < joined <= day else None
        return None

    return value


def lines_at(lines: Sequence[Line], prices: Sequence[int]) -> tuple[Line, ...]:
    """Lines at shelf prices as they are sold: what is paid, and what was taken off."""
    return tuple(
        line._replace(amount_minor=price, discount_minor=line.discount_minor + line.amount_minor - price)
        for line, price in zip(lines, prices, strict=True)
    )
