"""The kernel of the back-test: it walks the lives of a bucket through `fold.apply` and adds up what comes of them.

Plain Python in the subset that Numba compiles, as in `domain/fold.py`; `compiled_kernel.py` loads this very source once
more and compiles it, so every meaning of an event is the fold's and only sums are made here. An event keeps the number it has in
the ledger, also where under other rules time's own entries differ, so that returns, commits and releases find what they
are about. An event that the balance does not allow does not take place, and is counted.

This file may break the house's habits of size and dress as `fold.py` does. Why it is so:
docs/decisions/0064-a-back-test-walks-by-the-ledgers-own-numbers.md.
"""

# ruff: noqa: PLR0912, PLR0913, PLR0915, PLR0917, PLR1714
from __future__ import annotations

from typing import Any

from jifen.domain import fold
from jifen.insight.backtest.sums import (
    DEBT_CHANGE,
    DUE_DAYS,
    DUE_STEPS,
    MEMBER_GRACE,
    MEMBER_PURCHASES,
    MEMBER_REVIEW_DAY,
    MEMBER_SALES,
    MEMBER_STORE,
    MEMBER_TIER,
    MEMBER_TIER_BEFORE,
    OF_CURRENCY,
    OF_DAY,
    OF_MEMBER,
    SLICE_WIDTH,
    WAYS,
    day_index,
    tally_asked,
    tally_postings,
    tally_purchase,
    tally_return,
)

ALL_WELL = 0
NO_ROOM = 1  # for the slices of gifts
TORN = 2  # for the fold, or a lot was not there


def close(
    m: int, row: int, state: Any, numbers: Any, first_day: int, first_at: int, end_day: int, n_tiers: int, since: int,
    t_members: Any, t_moves: Any, t_due: Any, t_ended: Any,
) -> None:  # fmt: skip
    """Add up how a member stands at the end, on the first ladder; `since` is the first entry of the period."""
    member, lots, history = state.member, state.lots, state.history
    n_currencies = numbers.revisions[fold.REVISION_CURRENCIES]
    own = m * (OF_MEMBER + n_currencies * OF_CURRENCY)
    tier = state.ladders[fold.STANDS_TIER]
    t_members[own + MEMBER_TIER] = tier
    t_members[own + MEMBER_TIER_BEFORE] = fold.tier_at(state, 0, first_day, first_at)
    t_members[own + MEMBER_REVIEW_DAY] = state.ladders[fold.STANDS_REVIEW_DAY]
    before = -1
    for i in range(member[fold.TIERS_HELD]):
        h = i * fold.HISTORY_WIDTH
        if history[h + fold.HISTORY_LADDER] == 0:
            held = history[h + fold.HISTORY_TIER]
            if before >= 0 and history[h + fold.HISTORY_DAY] >= first_day:
                t_moves[before * n_tiers + held] += 1
            before = held
    ladder = row * numbers.revisions[fold.REVISION_LADDERS]
    rank = fold.rank_of(numbers, ladder, tier)
    if rank > 0:
        total = fold.counted(state, numbers, row, 0, end_day, end_day)
        if fold.rank_reached(numbers, ladder, total, fold.TIER_KEEP) < rank:
            t_members[own + MEMBER_GRACE] = 1
    for c in range(n_currencies):
        b = fold.BALANCES + c * fold.BALANCE_WIDTH
        t_members[own + OF_MEMBER + c * OF_CURRENCY] = member[b + fold.BALANCE]
        t_members[own + OF_MEMBER + c * OF_CURRENCY + 1] = member[b + fold.DEBT]
    for i in range(member[fold.LOTS]):
        p = i * fold.LOT_WIDTH
        units = lots[p + fold.LOT_LEFT] + lots[p + fold.LOT_HELD]
        if lots[p + fold.LOT_ORIGIN] >= since:
            expired = lots[p + fold.LOT_EXPIRED]
            t_ended[lots[p + fold.LOT_CURRENCY] * 2] += max(0, lots[p + fold.LOT_GONE]) + expired
            t_ended[lots[p + fold.LOT_CURRENCY] * 2 + 1] += expired
        if units > 0:
            step = DUE_STEPS - 1
            if lots[p + fold.LOT_EXPIRES] < fold.FAR:
                step = min(max(0, lots[p + fold.LOT_EXPIRES] - end_day - 1) // DUE_DAYS, DUE_STEPS - 2)
            t_due[step * n_currencies + lots[p + fold.LOT_CURRENCY]] += units


def keep(m: int, state: Any, numbers: Any, kept: Any, n_ladders: int) -> None:
    """Copy all that the row of a member keeps."""
    member = state.member
    fold.keep_rows(state, numbers, kept, m)
    width = len(member)
    for i in range(width):
        kept.members[m * width + i] = member[i]
    for i in range(n_ladders * fold.STANDS_WIDTH):
        kept.ladders[m * n_ladders * fold.STANDS_WIDTH + i] = state.ladders[i]
    fold.copy_rows(state.lots, member[fold.LOTS], fold.LOT_WIDTH, kept.lots, kept.lot_starts[m])
    kept.lot_starts[m + 1] = kept.lot_starts[m] + member[fold.LOTS]


def keep_ways(m: int, moved: Any, ways: Any) -> None:
    """Add up the units that an entry moved each way."""
    for i in range(moved[0]):
        o = 1 + i * fold.MOVE_WIDTH
        ways[m * WAYS + moved[o + fold.MOVE_WAY]] += moved[o + fold.MOVE_UNITS]


def keep_slices(gift: int, state: Any, moved: Any, slices: Any, count: Any) -> int:
    """Put down what a gift is made of: its own movements say from which lots it came."""
    for i in range(moved[0]):
        o = 1 + i * fold.MOVE_WIDTH
        if moved[o + fold.MOVE_WAY] == fold.W_SPENT:
            s = count[0] * SLICE_WIDTH
            if s + SLICE_WIDTH > len(slices):
                return NO_ROOM
            lot = fold.lot_by_number(state, moved[o + fold.MOVE_LOT]) * fold.LOT_WIDTH
            slices[s] = gift
            slices[s + 1] = moved[o + fold.MOVE_TERMS]
            slices[s + 2] = state.lots[lot + fold.LOT_EXPIRES]
            slices[s + 3] = moved[o + fold.MOVE_UNITS]
            count[0] += 1
    return ALL_WELL


def own_moves(undone: Any, first: int, end: int, units: int) -> int:
    """Leave of an entry's movements those that a reversal undoes, up to so many units, and return their end: the compiled twin
    of `events.moves_undone`."""
    left = units
    kept = first
    for i in range(first, end):
        m = i * fold.MOVE_WIDTH
        way = undone[m + fold.MOVE_WAY]
        own = way == fold.W_SPENT or way == fold.W_COMMITTED or way == fold.W_OPENED or way == fold.W_OWED
        if own and left > 0:
            k = kept * fold.MOVE_WIDTH
            for c in range(fold.MOVE_WIDTH):
                undone[k + c] = undone[m + c]
            undone[k + fold.MOVE_UNITS] = min(undone[m + fold.MOVE_UNITS], left)
            left -= undone[k + fold.MOVE_UNITS]
            kept += 1
    return kept


def put_undone(event: Any, number: int, scratch: Any) -> None:
    """Fill in which movements a reversal undoes."""
    first = scratch.undone_at[number * 2]
    event[fold.EVENT_MOVES] = first
    event[fold.EVENT_MOVES_END] = own_moves(
        scratch.undone, first, scratch.undone_at[number * 2 + 1], event[fold.EVENT_VALUE]
    )


def remember(number: int, rows: int, moved: Any, undone: Any, undone_at: Any) -> int:
    """Put what an entry moved behind the first `rows` of `undone`, for its reversal; return the rows, -1 without room."""
    count: int = moved[0]
    end = rows + count
    if end * fold.MOVE_WIDTH > len(undone):
        return -1
    for i in range(count * fold.MOVE_WIDTH):
        undone[rows * fold.MOVE_WIDTH + i] = moved[1 + i]
    undone_at[number * 2] = rows
    undone_at[number * 2 + 1] = end
    return end


def repay_by_day(
    state: Any, numbers: Any, out: Any, day: int, at: int, first_day: int, end_day: int, before: Any, t_days: Any,
) -> None:  # fmt: skip
    """Let time pass up to the eve of a day for a member in debt, one due day after the other.

    What is owed shrinks when a lot matures or a reservation lapses, which leaves no posting; so the day is seen here.
    """
    member, holds = state.member, state.holds
    n_currencies = numbers.revisions[fold.REVISION_CURRENCIES]
    while True:
        owed = 0
        for c in range(n_currencies):
            before[c] = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT]
            owed += before[c]
        step = member[fold.NEXT_DUE_DAY]
        step_at = at - (day - step) * fold.DAY_MICROS
        for i in range(member[fold.HOLDS]):
            h = i * fold.HOLD_WIDTH
            if holds[h + fold.HOLD_LAPSES_AT] <= at and holds[h + fold.HOLD_LAPSES_DAY] <= step:
                step = holds[h + fold.HOLD_LAPSES_DAY]
                step_at = holds[h + fold.HOLD_LAPSES_AT]
        if owed == 0 or step >= day:
            return
        fold.advance(state, numbers, out, step, max(step_at, member[fold.CLOCK_AT]))
        d = day_index(step, first_day, end_day)
        for c in range(n_currencies):
            moved = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT] - before[c]
            t_days[(d * n_currencies + c) * OF_DAY + DEBT_CHANGE] += moved


def drawn_units(state: Any, event: Any, currency: int, units: int, of: int) -> int:
    """Return what is redeemed where `units` of `of` available ones were at the occasion drawn: at least one; rounded down.

    What is committed is what was reserved.
    """
    if event[fold.EVENT_KIND] == fold.COMMIT:
        held = 0
        for i in range(state.member[fold.HOLDS]):
            h = i * fold.HOLD_WIDTH
            if state.holds[h + fold.HOLD_RESERVATION] == event[fold.EVENT_ORIGIN]:
                held += state.holds[h + fold.HOLD_UNITS]
        return held
    here = fold.available(state, currency, event[fold.EVENT_RECORDED_DAY])
    return max(1, here * units // of)


def copied(event: Any, own: Any) -> Any:
    """Return the event in `own`, where it may be changed."""
    for i in range(fold.EVENT_WIDTH):
        own[i] = event[i]
    return own


def tally_visit(store: int, amount: int, own: int, most: int, bought_at: Any, t_members: Any) -> int:
    """Count a purchase of a member, whose store is the one where most were made; return how many that are."""
    bought_at[store] += 1
    if bought_at[store] > most:
        most = bought_at[store]
        t_members[own + MEMBER_STORE] = store
    t_members[own + MEMBER_PURCHASES] += 1
    t_members[own + MEMBER_SALES] += amount
    return most


def tally_bought(
    m: int, p: int, d: int, store: int, tier: int, event: Any, hits: Any, results: Any, numbers: Any, baskets: Any,
    period: Any, scratch: Any, tallied: Any,
) -> None:  # fmt: skip
    """Add up what a purchase of the period earned."""
    tally_purchase(
        m, p, d, store, tier, event, hits, results, numbers, baskets.line_start, baskets.line_amount, baskets.line_quantity,
        baskets.line_category, baskets.words, scratch.size, scratch.line, scratch.rest, period.month_of, period.worth,
        period.n_months, period.n_rules, period.n_categories, tallied.rules, tallied.rule_months, tallied.tier_months,
        tallied.stores, tallied.categories, tallied.pairs, tallied.member_rules, tallied.worths, scratch.rule_mark,
        scratch.capped_mark, scratch.tier_mark, scratch.store_mark, scratch.category_mark, scratch.basket_mark,
    )  # fmt: skip


def bound(number: int) -> Any:
    """Return the walk, which closes over a number: Numba's cache tells functions apart by what they close over. A function that
    only calls it would be compiled once more, with all that is laid into it."""

    def walk(
        lives: Any, numbers: Any, baskets: Any, period: Any, scratch: Any, tallied: Any, kept: Any, keeps: int, slices: int,
    ) -> int:  # fmt: skip
        """Walk every life of a bucket; return ALL_WELL, or why not: then whatever was written is worthless.

        With `keeps` 1 what is left of each member is copied to `kept`; with `slices` 1 what every gift is made of.
        """
        if number < 0:
            return NO_ROOM
        state, out = scratch.state, scratch.out
        member = state.member
        events, hits, results = lives.events, lives.hits, lives.results
        starts, sequence = lives.starts, lives.sequence
        purchase_of, other_of = lives.purchase_of, lives.other_of
        lines, rest, sizes, bought_at = scratch.line, scratch.rest, scratch.size, scratch.bought_at
        first_day, end_day, month_of = period.first_day, period.end_day, period.month_of
        is_drawn, tells, undoes = len(lives.habit_of) > 0, len(kept.available) > 0, len(lives.undo_of) > 0
        n_currencies = numbers.revisions[fold.REVISION_CURRENCIES]
        n_ladders = numbers.revisions[fold.REVISION_LADDERS]
        own_width = OF_MEMBER + n_currencies * OF_CURRENCY
        judged, debt_before = tallied.judged, scratch.debt
        t_days, t_asked, t_members = tallied.days, tallied.asked, tallied.members
        for m in range(len(starts) - 1):
            keeps_past = fold.is_voided(events, starts[m], starts[m + 1])
            fold.begin(state, numbers, lives.first_rows[m], keeps_past)
            own = m * own_width
            t_members[own + MEMBER_STORE] = -1
            row = lives.first_rows[m]
            since = fold.FAR_AT
            most = 0
            undone = 0
            for e in range(starts[m], starts[m + 1]):
                event = events[e * fold.EVENT_WIDTH : (e + 1) * fold.EVENT_WIDTH]
                legs = lives.legs
                kind = event[fold.EVENT_KIND]
                row = event[fold.EVENT_REVISION]
                day, at = event[fold.EVENT_RECORDED_DAY], event[fold.EVENT_RECORDED_AT]
                currency, units = lives.currency[e], lives.units[e]
                out.posted[0] = 0
                out.moved[0] = 0
                member[fold.SEQUENCE] = sequence[e] - 1
                owed = 0
                for c in range(n_currencies):
                    debt_before[c] = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT]
                    owed += debt_before[c]
                if owed > 0:
                    repay_by_day(state, numbers, out, day, at, first_day, end_day, debt_before, t_days)
                if tells or (is_drawn and lives.habit_of[e] > 0):
                    # Time may use units of the same lots (a matured lot repays debt), so it does its part first.
                    fold.advance(state, numbers, out, day, at)
                    if tells:
                        kept.available[e] = fold.available(state, currency, day)
                    if is_drawn and lives.habit_of[e] > 0:
                        units = drawn_units(state, event, currency, lives.habit_units[e], lives.habit_of[e])
                        if kind != fold.COMMIT:
                            for i in range(fold.LEG_WIDTH):
                                scratch.leg[i] = legs[event[fold.EVENT_LEGS] * fold.LEG_WIDTH + i]
                            scratch.leg[fold.LEG_UNITS] = units
                            legs = scratch.leg
                            event = copied(event, scratch.event)
                            event[fold.EVENT_LEGS] = 0
                            event[fold.EVENT_LEGS_END] = 1
                if undoes and kind == fold.REVERSE:
                    event = copied(event, scratch.event)
                    put_undone(event, lives.undo_of[e], scratch)
                asked = fold.Asked(event, hits, results, lives.dates, legs, scratch.undone, out.carried)
                code = fold.apply(state, asked, numbers, out)
                if code == fold.TORN:
                    return TORN
                if kind == fold.ADVANCE:
                    member[fold.SEQUENCE] = sequence[e]
                d = day_index(day, first_day, end_day)
                p = purchase_of[e]
                if d > 0:
                    since = min(since, sequence[e])
                    tally_asked(
                        m, kind, currency, units, code, n_currencies, own, t_asked, t_members, scratch.asked_mark
                    )  # fmt: skip
                for c in range(n_currencies):
                    moved = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT] - debt_before[c]
                    if moved != 0:
                        t_days[(d * n_currencies + c) * OF_DAY + DEBT_CHANGE] += moved
                if code != fold.DONE:
                    member[fold.SEQUENCE] = sequence[e]
                elif kind == fold.PURCHASE:
                    judged[p] = state.ladders[fold.STANDS_JUDGED]
                    if d > 0:
                        store = baskets.store[p]
                        most = tally_visit(store, event[fold.EVENT_AMOUNT], own, most, bought_at, t_members)
                        tally_bought(
                            m, p, d, store, judged[p], event, hits, results, numbers, baskets, period, scratch, tallied
                        )  # fmt: skip
                elif kind == fold.RETURN or kind == fold.VOID:
                    if d > 0:
                        t_members[own + MEMBER_SALES] -= event[fold.EVENT_AMOUNT]
                        tally_return(
                            m, p, other_of[e], d, baskets.store[p], judged[p], event, hits, results, numbers,
                            baskets.back_start, baskets.back_line, baskets.back_quantity, baskets.back_amount,
                            baskets.line_amount, baskets.line_quantity, baskets.line_category, baskets.words, sizes, lines,
                            rest, month_of, period.n_months, period.n_rules, period.n_categories, tallied.rules,
                            tallied.rule_months, tallied.tier_months, tallied.stores, tallied.categories, tallied.member_rules,
                        )  # fmt: skip
                else:
                    if slices == 1 and kind == fold.GIFT_OUT:
                        code = keep_slices(other_of[e], state, out.moved, kept.slices, kept.slice_count)
                        if code == NO_ROOM:
                            return NO_ROOM
                    if undoes and kind != fold.REVERSE and lives.undo_of[e] >= 0:
                        which = lives.undo_of[e]
                        undone = remember(which, undone, out.moved, scratch.undone, scratch.undone_at)
                        if undone < 0:
                            return TORN
                if keeps == 1:
                    keep_ways(m, out.moved, kept.ways)
                tally_postings(d, out.posted, n_currencies, first_day, end_day, own, t_days, t_members)
            close(
                m, row, state, numbers, first_day, period.first_at, end_day, period.n_tiers, since, t_members, tallied.moves,
                tallied.due, tallied.ended,
            )  # fmt: skip
            for e in range(starts[m], starts[m + 1]):
                if events[e * fold.EVENT_WIDTH + fold.EVENT_KIND] == fold.PURCHASE:
                    bought_at[baskets.store[purchase_of[e]]] = 0
            if keeps == 1:
                keep(m, state, numbers, kept, n_ladders)
        return ALL_WELL

    return walk


walk = bound(0)
