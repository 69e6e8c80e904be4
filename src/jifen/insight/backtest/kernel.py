"""The kernel of the back-test: it walks the lives of a bucket through `fold.apply` and adds up what comes of them.

Plain Python in the subset that Numba compiles, as in `domain/fold.py`; `compiled_kernel.py` loads this very source once
more and compiles it, so every meaning of an event is the fold's and only sums are made here. An event keeps the number it has in
the ledger, also where under other rules time's own entries differ, so that returns, commits and releases find what they
are about. An event that the balance does not allow does not take place, and is counted.

This file may break the house's habits of size and dress as `fold.py` does. Why it is so:
docs/decisions/0064-a-back-test-walks-by-the-ledgers-own-numbers.md.
"""

# ruff: noqa: PLR0912, PLR0913, PLR0915, PLR0917
from __future__ import annotations

from typing import Any

from jifen.domain import fold
from jifen.insight.backtest.sums import (
    DEBT_CHANGE,
    DUE_DAYS,
    DUE_STEPS,
    KEPT_LOTS,
    KEPT_WIDTH,
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
    day_index,
    tally_asked,
    tally_postings,
    tally_purchase,
    tally_return,
)

ALL_WELL = 0
NO_ROOM = 1


def begin(member: Any, history: Any, tier: int, n_currencies: int) -> None:
    """Lay out a member to whom nothing has happened (as `domain/member.py` does)."""
    for i in range(fold.BALANCES + n_currencies * fold.BALANCE_WIDTH):
        member[i] = 0
    member[fold.TIER] = tier
    member[fold.JUDGED_TIER] = tier
    member[fold.REVIEW_DAY] = fold.FAR
    member[fold.LAST_PURCHASE_DAY] = -1
    member[fold.TIERS_HELD] = 1
    member[fold.NEXT_DUE_DAY] = fold.FAR
    member[fold.NEXT_LAPSE_AT] = fold.FAR_AT
    history[fold.HISTORY_DAY] = 0
    history[fold.HISTORY_AT] = 0
    history[fold.HISTORY_TIER] = tier


def close(
    m: int, row: int, member: Any, lots: Any, window: Any, history: Any, tiers: Any, revisions: Any,
    first_day: int, first_at: int, end_day: int, n_tiers: int, since: int, t_members: Any, t_moves: Any, t_due: Any,
    t_ended: Any,
) -> None:  # fmt: skip
    """Add up how a member stands at the end; `since` is the first entry of the period."""
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    own = m * (OF_MEMBER + n_currencies * OF_CURRENCY)
    t_members[own + MEMBER_TIER] = member[fold.TIER]
    t_members[own + MEMBER_TIER_BEFORE] = fold.tier_at(member, history, first_day, first_at)
    t_members[own + MEMBER_REVIEW_DAY] = member[fold.REVIEW_DAY]
    for i in range(1, member[fold.TIERS_HELD]):
        h = i * fold.HISTORY_WIDTH
        if history[h + fold.HISTORY_DAY] >= first_day:
            before = history[h - fold.HISTORY_WIDTH + fold.HISTORY_TIER]
            t_moves[before * n_tiers + history[h + fold.HISTORY_TIER]] += 1
    v = row * fold.REVISION_WIDTH
    base = row * revisions[v + fold.REVISION_TIERS_MAX]
    count = revisions[v + fold.REVISION_TIERS]
    rank = fold.rank_of(tiers, base, count, member[fold.TIER])
    if rank > 0:
        first = end_day - revisions[v + fold.REVISION_LADDER_WINDOW] + 1
        total = fold.window_sum(member, window, fold.WINDOW_QUALIFYING, first, end_day)
        if fold.rank_reached(tiers, base, count, total) < rank:
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


def keep(
    m: int, member: Any, lots: Any, window: Any, history: Any, counters: Any, holds: Any, kept: Any
) -> None:
    """Copy all that the fold keeps of a member."""
    width = len(member)
    for i in range(width):
        kept.members[m * width + i] = member[i]
    s = m * KEPT_WIDTH
    starts = kept.starts
    fold.copy_rows(
        window, member[fold.WINDOW_DAYS], fold.WINDOW_WIDTH, kept.window, starts[s + fold.KEPT_WINDOW]
    )
    fold.copy_rows(
        history, member[fold.TIERS_HELD], fold.HISTORY_WIDTH, kept.history, starts[s + fold.KEPT_HISTORY]
    )
    fold.copy_rows(holds, member[fold.HOLDS], fold.HOLD_WIDTH, kept.holds, starts[s + fold.KEPT_HOLDS])
    fold.copy_rows(lots, member[fold.LOTS], fold.LOT_WIDTH, kept.lots, starts[s + KEPT_LOTS])
    counted = fold.keep_latest_counters(member, counters, kept.counters, starts[s + fold.KEPT_COUNTERS])
    n = s + KEPT_WIDTH
    starts[n + fold.KEPT_WINDOW] = starts[s + fold.KEPT_WINDOW] + member[fold.WINDOW_DAYS]
    starts[n + fold.KEPT_HISTORY] = starts[s + fold.KEPT_HISTORY] + member[fold.TIERS_HELD]
    starts[n + fold.KEPT_HOLDS] = starts[s + fold.KEPT_HOLDS] + member[fold.HOLDS]
    starts[n + fold.KEPT_COUNTERS] = starts[s + fold.KEPT_COUNTERS] + counted
    starts[n + KEPT_LOTS] = starts[s + KEPT_LOTS] + member[fold.LOTS]


def repay_by_day(
    member: Any, lots: Any, window: Any, history: Any, holds: Any, tiers: Any, revisions: Any, currencies: Any, out: Any,
    day: int, at: int, first_day: int, end_day: int, before: Any, t_days: Any,
) -> None:  # fmt: skip
    """Let time pass up to the eve of a day for a member in debt, one due day after the other.

    What is owed shrinks when a lot matures or a reservation lapses, which leaves no posting; so the day is seen here.
    """
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    while True:
        owed = 0
        for c in range(n_currencies):
            before[c] = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT]
            owed += before[c]
        step = member[fold.NEXT_DUE_DAY]
        step_at = at - (day - step) * 86_400
        for i in range(member[fold.HOLDS]):
            h = i * fold.HOLD_WIDTH
            if holds[h + fold.HOLD_LAPSES_AT] <= at and holds[h + fold.HOLD_LAPSES_DAY] <= step:
                step = holds[h + fold.HOLD_LAPSES_DAY]
                step_at = holds[h + fold.HOLD_LAPSES_AT]
        if owed == 0 or step >= day:
            return
        fold.advance(
            member, lots, window, history, holds, tiers, revisions, currencies, out, step, max(step_at, member[fold.CLOCK_AT])
        )  # fmt: skip
        d = day_index(step, first_day, end_day)
        for c in range(n_currencies):
            moved = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT] - before[c]
            t_days[(d * n_currencies + c) * OF_DAY + DEBT_CHANGE] += moved


def drawn_units(member: Any, lots: Any, holds: Any, event: Any, units: int, of: int) -> int:
    """Return what is redeemed where `units` of `of` available ones were at the occasion drawn: at least one; rounded down.

    What is committed is what was reserved.
    """
    if event[fold.EVENT_KIND] == fold.COMMIT:
        held = 0
        for i in range(member[fold.HOLDS]):
            h = i * fold.HOLD_WIDTH
            if holds[h + fold.HOLD_RESERVATION] == event[fold.EVENT_ORIGIN]:
                held += holds[h + fold.HOLD_UNITS]
        return held
    here = fold.available(member, lots, event[fold.EVENT_CURRENCY], event[fold.EVENT_RECORDED_DAY])
    return max(1, here * units // of)


def drawn(member: Any, lots: Any, holds: Any, event: Any, units: int, of: int, own: Any) -> Any:
    """Return the event with the units drawn, in `own`."""
    for i in range(fold.EVENT_WIDTH):
        own[i] = event[i]
    own[fold.EVENT_UNITS] = drawn_units(member, lots, holds, event, units, of)
    return own


def walk(
    lives: Any, numbers: Any, baskets: Any, period: Any, scratch: Any, tallied: Any, kept: Any, keeps: int, slices: int,
) -> int:  # fmt: skip
    """Walk every life of a bucket; return ALL_WELL, or NO_ROOM when more slices of gifts were asked for than fit.

    With `keeps` 1 what is left of each member is copied to `kept`; with `slices` 1 what every gift is made of.
    """
    member, lots, window, history = scratch.member, scratch.lots, scratch.window, scratch.history
    counters, holds, out, gone = scratch.counters, scratch.holds, scratch.out, scratch.gone
    rules, tests, tiers = numbers.rules, numbers.tests, numbers.tiers
    revisions, currencies = numbers.revisions, numbers.currencies
    events, hits, results, expiry = lives.events, lives.hits, lives.results, lives.expiry
    starts, sequence, purchase_of, other_of = lives.starts, lives.sequence, lives.purchase_of, lives.other_of
    lines, rest, sizes, bought_at = scratch.line, scratch.rest, scratch.size, scratch.bought_at
    first_day, end_day, month_of = period.first_day, period.end_day, period.month_of
    is_drawn, tells = len(lives.habit_of) > 0, len(kept.available) > 0
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    own_width = OF_MEMBER + n_currencies * OF_CURRENCY
    judged, debt_before = tallied.judged, scratch.debt
    t_days, t_asked, t_members, asked_mark = tallied.days, tallied.asked, tallied.members, scratch.asked_mark
    for m in range(len(starts) - 1):
        begin(member, history, lives.first_tier[m], n_currencies)
        own = m * own_width
        t_members[own + MEMBER_STORE] = -1
        row = 0
        since = fold.FAR_AT
        most = 0
        for e in range(starts[m], starts[m + 1]):
            event = events[e * fold.EVENT_WIDTH : (e + 1) * fold.EVENT_WIDTH]
            kind = event[fold.EVENT_KIND]
            row = event[fold.EVENT_REVISION]
            out[0] = 0
            member[fold.SEQUENCE] = sequence[e] - 1
            is_gift = slices == 1 and kind == fold.GIFT_OUT
            owed = 0
            for c in range(n_currencies):
                debt_before[c] = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT]
                owed += debt_before[c]
            if owed > 0:
                repay_by_day(
                    member, lots, window, history, holds, tiers, revisions, currencies, out,
                    event[fold.EVENT_RECORDED_DAY], event[fold.EVENT_RECORDED_AT], first_day, end_day, debt_before, t_days,
                )  # fmt: skip
            if is_gift or tells or (is_drawn and lives.habit_of[e] > 0):
                # Time may use units of the same lots (a matured lot repays debt), so it does its part first.
                fold.advance(
                    member, lots, window, history, holds, tiers, revisions, currencies, out,
                    event[fold.EVENT_RECORDED_DAY], event[fold.EVENT_RECORDED_AT],
                )  # fmt: skip
                if is_gift:
                    for i in range(member[fold.LOTS]):
                        gone[i] = lots[i * fold.LOT_WIDTH + fold.LOT_GONE]
                if tells:
                    kept.available[e] = fold.available(
                        member, lots, event[fold.EVENT_CURRENCY], event[fold.EVENT_RECORDED_DAY]
                    )
                if is_drawn and lives.habit_of[e] > 0:
                    event = drawn(
                        member, lots, holds, event, lives.habit_units[e], lives.habit_of[e], scratch.event
                    )
            code = fold.apply(
                member, lots, window, history, counters, holds, event, hits, results, expiry,
                rules, tests, tiers, revisions, currencies, out,
            )  # fmt: skip
            if kind == fold.ADVANCE:
                member[fold.SEQUENCE] = sequence[e]
            d = day_index(event[fold.EVENT_RECORDED_DAY], first_day, end_day)
            p = purchase_of[e]
            if d > 0:
                since = min(since, sequence[e])
                tally_asked(
                    m, kind * n_currencies + event[fold.EVENT_CURRENCY], code, event, n_currencies, own, t_asked, t_members,
                    asked_mark,
                )  # fmt: skip
            for c in range(n_currencies):
                moved = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT] - debt_before[c]
                if moved != 0:
                    t_days[(d * n_currencies + c) * OF_DAY + DEBT_CHANGE] += moved
            if code != fold.DONE:
                member[fold.SEQUENCE] = sequence[e]
            elif is_gift:
                for i in range(member[fold.LOTS]):
                    taken = lots[i * fold.LOT_WIDTH + fold.LOT_GONE] - gone[i]
                    if taken > 0:
                        s = kept.slice_count[0] * 3
                        if s + 3 > len(kept.slices):
                            return NO_ROOM
                        kept.slices[s] = other_of[e]
                        kept.slices[s + 1] = lots[i * fold.LOT_WIDTH + fold.LOT_EXPIRES]
                        kept.slices[s + 2] = taken
                        kept.slice_count[0] += 1
            elif kind == fold.PURCHASE:
                judged[p] = member[fold.JUDGED_TIER]
                if d > 0:
                    store = baskets.store[p]
                    bought_at[store] += 1
                    if bought_at[store] > most:
                        most = bought_at[store]
                        t_members[own + MEMBER_STORE] = store
                    t_members[own + MEMBER_PURCHASES] += 1
                    t_members[own + MEMBER_SALES] += event[fold.EVENT_AMOUNT]
                    tally_purchase(
                        m, p, d, store, judged[p], event, hits, results, rules, revisions,
                        baskets.line_start, baskets.line_amount, baskets.line_quantity, baskets.line_category,
                        baskets.words, sizes, lines, rest, month_of, period.worth, period.n_months,
                        period.n_categories, tallied.rules, tallied.rule_months, tallied.tier_months, tallied.stores,
                        tallied.categories, tallied.pairs, tallied.member_rules, tallied.worths,
                        scratch.rule_mark, scratch.capped_mark, scratch.tier_mark, scratch.store_mark,
                        scratch.category_mark, scratch.basket_mark,
                    )  # fmt: skip
            elif kind == fold.RETURN and d > 0:
                t_members[own + MEMBER_SALES] -= event[fold.EVENT_AMOUNT]
                tally_return(
                    m, p, other_of[e], d, baskets.store[p], judged[p], event, hits, results, rules, revisions,
                    baskets.back_start, baskets.back_line, baskets.back_quantity, baskets.back_amount,
                    baskets.line_amount, baskets.line_quantity, baskets.line_category, baskets.words, sizes, lines,
                    rest, month_of, period.n_months, period.n_categories, tallied.rules, tallied.rule_months,
                    tallied.tier_months, tallied.stores, tallied.categories, tallied.member_rules,
                )  # fmt: skip
            tally_postings(d, out, n_currencies, first_day, end_day, own, t_days, t_members)
        close(
            m, row, member, lots, window, history, tiers, revisions, first_day, period.first_at, end_day,
            period.n_tiers, since, t_members, tallied.moves, tallied.due, tallied.ended,
        )  # fmt: skip
        for e in range(starts[m], starts[m + 1]):
            if lives.events[e * fold.EVENT_WIDTH + fold.EVENT_KIND] == fold.PURCHASE:
                bought_at[baskets.store[purchase_of[e]]] = 0
        if keeps == 1:
            keep(m, member, lots, window, history, counters, holds, kept)
    return ALL_WELL


def bound(digest: int) -> Any:
    """Return the walk as a function that closes over a number: Numba's cache tells functions apart by what they close over."""

    def walk_bucket(
        lives: Any, numbers: Any, baskets: Any, period: Any, scratch: Any, tallied: Any, kept: Any, keeps: int, slices: int,
    ) -> int:  # fmt: skip
        if digest == 0:
            return NO_ROOM
        return walk(lives, numbers, baskets, period, scratch, tallied, kept, keeps, slices)

    return walk_bucket
