"""What the kernel does where moments fall due by themselves: let time pass to the next, and make an event of it.

Plain Python in the subset that Numba compiles, loaded and compiled beside `kernel.py`; see there. `domain/moments.py` is the
plain twin.
"""

from __future__ import annotations

from typing import Any

from jifen.domain import fold
from jifen.insight.backtest.sums import DEBT_CHANGE, OF_DAY, day_index

HOUR_MICROS = 3_600_000_000


def fall_due(
    state: Any, numbers: Any, out: Any, due: Any, from_day: int, until: Any, first_day: int, end_day: int, before: Any,
    t_days: Any,
) -> int:  # fmt: skip
    """Let time pass for a member until a moment falls due, or up to an event; return which moment, -1: none does.

    As if somebody looked on each day: the moments of a day are those of the revision that was in force when it began. What falls
    due before `from_day` is the ledger's to tell.
    """
    member = state.member
    day, at = until[fold.EVENT_RECORDED_DAY], until[fold.EVENT_RECORDED_AT]
    n_currencies = numbers.revisions[fold.REVISION_CURRENCIES]
    while True:
        stood = max(member[fold.CLOCK_DAY], member[fold.JOINED_DAY])
        last = day  # of the revision in force at the clock
        for r in range(numbers.revisions[fold.REVISION_COUNT]):
            begins = numbers.revisions[r * fold.REVISION_WIDTH + fold.REVISION_FROM_DAY]
            if stood < begins <= last:
                last = begins - 1
        if stood == 0 or (last == day and member[fold.NEXT_DUE_DAY] > day):
            return -1
        which, on = -1, fold.FAR
        if last >= from_day:
            which, on = fold.next_moment(state, numbers, last)
        if on <= member[fold.CLOCK_DAY]:
            return which
        step = min(on, max(member[fold.NEXT_DUE_DAY], member[fold.CLOCK_DAY] + 1))
        step_at = fold.FAR_AT
        if step <= last:
            step_at = due.began[step - due.first_day]
        for i in range(member[fold.HOLDS]):
            h = i * fold.HOLD_WIDTH
            if state.holds[h + fold.HOLD_LAPSES_AT] < step_at:
                step_at = state.holds[h + fold.HOLD_LAPSES_AT]
                step = min(step, state.holds[h + fold.HOLD_LAPSES_DAY])
        if step > last or step_at > at:
            if last == day:
                return -1
            step = last + 1
            step_at = due.began[step - due.first_day]
        note_debts(member, n_currencies, before)
        fold.advance(state, numbers, out, step, max(step_at, member[fold.CLOCK_AT]))
        tally_debts(day_index(step, first_day, end_day), member, n_currencies, before, t_days)


def note_debts(member: Any, n_currencies: int, before: Any) -> int:
    """Put down what a member owes in each currency; return the sum."""
    owed: int = 0
    for c in range(n_currencies):
        before[c] = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT]
        owed += before[c]
    return owed


def tally_debts(d: int, member: Any, n_currencies: int, before: Any, t_days: Any) -> None:
    """Add to a day how debts changed since they were put down."""
    for c in range(n_currencies):
        moved = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT] - before[c]
        if moved != 0:
            t_days[(d * n_currencies + c) * OF_DAY + DEBT_CHANGE] += moved


def put_moment(state: Any, numbers: Any, due: Any, which: int, event: Any, hits: Any, results: Any) -> None:
    """Fill in an event that is the moment which has fallen due."""
    member, revisions = state.member, numbers.revisions
    row = 0
    while revisions[row * fold.REVISION_WIDTH + fold.REVISION_MOMENTS_END] <= which:
        row += 1
    day = member[fold.CLOCK_DAY]
    at = max(member[fold.CLOCK_AT], revisions[row * fold.REVISION_WIDTH + fold.REVISION_FROM_AT])
    for i in range(fold.EVENT_WIDTH):
        event[i] = 0
    event[fold.EVENT_KIND] = fold.MOMENT
    event[fold.EVENT_REVISION] = row
    event[fold.EVENT_OCCURRED_DAY] = event[fold.EVENT_RECORDED_DAY] = day
    event[fold.EVENT_OCCURRED_AT] = event[fold.EVENT_RECORDED_AT] = at
    event[fold.EVENT_MONTH] = due.month[day - due.first_day]
    event[fold.EVENT_UNDOES] = -1
    event[fold.EVENT_VALUE] = numbers.moments[which * fold.MOMENT_WIDTH + fold.MOMENT_NUMBER]
    event[fold.EVENT_HITS] = event[fold.EVENT_HITS_END] = due.hit_start[which]
    if member[fold.STATUS] <= fold.FROZEN:
        event[fold.EVENT_HITS_END] = due.hit_start[which + 1]
    event[fold.EVENT_DATES] = (row * due.n_days + day - due.first_day) * due.dates_width
    for k in range(event[fold.EVENT_HITS], event[fold.EVENT_HITS_END]):
        hits[k * fold.HIT_WIDTH + fold.HIT_ROOM] = fold.NO_POOL
        if at >= due.closes[k - due.hits_from]:
            hits[k * fold.HIT_WIDTH + fold.HIT_ROOM] = fold.room_told(0)
        for i in range(fold.RESULT_WIDTH):
            results[k * fold.RESULT_WIDTH + i] = 0


def sum_pools(event: Any, results: Any, due: Any) -> None:
    """Sum what a moment was granted out of pools."""
    hour = event[fold.EVENT_OCCURRED_AT] // HOUR_MICROS - due.first_hour
    for k in range(event[fold.EVENT_HITS], event[fold.EVENT_HITS_END]):
        if due.pool[k - due.hits_from] >= 0:
            granted = results[k * fold.RESULT_WIDTH + fold.GRANTED]
            due.granted[(k - due.hits_from) * due.n_hours + hour] += granted
