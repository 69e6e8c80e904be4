"""The fold: everything about one member that depends on order, in one place and in one language.

This file breaks the house's habits of size and dress on purpose, and nothing else may: it stays in the subset of Python
that Numba compiles, so that at the till it is interpreted over lists of integers and for history the very same source is
compiled and walks the columns of a chain. It imports nothing but types, holds no object, no date and no float;
calendars enter as day numbers (days since 1970-01-01 in the programme's zone) and moments as microseconds since 1970.

`apply(state, asked, numbers, out)` takes four named tuples of flat sequences of integers: the member as he stands, what is
asked, what the revisions say, and room for what comes of it. Every sequence with rows says so: `X_WIDTH` is the width of a
row of table X and the names before it are its columns; a row's offset is `index * X_WIDTH`. How much room `out` and the
tables that grow need is computed in one place, `domain/room.py`. What kinds and verbs are called, and which accounts they
move between, stands in `domain/verbs.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

FAR = 2_900_000  # a day that never comes, still a date that calendars know (in the year 9909)
DAY_MICROS = 86_400_000_000
FAR_AT = FAR * DAY_MICROS


class State(NamedTuple):
    """One member as the fold keeps him. What grows has room behind its last row; the counts stand in `member`."""

    member: list[int]
    ladders: list[int]
    lots: list[int]
    queue: list[int]
    days: list[int]
    history: list[int]
    counters: list[int]
    holds: list[int]
    past: list[int]


class Asked(NamedTuple):
    """One event with its hits, their results, the days that terms have on its day, its legs, the movements it undoes and what
    another member leaves."""

    event: list[int]
    hits: list[int]
    results: list[int]
    dates: list[int]
    legs: list[int]
    moves: list[int]
    carried: list[int]


class Numbers(NamedTuple):
    """What the revisions say, by revision; see `domain/timeline.py`."""

    revisions: list[int]
    rules: list[int]
    amounts: list[int]
    tests: list[int]
    rule_limits: list[int]
    limits: list[int]
    terms: list[int]
    currencies: list[int]
    ladders: list[int]
    tiers: list[int]
    windows: list[int]
    moments: list[int]
    calendar: list[int]


class Out(NamedTuple):
    """What came of it: postings, movements of lots, issues, and what a member leaves to another. The first number of all but
    the issues counts their rows."""

    posted: list[int]
    moved: list[int]
    issues: list[int]
    carried: list[int]


# member: the scalars of one member, then BALANCE and DEBT for each currency ------------------------------------------
SEQUENCE = 0  # number of the last entry
STATUS = 1
JOINED_DAY = 2  # day of enrolment; 0 where no entry tells it
PURCHASES = 3  # purchases recorded and not wholly returned
LAST_PURCHASE_DAY = 4  # -1: none yet
CLOCK_DAY = 5  # everything due by this day has been done: the last entry's
CLOCK_AT = 6  # and by this moment
LOTS = 7  # rows in `lots`
QUEUE_FIRST = 8  # `queue` is read from here
QUEUE_END = 9  # up to here
LOTS_OPENED = 10  # number of the last lot opened
DAYS = 11  # rows in `days`
TIERS_HELD = 12  # rows in `history`
COUNTERS = 13  # rows in `counters`
HOLDS = 14  # rows in `holds`
NEXT_DUE_DAY = 15  # nothing by day is due before it
NEXT_LAPSE_AT = 16  # no reservation lapses before it
DAYS_FROM = 17  # `days` is complete from this day on
BALANCES = 18  # from here BALANCE_WIDTH for each currency
BALANCE = 0
DEBT = 1
BALANCE_WIDTH = 2

ACTIVE = 0
FROZEN = 1
CLOSED = 2
MERGED = 3

# ladders: where the member stands on each --------------------------------------------------------------------------------
STANDS_TIER = 0  # tier number
STANDS_REVIEW_DAY = 1  # the tier is judged again at the start of this day
STANDS_JUDGED = 2  # the tier that the last occasion was judged by
STANDS_WIDTH = 3

# lots: opened = left + held + gone + expired + returned ---------------------------------------------------------------
LOT_NUMBER = 0
LOT_TERMS = 1
LOT_CURRENCY = 2
LOT_LEFT = 3  # pending or available
LOT_HELD = 4  # promised to a reservation
LOT_GONE = 5  # spent, given away, or repaying debt; below zero where a return took others for held units
LOT_EXPIRED = 6
LOT_RETURNED = 7  # taken back by a return, whatever had become of them
LOT_EXPIRES = 8  # last day of use
LOT_MATURES = 9  # first day of use
LOT_ORIGIN = 10  # sequence of the entry that opened it
LOT_OPENED = 11
LOT_QUEUED = 12  # 1: its row stands in `queue`
LOT_WIDTH = 13

# queue: rows of lots that may hold units, first to expire first, then the oldest; what is empty leaves when it is passed

# days: what counts for windows, a row a day, in order of day; then what each ladder counted of the day -------------------
DAYS_DAY = 0
DAYS_SPEND = 1
DAYS_VISITS = 2
DAYS_COUNTED = 3  # from here one number for each ladder

# history: the tier held from a moment on; the first row of each ladder begins before everything -------------------------
HISTORY_LADDER = 0
HISTORY_DAY = 1
HISTORY_AT = 2  # moment; 0 when the change is due at the start of the day
HISTORY_TIER = 3
HISTORY_CAUSE = 4  # sequence of the entry that lifted it; 0: time judged it
HISTORY_REVIEW_DAY = 5  # the first day on which it is judged again
HISTORY_WIDTH = 6

# past: what counted for ladders, in the order of the journal; its first number counts the rows. A walk puts down the life that it
# walks where something is voided in it. At the till nobody keeps it but for a void, which is given what it judges again
# (`domain/past.py`) ---------------------------------------------------------------------------------------------------------
PAST_SEQUENCE = 0
PAST_ROLE = 1
PAST_OF = 2  # the purchase of which something came back, as EVENT_ORIGIN names it
PAST_REVISION = 3
PAST_DAY = 4  # when it occurred
PAST_AT = 5
PAST_RECORDED_DAY = 6
PAST_RECORDED_AT = 7
PAST_COUNTED = 8  # from here one number for each ladder, below zero where something came back
UNKEPT = -1  # in place of the count: nobody keeps it

LIFTS = 0  # an occasion: it counts, and may lift a tier
TAKES_BACK = 1  # something came back: it counts
NEVER_WAS = 2  # it was voided, or came back of what was
TOOK_OVER = 3  # another member was merged into this one; always the first row: of what was before only the days are told

# counters: units counted against a limit in a period -------------------------------------------------------------------
COUNTER_LIMIT = 0
COUNTER_PERIOD = 1  # as `period_of` numbers them
COUNTER_USED = 2
COUNTER_WIDTH = 3

# holds: units of a lot promised to a reservation ------------------------------------------------------------------------
HOLD_RESERVATION = 0  # sequence of the entry that reserved
HOLD_LOT = 1
HOLD_UNITS = 2
HOLD_LAPSES_AT = 3
HOLD_LAPSES_DAY = 4
HOLD_WIDTH = 5

# event: what happened ----------------------------------------------------------------------------------------------------
EVENT_KIND = 0
EVENT_REVISION = 1  # row in `revisions`: what it is judged by (a return: the revision of its purchase)
EVENT_OCCURRED_DAY = 2  # (a return: the day of its purchase)
EVENT_OCCURRED_AT = 3
EVENT_RECORDED_DAY = 4
EVENT_RECORDED_AT = 5
EVENT_MONTH = 6  # of the occurred day: year * 12 + month - 1
EVENT_AMOUNT = 7  # net minor money bought or brought back
EVENT_ORIGIN = (
    8  # sequence of the purchase returned (below zero: another's, who was merged), or of the entry reversed
)
EVENT_UNDOES = 9  # kind of the entry reversed
EVENT_VALUE = 10  # what a STATE sets the status to; an ADVANCE: 1: at most PIECE steps; a back-test's REVERSE: its units
#                   a MOMENT: its number
EVENT_HITS = 11  # first row in `hits`
EVENT_HITS_END = 12
EVENT_LEGS = 13  # first row in `legs`
EVENT_LEGS_END = 14
EVENT_MOVES = 15  # first row in `moves`: the movements of the entry reversed
EVENT_MOVES_END = 16
EVENT_DATES = (
    17  # offset in `dates`: DATES_WIDTH numbers for each terms, for what is opened on the occurred day
)
EVENT_WHOLE = 18  # 1: with this return everything has come back
EVENT_PREVIOUS_DAY = 19  # a VOID: the day of the last purchase but this one; -1: none
EVENT_CARRIED = 20  # a CARRY_IN: offset in `carried`
EVENT_WIDTH = 21

ENROL = 0
PURCHASE = 1
EVENT = 2
MOMENT = 3
RETURN = 4
VOID = 5
REVERSE = 6
REDEEM = 7
RESERVE = 8
COMMIT = 9
RELEASE = 10
EXCHANGE = 11
ADJUST_UP = 12
ADJUST_DOWN = 13
GIFT_OUT = 14
GIFT_IN = 15
CARRY_OUT = 16
CARRY_IN = 17
STATE = 18
NOTE = 19
ADVANCE = 20
OPENING = 21
KINDS = 22

LATE_DAYS = 31  # so many days before the longest window a row keeps: a purchase that late asks for no look at the journal
PIECE = 1_000  # steps of time in one entry, where so much is due that nobody should wait for all of it

# hits: what select saw; for a return what came back ----------------------------------------------------------------------
HIT_RULE = 0  # position of the rule in its revision
HIT_AMOUNT = 1  # eligible minor money
HIT_QUANTITY = 2  # eligible thousandths
HIT_ORIGIN = (
    3  # a return: row of the purchase's hit; its purchase's, where another member made it: the lot; else -1
)
HIT_ROOM = (
    3  # an occasion: NO_POOL, SWITCHED, or what the pool of its rule has for it, as `room_told` tells it
)
HIT_WIDTH = 4
NO_POOL = -1
SWITCHED = -2  # its rule is switched off

# results: what became of each hit ----------------------------------------------------------------------------------------
DESIRED = 0  # before stacking and limits; a return: what it should take back
GRANTED = 1  # a return: what it took or put down as debt
WHY = 2  # why less was granted than desired, or nothing desired
RETURNED = 3  # weight returned so far
FORGIVEN = 4  # units forgiven so far; of a return's own row: by it
RESULT_WIDTH = 5

ALL = 0  # everything desired was granted
LIMITED = 1  # a limit took some or all
BEATEN = 2  # a better rule of its group granted
UNMET = 3  # its condition on state does not hold
NOTHING = 4  # it came to less than one unit
POOLED = 5  # the pool of its rule had no more
SWITCHED_OFF = 6  # its rule was switched off

# dates: the days that terms have for what is opened on a day ------------------------------------------------------------------
DATES_EXPIRES = 0
DATES_MATURES = 1
DATES_WIDTH = 2

# legs: what is asked of lots ------------------------------------------------------------------------------------------------
LEG_VERB = 0  # a verb of postings, or HOLD, SPEND_HELD, LET_GO
LEG_CURRENCY = 1
LEG_TERMS = 2  # of what is brought; -1: the currency's own
LEG_LOT = 3  # number of the lot to take from; 0: any
LEG_UNITS = 4
LEG_RESERVATION = 5  # sequence of the entry that reserved
LEG_EXPIRES = 6  # of what is brought; -1: as its terms have it on the day
LEG_MATURES = 7  # -1: at once
LEG_LAPSES_AT = 8
LEG_LAPSES_DAY = 9
LEG_WIDTH = 10

# posted: postings. posted[0] counts the rows, which begin at posted[1] ------------------------------------------------------
POST_CURRENCY = 0
POST_VERB = 1
POST_UNITS = 2
POST_BALANCE_AFTER = 3
POST_TERMS = 4
POST_LOT = 5  # the lot opened or expired; 0 when several or none
POST_DUE_DAY = 6  # the day it was due; -1: at the moment of the entry
POST_WIDTH = 7

EARN = 0
CLAW_BACK = 1
REDEEMED = 2
EXPIRE = 3
ADJUSTED_UP = 4
ADJUSTED_DOWN = 5
GIVEN = 6
RECEIVED = 7
REVERSED_REDEEM = 8
REVERSED_ADJUST_UP = 9
REVERSED_ADJUST_DOWN = 10
REVERSED_GIVE = 11
REVERSED_RECEIVE = 12
CARRIED_OUT = 13
CARRIED_IN = 14
OPENED = 15  # what another system owed when it handed over
REVERSED_OPENING = 16
EXCHANGED_OUT = 17
EXCHANGED_IN = 18
REVERSED_EXCHANGE_OUT = 19
REVERSED_EXCHANGE_IN = 20
VERBS = 21
# Legs may also do what is no posting: promise units, spend what was promised, let it go.
HOLD = 21
SPEND_HELD = 22
LET_GO = 23

# moved: units of a lot from one place to another. moved[0] counts the rows, which begin at moved[1] ---------------------------
MOVE_TERMS = 0
MOVE_LOT = 1  # 0: debt that no lot stands behind
MOVE_WAY = 2  # from * WAY_BASE + to
MOVE_UNITS = 3
MOVE_WIDTH = 4

OUTSIDE = 0
OPEN = 1
HELD = 2
GONE = 3
EXPIRED = 4
BACK = 5
IN_DEBT = 6  # units owed: what goes there repays, what comes from there is owed

WAY_BASE = 8  # more than there are places
W_OPENED = OUTSIDE * WAY_BASE + OPEN
W_HELD = OPEN * WAY_BASE + HELD
W_SPENT = OPEN * WAY_BASE + GONE
W_EXPIRED = OPEN * WAY_BASE + EXPIRED
W_BACK = OPEN * WAY_BASE + BACK
W_REPAID = OPEN * WAY_BASE + IN_DEBT
W_RELEASED = HELD * WAY_BASE + OPEN
W_COMMITTED = HELD * WAY_BASE + GONE
W_PUT_BACK = GONE * WAY_BASE + OPEN
W_GONE_BACK = GONE * WAY_BASE + BACK
W_EXPIRED_BACK = EXPIRED * WAY_BASE + BACK
W_OWED = IN_DEBT * WAY_BASE + OUTSIDE
W_FORGAVE = OUTSIDE * WAY_BASE + IN_DEBT  # a debt ends because what made it was reversed

# What a lot that is carried had been through at the other member; it opens with that.
W_GONE_BEFORE = OUTSIDE * WAY_BASE + GONE
W_EXPIRED_BEFORE = OUTSIDE * WAY_BASE + EXPIRED
W_BACK_BEFORE = OUTSIDE * WAY_BASE + BACK
W_GONE_BELOW = GONE * WAY_BASE + OUTSIDE  # where LOT_GONE is below zero

# carried: what a member leaves to another. carried[0] of `out` counts the numbers, which begin at carried[1] --------------------
CARRIED_LADDERS = 0  # how many ladders and currencies there were
CARRIED_CURRENCIES = 1
CARRIED_PURCHASES = 2
CARRIED_LAST_PURCHASE_DAY = 3
CARRIED_LOTS = 4  # rows of lots, days and counters
CARRIED_DAYS = 5
CARRIED_COUNTERS = 6
CARRIED_WIDTH = 7
# then of each ladder where he stands
LEFT_TIER = 0
LEFT_REVIEW_DAY = 1
LEFT_SINCE_DAY = 2
LEFT_SINCE_AT = 3
LEFT_LIFTED = 4  # 1: an entry lifted it, and not time
LEFT_WIDTH = 5
# then the debt in each currency, then every lot he ever had, in order of number
BROUGHT_TERMS = 0
BROUGHT_CURRENCY = 1
BROUGHT_LEFT = 2
BROUGHT_GONE = 3
BROUGHT_EXPIRED = 4
BROUGHT_RETURNED = 5
BROUGHT_EXPIRES = 6
BROUGHT_MATURES = 7
BROUGHT_WIDTH = 8
# then all days (DAYS_COUNTED numbers, and one for each ladder), then all counters

# issues ----------------------------------------------------------------------------------------------------------------------
BROKEN = 0  # 1: there was no room, or a lot was not there; whatever was written is worthless
ISSUES = 1

# revisions[revision] --------------------------------------------------------------------------------------------------------
REVISION_FROM_DAY = 0  # the first day that begins under it
REVISION_RULES = 1  # its first row in `rules`
REVISION_LOOKS_BACK = 2  # days of its longest window; 0: it has none; FAR: all of them
REVISION_FROM_AT = 3  # the moment from which it is in force
REVISION_COUNT = 4  # how many revisions there are; from here on the same in every row
REVISION_CURRENCIES = 5  # rows for a revision in `currencies`
REVISION_TERMS = 6  # rows for a revision in `terms`
REVISION_LIMITS = 7  # rows for a revision in `limits`
REVISION_LADDERS = 8  # rows for a revision in `ladders`
REVISION_MOMENTS = 9  # its first row in `moments`
REVISION_MOMENTS_END = 10
REVISION_EXCHANGES = 11  # its first row in `moments` that is an exchange
REVISION_EXCHANGES_END = 12
REVISION_WIDTH = 13

# rules[position, from REVISION_RULES on] ---------------------------------------------------------------------------------------
RULE_NUMBER = 0  # its number for ever
RULE_TERMS = 1
RULE_CURRENCY = 2
RULE_GRANT = 3
RULE_UNITS = 4
RULE_PER = 5
RULE_ROUNDING = 6
RULE_LADDER = 7  # the ladder whose multiplier multiplies; -1: none
RULE_GROUP = 8
RULE_MODE = 9  # how its group stands together
RULE_LIMITS = 10  # first in `rule_limits`
RULE_LIMITS_END = 11
RULE_TESTS = 12  # first row in `tests`
RULE_TESTS_END = 13
RULE_SHAPE = 14
RULE_AMOUNTS = 15  # first row in `amounts`: its bands, or the other amounts of which the least counts
RULE_AMOUNTS_END = 16
RULE_LEAST = 17  # what it grants at least where it sees something
RULE_WIDTH = 18

ADDS = 0
BEST = 1  # the first of those that grant most
FIRST = 2  # the first that grants

PLAIN = 0
WHOLE_BAND = 1  # the band that the size reaches is that of all of it
MARGINAL = 2  # each part of the size has the rate of its own band
LESSER = 3  # the least of several amounts

# amounts: what is granted from a size on; of LESSER another amount ----------------------------------------------------------
AMOUNT_GRANT = 0  # of a band: whether money or quantity is its size
AMOUNT_FROM = 1
AMOUNT_UNITS = 2
AMOUNT_PER = 3  # of a band: the rule's own
AMOUNT_WIDTH = 4

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
TEST_ARGUMENT = 2  # ladder, row in `windows` or currency; for AND and OR how many claims they join
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
FACT_DAYS_SINCE_JOINED = 6
FACT_TIMES_GRANTED = 7  # by a rule, in the period of a limit that counts times

# limits[revision, limit number] ---------------------------------------------------------------------------------------------
LIMIT_PERIOD = 0
LIMIT_UNITS = 1  # the most; -1: this revision has no such limit
LIMIT_SHARED = 2  # how many rules count against it
LIMIT_COUNTS = 3
LIMIT_WHEN = 4  # what happens where it leaves less than is desired
LIMIT_WIDTH = 5

UNITS = 0
TIMES = 1  # occasions that were granted something

CLIP = 0
SKIP = 1  # nothing is granted where not all can be
REFUSE = 2  # an event that comes when it is used up is refused; a sale never is, and is clipped

PER_PURCHASE = 0
PER_DAY = 1
PER_WEEK = 2
PER_MONTH = 3
PER_YEAR = 4
PER_LIFE = 5

# moments: what time brings. How far one was told is a counter of its number, whose period is the last day that it told of --
MOMENT_NUMBER = 0  # among those of limits
MOMENT_KIND = 1
MOMENT_CURRENCY = 2
MOMENT_DAYS = 3  # it tells of what expires within so many days, or so many days after a purchase or joining
MOMENT_FIRST = 4  # its first row in `calendar`, which has day numbers in their order
MOMENT_END = 5
MOMENT_WIDTH = 6

# What is exchanged at once, where a balance reaches it, stands behind the moments of its revision, in the order in which it runs:
# number, EXCHANGES, currency and units that it takes. What members ask for comes as legs and needs no row.
MOMENT_UNITS = 3

NO_MOMENT = 0
EXPIRES = 1  # units of a currency expire
ON_DAYS = 2  # the days that it names
ANNIVERSARY = 3  # of joining
ASLEEP = 4  # nothing was bought for so many days
SINCE_JOINED = 5  # so many days after joining
EXCHANGES = 6

# terms[revision, terms number], currencies[revision, currency number] ----------------------------------------------------------
TERMS_CURRENCY = 0
TERMS_QUALIFIES = 1  # 1: what is earned counts for ladders
TERMS_ORDER = 2  # what is drawn first where a currency is drawn by terms
TERMS_GRACE_DAYS = 3  # what is put back after its lot expired lives so long; 0: it expires at once
TERMS_WIDTH = 4

CURRENCY_DEBT_LIMIT = 0
CURRENCY_DRAW = 1
CURRENCY_TERMS = 2  # its terms where none are named
CURRENCY_WIDTH = 3

BY_EXPIRY = 0
BY_TERMS = 1  # by the order of terms, then by expiry

# ladders[revision, ladder], tiers, windows ----------------------------------------------------------------------------------
LADDER_TIERS = 0  # first row in `tiers`
LADDER_TIERS_END = 1  # a revision without this ladder has none
LADDER_COUNTS = 2  # currency number, BY_SPEND or BY_VISITS
LADDER_WINDOW = 3  # row in `windows`
LADDER_KEEPS = 4  # how long a tier is kept that is reached, or judged and kept
LADDER_KEEPS_FOR = 5  # so many days, ends of months or years, or anniversaries
LADDER_GRACE_DAYS = 6  # it is held so many days longer, and judged then
LADDER_DOWNGRADE = 7  # where a tier falls to that is not kept
LADDER_WIDTH = 8

BY_SPEND = -1
BY_VISITS = -2

TIER_NUMBER = 0
TIER_REACH = 1
TIER_TIMES = 2  # multiplier, numerator
TIER_OVER = 3  # and denominator
TIER_KEEP = 4  # so much in the window keeps it when it is judged
TIER_WIDTH = 5

FOR_DAYS = 0
TO_MONTH_END = 1
TO_YEAR_END = 2
TO_ANNIVERSARY = 3

REASSESS = 0  # to the tier that what counts keeps
ONE_LEVEL = 1  # by one tier at most
TO_BASE = 2
NEVER_FALLS = 3

WINDOW_KIND = 0
WINDOW_DAYS = 1
WINDOW_WIDTH = 2

ROLLING = 0  # the last WINDOW_DAYS days, today included
CALENDAR_YEAR = 1
MEMBERSHIP_YEAR = 2  # from the day of joining, or its last anniversary
LIFE = 3

# codes: why nothing happened ------------------------------------------------------------------------------------------------
DONE = 0
NOT_ENOUGH = 1
NOT_RESERVED = 2
LOT_MISSING = 3  # an entry names a lot that is not there: a defect, or books that are torn
LEG_WRONG = 4  # a leg that its kind may not bring
KIND_UNKNOWN = 5
KIND_WITHOUT_USE = 6  # named, and nothing does it yet
TORN = 7  # a defect: no room (see domain/room.py), or a lot that was not there
RESERVED = 8  # who leaves his units to another has promised some
USED_UP = 9  # an event comes when a limit that refuses is used up


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


def is_by_quantity(grant: int) -> bool:
    """Say whether a rule counts thousandths and not money."""
    return grant == PER_QUANTITY or grant == PER_WHOLE_QUANTITY


def weight(grant: int, amount: int, quantity: int) -> int:
    """Return what a hit is shared out and taken back by: its amount or quantity, 1 where that is 0."""
    size = quantity if is_by_quantity(grant) else amount
    return size if size > 0 else 1


def room_told(units: int) -> int:
    """Return what a hit is told of the units that its pool has for it; `told_room` reads it. It is never the number of a lot. Of
    -1 units it is SWITCHED."""
    return SWITCHED - 1 - units


def told_room(room: int) -> int:
    """Return the units that a pool has for a hit, as HIT_ROOM tells them."""
    return SWITCHED - 1 - room


def revision_at(numbers: Numbers, day: int) -> int:
    """Return the row of the revision in force at the start of a day."""
    revisions = numbers.revisions
    row = revisions[REVISION_COUNT] - 1
    while row > 0 and revisions[row * REVISION_WIDTH + REVISION_FROM_DAY] > day:
        row -= 1
    return row


def revision_in_force(numbers: Numbers, at: int) -> int:
    """Return the row of the revision in force at a moment."""
    revisions = numbers.revisions
    row = revisions[REVISION_COUNT] - 1
    while row > 0 and revisions[row * REVISION_WIDTH + REVISION_FROM_AT] > at:
        row -= 1
    return row


def period_of(per: int, day: int, month: int) -> int:
    """Return the number of the period that a day lies in; `month` is year * 12 + month - 1. Weeks begin on Monday."""
    if per == PER_DAY:
        return day
    if per == PER_WEEK:
        return (day + 3) // 7
    if per == PER_MONTH:
        return month
    if per == PER_YEAR:
        return month // 12
    return 0


def year_of(day: int) -> int:
    """Return the year of a day number, by the calendar of Gregory (Howard Hinnant, days from civil)."""
    z = day + 719_468
    era = z // 146_097
    of_era = z - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return year + era * 400 + (1 if of_year >= 306 else 0)


def day_in_march_year(year: int, of_year: int) -> int:
    """Return the day number of a day of a year that begins on the first of March."""
    era = year // 400
    y = year - era * 400
    return era * 146_097 + y * 365 + y // 4 - y // 100 + of_year - 719_468


def first_of_year(year: int) -> int:
    """Return the day number of the first of January."""
    return day_in_march_year(year - 1, 306)


def first_of_month(month: int) -> int:
    """Return the day number of the first day of a month, numbered as year * 12 + month - 1."""
    year, of_year = month // 12, month % 12
    since_march = (of_year + 10) % 12
    return day_in_march_year(year - 1 if of_year < 2 else year, (153 * since_march + 2) // 5)


def month_of(day: int) -> int:
    """Return the month of a day number, as year * 12 + month - 1."""
    month = year_of(day) * 12
    while first_of_month(month + 1) <= day:
        month += 1
    return month


def anniversary(joined: int, year: int) -> int:
    """Return the day in a year on which a member joined; of 29 February, in other years, the 28th."""
    within = joined - first_of_year(year_of(joined))
    leaps = first_of_year(year_of(joined) + 1) - first_of_year(year_of(joined)) == 366
    leap = first_of_year(year + 1) - first_of_year(year) == 366
    if leaps and not leap and within > 58:
        within -= 1
    if leap and not leaps and within > 58:
        within += 1
    return first_of_year(year) + within


def window_first(numbers: Numbers, window: int, day: int, joined: int) -> int:
    """Return the first day of a window that ends with a day."""
    w = window * WINDOW_WIDTH
    kind = numbers.windows[w + WINDOW_KIND]
    if kind == ROLLING:
        return day - numbers.windows[w + WINDOW_DAYS] + 1
    if kind == CALENDAR_YEAR:
        return first_of_year(year_of(day))
    if kind == MEMBERSHIP_YEAR:
        first = anniversary(joined, year_of(day))
        return first if first <= day else anniversary(joined, year_of(day) - 1)
    return -FAR


def post(
    state: State,
    out: Out,
    terms: int,
    currency: int,
    verb: int,
    units: int,
    sign: int,
    lot: int,
    due_day: int,
) -> None:
    """Change the balance and put down the posting."""
    member, posted = state.member, out.posted
    b = BALANCES + currency * BALANCE_WIDTH + BALANCE
    member[b] += sign * units
    o = 1 + posted[0] * POST_WIDTH
    if o + POST_WIDTH > len(posted):
        out.issues[BROKEN] = 1
        return
    posted[o + POST_CURRENCY] = currency
    posted[o + POST_VERB] = verb
    posted[o + POST_UNITS] = units
    posted[o + POST_BALANCE_AFTER] = member[b]
    posted[o + POST_TERMS] = terms
    posted[o + POST_LOT] = lot
    posted[o + POST_DUE_DAY] = due_day
    posted[0] += 1


def move(out: Out, terms: int, lot: int, way: int, units: int) -> None:
    """Put down the movement of units of a lot."""
    moved = out.moved
    o = 1 + moved[0] * MOVE_WIDTH
    if o + MOVE_WIDTH > len(moved):
        out.issues[BROKEN] = 1
        return
    moved[o + MOVE_TERMS] = terms
    moved[o + MOVE_LOT] = lot
    moved[o + MOVE_WAY] = way
    moved[o + MOVE_UNITS] = units
    moved[0] += 1


def post_moved(state: State, numbers: Numbers, out: Out, verb: int, sign: int, first: int) -> None:
    """Put down one posting for each terms of what was moved from row `first` of the movements on."""
    moved = out.moved
    end = moved[0]
    n_terms = numbers.revisions[REVISION_TERMS]
    for t in range(n_terms):
        units = 0
        for i in range(first, end):
            o = 1 + i * MOVE_WIDTH
            if moved[o + MOVE_TERMS] == t:
                units += moved[o + MOVE_UNITS]
        if units > 0:
            post(state, out, t, numbers.terms[t * TERMS_WIDTH + TERMS_CURRENCY], verb, units, sign, 0, -1)


def lot_by_number(state: State, number: int) -> int:
    """Return the row of a lot, or -1. Rows stand in order of number."""
    lots = state.lots
    low = 0
    high = state.member[LOTS]
    while low < high:
        middle = (low + high) // 2
        if lots[middle * LOT_WIDTH + LOT_NUMBER] < number:
            low = middle + 1
        else:
            high = middle
    if low < state.member[LOTS] and lots[low * LOT_WIDTH + LOT_NUMBER] == number:
        return low
    return -1


def lot_by_origin(state: State, origin: int, terms: int) -> int:
    """Return the row of the lot that an entry opened under some terms, or -1. Origins ascend with the numbers of lots."""
    lots = state.lots
    n = state.member[LOTS]
    low = 0
    high = n
    while low < high:
        middle = (low + high) // 2
        if lots[middle * LOT_WIDTH + LOT_ORIGIN] < origin:
            low = middle + 1
        else:
            high = middle
    while low < n and lots[low * LOT_WIDTH + LOT_ORIGIN] == origin:
        if lots[low * LOT_WIDTH + LOT_TERMS] == terms:
            return low
        low += 1
    return -1


def enqueue(state: State, row: int) -> None:
    """Put a lot's row in its place in the queue, unless it stands there."""
    member, lots, queue = state.member, state.lots, state.queue
    p = row * LOT_WIDTH
    if lots[p + LOT_QUEUED] == 1:
        return
    end = member[QUEUE_END]
    if end == len(queue):
        kept = 0
        for j in range(member[QUEUE_FIRST], end):
            q = queue[j] * LOT_WIDTH
            if lots[q + LOT_LEFT] > 0:
                queue[kept] = queue[j]
                kept += 1
            else:
                lots[q + LOT_QUEUED] = 0
        member[QUEUE_FIRST] = 0
        end = kept
    expires = lots[p + LOT_EXPIRES]
    number = lots[p + LOT_NUMBER]
    first = member[QUEUE_FIRST]
    if 0 < first < end:
        # What comes back to the lots that were drawn first goes before all others.
        q = queue[first] * LOT_WIDTH
        if expires < lots[q + LOT_EXPIRES] or (
            expires == lots[q + LOT_EXPIRES] and number < lots[q + LOT_NUMBER]
        ):
            queue[first - 1] = row
            member[QUEUE_FIRST] = first - 1
            lots[p + LOT_QUEUED] = 1
            return
    j = end
    while j > member[QUEUE_FIRST]:
        q = queue[j - 1] * LOT_WIDTH
        if lots[q + LOT_EXPIRES] < expires or (
            lots[q + LOT_EXPIRES] == expires and lots[q + LOT_NUMBER] < number
        ):
            break
        queue[j] = queue[j - 1]
        j -= 1
    queue[j] = row
    member[QUEUE_END] = end + 1
    lots[p + LOT_QUEUED] = 1


def front(state: State) -> int:
    """Return the row of the lot with units left that expires first, or -1; what is empty before it leaves the queue."""
    member, lots, queue = state.member, state.lots, state.queue
    i = member[QUEUE_FIRST]
    end = member[QUEUE_END]
    while i < end and lots[queue[i] * LOT_WIDTH + LOT_LEFT] == 0:
        lots[queue[i] * LOT_WIDTH + LOT_QUEUED] = 0
        i += 1
    member[QUEUE_FIRST] = i
    return queue[i] if i < end else -1


def next_lot(state: State, numbers: Numbers, row: int, currency: int, day: int) -> int:
    """Return the row of the available lot of a currency that is drawn first, or -1."""
    lots, queue, revisions = state.lots, state.queue, numbers.revisions
    front(state)
    c = (row * revisions[REVISION_CURRENCIES] + currency) * CURRENCY_WIDTH
    by_terms = numbers.currencies[c + CURRENCY_DRAW] == BY_TERMS
    best = -1
    best_order = 0
    for i in range(state.member[QUEUE_FIRST], state.member[QUEUE_END]):
        p = queue[i] * LOT_WIDTH
        if lots[p + LOT_LEFT] > 0 and lots[p + LOT_CURRENCY] == currency and lots[p + LOT_MATURES] <= day:
            if not by_terms:
                return queue[i]
            t = (row * revisions[REVISION_TERMS] + lots[p + LOT_TERMS]) * TERMS_WIDTH
            if best < 0 or numbers.terms[t + TERMS_ORDER] < best_order:
                best = queue[i]
                best_order = numbers.terms[t + TERMS_ORDER]
    return best


def available(state: State, currency: int, day: int) -> int:
    """Return the units that may be spent on a day; what is due must have been done."""
    lots, queue = state.lots, state.queue
    total = 0
    for i in range(state.member[QUEUE_FIRST], state.member[QUEUE_END]):
        p = queue[i] * LOT_WIDTH
        if lots[p + LOT_CURRENCY] == currency and lots[p + LOT_MATURES] <= day:
            total += lots[p + LOT_LEFT]
    return total


def debt_left(state: State, numbers: Numbers, row: int, currency: int) -> int:
    """Return how much more a member may owe, as a revision allows it."""
    c = (row * numbers.revisions[REVISION_CURRENCIES] + currency) * CURRENCY_WIDTH
    return max(
        0,
        numbers.currencies[c + CURRENCY_DEBT_LIMIT]
        - state.member[BALANCES + currency * BALANCE_WIDTH + DEBT],
    )


def held_units(state: State, currency: int) -> int:
    """Return the units of a currency that reservations hold."""
    holds, lots = state.holds, state.lots
    total = 0
    for i in range(state.member[HOLDS]):
        row = lot_by_number(state, holds[i * HOLD_WIDTH + HOLD_LOT])
        if row >= 0 and lots[row * LOT_WIDTH + LOT_CURRENCY] == currency:
            total += holds[i * HOLD_WIDTH + HOLD_UNITS]
    return total


def settle(state: State, numbers: Numbers, out: Out, row: int, currency: int, day: int) -> None:
    """Repay debt from available units. The balance, being net of debt, does not move."""
    settle_by(state, numbers, out, row, currency, day, FAR)


def settle_by(
    state: State, numbers: Numbers, out: Out, row: int, currency: int, day: int, lots_most: int
) -> None:
    """Do the same from so many lots at most."""
    member, lots, queue = state.member, state.lots, state.queue
    d = BALANCES + currency * BALANCE_WIDTH + DEBT
    end = out.moved[0] + lots_most
    while member[d] > 0 and out.moved[0] < end:
        i = next_lot(state, numbers, row, currency, day)
        if i < 0:
            break
        p = i * LOT_WIDTH
        units = min(member[d], lots[p + LOT_LEFT])
        lots[p + LOT_LEFT] -= units
        lots[p + LOT_GONE] += units
        member[d] -= units
        move(out, lots[p + LOT_TERMS], lots[p + LOT_NUMBER], W_REPAID, units)
    if member[d] > 0:
        for i in range(member[QUEUE_FIRST], member[QUEUE_END]):
            p = queue[i] * LOT_WIDTH
            if lots[p + LOT_LEFT] > 0 and lots[p + LOT_CURRENCY] == currency:
                member[NEXT_DUE_DAY] = min(member[NEXT_DUE_DAY], lots[p + LOT_MATURES])


def expire_lot(state: State, out: Out, row: int, due_day: int) -> None:
    """Take what is left of a lot whose time has passed."""
    lots = state.lots
    p = row * LOT_WIDTH
    units = lots[p + LOT_LEFT]
    lots[p + LOT_LEFT] = 0
    lots[p + LOT_EXPIRED] += units
    move(out, lots[p + LOT_TERMS], lots[p + LOT_NUMBER], W_EXPIRED, units)
    post(
        state, out, lots[p + LOT_TERMS], lots[p + LOT_CURRENCY], EXPIRE, units, -1, lots[p + LOT_NUMBER], due_day
    )  # fmt: skip


def expire_passed(state: State, out: Out, day: int) -> None:
    """Take what came back to lots whose time has passed, and say when the next is due."""
    lots = state.lots
    row = front(state)
    while row >= 0 and lots[row * LOT_WIDTH + LOT_EXPIRES] < day:
        expire_lot(state, out, row, day)
        row = front(state)
    if row >= 0:
        state.member[NEXT_DUE_DAY] = min(state.member[NEXT_DUE_DAY], lots[row * LOT_WIDTH + LOT_EXPIRES] + 1)


def told_of(state: State, moment: int) -> int:
    """Return the last day that a moment, by its number, has told of; -1: it never fell due."""
    counters = state.counters
    told = -1
    for i in range(state.member[COUNTERS]):
        c = i * COUNTER_WIDTH
        if counters[c + COUNTER_LIMIT] == moment:
            told = max(told, counters[c + COUNTER_PERIOD])
    return told


def next_moment(state: State, numbers: Numbers, day: int) -> tuple[int, int]:
    """Return the row of the moment that falls due first, by the revision in force on a day, and the day on which it does; FAR:
    none.

    What expires within some days is told of once, so many days ahead, or at once where less is left. No day that has passed, for
    the member or before the revision, is gone back to.
    """
    member, lots, queue = state.member, state.lots, state.queue
    which = -1
    due = FAR
    if numbers.moments[MOMENT_KIND] == NO_MOMENT:
        return which, due  # no revision has any
    row = revision_at(numbers, day) * REVISION_WIDTH
    for m in range(numbers.revisions[row + REVISION_MOMENTS], numbers.revisions[row + REVISION_MOMENTS_END]):
        w = m * MOMENT_WIDTH
        told = told_of(state, numbers.moments[w + MOMENT_NUMBER])
        if numbers.moments[w + MOMENT_KIND] != EXPIRES:
            at = falls_on(state, numbers, w, told, numbers.revisions[row + REVISION_FROM_DAY])
            if at < due:
                due = at
                which = m
            continue
        for i in range(member[QUEUE_FIRST], member[QUEUE_END]):
            p = queue[i] * LOT_WIDTH
            if (
                lots[p + LOT_LEFT] > 0
                and lots[p + LOT_CURRENCY] == numbers.moments[w + MOMENT_CURRENCY]
                and told < lots[p + LOT_EXPIRES] < FAR
            ):
                at = lots[p + LOT_EXPIRES] - numbers.moments[w + MOMENT_DAYS]
                at = max(at, member[CLOCK_DAY], numbers.revisions[row + REVISION_FROM_DAY])
                if at < due:
                    due = at
                    which = m
                break
    return which, due


def next_exchange(state: State, numbers: Numbers, day: int) -> tuple[int, int]:
    """Return the row of the exchange that can be made first without being asked for, by the revision in force on a day, and the
    day from which on the units are available; FAR: none, or the member may not spend."""
    member = state.member
    which = -1
    due = FAR
    if numbers.moments[MOMENT_KIND] == NO_MOMENT or member[STATUS] != ACTIVE:
        return which, due
    row = revision_at(numbers, day) * REVISION_WIDTH
    begins = max(member[CLOCK_DAY], numbers.revisions[row + REVISION_FROM_DAY])
    for x in range(
        numbers.revisions[row + REVISION_EXCHANGES], numbers.revisions[row + REVISION_EXCHANGES_END]
    ):
        w = x * MOMENT_WIDTH
        at = ripe_on(state, numbers.moments[w + MOMENT_CURRENCY], numbers.moments[w + MOMENT_UNITS], begins)
        if at < due:
            due = at
            which = x
    return which, due


def ripe_on(state: State, currency: int, units: int, begins: int) -> int:
    """Return the first day from one on on which so many units are available, where nothing more comes; FAR: none. What expires
    before it is not looked at: whoever lets time pass to that day asks again."""
    lots, queue = state.lots, state.queue
    if available(state, currency, begins) >= units:
        return begins
    day = FAR
    for i in range(state.member[QUEUE_FIRST], state.member[QUEUE_END]):
        p = queue[i] * LOT_WIDTH
        matures = lots[p + LOT_MATURES]
        if lots[p + LOT_LEFT] > 0 and lots[p + LOT_CURRENCY] == currency and begins < matures < day:
            if available(state, currency, matures) >= units:
                day = matures
    return day


def falls_on(state: State, numbers: Numbers, w: int, told: int, begins: int) -> int:
    """Return the day on which a moment (its offset) that no lot brings falls due next, having told up to a day; FAR: none.

    Only days of the member, from the first whole day of the revision on: what had passed by then is not gone back to.
    """
    member, moments, calendar = state.member, numbers.moments, numbers.calendar
    joined = member[JOINED_DAY]
    first = max(member[CLOCK_DAY], joined)
    if first == 0 or member[STATUS] == CLOSED or member[STATUS] == MERGED:
        return FAR
    first = max(first, begins, told + 1)
    kind = moments[w + MOMENT_KIND]
    day = FAR
    if kind == ON_DAYS:
        low, high = moments[w + MOMENT_FIRST], moments[w + MOMENT_END]
        while low < high:
            middle = (low + high) // 2
            if calendar[middle] < first:
                low = middle + 1
            else:
                high = middle
        if low < moments[w + MOMENT_END]:
            day = calendar[low]
    elif kind == ANNIVERSARY and joined > 0:
        year = max(year_of(first), year_of(joined) + 1)
        day = anniversary(joined, year)
        if day < first:
            day = anniversary(joined, year + 1)
    elif kind == ASLEEP and member[LAST_PURCHASE_DAY] >= 0:
        day = member[LAST_PURCHASE_DAY] + moments[w + MOMENT_DAYS]
    elif kind == SINCE_JOINED and joined > 0:
        day = joined + moments[w + MOMENT_DAYS]
    return day if day >= first else FAR


def look_at_lot(state: State, numbers: Numbers, p: int) -> None:
    """See that a lot with units (its offset) is looked at when it expires, and when a moment tells of that."""
    member, lots = state.member, state.lots
    if lots[p + LOT_EXPIRES] < member[NEXT_DUE_DAY]:
        member[NEXT_DUE_DAY] = lots[p + LOT_EXPIRES] + 1
    if numbers.moments[MOMENT_KIND] == NO_MOMENT:
        return  # no revision has any
    row = revision_at(numbers, member[CLOCK_DAY]) * REVISION_WIDTH
    for m in range(numbers.revisions[row + REVISION_MOMENTS], numbers.revisions[row + REVISION_MOMENTS_END]):
        w = m * MOMENT_WIDTH
        if (
            numbers.moments[w + MOMENT_KIND] == EXPIRES
            and lots[p + LOT_CURRENCY] == numbers.moments[w + MOMENT_CURRENCY]
            and told_of(state, numbers.moments[w + MOMENT_NUMBER]) < lots[p + LOT_EXPIRES] < FAR
        ):
            at = max(lots[p + LOT_EXPIRES] - numbers.moments[w + MOMENT_DAYS], member[CLOCK_DAY])
            member[NEXT_DUE_DAY] = min(member[NEXT_DUE_DAY], at)


def tell_moment(state: State, asked: Asked, numbers: Numbers, out: Out) -> None:
    """Remember how far a moment has told, and see what is due next."""
    event, member = asked.event, state.member
    row = event[EVENT_REVISION] * REVISION_WIDTH
    for m in range(numbers.revisions[row + REVISION_MOMENTS], numbers.revisions[row + REVISION_MOMENTS_END]):
        w = m * MOMENT_WIDTH
        if numbers.moments[w + MOMENT_NUMBER] == event[EVENT_VALUE]:
            last = event[EVENT_OCCURRED_DAY]
            if numbers.moments[w + MOMENT_KIND] == EXPIRES:
                last += numbers.moments[w + MOMENT_DAYS]
            c = counter_row(state, event[EVENT_VALUE], last, True)
            state.counters[c + COUNTER_USED] += 1
            do_what_is_due(
                state,
                numbers,
                out,
                event[EVENT_RECORDED_DAY],
                event[EVENT_RECORDED_AT],
                FAR,
                member[CLOCK_DAY],
            )


def open_lot(
    state: State, out: Out, terms: int, currency: int, units: int, expires: int, matures: int
) -> int:
    """Add a lot of the entry that is being made; return its row, -1 without room."""
    member, lots = state.member, state.lots
    row = member[LOTS]
    p = row * LOT_WIDTH
    if p + LOT_WIDTH > len(lots):
        out.issues[BROKEN] = 1
        return -1
    member[LOTS] += 1
    member[LOTS_OPENED] += 1
    lots[p + LOT_NUMBER] = member[LOTS_OPENED]
    lots[p + LOT_TERMS] = terms
    lots[p + LOT_CURRENCY] = currency
    lots[p + LOT_LEFT] = units
    lots[p + LOT_HELD] = 0
    lots[p + LOT_GONE] = 0
    lots[p + LOT_EXPIRED] = 0
    lots[p + LOT_RETURNED] = 0
    lots[p + LOT_EXPIRES] = expires
    lots[p + LOT_MATURES] = matures
    lots[p + LOT_ORIGIN] = member[SEQUENCE]
    lots[p + LOT_OPENED] = units
    lots[p + LOT_QUEUED] = 0
    enqueue(state, row)
    move(out, terms, member[LOTS_OPENED], W_OPENED, units)
    return row


def receive(
    state: State, numbers: Numbers, out: Out, row: int, terms: int, currency: int, units: int, expires: int,
    matures: int, day: int, verb: int,
) -> None:  # fmt: skip
    """Open a lot with its posting; a lot whose time has passed expires in the same entry, else debt is repaid."""
    member = state.member
    lot = open_lot(state, out, terms, currency, units, expires, matures)
    if lot < 0:
        return
    post(state, out, terms, currency, verb, units, 1, member[LOTS_OPENED], -1)
    if expires < day:
        # It is never due again: the row must not ask for a look at lots that a till has not gathered.
        expire_lot(state, out, lot, expires + 1)
    else:
        look_at_lot(state, numbers, lot * LOT_WIDTH)
        settle(state, numbers, out, row, currency, day)


def consume(
    state: State, numbers: Numbers, out: Out, row: int, currency: int, number: int, units: int, day: int
) -> None:
    """Take available units: of one lot, or of those that are drawn first."""
    lots = state.lots
    need = units
    while need > 0:
        i = next_lot(state, numbers, row, currency, day)
        if number > 0:
            i = lot_by_number(state, number)
        if i < 0 or lots[i * LOT_WIDTH + LOT_LEFT] == 0:
            out.issues[BROKEN] = 1  # refused before: never written over another lot
            return
        p = i * LOT_WIDTH
        taken = min(need, lots[p + LOT_LEFT])
        lots[p + LOT_LEFT] -= taken
        lots[p + LOT_GONE] += taken
        need -= taken
        move(out, lots[p + LOT_TERMS], lots[p + LOT_NUMBER], W_SPENT, taken)


def let_go(state: State, out: Out, reservation: int, is_spent: int, lots_most: int) -> int:
    """Spend the held units of a reservation, or give them back to their lots, of so many lots at most; return their currency,
    -1 for none."""
    member, lots, holds = state.member, state.lots, state.holds
    currency = -1
    n = member[HOLDS]
    done = 0
    for j in range(n):
        # What comes back begins with what was drawn last, so that each goes to the head of the queue.
        i = j if is_spent == 1 else n - 1 - j
        h = i * HOLD_WIDTH
        if holds[h + HOLD_RESERVATION] == reservation and done < lots_most:
            row = lot_by_number(state, holds[h + HOLD_LOT])
            holds[h + HOLD_RESERVATION] = 0
            done += 1
            if row < 0:
                out.issues[BROKEN] = 1
                continue
            p = row * LOT_WIDTH
            units = holds[h + HOLD_UNITS]
            lots[p + LOT_HELD] -= units
            currency = lots[p + LOT_CURRENCY]
            if is_spent == 1:
                lots[p + LOT_GONE] += units
                move(out, lots[p + LOT_TERMS], lots[p + LOT_NUMBER], W_COMMITTED, units)
            else:
                lots[p + LOT_LEFT] += units
                enqueue(state, row)
                move(out, lots[p + LOT_TERMS], lots[p + LOT_NUMBER], W_RELEASED, units)
    kept = 0
    next_lapse = FAR_AT
    for i in range(n):
        h = i * HOLD_WIDTH
        if holds[h + HOLD_RESERVATION] > 0:
            k = kept * HOLD_WIDTH
            for c in range(HOLD_WIDTH):
                holds[k + c] = holds[h + c]
            next_lapse = min(next_lapse, holds[k + HOLD_LAPSES_AT])
            kept += 1
    member[HOLDS] = kept
    member[NEXT_LAPSE_AT] = next_lapse
    return currency


def days_sum(state: State, width: int, column: int, first_day: int, last_day: int) -> int:
    """Return the sum of a column over the days from the first to the last, both included."""
    days = state.days
    total = 0
    i = state.member[DAYS] - 1
    while i >= 0:
        w = i * width
        if days[w + DAYS_DAY] < first_day:
            break
        if days[w + DAYS_DAY] <= last_day:
            total += days[w + column]
        i -= 1
    return total


def days_row(state: State, width: int, day: int, may_add: bool) -> int:
    """Return the offset of a day's row, adding it in order of day; -1 when it is not there and may not be added."""
    member, days = state.member, state.days
    i = member[DAYS]
    while i > 0 and days[(i - 1) * width + DAYS_DAY] > day:
        i -= 1
    if i > 0 and days[(i - 1) * width + DAYS_DAY] == day:
        return (i - 1) * width
    if not may_add:
        return -1
    k = member[DAYS]
    while k > i:
        for c in range(width):
            days[k * width + c] = days[(k - 1) * width + c]
        k -= 1
    w = i * width
    days[w + DAYS_DAY] = day
    for c in range(DAYS_DAY + 1, width):
        days[w + c] = 0
    member[DAYS] += 1
    return w


def days_drop(state: State, width: int, first: int, count: int) -> None:
    """Take rows out of the days."""
    days = state.days
    n = state.member[DAYS]
    for k in range((first + count) * width, n * width):
        days[k - count * width] = days[k]
    state.member[DAYS] = n - count


def rank_of(numbers: Numbers, ladder: int, tier: int) -> int:
    """Return the rank of a tier on a ladder (a row of `ladders`); a tier it does not know counts as the lowest."""
    first = numbers.ladders[ladder * LADDER_WIDTH + LADDER_TIERS]
    for r in range(first, numbers.ladders[ladder * LADDER_WIDTH + LADDER_TIERS_END]):
        if numbers.tiers[r * TIER_WIDTH + TIER_NUMBER] == tier:
            return r - first
    return 0


def rank_reached(numbers: Numbers, ladder: int, total: int, threshold: int) -> int:
    """Return the highest rank whose threshold, TIER_REACH or TIER_KEEP, a total meets."""
    first = numbers.ladders[ladder * LADDER_WIDTH + LADDER_TIERS]
    rank = 0
    for r in range(first, numbers.ladders[ladder * LADDER_WIDTH + LADDER_TIERS_END]):
        if total >= numbers.tiers[r * TIER_WIDTH + threshold]:
            rank = r - first
    return rank


def judged_next(numbers: Numbers, ladder: int, day: int, joined: int) -> int:
    """Return the day on which a tier of a ladder (a row of `ladders`) is judged that is held, or kept, from a day on."""
    x = ladder * LADDER_WIDTH
    keeps, count = numbers.ladders[x + LADDER_KEEPS], numbers.ladders[x + LADDER_KEEPS_FOR]
    last = day + count
    if keeps == TO_MONTH_END:
        last = first_of_month(month_of(day) + count)
    elif keeps == TO_YEAR_END:
        last = first_of_year(year_of(day) + count)
    elif keeps == TO_ANNIVERSARY:
        year = year_of(day)
        if anniversary(joined, year) > day:
            year -= 1
        last = anniversary(joined, year + count)
    return last + numbers.ladders[x + LADDER_GRACE_DAYS]


def tier_of_rank(numbers: Numbers, ladder: int, rank: int) -> int:
    """Return the number of the tier of a rank."""
    return numbers.tiers[
        (numbers.ladders[ladder * LADDER_WIDTH + LADDER_TIERS] + rank) * TIER_WIDTH + TIER_NUMBER
    ]


def put_tier(state: State, ladder: int, tier: int, day: int, at: int, cause: int, review_day: int) -> int:
    """Remember the tier held from a moment on until a review, behind what is remembered of that moment; return the row."""
    history = state.history
    row = state.member[TIERS_HELD]
    while row > 0:
        h = (row - 1) * HISTORY_WIDTH
        if history[h + HISTORY_DAY] < day or (
            history[h + HISTORY_DAY] == day and history[h + HISTORY_AT] <= at
        ):
            break
        for c in range(HISTORY_WIDTH):
            history[h + HISTORY_WIDTH + c] = history[h + c]
        row -= 1
    h = row * HISTORY_WIDTH
    history[h + HISTORY_LADDER] = ladder
    history[h + HISTORY_DAY] = day
    history[h + HISTORY_AT] = at
    history[h + HISTORY_TIER] = tier
    history[h + HISTORY_CAUSE] = cause
    history[h + HISTORY_REVIEW_DAY] = review_day
    state.member[TIERS_HELD] += 1
    return row


def drop_tier(state: State, row: int) -> None:
    """Forget a row of the tiers held."""
    history = state.history
    for k in range(row * HISTORY_WIDTH, (state.member[TIERS_HELD] - 1) * HISTORY_WIDTH):
        history[k] = history[k + HISTORY_WIDTH]
    state.member[TIERS_HELD] -= 1


def tier_at(state: State, ladder: int, day: int, at: int) -> int:
    """Return the tier that was held at a moment."""
    history = state.history
    i = state.member[TIERS_HELD] - 1
    first = 0
    while i >= 0:
        h = i * HISTORY_WIDTH
        if history[h + HISTORY_LADDER] == ladder:
            first = i
            if history[h + HISTORY_DAY] < day or (
                history[h + HISTORY_DAY] == day and history[h + HISTORY_AT] <= at
            ):
                break
        i -= 1
    return history[first * HISTORY_WIDTH + HISTORY_TIER]


def counted(state: State, numbers: Numbers, row: int, ladder: int, day: int, last_day: int) -> int:
    """Return what a ladder counts in its window as of a day, up to a last day."""
    n_ladders = numbers.revisions[REVISION_LADDERS]
    x = (row * n_ladders + ladder) * LADDER_WIDTH
    first = window_first(numbers, numbers.ladders[x + LADDER_WINDOW], day, state.member[JOINED_DAY])
    return days_sum(state, DAYS_COUNTED + n_ladders, DAYS_COUNTED + ladder, first, last_day)


def counted_by(state: State, numbers: Numbers, row: int, ladder: int, day: int) -> int:
    """Return what a ladder counts when it is judged at the start of a day: of a year that has ended with the day before, that
    whole year."""
    n_ladders = numbers.revisions[REVISION_LADDERS]
    w = numbers.ladders[(row * n_ladders + ladder) * LADDER_WIDTH + LADDER_WINDOW] * WINDOW_WIDTH
    last = day if numbers.windows[w + WINDOW_KIND] == ROLLING else day - 1
    return counted(state, numbers, row, ladder, last, last)


def review(state: State, numbers: Numbers, ladder: int, day: int) -> None:
    """Judge a tier on this day, by the window that ends with it or the one that ended before the days of grace; it may fall,
    and is then kept for a while again.

    What lifted it a whole window ago is out of it: kept 365 days by a window of 365, it is judged by what came after.
    """
    s = ladder * STANDS_WIDTH
    tier, again = judged(state, numbers, ladder, state.ladders[s + STANDS_TIER], day)
    if tier != state.ladders[s + STANDS_TIER]:
        put_tier(state, ladder, tier, day, 0, 0, again)
        state.ladders[s + STANDS_TIER] = tier
    state.ladders[s + STANDS_REVIEW_DAY] = again


def judged(state: State, numbers: Numbers, ladder: int, tier: int, day: int) -> tuple[int, int]:
    """Return the tier that is left of one on the day on which it is judged, and when that is judged next; FAR: never."""
    row = revision_at(numbers, day)
    own = row * numbers.revisions[REVISION_LADDERS] + ladder
    x = own * LADDER_WIDTH
    held = rank_of(numbers, own, tier)
    grace = numbers.ladders[x + LADDER_GRACE_DAYS]
    total = counted_by(state, numbers, row, ladder, day)
    if grace > 0:
        total = max(total, counted_by(state, numbers, row, ladder, day - grace))
    rank = min(held, rank_reached(numbers, own, total, TIER_KEEP))
    begins = day - grace  # what is kept is kept from the day on which it would have been judged without grace
    if rank < held:
        downgrade = numbers.ladders[x + LADDER_DOWNGRADE]
        if downgrade == ONE_LEVEL:
            rank = held - 1
        elif downgrade == TO_BASE:
            rank = 0
        elif downgrade == NEVER_FALLS:
            rank = held
    if rank < held:
        begins = day
        tier = tier_of_rank(numbers, own, rank)
    return tier, judged_next(numbers, own, begins, state.member[JOINED_DAY]) if rank > 0 else FAR


def next_held(state: State, ladder: int, first: int) -> int:
    """Return the row from `first` on of the next tier that was held on a ladder; behind the last, where there is none."""
    after = first
    while (
        after < state.member[TIERS_HELD] and state.history[after * HISTORY_WIDTH + HISTORY_LADDER] != ladder
    ):
        after += 1
    return after


def promote(
    state: State, numbers: Numbers, ladder: int, judged_by: int, day: int, at: int, cause: int, until: int
) -> None:
    """Lift a tier from a moment on, as soon as the window that ends with its day allows it; `cause` is the entry that does.

    The moment may be past: a late purchase lifts from when it occurred. What time judged since stands; what other purchases
    lifted since to no more goes into it, as long as it is held: it is judged on each day up to `until` on which that was due, and
    leaves nobody lower than he stood. A revision that began within the day counts once it has judged.
    """
    row = max(judged_by, revision_at(numbers, day))
    own = row * numbers.revisions[REVISION_LADDERS] + ladder
    x = own * LADDER_WIDTH
    history = state.history
    was = tier_at(state, ladder, day, at)
    held = rank_of(numbers, own, was)
    if held >= numbers.ladders[x + LADDER_TIERS_END] - numbers.ladders[x + LADDER_TIERS] - 1:
        return
    reached = rank_reached(numbers, own, counted(state, numbers, row, ladder, day, day), TIER_REACH)
    if reached <= held:
        return
    tier = tier_of_rank(numbers, own, reached)
    again = judged_next(numbers, own, day, state.member[JOINED_DAY])
    was_again = FAR  # when what he stood on was judged first
    for i in range(state.member[TIERS_HELD]):
        h = i * HISTORY_WIDTH
        if history[h + HISTORY_LADDER] == ladder and (
            history[h + HISTORY_DAY] < day
            or (history[h + HISTORY_DAY] == day and history[h + HISTORY_AT] <= at)
        ):
            was_again = history[h + HISTORY_REVIEW_DAY]
    after = put_tier(state, ladder, tier, day, at, cause, again) + 1
    while True:
        after = next_held(state, ladder, after)
        h = after * HISTORY_WIDTH
        is_last = after >= state.member[TIERS_HELD]
        last = until
        if not is_last:
            last = history[h + HISTORY_DAY]
            if history[h + HISTORY_CAUSE] == 0:
                last -= 1  # what time judged on that day stands
        while again <= last:
            left, following = judged(state, numbers, ladder, tier, again)
            own = revision_at(numbers, again) * numbers.revisions[REVISION_LADDERS] + ladder
            if rank_of(numbers, own, was) > rank_of(numbers, own, left):
                # He goes on as he stood without it.
                put_tier(
                    state,
                    ladder,
                    was,
                    again,
                    0,
                    0,
                    judged_behind(state, numbers, ladder, was, was_again, again),
                )
                return
            if left != tier:
                after = put_tier(state, ladder, left, again, 0, 0, following) + 1
                tier = left
            again = following
        if is_last:
            break
        own = row * numbers.revisions[REVISION_LADDERS] + ladder
        after = next_held(state, ladder, after)
        h = after * HISTORY_WIDTH
        if history[h + HISTORY_CAUSE] == 0 or rank_of(numbers, own, history[h + HISTORY_TIER]) > rank_of(
            numbers, own, tier
        ):
            return
        was = history[h + HISTORY_TIER]
        was_again = history[h + HISTORY_REVIEW_DAY]
        drop_tier(state, after)
    s = ladder * STANDS_WIDTH
    state.ladders[s + STANDS_TIER] = tier
    state.ladders[s + STANDS_REVIEW_DAY] = again
    # One that is past its time already is held by this very entry (`review_passed`), and is never due again.
    if again > state.member[CLOCK_DAY]:
        state.member[NEXT_DUE_DAY] = min(state.member[NEXT_DUE_DAY], again)


def judged_behind(state: State, numbers: Numbers, ladder: int, tier: int, day: int, on: int) -> int:
    """Return the first day of judging behind a day of a tier whose first one is known; those up to it took nothing."""
    while day <= on:
        own = revision_at(numbers, day) * numbers.revisions[REVISION_LADDERS] + ladder
        begins = day - numbers.ladders[own * LADDER_WIDTH + LADDER_GRACE_DAYS]
        again = judged_next(numbers, own, begins, state.member[JOINED_DAY])
        day = again if rank_of(numbers, own, tier) > 0 else FAR
    return day


def held_before(state: State, row: int) -> int:
    """Return the tier of the row before a row of the same ladder."""
    history = state.history
    ladder = history[row * HISTORY_WIDTH + HISTORY_LADDER]
    before = row - 1
    while history[before * HISTORY_WIDTH + HISTORY_LADDER] != ladder:
        before -= 1
    return history[before * HISTORY_WIDTH + HISTORY_TIER]


def lift(
    state: State,
    numbers: Numbers,
    judged_by: int,
    occurred: tuple[int, int],
    recorded: tuple[int, int],
    cause: int,
) -> None:
    """Lift tiers as of the moment (day, microsecond) at which an occasion occurred, and as of the one at which it was told."""
    for i in range(numbers.revisions[REVISION_LADDERS]):
        promote(state, numbers, i, judged_by, occurred[0], occurred[1], cause, recorded[0])
        if occurred[0] < recorded[0]:
            review_passed(state, numbers, i, recorded[0])
            promote(state, numbers, i, judged_by, recorded[0], recorded[1], cause, recorded[0])


def put_past(state: State, asked: Asked, numbers: Numbers, out: Out) -> None:
    """Put down what an entry counts for ladders, where that is kept."""
    past, event = state.past, asked.event
    if past[0] == UNKEPT:
        return
    kind = event[EVENT_KIND]
    if kind == CARRY_IN:
        past[0] = 0
    n_ladders = numbers.revisions[REVISION_LADDERS]
    p = 1 + past[0] * (PAST_COUNTED + n_ladders)
    if p + PAST_COUNTED + n_ladders > len(past):
        out.issues[BROKEN] = 1
        return
    past[0] += 1
    past[p + PAST_SEQUENCE] = state.member[SEQUENCE]
    past[p + PAST_ROLE] = TAKES_BACK
    past[p + PAST_OF] = event[EVENT_ORIGIN]
    past[p + PAST_REVISION] = event[EVENT_REVISION]
    past[p + PAST_DAY] = event[EVENT_OCCURRED_DAY]
    past[p + PAST_AT] = event[EVENT_OCCURRED_AT]
    past[p + PAST_RECORDED_DAY] = event[EVENT_RECORDED_DAY]
    past[p + PAST_RECORDED_AT] = event[EVENT_RECORDED_AT]
    for i in range(n_ladders):
        if is_occasion(kind):
            past[p + PAST_ROLE] = LIFTS
            past[p + PAST_COUNTED + i] = qualifying(asked, numbers, i, GRANTED)
        elif kind == CARRY_IN:
            past[p + PAST_ROLE] = TOOK_OVER
            past[p + PAST_COUNTED + i] = 0
        else:
            past[p + PAST_COUNTED + i] = -qualifying(asked, numbers, i, DESIRED)


def count_past(state: State, numbers: Numbers, p: int, sign: int) -> None:
    """Count a row of the past (its offset) for ladders on its day, or take it out again (`sign` -1)."""
    past, days = state.past, state.days
    n_ladders = numbers.revisions[REVISION_LADDERS]
    w = days_row(state, DAYS_COUNTED + n_ladders, past[p + PAST_DAY], True)
    for i in range(n_ladders):
        days[w + DAYS_COUNTED + i] += sign * past[p + PAST_COUNTED + i]


def let_be_gone(state: State, width: int, origin: int) -> int:
    """Mark what a void undoes, and what came back of it before, as what never was; return its row, -1: the past has it not."""
    past = state.past
    found = -1
    for i in range(past[0]):
        p = 1 + i * width
        if past[p + PAST_ROLE] == LIFTS and past[p + PAST_SEQUENCE] == origin:
            found = i
            past[p + PAST_ROLE] = NEVER_WAS
        elif past[p + PAST_ROLE] == TAKES_BACK and past[p + PAST_OF] == origin:
            past[p + PAST_ROLE] = NEVER_WAS
    return found


def first_of_past(state: State, width: int, voided: int) -> tuple[int, int, int]:
    """Return the row of the past from which tiers are judged again, and the moment that nothing from there on occurred before.

    It is the latest row at or before the voided one such that all before it had been told by that moment.
    """
    past = state.past
    v = 1 + voided * width
    first, day, at = voided, past[v + PAST_DAY], past[v + PAST_AT]
    known = past[0]  # what occurred in the rows from here on is seen
    while first < known:
        for i in range(first, known):
            p = 1 + i * width
            occurred_day, occurred_at = past[p + PAST_DAY], past[p + PAST_AT]
            if past[p + PAST_ROLE] == LIFTS and is_earlier(occurred_day, occurred_at, day, at):
                day, at = occurred_day, occurred_at
        known = first
        while first > 0:
            p = 1 + (first - 1) * width
            told = is_earlier(past[p + PAST_RECORDED_DAY], past[p + PAST_RECORDED_AT], day, at)
            if told and past[p + PAST_ROLE] != NEVER_WAS:
                break
            first -= 1
    return first, day, at


def is_earlier(day: int, at: int, than_day: int, than_at: int) -> bool:
    """Say whether a moment of a day is before another."""
    return day < than_day or (day == than_day and at < than_at)


def judge_again(state: State, asked: Asked, numbers: Numbers) -> None:
    """Let tiers be as if a voided purchase had never been: what the past tells from it on happens again, without it.

    Each entry is judged with what had been told before it, as it was. What was before another member was merged into this one is
    not told apart: there each day lifts at its end.
    """
    member, history, past, event = state.member, state.history, state.past, asked.event
    n_ladders = numbers.revisions[REVISION_LADDERS]
    width = PAST_COUNTED + n_ladders
    voided = let_be_gone(state, width, event[EVENT_ORIGIN])
    is_merged = past[0] > 0 and past[1 + PAST_ROLE] == TOOK_OVER
    if voided < 0 and not is_merged:
        return
    first, day, at = 0, event[EVENT_OCCURRED_DAY], 0
    if voided >= 0:
        first, day, at = first_of_past(state, width, voided)
    if is_merged and first == 0:
        at = 1  # the day as a whole, and not its review
    for i in range(first, past[0]):
        if past[1 + i * width + PAST_ROLE] != NEVER_WAS:
            count_past(state, numbers, 1 + i * width, -1)
    row = 0
    while row < member[TIERS_HELD]:
        h = row * HISTORY_WIDTH
        if is_earlier(history[h + HISTORY_DAY], history[h + HISTORY_AT], day, at):
            row += 1
        else:
            drop_tier(state, row)
    due = member[NEXT_DUE_DAY]
    for i in range(n_ladders):
        stand(state, numbers, i, day)
    if is_merged and first == 0:
        lift_by_days(state, numbers, day)
    for i in range(first, past[0]):
        p = 1 + i * width
        if past[p + PAST_ROLE] != NEVER_WAS:
            recorded = (past[p + PAST_RECORDED_DAY], past[p + PAST_RECORDED_AT])
            for k in range(n_ladders):
                review_passed(state, numbers, k, recorded[0])
            count_past(state, numbers, p, 1)
            if past[p + PAST_ROLE] != TAKES_BACK:
                occurred = (past[p + PAST_DAY], past[p + PAST_AT])
                lift(state, numbers, past[p + PAST_REVISION], occurred, recorded, past[p + PAST_SEQUENCE])
    member[NEXT_DUE_DAY] = due  # reviews that came in between are done
    for i in range(n_ladders):
        review_passed(state, numbers, i, event[EVENT_RECORDED_DAY])
    drop_empty_days(state, DAYS_COUNTED + n_ladders)


def lift_by_days(state: State, numbers: Numbers, first_day: int) -> None:
    """Lift tiers on each day from one on until the merge that the past begins with, at its end."""
    days, past = state.days, state.past
    n_ladders = numbers.revisions[REVISION_LADDERS]
    for i in range(state.member[DAYS]):
        w = i * (DAYS_COUNTED + n_ladders)
        day = days[w + DAYS_DAY]
        if first_day <= day < past[1 + PAST_DAY]:
            for ladder in range(n_ladders):
                if days[w + DAYS_COUNTED + ladder] > 0:
                    review_passed(state, numbers, ladder, day)
                    promote(
                        state,
                        numbers,
                        ladder,
                        revision_at(numbers, day),
                        day,
                        FAR_AT,
                        past[1 + PAST_SEQUENCE],
                        day,
                    )


def drop_empty_days(state: State, width: int) -> None:
    """Take out the days of which nothing is left."""
    row = 0
    while row < state.member[DAYS]:
        rest = False
        for c in range(DAYS_DAY + 1, width):
            rest = rest or state.days[row * width + c] != 0
        if rest:
            row += 1
        else:
            days_drop(state, width, row, 1)


def stand(state: State, numbers: Numbers, ladder: int, on: int) -> None:
    """Stand where the last row of `history` says; reviews up to a day took nothing, or they would have a row."""
    history = state.history
    row = state.member[TIERS_HELD] - 1
    while history[row * HISTORY_WIDTH + HISTORY_LADDER] != ladder:
        row -= 1
    tier, day = history[row * HISTORY_WIDTH + HISTORY_TIER], history[row * HISTORY_WIDTH + HISTORY_REVIEW_DAY]
    day = judged_behind(state, numbers, ladder, tier, day, on)
    s = ladder * STANDS_WIDTH
    state.ladders[s + STANDS_TIER] = tier
    state.ladders[s + STANDS_REVIEW_DAY] = day


def review_passed(state: State, numbers: Numbers, ladder: int, day: int) -> None:
    """Judge a tier on each day up to this one on which that was due already: one reached late may be past its time."""
    s = ladder * STANDS_WIDTH + STANDS_REVIEW_DAY
    while state.ladders[s] <= day:
        review(state, numbers, ladder, state.ladders[s])
    state.member[NEXT_DUE_DAY] = min(state.member[NEXT_DUE_DAY], state.ladders[s])


def advance(state: State, numbers: Numbers, out: Out, day: int, at: int) -> None:
    """Do what time has made due up to a moment, in the order of the days on which it was due."""
    advance_by(state, numbers, out, day, at, FAR)


def advance_by(state: State, numbers: Numbers, out: Out, day: int, at: int, steps: int) -> None:
    """Do the same in so many steps at most: a lot that expires, is let go of or repays debt, or a review.

    Where steps run out the day of the clock is the one before the next that is due, and the next entry goes on. It never goes
    back: what lapses later on a day that has an entry is done after that entry.
    """
    member = state.member
    stood = member[CLOCK_DAY]
    if day > member[CLOCK_DAY]:
        member[CLOCK_DAY] = day
    if at > member[CLOCK_AT]:
        member[CLOCK_AT] = at
    if member[NEXT_DUE_DAY] <= day or member[NEXT_LAPSE_AT] <= at:
        do_what_is_due(state, numbers, out, day, at, steps, stood)


def do_what_is_due(
    state: State, numbers: Numbers, out: Out, day: int, at: int, steps: int, stood: int
) -> None:
    """Do it, the clock having stood on a day."""
    member, lots, queue, holds = state.member, state.lots, state.queue, state.holds
    n_currencies = numbers.revisions[REVISION_CURRENCIES]
    taken = 0
    while True:
        # Of all that is due, the earliest; on one day expiry, then maturity, then review, then lapse.
        due = FAR
        what = 0
        which = front(state)
        if which >= 0:
            due = lots[which * LOT_WIDTH + LOT_EXPIRES] + 1
            what = 1
        for c in range(n_currencies):
            if member[BALANCES + c * BALANCE_WIDTH + DEBT] > 0:
                for i in range(member[QUEUE_FIRST], member[QUEUE_END]):
                    p = queue[i] * LOT_WIDTH
                    if lots[p + LOT_LEFT] > 0 and lots[p + LOT_CURRENCY] == c and lots[p + LOT_MATURES] < due:
                        due = lots[p + LOT_MATURES]
                        what = 2
                        which = c
        for i in range(numbers.revisions[REVISION_LADDERS]):
            if state.ladders[i * STANDS_WIDTH + STANDS_REVIEW_DAY] < due:
                due = state.ladders[i * STANDS_WIDTH + STANDS_REVIEW_DAY]
                what = 3
                which = i
        if member[NEXT_LAPSE_AT] <= at:
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
            # A moment that is due is an entry of its own: whoever sees time pass makes it first.
            next_due = min(next_moment(state, numbers, day)[1], next_exchange(state, numbers, day)[1])
            member[NEXT_DUE_DAY] = min(due, next_due)
            break
        if taken >= steps:
            member[NEXT_DUE_DAY] = due
            member[CLOCK_DAY] = max(due - 1, stood)
            break
        first = out.moved[0]
        if what == 1:
            expire_lot(state, out, which, due)
        elif what == 2:
            settle_by(state, numbers, out, revision_at(numbers, due), which, due, steps - taken)
        elif what == 3:
            review(state, numbers, which, due)
            taken += 1
        else:
            currency = let_go(state, out, holds[which * HOLD_WIDTH + HOLD_RESERVATION], 0, steps - taken)
            settle(state, numbers, out, revision_at(numbers, due), currency, due)
            expire_passed(state, out, due)
        taken += out.moved[0] - first


def times_granted(state: State, asked: Asked, numbers: Numbers, limit: int, before: int) -> int:
    """Return how often a limit that counts times was counted in the period of the occurred day, before this occasion: hits up to
    row `before` have been counted too.
    """
    event = asked.event
    x = (event[EVENT_REVISION] * numbers.revisions[REVISION_LIMITS] + limit) * LIMIT_WIDTH
    per = numbers.limits[x + LIMIT_PERIOD]
    c = counter_row(state, limit, period_of(per, event[EVENT_OCCURRED_DAY], event[EVENT_MONTH]), False)
    times = state.counters[c + COUNTER_USED] if c >= 0 else 0
    first_rule = numbers.revisions[event[EVENT_REVISION] * REVISION_WIDTH + REVISION_RULES]
    for k in range(event[EVENT_HITS], before):
        if asked.results[k * RESULT_WIDTH + GRANTED] > 0:
            r = (first_rule + asked.hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
            for i in range(numbers.rules[r + RULE_LIMITS], numbers.rules[r + RULE_LIMITS_END]):
                if numbers.rule_limits[i] == limit:
                    times -= 1
    return times


def state_holds(state: State, asked: Asked, numbers: Numbers, first: int, end: int, before: int) -> int:
    """Return 1 when a rule's condition on state is true of an occasion, of which hits up to row `before` have been counted, else
    0. `stack` is a stack of bits.
    """
    member, tests, event = state.member, numbers.tests, asked.event
    day = event[EVENT_OCCURRED_DAY]
    width = DAYS_COUNTED + numbers.revisions[REVISION_LADDERS]
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
                value = tier_at(state, argument, day, event[EVENT_OCCURRED_AT])
            elif fact == FACT_SPEND:
                begins = window_first(numbers, argument, day, member[JOINED_DAY])
                value = days_sum(state, width, DAYS_SPEND, begins, day)
            elif fact == FACT_VISITS:
                begins = window_first(numbers, argument, day, member[JOINED_DAY])
                value = days_sum(state, width, DAYS_VISITS, begins, day)
            elif fact == FACT_DAYS_SINCE:
                known = 1 if 0 <= member[LAST_PURCHASE_DAY] <= day else 0
                value = day - member[LAST_PURCHASE_DAY]
            elif fact == FACT_PURCHASES_BEFORE:
                value = member[PURCHASES]
            elif fact == FACT_BALANCE:
                value = member[BALANCES + argument * BALANCE_WIDTH + BALANCE]
            elif fact == FACT_DAYS_SINCE_JOINED:
                known = 1 if 0 < member[JOINED_DAY] <= day else 0
                value = day - member[JOINED_DAY]
            elif fact == FACT_TIMES_GRANTED:
                value = times_granted(state, asked, numbers, argument, before)
            else:
                known = 0
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


def counter_row(state: State, limit: int, period: int, may_add: bool) -> int:
    """Return the offset of a counter, added at 0 when it may be; -1 when it is not there.

    Of each limit the latest period stands last: what is later is not there, and that is most often what is asked for.
    """
    member, counters = state.member, state.counters
    i = member[COUNTERS] - 1
    latest = -1
    while i >= 0:
        c = i * COUNTER_WIDTH
        if counters[c + COUNTER_LIMIT] == limit:
            if counters[c + COUNTER_PERIOD] == period:
                return c
            if counters[c + COUNTER_PERIOD] < period and latest < 0:
                break
            latest = max(latest, c)
        i -= 1
    if not may_add:
        return -1
    c = member[COUNTERS] * COUNTER_WIDTH
    if latest >= 0:
        for w in range(COUNTER_WIDTH):
            counters[c + w] = counters[latest + w]
        c = latest
    counters[c + COUNTER_LIMIT] = limit
    counters[c + COUNTER_PERIOD] = period
    counters[c + COUNTER_USED] = 0
    member[COUNTERS] += 1
    return c


def count_limits(state: State, numbers: Numbers, event: list[int], rule: int, units: int, times: int) -> None:
    """Count units of a rule (its row) and times against its limits in the periods of the occurred day; below zero gives back."""
    row = event[EVENT_REVISION] * numbers.revisions[REVISION_LIMITS]
    for i in range(numbers.rules[rule + RULE_LIMITS], numbers.rules[rule + RULE_LIMITS_END]):
        limit = numbers.rule_limits[i]
        x = (row + limit) * LIMIT_WIDTH
        per = numbers.limits[x + LIMIT_PERIOD]
        counted = units if numbers.limits[x + LIMIT_COUNTS] == UNITS else times
        if per != PER_PURCHASE and counted != 0:
            period = period_of(per, event[EVENT_OCCURRED_DAY], event[EVENT_MONTH])
            # What a forgotten period gets back is not kept: a late purchase sums it from the journal.
            c = counter_row(state, limit, period, counted > 0)
            if c >= 0:
                state.counters[c + COUNTER_USED] += counted


def used_so_far(state: State, asked: Asked, numbers: Numbers, limit: int, before: int) -> int:
    """Return what has been counted against a limit; hits up to row `before` have had their part."""
    event, hits, results = asked.event, asked.hits, asked.results
    x = (event[EVENT_REVISION] * numbers.revisions[REVISION_LIMITS] + limit) * LIMIT_WIDTH
    per = numbers.limits[x + LIMIT_PERIOD]
    used = 0
    if per != PER_PURCHASE:
        c = counter_row(state, limit, period_of(per, event[EVENT_OCCURRED_DAY], event[EVENT_MONTH]), False)
        if c >= 0:
            used = state.counters[c + COUNTER_USED]
    elif numbers.limits[x + LIMIT_SHARED] > 1:
        first_rule = numbers.revisions[event[EVENT_REVISION] * REVISION_WIDTH + REVISION_RULES]
        for k in range(event[EVENT_HITS], before):
            other = (first_rule + hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
            granted = results[k * RESULT_WIDTH + GRANTED]
            if numbers.limits[x + LIMIT_COUNTS] == TIMES:
                granted = min(granted, 1)
            for j in range(numbers.rules[other + RULE_LIMITS], numbers.rules[other + RULE_LIMITS_END]):
                if numbers.rule_limits[j] == limit:
                    used += granted
    return used


def within_limits(state: State, asked: Asked, numbers: Numbers, rule: int, units: int, before: int) -> int:
    """Return how much of what a rule desires its limits leave; hits up to row `before` have had their part."""
    row = asked.event[EVENT_REVISION] * numbers.revisions[REVISION_LIMITS]
    left = units
    for i in range(numbers.rules[rule + RULE_LIMITS], numbers.rules[rule + RULE_LIMITS_END]):
        x = (row + numbers.rule_limits[i]) * LIMIT_WIDTH
        most = max(
            0,
            numbers.limits[x + LIMIT_UNITS]
            - used_so_far(state, asked, numbers, numbers.rule_limits[i], before),
        )
        if numbers.limits[x + LIMIT_COUNTS] == TIMES:
            most = units if most > 0 else 0
        if numbers.limits[x + LIMIT_WHEN] == SKIP and most < units:
            most = 0
        left = min(left, most)
    return left


def is_used_up(state: State, asked: Asked, numbers: Numbers) -> bool:
    """Say whether a limit that refuses leaves nothing to a rule that sees an event and whose condition on state holds."""
    event, rules = asked.event, numbers.rules
    before = event[EVENT_HITS]
    first_rule = numbers.revisions[event[EVENT_REVISION] * REVISION_WIDTH + REVISION_RULES]
    row = event[EVENT_REVISION] * numbers.revisions[REVISION_LIMITS]
    for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
        r = (first_rule + asked.hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
        first, end = rules[r + RULE_TESTS], rules[r + RULE_TESTS_END]
        for i in range(rules[r + RULE_LIMITS], rules[r + RULE_LIMITS_END]):
            x = (row + numbers.rule_limits[i]) * LIMIT_WIDTH
            if numbers.limits[x + LIMIT_WHEN] == REFUSE:
                used = used_so_far(state, asked, numbers, numbers.rule_limits[i], before)
                if used >= numbers.limits[x + LIMIT_UNITS] and (
                    first == end or state_holds(state, asked, numbers, first, end, before) == 1
                ):
                    return True
    return False


def granted_for(
    grant: int, units: int, per: int, amount: int, quantity: int, times: int, over: int, rounding: int
) -> int:
    """Return what a plain amount comes to."""
    size = amount
    if grant == FIXED:
        size = 1
        per = 1
    elif grant != PER_AMOUNT:
        if grant != PER_WHOLE_AMOUNT:
            size = quantity
        if grant != PER_QUANTITY:
            size = size // per
            per = 1
    return divide(size * units * times, per * over, rounding)


def shaped(numbers: Numbers, r: int, amount: int, quantity: int, times: int, over: int) -> int:
    """Return what a rule (its offset) desires that has bands, or several amounts of which the least counts."""
    rules, amounts = numbers.rules, numbers.amounts
    grant, per, rounding = rules[r + RULE_GRANT], rules[r + RULE_PER], rules[r + RULE_ROUNDING]
    first, end = rules[r + RULE_AMOUNTS], rules[r + RULE_AMOUNTS_END]
    if rules[r + RULE_SHAPE] == LESSER:
        least = granted_for(grant, rules[r + RULE_UNITS], per, amount, quantity, times, over, rounding)
        for i in range(first, end):
            a = i * AMOUNT_WIDTH
            other = granted_for(
                amounts[a + AMOUNT_GRANT], amounts[a + AMOUNT_UNITS], amounts[a + AMOUNT_PER], amount, quantity, times, over,
                rounding,
            )  # fmt: skip
            least = min(least, other)
        return least
    size = quantity if is_by_quantity(amounts[first * AMOUNT_WIDTH + AMOUNT_GRANT]) else amount
    if rules[r + RULE_SHAPE] == MARGINAL:
        total = 0
        for i in range(first, end):
            a = i * AMOUNT_WIDTH
            high = size
            if i + 1 < end:
                high = min(size, amounts[a + AMOUNT_WIDTH + AMOUNT_FROM])
            total += max(0, high - amounts[a + AMOUNT_FROM]) * amounts[a + AMOUNT_UNITS]
        return divide(total * times, per * over, rounding)
    units = 0
    for i in range(first, end):
        if amounts[i * AMOUNT_WIDTH + AMOUNT_FROM] <= size:
            units = amounts[i * AMOUNT_WIDTH + AMOUNT_UNITS]
    return granted_for(grant, units, per, amount, quantity, times, over, rounding)


def weigh(state: State, asked: Asked, numbers: Numbers, k: int, r: int, before: int) -> None:
    """Fill the result of one hit of a rule (its offset r): condition on state, rate, rounding, limits, and its pool."""
    event, hits, results, rules = asked.event, asked.hits, asked.results, numbers.rules
    h, o = k * HIT_WIDTH, k * RESULT_WIDTH
    desired = 0
    why = UNMET
    first = rules[r + RULE_TESTS]
    end = rules[r + RULE_TESTS_END]
    if first == end or state_holds(state, asked, numbers, first, end, before) == 1:
        times = 1
        over = 1
        ladder = rules[r + RULE_LADDER]
        if ladder >= 0:
            own = event[EVENT_REVISION] * numbers.revisions[REVISION_LADDERS] + ladder
            rank = rank_of(numbers, own, state.ladders[ladder * STANDS_WIDTH + STANDS_JUDGED])
            t = (numbers.ladders[own * LADDER_WIDTH + LADDER_TIERS] + rank) * TIER_WIDTH
            times = numbers.tiers[t + TIER_TIMES]
            over = numbers.tiers[t + TIER_OVER]
        amount, quantity = hits[h + HIT_AMOUNT], hits[h + HIT_QUANTITY]
        if rules[r + RULE_SHAPE] == PLAIN:
            desired = granted_for(
                rules[r + RULE_GRANT], rules[r + RULE_UNITS], rules[r + RULE_PER], amount, quantity, times, over,
                rules[r + RULE_ROUNDING],
            )  # fmt: skip
        else:
            desired = shaped(numbers, r, amount, quantity, times, over)
        if desired < rules[r + RULE_LEAST] and (amount > 0 or quantity > 0):
            desired = rules[r + RULE_LEAST]
        why = ALL if desired > 0 else NOTHING
    granted = desired
    if desired > 0 and rules[r + RULE_LIMITS] < rules[r + RULE_LIMITS_END]:
        granted = within_limits(state, asked, numbers, r, desired, before)
        if granted < desired:
            why = LIMITED
    if hits[h + HIT_ROOM] < SWITCHED and granted > told_room(hits[h + HIT_ROOM]):
        granted = told_room(hits[h + HIT_ROOM])
        why = POOLED
    if hits[h + HIT_ROOM] == SWITCHED and desired > 0:
        granted = 0
        why = SWITCHED_OFF
    results[o + DESIRED] = desired
    results[o + GRANTED] = granted
    results[o + WHY] = why


def judge(state: State, asked: Asked, numbers: Numbers) -> None:
    """Fill `results` with what each hit desires and is granted, group by group in the order of the programme.

    Rules of a group that adds up take their limits one after the other; of a group that keeps the best, or the first, only the
    first of the largest, or the first that grants, grants, and only it counts.
    """
    event, hits, results, rules = asked.event, asked.hits, asked.results, numbers.rules
    first_rule = numbers.revisions[event[EVENT_REVISION] * REVISION_WIDTH + REVISION_RULES]
    k = event[EVENT_HITS]
    end = event[EVENT_HITS_END]
    while k < end:
        r = (first_rule + hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
        best = k
        last = k
        weigh(state, asked, numbers, k, r, k)
        mode = rules[r + RULE_MODE]
        if mode != ADDS:
            while last + 1 < end:
                n = (first_rule + hits[(last + 1) * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
                if rules[n + RULE_GROUP] != rules[r + RULE_GROUP]:
                    break
                last += 1
                weigh(state, asked, numbers, last, n, k)
                most = results[best * RESULT_WIDTH + GRANTED]
                if results[last * RESULT_WIDTH + GRANTED] > most and (mode == BEST or most == 0):
                    best = last
            for i in range(k, last + 1):
                if i != best and results[i * RESULT_WIDTH + GRANTED] > 0:
                    results[i * RESULT_WIDTH + GRANTED] = 0
                    # What its pool kept it from may be why it was beaten: that is what the journal must tell.
                    if results[i * RESULT_WIDTH + WHY] != POOLED:
                        results[i * RESULT_WIDTH + WHY] = BEATEN
        b = r if best == k else (first_rule + hits[best * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
        granted = results[best * RESULT_WIDTH + GRANTED]
        if granted > 0 and rules[b + RULE_LIMITS] < rules[b + RULE_LIMITS_END]:
            count_limits(state, numbers, event, b, granted, 1)
        k = last + 1


def grant(state: State, asked: Asked, numbers: Numbers, out: Out) -> None:
    """Open what the hits were granted: a lot and a posting for each terms."""
    event, hits, results, rules = asked.event, asked.hits, asked.results, numbers.rules
    row = event[EVENT_REVISION]
    terms = numbers.revisions[row * REVISION_WIDTH + REVISION_RULES] * RULE_WIDTH + RULE_TERMS
    n_terms = numbers.revisions[REVISION_TERMS]
    first, end = event[EVENT_HITS], event[EVENT_HITS_END]
    for t in range(n_terms):
        units = 0
        for k in range(first, end):
            if rules[terms + hits[k * HIT_WIDTH + HIT_RULE] * RULE_WIDTH] == t:
                units += results[k * RESULT_WIDTH + GRANTED]
        if units > 0:
            d = event[EVENT_DATES] + t * DATES_WIDTH
            currency = numbers.terms[(row * n_terms + t) * TERMS_WIDTH + TERMS_CURRENCY]
            receive(
                state, numbers, out, row, t, currency, units, asked.dates[d + DATES_EXPIRES],
                asked.dates[d + DATES_MATURES], event[EVENT_RECORDED_DAY], EARN,
            )  # fmt: skip


def qualifying(asked: Asked, numbers: Numbers, ladder: int, column: int) -> int:
    """Return what an occasion counts for a ladder: money, a visit, or the units of a currency in a column of results."""
    event, hits, results = asked.event, asked.hits, asked.results
    row = event[EVENT_REVISION]
    n_terms = numbers.revisions[REVISION_TERMS]
    x = (row * numbers.revisions[REVISION_LADDERS] + ladder) * LADDER_WIDTH
    counts = numbers.ladders[x + LADDER_COUNTS]
    if numbers.ladders[x + LADDER_TIERS] == numbers.ladders[x + LADDER_TIERS_END]:
        return 0
    if counts == BY_SPEND:
        return event[EVENT_AMOUNT]
    if counts == BY_VISITS:
        return (
            event[EVENT_WHOLE] if not is_occasion(event[EVENT_KIND]) else int(event[EVENT_KIND] == PURCHASE)
        )
    first_rule = numbers.revisions[row * REVISION_WIDTH + REVISION_RULES]
    units = 0
    for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
        r = (first_rule + hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
        t = (row * n_terms + numbers.rules[r + RULE_TERMS]) * TERMS_WIDTH
        if numbers.rules[r + RULE_CURRENCY] == counts and numbers.terms[t + TERMS_QUALIFIES] == 1:
            units += results[k * RESULT_WIDTH + column]
    return units


def count_day(state: State, asked: Asked, numbers: Numbers) -> None:
    """Count an occasion for windows, on the day on which it occurred; only a purchase is spent and a visit."""
    event, days = asked.event, state.days
    n_ladders = numbers.revisions[REVISION_LADDERS]
    counts = event[EVENT_KIND] == PURCHASE
    for i in range(n_ladders):
        counts = counts or qualifying(asked, numbers, i, GRANTED) != 0
    if not counts:
        return
    w = days_row(state, DAYS_COUNTED + n_ladders, event[EVENT_OCCURRED_DAY], True)
    days[w + DAYS_SPEND] += event[EVENT_AMOUNT]
    if event[EVENT_KIND] == PURCHASE:
        days[w + DAYS_VISITS] += 1
    for i in range(n_ladders):
        days[w + DAYS_COUNTED + i] += qualifying(asked, numbers, i, GRANTED)


def uncount_day(state: State, asked: Asked, numbers: Numbers, forgiven: int) -> None:
    """Take out of windows what a return brings back; of a day that is not there nobody asks any more.

    Where units of the purchase were forgiven, its visit and what was spent in it stay counted: a rule that asks for either must
    not pay for the same money again. What counts for a ladder is taken out all the same.
    """
    event, days = asked.event, state.days
    n_ladders = numbers.revisions[REVISION_LADDERS]
    width = DAYS_COUNTED + n_ladders
    w = days_row(state, width, event[EVENT_OCCURRED_DAY], False)
    if w < 0:
        return
    if forgiven == 0:
        days[w + DAYS_SPEND] -= event[EVENT_AMOUNT]
        days[w + DAYS_VISITS] -= event[EVENT_WHOLE]
    rest = days[w + DAYS_SPEND] != 0 or days[w + DAYS_VISITS] != 0
    for i in range(n_ladders):
        days[w + DAYS_COUNTED + i] -= qualifying(asked, numbers, i, DESIRED)
        rest = rest or days[w + DAYS_COUNTED + i] != 0
    if not rest:
        days_drop(state, width, w // width, 1)


def kept_from(numbers: Numbers, day: int, at: int) -> int:
    """Return the first day that the row of a member keeps whose clock stands at a moment of a day.

    Older ones are asked for by who is later than LATE_DAYS, and by a revision with a longer window: they are counted from the
    journal again.
    """
    if day == 0:
        return -FAR  # no clock runs yet: nothing happened
    looks_back = numbers.revisions[revision_in_force(numbers, at) * REVISION_WIDTH + REVISION_LOOKS_BACK]
    return max(-FAR, day - looks_back - LATE_DAYS + 1) if looks_back > 0 else day + 1


def is_occasion(kind: int) -> bool:
    """Say whether an entry of a kind may earn: it brings hits."""
    return kind == PURCHASE or kind == EVENT or kind == MOMENT


def occasion(state: State, asked: Asked, numbers: Numbers) -> None:
    """Count what an occasion was, and lift tiers as of the moment it occurred."""
    member, event = state.member, asked.event
    count_day(state, asked, numbers)
    if event[EVENT_KIND] == PURCHASE:
        member[PURCHASES] += 1
        member[LAST_PURCHASE_DAY] = max(member[LAST_PURCHASE_DAY], event[EVENT_OCCURRED_DAY])
    occurred = (event[EVENT_OCCURRED_DAY], event[EVENT_OCCURRED_AT])
    recorded = (event[EVENT_RECORDED_DAY], event[EVENT_RECORDED_AT])
    lift(state, numbers, event[EVENT_REVISION], occurred, recorded, member[SEQUENCE])


def owe(
    state: State, numbers: Numbers, out: Out, row: int, terms: int, lot: int, units: int, day: int
) -> int:
    """Put units down as debt as far as the policy allows, and repay it from what is available; return what is owed."""
    member = state.member
    n_currencies = numbers.revisions[REVISION_CURRENCIES]
    currency = numbers.terms[terms * TERMS_WIDTH + TERMS_CURRENCY]
    limit = numbers.currencies[(row * n_currencies + currency) * CURRENCY_WIDTH + CURRENCY_DEBT_LIMIT]
    d = BALANCES + currency * BALANCE_WIDTH + DEBT
    if units == 0:
        return 0
    # Units promised to a reservation come back or are spent: either way they are owed, or releasing them would give
    # points that no purchase earned. They count beyond the limit, also where debt is forbidden.
    promised = held_units(state, currency)
    owed = min(units, available(state, currency, day) + max(0, limit + promised - member[d]))
    if owed > 0:
        member[d] += owed
        move(out, terms, lot, W_OWED, owed)
        settle(state, numbers, out, row, currency, day)
    return owed


def take_back(
    state: State, numbers: Numbers, out: Out, row: int, lot: int, units: int, day: int
) -> tuple[int, int]:
    """Take units of a lot (its row); return (charged, forgiven).

    First what is left of the lot, then what has expired (which is not charged), then what was spent: that is taken from
    the member's other available units and, as far as the policy allows, put down as debt. The rest is forgiven.
    """
    lots = state.lots
    p = lot * LOT_WIDTH
    terms, number = lots[p + LOT_TERMS], lots[p + LOT_NUMBER]
    lots[p + LOT_RETURNED] += units
    charged = min(units, lots[p + LOT_LEFT])
    if charged > 0:
        lots[p + LOT_LEFT] -= charged
        move(out, terms, number, W_BACK, charged)
    rest = units - charged
    expired = min(rest, lots[p + LOT_EXPIRED])
    if expired > 0:
        lots[p + LOT_EXPIRED] -= expired
        move(out, terms, number, W_EXPIRED_BACK, expired)
    rest -= expired
    if rest > 0:
        lots[p + LOT_GONE] -= rest
        move(out, terms, number, W_GONE_BACK, rest)
    owed = owe(state, numbers, out, row, terms, number, rest, day)
    return charged + owed, rest - owed


def units_back(asked: Asked, numbers: Numbers, k: int, rule: int) -> int:
    """Return what a return takes of a hit (row k), and remember the weight that has come back. Telescopes."""
    hits, results, event = asked.hits, asked.results, asked.event
    o = hits[k * HIT_WIDTH + HIT_ORIGIN]
    grant = numbers.rules[rule + RULE_GRANT]
    whole = weight(grant, hits[o * HIT_WIDTH + HIT_AMOUNT], hits[o * HIT_WIDTH + HIT_QUANTITY])
    before = results[o * RESULT_WIDTH + RETURNED]
    after = whole
    if event[EVENT_WHOLE] == 0:
        size = (
            hits[k * HIT_WIDTH + HIT_QUANTITY] if is_by_quantity(grant) else hits[k * HIT_WIDTH + HIT_AMOUNT]
        )
        after = min(whole, before + size)
    granted = results[o * RESULT_WIDTH + GRANTED]
    results[o * RESULT_WIDTH + RETURNED] = after
    return granted * after // whole - granted * before // whole


def lots_are_there(state: State, asked: Asked, numbers: Numbers) -> bool:
    """Say whether every lot that a return takes from is there: looked at before anything is written."""
    event, hits, results = asked.event, asked.hits, asked.results
    first_rule = numbers.revisions[event[EVENT_REVISION] * REVISION_WIDTH + REVISION_RULES]
    for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
        r = (first_rule + hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
        granted = results[hits[k * HIT_WIDTH + HIT_ORIGIN] * RESULT_WIDTH + GRANTED]
        if granted > 0 and lot_of_hit(state, asked, k, numbers.rules[r + RULE_TERMS]) < 0:
            return False
    return True


def lot_of_hit(state: State, asked: Asked, k: int, terms: int) -> int:
    """Return the row of the lot that a return takes from by its hit k, or -1."""
    number = asked.hits[asked.hits[k * HIT_WIDTH + HIT_ORIGIN] * HIT_WIDTH + HIT_ORIGIN]
    if number > 0:
        return lot_by_number(state, number)
    return lot_by_origin(state, asked.event[EVENT_ORIGIN], terms)


def forgiven_of(asked: Asked) -> int:
    """Return the units forgiven so far of everything that a purchase granted, by this return and those before it."""
    event, hits, results = asked.event, asked.hits, asked.results
    forgiven = 0
    for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
        forgiven += results[hits[k * HIT_WIDTH + HIT_ORIGIN] * RESULT_WIDTH + FORGIVEN]
    return forgiven


def give_back(state: State, asked: Asked, numbers: Numbers, out: Out) -> None:
    """Claw back what the returned part of a purchase earned. Telescopes: order and split do not matter."""
    member, event, hits, results = state.member, asked.event, asked.hits, asked.results
    row = event[EVENT_REVISION]
    first_rule = numbers.revisions[row * REVISION_WIDTH + REVISION_RULES]
    day = event[EVENT_RECORDED_DAY]
    n_terms = numbers.revisions[REVISION_TERMS]
    for t in range(n_terms):
        taken = 0
        for k in range(event[EVENT_HITS], event[EVENT_HITS_END]):
            r = (first_rule + hits[k * HIT_WIDTH + HIT_RULE]) * RULE_WIDTH
            if numbers.rules[r + RULE_TERMS] != t:
                continue
            o = hits[k * HIT_WIDTH + HIT_ORIGIN]
            units = units_back(asked, numbers, k, r)
            charged = 0
            forgiven = 0
            if units > 0:
                lot = lot_of_hit(state, asked, k, t)
                charged, forgiven = take_back(state, numbers, out, row, lot, units, day)
                # With this all of it has come back, and the member kept none of it: it was no time.
                whole = weight(
                    numbers.rules[r + RULE_GRANT],
                    hits[o * HIT_WIDTH + HIT_AMOUNT],
                    hits[o * HIT_WIDTH + HIT_QUANTITY],
                )
                kept = results[o * RESULT_WIDTH + FORGIVEN] + forgiven
                times = -1 if results[o * RESULT_WIDTH + RETURNED] == whole and kept == 0 else 0
                count_limits(state, numbers, event, r, forgiven - units, times)
            results[o * RESULT_WIDTH + FORGIVEN] += forgiven
            results[k * RESULT_WIDTH + DESIRED] = units
            results[k * RESULT_WIDTH + GRANTED] = charged
            results[k * RESULT_WIDTH + WHY] = ALL
            results[k * RESULT_WIDTH + RETURNED] = 0
            results[k * RESULT_WIDTH + FORGIVEN] = forgiven
            taken += charged
        if taken > 0:
            currency = numbers.terms[(row * n_terms + t) * TERMS_WIDTH + TERMS_CURRENCY]
            post(state, out, t, currency, CLAW_BACK, taken, -1, 0, -1)
    # What was forgiven stays used: a purchase, and with it a first one, comes back only where nothing of it was kept.
    forgiven = forgiven_of(asked)
    undone = event[EVENT_WHOLE] if forgiven == 0 else 0
    uncount_day(state, asked, numbers, forgiven)
    member[PURCHASES] -= undone
    if event[EVENT_KIND] == VOID:
        if undone == 1 and member[LAST_PURCHASE_DAY] == event[EVENT_OCCURRED_DAY]:
            member[LAST_PURCHASE_DAY] = event[EVENT_PREVIOUS_DAY]


def put_back(
    state: State, numbers: Numbers, out: Out, row: int, lot: int, units: int, day: int, verb: int
) -> None:
    """Give units that were spent back to their lot (its row); one that has expired meanwhile: by its terms."""
    lots = state.lots
    p = lot * LOT_WIDTH
    terms, currency, number = lots[p + LOT_TERMS], lots[p + LOT_CURRENCY], lots[p + LOT_NUMBER]
    n_terms = numbers.revisions[REVISION_TERMS]
    grace = numbers.terms[(row * n_terms + terms) * TERMS_WIDTH + TERMS_GRACE_DAYS]
    if lots[p + LOT_EXPIRES] < day and grace > 0:
        # They are gone from a lot whose time has passed, and live for a while in one of their own.
        receive(state, numbers, out, row, terms, currency, units, day + grace - 1, day, day, verb)
        return
    lots[p + LOT_GONE] -= units
    lots[p + LOT_LEFT] += units
    enqueue(state, lot)
    move(out, terms, number, W_PUT_BACK, units)
    post(state, out, terms, currency, verb, units, 1, number, -1)
    settle(state, numbers, out, row, currency, day)
    if lots[p + LOT_LEFT] > 0:
        if lots[p + LOT_EXPIRES] < day:
            expire_lot(state, out, lot, day)
        else:
            look_at_lot(state, numbers, p)


def undoing_verb(kind: int, way: int) -> int:
    """Return the verb that undoes what an entry of a kind moved, by the way of its units; -1 where nothing may."""
    if kind == EXCHANGE:
        return REVERSED_EXCHANGE_IN if way == W_OPENED else REVERSED_EXCHANGE_OUT
    if kind == REDEEM or kind == COMMIT:
        return REVERSED_REDEEM
    if kind == ADJUST_UP:
        return REVERSED_ADJUST_UP
    if kind == ADJUST_DOWN:
        return REVERSED_ADJUST_DOWN
    if kind == GIFT_OUT:
        return REVERSED_GIVE
    if kind == GIFT_IN:
        return REVERSED_RECEIVE
    if kind == OPENING:
        return REVERSED_OPENING
    return -1


def moves_can_be_undone(state: State, asked: Asked) -> bool:
    """Say whether every lot that an entry moved is there; what it owed was of none."""
    event, moves = asked.event, asked.moves
    for m in range(event[EVENT_MOVES], event[EVENT_MOVES_END]):
        way, lot = moves[m * MOVE_WIDTH + MOVE_WAY], moves[m * MOVE_WIDTH + MOVE_LOT]
        if way != W_OWED and lot_by_number(state, lot) < 0:
            return False
    return True


def reverse(state: State, asked: Asked, numbers: Numbers, out: Out) -> None:
    """Undo what an entry itself moved, by its own record; what time did in it stands.

    What it brought is taken back as from a return: its own lots first, what was spent as the policy for debt has it. What it
    took goes back to the very lots that paid.
    """
    event, moves = asked.event, asked.moves
    row = event[EVENT_REVISION]
    day = event[EVENT_RECORDED_DAY]
    for m in range(event[EVENT_MOVES], event[EVENT_MOVES_END]):
        way, units = moves[m * MOVE_WIDTH + MOVE_WAY], moves[m * MOVE_WIDTH + MOVE_UNITS]
        terms = moves[m * MOVE_WIDTH + MOVE_TERMS]
        verb = undoing_verb(event[EVENT_UNDOES], way)
        lot = lot_by_number(state, moves[m * MOVE_WIDTH + MOVE_LOT])
        currency = numbers.terms[terms * TERMS_WIDTH + TERMS_CURRENCY]
        if way == W_OPENED:
            charged, forgiven = take_back(state, numbers, out, row, lot, units, day)
            if charged > 0:
                post(state, out, terms, currency, verb, charged, -1, 0, -1)
        elif way == W_SPENT or way == W_COMMITTED:
            put_back(state, numbers, out, row, lot, units, day, verb)
        elif way == W_OWED:
            d = BALANCES + currency * BALANCE_WIDTH + DEBT
            forgiven = min(units, state.member[d])
            if forgiven > 0:
                state.member[d] -= forgiven
                move(out, terms, 0, W_FORGAVE, forgiven)
                post(state, out, terms, currency, verb, forgiven, 1, 0, -1)
            if units > forgiven:
                # What was owed has been repaid since, from lots that are other entries': it comes as a lot of its own.
                d = event[EVENT_DATES] + terms * DATES_WIDTH
                receive(
                    state, numbers, out, row, terms, currency, units - forgiven, asked.dates[d + DATES_EXPIRES],
                    day, day, verb,
                )  # fmt: skip


def takes(verb: int) -> bool:
    """Say whether a leg takes available units."""
    return verb == REDEEMED or verb == GIVEN or verb == ADJUSTED_DOWN or verb == HOLD or verb == EXCHANGED_OUT


def brings(verb: int) -> bool:
    """Say whether a leg brings units."""
    return verb == ADJUSTED_UP or verb == RECEIVED or verb == OPENED or verb == EXCHANGED_IN


def is_reserved(state: State, reservation: int) -> bool:
    """Say whether a reservation holds units."""
    for i in range(state.member[HOLDS]):
        if state.holds[i * HOLD_WIDTH + HOLD_RESERVATION] == reservation:
            return True
    return False


def refused_legs(state: State, asked: Asked, numbers: Numbers) -> int:
    """Return why a leg cannot be: the ladder of refusals, in the order of the legs."""
    event, legs, lots = asked.event, asked.legs, state.lots
    day = event[EVENT_RECORDED_DAY]
    n_currencies = numbers.revisions[REVISION_CURRENCIES]
    for i in range(event[EVENT_LEGS], event[EVENT_LEGS_END]):
        leg = i * LEG_WIDTH
        verb, currency = legs[leg + LEG_VERB], legs[leg + LEG_CURRENCY]
        if verb == SPEND_HELD or verb == LET_GO:
            if not is_reserved(state, legs[leg + LEG_RESERVATION]):
                return NOT_RESERVED
        elif takes(verb):
            if currency < 0 or currency >= n_currencies or legs[leg + LEG_UNITS] <= 0:
                return LEG_WRONG
            if legs[leg + LEG_LOT] > 0:
                row = lot_by_number(state, legs[leg + LEG_LOT])
                if row < 0 or lots[row * LOT_WIDTH + LOT_CURRENCY] != currency:
                    return LOT_MISSING
                if lots[row * LOT_WIDTH + LOT_MATURES] > day:
                    return NOT_ENOUGH
                need = 0
                for j in range(event[EVENT_LEGS], i + 1):
                    other = j * LEG_WIDTH
                    if (
                        takes(legs[other + LEG_VERB])
                        and legs[other + LEG_CURRENCY] == currency
                        and legs[other + LEG_LOT] == 0
                    ):
                        return LEG_WRONG  # it may draw this very lot: what names its lot comes first
                    if legs[j * LEG_WIDTH + LEG_LOT] == legs[leg + LEG_LOT]:
                        need += legs[j * LEG_WIDTH + LEG_UNITS]
                if need > lots[row * LOT_WIDTH + LOT_LEFT]:
                    return NOT_ENOUGH
            need = 0
            for j in range(event[EVENT_LEGS], i + 1):
                if legs[j * LEG_WIDTH + LEG_CURRENCY] == currency and takes(legs[j * LEG_WIDTH + LEG_VERB]):
                    need += legs[j * LEG_WIDTH + LEG_UNITS]
            have = available(state, currency, day)
            if verb == ADJUSTED_DOWN and legs[leg + LEG_LOT] == 0:
                have += debt_left(state, numbers, event[EVENT_REVISION], currency)
            if need > have:
                return NOT_ENOUGH
        elif brings(verb):
            if currency < 0 or currency >= n_currencies or legs[leg + LEG_UNITS] <= 0:
                return LEG_WRONG
            terms = legs[leg + LEG_TERMS]
            if terms >= numbers.revisions[REVISION_TERMS]:
                return LEG_WRONG
            if terms >= 0 and numbers.terms[terms * TERMS_WIDTH + TERMS_CURRENCY] != currency:
                return LEG_WRONG
        else:
            return LEG_WRONG
    return DONE


def reserve(state: State, asked: Asked, numbers: Numbers, out: Out, leg: int) -> None:
    """Promise available units to a reservation that is named by this entry."""
    member, lots, holds, legs, event = state.member, state.lots, state.holds, asked.legs, asked.event
    first = out.moved[0]
    consume(
        state, numbers, out, event[EVENT_REVISION], legs[leg + LEG_CURRENCY], legs[leg + LEG_LOT], legs[leg + LEG_UNITS],
        event[EVENT_RECORDED_DAY],
    )  # fmt: skip
    for i in range(first, out.moved[0]):
        o = 1 + i * MOVE_WIDTH
        out.moved[o + MOVE_WAY] = W_HELD
        p = lot_by_number(state, out.moved[o + MOVE_LOT]) * LOT_WIDTH
        lots[p + LOT_GONE] -= out.moved[o + MOVE_UNITS]
        lots[p + LOT_HELD] += out.moved[o + MOVE_UNITS]
        h = member[HOLDS] * HOLD_WIDTH
        if h + HOLD_WIDTH > len(holds):
            out.issues[BROKEN] = 1
            return
        holds[h + HOLD_RESERVATION] = member[SEQUENCE]
        holds[h + HOLD_LOT] = out.moved[o + MOVE_LOT]
        holds[h + HOLD_UNITS] = out.moved[o + MOVE_UNITS]
        holds[h + HOLD_LAPSES_AT] = legs[leg + LEG_LAPSES_AT]
        holds[h + HOLD_LAPSES_DAY] = legs[leg + LEG_LAPSES_DAY]
        member[HOLDS] += 1
    member[NEXT_LAPSE_AT] = min(member[NEXT_LAPSE_AT], legs[leg + LEG_LAPSES_AT])


def take_leg(state: State, asked: Asked, numbers: Numbers, out: Out, i: int) -> None:
    """Let one leg happen; it was not refused."""
    event, legs = asked.event, asked.legs
    row, day = event[EVENT_REVISION], event[EVENT_RECORDED_DAY]
    leg = i * LEG_WIDTH
    verb, currency, terms = legs[leg + LEG_VERB], legs[leg + LEG_CURRENCY], legs[leg + LEG_TERMS]
    first = out.moved[0]
    if verb == HOLD:
        reserve(state, asked, numbers, out, leg)
    elif verb == SPEND_HELD:
        let_go(state, out, legs[leg + LEG_RESERVATION], 1, FAR)
        post_moved(state, numbers, out, REDEEMED, -1, first)
    elif verb == LET_GO:
        held = let_go(state, out, legs[leg + LEG_RESERVATION], 0, FAR)
        settle(state, numbers, out, row, held, day)
        expire_passed(state, out, day)
    elif brings(verb):
        expires, matures = legs[leg + LEG_EXPIRES], legs[leg + LEG_MATURES]
        if terms < 0:
            c = (row * numbers.revisions[REVISION_CURRENCIES] + currency) * CURRENCY_WIDTH
            terms = numbers.currencies[c + CURRENCY_TERMS]
        if expires < 0:
            expires = asked.dates[event[EVENT_DATES] + terms * DATES_WIDTH + DATES_EXPIRES]
        if matures < 0:
            matures = day
        receive(state, numbers, out, row, terms, currency, legs[leg + LEG_UNITS], expires, matures, day, verb)
    else:
        units = legs[leg + LEG_UNITS]
        owed = 0
        if verb == ADJUSTED_DOWN:
            owed = max(0, units - available(state, currency, day))
        consume(state, numbers, out, row, currency, legs[leg + LEG_LOT], units - owed, day)
        if owed > 0:
            c = (row * numbers.revisions[REVISION_CURRENCIES] + currency) * CURRENCY_WIDTH
            state.member[BALANCES + currency * BALANCE_WIDTH + DEBT] += owed
            move(out, numbers.currencies[c + CURRENCY_TERMS], 0, W_OWED, owed)
        post_moved(state, numbers, out, verb, -1, first)
        if owed > 0:
            # Nothing is available; it is repaid when what is pending matures, and that day must be known.
            settle(state, numbers, out, row, currency, day)


def hand(out: Out, number: int) -> None:
    """Put down one number more of what is carried."""
    carried = out.carried
    if 1 + carried[0] >= len(carried):
        out.issues[BROKEN] = 1
        return
    carried[0] += 1
    carried[carried[0]] = number


def hand_over(state: State, numbers: Numbers, out: Out) -> None:
    """Tell all that a member leaves to another: where he stands, what he owes, his lots, days and limits."""
    member, lots, counters = state.member, state.lots, state.counters
    n_ladders = numbers.revisions[REVISION_LADDERS]
    n_currencies = numbers.revisions[REVISION_CURRENCIES]
    used = 0
    for i in range(member[COUNTERS]):
        if counters[i * COUNTER_WIDTH + COUNTER_USED] != 0:
            used += 1
    hand(out, n_ladders)
    hand(out, n_currencies)
    hand(out, member[PURCHASES])
    hand(out, member[LAST_PURCHASE_DAY])
    hand(out, member[LOTS])
    hand(out, member[DAYS])
    hand(out, used)
    for i in range(n_ladders):
        row = member[TIERS_HELD] - 1
        while state.history[row * HISTORY_WIDTH + HISTORY_LADDER] != i:
            row -= 1
        h = row * HISTORY_WIDTH
        hand(out, state.ladders[i * STANDS_WIDTH + STANDS_TIER])
        hand(out, state.ladders[i * STANDS_WIDTH + STANDS_REVIEW_DAY])
        hand(out, state.history[h + HISTORY_DAY])
        hand(out, state.history[h + HISTORY_AT])
        hand(out, 1 if state.history[h + HISTORY_CAUSE] > 0 else 0)
    for c in range(n_currencies):
        hand(out, member[BALANCES + c * BALANCE_WIDTH + DEBT])
    for i in range(member[LOTS]):
        p = i * LOT_WIDTH
        hand(out, lots[p + LOT_TERMS])
        hand(out, lots[p + LOT_CURRENCY])
        hand(out, lots[p + LOT_LEFT])
        hand(out, lots[p + LOT_GONE])
        hand(out, lots[p + LOT_EXPIRED])
        hand(out, lots[p + LOT_RETURNED])
        hand(out, lots[p + LOT_EXPIRES])
        hand(out, lots[p + LOT_MATURES])
    for i in range(member[DAYS] * (DAYS_COUNTED + n_ladders)):
        hand(out, state.days[i])
    for i in range(member[COUNTERS]):
        if counters[i * COUNTER_WIDTH + COUNTER_USED] != 0:
            for w in range(COUNTER_WIDTH):
                hand(out, counters[i * COUNTER_WIDTH + w])


def carry_out(state: State, asked: Asked, numbers: Numbers, out: Out) -> None:
    """Leave everything to another member. What was stays told here; units and debts go, and time makes nothing due any more."""
    member, lots = state.member, state.lots
    n_currencies = numbers.revisions[REVISION_CURRENCIES]
    hand_over(state, numbers, out)
    first = out.moved[0]
    for i in range(member[LOTS]):
        p = i * LOT_WIDTH
        units = lots[p + LOT_LEFT]
        if units > 0:
            lots[p + LOT_LEFT] = 0
            lots[p + LOT_GONE] += units
            move(out, lots[p + LOT_TERMS], lots[p + LOT_NUMBER], W_SPENT, units)
    post_moved(state, numbers, out, CARRIED_OUT, -1, first)
    for c in range(n_currencies):
        d = BALANCES + c * BALANCE_WIDTH + DEBT
        if member[d] > 0:
            x = (asked.event[EVENT_REVISION] * n_currencies + c) * CURRENCY_WIDTH
            terms = numbers.currencies[x + CURRENCY_TERMS]
            move(out, terms, 0, W_FORGAVE, member[d])
            post(state, out, terms, c, CARRIED_IN, member[d], 1, 0, -1)
            member[d] = 0
    for i in range(numbers.revisions[REVISION_LADDERS]):
        state.ladders[i * STANDS_WIDTH + STANDS_REVIEW_DAY] = FAR
    member[NEXT_DUE_DAY] = FAR
    member[STATUS] = MERGED


def bring_lot(state: State, asked: Asked, numbers: Numbers, out: Out, o: int) -> None:
    """Open a lot as another member left it (its offset in `carried`), with what it had been through."""
    member, lots, carried = state.member, state.lots, asked.carried
    p = member[LOTS] * LOT_WIDTH
    if p + LOT_WIDTH > len(lots):
        out.issues[BROKEN] = 1
        return
    terms = carried[o + BROUGHT_TERMS]
    left, gone = carried[o + BROUGHT_LEFT], carried[o + BROUGHT_GONE]
    expired, returned = carried[o + BROUGHT_EXPIRED], carried[o + BROUGHT_RETURNED]
    member[LOTS] += 1
    member[LOTS_OPENED] += 1
    number = member[LOTS_OPENED]
    lots[p + LOT_NUMBER] = number
    lots[p + LOT_TERMS] = terms
    lots[p + LOT_CURRENCY] = carried[o + BROUGHT_CURRENCY]
    lots[p + LOT_LEFT] = left
    lots[p + LOT_HELD] = 0
    lots[p + LOT_GONE] = gone
    lots[p + LOT_EXPIRED] = expired
    lots[p + LOT_RETURNED] = returned
    lots[p + LOT_EXPIRES] = carried[o + BROUGHT_EXPIRES]
    lots[p + LOT_MATURES] = carried[o + BROUGHT_MATURES]
    lots[p + LOT_ORIGIN] = member[SEQUENCE]
    lots[p + LOT_OPENED] = left + gone + expired + returned
    lots[p + LOT_QUEUED] = 0
    if left > 0:
        enqueue(state, member[LOTS] - 1)
        look_at_lot(state, numbers, p)
        move(out, terms, number, W_OPENED, left)
    if gone > 0:
        move(out, terms, number, W_GONE_BEFORE, gone)
    if gone < 0:
        move(out, terms, number, W_GONE_BELOW, -gone)
    if expired > 0:
        move(out, terms, number, W_EXPIRED_BEFORE, expired)
    if returned > 0:
        move(out, terms, number, W_BACK_BEFORE, returned)


def carry_in(state: State, asked: Asked, numbers: Numbers, out: Out) -> None:
    """Take over everything that another member left: it is as if he had been this one from the beginning, but for what is
    decided already."""
    member, event, carried = state.member, asked.event, asked.carried
    row, day = event[EVENT_REVISION], event[EVENT_RECORDED_DAY]
    n_ladders = numbers.revisions[REVISION_LADDERS]
    n_currencies = numbers.revisions[REVISION_CURRENCIES]
    c = event[EVENT_CARRIED]
    had_ladders, had_currencies = carried[c + CARRIED_LADDERS], carried[c + CARRIED_CURRENCIES]
    stood = c + CARRIED_WIDTH
    debts = stood + had_ladders * LEFT_WIDTH
    lots = debts + had_currencies
    days = lots + carried[c + CARRIED_LOTS] * BROUGHT_WIDTH
    counters = days + carried[c + CARRIED_DAYS] * (DAYS_COUNTED + had_ladders)
    for i in range(carried[c + CARRIED_LOTS]):
        bring_lot(state, asked, numbers, out, lots + i * BROUGHT_WIDTH)
    for t in range(numbers.revisions[REVISION_TERMS]):
        units = 0
        for i in range(carried[c + CARRIED_LOTS]):
            o = lots + i * BROUGHT_WIDTH
            if carried[o + BROUGHT_TERMS] == t:
                units += carried[o + BROUGHT_LEFT]
        if units > 0:
            post(state, out, t, numbers.terms[t * TERMS_WIDTH + TERMS_CURRENCY], CARRIED_IN, units, 1, 0, -1)
    for i in range(had_currencies):
        owed = carried[debts + i]
        if owed > 0:
            terms = numbers.currencies[(row * n_currencies + i) * CURRENCY_WIDTH + CURRENCY_TERMS]
            member[BALANCES + i * BALANCE_WIDTH + DEBT] += owed
            move(out, terms, 0, W_OWED, owed)
            post(state, out, terms, i, CARRIED_OUT, owed, -1, 0, -1)
    for i in range(n_currencies):
        settle(state, numbers, out, row, i, day)
    expire_passed(state, out, day)
    for i in range(carried[c + CARRIED_DAYS]):
        d = days + i * (DAYS_COUNTED + had_ladders)
        w = days_row(state, DAYS_COUNTED + n_ladders, carried[d + DAYS_DAY], True)
        for k in range(DAYS_DAY + 1, DAYS_COUNTED + had_ladders):
            state.days[w + k] += carried[d + k]
    for i in range(carried[c + CARRIED_COUNTERS]):
        k = counters + i * COUNTER_WIDTH
        used = counter_row(state, carried[k + COUNTER_LIMIT], carried[k + COUNTER_PERIOD], True)
        state.counters[used + COUNTER_USED] += carried[k + COUNTER_USED]
    member[PURCHASES] += carried[c + CARRIED_PURCHASES]
    member[LAST_PURCHASE_DAY] = max(member[LAST_PURCHASE_DAY], carried[c + CARRIED_LAST_PURCHASE_DAY])
    for i in range(had_ladders):
        stand_with(state, asked, numbers, i, stood + i * LEFT_WIDTH)
    for i in range(n_ladders):
        promote(state, numbers, i, row, day, event[EVENT_RECORDED_AT], member[SEQUENCE], day)


def stand_with(state: State, asked: Asked, numbers: Numbers, ladder: int, o: int) -> None:
    """Stand on a ladder where the higher of two members stood (the other's offset in `carried`), since he did."""
    member, history, carried = state.member, state.history, asked.carried
    own = asked.event[EVENT_REVISION] * numbers.revisions[REVISION_LADDERS] + ladder
    s = ladder * STANDS_WIDTH
    tier, review_day = carried[o + LEFT_TIER], carried[o + LEFT_REVIEW_DAY]
    rank = rank_of(numbers, own, tier)
    held = rank_of(numbers, own, state.ladders[s + STANDS_TIER])
    if rank < held:
        return
    if rank == held:
        if review_day != FAR and state.ladders[s + STANDS_REVIEW_DAY] != FAR:
            review_on(state, ladder, max(state.ladders[s + STANDS_REVIEW_DAY], review_day))
        return
    day, at = carried[o + LEFT_SINCE_DAY], carried[o + LEFT_SINCE_AT]
    if rank_of(numbers, own, tier_at(state, ladder, day, at)) < rank:
        cause = member[SEQUENCE] if carried[o + LEFT_LIFTED] == 1 else 0
        put_tier(state, ladder, tier, day, at, cause, review_day)
    row = 0
    while row < member[TIERS_HELD]:
        h = row * HISTORY_WIDTH
        if history[h + HISTORY_LADDER] == ladder and (
            history[h + HISTORY_DAY] > day
            or (history[h + HISTORY_DAY] == day and history[h + HISTORY_AT] > at)
        ):
            if rank_of(numbers, own, history[h + HISTORY_TIER]) < rank:
                history[h + HISTORY_TIER] = tier
            if history[h + HISTORY_TIER] == held_before(state, row):
                drop_tier(state, row)
                continue
        row += 1
    state.ladders[s + STANDS_TIER] = tier
    review_on(state, ladder, review_day)
    member[NEXT_DUE_DAY] = min(member[NEXT_DUE_DAY], review_day)


def review_on(state: State, ladder: int, day: int) -> None:
    """Judge the tier that stands on a ladder on another day."""
    row = state.member[TIERS_HELD] - 1
    while state.history[row * HISTORY_WIDTH + HISTORY_LADDER] != ladder:
        row -= 1
    state.history[row * HISTORY_WIDTH + HISTORY_REVIEW_DAY] = day
    state.ladders[ladder * STANDS_WIDTH + STANDS_REVIEW_DAY] = day


def enrol(state: State, asked: Asked, numbers: Numbers) -> None:
    """Begin: at the foot of every ladder that the revision has."""
    event = asked.event
    state.member[JOINED_DAY] = event[EVENT_OCCURRED_DAY]
    foot(state, numbers, event[EVENT_REVISION])


def foot(state: State, numbers: Numbers, row: int) -> None:
    """Stand at the foot of every ladder, as a revision has them."""
    n_ladders = numbers.revisions[REVISION_LADDERS]
    history = state.history
    state.member[TIERS_HELD] = n_ladders
    for i in range(n_ladders):
        x = (row * n_ladders + i) * LADDER_WIDTH
        tier = 0
        if numbers.ladders[x + LADDER_TIERS] < numbers.ladders[x + LADDER_TIERS_END]:
            tier = tier_of_rank(numbers, row * n_ladders + i, 0)
        s = i * STANDS_WIDTH
        state.ladders[s + STANDS_TIER] = tier
        state.ladders[s + STANDS_REVIEW_DAY] = FAR
        state.ladders[s + STANDS_JUDGED] = tier
        h = i * HISTORY_WIDTH
        history[h + HISTORY_LADDER] = i
        history[h + HISTORY_DAY] = 0
        history[h + HISTORY_AT] = 0
        history[h + HISTORY_TIER] = tier
        history[h + HISTORY_CAUSE] = 0
        history[h + HISTORY_REVIEW_DAY] = FAR


def is_voided(events: list[int], first: int, end: int) -> bool:
    """Say whether a life, some rows of events, has a void."""
    for e in range(first, end):
        if events[e * EVENT_WIDTH + EVENT_KIND] == VOID:
            return True
    return False


def begin(state: State, numbers: Numbers, row: int, keeps_past: bool) -> None:
    """Lay out a member to whom nothing has happened, as a revision would enrol him."""
    member = state.member
    for i in range(BALANCES + numbers.revisions[REVISION_CURRENCIES] * BALANCE_WIDTH):
        member[i] = 0
    member[LAST_PURCHASE_DAY] = -1
    member[DAYS_FROM] = -FAR
    member[NEXT_DUE_DAY] = FAR
    member[NEXT_LAPSE_AT] = FAR_AT
    state.past[0] = 0 if keeps_past else UNKEPT
    foot(state, numbers, row)


def refused_kind(kind: int) -> int:
    """Return whether there is no such kind, or nothing does it yet."""
    if kind == PURCHASE:
        return DONE
    if kind < 0 or kind >= KINDS:
        return KIND_UNKNOWN
    if kind == NOTE:
        return KIND_WITHOUT_USE
    return DONE


def apply(state: State, asked: Asked, numbers: Numbers, out: Out) -> int:
    """Advance one member to the moment of an event and let it happen; return a code.

    With a code other than DONE only `advance` has had its effect; the caller throws it away or keeps it as an ADVANCE.
    An ADVANCE takes a number of its own only when it changed something, and then the caller gives it.
    """
    event = asked.event
    kind = event[EVENT_KIND]
    code = refused_kind(kind)
    if code != DONE:
        return code
    steps = PIECE if kind == ADVANCE and event[EVENT_VALUE] == 1 else FAR
    # An enrolment starts no clock: what was bought before it may still be brought in at its own moment.
    if kind != ENROL:
        advance_by(state, numbers, out, event[EVENT_RECORDED_DAY], event[EVENT_RECORDED_AT], steps)
    if kind == ADVANCE:
        return TORN if out.issues[BROKEN] == 1 else DONE
    # The ladder of refusals. After it nothing may fail.
    code = refused_legs(state, asked, numbers)
    if code != DONE:
        return code
    if (kind == RETURN or kind == VOID) and not lots_are_there(state, asked, numbers):
        return LOT_MISSING
    if kind == CARRY_OUT and state.member[HOLDS] > 0:
        return RESERVED
    if kind == EVENT and is_used_up(state, asked, numbers):
        return USED_UP
    if kind == REVERSE:
        if undoing_verb(event[EVENT_UNDOES], W_OPENED) < 0:
            return LEG_WRONG
        if not moves_can_be_undone(state, asked):
            return LOT_MISSING
    state.member[SEQUENCE] += 1
    if is_occasion(kind):
        for i in range(numbers.revisions[REVISION_LADDERS]):
            state.ladders[i * STANDS_WIDTH + STANDS_JUDGED] = tier_at(
                state, i, event[EVENT_OCCURRED_DAY], event[EVENT_OCCURRED_AT]
            )
        judge(state, asked, numbers)
    for i in range(event[EVENT_LEGS], event[EVENT_LEGS_END]):
        take_leg(state, asked, numbers, out, i)
    if is_occasion(kind):
        grant(state, asked, numbers, out)
        occasion(state, asked, numbers)
        put_past(state, asked, numbers, out)
        if kind == MOMENT:
            tell_moment(state, asked, numbers, out)
    elif kind == RETURN:
        give_back(state, asked, numbers, out)
        put_past(state, asked, numbers, out)
    elif kind == VOID:
        give_back(state, asked, numbers, out)
        judge_again(state, asked, numbers)
    elif kind == REVERSE:
        reverse(state, asked, numbers, out)
    elif kind == ENROL:
        enrol(state, asked, numbers)
    elif kind == STATE:
        state.member[STATUS] = event[EVENT_VALUE]
    elif kind == CARRY_OUT:
        carry_out(state, asked, numbers, out)
    elif kind == CARRY_IN:
        carry_in(state, asked, numbers, out)
        put_past(state, asked, numbers, out)
    if numbers.moments[MOMENT_KIND] != NO_MOMENT and kind != CARRY_OUT:
        due = next_moment(state, numbers, event[EVENT_RECORDED_DAY])[1]
        ripe = next_exchange(state, numbers, event[EVENT_RECORDED_DAY])[1]
        state.member[NEXT_DUE_DAY] = min(state.member[NEXT_DUE_DAY], due, ripe)
    return TORN if out.issues[BROKEN] == 1 else DONE


# walk: whole lives ---------------------------------------------------------------------------------------------------------
class Lives(NamedTuple):
    """Lives to be walked: events of member m stand from `starts[m]` to `starts[m + 1]`, in the order of the fold.

    `members`, `ladders` and `lots` take what is left of each member; lots of member m from row `lot_starts[m]` on.
    """

    starts: Any
    first_rows: Any  # by member: the revision that he begins under
    members: Any
    ladders: Any
    lots: Any
    lot_starts: Any
    events: Any
    hits: Any
    results: Any
    dates: Any
    legs: Any
    moves: Any
    carried: Any


class Kept(NamedTuple):
    """What is left of each member, one after the other: from row `starts[m * KEPT_WIDTH + KEPT_...]` on."""

    days: Any
    history: Any
    counters: Any
    holds: Any
    starts: Any


KEPT_DAYS = 0  # rows written so far of what is kept of each member
KEPT_HISTORY = 1
KEPT_COUNTERS = 2
KEPT_HOLDS = 3
KEPT_WIDTH = 4

TOLD_SEQUENCE = 0  # 0: the event left no entry
TOLD_CODE = 1
TOLD_POSTED = 2  # postings that stand in `out` once the event is over
TOLD_MOVED = 3  # and movements
TOLD_CARRIED = 4  # and numbers carried
TOLD_TIERS = (
    5  # for each ladder the tier judged by, then for each the tier after; then a balance for each currency
)


def keep_latest_counters(state: State, kept: list[int], at: int) -> int:
    """Copy the counters of each limit's latest period behind row `at` of `kept`; return the rows copied.

    Older periods can be summed from the journal, and only a late purchase asks for them.
    """
    counters = state.counters
    rows = state.member[COUNTERS]
    n = 0
    for i in range(rows):
        c = i * COUNTER_WIDTH
        latest = 1
        for j in range(rows):
            d = j * COUNTER_WIDTH
            if (
                counters[d + COUNTER_LIMIT] == counters[c + COUNTER_LIMIT]
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


def keep_days(state: State, numbers: Numbers) -> None:
    """Let go of the days that a member's row does not keep; the interpreted twin is `member.with_kept_days`."""
    member, days = state.member, state.days
    width = DAYS_COUNTED + numbers.revisions[REVISION_LADDERS]
    member[DAYS_FROM] = kept_from(numbers, member[CLOCK_DAY], member[CLOCK_AT])
    old = 0
    while old < member[DAYS] and days[old * width + DAYS_DAY] < member[DAYS_FROM]:
        old += 1
    days_drop(state, width, 0, old)


def keep_rows(state: State, numbers: Numbers, kept: Kept, m: int) -> None:
    """Copy the days, tiers, counters and holds of a member, as far as the row keeps them."""
    member, starts = state.member, kept.starts
    s = m * KEPT_WIDTH
    keep_days(state, numbers)
    days_width = DAYS_COUNTED + numbers.revisions[REVISION_LADDERS]
    copy_rows(state.days, member[DAYS], days_width, kept.days, starts[s + KEPT_DAYS])
    copy_rows(state.history, member[TIERS_HELD], HISTORY_WIDTH, kept.history, starts[s + KEPT_HISTORY])
    copy_rows(state.holds, member[HOLDS], HOLD_WIDTH, kept.holds, starts[s + KEPT_HOLDS])
    count = keep_latest_counters(state, kept.counters, starts[s + KEPT_COUNTERS])
    n = s + KEPT_WIDTH
    starts[n + KEPT_DAYS] = starts[s + KEPT_DAYS] + member[DAYS]
    starts[n + KEPT_HISTORY] = starts[s + KEPT_HISTORY] + member[TIERS_HELD]
    starts[n + KEPT_HOLDS] = starts[s + KEPT_HOLDS] + member[HOLDS]
    starts[n + KEPT_COUNTERS] = starts[s + KEPT_COUNTERS] + count


def trace(state: State, out: Out, n_ladders: int) -> int:
    """Return a number that changes when time did something: a movement, or a review that kept a tier."""
    total = out.moved[0] + state.member[TIERS_HELD] * FAR
    for i in range(n_ladders):
        total += state.ladders[i * STANDS_WIDTH + STANDS_REVIEW_DAY] * FAR
    return total


def walk(lives: Lives, scratch: State, numbers: Numbers, out: Out, told: list[int], kept: Kept) -> int:
    """Walk the lives of new members; return how many.

    `scratch` is room for one member (its `member`, `ladders` and `lots` are not used); what is left of each at the end of a
    life is copied into `kept`. An event that is refused leaves an entry only where time had made something due, and is then
    an ADVANCE.
    """
    n_currencies = numbers.revisions[REVISION_CURRENCIES]
    n_ladders = numbers.revisions[REVISION_LADDERS]
    told_width = TOLD_TIERS + 2 * n_ladders + n_currencies
    width = BALANCES + n_currencies * BALANCE_WIDTH
    n = len(lives.starts) - 1
    for k in range(KEPT_WIDTH):
        kept.starts[k] = 0
    for m in range(n):
        state = State(
            lives.members[m * width : (m + 1) * width],
            lives.ladders[m * n_ladders * STANDS_WIDTH : (m + 1) * n_ladders * STANDS_WIDTH],
            lives.lots[lives.lot_starts[m] * LOT_WIDTH : lives.lot_starts[m + 1] * LOT_WIDTH],
            scratch.queue,
            scratch.days,
            scratch.history,
            scratch.counters,
            scratch.holds,
            scratch.past,
        )
        keeps_past = is_voided(lives.events, lives.starts[m], lives.starts[m + 1])
        begin(state, numbers, lives.first_rows[m], keeps_past)
        member = state.member
        for e in range(lives.starts[m], lives.starts[m + 1]):
            event = lives.events[e * EVENT_WIDTH : (e + 1) * EVENT_WIDTH]
            asked = Asked(
                event, lives.hits, lives.results, lives.dates, lives.legs, lives.moves, lives.carried
            )
            before = trace(state, out, n_ladders)
            clock_day, clock_at = member[CLOCK_DAY], member[CLOCK_AT]
            code = apply(state, asked, numbers, out)
            t = e * told_width
            told[t + TOLD_CODE] = code
            told[t + TOLD_SEQUENCE] = member[SEQUENCE]
            if code != DONE or event[EVENT_KIND] == ADVANCE:
                if trace(state, out, n_ladders) != before:
                    member[SEQUENCE] += 1
                    told[t + TOLD_SEQUENCE] = member[SEQUENCE]
                else:
                    # The clock is that of the last entry: it stands in the journal.
                    member[CLOCK_DAY], member[CLOCK_AT] = clock_day, clock_at
                    told[t + TOLD_SEQUENCE] = 0
            told[t + TOLD_POSTED] = out.posted[0]
            told[t + TOLD_MOVED] = out.moved[0]
            told[t + TOLD_CARRIED] = out.carried[0]
            for i in range(n_ladders):
                told[t + TOLD_TIERS + i] = state.ladders[i * STANDS_WIDTH + STANDS_JUDGED]
                told[t + TOLD_TIERS + n_ladders + i] = state.ladders[i * STANDS_WIDTH + STANDS_TIER]
            for c in range(n_currencies):
                told[t + TOLD_TIERS + 2 * n_ladders + c] = member[BALANCES + c * BALANCE_WIDTH + BALANCE]
        keep_rows(state, numbers, kept, m)
    return n
