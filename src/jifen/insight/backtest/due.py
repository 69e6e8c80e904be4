"""Moments that a walk makes itself: when they can fall due, what rules see of them, and how much room they want.

The fold says when a moment falls due (`fold.next_moment`); the kernel lets time pass from one to the next, as if somebody had
looked every day, and gives each a number between the ledger's own (`STRIDE`). `domain/moments.py` is the plain twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from jifen.domain import fold
from jifen.domain.calendar import date_of, epoch_micros, month_number, start_of_day
from jifen.domain.moments import rules_on
from jifen.domain.program.meaning import Brought, Moment
from jifen.insight.backtest.budgets import HOUR_MICROS, Cut
from jifen.insight.backtest.shapes import Due, Integers
from jifen.insight.backtest.sides import Side

STRIDE = 1 << 24
"""The ledger's numbers stand so far apart where moments are made between them; no member has more in a row."""
_NONE: Integers = np.zeros(0, dtype=np.int64)


def nothing_due() -> Due:
    """Nothing falls due but what the ledger tells of."""
    return Due(0, 0, 0, 0, 0, 0, 0, 0, _NONE, _NONE, _NONE, _NONE, _NONE, np.zeros(1, dtype=np.int64))


def due_of(
    side: Side,
    *,
    first_day: int,
    n_days: int,
    from_day: int,
    end_sequence: int,
    hits_from: int,
    cuts: Sequence[Cut] = (),
    sums_pools: bool = False,
) -> tuple[Due, Integers]:
    """When moments fall due on a side, and the hits that rules see of each, which stand from row `hits_from` on.

    Shape
        first_day, n_days   all days that anything of the bucket lies on
        from_day            what falls due before it is not made
        end_sequence        the number of the entry that ends a life: all that is left falls due before it
        cuts                when the budgets of the side are used up
        sums_pools          also sum what rules grant out of pools, by the hour
    """
    timeline = side.timeline
    moments = [(row, moment) for row, program in enumerate(timeline.programs) for moment in program.moments]
    closes = {cut.pool: cut.at_micros for cut in cuts}
    hits: list[tuple[int, int, int, int]] = []
    starts, pools, closed = [hits_from], [], []
    for row, moment in moments:
        for position, amount, quantity in rules_on(timeline.programs[row], moment):
            budget = timeline.programs[row].rules[position].budget
            hits.append((position, amount, quantity, fold.NO_POOL))
            pools.append(budget.pool if budget else -1)
            closed.append(
                closes.get(budget.pool, fold.FAR_AT) if budget and row >= side.published else fold.FAR_AT
            )
        starts.append(hits_from + len(hits))
    days = [date_of(first_day + at) for at in range(n_days)]
    assert all(day is not None for day in days), "an event has a date"
    began = np.array(
        [epoch_micros(start_of_day(day, timeline.time_zone)) for day in days if day], dtype=np.int64
    )
    first_hour = int(began[0]) // HOUR_MICROS if n_days else 0
    n_hours = (n_days + 2) * 24 if sums_pools else 0
    due = Due(
        first_day=first_day,
        n_days=n_days,
        from_day=from_day,
        end_sequence=end_sequence,
        hits_from=hits_from,
        dates_width=timeline.n_terms * fold.DATES_WIDTH,
        first_hour=first_hour,
        n_hours=n_hours,
        began=began,
        month=np.array([month_number(day) for day in days if day], dtype=np.int64),
        hit_start=np.array(starts, dtype=np.int64),
        pool=np.array([*pools, -1], dtype=np.int64),
        closes=np.array([*closed, fold.FAR_AT], dtype=np.int64),
        granted=np.zeros(max(1, len(hits) * n_hours), dtype=np.int64),
    )
    return due, np.array(hits, dtype=np.int64).reshape(-1, fold.HIT_WIDTH)


def most_made(side: Side, *, first_day: int, n_days: int, purchases: int) -> int:
    """How many moments can fall due for one member in some days, who buys at most so often: of each kind one a day at most."""
    return sum(
        _most(moment, first_day, n_days, purchases)
        for program in side.timeline.programs
        for moment in program.moments
    )


def _most(moment: Moment, first_day: int, n_days: int, purchases: int) -> int:
    years = timedelta(days=n_days) // timedelta(days=365) + 2
    of_kind = {
        Brought.EXPIRY_AHEAD: n_days,
        Brought.ON_DAYS: sum(first_day <= day < first_day + n_days for day in moment.on),
        Brought.ANNIVERSARY: years,
        Brought.ASLEEP: purchases,
        Brought.AFTER_JOINING: 1,
    }
    return 1 + of_kind[moment.brought]


def granted_of_moments(due: Due) -> dict[tuple[int, int], int]:
    """What moments were granted out of pools, by (pool, hour since 1970)."""
    found: dict[tuple[int, int], int] = {}
    if not due.n_hours:
        return found
    for hit, pool in enumerate(due.pool[:-1].tolist()):
        if pool < 0:
            continue
        own = due.granted[hit * due.n_hours : (hit + 1) * due.n_hours]
        for hour in np.flatnonzero(own).tolist():
            key = pool, due.first_hour + hour
            found[key] = found.get(key, 0) + int(own[hour])
    return found
