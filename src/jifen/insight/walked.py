"""Whole lives through `fold.walk`: arrays in, arrays out, with the room that `domain/room.py` says.

Import, replay and the tests of one meaning come here. It reads arrays and a timeline, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jifen.domain import fold, room
from jifen.domain.events import Script
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import OCCASIONS
from jifen.insight.compiled_fold import walk as compiled_walk

Integers = npt.NDArray[np.int64]
Walk = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk told of each event and left of each member: rows as `domain/fold.py` lays them out.

    Postings of event e end at `told[e, TOLD_POSTED]`, movements at `told[e, TOLD_MOVED]`. What is kept of member m stands
    between the rows that `kept.starts` names.
    """

    told: Integers
    postings: Integers
    moves: Integers
    carried: Integers  # of event e up to `told[e, TOLD_CARRIED]`
    results: Integers
    members: Integers
    ladders: Integers
    lots: list[Integers]
    kept: fold.Kept


def told_width(timeline: Timeline) -> int:
    """How many numbers are told of an event."""
    return fold.TOLD_TIERS + 2 * timeline.n_ladders + timeline.n_currencies


def numbers_of(timeline: Timeline) -> fold.Numbers:
    """The timeline's tables as arrays."""
    return fold.Numbers(*(np.array(table, dtype=np.int64) for table in timeline.numbers))  # type: ignore[arg-type]


def walk_script(
    script: Script,
    starts: Sequence[int],
    first_rows: Sequence[int],
    *,
    held: Sequence[int] | None = None,
    walk: Walk = compiled_walk,
) -> Walked:
    """The lives of a script walked; events of member m stand from `starts[m]` to `starts[m + 1]`.

    Shape
        first_rows   by member: the row of the revision that he begins under
        held         by member: how many lots reservations held, where the journal tells it
    """
    return walk_arrays(
        script.timeline,
        starts=as_array(starts),
        first_rows=as_array(first_rows),
        events=np.array(script.events, dtype=np.int64).reshape(-1, fold.EVENT_WIDTH),
        hits=as_array(script.hits),
        results=as_array(script.results),
        dates=as_array(script.dates),
        legs=as_array(script.legs),
        moves=as_array(script.moves),
        carried=as_array(script.carried),
        held=None if held is None else as_array(held),
        walk=walk,
    )


def walk_arrays(
    timeline: Timeline,
    *,
    starts: Integers,
    first_rows: Integers,
    events: Integers,
    hits: Integers,
    results: Integers,
    dates: Integers,
    legs: Integers,
    moves: Integers,
    carried: Integers | None = None,
    held: Integers | None = None,
    walk: Walk = compiled_walk,
) -> Walked:
    """The same from arrays; `events` has a row for each event, the others are flat. `results` is filled in place."""
    n = len(first_rows)
    n_events = len(events)
    brought = _brought(starts, events, carried)
    sizes = _sizes(timeline, starts, events, held, brought)
    lot_starts = np.concatenate([[0], np.cumsum([size.lots for size in sizes])]).astype(np.int64)
    most = max((size.lots for size in sizes), default=0)
    width = fold.BALANCES + timeline.n_currencies * fold.BALANCE_WIDTH
    days_width = fold.DAYS_COUNTED + timeline.n_ladders
    most_events = int(np.diff(starts).max(initial=0))
    # An event lifts when it occurred and when it was told, and a void before a merge each day; a ladder begins with a row.
    days_brought = [rows.days for rows in brought]
    lifts = 3 * most_events + max(days_brought, default=0)
    tiers_each = room.tiers_held(lifts, timeline.n_tiers, timeline.n_ladders)
    tiers_kept = room.tiers_held(n + 3 * n_events + sum(days_brought), timeline.n_tiers, timeline.n_ladders)
    hits_each = int(
        _per_member(starts, events[:, fold.EVENT_HITS_END] - events[:, fold.EVENT_HITS]).max(initial=0)
    )
    is_moment = (events[:, fold.EVENT_KIND] == fold.MOMENT).astype(np.int64)
    told_each = int(_per_member(starts, is_moment).max(initial=0))
    limits_each = 6 * hits_each + told_each + max((rows.counters for rows in brought), default=0) + 1
    days_each = most_events + max((rows.days for rows in brought), default=0) + 2
    holds_each = max((size.holds for size in sizes), default=0) + 1
    n_hits = int(events[:, fold.EVENT_HITS_END].max(initial=0))
    lives = fold.Lives(
        starts, first_rows, _room(n * width), _room(n * timeline.n_ladders * fold.STANDS_WIDTH),
        _room(int(lot_starts[-1]) * fold.LOT_WIDTH), lot_starts, events.reshape(-1) if n_events else _room(0), hits,
        results, dates, legs, moves, _room(0) if carried is None else carried,
    )  # fmt: skip
    scratch = fold.State(
        _room(0), _room(0), _room(0), _room(most + 1), _room(days_each * days_width),
        _room(tiers_each * fold.HISTORY_WIDTH), _room(limits_each * fold.COUNTER_WIDTH), _room(holds_each * fold.HOLD_WIDTH),
        _room(room.past(most_events, timeline.n_ladders)),
    )  # fmt: skip
    kept = fold.Kept(
        _room((n_events + sum(rows.days for rows in brought) + 1) * days_width),
        _room(tiers_kept * fold.HISTORY_WIDTH),
        _room(
            (6 * n_hits + int(is_moment.sum()) + sum(rows.counters for rows in brought) + 1)
            * fold.COUNTER_WIDTH
        ),
        _room((sum(size.holds for size in sizes) + 1) * fold.HOLD_WIDTH),
        _room((n + 1) * fold.KEPT_WIDTH),
    )
    posted, moved = (
        _room(1 + fold.POST_WIDTH * sum(room.postings(size) for size in sizes)),
        _room(1 + fold.MOVE_WIDTH * sum(room.movements(size) for size in sizes)),
    )
    handed = _room(1 + _handed_over(timeline, starts, events, sizes, brought))
    out = fold.Out(posted, moved, _room(fold.ISSUES), handed)
    told = _room(n_events * told_width(timeline))
    walk(lives, scratch, numbers_of(timeline), out, told, kept)
    assert out.issues[fold.BROKEN] == 0, "the fold found no room or no lot"
    members = lives.members[: n * width].reshape(n, width)
    lots = lives.lots[: int(lot_starts[-1]) * fold.LOT_WIDTH].reshape(-1, fold.LOT_WIDTH)
    return Walked(
        told=told[: n_events * told_width(timeline)].reshape(n_events, told_width(timeline)),
        postings=posted[1 : 1 + posted[0] * fold.POST_WIDTH].reshape(-1, fold.POST_WIDTH),
        moves=moved[1 : 1 + moved[0] * fold.MOVE_WIDTH].reshape(-1, fold.MOVE_WIDTH),
        carried=handed[1 : 1 + handed[0]],
        results=results[: n_hits * fold.RESULT_WIDTH].reshape(-1, fold.RESULT_WIDTH),
        members=members,
        ladders=lives.ladders[: n * timeline.n_ladders * fold.STANDS_WIDTH].reshape(
            n, timeline.n_ladders * fold.STANDS_WIDTH
        ),
        lots=[lots[int(lot_starts[m]) : int(lot_starts[m]) + int(members[m, fold.LOTS])] for m in range(n)],
        kept=kept,
    )


def _brought(starts: Integers, events: Integers, carried: Integers | None) -> list[room.Brought]:
    """What others leave to each life."""
    found = [room.NOTHING] * (len(starts) - 1)
    for e in np.flatnonzero(events[:, fold.EVENT_KIND] == fold.CARRY_IN).tolist():
        assert carried is not None, "a life that takes over another's is told what that left"
        m = int(np.searchsorted(starts, e, side="right")) - 1
        at = int(events[e, fold.EVENT_CARRIED])
        more = room.brought(carried[at : at + fold.CARRIED_WIDTH].tolist())
        found[m] = room.Brought(*(a + b for a, b in zip(found[m], more, strict=True)))
    return found


def _handed_over(
    timeline: Timeline,
    starts: Integers,
    events: Integers,
    sizes: Sequence[room.Size],
    brought: Sequence[room.Brought],
) -> int:
    """Numbers that the lives leave to others."""
    leaves = _per_member(starts, (events[:, fold.EVENT_KIND] == fold.CARRY_OUT).astype(np.int64)).tolist()
    lengths = np.diff(starts).tolist()
    return sum(
        room.handed_over(
            room.Brought(size.lots, lengths[m] + brought[m].days, 6 * size.hits + brought[m].counters),
            ladders=timeline.n_ladders,
            currencies=timeline.n_currencies,
        )
        for m, size in enumerate(sizes)
        if leaves[m]
    )


def _sizes(
    timeline: Timeline,
    starts: Integers,
    events: Integers,
    held: Integers | None,
    brought: Sequence[room.Brought],
) -> list[room.Size]:
    """What fills the tables of each life."""
    hits = _per_member(starts, events[:, fold.EVENT_HITS_END] - events[:, fold.EVENT_HITS]).tolist()
    legs = _per_member(starts, events[:, fold.EVENT_LEGS_END] - events[:, fold.EVENT_LEGS]).tolist()
    moves = _per_member(starts, events[:, fold.EVENT_MOVES_END] - events[:, fold.EVENT_MOVES]).tolist()
    bought = _per_member(starts, np.isin(events[:, fold.EVENT_KIND], OCCASIONS).astype(np.int64)).tolist()
    back = _per_member(
        starts, np.isin(events[:, fold.EVENT_KIND], (fold.RETURN, fold.VOID)).astype(np.int64)
    ).tolist()
    leaves = _per_member(
        starts, np.isin(events[:, fold.EVENT_KIND], (fold.CARRY_OUT, fold.CARRY_IN)).astype(np.int64)
    ).tolist()
    reserved = _per_member(starts, (events[:, fold.EVENT_KIND] == fold.RESERVE).astype(np.int64)).tolist()
    found = []
    for m in range(len(starts) - 1):
        left = moves[m] + brought[m].lots
        lots = bought[m] * timeline.n_terms + legs[m] + left
        found.append(
            room.Size(
                lots=lots,
                holds=reserved[m] * lots if held is None else int(held[m]),
                hits=hits[m],
                legs=legs[m],
                moves=left,
                currencies=timeline.n_currencies,
                terms=timeline.n_terms,
                events=bought[m] + back[m] + leaves[m],
            )
        )
    return found


def _per_member(starts: Integers, column: Integers) -> Integers:
    """The sum of a column over the events of each member."""
    total = np.concatenate([[0], np.cumsum(column)])
    found: Integers = total[starts[1:]] - total[starts[:-1]]
    return found


def _room(size: int) -> Any:
    return np.zeros(max(1, size), dtype=np.int64)


def as_array(numbers: Sequence[int]) -> Integers:
    """Numbers as an array that is never empty."""
    return np.array(numbers if len(numbers) else [0], dtype=np.int64)
