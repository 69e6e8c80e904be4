"""Read a member: balances and lots as they stand now, with what time has made due taken into account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.decide import decide_advance
from jifen.domain.member import Lot, Member
from jifen.domain.person import MemberKey
from jifen.domain.refusals import MemberUnknown, Refusal
from jifen.domain.timeline import Timeline
from jifen.store.compiled import begun_again
from jifen.store.gather import Gathered, gather_standing, gather_unlocked
from jifen.store.ledger import Connection, Ledger
from jifen.store.lots import all_lots
from jifen.store.members import enrolled_at
from jifen.store.persons import masked_keys


class Balance(NamedTuple):
    """Where a member's units of one currency stand. balance = available + pending + held - debt."""

    currency: int
    balance: int
    available: int
    pending: int
    held: int
    debt: int
    worth_minor: int | None  # of the balance, rounded down; None: units of this currency have no worth
    next_expiry_day: int | None
    next_expiry_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A member as he stands at a moment."""

    member: Member
    now: datetime
    timeline: Timeline
    balances: tuple[Balance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView(Standing):
    """The same with what is known of him besides."""

    keys: tuple[MemberKey, ...]
    enrolled_at: datetime


@begun_again
async def read_member(ledger: Ledger, member_id: UUID, *, for_id: UUID | None = None) -> MemberView:
    """The member with his balances now. For one of a household (`for_id`) only what finds himself is told.

    Refuses
        MemberUnknown   there is none with that id
    """
    async with ledger.reading() as connection:
        gathered = await _gather(ledger, connection, [member_id])
        stored = gathered.members.get(member_id)
        since = await enrolled_at(connection, member_id)
        if stored is None or since is None:
            raise MemberUnknown(pointer="/member")
        keys = (await masked_keys(ledger, connection, [member_id], person_id=for_id)).get(member_id, [])

    standing = _standing(stored, gathered)
    return MemberView(
        member=standing.member,
        now=standing.now,
        timeline=standing.timeline,
        balances=standing.balances,
        keys=tuple(keys),
        enrolled_at=since,
    )


@begun_again
async def read_standings(ledger: Ledger, member_ids: Sequence[UUID]) -> list[Standing | Refusal]:
    """Members with their balances now, in order; MemberUnknown in the place of one that is not there."""
    async with ledger.connection() as connection:
        gathered = await gather_standing(ledger, connection, member_ids)
    if gathered is None:
        async with ledger.reading() as connection:
            gathered = await gather_unlocked(ledger, connection, member_ids, needs_lots=True)
    found: list[Standing | Refusal] = []
    for member_id in member_ids:
        stored = gathered.members.get(member_id)
        found.append(_standing(stored, gathered) if stored else MemberUnknown(pointer="/member"))
    return found


async def _gather(ledger: Ledger, connection: Connection, member_ids: Sequence[UUID]) -> Gathered:
    gathered = await gather_standing(ledger, connection, member_ids)
    return gathered or await gather_unlocked(ledger, connection, member_ids, needs_lots=True)


def _standing(stored: Member, gathered: Gathered) -> Standing:
    timeline, now = gathered.timeline, gathered.now
    day = day_number(local_date(now, timeline.time_zone))
    member = stored
    if stored.is_due(day, epoch_micros(now)):
        member = decide_advance(timeline, stored, now=now).after
    return Standing(
        member=member,
        now=now,
        timeline=timeline,
        balances=tuple(balance_of(timeline, member, number, day) for number in range(len(member.balances))),
    )


def balance_of(timeline: Timeline, member: Member, currency: int, day: int) -> Balance:
    """Where the units of one currency stand on a day."""
    lots = [lot for lot in member.lots if lot.currency == currency and (lot.left or lot.held)]
    worth = timeline.newest.currencies[currency].worth_minor
    balance = member.balance(currency)
    dated = [lot for lot in lots if lot.left and lot.expires_day < fold.FAR]
    next_day = min((lot.expires_day for lot in dated), default=None)
    return Balance(
        currency=currency,
        balance=balance,
        available=sum(lot.left for lot in lots if lot.matures_day <= day),
        pending=sum(lot.left for lot in lots if lot.matures_day > day),
        held=sum(lot.held for lot in lots),
        debt=member.debt(currency),
        worth_minor=max(balance, 0) * worth[0] // worth[1] if worth else None,
        next_expiry_day=next_day,
        next_expiry_units=sum(lot.left for lot in dated if lot.expires_day == next_day),
    )


async def read_lots(ledger: Ledger, member_id: UUID) -> list[Lot]:
    """Every lot a member ever had, as stored.

    Refuses
        MemberUnknown   there is none with that id
    """
    async with ledger.reading() as connection:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/member")
        return await all_lots(connection, member_id)
