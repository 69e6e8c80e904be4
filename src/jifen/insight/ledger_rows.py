"""What the walk made of lives, as frames whose columns are those of the ledger's tables, ready for COPY.

Days become dates, offsets become arrays in PostgreSQL's text form, numbers of verbs become words. The words are those of
`store/journal.py`; a test holds both to the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from jifen.domain import fold
from jifen.domain.decision import Reason
from jifen.domain.packing import packed
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import POSTS, VERB_NAMES
from jifen.insight.clocks import starts_of_days
from jifen.insight.frames import ATTRIBUTE_PREFIX
from jifen.insight.lives import Lives

Integers = npt.NDArray[np.int64]


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


def _packed_days(lives: Lives, first: int, end: int, width: int) -> pl.Series:
    """The days of each member as PostgreSQL's text of bytes."""
    starts = lives.kept_starts[first : end + 1, fold.KEPT_DAYS].tolist()
    complete_from = lives.members[first:end, fold.DAYS_FROM].tolist()
    return pl.Series(
        [
            "\\x" + packed(lives.days[low:high].reshape(-1).tolist(), width, first_day).hex()
            for low, high, first_day in zip(starts, starts[1:], complete_from, strict=False)
        ],
        dtype=pl.String,
    )


def _wide(rows: Integers) -> pl.Series:
    """The rows of a table, each as PostgreSQL array text."""
    return int_arrays(np.ascontiguousarray(rows).reshape(-1), np.arange(len(rows) + 1) * rows.shape[1])


def _moves(lives: Lives, events: slice) -> pl.Series:
    """The movements of each event, as PostgreSQL array text."""
    before = int(lives.told[events.start - 1, fold.TOLD_MOVED]) if events.start > 0 else 0
    ends = lives.told[events, fold.TOLD_MOVED]
    starts = np.concatenate([[before], ends])
    flat = lives.moves[before : int(starts[-1])].reshape(-1)
    return int_arrays(flat, (starts - before) * fold.MOVE_WIDTH)


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
    n = timeline.n_ladders
    judged, after = fold.TOLD_TIERS, fold.TOLD_TIERS + n
    revisions = np.array([program.revision for program in timeline.programs])
    moments = pl.Series("at", kinds[:, fold.EVENT_RECORDED_AT], dtype=pl.Int64)
    legs = (
        lives.legs[kinds[:, fold.EVENT_LEGS]]
        if len(lives.legs)
        else np.zeros((len(kinds), fold.LEG_WIDTH), np.int64)
    )
    common = pl.DataFrame(
        {
            "member_id": ids.gather(member),
            "sequence": told[:, fold.TOLD_SEQUENCE],
            "at": pl.from_epoch(moments, time_unit="us").dt.replace_time_zone("UTC"),
            "revision": revisions[kinds[:, fold.EVENT_REVISION]],
            "judged_tiers": _wide(told[:, judged:after]),
            "tiers_after": _wide(told[:, after : after + n]),
            "balances_after": _wide(told[:, after + n :]),
            "moves": _moves(lives, events),
            "kind": kinds[:, fold.EVENT_KIND],
            "code": told[:, fold.TOLD_CODE],
            "currency": legs[:, fold.LEG_CURRENCY],
            "units": legs[:, fold.LEG_UNITS],
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
        member=_member_rows(lives, timeline, first, end, member_ids),
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
    hits = np.concatenate(
        [lives.hits[rows][:, : fold.HIT_ORIGIN], lives.results[rows][:, : fold.RETURNED]], axis=1
    )
    local = (hit_start - hit_start[0]) * hits.shape[1]
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
            "hits": int_arrays(hits.reshape(-1), local),
            "moves": common["moves"],
            "revision": common["revision"],
            "judged_tiers": common["judged_tiers"],
            "tiers_after": common["tiers_after"],
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
    enrols = pl.col("kind") == fold.ENROL
    return rows.select(
        "member_id",
        "sequence",
        kind=pl.when(enrols)
        .then(pl.lit("enrol"))
        .when(done)
        .then(pl.lit("redeem"))
        .otherwise(pl.lit("advance")),
        currency=pl.when(done).then(pl.col("currency")),
        units=pl.when(done).then(pl.col("units")),
        revision="revision",
        actor=pl.lit(actor),
        occurred_at="at",
        recorded_at="at",
        moves="moves",
        tiers_after="tiers_after",
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
    before = int(lives.told[events.start - 1, fold.TOLD_POSTED]) if events.start > 0 else 0
    ends = lives.told[events, fold.TOLD_POSTED]
    starts = np.concatenate([[before], ends[:-1]]) if len(ends) else np.array([], dtype=np.int64)
    counts = ends - starts
    posted = lives.postings[before : before + int(counts.sum())]
    event = np.repeat(np.arange(len(counts)), counts)
    part = np.arange(len(event)) - np.repeat(starts - before, counts)
    verb = posted[:, fold.POST_VERB]
    purchase = of[event]
    reasons = _reasons(lives, timeline, posted, event, purchase, events)
    zone = timeline.time_zone
    due = pl.Series("due", posted[:, fold.POST_DUE_DAY])
    due_at = starts_of_days(due.set(due < 0, None), zone)
    row = common[event]
    stores = purchases.select("store", "channel")
    where = pl.Series(np.where(purchase >= 0, purchase, 0))
    shop = stores[where] if stores.height else stores.clear()
    known = pl.Series(purchase >= 0)
    precise = purchases.get_column("occurred_at").gather(where) if purchases.height else row["at"].clear()
    frame = pl.DataFrame(
        {
            "due_at": due_at,
            "at": row["at"],
            "precise": precise,
            "known": known,
            "lot": posted[:, fold.POST_LOT],
        }
    )
    entry_at = pl.when("known").then("precise").otherwise("at")
    times = frame.select(
        occurred_at=pl.coalesce("due_at", entry_at),
        recorded_at=entry_at,
        lot=pl.when(pl.col("lot") > 0).then("lot"),
    )
    funders = np.array(
        [
            [timeline.terms_of(row, terms).funded_by for terms in range(timeline.n_terms)]
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
            "currency": posted[:, fold.POST_CURRENCY],
            "verb": pl.Series(VERB_NAMES).gather(pl.Series(verb)),
            "account": pl.Series([one.account for one in POSTS]).gather(pl.Series(verb)),
            "is_credit": pl.Series([one.is_credit for one in POSTS]).gather(pl.Series(verb)),
            "units": posted[:, fold.POST_UNITS],
            "balance_after": posted[:, fold.POST_BALANCE_AFTER],
            "terms": posted[:, fold.POST_TERMS],
            "reasons": reasons,
            "lot": times["lot"],
            "revision": row["revision"],
            "funder": pl.Series(funders[rows, posted[:, fold.POST_TERMS]].tolist(), dtype=pl.String),
            "store": shop["store"].zip_with(known, pl.Series([None], dtype=pl.String)),
            "channel": shop["channel"].zip_with(known, pl.Series([None], dtype=pl.String)),
            "actor": pl.repeat(actor, len(event), eager=True),
            "occurred_at": times["occurred_at"],
            "recorded_at": times["recorded_at"],
        }
    )


def _reasons(
    lives: Lives, timeline: Timeline, posted: Integers, event: Integers, purchase: Integers, events: slice
) -> pl.Series:
    """The reasons of each posting, rows of (rule number, desired, granted); what no rule made has one, of rule 0."""
    n = len(posted)
    is_earn = (posted[:, fold.POST_VERB] == fold.EARN) & (purchase >= 0)
    rules = np.array(timeline.numbers.rules).reshape(-1, fold.RULE_WIDTH)
    first_rule = np.array(timeline.numbers.revisions).reshape(-1, fold.REVISION_WIDTH)[:, fold.REVISION_RULES]
    row = lives.events[events][event, fold.EVENT_REVISION]
    # Every (earn posting, hit of its purchase) pair, then those of the posting's terms.
    owner = np.flatnonzero(is_earn)
    first = lives.hit_start[purchase[owner]]
    count = lives.hit_start[purchase[owner] + 1] - first
    posting = np.repeat(owner, count)
    hit = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(int(count.sum()))
    rule = rules[first_rule[row[posting]] + lives.hits[hit, fold.HIT_RULE]]
    same = rule[:, fold.RULE_TERMS] == posted[posting, fold.POST_TERMS]
    posting, hit, rule = posting[same], hit[same], rule[same]
    others = np.flatnonzero(~is_earn)
    units = posted[others, fold.POST_UNITS]
    who = np.concatenate([posting, others])
    order = np.argsort(who, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(who, minlength=n))]).astype(np.int64)
    found = np.concatenate(
        [
            np.stack(
                [
                    rule[:, fold.RULE_NUMBER],
                    lives.results[hit, fold.DESIRED],
                    lives.results[hit, fold.GRANTED],
                ],
                axis=1,
            ),
            np.stack([np.zeros(len(others), dtype=np.int64), units, units], axis=1),
        ]
    )
    return int_arrays(found[order].reshape(-1), starts * len(Reason._fields))


def _lot_rows(lives: Lives, first: int, end: int, ids: pl.Series) -> pl.DataFrame:
    rows = slice(int(np.searchsorted(lives.lot_member, first)), int(np.searchsorted(lives.lot_member, end)))
    lots = lives.lots[rows]
    frame = pl.DataFrame(
        {
            "member_id": ids.gather(pl.Series(lives.lot_member[rows] - first)),
            "number": lots[:, fold.LOT_NUMBER],
            "terms": lots[:, fold.LOT_TERMS],
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
    lives: Lives, timeline: Timeline, first: int, end: int, member_ids: list[str]
) -> pl.DataFrame:
    state = lives.members[first:end]
    # A life begins with its enrolment.
    begun = lives.events.reshape(-1, fold.EVENT_WIDTH)[lives.starts[first:end]]
    assert (begun[:, fold.EVENT_KIND] == fold.ENROL).all(), "a life begins with its enrolment"
    enrolled_at = pl.from_epoch(pl.Series(begun[:, fold.EVENT_OCCURRED_AT]), time_unit="us")
    due = pl.Series(state[:, fold.NEXT_DUE_DAY])
    due_at = starts_of_days(due.set(due >= fold.FAR, None), timeline.time_zone)

    def kept(rows: Integers, column: int, width: int) -> pl.Series:
        starts = lives.kept_starts[first : end + 1, column]
        return int_arrays(rows[int(starts[0]) : int(starts[-1])].reshape(-1), (starts - starts[0]) * width)

    n = timeline.n_currencies
    every = np.arange(end - first + 1) * n
    money = state[:, fold.BALANCES :]
    days_width = fold.DAYS_COUNTED + timeline.n_ladders
    return pl.DataFrame(
        {
            "member_id": member_ids,
            "enrolled_at": enrolled_at.dt.replace_time_zone("UTC"),
            "joined_day": state[:, fold.JOINED_DAY],
            "sequence": state[:, fold.SEQUENCE],
            "ladders": _wide(
                lives.ladders[first:end]
                .reshape(-1, fold.STANDS_WIDTH)[:, : fold.STANDS_JUDGED]
                .reshape(end - first, -1)
            ),
            "purchases": state[:, fold.PURCHASES],
            "last_purchase_day": state[:, fold.LAST_PURCHASE_DAY],
            "clock_day": state[:, fold.CLOCK_DAY],
            "clock_at": state[:, fold.CLOCK_AT],
            "lots_opened": state[:, fold.LOTS_OPENED],
            "next_due_day": state[:, fold.NEXT_DUE_DAY],
            "next_lapse_at": state[:, fold.NEXT_LAPSE_AT],
            "next_due_at": due_at,
            "balances": int_arrays(
                np.ascontiguousarray(money[:, fold.BALANCE :: fold.BALANCE_WIDTH]).reshape(-1), every
            ),
            "debts": int_arrays(
                np.ascontiguousarray(money[:, fold.DEBT :: fold.BALANCE_WIDTH]).reshape(-1), every
            ),
            "days": _packed_days(lives, first, end, days_width),
            "tier_history": kept(lives.history, fold.KEPT_HISTORY, fold.HISTORY_WIDTH),
            "counters": kept(lives.counters, fold.KEPT_COUNTERS, fold.COUNTER_WIDTH),
            "holds": pl.repeat("{}", end - first, eager=True),
        }
    )
