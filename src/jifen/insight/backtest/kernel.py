"""The kernel of the back-test: it walks the lives of a bucket through `fold.apply` and adds up what comes of them.

Plain Python in the subset that Numba compiles, as in `domain/fold.py`; `compiled_kernel.py` loads this very source once
more and compiles it, so every meaning of an event is the fold's and only sums are made here. An event keeps the number it has in
the ledger, also where under other rules time's own entries differ, so that returns, commits and releases find what they
are about. An event that the balance does not allow does not take place, and is counted.

This file may break the house's habits of size and dress as `fold.py` does.
"""

# ruff: noqa: PLR0912, PLR0913, PLR0915, PLR0917, PLR1714, SIM102
from __future__ import annotations

from typing import Any

from jifen.domain import fold

# [rule, OF_RULE] ------------------------------------------------------------------------------------------------------
RULE_HITS = 0  # purchases that select saw the rule in
RULE_FIRED = 1  # purchases where it granted something
RULE_DESIRED = 2
RULE_GRANTED = 3
RULE_BACK = 4  # units that returns took back or put down as debt
RULE_FORGIVEN = 5
RULE_CAPPED = 6  # purchases where a cap took something
RULE_CAPPED_UNITS = 7
RULE_STACKED_UNITS = 8  # given up for a better rule of the same group
RULE_BACK_DESIRED = 9
RULE_STACKED = 10  # purchases where it gave way to a better rule
RULE_MEMBERS = 11  # to whom it granted something
RULE_CAPPED_MEMBERS = 12
OF_RULE = 13

# [tier, month], [store] and [category]: then granted and taken back for each currency -------------------------------------
PURCHASES = 0
SALES = 1  # minor money, less what came back
MEMBERS = 2  # who bought
GRANTS = 3

# [day, currency]: units moved by verb, and how the sum of debts changed (seen on the day of the entry) --------------------
VERBS = 8
DEBT_CHANGE = 8
OF_DAY = 9

# [kind of event, currency] -------------------------------------------------------------------------------------------------
ASKED = 0
ASKED_UNITS = 1
REFUSED = 2  # the balance could not pay, so it did not take place
REFUSED_UNITS = 3
REFUSED_MEMBERS = 4
OF_ASKED = 5

# [member, OF_MEMBER]: then for each currency balance, debt and the units of the period by verb ---------------------------
MEMBER_TIER = 0
MEMBER_TIER_BEFORE = 1
MEMBER_REVIEW_DAY = 2
MEMBER_GRACE = 3  # 1: the window no longer reaches the tier held
MEMBER_SALES = 4
MEMBER_PURCHASES = 5
MEMBER_REFUSED = 6  # spends that did not take place
MEMBER_STORE = 7  # where most purchases of the period were made (the first to come so far); -1: none
OF_MEMBER = 8
OF_CURRENCY = 2 + VERBS

DUE_STEPS = 14  # within 30 days, 60 ... 360, later, never
DUE_DAYS = 30

KEPT_LOTS = 4  # behind the four of `fold.walk`
KEPT_WIDTH = 5

ALL_WELL = 0
NO_ROOM = 1


def day_index(day: int, first_day: int, end_day: int) -> int:
    """Return the row of a day in the tables: 0 for everything before the period."""
    if day < first_day:
        return 0
    return min(day, end_day) - first_day + 1


def share_by_category(
    units: int, first: int, end: int, sizes: Any, lines: Any, rest: Any, line_category: Any,
    table: Any, width: int, column: int,
) -> None:  # fmt: skip
    """Share units over the lines in `lines[first:end]` as `domain/sharing.py` does, and add them up by category."""
    total = 0
    one = line_category[lines[first]]
    is_one = True
    for i in range(first, end):
        total += sizes[i]
        if line_category[lines[i]] != one:
            is_one = False
    if is_one or total == 0:
        # Of one category all of it, whichever line gets it; without any weight the first line does.
        table[one * width + column] += units
        return
    left = units
    for i in range(first, end):
        product = units * sizes[i]
        part = product // total
        rest[i] = product - part * total
        left -= part
        if part > 0:
            table[line_category[lines[i]] * width + column] += part
    while left > 0:
        best = first
        for i in range(first + 1, end):
            if rest[i] > rest[best]:
                best = i
        rest[best] = -1
        table[line_category[lines[best]] * width + column] += 1
        left -= 1


def tally_purchase(
    m: int, p: int, d: int, store: int, tier: int, event: Any, hits: Any, results: Any, rules: Any, revisions: Any,
    line_start: Any, line_amount: Any, line_quantity: Any, line_category: Any, words: Any, sizes: Any, lines: Any,
    rest: Any, month_of: Any, worth: Any, n_months: int, n_categories: int, t_rules: Any, t_rule_months: Any,
    t_tier_months: Any, t_stores: Any, t_categories: Any, t_pairs: Any, t_member_rules: Any, t_worths: Any,
    rule_mark: Any, capped_mark: Any, tier_mark: Any, store_mark: Any, category_mark: Any, basket_mark: Any,
) -> None:  # fmt: skip
    """Add a purchase of the period to the tables."""
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    n_rules = revisions[fold.REVISION_RULES]
    first_rule = event[fold.EVENT_REVISION] * n_rules
    wide = GRANTS + 2 * n_currencies
    month = month_of[d]
    at_tier = (tier * n_months + month) * wide
    at_store = store * wide
    t_tier_months[at_tier + PURCHASES] += 1
    t_tier_months[at_tier + SALES] += event[fold.EVENT_AMOUNT]
    t_stores[at_store + PURCHASES] += 1
    t_stores[at_store + SALES] += event[fold.EVENT_AMOUNT]
    if tier_mark[tier] != m:
        tier_mark[tier] = m
        t_tier_months[at_tier + MEMBERS] += 1
    if store_mark[store] != m:
        store_mark[store] = m
        t_stores[at_store + MEMBERS] += 1
    if n_categories > 0:
        for i in range(line_start[p], line_start[p + 1]):
            category = line_category[i]
            t_categories[category * wide + SALES] += line_amount[i]
            if basket_mark[category] != p:
                basket_mark[category] = p
                t_categories[category * wide + PURCHASES] += 1
                if category_mark[category] != m:
                    category_mark[category] = m
                    t_categories[category * wide + MEMBERS] += 1
    n_lines = len(line_amount)
    earned = 0
    for k in range(event[fold.EVENT_HITS], event[fold.EVENT_HITS_END]):
        number = hits[k * fold.HIT_WIDTH + fold.HIT_RULE]
        row = number * OF_RULE
        t_rules[row + RULE_HITS] += 1
        desired = results[k * fold.RESULT_WIDTH + fold.DESIRED]
        granted = results[k * fold.RESULT_WIDTH + fold.GRANTED]
        t_rules[row + RULE_DESIRED] += desired
        r = (first_rule + number) * fold.RULE_WIDTH
        if granted < desired:
            beaten = False
            if granted == 0 and rules[r + fold.RULE_BEST] == 1:
                for j in range(event[fold.EVENT_HITS], event[fold.EVENT_HITS_END]):
                    other = (first_rule + hits[j * fold.HIT_WIDTH + fold.HIT_RULE]) * fold.RULE_WIDTH
                    if rules[other + fold.RULE_GROUP] == rules[r + fold.RULE_GROUP]:
                        if results[j * fold.RESULT_WIDTH + fold.GRANTED] > 0:
                            beaten = True
            if beaten:
                t_rules[row + RULE_STACKED] += 1
                t_rules[row + RULE_STACKED_UNITS] += desired
            else:
                t_rules[row + RULE_CAPPED] += 1
                if capped_mark[number] != m:
                    capped_mark[number] = m
                    t_rules[row + RULE_CAPPED_MEMBERS] += 1
                t_rules[row + RULE_CAPPED_UNITS] += desired - granted
        if granted == 0:
            continue
        c = rules[r + fold.RULE_CURRENCY]
        t_rules[row + RULE_FIRED] += 1
        if rule_mark[number] != m:
            rule_mark[number] = m
            t_rules[row + RULE_MEMBERS] += 1
        t_rules[row + RULE_GRANTED] += granted
        t_rule_months[(number * n_months + month) * 2] += granted
        t_tier_months[at_tier + GRANTS + 2 * c] += granted
        t_stores[at_store + GRANTS + 2 * c] += granted
        t_member_rules[m * n_rules + number] += granted
        earned += granted * worth[c]
        for j in range(event[fold.EVENT_HITS], k):
            if results[j * fold.RESULT_WIDTH + fold.GRANTED] > 0:
                other = hits[j * fold.HIT_WIDTH + fold.HIT_RULE]
                t_pairs[min(other, number) * n_rules + max(other, number)] += 1
        if n_categories > 0:
            word = number // 63
            bit = 1 << (number % 63)
            grant = rules[r + fold.RULE_GRANT]
            by_quantity = grant == fold.PER_QUANTITY or grant == fold.PER_WHOLE_QUANTITY
            seen = 0
            for i in range(line_start[p], line_start[p + 1]):
                if words[word * n_lines + i] & bit != 0:
                    lines[seen] = i
                    sizes[seen] = line_quantity[i] if by_quantity else line_amount[i]
                    seen += 1
            if seen > 0:
                share_by_category(
                    granted, 0, seen, sizes, lines, rest, line_category,
                    t_categories, wide, GRANTS + 2 * c,
                )  # fmt: skip
    t_worths[p] = earned


def tally_return(
    m: int, p: int, b: int, d: int, store: int, tier: int, event: Any, hits: Any, results: Any, rules: Any, revisions: Any,
    back_start: Any, back_line: Any, back_quantity: Any,
    line_amount: Any, line_quantity: Any, line_category: Any, words: Any, sizes: Any, lines: Any, rest: Any,
    month_of: Any, n_months: int, n_categories: int, t_rules: Any, t_rule_months: Any,
    t_tier_months: Any, t_stores: Any, t_categories: Any, t_member_rules: Any,
) -> None:  # fmt: skip
    """Add a return of the period to the tables."""
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    n_rules = revisions[fold.REVISION_RULES]
    first_rule = event[fold.EVENT_REVISION] * n_rules
    wide = GRANTS + 2 * n_currencies
    month = month_of[d]
    at_tier = (tier * n_months + month) * wide
    at_store = store * wide
    t_tier_months[at_tier + SALES] -= event[fold.EVENT_AMOUNT]
    t_stores[at_store + SALES] -= event[fold.EVENT_AMOUNT]
    n_lines = len(line_amount)
    if n_categories > 0:
        for i in range(back_start[b], back_start[b + 1]):
            line = back_line[i]
            whole = line_quantity[line] if line_quantity[line] > 0 else 1000
            t_categories[line_category[line] * wide + SALES] -= line_amount[line] * back_quantity[i] // whole
    for k in range(event[fold.EVENT_HITS], event[fold.EVENT_HITS_END]):
        number = hits[k * fold.HIT_WIDTH + fold.HIT_RULE]
        row = number * OF_RULE
        charged = results[k * fold.RESULT_WIDTH + fold.GRANTED]
        t_rules[row + RULE_BACK_DESIRED] += results[k * fold.RESULT_WIDTH + fold.DESIRED]
        t_rules[row + RULE_FORGIVEN] += results[k * fold.RESULT_WIDTH + fold.RETURNED]
        if charged == 0:
            continue
        r = (first_rule + number) * fold.RULE_WIDTH
        c = rules[r + fold.RULE_CURRENCY]
        t_rules[row + RULE_BACK] += charged
        t_rule_months[(number * n_months + month) * 2 + 1] += charged
        t_tier_months[at_tier + GRANTS + 2 * c + 1] += charged
        t_stores[at_store + GRANTS + 2 * c + 1] += charged
        t_member_rules[m * n_rules + number] -= charged
        if n_categories > 0:
            word = number // 63
            bit = 1 << (number % 63)
            grant = rules[r + fold.RULE_GRANT]
            by_quantity = grant == fold.PER_QUANTITY or grant == fold.PER_WHOLE_QUANTITY
            seen = 0
            for i in range(back_start[b], back_start[b + 1]):
                line = back_line[i]
                if words[word * n_lines + line] & bit != 0:
                    lines[seen] = line
                    if by_quantity:
                        sizes[seen] = back_quantity[i] if line_quantity[line] > 0 else 0
                    else:
                        whole = line_quantity[line] if line_quantity[line] > 0 else 1000
                        sizes[seen] = line_amount[line] * back_quantity[i] // whole
                    seen += 1
            if seen > 0:
                share_by_category(
                    charged, 0, seen, sizes, lines, rest, line_category,
                    t_categories, wide, GRANTS + 2 * c + 1,
                )  # fmt: skip


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
            if is_gift:
                # Time may use units of the same lots (a matured lot repays debt), so it does its part first.
                fold.advance(
                    member, lots, window, history, holds, tiers, revisions, currencies, out,
                    event[fold.EVENT_RECORDED_DAY], event[fold.EVENT_RECORDED_AT],
                )  # fmt: skip
                for i in range(member[fold.LOTS]):
                    gone[i] = lots[i * fold.LOT_WIDTH + fold.LOT_GONE]
            for c in range(n_currencies):
                debt_before[c] = member[fold.BALANCES + c * fold.BALANCE_WIDTH + fold.DEBT]
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
                if kind != fold.PURCHASE and kind != fold.RETURN and kind != fold.ADVANCE:
                    which = kind * n_currencies + event[fold.EVENT_CURRENCY]
                    # A redemption is refused when it is asked for or when it is committed: its member counts once.
                    mark = (fold.REDEEM if kind == fold.COMMIT else kind) * n_currencies + event[
                        fold.EVENT_CURRENCY
                    ]
                    t_asked[which * OF_ASKED + ASKED] += 1
                    t_asked[which * OF_ASKED + ASKED_UNITS] += event[fold.EVENT_UNITS]
                    if code != fold.DONE:
                        t_asked[which * OF_ASKED + REFUSED] += 1
                        t_asked[which * OF_ASKED + REFUSED_UNITS] += event[fold.EVENT_UNITS]
                        t_members[own + MEMBER_REFUSED] += 1
                        if asked_mark[mark] != m:
                            asked_mark[mark] = m
                            t_asked[which * OF_ASKED + REFUSED_MEMBERS] += 1
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
                    baskets.back_start, baskets.back_line, baskets.back_quantity,
                    baskets.line_amount, baskets.line_quantity, baskets.line_category, baskets.words, sizes, lines,
                    rest, month_of, period.n_months, period.n_categories, tallied.rules, tallied.rule_months,
                    tallied.tier_months, tallied.stores, tallied.categories, tallied.member_rules,
                )  # fmt: skip
            for i in range(out[0]):
                o = 1 + i * fold.OUT_WIDTH
                c = out[o + fold.OUT_CURRENCY]
                due = out[o + fold.OUT_DUE_DAY]
                at = d if due < 0 else day_index(due, first_day, end_day)
                t_days[(at * n_currencies + c) * OF_DAY + out[o + fold.OUT_VERB]] += out[o + fold.OUT_UNITS]
                if at > 0:
                    t_members[own + OF_MEMBER + c * OF_CURRENCY + 2 + out[o + fold.OUT_VERB]] += out[
                        o + fold.OUT_UNITS
                    ]
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
