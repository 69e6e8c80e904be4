"""From the frames of a bucket to events in the order of the fold: woven once, then judged by each side.

Nothing here loops over rows: a bucket of a large chain has a million events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import polars as pl

from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date
from jifen.domain.events import SLICE_KEPT_WIDTH
from jifen.domain.verbs import SLICED
from jifen.insight.backtest.budgets import Cut, close_pools
from jifen.insight.backtest.due import due_of, most_made, nothing_due
from jifen.insight.backtest.hits import (
    Backs,
    Seen,
    backs_of,
    hits_back,
    kept_hits,
    lists_of,
    seen_of,
)
from jifen.insight.backtest.occasions import Occasions, occasions_of, put_rooms, values_of
from jifen.insight.backtest.shapes import Due, Integers, Lives
from jifen.insight.backtest.sides import BacktestRefused, Side
from jifen.insight.clocks import INSTANT
from jifen.insight.event_columns import (
    blank,
    entry_legs,
    is_sliced,
    kinds_of,
    put_end,
    put_entries,
    put_occasions,
    put_previous_days,
    put_purchases,
    put_returns,
    slice_legs,
)
from jifen.insight.snapshot import BucketFrames

BOUGHT, BACK, ENTRY, END = range(4)
"""The tables that events come from."""
_NONE: Integers = np.zeros(0, dtype=np.int64)
_LAST = 1 << 36  # behind every sequence of a member


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Woven:
    """The events of a bucket, before any side has judged them.

    `block` holds rows of fold.EVENT_WIDTH; revision, hits, legs and dates are of the side that judged last. An event comes from
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
    sequence: Integers  # `stride` times the ledger's number
    stride: int
    table: Integers
    row: Integers
    currency: Integers  # by event: of an entry that names one, else 0
    units: Integers  # by event, likewise
    legs: Integers  # by entry: a row of fold.LEG_WIDTH, as `event_columns.entry_legs` makes them
    undo_of: Integers  # by event: number of the reversal that it is, or that it is undone by; -1. Empty where there is none
    end_at: datetime | None

    @property
    def n_members(self) -> int:
        """How many members are walked."""
        return self.members.height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slices:
    """What entries with slices bring (`verbs.SLICED`): those of the nth of them, in their order, stand from `start[n]`."""

    start: Integers
    terms: Integers
    day: Integers
    units: Integers


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
        # What time brought is of the day on which it was due, whenever somebody saw it.
        of_day = pl.when(pl.col("kind") == "moment").then("occurred_at").otherwise("recorded_at")
        entries = entries.filter(of_day < limit)
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


def weave(frames: BucketFrames, *, zone: str, end_at: datetime | None, stride: int = 1) -> Woven:
    """The events of a bucket in order of (member, sequence); with `end_at` each life ends with an ADVANCE to that moment.

    Shape
        frames   as `Snapshot.collect` gives them: purchases and lines in the order of the files, the others sorted
        stride   the ledger's numbers are multiplied by it: between them there is room for what a walk makes
    """
    members, purchases, returns, entries = frames.members, frames.purchases, frames.returns, frames.entries
    _refuse_what_no_draft_judges(purchases, entries)
    number = members.get_column("member").to_numpy()
    local = np.full(int(number.max(initial=0)) + 1, -1, dtype=np.int64)
    local[number] = np.arange(len(number))
    sizes = (purchases.height, returns.height, entries.height, 0 if end_at is None else len(number))
    first = np.concatenate([[0], np.cumsum(sizes)])
    n = int(first[-1])
    block = blank(n)
    if "segments" in members.columns:
        of_member = members.get_column("segments")
        purchases, entries = (
            frame.with_columns(
                segments=of_member.gather(pl.Series(local[frame.get_column("member").to_numpy()]))
            )
            for frame in (purchases, entries)
        )
    who, sequence = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    bought, back, other, end = (slice(int(a), int(b)) for a, b in pairwise(first))
    for at, frame in ((bought, purchases), (back, returns), (other, entries)):
        who[at] = local[frame.get_column("member").to_numpy()]
        sequence[at] = frame.get_column("sequence").to_numpy()
    who[end], sequence[end] = np.arange(sizes[3]), _LAST
    put_purchases(block[bought], purchases, zone)
    key = who * (_LAST * 2) + sequence
    order = np.argsort(key, kind="stable")
    origin = _purchases_of(returns, key[back], key[bought])
    put_returns(block[back], returns, block[bought][origin], zone)
    put_entries(block[other], entries.rename({"state": "value"}), zone)
    put_occasions(block[other], entries, zone)
    if end_at is not None:
        put_end(block[end], end_at, zone)
    currency, units = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    currency[other] = entries.get_column("currency").fill_null(0).to_numpy()
    units[other] = entries.get_column("units").fill_null(0).to_numpy()
    block = block[order]
    undo_of = _undone(block, key[order], units[order])
    counts = np.bincount(frames.lines.get_column("purchase").to_numpy(), minlength=purchases.height)
    line_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    table = np.repeat(np.arange(4), sizes)
    starts = np.searchsorted(who[order], np.arange(len(number) + 1)).astype(np.int64)
    forgave = np.zeros(n, dtype=np.bool_)
    forgave[back] = returns.get_column("forgiven").list.sum().fill_null(0).to_numpy() > 0
    put_previous_days(block, sequence[order], starts, forgave[order])
    legs = entry_legs(entries, zone)
    for column, numbers in ((fold.EVENT_ORIGIN, block), (fold.LEG_RESERVATION, legs)):
        numbers[:, column] *= stride
    return Woven(
        members=members,
        purchases=purchases,
        lines=frames.lines,
        returns=returns,
        entries=entries,
        line_start=line_start,
        backs=backs_of(returns, origin, frames.lines, line_start),
        starts=starts,
        block=block,
        sequence=sequence[order] * stride,
        stride=stride,
        table=table[order],
        row=(np.arange(n) - first[table])[order],
        currency=currency[order],
        units=units[order],
        legs=legs,
        undo_of=undo_of,
        end_at=end_at,
    )


def _refuse_what_no_draft_judges(purchases: pl.DataFrame, entries: pl.DataFrame) -> None:
    """Refuse histories whose facts a snapshot does not tell: nothing in a programme's document makes them yet."""
    if entries.get_column("kind").is_in(("carry_out", "carry_in")).any():
        raise BacktestRefused("members were merged, which a back-test cannot follow yet")
    if (entries.get_column("kind") == "exchange").any():
        raise BacktestRefused("units were exchanged, which a back-test cannot follow yet")
    if purchases.get_column("legs").null_count() < purchases.height:
        raise BacktestRefused("purchases were paid with units, which a back-test cannot follow yet")


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


def _undone(block: Integers, key: Integers, units: Integers) -> Integers:
    """Number the reversals, in them and in what they undo, whose kind and most units are put into them; all in the order of
    the fold."""
    at = np.flatnonzero(block[:, fold.EVENT_KIND] == fold.REVERSE)
    if not len(at):
        return _NONE
    sequence = key[at] % (_LAST * 2)
    wanted = key[at] - sequence + block[at, fold.EVENT_ORIGIN]
    origin = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    assert (key[origin] == wanted).all(), "a reversal names an entry that is not in the journal"
    block[at, fold.EVENT_UNDOES] = block[origin, fold.EVENT_KIND]
    block[at, fold.EVENT_VALUE] = units[at]
    undo_of = np.full(len(block), -1, dtype=np.int64)
    undo_of[at] = undo_of[origin] = np.arange(len(at))
    return undo_of


def recorded_slices(entries: pl.DataFrame) -> Slices:
    """The slices that entries bring, as the ledger kept them."""
    start, flat = lists_of(entries.filter(pl.col("kind").is_in(SLICED)).get_column("slices"))
    terms, day, units = flat.reshape(-1, SLICE_KEPT_WIDTH).T
    return Slices(start=start // SLICE_KEPT_WIDTH, terms=terms, day=day, units=units)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """A bucket as one side sees it, ready to be walked."""

    lives: Lives
    seen: Seen
    occasions: Occasions
    due: Due
    due_from: int  # the first row of hits behind those of occasions
    needs: Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What must have room: of the member who needs most, and of all members together."""

    lots: int
    lots_all: int
    held: int  # reservations times lots
    held_all: int
    hits: int
    hits_of_one: int  # of one event
    legs_of_one: int
    made: int  # moments that the walk makes, of one member
    moments: int  # that the ledger made, likewise


def judge(
    woven: Woven,
    side: Side,
    *,
    dates: Integers,
    first_day: int,
    slices: Slices,
    gifts: Integers | None = None,
    habits: tuple[Integers, Integers] | None = None,
    seen: Seen | None = None,
    kept_returns: bool = False,
    cuts: Sequence[Cut] = (),
    sums_pools: bool = False,
) -> Judged:
    """What select sees on one side, and every event with its revision, hits, legs and days of its terms.

    These are put into `woven.block` itself, so one side is walked before the next is judged.

    Shape
        dates         [row, day - first_day, terms, DATES_WIDTH], as `Side.dates` gives it
        slices        of the entries that bring some
        gifts         by entry: the number of its gift; -1: none
        habits        of drawn redemptions, by event, as `Lives` has them
        cuts          when the budgets of the side are used up
        kept_returns  take the hits of returns as the ledger kept them, too
        sums_pools    sum what moments are granted out of pools
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
        kept = kept_hits(woven.returns)
        assert np.array_equal(kept.start, back_start), "a return has the hits of its purchase"
        back_rule, back_amount, back_quantity = kept.rule, kept.amount, kept.quantity
    occasions = occasions_of(entries, side)
    n_hits, n_back, n_told = len(found.rule), len(back_rule), len(occasions.hits)
    due, due_hits = _due_of(
        woven,
        side,
        first_day,
        dates.shape[1],
        hits_from=n_hits + n_back + n_told,
        cuts=cuts,
        sums_pools=sums_pools,
    )
    hits = np.zeros((max(1, n_hits + n_back + n_told + len(due_hits)), fold.HIT_WIDTH), dtype=np.int64)
    _put_hits(hits, found.rule, found.amount, found.quantity)
    put_rooms(hits, purchases, rows, found.start, side)
    hits[n_hits + n_back : n_hits + n_back + n_told] = occasions.hits
    hits[n_hits + n_back + n_told :][: len(due_hits)] = due_hits
    if cuts:
        close_pools(hits, side, cuts, purchases, rows, found.start, found.rule)
        told_from = hits[n_hits + n_back :]
        close_pools(
            told_from,
            side,
            cuts,
            entries[occasions.at],
            occasions.rows,
            occasions.start,
            occasions.hits[:, 0],
        )
    for column, values in enumerate((back_rule, back_amount, back_quantity, back_origin)):
        hits[n_hits : n_hits + n_back, column] = values

    end_row = 0
    if woven.end_at is not None:
        end_row = int(side.rows_at(pl.Series([woven.end_at], dtype=INSTANT))[0])
    kinds = kinds_of(entries.get_column("kind"))
    entry_rows = side.rows_at(entries.get_column("recorded_at"))
    entry_rows[occasions.at] = occasions.rows
    told_start = np.zeros(entries.height + 1, dtype=np.int64)
    told_start[occasions.at + 1] = np.diff(occasions.start)
    told_start = n_hits + n_back + np.cumsum(told_start)
    sliced = is_sliced(kinds)
    owner = np.repeat(np.flatnonzero(sliced), np.diff(slices.start))
    received = slice_legs(
        kinds[owner], woven.legs[owner, fold.LEG_CURRENCY], slices.terms, slices.day, slices.units
    )
    legs = np.concatenate([woven.legs, received])
    purchase_of, other_of = (np.full(len(woven.sequence), -1, dtype=np.int64) for _ in range(2))
    width = side.timeline.n_terms * fold.DATES_WIDTH
    needs = _put_judged(
        woven.starts, woven.table, woven.row, woven.block, rows, woven.backs.purchase,
        entry_rows, np.where(occasions.passed, fold.ADVANCE, kinds), values_of(entries, occasions), told_start, end_row,
        found.start, n_hits + back_start,
        woven.legs, entries.height + slices.start, np.where(sliced, np.cumsum(sliced) - 1, -1),
        np.full(entries.height, -1, dtype=np.int64) if gifts is None else gifts,
        first_day, dates.shape[1], width, purchase_of, other_of,
    )  # fmt: skip
    firsts = np.minimum(woven.starts[:-1], max(len(woven.block) - 1, 0))
    return Judged(
        lives=Lives(
            starts=woven.starts,
            first_rows=woven.block[firsts, fold.EVENT_REVISION]
            if len(woven.block)
            else np.zeros_like(firsts),
            events=woven.block.reshape(-1),
            sequence=woven.sequence,
            currency=woven.currency,
            units=woven.units,
            purchase_of=purchase_of,
            other_of=other_of,
            undo_of=woven.undo_of,
            hits=hits.reshape(-1),
            results=np.zeros(len(hits) * fold.RESULT_WIDTH, dtype=np.int64),
            dates=dates.reshape(-1),
            legs=legs.reshape(-1) if len(legs) else np.zeros(fold.LEG_WIDTH, dtype=np.int64),
            habit_units=_NONE if habits is None else habits[0],
            habit_of=_NONE if habits is None else habits[1],
        ),
        seen=seen,
        occasions=occasions,
        due=due,
        due_from=n_hits + n_back + n_told,
        needs=_needs(needs, side, woven, due),
    )


def _due_of(
    woven: Woven, side: Side, first_day: int, n_days: int, *, hits_from: int, cuts: Sequence[Cut], sums_pools: bool
) -> tuple[Due, Integers]:  # fmt: skip
    """What falls due by itself on a side, where numbers leave room for it."""
    if woven.stride == 1 or not side.timeline.has_moments:
        return nothing_due(), np.zeros((0, fold.HIT_WIDTH), dtype=np.int64)
    from_day = fold.FAR
    if side.begins_at is not None:
        from_day = day_number(local_date(side.begins_at, side.timeline.time_zone))
    return due_of(
        side, first_day=first_day, n_days=n_days, from_day=from_day, end_sequence=_LAST * woven.stride,
        hits_from=hits_from, cuts=cuts, sums_pools=sums_pools,
    )  # fmt: skip


def _needs(needs: tuple[int, ...], side: Side, woven: Woven, due: Due) -> Needs:
    """What must have room, moments that the walk makes among it."""
    made = 0
    of_moment = int(np.diff(due.hit_start).max(initial=0))
    if len(due.began):
        most = int(np.diff(woven.starts).max(initial=0))
        made = most_made(side, first_day=due.first_day, n_days=due.n_days, purchases=most)
    return Needs(
        lots=needs[0] + made * side.timeline.n_terms,
        lots_all=needs[1],
        held=needs[2],
        held_all=needs[3],
        hits=needs[4] + made * of_moment,
        hits_of_one=max(needs[5], of_moment),
        legs_of_one=needs[6],
        made=made,
        moments=int(np.diff(woven.starts).max(initial=0)) if side.timeline.has_moments else 0,
    )


def _put_hits_plain(hits: Any, rule: Any, amount: Any, quantity: Any) -> None:
    """Fill the first rows with the hits of purchases."""
    for k in range(len(rule)):
        hits[k, 0] = rule[k]
        hits[k, 1] = amount[k]
        hits[k, 2] = quantity[k]
        hits[k, 3] = -1


def _put_judged_plain(  # noqa: PLR0913, PLR0917
    starts: Any, table: Any, row: Any, events: Any, rows: Any, back_purchase: Any, entry_rows: Any, entry_kinds: Any,
    entry_values: Any, told_start: Any, end_row: int, hit_start: Any, back_start: Any, own_legs: Any, slice_start: Any,
    nth_sliced: Any, gifts: Any, first_day: int, n_days: int, dates_width: int, purchase_of: Any, other_of: Any,
) -> tuple[int, int, int, int, int, int, int]:  # fmt: skip
    """Fill what is a side's own of each event; return what `Needs` has, in its order."""
    lots_most, lots_all, held_most, held_all, hits_most, hits_of_one, legs_of_one = 0, 0, 0, 0, 0, 0, 0
    for m in range(len(starts) - 1):
        lots, hits, reserved = 0, 0, 0
        for e in range(starts[m], starts[m + 1]):
            kind, at = table[e], row[e]
            judged_by, first, end, leg, leg_end = end_row, 0, 0, 0, 0
            if kind == BOUGHT:
                judged_by = rows[at]
                first, end = hit_start[at], hit_start[at + 1]
                purchase_of[e] = at
                lots += dates_width // fold.DATES_WIDTH
                hits += end - first
            elif kind == BACK:
                judged_by = rows[back_purchase[at]]
                first, end = back_start[at], back_start[at + 1]
                purchase_of[e] = back_purchase[at]
                other_of[e] = at
            elif kind == ENTRY:
                judged_by = entry_rows[at]
                other_of[e] = gifts[at]
                first, end = told_start[at], told_start[at + 1]
                kind_of = entry_kinds[at]
                events[e, fold.EVENT_KIND] = kind_of
                if kind_of != fold.REVERSE:
                    events[e, fold.EVENT_VALUE] = entry_values[at]
                if kind_of == fold.EVENT or kind_of == fold.MOMENT:  # noqa: PLR1714
                    other_of[e] = at
                    lots += dates_width // fold.DATES_WIDTH
                    hits += end - first
                if nth_sliced[at] >= 0:
                    leg, leg_end = slice_start[nth_sliced[at]], slice_start[nth_sliced[at] + 1]
                elif own_legs[at, fold.LEG_VERB] >= 0:
                    leg, leg_end = at, at + 1
                if events[e, fold.EVENT_KIND] == fold.RESERVE:
                    reserved += 1
                lots += leg_end - leg
            events[e, fold.EVENT_REVISION] = judged_by
            events[e, fold.EVENT_HITS] = first
            events[e, fold.EVENT_HITS_END] = end
            events[e, fold.EVENT_LEGS] = leg
            events[e, fold.EVENT_LEGS_END] = leg_end
            day = events[e, fold.EVENT_OCCURRED_DAY] - first_day
            events[e, fold.EVENT_DATES] = (judged_by * n_days + day) * dates_width
            hits_of_one = max(hits_of_one, end - first)
            legs_of_one = max(legs_of_one, leg_end - leg)
        lots_most, held_most, hits_most = (
            max(lots_most, lots),
            max(held_most, reserved * lots),
            max(hits_most, hits),
        )
        lots_all += lots
        held_all += reserved * lots
    return lots_most, lots_all, held_most, held_all, hits_most, hits_of_one, legs_of_one


_put_hits = numba.njit(cache=True, nogil=True)(_put_hits_plain)
_put_judged = numba.njit(cache=True, nogil=True)(_put_judged_plain)
