"""The lives of new members: from frames of purchases to everything the fold makes of them, in one compiled walk.

This is what bulk import writes and what a replay compares. It reads frames and a timeline, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain import fold
from jifen.domain.calendar import date_of, epoch_second
from jifen.domain.member import fresh_scalars
from jifen.domain.program.reading import facts_of
from jifen.domain.timeline import Timeline
from jifen.insight.compiled_fold import walk as compiled_walk
from jifen.insight.select_columns import SparseHits, column_of, hits_of_masks, masks, words_of

Integers = npt.NDArray[np.int64]
Walk = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What became of events: arrays of rows as `domain/fold.py` lays them out.

    Event e is purchase `purchase_of[e]`, or another event when that is -1. Hits of purchase p stand in rows
    `hit_start[p]` to `hit_start[p + 1]` of `hits` and `results`; postings of event e end at `told[e, TOLD_POSTINGS]`.
    """

    n_members: int
    starts: Integers
    events: Integers
    purchase_of: Integers
    hits: Integers
    results: Integers
    hit_start: Integers
    words: Integers
    told: Integers
    postings: Integers
    members: Integers
    lots: Integers
    lot_member: Integers
    window: Integers
    history: Integers
    counters: Integers
    kept_starts: Integers


EXTRA = pl.Schema(
    {
        "member": pl.Int64(),
        "at": pl.Datetime("us", "UTC"),
        "kind": pl.Int64(),
        "currency": pl.Int64(),
        "units": pl.Int64(),
    }
)
"""Events other than purchases: redemptions of a simulation, or an ADVANCE to a moment."""


def with_calendar(purchases: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """Purchases with what calendars say of them.

    Shape
        adds   row (of the timeline; -1 before the first revision), occurred_day, occurred_s, month (programme's zone),
               weekday, hour, date (store's zone)
    """
    zone = timeline.time_zone
    moments = pl.Series(
        "effective", [program.effective_at for program in timeline.programs], pl.Datetime("us", "UTC")
    )
    local = pl.col("occurred_at").dt.convert_time_zone(zone)
    frame = purchases.with_columns(
        row=pl.Series(moments.search_sorted(purchases["occurred_at"], side="right").cast(pl.Int64) - 1),
        occurred_day=local.dt.date().cast(pl.Int32).cast(pl.Int64),
        occurred_s=pl.col("occurred_at").dt.epoch("us") // 1_000_000,
        month=local.dt.year().cast(pl.Int64) * 12 + local.dt.month().cast(pl.Int64) - 1,
    )
    stores = timeline.newest.stores
    zones = {code: store.time_zone for code, store in stores.items() if store.time_zone != zone}
    at_store = local
    for code, store_zone in zones.items():
        # Wall clocks of different zones cannot stand in one column with a zone, so each is compared without one.
        shown = pl.col("occurred_at").dt.convert_time_zone(store_zone).dt.replace_time_zone(None)
        at_store = pl.when(pl.col("store") == code).then(shown).otherwise(_plain(at_store))
    clock = _plain(at_store)
    return frame.with_columns(
        weekday=clock.dt.weekday().cast(pl.Int64),
        hour=clock.dt.hour().cast(pl.Int64),
        date=clock.dt.year().cast(pl.Int64) * 10_000 + clock.dt.month().cast(pl.Int64) * 100 + clock.dt.day(),
    )


def _plain(clock: pl.Expr) -> pl.Expr:
    return clock.dt.replace_time_zone(None)


def select_history(
    purchases: pl.DataFrame, lines: pl.DataFrame, timeline: Timeline
) -> tuple[SparseHits, Integers]:
    """Hits of every purchase (numbered 0 .. n-1 in `purchase`) and the mask words of every line, each by its revision."""
    n = purchases.height
    facts = purchases.select(
        "purchase", "row", "store", "channel", "source", "weekday", "hour", "date",
        pl.col("amount_minor").alias("purchase_amount_minor"),
        pl.col("tags").alias("purchase_tags"),
        payment_methods=_methods(purchases),
    )  # fmt: skip
    asked = {
        column_of(fact)
        for program in timeline.programs
        for rule in program.rules
        for fact in facts_of(rule.given)
    }
    facts = facts.select(name for name in facts.columns if name in asked and name not in lines.columns)
    joined = lines.with_columns(facts.select(pl.all().gather(lines.get_column("purchase"))))
    rows = purchases.get_column("row").unique().sort().to_list()
    if rows == [len(timeline.programs) - 1] or len(rows) == 1:
        program = timeline.programs[rows[0]]
        words = words_of(masks(joined.lazy(), program))
        return _hits(joined, words, program, n), words
    return _select_by_revision(purchases, joined, timeline, rows)


def _hits(lines: pl.DataFrame, words: Integers, program: Any, n: int) -> SparseHits:
    return hits_of_masks(
        purchase=lines.get_column("purchase").to_numpy(),
        words=words,
        amount=lines.get_column("amount_minor").to_numpy(),
        quantity=lines.get_column("quantity_milli").to_numpy(),
        program=program,
        purchases=n,
    )


def _select_by_revision(
    purchases: pl.DataFrame, lines: pl.DataFrame, timeline: Timeline, rows: list[int]
) -> tuple[SparseHits, Integers]:
    """The same where purchases fall under several revisions: each part by its own, then put together again."""
    n = purchases.height
    found: list[tuple[Integers, SparseHits]] = []
    parts: list[tuple[Integers, Integers]] = []
    for row in rows:
        chosen = (purchases.get_column("row") == row).to_numpy()
        own = np.flatnonzero(chosen)
        number = np.cumsum(chosen) - 1
        at = np.flatnonzero(chosen[lines.get_column("purchase").to_numpy()])
        part = lines[at].with_columns(
            purchase=pl.Series(number[lines.get_column("purchase").to_numpy()[at]], dtype=pl.Int64)
        )
        words = words_of(masks(part.lazy(), timeline.programs[row]))
        found.append((own, _hits(part, words, timeline.programs[row], len(own))))
        parts.append((at, words))
    words_all = np.zeros((max(words.shape[0] for _, words in parts), lines.height), dtype=np.int64)
    for at, words in parts:
        words_all[: words.shape[0], at] = words
    counts = np.zeros(n, dtype=np.int64)
    for own, part_hits in found:
        counts[own] = np.diff(part_hits.start)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = int(start[-1])
    merged = SparseHits(start=start, rule=np.empty(total, np.int64), amount=np.empty(total, np.int64),
                        quantity=np.empty(total, np.int64))  # fmt: skip
    for own, part_hits in found:
        length = np.diff(part_hits.start)
        target = np.repeat(start[own] - part_hits.start[:-1], length) + np.arange(int(part_hits.start[-1]))
        merged.rule[target] = part_hits.rule
        merged.amount[target] = part_hits.amount
        merged.quantity[target] = part_hits.quantity
    return merged, words_all


def _methods(purchases: pl.DataFrame) -> pl.Series:
    """The payment methods of each purchase, from its payments as JSON text."""
    payments = purchases.get_column("payments")
    if payments.null_count() == len(payments):
        return pl.Series("payment_methods", [None] * len(payments), dtype=pl.List(pl.String))
    shape = pl.List(pl.Struct({"method": pl.String, "amount_minor": pl.Int64}))
    return (
        payments.str.json_decode(shape)
        .list.eval(pl.element().struct.field("method"))
        .alias("payment_methods")
    )


def walk_lives(
    purchases: pl.DataFrame,
    lines: pl.DataFrame,
    timeline: Timeline,
    *,
    n_members: int,
    extra: pl.DataFrame | None = None,
    walk: Walk = compiled_walk,
) -> Lives:
    """Walk the lives of `n_members` new members.

    Shape
        purchases   as `with_calendar` leaves them, with `member` (0 .. n_members - 1) and `purchase` (0 .. n - 1)
                    ascending, each member's in the order of the fold
        extra       EXTRA; an event stands after the purchases of the same moment
    """
    found, words = select_history(purchases, lines, timeline)
    merged, purchase_of = _merged(purchases, extra, timeline)
    n_events = merged.shape[0]
    member = merged[:, -1]
    events = np.ascontiguousarray(merged[:, : fold.EVENT_WIDTH])
    is_purchase = purchase_of >= 0
    events[is_purchase, fold.EVENT_HITS] = found.start[purchase_of[is_purchase]]
    events[is_purchase, fold.EVENT_HITS_END] = found.start[purchase_of[is_purchase] + 1]
    expiry = _put_expiry(events, timeline)

    n_hits = len(found.rule)
    hits = np.stack([found.rule, found.amount, found.quantity, np.full(n_hits, -1)], axis=1).astype(np.int64)
    n_currencies = timeline.n_currencies
    starts = np.searchsorted(member, np.arange(n_members + 1)).astype(np.int64)
    counts = np.diff(starts)
    most = int(counts.max(initial=0))
    per_member = np.bincount(member[is_purchase], minlength=n_members).astype(np.int64)
    lot_room = per_member * n_currencies
    lot_starts = np.concatenate([[0], np.cumsum(lot_room)]).astype(np.int64)
    hits_of_member = np.zeros(n_members, dtype=np.int64)
    np.add.at(hits_of_member, member[is_purchase], np.diff(found.start)[purchase_of[is_purchase]])
    most_hits = int(hits_of_member.max(initial=0))
    width = fold.BALANCES + n_currencies * fold.BALANCE_WIDTH
    foot = timeline.programs[0].ladder.tiers[0].number
    members = np.tile(np.array(fresh_scalars(n_currencies, foot), dtype=np.int64), n_members)
    told_width = fold.TOLD_BALANCES + n_currencies
    n_tiers = timeline.n_tiers
    lots = np.zeros(max(1, int(lot_starts[-1])) * fold.LOT_WIDTH, dtype=np.int64)
    results = np.zeros(max(1, n_hits) * fold.RESULT_WIDTH, dtype=np.int64)
    told = np.zeros(max(1, n_events) * told_width, dtype=np.int64)
    out = np.zeros(1 + fold.OUT_WIDTH * (2 * int(lot_starts[-1]) + n_events + 1), dtype=np.int64)
    kept_window = np.zeros((n_events + 1) * fold.WINDOW_WIDTH, dtype=np.int64)
    kept_history = np.zeros((n_members + n_events * n_tiers + 1) * fold.HISTORY_WIDTH, dtype=np.int64)
    kept_counters = np.zeros((2 * n_hits + 1) * fold.COUNTER_WIDTH, dtype=np.int64)
    kept_starts = np.zeros((n_members + 1) * 4, dtype=np.int64)
    walk(
        starts, members, width, lots, lot_starts,
        np.zeros((most + 2) * fold.WINDOW_WIDTH, dtype=np.int64),
        np.zeros((most * n_tiers + 2) * fold.HISTORY_WIDTH, dtype=np.int64),
        np.zeros((2 * most_hits + 1) * fold.COUNTER_WIDTH, dtype=np.int64),
        np.zeros(fold.HOLD_WIDTH, dtype=np.int64),
        events.reshape(-1), hits.reshape(-1) if n_hits else np.zeros(fold.HIT_WIDTH, dtype=np.int64), results, expiry,
        *(np.array(table, dtype=np.int64) for table in
          (timeline.rules, timeline.tests, timeline.tiers, timeline.revisions, timeline.currencies)),
        out, told, told_width,
        kept_window, kept_history, kept_counters, np.zeros(fold.HOLD_WIDTH, dtype=np.int64), kept_starts,
    )  # fmt: skip
    state = members.reshape(n_members, width)
    opened = state[:, fold.LOTS]
    lot_rows = np.repeat(lot_starts[:-1] - np.concatenate([[0], np.cumsum(opened)[:-1]]), opened) + np.arange(
        opened.sum()
    )
    ends = kept_starts.reshape(-1, 4)[-1]
    return Lives(
        n_members=n_members,
        starts=starts,
        events=events,
        purchase_of=purchase_of,
        hits=hits,
        results=results.reshape(-1, fold.RESULT_WIDTH)[:n_hits],
        hit_start=found.start,
        words=words,
        told=told.reshape(-1, told_width)[:n_events],
        postings=out[1 : 1 + out[0] * fold.OUT_WIDTH].reshape(-1, fold.OUT_WIDTH),
        members=state,
        lots=lots.reshape(-1, fold.LOT_WIDTH)[lot_rows],
        lot_member=np.repeat(np.arange(n_members), opened),
        window=kept_window.reshape(-1, fold.WINDOW_WIDTH)[: ends[fold.KEPT_WINDOW]],
        history=kept_history.reshape(-1, fold.HISTORY_WIDTH)[: ends[fold.KEPT_HISTORY]],
        counters=kept_counters.reshape(-1, fold.COUNTER_WIDTH)[: ends[fold.KEPT_COUNTERS]],
        kept_starts=kept_starts.reshape(-1, 4),
    )


def _merged(
    purchases: pl.DataFrame, extra: pl.DataFrame | None, timeline: Timeline
) -> tuple[Integers, Integers]:
    """Events in the order of the fold, with the member in a last column, and the purchase each is (-1: none)."""
    n = purchases.height
    block = np.zeros((n, fold.EVENT_WIDTH + 1), dtype=np.int64)
    for column, name in (
        (fold.EVENT_REVISION, "row"), (fold.EVENT_OCCURRED_DAY, "occurred_day"), (fold.EVENT_OCCURRED_AT, "occurred_s"),
        (fold.EVENT_RECORDED_DAY, "occurred_day"), (fold.EVENT_RECORDED_AT, "occurred_s"), (fold.EVENT_MONTH, "month"),
        (fold.EVENT_AMOUNT, "amount_minor"), (fold.EVENT_WIDTH, "member"),
    ):  # fmt: skip
        block[:, column] = purchases.get_column(name).to_numpy()
    block[:, fold.EVENT_KIND] = fold.PURCHASE
    order = np.arange(n, dtype=np.int64)
    if extra is None or extra.height == 0:
        return block, order
    other = with_calendar(
        extra.select(pl.col("at").alias("occurred_at"), store=pl.lit(None, dtype=pl.String)), timeline
    )
    added = np.zeros((extra.height, fold.EVENT_WIDTH + 1), dtype=np.int64)
    for column, name in (
        (fold.EVENT_REVISION, "row"), (fold.EVENT_OCCURRED_DAY, "occurred_day"), (fold.EVENT_OCCURRED_AT, "occurred_s"),
        (fold.EVENT_RECORDED_DAY, "occurred_day"), (fold.EVENT_RECORDED_AT, "occurred_s"), (fold.EVENT_MONTH, "month"),
    ):  # fmt: skip
        added[:, column] = other.get_column(name).to_numpy()
    for column, name in (
        (fold.EVENT_KIND, "kind"), (fold.EVENT_CURRENCY, "currency"), (fold.EVENT_UNITS, "units"),
        (fold.EVENT_WIDTH, "member"),
    ):  # fmt: skip
        added[:, column] = extra.get_column(name).to_numpy()
    merged = np.concatenate([block, added])
    purchase_of = np.concatenate([order, np.full(extra.height, -1, dtype=np.int64)])
    by = np.lexsort(
        (
            np.arange(len(merged)),
            purchase_of < 0,
            merged[:, fold.EVENT_RECORDED_AT],
            merged[:, fold.EVENT_WIDTH],
        )
    )
    return merged[by], purchase_of[by]


def _put_expiry(events: Integers, timeline: Timeline) -> Integers:
    """The days of expiry by (revision, day), and in each event where its own begin."""
    pairs = events[:, fold.EVENT_REVISION] * (2 * fold.FAR) + events[:, fold.EVENT_OCCURRED_DAY]
    distinct, where = np.unique(pairs, return_inverse=True)
    events[:, fold.EVENT_EXPIRY] = where * timeline.n_currencies
    table = np.full((max(1, len(distinct)), timeline.n_currencies), fold.FAR, dtype=np.int64)
    for i, pair in enumerate(distinct.tolist()):
        row, day = divmod(pair, 2 * fold.FAR)
        on = date_of(day)
        assert on is not None, "an event has a date"
        days = timeline.expiry_days(row, on)
        table[i, : len(days)] = days
    return table.reshape(-1)


def advance_all(n_members: int, to: datetime) -> pl.DataFrame:
    """An event for each member that only lets time pass up to a moment."""
    assert epoch_second(to) >= 0, "the moment lies after 1970"
    return pl.DataFrame(
        {
            "member": pl.Series(np.arange(n_members), dtype=pl.Int64),
            "at": pl.Series([to] * n_members, dtype=pl.Datetime("us", "UTC")),
            "kind": pl.Series([fold.ADVANCE] * n_members, dtype=pl.Int64),
            "currency": pl.Series([0] * n_members, dtype=pl.Int64),
            "units": pl.Series([0] * n_members, dtype=pl.Int64),
        },
        schema=EXTRA,
    )
