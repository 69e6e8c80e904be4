"""From the frames of a bucket to events in the order of the fold: woven once, then judged by each side.

Nothing here loops over rows: a bucket of a large chain has a million events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import polars as pl

from jifen.domain import fold
from jifen.insight.backtest.hits import Backs, Seen, backs_of, hits_back, lists_of, seen_of
from jifen.insight.backtest.shapes import Integers, Lives
from jifen.insight.backtest.sides import Side
from jifen.insight.replay import KINDS
from jifen.insight.snapshot import BucketFrames

BOUGHT, BACK, ENTRY, END = range(4)
"""The tables that events come from."""
_NONE: Integers = np.zeros(0, dtype=np.int64)
_LAST = 1 << 36  # behind every sequence of a member


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Woven:
    """The events of a bucket, before any side has judged them.

    `block` holds rows of fold.EVENT_WIDTH; revision, hits and expiry are of the side that judged last. An event comes from
    one of four tables; `table` says which (BOUGHT, BACK, ENTRY, END) and `row` the row there.
    """

    members: pl.DataFrame
    purchases: pl.DataFrame
    lines: pl.DataFrame
    returns: pl.DataFrame
    entries: pl.DataFrame
    line_start: Integers
    backs: Backs
    starts: Integers
    block: Integers
    sequence: Integers
    table: Integers
    row: Integers
    end_at: datetime | None

    @property
    def n_members(self) -> int:
        """How many members are walked."""
        return self.members.height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slices:
    """What gifts received are made of: those of gift-in g (in the order of the entries) stand from `start[g]`."""

    start: Integers
    day: Integers
    units: Integers


def days_of(moments: pl.Series, zone: str) -> tuple[Integers, Integers, Integers]:
    """Of each moment the day number and month number in a zone, and the epoch second."""
    local = pl.col("at").dt.convert_time_zone(zone)
    told = pl.DataFrame({"at": moments}).select(
        day=local.dt.date().cast(pl.Int32).cast(pl.Int64),
        second=pl.col("at").dt.epoch("us") // 1_000_000,
        month=local.dt.year().cast(pl.Int64) * 12 + local.dt.month().cast(pl.Int64) - 1,
    )
    day, second, month = (column.to_numpy() for column in told.get_columns())
    return day, second, month


def chosen(frames: BucketFrames, is_chosen: pl.Series | None, *, before: datetime | None) -> BucketFrames:
    """The frames with only the members chosen, and what was recorded before a moment; rows are numbered anew."""
    purchases, lines, members = frames.purchases, frames.lines, frames.members
    returns, entries = frames.returns, frames.entries
    if is_chosen is not None:
        members = members.filter(is_chosen)
        own = members.get_column("member").implode()
        returns = returns.filter(pl.col("member").is_in(own))
        entries = entries.filter(pl.col("member").is_in(own))
    if before is not None:
        limit = pl.lit(before, pl.Datetime("us", "UTC"))
        returns = returns.filter(pl.col("recorded_at") < limit)
        entries = entries.filter(pl.col("recorded_at") < limit)
    kept = pl.Series(np.ones(purchases.height, dtype=np.bool_))
    if is_chosen is not None:
        kept &= purchases.get_column("member").is_in(members.get_column("member").implode())
    if before is not None:
        kept &= purchases.get_column("recorded_at") < before
    if not kept.all():
        owner = lines.get_column("purchase").to_numpy()
        number = np.cumsum(kept.to_numpy()) - 1
        at = np.flatnonzero(kept.to_numpy()[owner])
        lines = lines[at].with_columns(purchase=pl.Series(number[owner[at]], dtype=pl.Int64))
        purchases = purchases.filter(kept)
        purchases = purchases.with_columns(purchase=pl.int_range(pl.len(), dtype=pl.Int64))
    return BucketFrames(
        bucket=frames.bucket, members=members, lots=frames.lots, purchases=purchases, lines=lines, returns=returns,
        entries=entries, postings=frames.postings,
    )  # fmt: skip


def weave(frames: BucketFrames, *, zone: str, end_at: datetime | None) -> Woven:
    """The events of a bucket in order of (member, sequence); with `end_at` each life ends with an ADVANCE to that moment.

    Shape
        frames   as `Snapshot.collect` gives them: purchases and lines in the order of the files, the others sorted
    """
    members, purchases, returns, entries = frames.members, frames.purchases, frames.returns, frames.entries
    number = members.get_column("member").to_numpy()
    local = np.full(int(number.max(initial=0)) + 1, -1, dtype=np.int64)
    local[number] = np.arange(len(number))
    sizes = (purchases.height, returns.height, entries.height, 0 if end_at is None else len(number))
    first = np.concatenate([[0], np.cumsum(sizes)])
    n = int(first[-1])
    block = np.zeros((n, fold.EVENT_WIDTH), dtype=np.int64)
    who, sequence = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    bought, back, other, end = (slice(int(a), int(b)) for a, b in pairwise(first))
    for at, frame in ((bought, purchases), (back, returns), (other, entries)):
        who[at] = local[frame.get_column("member").to_numpy()]
        sequence[at] = frame.get_column("sequence").to_numpy()
    who[end], sequence[end] = np.arange(sizes[3]), _LAST
    _put_purchases(block[bought], purchases, zone)
    key = who * (_LAST * 2) + sequence
    order = np.argsort(key, kind="stable")
    origin = _purchases_of(returns, key[back], key[bought])
    _put_returns(block[back], returns, block[bought], origin, zone)
    _put_entries(block[other], entries, zone)
    if end_at is not None:
        _put_end(block[end], end_at, zone)
    counts = np.bincount(frames.lines.get_column("purchase").to_numpy(), minlength=purchases.height)
    line_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    table = np.repeat(np.arange(4), sizes)
    return Woven(
        members=members,
        purchases=purchases,
        lines=frames.lines,
        returns=returns,
        entries=entries,
        line_start=line_start,
        backs=backs_of(returns, origin, frames.lines, line_start),
        starts=np.searchsorted(who[order], np.arange(len(number) + 1)).astype(np.int64),
        block=block[order],
        sequence=sequence[order],
        table=table[order],
        row=(np.arange(n) - first[table])[order],
        end_at=end_at,
    )


def _put_purchases(block: Integers, purchases: pl.DataFrame, zone: str) -> None:
    occurred, recorded = purchases.get_column("occurred_at"), purchases.get_column("recorded_at")
    day, second, month = days_of(occurred, zone)
    block[:, fold.EVENT_KIND] = fold.PURCHASE
    block[:, fold.EVENT_OCCURRED_DAY] = day
    block[:, fold.EVENT_OCCURRED_AT] = second
    block[:, fold.EVENT_MONTH] = month
    if not occurred.equals(recorded):
        day, second, _ = days_of(recorded, zone)
    block[:, fold.EVENT_RECORDED_DAY] = day
    block[:, fold.EVENT_RECORDED_AT] = second
    block[:, fold.EVENT_AMOUNT] = purchases.get_column("amount_minor").to_numpy()


def _purchases_of(returns: pl.DataFrame, keys: Integers, bought: Integers) -> Integers:
    """The row of the purchase that each return is about."""
    if returns.height == 0:
        return np.zeros(0, dtype=np.int64)
    wanted = (
        keys - returns.get_column("sequence").to_numpy() + returns.get_column("purchase_sequence").to_numpy()
    )
    order = np.argsort(bought, kind="stable")
    at = np.minimum(np.searchsorted(bought[order], wanted), len(bought) - 1)
    found: Integers = order[at]
    assert (bought[found] == wanted).all(), "a return names a purchase that is not in the journal"
    return found


def _put_returns(
    block: Integers, returns: pl.DataFrame, bought: Integers, origin: Integers, zone: str
) -> None:
    block[:, fold.EVENT_KIND] = fold.RETURN
    for column in (fold.EVENT_OCCURRED_DAY, fold.EVENT_OCCURRED_AT, fold.EVENT_MONTH):
        block[:, column] = bought[origin, column]
    day, second, _ = days_of(returns.get_column("recorded_at"), zone)
    block[:, fold.EVENT_RECORDED_DAY] = day
    block[:, fold.EVENT_RECORDED_AT] = second
    block[:, fold.EVENT_AMOUNT] = returns.get_column("amount_minor").to_numpy()
    block[:, fold.EVENT_ORIGIN] = returns.get_column("purchase_sequence").to_numpy()
    block[:, fold.EVENT_WHOLE] = returns.get_column("is_whole").cast(pl.Int64).to_numpy()


def _put_entries(block: Integers, entries: pl.DataFrame, zone: str) -> None:
    day, second, month = days_of(entries.get_column("recorded_at"), zone)
    for column, values in (
        (fold.EVENT_OCCURRED_DAY, day), (fold.EVENT_OCCURRED_AT, second), (fold.EVENT_MONTH, month),
        (fold.EVENT_RECORDED_DAY, day), (fold.EVENT_RECORDED_AT, second),
    ):  # fmt: skip
        block[:, column] = values
    kinds = entries.get_column("kind").replace_strict(KINDS, return_dtype=pl.Int64)
    block[:, fold.EVENT_KIND] = kinds.to_numpy()
    for column, name in (
        (fold.EVENT_CURRENCY, "currency"),
        (fold.EVENT_UNITS, "units"),
        (fold.EVENT_ORIGIN, "origin"),
    ):
        block[:, column] = entries.get_column(name).fill_null(0).to_numpy()
    lapses = entries.get_column("lapses_at")
    if lapses.null_count() < len(lapses):
        at = np.flatnonzero(lapses.is_not_null().to_numpy())
        day, second, _ = days_of(lapses.drop_nulls(), zone)
        block[at, fold.EVENT_LAPSES_AT] = second
        block[at, fold.EVENT_LAPSES_DAY] = day


def _put_end(block: Integers, end_at: datetime, zone: str) -> None:
    day, second, month = days_of(pl.Series([end_at], dtype=pl.Datetime("us", "UTC")), zone)
    block[:, fold.EVENT_KIND] = fold.ADVANCE
    for column, values in (
        (fold.EVENT_OCCURRED_DAY, day), (fold.EVENT_OCCURRED_AT, second), (fold.EVENT_MONTH, month),
        (fold.EVENT_RECORDED_DAY, day), (fold.EVENT_RECORDED_AT, second),
    ):  # fmt: skip
        block[:, column] = values[0]


def recorded_slices(entries: pl.DataFrame) -> Slices:
    """The slices of gifts received as the ledger kept them."""
    start, flat = lists_of(entries.filter(kind="gift_in").get_column("slices"))
    return Slices(start=start // 2, day=flat[0::2], units=flat[1::2])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """A bucket as one side sees it, ready to be walked."""

    lives: Lives
    seen: Seen
    lots_room: int  # of the member who needs most
    lots_total: int
    hits_room: int


def judge(
    woven: Woven,
    side: Side,
    *,
    expiry: Integers,
    first_day: int,
    slices: Slices,
    gifts: Integers | None = None,
    habits: tuple[Integers, Integers] | None = None,
    seen: Seen | None = None,
    kept_returns: bool = False,
) -> Judged:
    """What select sees on one side, and every event with its revision, hits and days of expiry.

    These are put into `woven.block` itself, so one side is walked before the next is judged.

    Shape
        expiry        [row, day - first_day, currency], as `Side.expiry` gives it
        slices        of the gifts received
        gifts         by entry: the number of its gift; -1: none
        habits        of drawn redemptions, by event, as `Lives` has them
        kept_returns  take the hits of returns as the ledger kept them, too
    """
    purchases, entries = woven.purchases, woven.entries
    rows = side.rows_of_purchases(purchases)
    if seen is None:
        seen = seen_of(
            purchases, woven.lines, woven.line_start, rows, side.timeline, published=side.published
        )
    found = seen.hits
    back_start, back_rule, back_amount, back_quantity, back_origin = hits_back(woven.backs, seen)
    if kept_returns:
        start, back_rule = lists_of(woven.returns.get_column("hit_rules"))
        assert np.array_equal(start, back_start), "a return has the hits of its purchase"
        back_amount = lists_of(woven.returns.get_column("hit_amounts"))[1]
        back_quantity = lists_of(woven.returns.get_column("hit_quantities"))[1]
    n_hits, n_back, n_slices = len(found.rule), len(back_rule), len(slices.day)
    hits = np.zeros((max(1, n_hits + n_back + n_slices), fold.HIT_WIDTH), dtype=np.int64)
    _put_hits(hits, found.rule, found.amount, found.quantity)
    for at, columns in (
        (n_hits, (back_rule, back_amount, back_quantity, back_origin)),
        (n_hits + n_back, (np.zeros(n_slices), slices.units, slices.day, np.full(n_slices, -1))),
    ):
        for column, values in enumerate(columns):
            hits[at : at + len(values), column] = values

    end_row = 0
    if woven.end_at is not None:
        end_row = int(side.rows_at(pl.Series([woven.end_at], dtype=pl.Datetime("us", "UTC")))[0])
    gift_in = (entries.get_column("kind") == "gift_in").to_numpy()
    purchase_of, other_of = (np.full(len(woven.sequence), -1, dtype=np.int64) for _ in range(2))
    n_currencies = side.timeline.n_currencies
    lots_room, lots_total, hits_room = _put_judged(
        woven.starts, woven.table, woven.row, woven.block, rows, woven.backs.purchase,
        side.rows_at(entries.get_column("recorded_at")), end_row, found.start, n_hits + back_start,
        n_hits + n_back + slices.start, np.cumsum(gift_in) - 1,
        np.full(entries.height, -1, dtype=np.int64) if gifts is None else gifts,
        first_day, expiry.shape[1], n_currencies, purchase_of, other_of,
    )  # fmt: skip
    return Judged(
        lives=Lives(
            starts=woven.starts,
            first_tier=first_tiers(woven.members, side),
            events=woven.block.reshape(-1),
            sequence=woven.sequence,
            purchase_of=purchase_of,
            other_of=other_of,
            hits=hits.reshape(-1),
            results=np.zeros(len(hits) * fold.RESULT_WIDTH, dtype=np.int64),
            expiry=expiry.reshape(-1),
            habit_units=_NONE if habits is None else habits[0],
            habit_of=_NONE if habits is None else habits[1],
        ),
        seen=seen,
        lots_room=lots_room,
        lots_total=lots_total,
        hits_room=hits_room,
    )


def _put_hits_plain(hits: Any, rule: Any, amount: Any, quantity: Any) -> None:
    """Fill the first rows with the hits of purchases."""
    for k in range(len(rule)):
        hits[k, 0] = rule[k]
        hits[k, 1] = amount[k]
        hits[k, 2] = quantity[k]
        hits[k, 3] = -1


def _put_judged_plain(  # noqa: PLR0913, PLR0917
    starts: Any, table: Any, row: Any, events: Any, rows: Any, back_purchase: Any, entry_rows: Any, end_row: int,
    hit_start: Any, back_start: Any, slice_start: Any, nth_gift: Any, gifts: Any, first_day: int, n_days: int,
    n_currencies: int, purchase_of: Any, other_of: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Fill what is a side's own of each event; return the lots and hits of the member who needs most, and all lots."""
    lots_room, lots_total, hits_room = 0, 0, 0
    for m in range(len(starts) - 1):
        lots, hits = 0, 0
        for e in range(starts[m], starts[m + 1]):
            kind, at = table[e], row[e]
            judged_by, first, end = end_row, 0, 0
            if kind == BOUGHT:
                judged_by = rows[at]
                first, end = hit_start[at], hit_start[at + 1]
                purchase_of[e] = at
                lots += n_currencies
                hits += end - first
            elif kind == BACK:
                judged_by = rows[back_purchase[at]]
                first, end = back_start[at], back_start[at + 1]
                purchase_of[e] = back_purchase[at]
                other_of[e] = at
            elif kind == ENTRY:
                judged_by = entry_rows[at]
                other_of[e] = gifts[at]
                if events[e, fold.EVENT_KIND] == fold.GIFT_IN:
                    first, end = slice_start[nth_gift[at]], slice_start[nth_gift[at] + 1]
                    lots += end - first
                lots += 1
            events[e, fold.EVENT_REVISION] = judged_by
            events[e, fold.EVENT_HITS] = first
            events[e, fold.EVENT_HITS_END] = end
            day = events[e, fold.EVENT_OCCURRED_DAY] - first_day
            events[e, fold.EVENT_EXPIRY] = (judged_by * n_days + day) * n_currencies
        lots_room = max(lots_room, lots)
        hits_room = max(hits_room, hits)
        lots_total += lots
    return lots_room, lots_total, hits_room


_put_hits = numba.njit(cache=True, nogil=True)(_put_hits_plain)
_put_judged = numba.njit(cache=True, nogil=True)(_put_judged_plain)


def first_tiers(members: pl.DataFrame, side: Side) -> Integers:
    """The tier of each member before anything happened: as enrolled, or the document's lowest where it judges from the start."""
    if side.published == 0:
        foot = side.program.ladder.tiers[0].number
        return np.full(members.height, foot, dtype=np.int64)
    start, flat = lists_of(members.get_column("tier_history"))
    return flat[start[:-1] + fold.HISTORY_TIER]
