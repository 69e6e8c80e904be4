"""Moments: what time brings to a member, in entries of their own, before anything else is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from jifen.domain import fold, room
from jifen.domain.calendar import (
    date_of,
    day_number,
    local_date,
    moment_of_micros,
    start_of_day,
)
from jifen.domain.decide import decide_occasion
from jifen.domain.decision import Decision
from jifen.domain.member import Member, state_of
from jifen.domain.program.meaning import Moment, Program
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Status


class Due(NamedTuple):
    """A moment that has fallen due: which, by which row of the timeline, when, and the rules that see it."""

    moment: Moment
    row: int
    at: datetime
    hits: list[tuple[int, int, int]]


def next_due(timeline: Timeline, member: Member, now: datetime) -> Due | None:
    """The first moment that has fallen due for a member; None: none has.

    It is dated at the beginning of its day, or at the member's last entry where that was later: his clock never goes back.
    """
    if not timeline.has_moments:
        return None
    day = day_number(local_date(now, timeline.time_zone))
    if member.scalars[fold.NEXT_DUE_DAY] > day:
        return None
    which, due = _first(timeline, member, day)
    if due > day:
        return None
    row = fold.revision_at(timeline.numbers, day)
    program = timeline.programs[row]
    number = timeline.numbers.moments[which * fold.MOMENT_WIDTH + fold.MOMENT_NUMBER]
    moment = next(one for one in program.moments if one.number == number)
    began = start_of_day(date_of(due), timeline.time_zone)
    at = max(began, moment_of_micros(member.scalars[fold.CLOCK_AT]), program.effective_at)
    return Due(moment, row, at, rules_on(program, moment) if member.status in _LIVES else [])


_LIVES = (Status.ACTIVE, Status.FROZEN)


def _first(timeline: Timeline, member: Member, day: int) -> tuple[int, int]:
    rows = room.rows_of_one(
        len(member.lots), len(member.holds), 0, 0, 0, timeline.n_currencies, timeline.n_terms
    )
    return fold.next_moment(state_of(member, rows, timeline, hits=0), timeline.numbers, day)


def rules_on(program: Program, moment: Moment) -> list[tuple[int, int, int]]:
    """What rules see of a moment: there is neither amount nor quantity in it."""
    return [(at, 0, 0) for at, rule in enumerate(program.rules) if rule.on == moment.number]


def decide_moment(timeline: Timeline, member: Member, due: Due, rooms: Mapping[int, int]) -> Decision:
    """What a moment gives, judged and posted when it was due."""
    return decide_occasion(
        timeline,
        member,
        fold.MOMENT,
        due.hits,
        occurred_at=due.at,
        now=due.at,
        row=due.row,
        value=due.moment.number,
        rooms=rooms,
    )


def after_moments(
    timeline: Timeline,
    member: Member,
    now: datetime,
    rooms: Callable[[int, Iterable[tuple[int, int, int]]], Mapping[int, int]],
) -> Member:
    """The member once every moment that has fallen due is made: for an answer that changes nothing."""
    while (due := next_due(timeline, member, now)) is not None:
        member = decide_moment(timeline, member, due, rooms(due.row, due.hits)).after
    return member
