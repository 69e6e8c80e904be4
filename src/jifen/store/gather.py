"""What several operations gather: locked members with just the lots that a decision may touch, and the clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from jifen.domain import fold
from jifen.domain.calendar import (
    day_number,
    epoch_micros,
    local_date,
    moment_of_micros,
    start_of_day,
)
from jifen.domain.decision import Decision
from jifen.domain.fold import kept_from
from jifen.domain.member import Lot, Member
from jifen.domain.program.known import UNKNOWN, Known
from jifen.domain.refusals import CurrencyUnknown, MemberClosed, MemberFrozen, MemberUnknown
from jifen.domain.switches import Switches
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Status
from jifen.store.compiled import BeginAgain
from jifen.store.ledger import Clock, Ledger
from jifen.store.long_ago import with_all, with_old_days
from jifen.store.lots import ALL, all_lots, first_lots, lots_that_mature, lots_to_pay, save_lots
from jifen.store.members import (
    grown,
    lock_members,
    lock_reserving,
    read_members,
    read_standing,
    save_members,
)
from jifen.store.reservations import Reservation, close_reservations
from jifen.store.rows import Target
from jifen.store.segments import known_of

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """Members as they stand, the moment, and the programme."""

    members: dict[UUID, Member]
    now: datetime
    timeline: Timeline
    since: datetime  # the day of now, and the revision in force, have stood since
    true_now: datetime  # by the database's own clock, wherever the book's stands
    switches: Switches
    known: Mapping[UUID, Known] = {}  # of members what is known from outside the fold, where rules ask for it
    reservations: Mapping[UUID, Reservation] = {}  # those that were asked for, by id
    is_any_known: bool = True  # whether any of the request keys may have had its effect: nobody asked

    def is_of_now(self, occurred_at: datetime) -> bool:
        """Whether what occurred then is of this day and judged by the revision in force: no day or limit of long ago is asked
        for."""
        return occurred_at >= self.since

    def known_to(self, member_id: UUID | None) -> Known:
        """What is known of a member from outside the fold; of somebody new nothing."""
        return UNKNOWN if member_id is None else self.known.get(member_id, UNKNOWN)

    def member(self, member_id: UUID, *, pointer: str = "/member") -> Member:
        """A member who takes entries.

        Refuses
            MemberUnknown   there is none with that id
            MemberClosed    closed or merged into another
        """
        member = self.members.get(member_id)
        if member is None:
            raise MemberUnknown(pointer=pointer)
        if member.status in (Status.CLOSED, Status.MERGED):
            raise MemberClosed(pointer=pointer, status=member.status.name.lower())
        return member

    def spender(self, member_id: UUID, *, pointer: str = "/member") -> Member:
        """A member who may spend and give: one who is frozen still earns and returns, and does neither of these.

        Refuses
            MemberFrozen    until that is lifted; and what `member` refuses
        """
        member = self.member(member_id, pointer=pointer)
        if member.status is Status.FROZEN:
            raise MemberFrozen(pointer=pointer, status=member.status.name.lower())
        return member


class Need(NamedTuple):
    """Units that a member is asked for: so many lots are looked at as can pay them."""

    member_id: UUID
    currency: str
    units: int


class TimeBehind(BeginAgain):
    """So much is due of members that it is done first, in pieces of its own."""

    def __init__(self, member_ids: Iterable[UUID]) -> None:
        super().__init__("more is due than one entry takes")
        self.member_ids = tuple(member_ids)

    async def prepare(self, ledger: Ledger) -> None:
        """Do what is due of them, one after the other."""
        from jifen.store.catch_up import catch_up  # which gathers here

        for member_id in self.member_ids:
            await catch_up(ledger, member_id)


async def gather_locked(
    ledger: Ledger,
    connection: Connection,
    member_ids: Iterable[UUID],
    *,
    origins: Sequence[tuple[UUID, int]] = (),
    lots: Sequence[tuple[UUID, int]] = (),
    taken: Sequence[tuple[UUID, int]] = (),
    needs: Sequence[Need] = (),
    reservations: Sequence[UUID] = (),
    keys: Sequence[str] = (),
) -> Gathered:
    """Lock, then read clock and lots under a fresh snapshot: two steps, because a statement that locks and reads at once
    returns, after waiting, the new balance with the old lots. Whoever made some reservations is found as he is locked
    (`Gathered.reservations`).

    Of lots no more are read than time and the decision can touch: those of certain numbers, those that are to be taken back (by
    number, or by the entries that opened them: `origins`), and those that pay for that and for what is asked. Whoever had one
    of the request keys before has committed by then, or comes later (`Gathered.is_any_known`).

    Raises
        TimeBehind   more is due of a member than one entry takes
    """
    reserved: Mapping[UUID, Reservation] = {}
    if reservations:
        members, reserved = await lock_reserving(connection, member_ids, reservations)
    else:
        members = await lock_members(connection, member_ids)
    numbered = [*lots, *taken, *_held(members)]
    clock, found, is_any_known = await first_lots(
        connection, members, origins=origins, numbered=numbered, keys=keys, most=FEW_LOTS
    )
    timeline = await ledger.timeline(connection, clock.newest)
    members = _grown(members, timeline)
    now = _now(members, clock)
    asked = _Wanted(timeline, now, needs)
    for member_id, origin in origins:
        for lot in found.get(member_id, ()):
            if lot.origin == origin:
                asked.add(member_id, lot.currency, lot.opened)
    for member_id, number in taken:
        for lot in found.get(member_id, ()):
            if lot.number == number:
                asked.add(member_id, lot.currency, lot.opened)
    found |= await _more_lots(connection, timeline, members, found, asked, now)
    gathered = await _gathered(ledger, connection, members, clock, timeline, found)
    return msgspec.structs.replace(gathered, reservations=reserved, is_any_known=is_any_known)


FEW_LOTS = 50
"""Open lots of a member that are read at first: those that expire first. Few members have more."""
LOTS_AT_ONCE = fold.PIECE + 1
"""Where those are not enough: what a piece of time can touch, and one that is beyond it."""


class _Wanted:
    """Units that members are asked for, by currency."""

    def __init__(self, timeline: Timeline, now: datetime, needs: Sequence[Need] = ()) -> None:
        self._units: dict[tuple[UUID, int], int] = {}
        if needs:
            currencies = timeline.programs[timeline.row_at(now)].currencies
            numbers = {currency.code: currency.number for currency in currencies}
            for member_id, code, units in needs:
                if code in numbers:  # of another the operation tells that there is none
                    self.add(member_id, numbers[code], max(units, 0))

    def add(self, member_id: UUID, currency: int, units: int) -> None:
        """So many more."""
        key = (member_id, currency)
        self._units[key] = self._units.get(key, 0) + units

    def of(self, member: Member) -> dict[int, int]:
        """What a member is asked for or owes, by currency."""
        units = {c: n for (member_id, c), n in self._units.items() if n and member_id == member.member_id}
        for currency, debt in enumerate(member.debts):
            if debt:
                units[currency] = units.get(currency, 0) + debt
        return units


async def _more_lots(
    connection: Connection,
    timeline: Timeline,
    members: Mapping[UUID, Member],
    found: Mapping[UUID, Sequence[Lot]],
    asked: _Wanted,
    now: datetime,
) -> dict[UUID, list[Lot]]:
    """Of members who have more open lots than the first few: all that are read of them."""
    day, at = day_number(local_date(now, timeline.time_zone)), epoch_micros(now)
    behind = [m for m in members if _holds_due(members[m], at) > fold.PIECE]
    larger: dict[UUID, list[Lot]] = {}
    for member_id, member in members.items():
        own = found.get(member_id, ())
        if len(own) < FEW_LOTS:
            continue
        first = _first(own, FEW_LOTS)
        if len(first) == FEW_LOTS:
            more = await _lots_beyond(connection, timeline, member, first, asked.of(member), day)
            if more is None:
                behind.append(member_id)
            else:
                larger[member_id] = sorted({lot.number: lot for lot in (*own, *more)}.values())
    if behind:
        raise TimeBehind(behind)
    return larger


async def _lots_beyond(
    connection: Connection,
    timeline: Timeline,
    member: Member,
    first: Sequence[Lot],
    asked: Mapping[int, int],
    day: int,
) -> list[Lot] | None:
    """The lots behind the first few that time and what is asked can touch; None: more is due than one entry takes."""
    member_id = member.member_id
    more: list[Lot] = []
    if first[-1].expires_day < day:
        more += (await first_lots(connection, {member_id: member}, most=LOTS_AT_ONCE)).lots[member_id]
        if sum(lot.expires_day < day for lot in more) > fold.PIECE:
            return None
    emptied = sum(lot.expires_day < day for lot in more or first)
    if timeline.has_exchanges or (timeline.has_moments and member.is_due(day, fold.FAR_AT)):
        # Of each day on which units expire a moment may tell: the next may stand behind any number of lots.
        more += (await first_lots(connection, {member_id: member}, most=ALL)).lots[member_id]
    for currency, units in asked.items():
        if member.debt(currency):
            maturing = await lots_that_mature(connection, member_id, currency=currency, most=LOTS_AT_ONCE)
            if sum(lot.matures_day <= day for lot in maturing) > fold.PIECE:
                return None
            more += maturing
            emptied += sum(lot.matures_day <= day for lot in maturing)
        if _is_drawn_by_terms(timeline, currency):
            more += (await first_lots(connection, {member_id: member}, most=ALL)).lots[member_id]
        elif _available(first, currency, day) < units:
            paying = await lots_to_pay(
                connection, member_id, currency=currency, units=units, day=day, most=LOTS_AT_ONCE
            )
            if len(paying) == LOTS_AT_ONCE:
                paying = await lots_to_pay(
                    connection, member_id, currency=currency, units=units, day=day, most=ALL
                )
            more += paying
            if _available(paying, currency, day) < units and not member.debt(currency):
                # What is not there may be owed: the first that matures later says when that is paid.
                more += await lots_that_mature(connection, member_id, currency=currency, most=len(paying) + 1)
    if any(member.debts) and emptied >= FEW_LOTS:
        # Whatever expires or pays what is owed, one is there that says when the next is due.
        more += (await first_lots(connection, {member_id: member}, most=emptied + 1)).lots[member_id]
    return more


def _first(lots: Sequence[Lot], count: int) -> list[Lot]:
    """Of lots with units those that are drawn first. One that was read for what it holds may stand far behind in the queue,
    with others that nobody read before it."""
    return sorted((lot for lot in lots if lot.left), key=lambda lot: (lot.expires_day, lot.number))[:count]


def _available(lots: Sequence[Lot], currency: int, day: int) -> int:
    """Units of a currency in lots that may be spent on a day."""
    return sum(
        lot.left for lot in lots if lot.currency == currency and lot.matures_day <= day <= lot.expires_day
    )


def _is_drawn_by_terms(timeline: Timeline, currency: int) -> bool:
    """Whether any revision draws a currency in the order of its terms: then the first to expire do not stand first."""
    numbers = timeline.numbers
    width, rows = fold.CURRENCY_WIDTH, numbers.revisions[fold.REVISION_CURRENCIES]
    return fold.BY_TERMS in numbers.currencies[currency * width + fold.CURRENCY_DRAW :: rows * width]


def _held(members: Mapping[UUID, Member]) -> list[tuple[UUID, int]]:
    """The lots that reservations hold."""
    width = fold.HOLD_WIDTH
    return [
        (member_id, number)
        for member_id, member in members.items()
        for number in set(member.holds[fold.HOLD_LOT :: width])
    ]


def _holds_due(member: Member, at: int) -> int:
    """How many holds have lapsed by a moment."""
    if member.scalars[fold.NEXT_LAPSE_AT] > at:
        return 0
    return sum(lapses_at <= at for lapses_at in member.holds[fold.HOLD_LAPSES_AT :: fold.HOLD_WIDTH])


async def gather_whole(
    ledger: Ledger, connection: Connection, member_ids: Collection[UUID], *, all_of: Collection[UUID]
) -> Gathered:
    """Locked members with every lot they ever had, and some of them with all their days and the limits of all periods.

    Raises
        TimeBehind   more is due of a member than one entry takes
    """
    members = await lock_members(connection, member_ids)
    clock = await ledger.clock(connection)
    timeline = await ledger.timeline(connection, clock.newest)
    now = _now(members, clock)
    day, at = day_number(local_date(now, timeline.time_zone)), epoch_micros(now)
    lots = {member_id: await all_lots(connection, member_id) for member_id in members}
    behind = [
        m
        for m in members
        if sum(lot.left > 0 and lot.expires_day < day for lot in lots[m]) + _holds_due(members[m], at)
        > fold.PIECE
    ]
    if behind:
        raise TimeBehind(behind)
    gathered = await _gathered(ledger, connection, _grown(members, timeline), clock, timeline, lots)
    for member_id in members.keys() & set(all_of):
        gathered.members[member_id] = await with_all(connection, timeline, gathered.members[member_id])
    return gathered


async def gather_piece(ledger: Ledger, connection: Connection, member_id: UUID) -> Gathered:
    """A locked member with as many lots as a piece of time can touch."""
    members = await lock_members(connection, [member_id])
    member = members[member_id]
    # Those that lapse first, and of a reservation the last first: as the fold lets go of them.
    holds = [
        (member.holds[at + fold.HOLD_LAPSES_AT], member.holds[at + fold.HOLD_RESERVATION], -at)
        for at in range(0, len(member.holds), fold.HOLD_WIDTH)
    ]
    numbered = [
        (member_id, member.holds[fold.HOLD_LOT - minus_at]) for _, _, minus_at in sorted(holds)[: fold.PIECE]
    ]
    clock, found, _ = await first_lots(connection, members, numbered=numbered, most=LOTS_AT_ONCE)
    timeline = await ledger.timeline(connection, clock.newest)
    own = found.setdefault(member_id, [])
    for currency, debt in enumerate(member.debts):
        if debt and len(own) >= LOTS_AT_ONCE:
            most = ALL if _is_drawn_by_terms(timeline, currency) else LOTS_AT_ONCE
            own += await lots_that_mature(connection, member_id, currency=currency, most=most)
    found[member_id] = sorted({lot.number: lot for lot in own}.values())
    return await _gathered(ledger, connection, _grown(members, timeline), clock, timeline, found)


async def gather_for_purchases(
    ledger: Ledger,
    connection: Connection,
    members: dict[UUID, Member],
    clock: Clock,
    *,
    is_import: bool,
) -> Gathered:
    """The same of members who were locked before `clock` was asked: a purchase needs lots only of those for whom time has
    made something due, or who owe units. What is imported has its own time, which goes on between two purchases: all open
    lots are read.

    Raises
        TimeBehind   more is due of a member than one entry takes
    """
    timeline = await ledger.timeline(connection, clock.newest)
    now = _now(members, clock)
    wanting = members if is_import else _in_need_of_lots(timeline, members, now)
    lots: dict[UUID, list[Lot]] = {}
    if wanting:
        most = ALL if is_import else FEW_LOTS
        lots = (await first_lots(connection, wanting, numbered=_held(wanting), most=most)).lots
        if not is_import:
            asked = _Wanted(timeline, now)
            lots |= await _more_lots(connection, timeline, wanting, lots, asked, now)
    return await _gathered(ledger, connection, _grown(members, timeline), clock, timeline, lots)


def _in_need_of_lots(timeline: Timeline, members: Mapping[UUID, Member], now: datetime) -> dict[UUID, Member]:
    """Those for whom time has made something due, or who owe units; everybody, where what a balance reaches is exchanged."""
    if timeline.has_exchanges:
        return dict(members)
    day, at = day_number(local_date(now, timeline.time_zone)), epoch_micros(now)
    return {m: member for m, member in members.items() if member.is_due(day, at) or any(member.debts)}


async def gather_unlocked(
    ledger: Ledger, connection: Connection, member_ids: Iterable[UUID], *, needs_lots: bool = False
) -> Gathered:
    """The same for an answer that changes nothing: members and clock of one moment, and of those for whom time has made
    something due, or who owe units, all open lots. For a transaction that reads one moment (`Ledger.reading`)."""
    clock, members = await read_members(connection, member_ids)
    timeline = await ledger.timeline(connection, clock.newest)
    now = _now(members, clock)
    wanting = members if needs_lots else _in_need_of_lots(timeline, members, now)
    lots: dict[UUID, list[Lot]] = {}
    if wanting:
        lots = (await first_lots(connection, wanting, numbered=_held(wanting), most=ALL)).lots
    return await _gathered(ledger, connection, _grown(members, timeline), clock, timeline, lots)


async def gather_at_once(
    ledger: Ledger, connection: Connection, member_ids: Iterable[UUID]
) -> Gathered | None:
    """The same by one statement, which is of one moment by itself. None: time has made something due of one of them, or he owes
    units, or his row does not keep all days that are asked for; `gather_unlocked` finds what else is needed."""
    clock, members = await read_members(connection, member_ids)
    timeline = await ledger.timeline(connection, clock.newest)
    now = _now(members, clock)
    kept = kept_from(timeline.numbers, day_number(local_date(now, timeline.time_zone)), epoch_micros(now))
    if _in_need_of_lots(timeline, members, now) or any(one.days_from > kept for one in members.values()):
        return None
    return await _gathered(ledger, connection, _grown(members, timeline), clock, timeline, {})


async def gather_standing(
    ledger: Ledger, connection: Connection, member_ids: Iterable[UUID]
) -> Gathered | None:
    """The same for their balances: members with their open lots, of which those that are alike come as one. None: something
    is due of one of them at the moment that another's clock has reached; `gather_unlocked` finds lot by lot.
    """
    clock, members = await read_standing(connection, member_ids)
    timeline = await ledger.timeline(connection, clock.newest)
    now = _now(members, clock)
    if now > clock.now:
        day, at = day_number(local_date(now, timeline.time_zone)), epoch_micros(now)
        if any(member.is_due(day, at) for member in members.values()):
            return None
    return await _gathered(ledger, connection, _grown(members, timeline), clock, timeline, {})


def _grown(members: Mapping[UUID, Member], timeline: Timeline) -> dict[UUID, Member]:
    return {member_id: grown(member, timeline) for member_id, member in members.items()}


def _now(members: Mapping[UUID, Member], clock: Clock) -> datetime:
    latest = max((member.scalars[fold.CLOCK_AT] for member in members.values()), default=0)
    return max(clock.now, moment_of_micros(latest))


async def _gathered(
    ledger: Ledger,
    connection: Connection,
    members: Mapping[UUID, Member],
    clock: Clock,
    timeline: Timeline,
    lots: Mapping[UUID, Sequence[Lot]],
) -> Gathered:
    now = _now(members, clock)
    today, now_at = day_number(local_date(now, timeline.time_zone)), epoch_micros(now)
    kept = kept_from(timeline.numbers, today, now_at) if members else 0
    whole = {}
    for member_id, member in members.items():
        if own := lots.get(member_id):
            member = member._replace(lots=tuple(own))
        if member.days_from > kept or member.is_due(today, now_at):
            member = await with_old_days(connection, timeline, member, now=now)
        whole[member_id] = member
    day_began = start_of_day(local_date(now, timeline.time_zone), timeline.time_zone)
    since = max(day_began, timeline.programs[timeline.row_at(now)].effective_at)
    switches = await ledger.switches(connection, clock.switched)
    known = await known_of(connection, whole) if timeline.asks_of_members and whole else {}
    return Gathered(
        members=whole,
        now=now,
        timeline=timeline,
        since=since,
        true_now=clock.true_now,
        switches=switches,
        known=known,
    )


def last_moment(member: Member) -> datetime:
    """The moment a member's clock has reached: no later entry may be dated before it."""
    return moment_of_micros(member.scalars[fold.CLOCK_AT])


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
    target: Target,
    decisions: Sequence[Decision],
    timeline: Timeline,
    *,
    ended: Mapping[tuple[UUID, int], str] | None = None,
) -> None:
    """Write what decisions, in order, left of members and lots. The last word on a member or a lot counts; as the members are
    locked, the order of the rows does not."""
    members = {decision.after.member_id: decision.after for decision in decisions}
    lots = {(d.after.member_id, lot.number): lot for d in decisions for lot in d.lots_changed}
    await save_members(target, list(members.values()), timeline)
    await save_lots(target, [(member_id, lot) for (member_id, _), lot in lots.items()])
    await close_reservations(target, [(d.before, d.after) for d in decisions], ended=ended or {})
