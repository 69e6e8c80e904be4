"""A member as the fold keeps it: integers in flat sequences, dressed from rows and undressed into them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from jifen.domain import fold, room
from jifen.domain.past import NO_PAST
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Status

_STATUSES = tuple(Status)  # by number


class Lot(NamedTuple):
    """Units of one entry under one set of terms. opened = left + held + gone + expired + returned."""

    number: int
    terms: int
    currency: int
    left: int
    held: int
    gone: int
    expired: int
    returned: int
    expires_day: int
    matures_day: int
    origin: int
    opened: int


lot_of = partial(tuple.__new__, Lot)  # `_make` counts again what has one length


class Member(NamedTuple):
    """Everything the fold keeps of one member. The lists are never changed in place.

    `lots` may be a part: those that this decision can touch (`Decision` says which changed). Rows are laid out as in
    `fold.py`; of a lot without its last column, which only says where it stands in the queue.
    """

    member_id: UUID
    scalars: list[int]
    ladders: list[int]
    lots: tuple[Lot, ...]
    days: list[int]
    history: list[int]
    counters: list[int]
    holds: list[int]

    @property
    def days_from(self) -> int:
        """`days` is complete from this day number on."""
        return self.scalars[fold.DAYS_FROM]

    @property
    def last_purchase_day(self) -> int:
        """The day number of the last purchase; -1: there was none."""
        return self.scalars[fold.LAST_PURCHASE_DAY]

    @property
    def sequence(self) -> int:
        """Number of the last entry."""
        return self.scalars[fold.SEQUENCE]

    @property
    def status(self) -> Status:
        """What the member may do."""
        return _STATUSES[self.scalars[fold.STATUS]]

    @property
    def tier(self) -> int:
        """Number of the tier held on the first ladder."""
        return self.ladders[fold.STANDS_TIER]

    @property
    def tiers(self) -> list[int]:
        """Number of the tier held on each ladder."""
        return self.ladders[fold.STANDS_TIER :: fold.STANDS_WIDTH]

    @property
    def judged_tiers(self) -> list[int]:
        """Number of the tier that the last occasion was judged by, on each ladder."""
        return self.ladders[fold.STANDS_JUDGED :: fold.STANDS_WIDTH]

    def balance(self, currency: int) -> int:
        """What is open in the lots less debt."""
        return self.scalars[fold.BALANCES + currency * fold.BALANCE_WIDTH + fold.BALANCE]

    def debt(self, currency: int) -> int:
        """What is owed."""
        return self.scalars[fold.BALANCES + currency * fold.BALANCE_WIDTH + fold.DEBT]

    @property
    def balances(self) -> list[int]:
        """The balance in each currency."""
        return self.scalars[fold.BALANCES :: fold.BALANCE_WIDTH]

    @property
    def debts(self) -> list[int]:
        """The debt in each currency."""
        return self.scalars[fold.BALANCES + 1 :: fold.BALANCE_WIDTH]

    def is_due(self, day: int, at: int) -> bool:
        """Whether time has made something due, so that the open lots are needed."""
        return self.scalars[fold.NEXT_DUE_DAY] <= day or self.scalars[fold.NEXT_LAPSE_AT] <= at

    def available(self, currency: int, day: int) -> int:
        """The units of the lots here that may be spent on a day; what is due must have been done."""
        return sum(lot.left for lot in self.lots if lot.currency == currency and lot.matures_day <= day)


def state_of(
    member: Member,
    more: room.Rows,
    timeline: Timeline,
    *,
    hits: int,
    past: Sequence[int] = NO_PAST,
    brought: room.Brought = room.NOTHING,
) -> fold.State:
    """The member dressed for the fold, with room for what an event of so many hits can add, another member leave, and the past of
    a void (`past.past_of`) lift again."""
    n_ladders, width = timeline.n_ladders, fold.LOT_WIDTH
    days_width = fold.DAYS_COUNTED + n_ladders
    rows, holds, days = len(member.lots), len(member.holds) // fold.HOLD_WIDTH, len(member.days) // days_width
    lots: list[int] = []
    queue: list[int] = []
    for row, lot in enumerate(member.lots):
        lots += lot
        lots.append(1 if lot.left else 0)
        if lot.left:
            queue.append(row)
    if len(queue) > 1:
        queue.sort(key=[(lot.expires_day, lot.number) for lot in member.lots].__getitem__)
    scalars = member.scalars.copy()
    # Before the queue there is room for what holds give back to the lots that were drawn first.
    scalars[fold.LOTS : fold.QUEUE_END + 1] = rows, holds, holds + len(queue)
    history, counters = len(member.history) // fold.HISTORY_WIDTH, len(member.counters) // fold.COUNTER_WIDTH
    scalars[fold.DAYS : fold.HOLDS + 1] = days, history, counters, holds
    # An entry lifts when it occurred and when it was told; so does each of the past of a void, and before a merge each day.
    again = max(past[0], 0)  # entries that are judged again
    lifts = 2 + (2 * again + days if again else 0)
    # All that an event earns is counted on one day: a limit gets one period more, however many hits it has.
    # A moment counts how far it has told.
    counted = min(6 * hits + 1, timeline.numbers.revisions[fold.REVISION_LIMITS])
    opened = more.lots_opened
    return fold.State(
        scalars,
        member.ladders.copy(),
        lots + [0] * (opened * width),
        [0] * holds + queue + [0] * (rows + opened + 1 - len(queue)),
        member.days + [0] * (days_width * (1 + again + brought.days)),
        member.history + [0] * (room.tiers_held(lifts, timeline.n_tiers, n_ladders) * fold.HISTORY_WIDTH),
        member.counters + [0] * ((counted + brought.counters) * fold.COUNTER_WIDTH),
        member.holds + [0] * ((more.holds - holds) * fold.HOLD_WIDTH),
        list(past),
    )


def member_of(member_id: UUID, state: fold.State, *, n_ladders: int) -> Member:
    """The member undressed."""
    scalars, lots, width = state.member, state.lots, fold.LOT_WIDTH
    days, history, counters, holds = scalars[fold.DAYS : fold.HOLDS + 1]
    end = scalars[fold.LOTS] * width
    # How many rows the tables have is told only while a member is dressed.
    scalars[fold.LOTS : fold.QUEUE_END + 1] = 0, 0, 0
    scalars[fold.DAYS : fold.HOLDS + 1] = 0, 0, 0, 0
    return Member(
        member_id,
        scalars,
        state.ladders,
        tuple([lot_of(lots[at : at + width - 1]) for at in range(0, end, width)]),
        state.days[: days * (fold.DAYS_COUNTED + n_ladders)],
        state.history[: history * fold.HISTORY_WIDTH],
        latest_counters(state.counters[: counters * fold.COUNTER_WIDTH]),
        state.holds[: holds * fold.HOLD_WIDTH],
    )


def new_member(member_id: UUID, timeline: Timeline, row: int) -> Member:
    """A member to whom nothing has happened yet, at the foot of the ladders of a revision."""
    n = timeline.n_ladders
    state = fold.State(
        [0] * (fold.BALANCES + timeline.n_currencies * fold.BALANCE_WIDTH),
        [0] * (n * fold.STANDS_WIDTH),
        [], [], [],
        [0] * (n * fold.HISTORY_WIDTH),
        [], [], [0],
    )  # fmt: skip
    fold.begin(state, timeline.numbers, row, keeps_past=False)
    return member_of(member_id, state, n_ladders=n)


def kept_days(member: Member, timeline: Timeline) -> tuple[list[int], int, int]:
    """The days that a member's row keeps, how many numbers each has, and from which day on they are complete; the compiled
    twin is `fold.keep_days`."""
    scalars, days = member.scalars, member.days
    first = fold.kept_from(timeline.numbers, scalars[fold.CLOCK_DAY], scalars[fold.CLOCK_AT])
    old, width = 0, fold.DAYS_COUNTED + timeline.n_ladders
    while old < len(days) and days[old] < first:
        old += width
    return (days[old:] if old else days), width, first


def days_asked_from(member: Member, timeline: Timeline, *, row: int, on: int, today: int, now_at: int) -> int:
    """The first day that an entry can ask for, or leave in the row: judged by the revision of a row of the timeline, about
    something that occurred on a day, and recorded today at a moment."""
    numbers = timeline.numbers
    now = fold.revision_at(numbers, today)
    first = fold.kept_from(numbers, today, now_at)
    if on < today or row != fold.revision_in_force(numbers, now_at):
        first = min(first, _window_from(numbers, on, min(row, fold.revision_at(numbers, on)), max(row, now)))
    clock = member.scalars[fold.CLOCK_DAY]
    if member.scalars[fold.NEXT_DUE_DAY] <= today and clock < today:
        # Tiers are judged again on days that have passed since, by the revision of each; and a piece of time may end at any.
        passed = _window_from(numbers, clock, fold.revision_at(numbers, clock + 1), now)
        first = min(first, passed - fold.LATE_DAYS)
    return first


def days_of_past_from(timeline: Timeline, *, on: int, today: int) -> int:
    """The first day that judging again from a day on can ask for (`past.first_day`): every occasion and review since then."""
    return _window_from(timeline.numbers, on, 0, fold.revision_at(timeline.numbers, today))


def _window_from(numbers: fold.Numbers, day: int, first_row: int, last_row: int) -> int:
    """The first day of the longest window that ends with a day, by some revisions; FAR: none has a window."""
    longest = max(
        numbers.revisions[row * fold.REVISION_WIDTH + fold.REVISION_LOOKS_BACK]
        for row in range(first_row, last_row + 1)
    )
    return max(-fold.FAR, day - longest + 1) if longest else fold.FAR


def with_days_before(member: Member, timeline: Timeline, first: int, before: Sequence[int]) -> Member:
    """The member with the days from one on that his row did not keep; what is there of them already is not in them."""
    width = fold.DAYS_COUNTED + timeline.n_ladders
    sums: dict[int, list[int]] = {}
    for rows in (before, member.days):
        for at in range(0, len(rows), width):
            own = sums.setdefault(rows[at], [0] * (width - 1))
            for column, number in enumerate(rows[at + 1 : at + width]):
                own[column] += number
    scalars = list(member.scalars)
    scalars[fold.DAYS_FROM] = first
    days = [number for day in sorted(sums) for number in (day, *sums[day])]
    return member._replace(scalars=scalars, days=days)


def latest_counters(counters: list[int]) -> list[int]:
    """The counters of each limit's latest period; the compiled twin is `fold.keep_latest_counters`."""
    width = fold.COUNTER_WIDTH
    limits = counters[::width]
    if len(set(limits)) == len(limits):
        return counters  # one row for each: nothing is older than another
    latest: dict[int, int] = {}
    for limit, period in zip(limits, counters[fold.COUNTER_PERIOD :: width], strict=True):
        latest[limit] = max(period, latest.get(limit, period))
    return [
        number
        for at in range(0, len(counters), width)
        if latest[counters[at]] == counters[at + fold.COUNTER_PERIOD]
        for number in counters[at : at + width]
    ]
