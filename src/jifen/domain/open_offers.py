"""Which offers are open to a basket, and which of its lines each sees: what is known before it is paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from jifen.domain import fold
from jifen.domain.basket import Candidate
from jifen.domain.deals import Sight
from jifen.domain.member import Member
from jifen.domain.program.conditions import All, Claim, Condition, Not
from jifen.domain.program.meaning import Program
from jifen.domain.program.offers import Bundle, Offer
from jifen.domain.program.reading import claim_holds
from jifen.domain.program.select import Moment, matches
from jifen.domain.purchase import Line, Purchase

ANY_LINE = Line(number=0, amount_minor=0)
"""For conditions that ask of no line."""


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
    program: Program, basket: Purchase, moment: Moment, member: Member | None, *, day: int
) -> Opened:
    """The offers of a programme that need no right, for a basket at shelf prices.

    Units
        day   number of the day on which it is priced, for windows that end with it
    """
    candidates = []
    closed: list[tuple[Offer, Closed]] = []
    for offer in program.offers:
        why = _closed(offer, program, basket, moment, member, day)
        if why is None:
            candidates.append(Candidate(offer, sight_of(offer, basket, moment)))
        else:
            closed.append((offer, why))
    return Opened(tuple(candidates), tuple(closed))


def _closed(
    offer: Offer, program: Program, basket: Purchase, moment: Moment, member: Member | None, day: int
) -> Closed | None:
    if not matches(offer.given, basket, ANY_LINE, moment):
        return Closed.NOT_NOW
    if member_holds(offer.state, member_facts(program, member, day)):
        return None
    return Closed.MEMBER_UNKNOWN if member is None else Closed.NOT_FOR_MEMBER


def sight_of(offer: Offer, basket: Purchase, moment: Moment) -> Sight:
    """The lines that an offer sees, by position; what costs nothing is seen by none."""

    def seen(condition: Condition) -> tuple[int, ...]:
        return tuple(
            at
            for at, line in enumerate(basket.lines)
            if line.amount_minor and matches(condition, basket, line, moment)
        )

    if not isinstance(offer.deal, Bundle):
        return Sight(seen(offer.lines))
    items = tuple(seen(item.lines) for item in offer.deal.items)
    return Sight(tuple(sorted({at for item in items for at in item})), items)


def member_holds(condition: Condition, value: Callable[[Claim], object]) -> bool:
    """Whether a condition on the member holds. What is not known of him makes a claim false."""
    if isinstance(condition, Claim):
        return claim_holds(condition.operator, condition.value, value(condition))
    if isinstance(condition, Not):
        return not member_holds(condition.part, value)
    verdicts = (member_holds(part, value) for part in condition.parts)
    return all(verdicts) if isinstance(condition, All) else any(verdicts)


def member_facts(program: Program, member: Member | None, day: int) -> Callable[[Claim], object]:
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
