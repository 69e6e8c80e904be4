"""The past that a void judges again: what a member's entries counted for ladders, in the order of the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from jifen.domain import fold, room
from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.days import asked_again
from jifen.domain.timeline import Timeline

NO_PAST = (fold.UNKEPT,)
"""Nobody keeps it: what no void is about."""


class PastEntry(NamedTuple):
    """An occasion, what came back of one (fold.RETURN), or the merge of another member (fold.CARRY_IN)."""

    sequence: int
    kind: int
    row: int  # of the timeline: the revision that judged
    occurred_at: datetime  # of a return: when its purchase did
    recorded_at: datetime
    amount_minor: int = 0
    results: Sequence[tuple[int, ...]] = ()  # as `decide.HitResult`
    of: int = 0  # of a return: its purchase, by sequence or as `number_of_merged`
    is_whole: bool = False


def number_of_merged(purchase_id: UUID) -> int:
    """What a purchase of a member who was merged is called where sequences are the heir's: below zero, by the random bits of
    its id."""
    return -1 - (purchase_id.int & ((1 << 62) - 1))


def past_of(timeline: Timeline, entries: Iterable[PastEntry]) -> list[int]:
    """The same as `fold.State.past` has it: a count, then flat rows. Those of one that was voided must not be among them."""
    entries = list(entries)
    state = fold.State(
        [0] * fold.BALANCES, [], [], [], [], [], [], [], [0] * room.past(len(entries), timeline.n_ladders)
    )  # fmt: skip
    out = fold.Out([], [], [0] * fold.ISSUES, [])
    for entry in entries:
        day = day_number(local_date(entry.occurred_at, timeline.time_zone))
        asked = asked_again(
            entry.kind, entry.row, day, entry.amount_minor, entry.results, is_whole=entry.is_whole
        )
        asked.event[fold.EVENT_ORIGIN] = entry.of
        asked.event[fold.EVENT_OCCURRED_AT] = epoch_micros(entry.occurred_at)
        asked.event[fold.EVENT_RECORDED_DAY] = day_number(local_date(entry.recorded_at, timeline.time_zone))
        asked.event[fold.EVENT_RECORDED_AT] = epoch_micros(entry.recorded_at)
        state.member[fold.SEQUENCE] = entry.sequence
        fold.put_past(state, asked, timeline.numbers, out)
    return state.past


def first_day(past: Sequence[int], timeline: Timeline) -> int:
    """The day of what occurred first in it; FAR: there is nothing."""
    width = fold.PAST_COUNTED + timeline.n_ladders
    rows = range(1, 1 + past[0] * width, width)
    return min(
        (past[p + fold.PAST_DAY] for p in rows if past[p + fold.PAST_ROLE] == fold.LIFTS), default=fold.FAR
    )
