"""Read a member: balances and lots as they stand now, with what time has made due taken into account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date
from jifen.domain.decide import decide_advance
from jifen.domain.member import Lot, Member
from jifen.domain.refusals import MemberUnknown
from jifen.domain.timeline import Timeline
from jifen.store.gather import gather_unlocked
from jifen.store.ledger import Ledger
from jifen.store.members import MemberKey, all_lots, enrolled_at, find_by_keys, keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
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
class MemberView:
    """A member as he stands at a moment."""

    member: Member
    now: datetime
    day: int
    timeline: Timeline
    balances: tuple[Balance, ...]
    keys: tuple[MemberKey, ...]
    enrolled_at: datetime


async def read_member(ledger: Ledger, whose: UUID | MemberKey) -> MemberView:
    """The member with his balances now.

    Refuses
        MemberUnknown   there is none with that id or key
    """
    async with ledger.transaction() as connection:
        member_id = whose if isinstance(whose, UUID) else (await find_by_keys(connection, [whose])).get(whose)
        if member_id is None:
            raise MemberUnknown(pointer="/member")
        gathered = await gather_unlocked(ledger, connection, [member_id])
        stored = gathered.members.get(member_id)
        since = await enrolled_at(connection, member_id)
        if stored is None or since is None:
            raise MemberUnknown(pointer="/member")
        keys = await keys_of(connection, member_id)

    member = decide_advance(gathered.timeline, stored, now=gathered.now).after
    day = day_number(local_date(gathered.now, gathered.timeline.time_zone))
    return MemberView(
        member=member,
        now=gathered.now,
        day=day,
        timeline=gathered.timeline,
        balances=tuple(
            balance_of(gathered.timeline, member, number, day) for number in range(len(member.balances))
        ),
        keys=tuple(keys),
        enrolled_at=since,
    )


def balance_of(timeline: Timeline, member: Member, currency: int, day: int) -> Balance:
    """Where the units of one currency stand on a day."""
    lots = [lot for lot in member.lot_rows() if lot.currency == currency and (lot.left or lot.held)]
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
    async with ledger.transaction() as connection:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/member")
        return await all_lots(connection, member_id)
