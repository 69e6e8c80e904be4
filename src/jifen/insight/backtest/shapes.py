"""The flat arrays that the walking kernel reads and fills: every one holds whole numbers (int64 unless said).

These are named tuples because Numba takes them apart at compile time; `kernel.py` names the columns of those that have
rows. m counts the members of a bucket, e its events, p its purchases, h its hits, n its lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jifen.domain import fold

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


class Lives(NamedTuple):
    """What is walked: events of member m stand from `starts[m]` to `starts[m + 1]`, in the order of the fold."""

    starts: Integers
    first_rows: Integers  # by member: the revision that he begins under
    events: Integers  # rows of fold.EVENT_WIDTH
    sequence: Integers  # by event: its number in the ledger
    currency: Integers  # by event: of an entry that asks for units
    units: Integers  # so many
    purchase_of: Integers  # by event: row of the purchase bought or brought back; -1
    other_of: Integers  # by event: a return's row in `back_start`, an event's entry, a gift's number; -1
    undo_of: Integers  # by event: number of the reversal that it is, or that it is undone by; -1. Empty where there is none
    hits: Integers  # rows of fold.HIT_WIDTH
    results: Integers  # rows of fold.RESULT_WIDTH
    dates: Integers
    legs: Integers  # rows of fold.LEG_WIDTH
    habit_units: Integers  # by event: of a drawn redemption, what was redeemed of
    habit_of: Integers  # so many available units, at the occasion drawn; 0: replayed. Both empty where nothing is drawn


class Baskets(NamedTuple):
    """What purchases and returns are told apart by. Lines of purchase p stand from `line_start[p]`."""

    store: Codes  # by purchase
    entry_store: Codes  # by entry
    line_start: Integers
    line_amount: Integers
    line_quantity: Integers
    line_category: Codes
    words: Integers  # word w of line i at w * n + i
    back_start: Integers  # by return: its first row in the next three
    back_line: Integers  # row of the line
    back_quantity: Integers
    back_amount: Integers  # what it adds to the money that had come back of the line


class Due(NamedTuple):
    """Moments that fall due by themselves (`due.py`); `began` is empty where none are made."""

    first_day: int
    n_days: int
    from_day: int  # what falls due before is not made
    end_sequence: int  # the number of the entry that ends a life
    hits_from: int  # the row of the first of their hits
    dates_width: int
    first_hour: int
    n_hours: int  # 0: what pools give is not summed
    began: Integers  # by day: the microsecond at which it begins
    month: Integers  # by day
    hit_start: Integers  # by moment: its first row in `hits`; and the end of the last
    pool: Integers  # by hit: the pool that its rule draws from; -1
    closes: Integers  # by hit: the microsecond from which its pool has no more
    granted: Integers  # [hit, hour]: out of its pool


class Period(NamedTuple):
    """What is counted: days from `first_day` to `end_day`, both included; day 0 of the tables is everything before."""

    first_day: int
    first_at: int
    end_day: int
    month_of: Integers  # by day of the tables: number of its month, 0 for day 0
    worth: Integers  # by currency: what a unit is worth, in equal parts of a minor unit of money
    n_months: int
    n_tiers: int
    n_rules: int  # one more than the highest number of a rule
    n_categories: int  # 0: grants are not shared out over lines


class Scratch(NamedTuple):
    """Room for one member."""

    state: fold.State
    out: fold.Out  # for one event
    debt: Integers
    line: Integers
    size: Integers
    rest: Integers
    event: Integers  # one that is not as the ledger has it: units drawn, or a reversal of what happened here
    leg: Integers  # of a redemption with the units drawn
    undone: Integers  # rows of fold.MOVE_WIDTH: what entries moved that are reversed later
    undone_at: Integers  # by reversal: its first row in `undone`, and the one after its last
    bought_at: Integers  # by store: purchases of this member, 0 between members
    rule_mark: Integers  # by rule: the last member counted, -1 before the first
    capped_mark: Integers
    tier_mark: Integers
    store_mark: Integers
    category_mark: Integers
    basket_mark: Integers  # by category: the last purchase counted
    asked_mark: Integers  # by kind and currency


class Tallied(NamedTuple):
    """What is added up of one side over one bucket; the rows are named in `kernel.py`."""

    rules: Integers  # [rule number, OF_RULE]
    rule_months: Integers  # [rule, month, 2]: granted, taken back
    tier_months: (
        Integers  # [tier, month, GRANTS + 2 currencies]; a member counts in the month first seen in the tier
    )
    stores: Integers  # [store, GRANTS + 2 currencies]
    categories: Integers  # [category, GRANTS + 2 currencies]
    days: Integers  # [day, currency, OF_DAY]
    pairs: Integers  # [rule, rule]: purchases where both granted; the lower number first
    asked: Integers  # [kind, currency, OF_ASKED]
    ended: Integers  # [currency, 2]: units of lots opened in the period that are spent or expired, and the expired
    moves: Integers  # [tier, tier]: changes within the period
    due: Integers  # [30-day step of expiry after the end, currency]; the last step is never
    members: Integers  # [member, OF_MEMBER + currencies * OF_CURRENCY]
    member_rules: Integers  # [member, rule]: granted less taken back
    judged: Integers  # by purchase: the tier that judged it
    worths: Integers  # by purchase of the period: what it earned is worth; -1 outside it


class Kept(NamedTuple):
    """What is left of each member, when it is asked for: the books replayed, or the slices of gifts.

    Days, history, counters and holds stand as `fold.keep_rows` leaves them.
    """

    members: Integers
    ladders: Integers  # [member, ladder, fold.STANDS_WIDTH]
    lots: Integers
    lot_starts: Integers  # by member: rows kept so far
    days: Integers
    history: Integers
    counters: Integers
    holds: Integers
    starts: Integers  # rows kept so far: four a member, as fold.KEPT_ says
    ways: Integers  # [member, WAYS]: units that were moved each way
    slices: Integers  # rows (gift, terms, day of expiry, units)
    slice_count: Integers  # one number
    available: Integers  # by event: of a redemption, what could be redeemed; empty where it is not asked for
