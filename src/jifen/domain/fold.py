"""The fold: everything about one member that depends on order, in one place and in one language.

This file breaks the house's habits of size and dress on purpose, and nothing else may: it stays in the subset of Python
that Numba compiles, so that at the till it is interpreted over lists of integers and for history the very same source is
compiled and walks the columns of a chain. It imports nothing, holds no object, no date and no float; calendars enter as
day numbers (days since 1970-01-01 in the programme's zone) and epoch seconds, reasons leave as rule numbers.

Every table is a flat sequence of integers. `X_WIDTH` is the width of a row of table X and the names before it are its
columns. A row's offset is `index * WIDTH`.
"""

FAR = 2_900_000  # a day that never comes, still a date that calendars know (in the year 9909)
FAR_AT = FAR * 86_400

# member: the scalars of one member, then BALANCE and DEBT for each currency ------------------------------------------
SEQUENCE = 0  # number of the last entry
TIER = 1  # tier number
REVIEW_DAY = 2  # the tier is judged again at the start of this day
PURCHASES = 3  # purchases recorded and not wholly returned
LAST_PURCHASE_DAY = 4  # -1: none yet
CLOCK_DAY = 5  # everything due by this day has been done
CLOCK_AT = 6  # and by this second
LOTS = 7  # rows in `lots`
LOTS_OPENED = 8  # number of the last lot opened
WINDOW_DAYS = 9  # rows in `window`
TIERS_HELD = 10  # rows in `history`
COUNTERS = 11  # rows in `counters`
HOLDS = 12  # rows in `holds`
NEXT_DUE_DAY = 13  # nothing by day is due before it
NEXT_LAPSE_AT = 14  # no reservation lapses before it
JUDGED_TIER = 15  # the tier that the last purchase was judged by
BALANCES = 16  # from here BALANCE_WIDTH for each currency
BALANCE = 0
DEBT = 1
BALANCE_WIDTH = 2

# lots: opened = left + held + gone + expired + returned ---------------------------------------------------------------
LOT_NUMBER = 0
LOT_CURRENCY = 1
LOT_LEFT = 2  # pending or available
LOT_HELD = 3  # promised to a reservation
LOT_GONE = 4  # spent, given away, or repaying debt; below zero where a return took others for held units
LOT_EXPIRED = 5
LOT_RETURNED = 6  # taken back by a return, whatever had become of them
LOT_EXPIRES = 7  # last day of use
LOT_MATURES = 8  # first day of use
LOT_ORIGIN = 9  # sequence of the entry that opened it
LOT_OPENED = 10
LOT_WIDTH = 11

# window: what counts for rolling windows, a row a day, in order of day ---------------------------------------------------
WINDOW_DAY = 0
WINDOW_SPEND = 1
WINDOW_QUALIFYING = 2
WINDOW_VISITS = 3
WINDOW_WIDTH = 4

# history: the tier held from a moment on; the first row begins before everything ---------------------------------------
HISTORY_DAY = 0
HISTORY_AT = 1  # second; 0 when the change is due at the start of the day
HISTORY_TIER = 2
HISTORY_WIDTH = 3

# counters: units granted by a capped rule in a period -------------------------------------------------------------------
COUNTER_RULE = 0
COUNTER_PERIOD = 1  # day * 2, or month * 2 + 1 (month = year * 12 + month - 1)
COUNTER_USED = 2
COUNTER_WIDTH = 3

# holds: units of a lot promised to a reservation ------------------------------------------------------------------------
HOLD_RESERVATION = 0  # sequence of the entry that reserved
HOLD_LOT = 1
HOLD_UNITS = 2
HOLD_LAPSES_AT = 3
HOLD_LAPSES_DAY = 4
HOLD_WIDTH = 5

# events: what happened ----------------------------------------------------------------------------------------------------
EVENT_KIND = 0
EVENT_REVISION = 1  # row in `revisions`: what it is judged by (a return: the revision of its purchase)
EVENT_OCCURRED_DAY = 2  # (a return: the day of its purchase)
EVENT_OCCURRED_AT = 3
EVENT_RECORDED_DAY = 4
EVENT_RECORDED_AT = 5
EVENT_MONTH = 6  # of the occurred day: year * 12 + month - 1
EVENT_AMOUNT = 7  # net minor money bought or brought back
EVENT_CURRENCY = 8
EVENT_UNITS = 9
EVENT_ORIGIN = 10  # sequence of the purchase returned, or of the reservation
EVENT_HITS = 11  # first row in `hits`
EVENT_HITS_END = 12
EVENT_EXPIRY = 13  # offset in `expiry` of the days of expiry of what is opened, one for each currency
EVENT_LAPSES_AT = 14
EVENT_LAPSES_DAY = 15
EVENT_WHOLE = 16  # 1: with this return everything has come back
EVENT_WIDTH = 17

PURCHASE = 0
RETURN = 1
REDEEM = 2
RESERVE = 3
COMMIT = 4
RELEASE = 5
ADJUST_UP = 6
ADJUST_DOWN = 7
GIFT_OUT = 8
GIFT_IN = 9
ADVANCE = 10

# hits: what select saw; for a return what came back; for a gift received its slices -------------------------------------
HIT_RULE = 0
HIT_AMOUNT = 1  # eligible minor money (gift: units)
HIT_QUANTITY = 2  # eligible thousandths (gift: day of expiry)
HIT_ORIGIN = 3  # a return: row of the purchase's hit
HIT_WIDTH = 4

# results: what became of each hit ----------------------------------------------------------------------------------------
DESIRED = 0  # before stacking and caps; a return: what it should take back
GRANTED = 1  # a return: what it took or put down as debt
RETURNED = 2  # weight returned so far; a return's own row: units forgiven
RESULT_WIDTH = 3

# out: postings. out[0] counts the rows, which begin at out[1] -------------------------------------------------------------
OUT_CURRENCY = 0
OUT_VERB = 1
OUT_UNITS = 2
OUT_BALANCE_AFTER = 3
OUT_LOT = 4  # the lot opened or expired; 0 when several or none
OUT_DUE_DAY = 5  # the day it was due; -1: at the moment of the entry
OUT_WIDTH = 6

EARN = 0
CLAW_BACK = 1
REDEEMED = 2
EXPIRE = 3
ADJUSTED_UP = 4
ADJUSTED_DOWN = 5
GIVEN = 6
RECEIVED = 7

# rules[revision, rule number] ---------------------------------------------------------------------------------------------
RULE_CURRENCY = 0
RULE_GRANT = 1
RULE_UNITS = 2
RULE_PER = 3
RULE_ROUNDING = 4
RULE_BY_TIER = 5
RULE_GROUP = 6
RULE_BEST = 7
RULE_CAP_PURCHASE = 8
RULE_CAP_DAY = 9
RULE_CAP_MONTH = 10
RULE_TESTS = 11  # first row in `tests`
RULE_TESTS_END = 12
RULE_WIDTH = 13

PER_AMOUNT = 0
PER_WHOLE_AMOUNT = 1
PER_QUANTITY = 2
PER_WHOLE_QUANTITY = 3
FIXED = 4

DOWN = 0
HALF_UP = 1
HALF_EVEN = 2
UP = 3

# tests: a rule's condition on state, in postfix order ---------------------------------------------------------------------
TEST_OPERATION = 0
TEST_FACT = 1
TEST_ARGUMENT = 2  # window days or currency; for AND and OR how many claims they join
TEST_LOW = 3
TEST_HIGH = 4
TEST_WIDTH = 5

CLAIM = 0
AND = 1
OR = 2
NOT = 3

FACT_TIER = 0
FACT_SPEND = 1
FACT_VISITS = 2
FACT_DAYS_SINCE = 3
FACT_PURCHASES_BEFORE = 4
FACT_BALANCE = 5

# tiers[revision, rank], revisions[revision], currencies[revision, currency] ------------------------------------------------
TIER_NUMBER = 0
TIER_REACH = 1
TIER_TIMES = 2  # multiplier, numerator
TIER_OVER = 3  # and denominator
TIER_WIDTH = 4

REVISION_FROM_DAY = 0
REVISION_TIERS = 1  # how many
REVISION_LADDER_CURRENCY = 2  # -1: by spend
REVISION_LADDER_WINDOW = 3
REVISION_LADDER_KEEPS = 4
REVISION_WINDOW_KEEP = 5  # days of `window` that can still matter; 0: none is kept
REVISION_RULES = 6  # rows for a revision in `rules`
REVISION_CURRENCIES = 7
REVISION_TIERS_MAX = 8  # rows for a revision in `tiers`
REVISION_COUNT = 9  # how many revisions there are
REVISION_WIDTH = 10

CURRENCY_PENDING_DAYS = 0
CURRENCY_DEBT_LIMIT = 1
CURRENCY_WIDTH = 2

# codes: why nothing happened ------------------------------------------------------------------------------------------------
DONE = 0
NOT_ENOUGH = 1
NOT_RESERVED = 2


def divide(numerator: int, denominator: int, rounding: int) -> int:
    """Return the quotient of two integers, the numerator not negative, rounded as named."""
    quotient = numerator // denominator
    rest = numerator - quotient * denominator
    if rest == 0 or rounding == DOWN:
        return quotient
    if rounding == UP or rest * 2 > denominator:
        return quotient + 1
    if rest * 2 < denominator:
        return quotient
    if rounding == HALF_UP or quotient % 2 == 1:
        return quotient + 1
    return quotient


def weight(grant: int, amount: int, quantity: int) -> int:
    """Return what a hit is shared out and taken back by: its amount or quantity, 1 where that is 0."""
    size = quantity if (grant == PER_QUANTITY or grant == PER_WHOLE_QUANTITY) else amount
    return size if size > 0 else 1


def revision_at(revisions: list[int], day: int) -> int:
    """Return the row of the revision in force at the start of a day."""
    row = 0
    for i in range(1, revisions[REVISION_COUNT]):
        if revisions[i * REVISION_WIDTH + REVISION_FROM_DAY] <= day:
            row = i
    return row


def post(
    member: list[int], out: list[int], currency: int, verb: int, units: int, sign: int, lot: int, due_day: int
) -> None:
    """Change the balance and put down the posting."""
    b = BALANCES + currency * BALANCE_WIDTH + BALANCE
    member[b] += sign * units
    o = 1 + out[0] * OUT_WIDTH
    out[o + OUT_CURRENCY] = currency
    out[o + OUT_VERB] = verb
    out[o + OUT_UNITS] = units
    out[o + OUT_BALANCE_AFTER] = member[b]
    out[o + OUT_LOT] = lot
    out[o + OUT_DUE_DAY] = due_day
    out[0] += 1


def lot_by_number(member: list[int], lots: list[int], number: int) -> int:
    """Return the row of a lot, or -1. Rows stand in order of number, most often without a gap."""
    n = member[LOTS]
    if n == 0:
        return -1
    guess = number - lots[LOT_NUMBER]
    if 0 <= guess < n and lots[guess * LOT_WIDTH + LOT_NUMBER] == number:
        return guess
    for i in range(n):
        if lots[i * LOT_WIDTH + LOT_NUMBER] == number:
            return i
    return -1


def next_lot(member: list[int], lots: list[int], currency: int, day: int) -> int:
    """Return the row of the available lot that expires first (then the oldest), or -1."""
    best = -1
    best_expires = 0
    for i in range(member[LOTS]):
        p = i * LOT_WIDTH
        if lots[p + LOT_LEFT] > 0 and lots[p + LOT_CURRENCY] == currency and lots[p + LOT_MATURES] <= day:
            if best < 0 or lots[p + LOT_EXPIRES] < best_expires:
                best = i
                best_expires = lots[p + LOT_EXPIRES]
    return best


def available(member: list[int], lots: list[int], currency: int, day: int) -> int:
    """Return the units that may be spent on a day; what is due must have been done."""
    total = 0
    for i in range(member[LOTS]):
        p = i * LOT_WIDTH
        if lots[p + LOT_CURRENCY] == currency and lots[p + LOT_MATURES] <= day:
            total += lots[p + LOT_LEFT]
    return total


def held_units(member: list[int], lots: list[int], currency: int) -> int:
    """Return the units of a currency that reservations hold."""
    total = 0
    for i in range(member[LOTS]):
        p = i * LOT_WIDTH
        if lots[p + LOT_CURRENCY] == currency:
            total += lots[p + LOT_HELD]
    return total


def settle(member: list[int], lots: list[int], currency: int, day: int) -> None:
    """Repay debt from available units. The balance, being net of debt, does not move."""
    d = BALANCES + currency * BALANCE_WIDTH + DEBT
    while member[d] > 0:
        i = next_lot(member, lots, currency, day)
        if i < 0:
            break
        p = i * LOT_WIDTH
        units = min(member[d], lots[p + LOT_LEFT])
        lots[p + LOT_LEFT] -= units
        lots[p + LOT_GONE] += units
        member[d] -= units
    if member[d] > 0:
        for i in range(member[LOTS]):
            p = i * LOT_WIDTH
            if lots[p + LOT_LEFT] > 0 and lots[p + LOT_CURRENCY] == currency:
                member[NEXT_DUE_DAY] = min(member[NEXT_DUE_DAY], lots[p + LOT_MATURES])


def expire_lot(member: list[int], lots: list[int], row: int, due_day: int, out: list[int]) -> None:
    """Take what is left of a lot whose time has passed."""
    p = row * LOT_WIDTH
    units = lots[p + LOT_LEFT]
    lots[p + LOT_LEFT] = 0
    lots[p + LOT_EXPIRED] += units
    post(member, out, lots[p + LOT_CURRENCY], EXPIRE, units, -1, lots[p + LOT_NUMBER], due_day)


def open_lot(
    member: list[int], lots: list[int], currency: int, units: int, expires: int, matures: int, origin: int
) -> int:
    """Add a lot; return its row."""
    row = member[LOTS]
    p = row * LOT_WIDTH
    member[LOTS] += 1
    member[LOTS_OPENED] += 1
    lots[p + LOT_NUMBER] = member[LOTS_OPENED]
    lots[p + LOT_CURRENCY] = currency
    lots[p + LOT_LEFT] = units
    lots[p + LOT_HELD] = 0
    lots[p + LOT_GONE] = 0
    lots[p + LOT_EXPIRED] = 0
    lots[p + LOT_RETURNED] = 0
    lots[p + LOT_EXPIRES] = expires
    lots[p + LOT_MATURES] = matures
    lots[p + LOT_ORIGIN] = origin
    lots[p + LOT_OPENED] = units
    return row


def receive(
    member: list[int],
    lots: list[int],
    currency: int,
    units: int,
    expires: int,
    matures: int,
    origin: int,
    day: int,
    verb: int,
    out: list[int],
) -> None:
    """Open a lot with its posting; a lot whose time has passed expires in the same entry, else debt is repaid."""
    row = open_lot(member, lots, currency, units, expires, matures, origin)
    post(member, out, currency, verb, units, 1, member[LOTS_OPENED], -1)
    if expires < day:
        # It is never due again: the row must not ask for a look at lots that a till has not gathered.
        expire_lot(member, lots, row, expires + 1, out)
    else:
        member[NEXT_DUE_DAY] = min(member[NEXT_DUE_DAY], expires + 1)
        settle(member, lots, currency, day)


def consume(member: list[int], lots: list[int], currency: int, units: int, day: int) -> None:
    """Take available units, first to expire first."""
    need = units
    while need > 0:
        p = next_lot(member, lots, currency, day) * LOT_WIDTH
        taken = min(need, lots[p + LOT_LEFT])
        lots[p + LOT_LEFT] -= taken
        lots[p + LOT_GONE] += taken
        need -= taken


def let_go(
    member: list[int], lots: list[int], holds: list[int], reservation: int, into: int
) -> tuple[int, int]:
    """Move the held units of a reservation into a column of their lots; return them as (currency, units)."""
    units = 0
    currency = -1
    kept = 0
    next_lapse = FAR_AT
    for i in range(member[HOLDS]):
        h = i * HOLD_WIDTH
        if holds[h + HOLD_RESERVATION] == reservation:
            p = lot_by_number(member, lots, holds[h + HOLD_LOT]) * LOT_WIDTH
            lots[p + LOT_HELD] -= holds[h + HOLD_UNITS]
            lots[p + into] += holds[h + HOLD_UNITS]
            units += holds[h + HOLD_UNITS]
            currency = lots[p + LOT_CURRENCY]
        else:
            k = kept * HOLD_WIDTH
            for c in range(HOLD_WIDTH):
                holds[k + c] = holds[h + c]
            next_lapse = min(next_lapse, holds[k + HOLD_LAPSES_AT])
            kept += 1
    member[HOLDS] = kept
    member[NEXT_LAPSE_AT] = next_lapse
    return currency, units


def window_sum(member: list[int], window: list[int], column: int, first_day: int, last_day: int) -> int:
    """Return the sum of a column over the days from first to last, both included."""
    total = 0
    i = member[WINDOW_DAYS] - 1
    while i >= 0:
        w = i * WINDOW_WIDTH
        if window[w + WINDOW_DAY] < first_day:
            break
        if window[w + WINDOW_DAY] <= last_day:
            total += window[w + column]
        i -= 1
    return total


def window_row(member: list[int], window: list[int], day: int, may_add: bool) -> int:
    """Return the offset of a day's row, adding it in order of day; -1 when it is not there and may not be added."""
    i = member[WINDOW_DAYS]
    while i > 0 and window[(i - 1) * WINDOW_WIDTH + WINDOW_DAY] > day:
        i -= 1
    if i > 0 and window[(i - 1) * WINDOW_WIDTH + WINDOW_DAY] == day:
        return (i - 1) * WINDOW_WIDTH
    if not may_add:
        return -1
    k = member[WINDOW_DAYS]
    while k > i:
        for c in range(WINDOW_WIDTH):
            window[k * WINDOW_WIDTH + c] = window[(k - 1) * WINDOW_WIDTH + c]
        k -= 1
    w = i * WINDOW_WIDTH
    window[w + WINDOW_DAY] = day
    window[w + WINDOW_SPEND] = 0
    window[w + WINDOW_QUALIFYING] = 0
    window[w + WINDOW_VISITS] = 0
    member[WINDOW_DAYS] += 1
    return w


def window_drop(member: list[int], window: list[int], first: int, count: int) -> None:
    """Take rows out of the window."""
    n = member[WINDOW_DAYS]
    for k in range((first + count) * WINDOW_WIDTH, n * WINDOW_WIDTH):
        window[k - count * WINDOW_WIDTH] = window[k]
    member[WINDOW_DAYS] = n - count


def rank_of(tiers: list[int], base: int, count: int, number: int) -> int:
    """Return the rank of a tier in a revision; a tier it does not know counts as the lowest."""
    for r in range(count):
        if tiers[(base + r) * TIER_WIDTH + TIER_NUMBER] == number:
            return r
    return 0


def rank_reached(tiers: list[int], base: int, count: int, total: int) -> int:
    """Return the highest rank whose reach a total meets."""
    rank = 0
    for r in range(count):
        if total >= tiers[(base + r) * TIER_WIDTH + TIER_REACH]:
            rank = r
    return rank


def set_tier(member: list[int], history: list[int], tier: int, day: int, at: int) -> None:
    """Change the tier and remember since when."""
    h = member[TIERS_HELD] * HISTORY_WIDTH
    history[h + HISTORY_DAY] = day
    history[h + HISTORY_AT] = at
    history[h + HISTORY_TIER] = tier
    member[TIERS_HELD] += 1
    member[TIER] = tier


def tier_at(member: list[int], history: list[int], day: int, at: int) -> int:
    """Return the tier that was held at a moment."""
    i = member[TIERS_HELD] - 1
    while i > 0:
        h = i * HISTORY_WIDTH
        if history[h + HISTORY_DAY] < day or (
            history[h + HISTORY_DAY] == day and history[h + HISTORY_AT] <= at
        ):
            break
        i -= 1
    return history[i * HISTORY_WIDTH + HISTORY_TIER]


def review(
    member: list[int], window: list[int], history: list[int], tiers: list[int], revisions: list[int], day: int
) -> None:
    """Judge the tier by the window that ended the day before; it may fall, and is then kept for a while again."""
    r = revision_at(revisions, day)
    v = r * REVISION_WIDTH
    base = r * revisions[v + REVISION_TIERS_MAX]
    count = revisions[v + REVISION_TIERS]
    total = window_sum(
        member, window, WINDOW_QUALIFYING, day - revisions[v + REVISION_LADDER_WINDOW], day - 1
    )
    rank = rank_of(tiers, base, count, member[TIER])
    reached = rank_reached(tiers, base, count, total)
    if reached < rank:
        rank = reached
        set_tier(member, history, tiers[(base + rank) * TIER_WIDTH + TIER_NUMBER], day, 0)
    member[REVIEW_DAY] = FAR if rank == 0 else day + revisions[v + REVISION_LADDER_KEEPS]


def promote(
    member: list[int],
    window: list[int],
    history: list[int],
    tiers: list[int],
    revisions: list[int],
    judged_by: int,
    day: int,
    at: int,
) -> None:
    """Lift the tier as soon as the window allows it. A revision that began within the day counts once it has judged."""
    r = max(judged_by, revision_at(revisions, day))
    v = r * REVISION_WIDTH
    base = r * revisions[v + REVISION_TIERS_MAX]
    count = revisions[v + REVISION_TIERS]
    rank = rank_of(tiers, base, count, member[TIER])
    if rank == count - 1:
        return
    first = day - revisions[v + REVISION_LADDER_WINDOW] + 1
    reached = rank_reached(tiers, base, count, window_sum(member, window, WINDOW_QUALIFYING, first, day))
    if reached > rank:
        set_tier(member, history, tiers[(base + reached) * TIER_WIDTH + TIER_NUMBER], day, at)
        member[REVIEW_DAY] = day + revisions[v + REVISION_LADDER_KEEPS]
        member[NEXT_DUE_DAY] = min(member[NEXT_DUE_DAY], member[REVIEW_DAY])


def advance(
    member: list[int],
    lots: list[int],
    window: list[int],
    history: list[int],
    holds: list[int],
    tiers: list[int],
    revisions: list[int],
    currencies: list[int],
    out: list[int],
    day: int,
    at: int,
) -> None:
    """Do what time has made due up to a moment, in the order of the days on which it was due."""
    if day > member[CLOCK_DAY]:
        member[CLOCK_DAY] = day
    if at > member[CLOCK_AT]:
        member[CLOCK_AT] = at
    if member[NEXT_DUE_DAY] > day and member[NEXT_LAPSE_AT] > at:
        return
    n_currencies = revisions[REVISION_CURRENCIES]
    released_day = 0
    while True:
        # Of all that is due, the earliest; on one day expiry, then maturity, then review, then lapse.
        due = FAR
        what = 0
        which = 0
        for i in range(member[LOTS]):
            p = i * LOT_WIDTH
            if lots[p + LOT_LEFT] > 0:
                when = max(
                    lots[p + LOT_EXPIRES] + 1, released_day if lots[p + LOT_EXPIRES] < released_day else 0
                )
                if when < due:
                    due = when
                    what = 1
                    which = i
        for c in range(n_currencies):
            if member[BALANCES + c * BALANCE_WIDTH + DEBT] > 0:
                for i in range(member[LOTS]):
                    p = i * LOT_WIDTH
                    if lots[p + LOT_LEFT] > 0 and lots[p + LOT_CURRENCY] == c and lots[p + LOT_MATURES] < due:
                        due = lots[p + LOT_MATURES]
                        what = 2
                        which = c
        if member[REVIEW_DAY] < due:
            due = member[REVIEW_DAY]
            what = 3
        lapse_at = FAR_AT
        for i in range(member[HOLDS]):
            h = i * HOLD_WIDTH
            if holds[h + HOLD_LAPSES_AT] <= at and holds[h + HOLD_LAPSES_DAY] < due:
                if holds[h + HOLD_LAPSES_AT] < lapse_at:
                    lapse_at = holds[h + HOLD_LAPSES_AT]
                    what = 4
                    which = i
        if what == 4:
            due = holds[which * HOLD_WIDTH + HOLD_LAPSES_DAY]
        if due > day:
            member[NEXT_DUE_DAY] = due
            break
        if what == 1:
            expire_lot(member, lots, which, due, out)
        elif what == 2:
            settle(member, lots, which, due)
        elif what == 3:
            review(member, window, history, tiers, revisions, due)
        else:
            currency, _ = let_go(member, lots, holds, holds[which * HOLD_WIDTH + HOLD_RESERVATION], LOT_LEFT)
            released_day = due
            settle(member, lots, currency, due)


def state_holds(
    member: list[int], window: list[int], tests: list[int], first: int, end: int, day: int, tier: int
) -> int:
    """Return 1 when a rule's condition on state is true, else 0. `stack` is a stack of bits."""
    stack = 0
    for t in range(first, end):
        q = t * TEST_WIDTH
        operation = tests[q + TEST_OPERATION]
        argument = tests[q + TEST_ARGUMENT]
        if operation == CLAIM:
            fact = tests[q + TEST_FACT]
            known = 1
            value = 0
            if fact == FACT_TIER:
                value = tier
            elif fact == FACT_SPEND:
                value = window_sum(member, window, WINDOW_SPEND, day - argument + 1, day)
            elif fact == FACT_VISITS:
                value = window_sum(member, window, WINDOW_VISITS, day - argument + 1, day)
            elif fact == FACT_DAYS_SINCE:
                known = 1 if 0 <= member[LAST_PURCHASE_DAY] <= day else 0
                value = day - member[LAST_PURCHASE_DAY]
            elif fact == FACT_PURCHASES_BEFORE:
                value = member[PURCHASES]
            else:
                value = member[BALANCES + argument * BALANCE_WIDTH + BALANCE]
            stack = stack * 2 + (
                1 if known == 1 and tests[q + TEST_LOW] <= value <= tests[q + TEST_HIGH] else 0
            )
        elif operation == NOT:
            stack = stack ^ 1
        else:
            bits = (1 << argument) - 1
            joined = stack & bits
            truth = 0
            if operation == AND:
                truth = 1 if joined == bits else 0
            else:
                truth = 1 if joined != 0 else 0
            stack = (stack >> argument) * 2 + truth
    return stack & 1


def counter_row(member: list[int], counters: list[int], rule: int, period: int, may_add: bool) -> int:
    """Return the offset of a counter, added at 0 when it may be; -1 when it is not there."""
    i = member[COUNTERS] - 1
    while i >= 0:
        c = i * COUNTER_WIDTH
        if counters[c + COUNTER_RULE] == rule and counters[c + COUNTER_PERIOD] == period:
            return c
        i -= 1
    if not may_add:
        return -1
    c = member[COUNTERS] * COUNTER_WIDTH
    counters[c + COUNTER_RULE] = rule
    counters[c + COUNTER_PERIOD] = period
    counters[c + COUNTER_USED] = 0
    member[COUNTERS] += 1
    return c


def judge(
    member: list[int],
    window: list[int],
    counters: list[int],
    event: list[int],
    hits: list[int],
    results: list[int],
    rules: list[int],
    tests: list[int],
    tiers: list[int],
    revisions: list[int],
    tier: int,
) -> None:
    """Fill `results` with what each hit desires and is granted: state, rate, rounding, caps, then stacking."""
    v = event[EVENT_REVISION] * REVISION_WIDTH
    base = event[EVENT_REVISION] * revisions[v + REVISION_TIERS_MAX]
    t = (base + rank_of(tiers, base, revisions[v + REVISION_TIERS], tier)) * TIER_WIDTH
    first_rule = event[EVENT_REVISION] * revisions[v + REVISION_RULES]
    day = event[EVENT_OCCURRED_DAY]
    for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
        number = hits[k * HIT_WIDTH + HIT_RULE]
        r = (first_rule + number) * RULE_WIDTH
        desired = 0
        first = rules[r + RULE_TESTS]
        end = rules[r + RULE_TESTS_END]
        if first == end or state_holds(member, window, tests, first, end, day, tier) == 1:
            times = 1
            over = 1
            if rules[r + RULE_BY_TIER] == 1:
                times = tiers[t + TIER_TIMES]
                over = tiers[t + TIER_OVER]
            grant = rules[r + RULE_GRANT]
            size = hits[k * HIT_WIDTH + HIT_AMOUNT]
            if grant == PER_QUANTITY or grant == PER_WHOLE_QUANTITY:
                size = hits[k * HIT_WIDTH + HIT_QUANTITY]
            per = rules[r + RULE_PER]
            if grant == FIXED:
                size = 1
                per = 1
            elif grant == PER_WHOLE_AMOUNT or grant == PER_WHOLE_QUANTITY:
                size = size // per
                per = 1
            desired = divide(size * rules[r + RULE_UNITS] * times, per * over, rules[r + RULE_ROUNDING])
        granted = desired
        if rules[r + RULE_CAP_PURCHASE] >= 0:
            granted = min(granted, rules[r + RULE_CAP_PURCHASE])
        if rules[r + RULE_CAP_DAY] >= 0:
            c = counter_row(member, counters, number, day * 2, True)
            granted = min(granted, max(0, rules[r + RULE_CAP_DAY] - counters[c + COUNTER_USED]))
        if rules[r + RULE_CAP_MONTH] >= 0:
            c = counter_row(member, counters, number, event[EVENT_MONTH] * 2 + 1, True)
            granted = min(granted, max(0, rules[r + RULE_CAP_MONTH] - counters[c + COUNTER_USED]))
        results[k * RESULT_WIDTH + DESIRED] = desired
        results[k * RESULT_WIDTH + GRANTED] = granted
        results[k * RESULT_WIDTH + RETURNED] = 0
    # Stacking: in a group that keeps the best, only the first of the largest grants.
    k = event[EVENT_HITS]
    while k < event[EVENT_HITS_END]:
        r = (first_rule + hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
        group = rules[r + RULE_GROUP]
        best = k
        last = k
        while last + 1 < event[EVENT_HITS_END]:
            n = (first_rule + hits[(last + 1) * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
            if rules[n + RULE_GROUP] != group:
                break
            last += 1
            if results[last * RESULT_WIDTH + GRANTED] > results[best * RESULT_WIDTH + GRANTED]:
                best = last
        if rules[r + RULE_BEST] == 1:
            for i in range(k, last + 1):
                if i != best:
                    results[i * RESULT_WIDTH + GRANTED] = 0
        k = last + 1
    for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
        number = hits[k * HIT_WIDTH + HIT_RULE]
        r = (first_rule + number) * RULE_WIDTH
        granted = results[k * RESULT_WIDTH + GRANTED]
        if rules[r + RULE_CAP_DAY] >= 0:
            counters[counter_row(member, counters, number, day * 2, True) + COUNTER_USED] += granted
        if rules[r + RULE_CAP_MONTH] >= 0:
            counters[
                counter_row(member, counters, number, event[EVENT_MONTH] * 2 + 1, True) + COUNTER_USED
            ] += granted


def purchase(
    member: list[int],
    lots: list[int],
    window: list[int],
    history: list[int],
    counters: list[int],
    event: list[int],
    hits: list[int],
    results: list[int],
    expiry: list[int],
    rules: list[int],
    tests: list[int],
    tiers: list[int],
    revisions: list[int],
    currencies: list[int],
    out: list[int],
) -> int:
    """Earn: judged as of the moment it occurred, posted now."""
    tier = tier_at(member, history, event[EVENT_OCCURRED_DAY], event[EVENT_OCCURRED_AT])
    member[JUDGED_TIER] = tier
    judge(member, window, counters, event, hits, results, rules, tests, tiers, revisions, tier)
    v = event[EVENT_REVISION] * REVISION_WIDTH
    first_rule = event[EVENT_REVISION] * revisions[v + REVISION_RULES]
    day = event[EVENT_RECORDED_DAY]
    member[SEQUENCE] += 1
    qualifying = event[EVENT_AMOUNT] if revisions[v + REVISION_LADDER_CURRENCY] < 0 else 0
    for c in range(revisions[v + REVISION_CURRENCIES]):
        units = 0
        for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
            if rules[(first_rule + hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH + RULE_CURRENCY] == c:
                units += results[k * RESULT_WIDTH + GRANTED]
        if c == revisions[v + REVISION_LADDER_CURRENCY]:
            qualifying = units
        if units > 0:
            q = (event[EVENT_REVISION] * revisions[v + REVISION_CURRENCIES] + c) * CURRENCY_WIDTH
            matures = event[EVENT_OCCURRED_DAY] + currencies[q + CURRENCY_PENDING_DAYS]
            expires = expiry[event[EVENT_EXPIRY] + c]
            receive(member, lots, c, units, expires, matures, member[SEQUENCE], day, EARN, out)
    keep = revisions[v + REVISION_WINDOW_KEEP]
    if keep > 0:
        w = window_row(member, window, event[EVENT_OCCURRED_DAY], True)
        window[w + WINDOW_SPEND] += event[EVENT_AMOUNT]
        window[w + WINDOW_QUALIFYING] += qualifying
        window[w + WINDOW_VISITS] += 1
        # A late purchase is judged by an old revision, which must not forget what the one in force still asks for.
        keep = max(keep, revisions[revision_at(revisions, day) * REVISION_WIDTH + REVISION_WINDOW_KEEP])
        old = 0
        while old < member[WINDOW_DAYS] and window[old * WINDOW_WIDTH + WINDOW_DAY] <= day - keep:
            old += 1
        if old > 0:
            window_drop(member, window, 0, old)
    member[PURCHASES] += 1
    member[LAST_PURCHASE_DAY] = max(member[LAST_PURCHASE_DAY], event[EVENT_OCCURRED_DAY])
    promote(member, window, history, tiers, revisions, event[EVENT_REVISION], day, event[EVENT_RECORDED_AT])
    return DONE


def take_back(
    member: list[int], lots: list[int], currency: int, origin: int, units: int, day: int, debt_limit: int
) -> tuple[int, int]:
    """Take units of the lot that an entry opened; return (charged, forgiven).

    First what is left of the lot, then what has expired (which is not charged), then what was spent: that is taken from
    the member's other available units and, as far as the policy allows, put down as debt. The rest is forgiven.
    """
    p = -1
    for i in range(member[LOTS]):
        if lots[i * LOT_WIDTH + LOT_ORIGIN] == origin and lots[i * LOT_WIDTH + LOT_CURRENCY] == currency:
            p = i * LOT_WIDTH
            break
    lots[p + LOT_RETURNED] += units
    charged = min(units, lots[p + LOT_LEFT])
    lots[p + LOT_LEFT] -= charged
    rest = units - charged
    expired = min(rest, lots[p + LOT_EXPIRED])
    lots[p + LOT_EXPIRED] -= expired
    rest -= expired
    lots[p + LOT_GONE] -= rest
    d = BALANCES + currency * BALANCE_WIDTH + DEBT
    # Units promised to a reservation come back or are spent: either way they are owed, or releasing them would give
    # points that no purchase earned. They count beyond the limit, also where debt is forbidden.
    promised = held_units(member, lots, currency)
    owed = min(rest, available(member, lots, currency, day) + max(0, debt_limit + promised - member[d]))
    member[d] += owed
    settle(member, lots, currency, day)
    return charged + owed, rest - owed


def free_counter(member: list[int], counters: list[int], rule: int, period: int, units: int) -> None:
    """Give a cap back what a return took."""
    c = counter_row(member, counters, rule, period, False)
    if c >= 0:
        counters[c + COUNTER_USED] -= units


def give_back(
    member: list[int],
    lots: list[int],
    window: list[int],
    counters: list[int],
    event: list[int],
    hits: list[int],
    results: list[int],
    rules: list[int],
    revisions: list[int],
    currencies: list[int],
    out: list[int],
) -> int:
    """Claw back what the returned part of a purchase earned. Telescopes: order and split do not matter."""
    v = event[EVENT_REVISION] * REVISION_WIDTH
    first_rule = event[EVENT_REVISION] * revisions[v + REVISION_RULES]
    day = event[EVENT_RECORDED_DAY]
    origin_day = event[EVENT_OCCURRED_DAY]
    member[SEQUENCE] += 1
    qualifying = event[EVENT_AMOUNT] if revisions[v + REVISION_LADDER_CURRENCY] < 0 else 0
    for c in range(revisions[v + REVISION_CURRENCIES]):
        q = (event[EVENT_REVISION] * revisions[v + REVISION_CURRENCIES] + c) * CURRENCY_WIDTH
        taken = 0
        for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
            number = hits[k * HIT_WIDTH + HIT_RULE]
            r = (first_rule + number) * RULE_WIDTH
            if rules[r + RULE_CURRENCY] != c:
                continue
            o = hits[k * HIT_WIDTH + HIT_ORIGIN]
            grant = rules[r + RULE_GRANT]
            whole = weight(grant, hits[o * HIT_WIDTH + HIT_AMOUNT], hits[o * HIT_WIDTH + HIT_QUANTITY])
            before = results[o * RESULT_WIDTH + RETURNED]
            after = whole
            if event[EVENT_WHOLE] == 0:
                size = hits[k * HIT_WIDTH + HIT_AMOUNT]
                if grant == PER_QUANTITY or grant == PER_WHOLE_QUANTITY:
                    size = hits[k * HIT_WIDTH + HIT_QUANTITY]
                after = min(whole, before + size)
            granted = results[o * RESULT_WIDTH + GRANTED]
            units = granted * after // whole - granted * before // whole
            results[o * RESULT_WIDTH + RETURNED] = after
            charged = 0
            forgiven = 0
            if units > 0:
                limit = currencies[q + CURRENCY_DEBT_LIMIT]
                charged, forgiven = take_back(member, lots, c, event[EVENT_ORIGIN], units, day, limit)
                if rules[r + RULE_CAP_DAY] >= 0:
                    free_counter(member, counters, number, origin_day * 2, units)
                if rules[r + RULE_CAP_MONTH] >= 0:
                    free_counter(member, counters, number, event[EVENT_MONTH] * 2 + 1, units)
            results[k * RESULT_WIDTH + DESIRED] = units
            results[k * RESULT_WIDTH + GRANTED] = charged
            results[k * RESULT_WIDTH + RETURNED] = forgiven
            taken += charged
            if c == revisions[v + REVISION_LADDER_CURRENCY]:
                qualifying += units
        if taken > 0:
            post(member, out, c, CLAW_BACK, taken, -1, 0, -1)
    w = window_row(member, window, origin_day, False)
    if w >= 0:
        window[w + WINDOW_SPEND] -= event[EVENT_AMOUNT]
        window[w + WINDOW_QUALIFYING] -= qualifying
        window[w + WINDOW_VISITS] -= event[EVENT_WHOLE]
        if (
            window[w + WINDOW_VISITS] == 0
            and window[w + WINDOW_SPEND] == 0
            and window[w + WINDOW_QUALIFYING] == 0
        ):
            window_drop(member, window, w // WINDOW_WIDTH, 1)
    member[PURCHASES] -= event[EVENT_WHOLE]
    return DONE


def reserve(member: list[int], lots: list[int], holds: list[int], event: list[int]) -> int:
    """Promise available units to a reservation, first to expire first."""
    member[SEQUENCE] += 1
    need = event[EVENT_UNITS]
    while need > 0:
        p = next_lot(member, lots, event[EVENT_CURRENCY], event[EVENT_RECORDED_DAY]) * LOT_WIDTH
        taken = min(need, lots[p + LOT_LEFT])
        lots[p + LOT_LEFT] -= taken
        lots[p + LOT_HELD] += taken
        need -= taken
        h = member[HOLDS] * HOLD_WIDTH
        holds[h + HOLD_RESERVATION] = member[SEQUENCE]
        holds[h + HOLD_LOT] = lots[p + LOT_NUMBER]
        holds[h + HOLD_UNITS] = taken
        holds[h + HOLD_LAPSES_AT] = event[EVENT_LAPSES_AT]
        holds[h + HOLD_LAPSES_DAY] = event[EVENT_LAPSES_DAY]
        member[HOLDS] += 1
    member[NEXT_LAPSE_AT] = min(member[NEXT_LAPSE_AT], event[EVENT_LAPSES_AT])
    return DONE


def end_reservation(
    member: list[int], lots: list[int], holds: list[int], event: list[int], out: list[int]
) -> int:
    """Commit (spend the held units) or release (give them back to their lots)."""
    known = 0
    for i in range(member[HOLDS]):
        if holds[i * HOLD_WIDTH + HOLD_RESERVATION] == event[EVENT_ORIGIN]:
            known = 1
    if known == 0:
        return NOT_RESERVED
    member[SEQUENCE] += 1
    day = event[EVENT_RECORDED_DAY]
    if event[EVENT_KIND] == COMMIT:
        currency, units = let_go(member, lots, holds, event[EVENT_ORIGIN], LOT_GONE)
        post(member, out, currency, REDEEMED, units, -1, 0, -1)
        return DONE
    currency, units = let_go(member, lots, holds, event[EVENT_ORIGIN], LOT_LEFT)
    settle(member, lots, currency, day)
    for i in range(member[LOTS]):
        p = i * LOT_WIDTH
        if lots[p + LOT_LEFT] > 0 and lots[p + LOT_EXPIRES] < day:
            expire_lot(member, lots, i, day, out)
        elif lots[p + LOT_LEFT] > 0:
            member[NEXT_DUE_DAY] = min(member[NEXT_DUE_DAY], lots[p + LOT_EXPIRES] + 1)
    return DONE


def receive_gift(
    member: list[int], lots: list[int], event: list[int], hits: list[int], out: list[int]
) -> int:
    """Open one lot for each slice of a gift, with the day of expiry it had at its giver."""
    member[SEQUENCE] += 1
    day = event[EVENT_RECORDED_DAY]
    for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
        units = hits[k * HIT_WIDTH + HIT_AMOUNT]
        expires = hits[k * HIT_WIDTH + HIT_QUANTITY]
        receive(
            member, lots, event[EVENT_CURRENCY], units, expires, day, member[SEQUENCE], day, RECEIVED, out
        )
    return DONE


def apply(
    member: list[int], lots: list[int], window: list[int], history: list[int], counters: list[int], holds: list[int],
    event: list[int], hits: list[int], results: list[int], expiry: list[int],
    rules: list[int], tests: list[int], tiers: list[int], revisions: list[int], currencies: list[int],
    out: list[int],
) -> int:  # fmt: skip
    """Advance one member to the moment of an event and let it happen; return a code.

    With a code other than DONE only `advance` has had its effect; the caller throws it away or keeps it as an ADVANCE.
    An ADVANCE takes a number of its own only when it changed something, and then the caller gives it.
    """
    day = event[EVENT_RECORDED_DAY]
    at = event[EVENT_RECORDED_AT]
    kind = event[EVENT_KIND]
    currency = event[EVENT_CURRENCY]
    units = event[EVENT_UNITS]
    advance(member, lots, window, history, holds, tiers, revisions, currencies, out, day, at)
    if kind == PURCHASE:
        return purchase(
            member, lots, window, history, counters, event, hits, results, expiry,
            rules, tests, tiers, revisions, currencies, out,
        )  # fmt: skip
    if kind == RETURN:
        return give_back(
            member, lots, window, counters, event, hits, results, rules, revisions, currencies, out
        )
    if kind == COMMIT or kind == RELEASE:
        return end_reservation(member, lots, holds, event, out)
    if kind == GIFT_IN:
        return receive_gift(member, lots, event, hits, out)
    if kind == ADJUST_UP:
        member[SEQUENCE] += 1
        expires = expiry[event[EVENT_EXPIRY] + currency]
        receive(member, lots, currency, units, expires, day, member[SEQUENCE], day, ADJUSTED_UP, out)
        return DONE
    if kind == ADVANCE:
        return DONE
    # What is left takes available units, and is refused when there are too few.
    if available(member, lots, currency, day) < units:
        return NOT_ENOUGH
    if kind == RESERVE:
        return reserve(member, lots, holds, event)
    member[SEQUENCE] += 1
    consume(member, lots, currency, units, day)
    verb = REDEEMED
    if kind == ADJUST_DOWN:
        verb = ADJUSTED_DOWN
    if kind == GIFT_OUT:
        verb = GIVEN
    post(member, out, currency, verb, units, -1, 0, -1)
    return DONE


# walk: what it tells of each event, and of the room it was given -----------------------------------------------------------
TOLD_SEQUENCE = 0  # 0: the event left no entry
TOLD_CODE = 1
TOLD_POSTINGS = 2  # postings that stand in `out` once the event is over
TOLD_JUDGED_TIER = 3
TOLD_TIER = 4
TOLD_BALANCES = 5  # one for each currency
KEPT_WINDOW = 0  # rows written so far of what is kept of each member
KEPT_HISTORY = 1
KEPT_COUNTERS = 2
KEPT_HOLDS = 3


def keep_latest_counters(member: list[int], counters: list[int], kept: list[int], at: int) -> int:
    """Copy the counters of each rule's latest day and latest month behind row `at` of `kept`; return the rows copied.

    Older periods can be summed from the journal, and only a late purchase asks for them.
    """
    n = 0
    for i in range(member[COUNTERS]):
        c = i * COUNTER_WIDTH
        latest = 1
        for j in range(member[COUNTERS]):
            d = j * COUNTER_WIDTH
            if (
                counters[d + COUNTER_RULE] == counters[c + COUNTER_RULE]
                and counters[d + COUNTER_PERIOD] % 2 == counters[c + COUNTER_PERIOD] % 2
                and counters[d + COUNTER_PERIOD] > counters[c + COUNTER_PERIOD]
            ):
                latest = 0
                break
        if latest == 1:
            for w in range(COUNTER_WIDTH):
                kept[(at + n) * COUNTER_WIDTH + w] = counters[c + w]
            n += 1
    return n


def copy_rows(rows: list[int], count: int, width: int, kept: list[int], at: int) -> None:
    """Copy rows behind row `at` of `kept`."""
    for i in range(count * width):
        kept[at * width + i] = rows[i]


def trace(member: list[int], n_currencies: int) -> int:
    """Return a number that changes when time alone did something without a posting: a lapse, a review, a repayment."""
    total = member[TIERS_HELD] * FAR + member[REVIEW_DAY] - member[HOLDS]
    for c in range(n_currencies):
        total -= member[BALANCES + c * BALANCE_WIDTH + DEBT]
    return total


def walk(
    starts: list[int], members: list[int], member_width: int, lots: list[int], lot_starts: list[int],
    window: list[int], history: list[int], counters: list[int], holds: list[int],
    events: list[int], hits: list[int], results: list[int], expiry: list[int],
    rules: list[int], tests: list[int], tiers: list[int], revisions: list[int], currencies: list[int],
    out: list[int], told: list[int], told_width: int,
    kept_window: list[int], kept_history: list[int], kept_counters: list[int], kept_holds: list[int], kept_starts: list[int],
) -> int:  # fmt: skip
    """Walk the lives of new members: events `starts[m]` to `starts[m + 1]` of member m, in the order of the fold.

    `window`, `history`, `counters` and `holds` are scratch for one member; what is left of each at the end of a life is
    copied into its `kept_` twin, from row `kept_starts[m * 4 + KEPT_...]` on. An event that is refused leaves an entry
    only where time had made something due, and is then an ADVANCE.
    """
    n_currencies = revisions[REVISION_CURRENCIES]
    n = len(starts) - 1
    for k in range(4):
        kept_starts[k] = 0
    for m in range(n):
        member = members[m * member_width : (m + 1) * member_width]
        own_lots = lots[lot_starts[m] * LOT_WIDTH : lot_starts[m + 1] * LOT_WIDTH]
        for c in range(HISTORY_WIDTH):
            history[c] = 0
        history[HISTORY_TIER] = member[TIER]
        member[TIERS_HELD] = 1
        for e in range(starts[m], starts[m + 1]):
            event = events[e * EVENT_WIDTH : (e + 1) * EVENT_WIDTH]
            posted = out[0]
            before = trace(member, n_currencies)
            code = apply(
                member, own_lots, window, history, counters, holds, event, hits, results, expiry,
                rules, tests, tiers, revisions, currencies, out,
            )  # fmt: skip
            t = e * told_width
            told[t + TOLD_CODE] = code
            told[t + TOLD_SEQUENCE] = member[SEQUENCE]
            if code != DONE or event[EVENT_KIND] == ADVANCE:
                if out[0] > posted or trace(member, n_currencies) != before:
                    member[SEQUENCE] += 1
                    told[t + TOLD_SEQUENCE] = member[SEQUENCE]
                else:
                    told[t + TOLD_SEQUENCE] = 0
            told[t + TOLD_POSTINGS] = out[0]
            told[t + TOLD_JUDGED_TIER] = member[JUDGED_TIER]
            told[t + TOLD_TIER] = member[TIER]
            for c in range(n_currencies):
                told[t + TOLD_BALANCES + c] = member[BALANCES + c * BALANCE_WIDTH + BALANCE]
        s = m * 4
        copy_rows(window, member[WINDOW_DAYS], WINDOW_WIDTH, kept_window, kept_starts[s + KEPT_WINDOW])
        copy_rows(history, member[TIERS_HELD], HISTORY_WIDTH, kept_history, kept_starts[s + KEPT_HISTORY])
        copy_rows(holds, member[HOLDS], HOLD_WIDTH, kept_holds, kept_starts[s + KEPT_HOLDS])
        kept = keep_latest_counters(member, counters, kept_counters, kept_starts[s + KEPT_COUNTERS])
        kept_starts[s + 4 + KEPT_WINDOW] = kept_starts[s + KEPT_WINDOW] + member[WINDOW_DAYS]
        kept_starts[s + 4 + KEPT_HISTORY] = kept_starts[s + KEPT_HISTORY] + member[TIERS_HELD]
        kept_starts[s + 4 + KEPT_HOLDS] = kept_starts[s + KEPT_HOLDS] + member[HOLDS]
        kept_starts[s + 4 + KEPT_COUNTERS] = kept_starts[s + KEPT_COUNTERS] + kept
    return n
