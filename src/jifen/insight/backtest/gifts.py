"""Gifts under other rules: what a giver gives decides what the receiver gets, so they are found by iteration.

A gift that the giver's balance does not allow is not given. A gift depends only on what happened before it, so each pass
settles at least the earliest gift that is not settled yet, and the passes end. Only the members who give or receive are walked.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from jifen.domain import fold
from jifen.domain.verbs import SLICED
from jifen.insight.backtest.due import STRIDE
from jifen.insight.backtest.events import Judged, Slices, Woven, chosen, judge, recorded_slices, weave
from jifen.insight.backtest.habits import habits_of
from jifen.insight.backtest.hits import Seen, lists_of
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.sides import Side
from jifen.insight.backtest.sums import SLICE_WIDTH
from jifen.insight.backtest.walking import nowhere, walk_bucket
from jifen.insight.snapshot import BucketFrames, Snapshot

THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """What every gift is made of on one side, and in how many passes that was found."""

    numbers: dict[str, int]
    slices: Slices  # by number of the gift
    passes: int

    def __call__(self, entries: pl.DataFrame) -> Slices:
        """What entries with slices bring, in their order: gifts as they were settled, all else as it was recorded."""
        sliced = entries.filter(pl.col("kind").is_in(SLICED))
        gifts = _numbered(sliced.get_column("gift_id"), self.numbers)
        return _chosen(self.slices, gifts, recorded_slices(sliced))


def settle_gifts(
    snapshot: Snapshot, question: Question, side: Side, frames_of: Callable[[int], BucketFrames]
) -> Settled | None:
    """What gifts are made of on a side; None: they are as recorded, or there are none.

    Shape
        frames_of   the frames of a bucket, as `compare.reader_of` or `read_ahead` reads them
    """
    if side.begins_at is None and question.redemptions == "replayed":
        return None
    entries = snapshot.scan("entries").filter(pl.col("kind").is_in(["gift_out", "gift_in"]))
    given = entries.select("member", "kind", "gift_id", "slices").collect()
    if given.height == 0:
        return None
    ids = given.get_column("gift_id").unique().sort().to_list()
    numbers = {name: number for number, name in enumerate(ids)}
    parts = _prepared(snapshot, question, side, given.get_column("member").unique(), numbers, frames_of)
    settled = _recorded(given, numbers)
    received = np.concatenate([part.received for part in parts])
    touched: Integers = np.arange(len(ids))
    passes = 0
    while len(touched):
        passes += 1
        assert passes <= len(ids) + 2, "each pass settles the earliest gift that was not"
        found = []
        for part in parts:
            if passes == 1 or np.isin(part.received, touched).any():
                slices = _chosen(settled, part.sliced, recorded_slices(part.woven.entries))
                part.given = part.walked(question, side, slices)
            found.append(part.given)
        again = _slices_of(np.concatenate(found), len(ids))
        # A gift on its way has no receiver yet: what it is made of decides nothing.
        touched = np.intersect1d(_differing(settled, again), received)
        settled = again
    return Settled(numbers=numbers, slices=settled, passes=passes)


@dataclass(slots=True, kw_only=True, eq=False)
class _Part:
    """The givers and receivers of one bucket."""

    woven: Woven
    seen: Seen
    dates: Integers
    first_day: int
    gifts: Integers  # by entry
    habits: tuple[Integers, Integers] | None  # of drawn redemptions
    received: Integers  # numbers of the gifts received, in the order of the entries
    sliced: Integers  # the same among all that bring slices; -1: no gift
    given: Integers  # rows (gift, terms, day of expiry, units)

    def judged(self, side: Side, slices: Slices) -> Judged:
        return judge(
            self.woven, side, dates=self.dates, first_day=self.first_day, slices=slices, gifts=self.gifts, habits=self.habits,
            seen=self.seen,
        )  # fmt: skip

    def walked(self, question: Question, side: Side, slices: Slices) -> Integers:
        _, kept = walk_bucket(
            self.woven, self.judged(side, slices), side.numbers(), question.period(side), nowhere(self.woven), slices=True
        )  # fmt: skip
        return kept.slices[: SLICE_WIDTH * int(kept.slice_count[0])].reshape(-1, SLICE_WIDTH).copy()


def _prepared(
    snapshot: Snapshot,
    question: Question,
    side: Side,
    who: pl.Series,
    ids: dict[str, int],
    frames_of: Callable[[int], BucketFrames],
) -> list[_Part]:
    """The givers and receivers of each bucket that has some."""
    buckets = (who % snapshot.buckets).unique().sort().to_list()
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(lambda bucket: _part(question, side, who, ids, frames_of(bucket)), buckets))


def _part(question: Question, side: Side, who: pl.Series, ids: dict[str, int], frames: BucketFrames) -> _Part:
    """The givers and receivers of a bucket with what select sees of them."""
    frames = chosen(frames, frames.members.get_column("member").is_in(who.implode()), before=question.before)
    woven = weave(frames, zone=question.zone, end_at=None, stride=STRIDE)
    days = woven.block[:, (fold.EVENT_OCCURRED_DAY, fold.EVENT_RECORDED_DAY)]
    first_day, end_day = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    dates = side.dates(first_day, end_day)
    gifts = _numbered(woven.entries.get_column("gift_id"), ids)
    habits = habits_of(question, woven, first_day, end_day) if question.redemptions == "drawn" else None
    judged = judge(woven, side, dates=dates, first_day=first_day, slices=recorded_slices(woven.entries))
    return _Part(
        woven=woven,
        seen=judged.seen,
        dates=dates,
        first_day=first_day,
        gifts=gifts,
        habits=habits,
        received=gifts[(woven.entries.get_column("kind") == "gift_in").to_numpy()],
        sliced=gifts[woven.entries.get_column("kind").is_in(SLICED).to_numpy()],
        given=np.zeros((0, SLICE_WIDTH), dtype=np.int64),
    )


def _numbered(ids: pl.Series, numbers: dict[str, int]) -> Integers:
    if ids.null_count() == len(ids):
        return np.full(len(ids), -1, dtype=np.int64)
    return ids.replace_strict(numbers, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()


def _recorded(given: pl.DataFrame, numbers: dict[str, int]) -> Slices:
    """The slices as the ledger kept them, by gift: they stand with who received it."""
    rows = given.filter(kind="gift_in")
    start, flat = lists_of(rows.get_column("slices"))
    gifts = np.repeat(_numbered(rows.get_column("gift_id"), numbers), np.diff(start) // 3)
    return _slices_of(np.column_stack([gifts, flat.reshape(-1, 3)]), len(numbers))


def _slices_of(rows: Integers, n: int) -> Slices:
    """Slices by gift, the first to expire first, units of one day and terms together (as `decide.py` makes them)."""
    gift, terms, day, units = rows.T
    order = np.lexsort((terms, day, gift))
    keys = np.stack([gift, day, terms], axis=1)[order]
    first = np.flatnonzero(np.append(True, (keys[1:] != keys[:-1]).any(axis=1))[: len(keys)])
    gift, day, terms = keys[first].T
    return Slices(
        start=np.searchsorted(gift, np.arange(n + 1)),
        terms=terms,
        day=day,
        units=np.add.reduceat(units[order], first) if len(first) else np.zeros(0, dtype=np.int64),
    )


def _chosen(settled: Slices, gifts: Integers, recorded: Slices) -> Slices:
    """Of each entry that brings slices those of its gift, and as they were recorded where it is none (-1)."""
    ahead = len(settled.day)
    both = Slices(
        start=np.concatenate([settled.start, recorded.start[1:] + ahead]),
        terms=np.concatenate([settled.terms, recorded.terms]),
        day=np.concatenate([settled.day, recorded.day]),
        units=np.concatenate([settled.units, recorded.units]),
    )
    own = len(settled.start) - 1 + np.arange(len(gifts))
    return _taken(both, np.where(gifts >= 0, gifts, own))


def _taken(slices: Slices, gifts: Integers) -> Slices:
    """The slices of these gifts, in this order."""
    first = slices.start[gifts]
    length = slices.start[gifts + 1] - first
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    at = np.repeat(first - start[:-1], length) + np.arange(int(start[-1]))
    return Slices(start=start, terms=slices.terms[at], day=slices.day[at], units=slices.units[at])


def _differing(left: Slices, right: Slices) -> Integers:
    """The gifts that are made of something else."""
    n = len(left.start) - 1

    on = ["gift", "place", "terms", "day", "units"]

    def told(slices: Slices) -> pl.DataFrame:
        owner = np.repeat(np.arange(n), np.diff(slices.start))
        place = np.arange(len(slices.day)) - slices.start[owner]
        return pl.DataFrame([owner, place, slices.terms, slices.day, slices.units], schema=on)

    ours, theirs = told(left), told(right)
    odd = pl.concat([ours.join(theirs, on=on, how="anti"), theirs.join(ours, on=on, how="anti")])
    return odd.get_column("gift").unique().sort().to_numpy()
