"""Moments: what time brings to a member, in entries of their own, before anything else is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from jifen.domain import fold, room
from jifen.domain.calendar import (
    date_of,
    day_number,
    epoch_micros,
    local_date,
    moment_of_micros,
    start_of_day,
)
from jifen.domain.decide import decide_legs, decide_occasion
from jifen.domain.decision import Decision
from jifen.domain.events import legs_of_exchange, times_at_most
from jifen.domain.member import Member, state_of
from jifen.domain.program.known import UNKNOWN, Known, hits_for
from jifen.domain.program.meaning import Brought, Exchange, Moment, Program
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Status


class Due(NamedTuple):
    """A moment that has fallen due, or an exchange that nobody has to ask for: which, by which row of the timeline, when, and the
    rules that see it, or how often it is made."""

    of: Moment | Exchange
    row: int
    at: datetime
    hits: list[tuple[int, int, int]]
    times: int = 0


def next_due(timeline: Timeline, member: Member, now: datetime) -> Due | None:
    """The first moment or exchange that has fallen due for a member; None: none has. Of a day exchanges come first.

    It is dated at the beginning of its day, or at the member's last entry where that was later: his clock never goes back. It is
    judged by the revision that was in force when its day began, whenever somebody looks: so what fell due before another revision
    took effect is found first.
    """
    if not timeline.has_moments:
        return None
    day = day_number(local_date(now, timeline.time_zone))
    if not member.is_due(day, epoch_micros(now)):
        return None
    for last, last_at in _looks(timeline, member.scalars[fold.CLOCK_DAY], day, epoch_micros(now)):
        found = _first(timeline, member, last, last_at)
        if found is not None:
            return _due(timeline, member, fold.revision_at(timeline.numbers, last), found)
    return None


def _looks(timeline: Timeline, stood: int, day: int, now_at: int) -> list[tuple[int, int]]:
    """The last day, and its last moment, of each revision that was in force on a day since a member's clock stood; then now."""
    begins = timeline.numbers.revisions[fold.REVISION_FROM_DAY :: fold.REVISION_WIDTH]
    return [
        *((first - 1, _began(timeline, first) - 1) for first in begins if max(stood, 1) < first <= day),
        (day, now_at),
    ]


def _due(timeline: Timeline, member: Member, row: int, found: tuple[int, int, int]) -> Due:
    which, clock_at, units = found
    program = timeline.programs[row]
    at = max(moment_of_micros(clock_at), program.effective_at)
    if units:
        number = timeline.numbers.moments[which * fold.MOMENT_WIDTH + fold.MOMENT_NUMBER]
        exchange = next(one for one in program.exchanges if one.number == number)
        return Due(exchange, row, at, [], min(units // exchange.units, times_at_most(exchange)))
    number = timeline.numbers.moments[which * fold.MOMENT_WIDTH + fold.MOMENT_NUMBER]
    moment = next(one for one in program.moments if one.number == number)
    return Due(moment, row, at, rules_on(program, moment) if member.status in _LIVES else [])


_LIVES = (Status.ACTIVE, Status.FROZEN)


def _first(timeline: Timeline, member: Member, day: int, now_at: int) -> tuple[int, int, int] | None:
    """The row of the first moment that has fallen due and when it did, as microseconds; or of an exchange, and the units that are
    there for it.

    Time is let pass step by step: what expires, matures, repays or is let go of in between decides what there is to tell of.
    """
    numbers = timeline.numbers
    rows = room.rows_of_one(
        len(member.lots),
        len(member.holds) // fold.HOLD_WIDTH,
        0,
        0,
        0,
        timeline.n_currencies,
        timeline.n_terms,
    )
    state = state_of(member, rows, timeline, hits=0)
    out = fold.Out(
        [0] * (1 + fold.POST_WIDTH * rows.postings), [0] * (1 + fold.MOVE_WIDTH * rows.movements), [0] * fold.ISSUES, [0]
    )  # fmt: skip
    scalars = state.member
    while True:
        which, due = fold.next_moment(state, numbers, day)
        exchange, ripe = fold.next_exchange(state, numbers, day)
        if ripe <= scalars[fold.CLOCK_DAY]:
            currency = numbers.moments[exchange * fold.MOMENT_WIDTH + fold.MOMENT_CURRENCY]
            return exchange, scalars[fold.CLOCK_AT], fold.available(state, currency, scalars[fold.CLOCK_DAY])
        if due <= scalars[fold.CLOCK_DAY]:
            return which, scalars[fold.CLOCK_AT], 0
        due = min(due, ripe)
        step = min(due, max(scalars[fold.NEXT_DUE_DAY], scalars[fold.CLOCK_DAY] + 1))
        step_at = _began(timeline, step) if step <= day else fold.FAR_AT
        if scalars[fold.NEXT_LAPSE_AT] < step_at:
            step_at = scalars[fold.NEXT_LAPSE_AT]
            step = min(step, _day_of(timeline, step_at))
        if step > day or step_at > now_at:
            return None
        fold.advance(state, numbers, out, step, max(step_at, scalars[fold.CLOCK_AT]))
        assert not out.issues[fold.BROKEN], "time found no room or no lot"


def _began(timeline: Timeline, day: int) -> int:
    return epoch_micros(start_of_day(date_of(day), timeline.time_zone))


def _day_of(timeline: Timeline, at: int) -> int:
    return day_number(local_date(moment_of_micros(at), timeline.time_zone)) if at < fold.FAR_AT else fold.FAR


def days_due(
    timeline: Timeline,
    own: Sequence[int],
    lots: Sequence[Sequence[int]],
    counters: Sequence[int],
    others: Sequence[int],
) -> list[int]:
    """The days on one of which a member is looked at again, plainly, for whoever holds the books against it: for moments,
    exchanges, and what else makes him due (`others`), by the revision in force at his last entry, and by each since that may have
    brought or taken what was ahead. Scalars of the member, rows of lots, and counters as the fold has them."""
    told = dict(zip(counters[:: fold.COUNTER_WIDTH], counters[1 :: fold.COUNTER_WIDTH], strict=True))
    found: list[int] = []
    for row in range(fold.revision_at(timeline.numbers, own[fold.CLOCK_DAY]), len(timeline.programs)):
        first = timeline.numbers.revisions[row * fold.REVISION_WIDTH + fold.REVISION_FROM_DAY]
        if found and first > max(found):
            break
        found.append(min([*others, *_moments_due_by(timeline, row, first, own, lots, told)]))
    return found


def _moments_due_by(
    timeline: Timeline,
    row: int,
    first: int,
    own: Sequence[int],
    lots: Sequence[Sequence[int]],
    told: Mapping[int, int],
) -> list[int]:
    others = _others_due(timeline.programs[row], own, first, told)
    others += _ripe(timeline.programs[row], own, lots, first)
    return others + [
        max(lot[fold.LOT_EXPIRES] - moment.days, own[fold.CLOCK_DAY], first)
        for moment in timeline.programs[row].moments
        for lot in lots
        if lot[fold.LOT_LEFT] > 0
        and moment.brought is Brought.EXPIRY_AHEAD
        and lot[fold.LOT_CURRENCY] == moment.currency
        and told.get(moment.number, -1) < lot[fold.LOT_EXPIRES] < fold.FAR
    ]


def _ripe(program: Program, own: Sequence[int], lots: Sequence[Sequence[int]], begins: int) -> list[int]:
    """The days on which exchanges can be made that nobody asks for, plainly: the twin of `fold.next_exchange`."""
    if own[fold.STATUS] != fold.ACTIVE:
        return []
    first = max(own[fold.CLOCK_DAY], begins)
    found = []
    for exchange in program.exchanges:
        open_lots = [
            (max(first, lot[fold.LOT_MATURES]), lot[fold.LOT_LEFT])
            for lot in lots
            if lot[fold.LOT_CURRENCY] == exchange.currency and lot[fold.LOT_LEFT] > 0
        ]
        days = [
            day for day, _ in open_lots if sum(left for at, left in open_lots if at <= day) >= exchange.units
        ]
        if exchange.at_once and days:
            found.append(min(days))
    return found


def _others_due(program: Program, member: Sequence[int], begins: int, told: Mapping[int, int]) -> list[int]:
    """The days on which moments fall due next that no lot brings, plainly: the twin of `fold.falls_on`.

    Shape
        member   the scalars of one member
        begins   the first whole day of the revision
        told     by number of a moment the last day that it told of
    """
    joined, last = member[fold.JOINED_DAY], member[fold.LAST_PURCHASE_DAY]
    known = max(member[fold.CLOCK_DAY], joined)
    if not known or member[fold.STATUS] in (fold.CLOSED, fold.MERGED):
        return []
    found = []
    for moment in program.moments:
        first = max(known, begins, told.get(moment.number, -1) + 1)
        days: Sequence[int] = ()
        if moment.brought is Brought.ON_DAYS:
            days = moment.on
        elif moment.brought is Brought.ANNIVERSARY and joined:
            began = date_of(joined)
            assert began is not None, "a member joined on a date"
            days = [fold.anniversary(joined, year) for year in range(began.year + 1, began.year + 200)]
        elif moment.brought is Brought.ASLEEP and last >= 0:
            days = [last + moment.days]
        elif moment.brought is Brought.AFTER_JOINING and joined:
            days = [joined + moment.days]
        found += [day for day in days if day >= first][:1]
    return found


def rules_on(program: Program, moment: Moment) -> list[tuple[int, int, int]]:
    """What rules see of a moment: there is neither amount nor quantity in it."""
    return [(at, 0, 0) for at, rule in enumerate(program.rules) if rule.on == moment.number]


def decide_due(timeline: Timeline, member: Member, due: Due, rooms: Mapping[int, int]) -> Decision:
    """What a moment gives, or an exchange takes and gives, judged and posted when it was due."""
    if isinstance(due.of, Exchange):
        legs = legs_of_exchange(due.of, due.times)
        return decide_legs(
            timeline, member, fold.EXCHANGE, legs, now=due.at, value=due.of.number, row=due.row
        )
    return decide_occasion(
        timeline,
        member,
        fold.MOMENT,
        due.hits,
        occurred_at=due.at,
        now=due.at,
        row=due.row,
        value=due.of.number,
        rooms=rooms,
    )


def after_moments(
    timeline: Timeline,
    member: Member,
    now: datetime,
    rooms: Callable[[int, Sequence[tuple[int, int, int]], datetime], Mapping[int, int]],
    known: Known = UNKNOWN,
) -> Member:
    """The member once every moment that has fallen due is made: for an answer that changes nothing."""
    while (due := next_due(timeline, member, now)) is not None:
        due = due._replace(hits=hits_for(timeline.known[due.row], due.hits, known))
        member = decide_due(timeline, member, due, rooms(due.row, due.hits, due.at)).after
    return member
