"""What several operations gather: locked members with just the lots that a decision may touch, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import day_number, epoch_second, local_date, month_number
from jifen.domain.decide import Decision
from jifen.domain.member import Lot, Member
from jifen.domain.refusals import CurrencyUnknown, MemberClosed, MemberFrozen, MemberUnknown
from jifen.domain.timeline import Timeline
from jifen.store.journal import Granted, granted_in
from jifen.store.ledger import Clock, Ledger
from jifen.store.members import (
    lock_members,
    open_lots,
    read_members,
    save_lots,
    save_members,
    with_currencies,
    with_lots,
)
from jifen.store.reservations import close_reservations
from jifen.store.rows import Target, Together

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Members as they stand, the moment, and the programme."""

    members: dict[UUID, Member]
    now: datetime
    timeline: Timeline

    def member(self, member_id: UUID, *, pointer: str = "/member") -> Member:
        """A member who takes entries.

        Refuses
            MemberUnknown   there is none with that id
            MemberClosed    closed or merged into another
        """
        member = self.members.get(member_id)
        if member is None:
            raise MemberUnknown(pointer=pointer)
        if member.status in ("closed", "merged"):
            raise MemberClosed(pointer=pointer, status=member.status)
        return member

    def spender(self, member_id: UUID, *, pointer: str = "/member") -> Member:
        """A member who may spend and give: one who is frozen still earns and returns, and does neither of these.

        Refuses
            MemberFrozen    until that is lifted; and what `member` refuses
        """
        member = self.member(member_id, pointer=pointer)
        if member.status == "frozen":
            raise MemberFrozen(pointer=pointer, status=member.status)
        return member


async def gather_locked(
    ledger: Ledger,
    connection: Connection,
    member_ids: Iterable[UUID],
    *,
    origins: Sequence[tuple[UUID, int]] = (),
) -> Gathered:
    """Lock, then read clock and lots under a fresh snapshot: two steps, because a statement that locks and reads at once
    returns, after waiting, the new balance with the old lots."""
    members = await lock_members(connection, member_ids)
    clock, lots = await open_lots(connection, list(members), origins=origins)
    timeline = await ledger.timeline(connection, clock.newest)
    return _gathered(members, _now(members, clock), timeline, lots)


async def gather_for_purchases(
    ledger: Ledger,
    connection: Connection,
    members: dict[UUID, Member],
    clock: Clock,
    *,
    needs_lots: bool,
) -> Gathered:
    """The same of members who were locked before `clock` was asked: a purchase needs lots only of those for whom time has
    made something due, or who owe units."""
    timeline = await ledger.timeline(connection, clock.newest)
    now = _now(members, clock)
    day, at = day_number(local_date(now, timeline.time_zone)), epoch_second(now)
    wanting = [
        member.member_id
        for member in members.values()
        if needs_lots or member.is_due(day, at) or any(member.debts)
    ]
    lots = (await open_lots(connection, wanting))[1] if wanting else {}
    return _gathered(members, now, timeline, lots)


async def gather_unlocked(ledger: Ledger, connection: Connection, member_ids: Iterable[UUID]) -> Gathered:
    """The same for an answer that changes nothing: members, lots and clock of one moment."""
    clock, members = await read_members(connection, member_ids)
    timeline = await ledger.timeline(connection, clock.newest)
    return _gathered(members, _now(members, clock), timeline, {})


def _now(members: Mapping[UUID, Member], clock: Clock) -> datetime:
    latest = max((member.scalars[fold.CLOCK_AT] for member in members.values()), default=0)
    return max(clock.now, _moment_of(latest))


def _gathered(
    members: Mapping[UUID, Member], now: datetime, timeline: Timeline, lots: Mapping[UUID, Sequence[Lot]]
) -> Gathered:
    return Gathered(
        members={
            member_id: with_lots(with_currencies(member, timeline.n_currencies), lots.get(member_id))
            for member_id, member in members.items()
        },
        now=now,
        timeline=timeline,
    )


def last_moment(member: Member) -> datetime:
    """The second a member's clock has reached: no later entry may be dated before it."""
    return _moment_of(member.scalars[fold.CLOCK_AT])


def _moment_of(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)


def currency_number(gathered: Gathered, code: str, *, pointer: str = "/currency") -> int:
    """The number of a currency code in the revision that is in force.

    Refuses
        CurrencyUnknown   the programme has no such currency, or not yet
    """
    program = gathered.timeline.programs[gathered.timeline.row_at(gathered.now)]
    for currency in program.currencies:
        if currency.code == code:
            return currency.number
    known = [currency.code for currency in program.currencies]
    raise CurrencyUnknown(f"{code!r} is none of {', '.join(known)}", pointer=pointer, value=code)


async def save_decisions(
    connection: Connection,
    decisions: Sequence[Decision],
    timeline: Timeline,
    *,
    ended: Mapping[tuple[UUID, int], str] | None = None,
    together: Together | None = None,
) -> None:
    """Write what decisions, in order, left of members and lots. The last word on a member or a lot counts.

    With `together` members and lots are put there, and whoever writes it does so in the same transaction.
    """
    target: Target = together or connection
    members = {decision.after.member_id: decision.after for decision in decisions}
    lots = {(d.after.member_id, lot.number): lot for d in decisions for lot in d.lots_changed}
    await save_members(target, [members[key] for key in sorted(members)], time_zone=timeline.time_zone)
    await save_lots(target, [(member_id, lots[member_id, number]) for member_id, number in sorted(lots)])
    await close_reservations(target, [(d.before, d.after) for d in decisions], ended=ended or {})


async def with_old_counters(
    connection: Connection,
    timeline: Timeline,
    member: Member,
    occurred_at: datetime,
    *,
    unwritten: Callable[[], Iterable[Granted]] = tuple,
) -> Member:
    """The member with the counters of a period long past, where a late purchase asks for one that the row forgot.

    The row keeps, of each capped rule, the latest day and the latest month; an older period is summed from the journal,
    and from what this transaction has decided and not written yet.
    """
    day = local_date(occurred_at, timeline.time_zone)
    periods = (day_number(day) * 2, month_number(day) * 2 + 1)
    width = fold.COUNTER_WIDTH
    rules, latest = member.counters[fold.COUNTER_RULE :: width], member.counters[fold.COUNTER_PERIOD :: width]
    forgotten = [
        (rule, period)
        for rule, newest in zip(rules, latest, strict=True)
        if (period := periods[newest % 2]) < newest
    ]
    if not forgotten:
        return member
    first_of_month = day.replace(day=1)
    last_of_month = (first_of_month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    journal = await granted_in(connection, member.member_id, first_on=first_of_month, last_on=last_of_month)
    used: dict[tuple[int, int], int] = {}
    for granted in [*journal, *unwritten()]:
        # A cap counts what was granted while it stood: a revision without it left no counter.
        rule = timeline.rule(timeline.row_of(granted.revision), granted.rule)
        for kind, cap, is_of_period in (
            (0, rule.cap_day, granted.occurred_on == day),
            (1, rule.cap_month, first_of_month <= granted.occurred_on <= last_of_month),
        ):
            if cap >= 0 and is_of_period:
                used[rule.number, kind] = used.get((rule.number, kind), 0) + granted.units
    old = [number for rule, period in forgotten for number in (rule, period, used.get((rule, period % 2), 0))]
    return member._replace(counters=old + member.counters)
