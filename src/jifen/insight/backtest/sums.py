"""What the kernel adds up of each event: purchases, returns, what was asked, postings. The columns of its tables stand here.

Plain Python in the subset that Numba compiles, loaded and compiled beside `kernel.py`; see there.
"""

# ruff: noqa: PLR0913, PLR0915, PLR0917
from __future__ import annotations

from typing import Any

from jifen.domain import fold

# [rule number, OF_RULE] -------------------------------------------------------------------------------------------------
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

# [day, currency]: units moved by verb, and how the sum of debts changed --------------------
VERBS = fold.VERBS
DEBT_CHANGE = VERBS
OF_DAY = VERBS + 1

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

WAYS = fold.WAY_BASE * fold.WAY_BASE  # more than any way of a movement
SLICE_WIDTH = 4


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
    m: int, p: int, d: int, store: int, tier: int, event: Any, hits: Any, results: Any, numbers: Any,
    line_start: Any, line_amount: Any, line_quantity: Any, line_category: Any, words: Any, sizes: Any, lines: Any,
    rest: Any, month_of: Any, worth: Any, n_months: int, n_rules: int, n_categories: int, t_rules: Any, t_rule_months: Any,
    t_tier_months: Any, t_stores: Any, t_categories: Any, t_pairs: Any, t_member_rules: Any, t_worths: Any,
    rule_mark: Any, capped_mark: Any, tier_mark: Any, store_mark: Any, category_mark: Any, basket_mark: Any,
) -> None:  # fmt: skip
    """Add a purchase of the period to the tables."""
    rules, revisions = numbers.rules, numbers.revisions
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    first_rule = revisions[event[fold.EVENT_REVISION] * fold.REVISION_WIDTH + fold.REVISION_RULES]
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
        position = hits[k * fold.HIT_WIDTH + fold.HIT_RULE]
        r = (first_rule + position) * fold.RULE_WIDTH
        number = rules[r + fold.RULE_NUMBER]
        granted = tally_hit(m, k, number, results, t_rules, capped_mark)
        if granted == 0:
            continue
        c = rules[r + fold.RULE_CURRENCY]
        tally_granted(
            m, number, granted, n_rules, n_months, month, t_rules, t_rule_months, t_member_rules, rule_mark
        )
        t_tier_months[at_tier + GRANTS + 2 * c] += granted
        t_stores[at_store + GRANTS + 2 * c] += granted
        earned += granted * worth[c]
        tally_pairs(event, k, number, first_rule, n_rules, hits, results, rules, t_pairs)
        if n_categories > 0:
            word = position // 63
            bit = 1 << (position % 63)
            by_quantity = fold.is_by_quantity(rules[r + fold.RULE_GRANT])
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


def tally_occasion(
    m: int, d: int, store: int, tier: int, event: Any, hits: Any, results: Any, numbers: Any, month_of: Any, n_months: int,
    n_rules: int, n_categories: int, t_rules: Any, t_rule_months: Any, t_tier_months: Any, t_stores: Any, t_categories: Any,
    t_pairs: Any, t_member_rules: Any, rule_mark: Any, capped_mark: Any,
) -> None:  # fmt: skip
    """Add an event or a moment of the period to the tables: what it earned belongs to no category."""
    rules, revisions = numbers.rules, numbers.revisions
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    first_rule = revisions[event[fold.EVENT_REVISION] * fold.REVISION_WIDTH + fold.REVISION_RULES]
    wide = GRANTS + 2 * n_currencies
    month = month_of[d]
    for k in range(event[fold.EVENT_HITS], event[fold.EVENT_HITS_END]):
        r = (first_rule + hits[k * fold.HIT_WIDTH + fold.HIT_RULE]) * fold.RULE_WIDTH
        number = rules[r + fold.RULE_NUMBER]
        granted = tally_hit(m, k, number, results, t_rules, capped_mark)
        if granted == 0:
            continue
        c = rules[r + fold.RULE_CURRENCY]
        tally_granted(
            m, number, granted, n_rules, n_months, month, t_rules, t_rule_months, t_member_rules, rule_mark
        )
        t_tier_months[(tier * n_months + month) * wide + GRANTS + 2 * c] += granted
        t_stores[store * wide + GRANTS + 2 * c] += granted
        if n_categories > 0:
            t_categories[GRANTS + 2 * c] += granted
        tally_pairs(event, k, number, first_rule, n_rules, hits, results, rules, t_pairs)


def tally_hit(m: int, k: int, number: int, results: Any, t_rules: Any, capped_mark: Any) -> int:
    """Add what became of a hit of a rule; return what it was granted."""
    row = number * OF_RULE
    t_rules[row + RULE_HITS] += 1
    desired: int = results[k * fold.RESULT_WIDTH + fold.DESIRED]
    granted: int = results[k * fold.RESULT_WIDTH + fold.GRANTED]
    why = results[k * fold.RESULT_WIDTH + fold.WHY]
    t_rules[row + RULE_DESIRED] += desired
    if why == fold.BEATEN:
        t_rules[row + RULE_STACKED] += 1
        t_rules[row + RULE_STACKED_UNITS] += desired
    elif why == fold.LIMITED or why == fold.POOLED:  # noqa: PLR1714
        t_rules[row + RULE_CAPPED] += 1
        if capped_mark[number] != m:
            capped_mark[number] = m
            t_rules[row + RULE_CAPPED_MEMBERS] += 1
        t_rules[row + RULE_CAPPED_UNITS] += desired - granted
    return granted


def tally_granted(
    m: int, number: int, granted: int, n_rules: int, n_months: int, month: int, t_rules: Any, t_rule_months: Any,
    t_member_rules: Any, rule_mark: Any,
) -> None:  # fmt: skip
    """Add what a rule granted to its own tables."""
    row = number * OF_RULE
    t_rules[row + RULE_FIRED] += 1
    if rule_mark[number] != m:
        rule_mark[number] = m
        t_rules[row + RULE_MEMBERS] += 1
    t_rules[row + RULE_GRANTED] += granted
    t_rule_months[(number * n_months + month) * 2] += granted
    t_member_rules[m * n_rules + number] += granted


def tally_pairs(
    event: Any,
    k: int,
    number: int,
    first_rule: int,
    n_rules: int,
    hits: Any,
    results: Any,
    rules: Any,
    t_pairs: Any,
) -> None:
    """Count a rule with each that granted before it at the same occasion."""
    for j in range(event[fold.EVENT_HITS], k):
        if results[j * fold.RESULT_WIDTH + fold.GRANTED] > 0:
            o = (first_rule + hits[j * fold.HIT_WIDTH + fold.HIT_RULE]) * fold.RULE_WIDTH
            other = rules[o + fold.RULE_NUMBER]
            t_pairs[min(other, number) * n_rules + max(other, number)] += 1


def tally_return(
    m: int, p: int, b: int, d: int, store: int, tier: int, event: Any, hits: Any, results: Any, numbers: Any,
    back_start: Any, back_line: Any, back_quantity: Any, back_amount: Any,
    line_amount: Any, line_quantity: Any, line_category: Any, words: Any, sizes: Any, lines: Any, rest: Any,
    month_of: Any, n_months: int, n_rules: int, n_categories: int, t_rules: Any, t_rule_months: Any,
    t_tier_months: Any, t_stores: Any, t_categories: Any, t_member_rules: Any,
) -> None:  # fmt: skip
    """Add a return of the period to the tables."""
    rules, revisions = numbers.rules, numbers.revisions
    n_currencies = revisions[fold.REVISION_CURRENCIES]
    first_rule = revisions[event[fold.EVENT_REVISION] * fold.REVISION_WIDTH + fold.REVISION_RULES]
    wide = GRANTS + 2 * n_currencies
    month = month_of[d]
    at_tier = (tier * n_months + month) * wide
    at_store = store * wide
    t_tier_months[at_tier + SALES] -= event[fold.EVENT_AMOUNT]
    t_stores[at_store + SALES] -= event[fold.EVENT_AMOUNT]
    n_lines = len(line_amount)
    if n_categories > 0:
        for i in range(back_start[b], back_start[b + 1]):
            t_categories[line_category[back_line[i]] * wide + SALES] -= back_amount[i]
    for k in range(event[fold.EVENT_HITS], event[fold.EVENT_HITS_END]):
        position = hits[k * fold.HIT_WIDTH + fold.HIT_RULE]
        r = (first_rule + position) * fold.RULE_WIDTH
        number = rules[r + fold.RULE_NUMBER]
        row = number * OF_RULE
        charged = results[k * fold.RESULT_WIDTH + fold.GRANTED]
        t_rules[row + RULE_BACK_DESIRED] += results[k * fold.RESULT_WIDTH + fold.DESIRED]
        t_rules[row + RULE_FORGIVEN] += results[k * fold.RESULT_WIDTH + fold.FORGIVEN]
        if charged == 0:
            continue
        c = rules[r + fold.RULE_CURRENCY]
        t_rules[row + RULE_BACK] += charged
        t_rule_months[(number * n_months + month) * 2 + 1] += charged
        t_tier_months[at_tier + GRANTS + 2 * c + 1] += charged
        t_stores[at_store + GRANTS + 2 * c + 1] += charged
        t_member_rules[m * n_rules + number] -= charged
        if n_categories > 0:
            word = position // 63
            bit = 1 << (position % 63)
            by_quantity = fold.is_by_quantity(rules[r + fold.RULE_GRANT])
            seen = 0
            for i in range(back_start[b], back_start[b + 1]):
                line = back_line[i]
                if words[word * n_lines + line] & bit != 0:
                    lines[seen] = line
                    if by_quantity:
                        sizes[seen] = back_quantity[i] if line_quantity[line] > 0 else 0
                    else:
                        sizes[seen] = back_amount[i]
                    seen += 1
            if seen > 0:
                share_by_category(
                    charged, 0, seen, sizes, lines, rest, line_category,
                    t_categories, wide, GRANTS + 2 * c + 1,
                )  # fmt: skip


def asks(kind: int) -> bool:
    """Say whether an entry of a kind asks for units; purchases, returns, reversals and time ask for nothing."""
    return fold.REDEEM <= kind <= fold.CARRY_IN and kind != fold.EXCHANGE


def tally_asked(
    m: int, kind: int, currency: int, units: int, code: int, n_currencies: int, own: int, t_asked: Any, t_members: Any,
    asked_mark: Any,
) -> None:  # fmt: skip
    """Add what was asked of a balance in the period, and whether it could pay."""
    if not asks(kind):
        return
    which = (kind * n_currencies + currency) * OF_ASKED
    t_asked[which + ASKED] += 1
    t_asked[which + ASKED_UNITS] += units
    if code == fold.DONE:
        return
    t_asked[which + REFUSED] += 1
    t_asked[which + REFUSED_UNITS] += units
    t_members[own + MEMBER_REFUSED] += 1
    # A redemption is refused when it is asked for or when it is committed: its member counts once.
    mark = (fold.REDEEM if kind == fold.COMMIT else kind) * n_currencies + currency
    if asked_mark[mark] != m:
        asked_mark[mark] = m
        t_asked[which + REFUSED_MEMBERS] += 1


def tally_postings(
    d: int,
    posted: Any,
    n_currencies: int,
    first_day: int,
    end_day: int,
    own: int,
    t_days: Any,
    t_members: Any,
) -> None:
    """Add the postings of an entry to their days: what was due to the day it was due, all else to the entry's."""
    for i in range(posted[0]):
        o = 1 + i * fold.POST_WIDTH
        c, verb, units = (
            posted[o + fold.POST_CURRENCY],
            posted[o + fold.POST_VERB],
            posted[o + fold.POST_UNITS],
        )
        due = posted[o + fold.POST_DUE_DAY]
        at = d if due < 0 else day_index(due, first_day, end_day)
        t_days[(at * n_currencies + c) * OF_DAY + verb] += units
        if at > 0:
            t_members[own + OF_MEMBER + c * OF_CURRENCY + 2 + verb] += units
