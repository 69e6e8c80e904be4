"""Who may have a reward: every reason why not, with its numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum, unique
from typing import NamedTuple

from jifen.domain.calendar import day_number, days_of_period, local_date, moment_in
from jifen.domain.member import Member
from jifen.domain.open_offers import Facts, member_facts, member_holds
from jifen.domain.program.conditions import Claim
from jifen.domain.program.known import UNKNOWN, Known
from jifen.domain.program.meaning import Period, Price, Program, Reward, Stock
from jifen.domain.refusals import PointsMissing, Refusal
from jifen.domain.refusals_of_rewards import (
    RewardConditionUnmet,
    RewardLimitUsedUp,
    RewardNotHere,
    RewardNotNow,
    RewardSwitchedOff,
    RewardUnknown,
    SoldOut,
    TierMissing,
)

STATES = ("waiting", "handed_over", "cancelled", "lapsed", "returned")
"""Where a redemption may stand."""
ENDS = {"committed": "handed_over", "released": "cancelled", "lapsed": "lapsed"}
"""Where one stands once the reservation that keeps it has ended."""


@unique
class StockReason(StrEnum):
    """Why a stock changes otherwise than by redemptions."""

    DELIVERED = "delivered"
    COUNTED = "counted"
    DAMAGED = "damaged"
    SENT_BACK = "sent_back"
    MOVED = "moved"


CODE_DIGITS = 10
"""Of the code by which what waits is picked up; the last one checks the others."""
PIECES_MAX = 1_000
"""No redemption is of more pieces."""
OF_STOCK = 1 << 62
"""What a pool that is a stock has, for who only wishes: what it really has is counted as it is leased."""


class Taken(NamedTuple):
    """Pieces of a reward that a member took on a day and did not give back."""

    on: date
    pieces: int


def reward_named(program: Program, code: str, *, pointer: str = "/reward") -> Reward:
    """The reward of that code.

    Refuses
        RewardUnknown   the programme has none
    """
    found = next((one for one in program.rewards if one.code == code), None)
    if found is None:
        known = ", ".join(one.code for one in program.rewards[:20]) or "none"
        raise RewardUnknown(
            f"{code!r} is none of the programme's rewards: {known}", pointer=pointer, value=code
        )
    return found


def price_of(reward: Reward, member: Member, pieces: int = 1) -> Price:
    """What so many pieces cost a member in the tier that he has."""
    one = reward.price_in(member.tier)
    return Price(units=one.units * pieces, amount_minor=one.amount_minor * pieces)


def is_given_from(reward: Reward, store: str) -> bool:
    """Whether the stock at a store ('' for all) is one from which a reward is given. As the document has it now: it may have been
    counted otherwise before, or at stores where it is not to be had any more."""
    if reward.stock is Stock.BY_STORE:
        return bool(store) and (not reward.stores or store in reward.stores)
    return reward.stock is Stock.SHARED and not store


class Asked(NamedTuple):
    """What is asked for: how many, where and how."""

    pieces: int = 1
    store: str | None = None
    channel: str | None = None


def hindrances(
    program: Program,
    reward: Reward,
    member: Member,
    asked: Asked,
    *,
    now: datetime,
    available: int,
    taken: list[Taken],
    left: int | None,
    stores_with: tuple[str, ...] = (),
    known: Known = UNKNOWN,
) -> Iterator[Refusal]:
    """Every reason why a member does not get so many pieces, the most lasting first; none: he gets them.

    Shapes
        available     smallest units of the reward's currency that can be spent now
        taken         what he took before and kept, of all days that its caps count
        left          pieces in the stock that is asked, None: it has none, or it is not known yet
        stores_with   other stores that have some
    """
    on = local_date(now, program.time_zone)
    if reward.last is not None and on > reward.last:
        yield RewardNotNow(
            f"it could be had until {reward.last}", pointer="/reward", until=reward.last.isoformat()
        )
    if reward.first is not None and on < reward.first:
        yield RewardNotNow(
            f"it can be had from {reward.first} on", pointer="/reward", begins=reward.first.isoformat()
        )
    if reward.tiers and member.tier not in reward.tiers:
        tiers = [one.code for one in program.ladder.tiers if one.number in reward.tiers]
        yield TierMissing(f"it is for members of {', '.join(tiers)}", pointer="/member", tiers=list(tiers))
    if reward.stores and asked.store is not None and asked.store not in reward.stores:
        yield RewardNotHere(
            f"it is not to be had at {asked.store}", pointer="/store", stores=[*sorted(reward.stores)[:20]]
        )
    if (reward.stores and asked.store is None) or (reward.stock is Stock.BY_STORE and asked.store is None):
        yield RewardNotHere("it is to be had at single stores: say at which", pointer="/store")
    if not member_holds(reward.when, _facts(program, member, asked, now, known)):
        yield RewardConditionUnmet(pointer="/reward")
    yield from _limits(reward, asked.pieces, on, taken)
    price = price_of(reward, member, asked.pieces)
    if available < price.units:
        yield PointsMissing(
            f"{price.units} units are needed, {available} are available",
            pointer="/pieces",
            units=price.units,
            units_available=available,
            points_missing=price.units - available,
        )
    if left is not None and left < asked.pieces:
        yield sold_out(asked.pieces, left, stores_with)


def sold_out(pieces: int, left: int, stores_with: tuple[str, ...] = ()) -> SoldOut:
    """That a stock does not have so many pieces."""
    return SoldOut(
        f"{pieces} are asked for, {left} are left", pointer="/pieces", pieces=pieces, left=left,
        stores=list(stores_with),
    )  # fmt: skip


def _limits(reward: Reward, pieces: int, on: date, taken: list[Taken]) -> Iterator[Refusal]:
    for period, most in reward.caps.items():
        if period is Period.PURCHASE:
            before, again = 0, None
        elif period is Period.LIFE:
            before, again = sum(one.pieces for one in taken), None
        else:
            first, last = days_of_period(period, on)
            before = sum(one.pieces for one in taken if first <= one.on <= last)
            again = last + timedelta(days=1)
        if before + pieces > most:
            yield RewardLimitUsedUp(
                f"at most {most} ({period.name.lower()}), of which {before} were taken",
                pointer="/pieces",
                limit=most,
                period="once" if period is Period.PURCHASE else period.name.lower(),
                taken=before,
                again_on=None if again is None else again.isoformat(),
            )


def counted_from(reward: Reward, on: date) -> date | None:
    """The first day of which it matters what a member took; None: no cap counts days. Of a whole life: the first of all days."""
    firsts = [
        date.min if period is Period.LIFE else days_of_period(period, on)[0]
        for period in reward.caps
        if period is not Period.PURCHASE
    ]
    return min(firsts, default=None)


def _facts(program: Program, member: Member, asked: Asked, now: datetime, known: Known) -> Facts:
    """What a redemption knows: where and when it happens, as an event, and what is known of the member."""
    store = program.stores.get(asked.store or "")
    shown = moment_in(now, store.time_zone if store else program.time_zone)
    there: dict[str, object] = {
        "event.store": asked.store,
        "event.channel": asked.channel,
        "event.weekday": shown.weekday,
        "event.hour": shown.hour,
        "event.date": shown.date,
        "event.day_of_month": shown.day_of_month,
        "event.month": shown.month,
    }
    of_member = member_facts(program, member, day_number(local_date(now, program.time_zone)), known)

    def value(claim: Claim) -> object:
        return there[claim.asks] if claim.asks in there else of_member(claim)

    return value


class Offered(NamedTuple):
    """A reward as a member sees it: what it costs him, how many are left (None: as many as are asked for), why he gets none."""

    reward: Reward
    price: Price
    left: int | None
    stores: tuple[tuple[str, int], ...]  # where there is one stock for each store: those that have some
    no: tuple[Refusal, ...]


def offered(
    program: Program,
    member: Member,
    asked: Asked,
    *,
    now: datetime,
    available: Mapping[int, int],
    taken: Mapping[int, list[Taken]],
    stocks: Mapping[int, Mapping[str, int]],
    off: frozenset[str],
    known: Known = UNKNOWN,
) -> tuple[Offered, ...]:
    """Every reward of a programme in its order, but those that are over, and why the member does not get a piece of it. Where no
    store is told, a reward of single stores is to be had at some.

    Shapes
        available   smallest units by currency
        stocks      by reward and store ('' for all) what is left
    """
    on = local_date(now, program.time_zone)
    found = []
    for reward in program.rewards:
        if reward.last is not None and on > reward.last:
            continue
        counted = stocks.get(reward.number, {})
        own = {store: left for store, left in counted.items() if is_given_from(reward, store)}
        stores = tuple((store, left) for store, left in sorted(own.items()) if store and left > 0)
        if reward.stock is Stock.UNLIMITED:
            left = None
        elif reward.stock is Stock.SHARED:
            left = own.get("", 0)
        else:
            left = (
                max((one for _, one in stores), default=0) if asked.store is None else own.get(asked.store, 0)
            )
        no = [
            one
            for one in hindrances(
                program, reward, member, asked, now=now, available=available.get(reward.currency, 0),
                taken=taken.get(reward.number, []), left=left, stores_with=tuple(store for store, _ in stores)[:5], known=known,
            )
            if not (isinstance(one, RewardNotHere) and asked.store is None)
        ]  # fmt: skip
        if reward.code in off:
            no.insert(0, RewardSwitchedOff(pointer="/reward"))
        found.append(Offered(reward, price_of(reward, member), left, stores, tuple(no)))
    return tuple(found)
