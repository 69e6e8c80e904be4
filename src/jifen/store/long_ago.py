"""Days and limits of long ago: a member's row keeps only what is asked for day by day, the rest is counted from the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import day_number, days_of_period, epoch_micros, local_date, month_number
from jifen.domain.carried import carried_of
from jifen.domain.days import days_of
from jifen.domain.member import Member, days_asked_from, days_of_past_from, with_days_before
from jifen.domain.past import NO_PAST, first_day
from jifen.domain.program.meaning import Counts, Limit, Period
from jifen.domain.timeline import Timeline
from jifen.store.carries import begun_of
from jifen.store.journal import Granted, granted_in, moments_of
from jifen.store.purchases import bought_in

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


async def with_old_days(
    connection: Connection,
    timeline: Timeline,
    member: Member,
    *,
    now: datetime,
    occurred_at: datetime | None = None,
    past: Sequence[int] = NO_PAST,
) -> Member:
    """The member with all the days that judging something of a moment can ask for (None: that only happens now, and is done
    already of whoever was gathered), and those by which a past is judged again.

    Most often the row has them. Those of one that is later than the row looks back, or of a revision with a longer window,
    are counted from the journal. What this transaction has decided and not written yet is in the member already.
    """
    today = day_number(local_date(now, timeline.time_zone))
    on = today if occurred_at is None else day_number(local_date(occurred_at, timeline.time_zone))
    row = timeline.row_at(occurred_at or now)
    first = days_asked_from(member, timeline, row=row, on=on, today=today, now_at=epoch_micros(now))
    if past[0] > 0:
        first = min(first, days_of_past_from(timeline, on=min(on, first_day(past, timeline)), today=today))
    if first >= member.days_from:
        return member
    bought = await bought_in(
        connection, timeline, member.member_id, first_day=first, before_day=member.days_from
    )
    begun, _ = await _begun_with(connection, timeline, member.member_id, first, member.days_from)
    return with_days_before(member, timeline, first, [*days_of(timeline, bought), *begun])


async def with_old_counters(
    connection: Connection,
    timeline: Timeline,
    member: Member,
    occurred_at: datetime,
    *,
    unwritten: Callable[[], Iterable[Granted]] = tuple,
) -> Member:
    """The member with the counters of a period long past, where a late purchase asks for one that the row forgot.

    The row keeps of each limit the latest period; an older one is summed from the journal, and from what this transaction has
    decided and not written yet.
    """
    if not member.counters:
        return member
    day = local_date(occurred_at, timeline.time_zone)
    number, month = day_number(day), month_number(day)
    width = fold.COUNTER_WIDTH
    limits = timeline.limits
    forgotten = [
        (limit, period)
        for limit, newest in zip(member.counters[::width], member.counters[1::width], strict=True)
        if limit in limits  # and no moment
        and (period := fold.period_of(int(limits[limit].period), number, month)) < newest
    ]
    if not forgotten:
        return member
    spans = [days_of_period(limits[limit].period, day) for limit, _ in forgotten]
    first_on, last_on = min(first for first, _ in spans), max(last for _, last in spans)
    journal = await granted_in(
        connection, member.member_id, first_on=first_on, last_on=last_on, zone=timeline.time_zone
    )
    _, begun = await _begun_with(connection, timeline, member.member_id, 0, 0)
    used = {limit: begun.get((limit, period), 0) for limit, period in forgotten}
    for granted in [*journal, *unwritten()]:
        # A limit counts what was granted while it stood: a revision without it left no counter.
        rule = timeline.rule_at(timeline.row_of(granted.revision), granted.rule)
        for limit in rule.limits:
            first, last = days_of_period(limit.period, day)
            if first <= granted.occurred_on <= last:
                used[limit.number] = used.get(limit.number, 0) + counted(limit, granted)
    old = [one for limit, period in forgotten for one in (limit, period, used.get(limit, 0))]
    return member._replace(counters=old + member.counters)


def counted(limit: Limit, granted: Granted) -> int:
    """What a limit counts of what was granted."""
    return granted.times if limit.counts is Counts.TIMES else granted.units


async def with_all(connection: Connection, timeline: Timeline, member: Member) -> Member:
    """The member with all the days that count for windows, and the limits of all periods: what he leaves to another."""
    bought = await bought_in(
        connection, timeline, member.member_id, first_day=-fold.FAR, before_day=member.days_from
    )
    begun, used = await _begun_with(connection, timeline, member.member_id, -fold.FAR, member.days_from)
    member = with_days_before(member, timeline, -fold.FAR, [*days_of(timeline, bought), *begun])
    for granted in await granted_in(
        connection, member.member_id, first_on=date.min, last_on=date.max, zone=timeline.time_zone
    ):
        number, month = day_number(granted.occurred_on), month_number(granted.occurred_on)
        for limit in timeline.rule_at(timeline.row_of(granted.revision), granted.rule).limits:
            if limit.period is not Period.PURCHASE:
                key = (limit.number, fold.period_of(int(limit.period), number, month))
                used[key] = used.get(key, 0) + counted(limit, granted)
    # Also those of which everything came back: the latest of them is the limit's latest period.
    for told in await moments_of(connection, member.member_id, zone=timeline.time_zone):
        program = timeline.programs[timeline.row_of(told.revision)]
        ahead = next(moment.days for moment in program.moments if moment.number == told.moment)
        key = (told.moment, day_number(told.on) + ahead)
        used[key] = used.get(key, 0) + told.times
    counters = [n for (limit, period), units in sorted(used.items()) for n in (limit, period, units)]
    return member._replace(counters=counters)


async def _begun_with(
    connection: Connection, timeline: Timeline, member_id: UUID, first: int, before: int
) -> tuple[list[int], dict[tuple[int, int], int]]:
    """With what a member, or one merged into him, began who was part of another before: his days from one until before another,
    and limits used by limit and period. It stands in no entry of his but the one by which he began."""
    width = fold.DAYS_COUNTED + timeline.n_ladders
    days: list[int] = []
    used: dict[tuple[int, int], int] = {}
    for flat in await begun_of(connection, member_id):
        begun = carried_of(flat, timeline)
        for day in begun.days:
            if first <= day[0] < before:
                days += (*day, *[0] * (width - len(day)))
        for limit, period, units in begun.counters:
            used[limit, period] = used.get((limit, period), 0) + units
    return days, used
