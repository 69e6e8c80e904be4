"""The lives of new members: from frames of purchases to everything the fold makes of them, in one compiled walk.

This is what bulk import writes and what a replay compares. It reads frames and a timeline, and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain import fold, verbs
from jifen.domain.timeline import Timeline
from jifen.insight.clocks import shown_clock
from jifen.insight.compiled_fold import walk as compiled_walk
from jifen.insight.event_columns import blank, entry_legs, put_dates, put_entries, put_purchases
from jifen.insight.select_columns import SparseHits, asked_by, columns_asked, hits_of_masks, masks, words_of
from jifen.insight.walked import Walk, walk_arrays

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What became of events: arrays of rows as `domain/fold.py` lays them out.

    Event e is purchase `purchase_of[e]`, or another event when that is -1. Hits of purchase p stand in rows
    `hit_start[p]` to `hit_start[p + 1]` of `hits` and `results`; postings of event e end at `told[e, TOLD_POSTED]`, movements
    at `told[e, TOLD_MOVED]`.
    """

    n_members: int
    starts: Integers
    events: Integers
    legs: Integers
    purchase_of: Integers
    hits: Integers
    results: Integers
    hit_start: Integers
    words: Integers
    told: Integers
    postings: Integers
    moves: Integers
    members: Integers
    ladders: Integers
    lots: Integers
    lot_member: Integers
    days: Integers
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
        adds   row (of the timeline; -1 before the first revision), occurred_day (programme's zone), weekday, hour, date
               (store's zone)
    """
    zone = timeline.time_zone
    moments = pl.Series(
        "effective", [program.effective_at for program in timeline.programs], pl.Datetime("us", "UTC")
    )
    local = shown_clock(purchases["occurred_at"], zone)
    frame = purchases.with_columns(
        row=pl.Series(moments.search_sorted(purchases["occurred_at"], side="right").cast(pl.Int64) - 1),
        occurred_day=local.dt.date().cast(pl.Int32).cast(pl.Int64),
    )
    shops: dict[str, list[str]] = {}
    for code, store in timeline.newest.stores.items():
        if store.time_zone != zone:
            shops.setdefault(store.time_zone, []).append(code)
    clock = pl.lit(local)
    for store_zone, codes in shops.items():
        shown = shown_clock(purchases["occurred_at"], store_zone)
        clock = pl.when(pl.col("store").is_in(codes)).then(shown).otherwise(clock)
    return frame.with_columns(
        weekday=clock.dt.weekday().cast(pl.Int64),
        hour=clock.dt.hour().cast(pl.Int64),
        date=clock.dt.year().cast(pl.Int64) * 10_000 + clock.dt.month().cast(pl.Int64) * 100 + clock.dt.day(),
    )


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
    asked = columns_asked(asked_by(rule) for program in timeline.programs for rule in program.rules)
    facts = facts.select(name for name in facts.columns if name in asked and name not in lines.columns)
    joined = lines.with_columns(facts.select(pl.all().gather(lines.get_column("purchase"))))
    rows = purchases.get_column("row").unique().sort().to_list()
    rows = rows or [len(timeline.programs) - 1]  # nothing was bought: only beginnings are told
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
    merged, purchase_of, legs = _merged(purchases, extra, timeline)
    member = merged[:, -1]
    events = np.ascontiguousarray(merged[:, : fold.EVENT_WIDTH])
    is_purchase = purchase_of >= 0
    events[is_purchase, fold.EVENT_HITS] = found.start[purchase_of[is_purchase]]
    events[is_purchase, fold.EVENT_HITS_END] = found.start[purchase_of[is_purchase] + 1]
    dates = put_dates(events, timeline)

    n_hits = len(found.rule)
    hits = np.stack([found.rule, found.amount, found.quantity, np.full(n_hits, -1)], axis=1).astype(np.int64)
    starts = np.searchsorted(member, np.arange(n_members + 1)).astype(np.int64)
    firsts = np.minimum(starts[:-1], max(len(events) - 1, 0))
    walked = walk_arrays(
        timeline,
        starts=starts,
        first_rows=events[firsts, fold.EVENT_REVISION]
        if len(events)
        else np.zeros(n_members, dtype=np.int64),
        events=events,
        hits=hits.reshape(-1) if n_hits else np.zeros(fold.HIT_WIDTH, dtype=np.int64),
        results=np.zeros(max(1, n_hits) * fold.RESULT_WIDTH, dtype=np.int64),
        dates=dates,
        legs=legs.reshape(-1) if len(legs) else np.zeros(fold.LEG_WIDTH, dtype=np.int64),
        moves=np.zeros(1, dtype=np.int64),
        walk=walk,
    )
    kept = walked.kept
    ends = kept.starts.reshape(-1, fold.KEPT_WIDTH)[-1]
    return Lives(
        n_members=n_members,
        starts=starts,
        events=events,
        legs=legs,
        purchase_of=purchase_of,
        hits=hits,
        results=walked.results[:n_hits],
        hit_start=found.start,
        words=words,
        told=walked.told,
        postings=walked.postings,
        moves=walked.moves,
        members=walked.members,
        ladders=walked.ladders,
        lots=np.concatenate(walked.lots) if walked.lots else np.zeros((0, fold.LOT_WIDTH), dtype=np.int64),
        lot_member=np.repeat(np.arange(n_members), walked.members[:, fold.LOTS]),
        days=kept.days.reshape(-1, fold.DAYS_COUNTED + timeline.n_ladders)[: ends[fold.KEPT_DAYS]],
        history=kept.history[: ends[fold.KEPT_HISTORY] * fold.HISTORY_WIDTH].reshape(-1, fold.HISTORY_WIDTH),
        counters=kept.counters[: ends[fold.KEPT_COUNTERS] * fold.COUNTER_WIDTH].reshape(
            -1, fold.COUNTER_WIDTH
        ),
        kept_starts=kept.starts.reshape(-1, fold.KEPT_WIDTH),
    )


def _merged(
    purchases: pl.DataFrame, extra: pl.DataFrame | None, timeline: Timeline
) -> tuple[Integers, Integers, Integers]:
    """Events in the order of the fold, with the member in a last column; the purchase each is (-1: none); and their legs."""
    n = purchases.height
    zone = timeline.time_zone
    bought = blank(n, more=1)
    put_purchases(bought, purchases.with_columns(recorded_at="occurred_at"), zone)
    bought[:, fold.EVENT_REVISION] = purchases.get_column("row").to_numpy()
    bought[:, -1] = purchases.get_column("member").to_numpy()
    others = EXTRA.to_frame() if extra is None else extra
    rows = with_calendar(
        others.select(pl.col("at").alias("occurred_at"), store=pl.lit(None, dtype=pl.String)), timeline
    ).get_column("row")
    entries = others.select(
        "currency", "units", "member", recorded_at="at", kind=pl.col("kind").replace_strict(_NAMES, return_dtype=pl.String),
        origin=pl.lit(None, dtype=pl.Int64), value=pl.lit(None, dtype=pl.Int64),
        lapses_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    )  # fmt: skip
    added = blank(entries.height, more=1)
    put_entries(added, entries, zone)
    added[:, fold.EVENT_REVISION] = rows.to_numpy()
    added[:, -1] = entries.get_column("member").to_numpy()
    legs = entry_legs(entries, zone)
    first = np.arange(entries.height)
    added[:, fold.EVENT_LEGS] = first
    added[:, fold.EVENT_LEGS_END] = first + (legs[:, fold.LEG_VERB] >= 0)
    merged = np.concatenate([bought, added])
    purchase_of = np.concatenate([np.arange(n, dtype=np.int64), np.full(entries.height, -1, dtype=np.int64)])
    is_enrolment = merged[:, fold.EVENT_KIND] == fold.ENROL
    by = np.lexsort(
        (
            np.arange(len(merged)),
            (purchase_of < 0) & ~is_enrolment,
            ~is_enrolment,
            merged[:, fold.EVENT_RECORDED_AT],
            merged[:, -1],
        )
    )
    return merged[by], purchase_of[by], legs


_NAMES = {kind.number: kind.name for kind in verbs.KINDS}


def enrolments(purchases: pl.DataFrame) -> pl.DataFrame:
    """An ENROL for each member, at the moment of the first purchase.

    Shape
        purchases   member, occurred_at
        returns     EXTRA
    """
    firsts = purchases.group_by("member").agg(at=pl.col("occurred_at").min()).sort("member")
    return firsts.select(
        "member", "at", kind=pl.lit(fold.ENROL, dtype=pl.Int64), currency=pl.lit(0, dtype=pl.Int64),
        units=pl.lit(0, dtype=pl.Int64),
    ).cast(EXTRA)  # fmt: skip


def advance_all(n_members: int, to: datetime) -> pl.DataFrame:
    """An event for each member that only lets time pass up to a moment."""
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
