"""What the walk made of lives, as frames whose columns are those of the ledger's tables, ready for COPY.

Days become dates, offsets become arrays in PostgreSQL's text form, numbers of verbs become words. The words are those of
`store/journal.py`; a test holds both to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from jifen.domain import fold
from jifen.domain.timeline import Timeline
from jifen.insight.frames import ATTRIBUTE_PREFIX
from jifen.insight.lives import Lives

Integers = npt.NDArray[np.int64]

VERBS = ("earn", "claw_back", "redeem", "expire", "adjust_up", "adjust_down", "give", "receive")
ACCOUNTS = ("issued", "issued", "redeemed", "expired", "adjusted", "adjusted", "in_transit", "in_transit")
CREDITS = (True, False, False, False, True, False, False, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRows:
    """Frames named by their tables."""

    member: pl.DataFrame
    lot: pl.DataFrame
    purchase: pl.DataFrame
    entry: pl.DataFrame
    posting: pl.DataFrame


def int_arrays(values: Integers, starts: Integers) -> pl.Series:
    """Rows of integers, row i from `starts[i]` to `starts[i + 1]`, as PostgreSQL array text."""
    lists = pa.LargeListArray.from_arrays(pa.array(starts, pa.int64()), pa.array(values, pa.int64()))
    joined = pl.Series(pl.from_arrow(lists)).cast(pl.List(pl.String)).list.join(",")
    return pl.Series("{" + joined + "}")


def line_documents(lines: pl.DataFrame) -> pl.Series:
    """Each line as JSON text, without what is not known: the same document as `store.purchases.line_document`."""
    present: list[pl.Expr] = []
    for name in ("number", "sku", "name", "category", "brand", "quantity_milli", "amount_minor"):
        present.append(_field(pl.col(name), name))
    discount = pl.when(pl.col("discount_minor") != 0).then(pl.col("discount_minor"))
    present.append(_field(discount, "discount_minor"))
    present.append(_field(pl.col("cost_minor"), "cost_minor"))
    present.append(_field(pl.when(pl.col("tags").list.len() > 0).then(pl.col("tags")), "tags"))
    attributes = [name for name in lines.columns if name.startswith(ATTRIBUTE_PREFIX)]
    if attributes:
        inner = pl.concat_str(
            [_field(pl.col(name), name.removeprefix(ATTRIBUTE_PREFIX)) for name in attributes],
            separator=",",
            ignore_nulls=True,
        )
        present.append(
            pl.when(inner != "").then(pl.concat_str([pl.lit('"attributes":{'), inner, pl.lit("}")]))
        )
    document = pl.concat_str(
        [pl.lit("{"), pl.concat_str(present, separator=",", ignore_nulls=True), pl.lit("}")]
    )
    return lines.select(document.alias("document")).to_series()


def _field(value: pl.Expr, name: str) -> pl.Expr:
    """`"name":value` as JSON, null where the value is."""
    encoded = pl.struct(value.alias(name)).struct.json_encode()
    return pl.when(value.is_not_null()).then(encoded.str.slice(1, encoded.str.len_chars() - 2))


def purchase_documents(lines: pl.DataFrame, line_starts: Integers) -> pl.Series:
    """For each purchase its lines as one JSON array."""
    documents = line_documents(lines).to_arrow()
    lists = pa.LargeListArray.from_arrays(
        pa.array(line_starts, pa.int64()), documents.cast(pa.large_string())
    )
    return pl.Series("[" + pl.Series(pl.from_arrow(lists)).list.join(",") + "]")


def rows_of_members(
    lives: Lives,
    timeline: Timeline,
    purchases: pl.DataFrame,
    documents: pl.Series,
    line_starts: Integers,
    *,
    first: int,
    end: int,
    member_ids: list[str],
    purchase_ids: list[str],
    actor: str,
) -> LedgerRows:
    """The rows of members `first` to `end - 1`.

    Shape
        purchases      all of them, as `with_calendar` leaves them
        documents      for each purchase of these members its lines as JSON
        member_ids     of these members; `purchase_ids` of their purchases
    """
    events = slice(int(lives.starts[first]), int(lives.starts[end]))
    told = lives.told[events]
    kinds = lives.events[events]
    of = lives.purchase_of[events]
    member = np.repeat(np.arange(end - first), np.diff(lives.starts[first : end + 1]))
    ids = pl.Series("member_id", member_ids)
    is_purchase = of >= 0
    own = of[is_purchase]
    balances = int_arrays(
        told[:, fold.TOLD_BALANCES :].reshape(-1),
        np.arange(len(told) + 1) * (told.shape[1] - fold.TOLD_BALANCES),
    )
    revisions = np.array([program.revision for program in timeline.programs])
    moments = pl.Series("at", kinds[:, fold.EVENT_RECORDED_AT], dtype=pl.Int64)
    common = pl.DataFrame(
        {
            "member_id": ids.gather(member),
            "sequence": told[:, fold.TOLD_SEQUENCE],
            "at": pl.from_epoch(moments, time_unit="s").dt.replace_time_zone("UTC"),
            "revision": revisions[kinds[:, fold.EVENT_REVISION]],
            "tier_after": told[:, fold.TOLD_TIER],
            "balances_after": balances,
            "judged_tier": told[:, fold.TOLD_JUDGED_TIER],
            "kind": kinds[:, fold.EVENT_KIND],
            "code": told[:, fold.TOLD_CODE],
            "currency": kinds[:, fold.EVENT_CURRENCY],
            "units": kinds[:, fold.EVENT_UNITS],
        }
    )
    bought = _purchase_rows(
        lives,
        purchases,
        documents,
        line_starts,
        common.filter(pl.Series(is_purchase)),
        own,
        purchase_ids,
        actor,
    )
    posting = _posting_rows(lives, timeline, purchases, common, events, of, actor)
    return LedgerRows(
        member=_member_rows(lives, timeline, purchases, first, end, member_ids),
        lot=_lot_rows(lives, first, end, ids),
        purchase=bought,
        entry=_entry_rows(common, is_purchase, actor),
        posting=posting,
    )


def _purchase_rows(
    lives: Lives,
    purchases: pl.DataFrame,
    documents: pl.Series,
    line_starts: Integers,
    common: pl.DataFrame,
    own: Integers,
    purchase_ids: list[str],
    actor: str,
) -> pl.DataFrame:
    if len(own) == 0:
        first = end = 0
    else:
        first, end = int(own[0]), int(own[-1]) + 1
    part = purchases[first:end]
    hit_start = lives.hit_start[first : end + 1]
    rows = slice(int(hit_start[0]), int(hit_start[-1])) if end > first else slice(0, 0)
    hits = lives.hits[rows]
    local = hit_start - hit_start[0]
    lines = slice(int(line_starts[first]), int(line_starts[end]))
    words = lives.words[:, lines]
    tags = part.get_column("tags")
    return pl.DataFrame(
        {
            "member_id": common["member_id"],
            "sequence": common["sequence"],
            "purchase_id": purchase_ids,
            "source": part["source"],
            "business_no": part["business_no"],
            "store": part["store"],
            "till": part["till"],
            "cashier": part["cashier"],
            "channel": part["channel"],
            "occurred_at": part["occurred_at"],
            "recorded_at": part["occurred_at"],
            "occurred_on": pl.Series(part["occurred_day"].cast(pl.Int32)).cast(pl.Date),
            "weekday": part["weekday"],
            "hour": part["hour"],
            "store_date": part["date"],
            "money": part["money"],
            "amount_minor": part["amount_minor"],
            "payments": part["payments"],
            "tags": _text_arrays(tags),
            "lines": documents,
            "masks": int_arrays(
                words.T.reshape(-1), (line_starts[first : end + 1] - line_starts[first]) * words.shape[0]
            ),
            "hit_rules": int_arrays(hits[:, fold.HIT_RULE], local),
            "hit_amounts": int_arrays(hits[:, fold.HIT_AMOUNT], local),
            "hit_quantities": int_arrays(hits[:, fold.HIT_QUANTITY], local),
            "revision": common["revision"],
            "judged_tier": common["judged_tier"],
            "tier_after": common["tier_after"],
            "balances_after": common["balances_after"],
            "actor": pl.repeat(actor, len(common), eager=True),
        }
    )


def _text_arrays(texts: pl.Series) -> pl.Series:
    """Lists of texts as PostgreSQL array text; null where there is none."""
    quoted = texts.list.eval(
        '"' + pl.element().str.replace_all(r"\\", r"\\").str.replace_all('"', r"\"", literal=True) + '"'
    )
    frame = pl.DataFrame({"texts": quoted})
    return frame.select(
        pl.when(pl.col("texts").list.len() > 0).then("{" + pl.col("texts").list.join(",") + "}")
    ).to_series()


def _entry_rows(common: pl.DataFrame, is_purchase: npt.NDArray[np.bool_], actor: str) -> pl.DataFrame:
    rows = common.filter(pl.Series(~is_purchase) & (pl.col("sequence") > 0))
    done = (pl.col("code") == fold.DONE) & (pl.col("kind") == fold.REDEEM)
    return rows.select(
        "member_id",
        "sequence",
        kind=pl.when(done).then(pl.lit("redeem")).otherwise(pl.lit("advance")),
        currency=pl.when(done).then(pl.col("currency")),
        units=pl.when(done).then(pl.col("units")),
        revision="revision",
        actor=pl.lit(actor),
        note=pl.when(done).then(pl.lit(f"{actor}: simulated redemption")),
        occurred_at="at",
        recorded_at="at",
        tier_after="tier_after",
        balances_after="balances_after",
    )


def _posting_rows(
    lives: Lives,
    timeline: Timeline,
    purchases: pl.DataFrame,
    common: pl.DataFrame,
    events: slice,
    of: Integers,
    actor: str,
) -> pl.DataFrame:
    before = int(lives.told[events.start - 1, fold.TOLD_POSTINGS]) if events.start > 0 else 0
    ends = lives.told[events, fold.TOLD_POSTINGS]
    starts = np.concatenate([[before], ends[:-1]]) if len(ends) else np.array([], dtype=np.int64)
    counts = ends - starts
    posted = lives.postings[before : before + int(counts.sum())]
    event = np.repeat(np.arange(len(counts)), counts)
    part = np.arange(len(event)) - np.repeat(starts - before, counts)
    verb = posted[:, fold.OUT_VERB]
    purchase = of[event]
    reasons, granted, desired = _reasons(lives, timeline, posted, event, purchase, events)
    zone = timeline.time_zone
    due = pl.Series("due", posted[:, fold.OUT_DUE_DAY])
    row = common[event]
    stores = purchases.select("store", "channel")
    where = pl.Series(np.where(purchase >= 0, purchase, 0))
    shop = stores[where] if stores.height else stores.clear()
    known = pl.Series(purchase >= 0)
    precise = purchases.get_column("occurred_at").gather(where) if purchases.height else row["at"].clear()
    frame = pl.DataFrame(
        {"due": due, "at": row["at"], "precise": precise, "known": known, "lot": posted[:, fold.OUT_LOT]}
    )
    entry_at = pl.when("known").then("precise").otherwise("at")
    due_at = (
        pl.col("due")
        .cast(pl.Int32)
        .cast(pl.Date)
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone(zone)
        .dt.convert_time_zone("UTC")
    )
    times = frame.select(
        occurred_at=pl.when(pl.col("due") >= 0).then(due_at).otherwise(entry_at),
        recorded_at=entry_at,
        lot=pl.when(pl.col("lot") > 0).then("lot"),
    )
    funders = np.array(
        [
            [timeline.funder_of(row, currency) for currency in range(timeline.n_currencies)]
            for row in range(len(timeline.programs))
        ],
        dtype=object,
    )
    rows = lives.events[events][event, fold.EVENT_REVISION]
    return pl.DataFrame(
        {
            "member_id": row["member_id"],
            "sequence": row["sequence"],
            "part": part,
            "currency": posted[:, fold.OUT_CURRENCY],
            "verb": pl.Series(VERBS).gather(pl.Series(verb)),
            "account": pl.Series(ACCOUNTS).gather(pl.Series(verb)),
            "is_credit": pl.Series(CREDITS).gather(pl.Series(verb)),
            "units": posted[:, fold.OUT_UNITS],
            "balance_after": posted[:, fold.OUT_BALANCE_AFTER],
            "reason_rules": reasons,
            "reason_desired": desired,
            "reason_granted": granted,
            "lot": times["lot"],
            "revision": row["revision"],
            "funder": pl.Series(funders[rows, posted[:, fold.OUT_CURRENCY]].tolist(), dtype=pl.String),
            "store": shop["store"].zip_with(known, pl.Series([None], dtype=pl.String)),
            "channel": shop["channel"].zip_with(known, pl.Series([None], dtype=pl.String)),
            "actor": pl.repeat(actor, len(event), eager=True),
            "occurred_at": times["occurred_at"],
            "recorded_at": times["recorded_at"],
        }
    )


def _reasons(
    lives: Lives, timeline: Timeline, posted: Integers, event: Integers, purchase: Integers, events: slice
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Rules, granted and desired of each posting; those that no rule made have one reason, rule 0."""
    n = len(posted)
    is_earn = (posted[:, fold.OUT_VERB] == fold.EARN) & (purchase >= 0)
    n_rules = timeline.revisions[fold.REVISION_RULES]
    currency_of = np.array(timeline.rules).reshape(-1, fold.RULE_WIDTH)[:, fold.RULE_CURRENCY]
    row = lives.events[events][event, fold.EVENT_REVISION]
    # Every (earn posting, hit of its purchase) pair, then those of the posting's currency.
    owner = np.flatnonzero(is_earn)
    first = lives.hit_start[purchase[owner]]
    count = lives.hit_start[purchase[owner] + 1] - first
    posting = np.repeat(owner, count)
    hit = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(int(count.sum()))
    rule = lives.hits[hit, fold.HIT_RULE]
    same = currency_of[row[posting] * n_rules + rule] == posted[posting, fold.OUT_CURRENCY]
    posting, hit, rule = posting[same], hit[same], rule[same]
    others = np.flatnonzero(~is_earn)
    units = posted[others, fold.OUT_UNITS]
    who = np.concatenate([posting, others])
    order = np.argsort(who, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(who, minlength=n))]).astype(np.int64)

    def column(of_hits: Integers, of_others: Integers) -> pl.Series:
        return int_arrays(np.concatenate([of_hits, of_others])[order], starts)

    return (
        column(rule, np.zeros(len(others), dtype=np.int64)),
        column(lives.results[hit, fold.GRANTED], units),
        column(lives.results[hit, fold.DESIRED], units),
    )


def _lot_rows(lives: Lives, first: int, end: int, ids: pl.Series) -> pl.DataFrame:
    rows = slice(int(np.searchsorted(lives.lot_member, first)), int(np.searchsorted(lives.lot_member, end)))
    lots = lives.lots[rows]
    frame = pl.DataFrame(
        {
            "member_id": ids.gather(pl.Series(lives.lot_member[rows] - first)),
            "number": lots[:, fold.LOT_NUMBER],
            "currency": lots[:, fold.LOT_CURRENCY],
            "origin": lots[:, fold.LOT_ORIGIN],
            "opened": lots[:, fold.LOT_OPENED],
            "left_units": lots[:, fold.LOT_LEFT],
            "held": lots[:, fold.LOT_HELD],
            "gone": lots[:, fold.LOT_GONE],
            "expired": lots[:, fold.LOT_EXPIRED],
            "returned": lots[:, fold.LOT_RETURNED],
            "matures_on": lots[:, fold.LOT_MATURES],
            "expires_on": lots[:, fold.LOT_EXPIRES],
        }
    )
    return frame.with_columns(
        pl.col("matures_on").cast(pl.Int32).cast(pl.Date),
        pl.when(pl.col("expires_on") < fold.FAR)
        .then(pl.col("expires_on").cast(pl.Int32).cast(pl.Date))
        .alias("expires_on"),
    )


def _member_rows(
    lives: Lives, timeline: Timeline, purchases: pl.DataFrame, first: int, end: int, member_ids: list[str]
) -> pl.DataFrame:
    state = lives.members[first:end]
    firsts: Any = purchases.group_by("member").agg(pl.col("occurred_at").min()).sort("member")
    enrolled = pl.DataFrame({"member": pl.Series(np.arange(first, end), dtype=pl.Int64)}).join(
        firsts, on="member", how="left"
    )
    due = pl.DataFrame({"day": state[:, fold.NEXT_DUE_DAY]}).select(
        pl.when(pl.col("day") < fold.FAR).then(
            pl.col("day").cast(pl.Int32).cast(pl.Date).cast(pl.Datetime("us"))
            .dt.replace_time_zone(timeline.time_zone).dt.convert_time_zone("UTC")
        )
    )  # fmt: skip

    def kept(rows: Integers, column: int, width: int) -> pl.Series:
        starts = lives.kept_starts[first : end + 1, column]
        return int_arrays(rows[int(starts[0]) : int(starts[-1])].reshape(-1), (starts - starts[0]) * width)

    n = timeline.n_currencies
    every = np.arange(end - first + 1) * n
    money = state[:, fold.BALANCES :]
    return pl.DataFrame(
        {
            "member_id": member_ids,
            "enrolled_at": enrolled["occurred_at"],
            "sequence": state[:, fold.SEQUENCE],
            "tier": state[:, fold.TIER],
            "review_day": state[:, fold.REVIEW_DAY],
            "purchases": state[:, fold.PURCHASES],
            "last_purchase_day": state[:, fold.LAST_PURCHASE_DAY],
            "clock_day": state[:, fold.CLOCK_DAY],
            "clock_at": state[:, fold.CLOCK_AT],
            "lots_opened": state[:, fold.LOTS_OPENED],
            "next_due_day": state[:, fold.NEXT_DUE_DAY],
            "next_lapse_at": state[:, fold.NEXT_LAPSE_AT],
            "next_due_at": due.to_series(),
            "balances": int_arrays(np.ascontiguousarray(money[:, 0::2]).reshape(-1), every),
            "debts": int_arrays(np.ascontiguousarray(money[:, 1::2]).reshape(-1), every),
            "spend_window": kept(lives.window, fold.KEPT_WINDOW, fold.WINDOW_WIDTH),
            "tier_history": kept(lives.history, fold.KEPT_HISTORY, fold.HISTORY_WIDTH),
            "counters": kept(lives.counters, fold.KEPT_COUNTERS, fold.COUNTER_WIDTH),
            "holds": pl.repeat("{}", end - first, eager=True),
        }
    )
