"""Purchases from files: CSV or Parquet with a mapping, as canonical frames and a list of what was not taken.

    mapping = read_mapping(Path("mapping.yaml"))
    known = Known(now=now, money="CNY", money_decimals=2, stores=frozenset({"S01"}))
    loaded = read_purchases([Path("sales.csv")], mapping, known=known)

A file that cannot be used at all is refused before any row of any file is taken (`FileRefused`). A row that cannot be
used is refused with its purchase; the others go on. Decisions: docs/decisions/0031-importing-purchases-from-files.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from jifen.insight.frames import (
    ATTRIBUTE_PREFIX,
    LINES,
    PURCHASES,
    REJECTS,
    Counts,
    Loaded,
    number_purchases,
)
from jifen.insight.read_purchases.files import ROW, names_of, open_file, read_rows
from jifen.insight.read_purchases.known import Known
from jifen.insight.read_purchases.mapping import Columns, Mapping, read_mapping
from jifen.insight.read_purchases.mapping_file import MappingProblem, MappingRefused, refuse_mapping
from jifen.insight.read_purchases.problems import PROBLEMS, rejects_of
from jifen.insight.read_purchases.reasons import (
    CODE_OF,
    FILE_REASONS,
    NUMBER_OF,
    ROW_REASONS,
    FileRefused,
    reason_languages,
    row_reason,
)
from jifen.insight.read_purchases.rows import payments_text, tag_list, typed_rows
from jifen.insight.read_purchases.whole import GROUP, keep_once, take_whole
from jifen.present.said import Said

__all__ = [
    "FILE_REASONS",
    "ROW_REASONS",
    "FileRefused",
    "Known",
    "Mapping",
    "MappingProblem",
    "MappingRefused",
    "read_mapping",
    "read_purchases",
]


def read_purchases(files: Sequence[Path], mapping: Mapping, *, known: Known) -> Loaded:
    """The purchases that the files tell, each taken whole and once, and the rows that were not taken.

    Order
        All headers are looked at first; then one file after another is read.
    Rounding
        None. Money and quantities are exact or refused.
    Refuses
        MappingRefused   the mapping names an attribute, store or money that the programme does not have.
        FileRefused      a file cannot be used as a whole; nothing is taken from any.
    """
    _refuse_unknown(mapping, known)
    columns = _mapped_columns(mapping.columns)
    keys = [name for name in (mapping.columns.business_no, mapping.columns.source) if name is not None]
    opened = [
        open_file(path, mapping, columns, name=name, keys=keys) for path, name in names_of(files).items()
    ]
    taken: list[pl.DataFrame] = []
    rejects: list[pl.DataFrame] = [REJECTS.empty()]
    rows_read = doubled = rejected_purchases = groups = 0
    for file in opened:
        raw = read_rows(file, mapping)
        typed, problems = typed_rows(raw, mapping, known, file=file.name)
        whole = take_whole(typed, raw, mapping, known)
        rejects.append(rejects_of(pl.concat([PROBLEMS.to_frame(), *problems, *whole.problems]), file.name))
        taken.append(whole.rows.with_columns(pl.col(GROUP) + groups, file=pl.lit(file.name)).drop("is_bad"))
        groups += raw.height + 1
        rows_read += raw.height
        doubled += whole.doubled_rows
        rejected_purchases += whole.rejected_purchases
    once = keep_once(pl.concat(taken)) if taken else None
    if once is None:
        return _nothing()
    contradictions = _contradictions(once.contradictions)
    refused = pl.concat([*rejects, contradictions], how="diagonal").sort("file", "row", maintain_order=True)
    purchases, lines = _canonical(once.rows)
    counts = Counts(
        rows_read=rows_read,
        purchases=purchases.height,
        lines=lines.height,
        doubled_rows=doubled + once.doubled_rows,
        rejected_rows=refused.select("file", "row").n_unique(),
        rejected_purchases=rejected_purchases + once.rejected_purchases,
        spend_minor=int(purchases.get_column("amount_minor").sum()),
    )
    return Loaded(purchases=purchases, lines=lines, rejects=refused, counts=counts)


def _nothing() -> Loaded:
    counts = Counts(
        rows_read=0,
        purchases=0,
        lines=0,
        doubled_rows=0,
        rejected_rows=0,
        rejected_purchases=0,
        spend_minor=0,
    )
    return Loaded(purchases=PURCHASES.empty(), lines=LINES.empty(), rejects=REJECTS.empty(), counts=counts)


def _mapped_columns(columns: Columns) -> list[str]:
    """The columns that the mapping names, each once."""
    named: list[str] = []
    for value in columns.model_dump().values():
        if isinstance(value, str):
            named.append(value)
        elif isinstance(value, dict):
            named.extend(value.values())
        elif isinstance(value, list):
            named.extend(value)
    return list(dict.fromkeys(named))


def _refuse_unknown(mapping: Mapping, known: Known) -> None:
    """What the mapping itself says must be known to the programme."""
    constants = mapping.constants
    for code in mapping.columns.attributes:
        if code not in known.line_attributes:
            said = Said("mapping.attribute_unknown", attribute=code)
            raise refuse_mapping(f"$.columns.attributes.{code}", "attribute_unknown", said)
    if constants.store is not None and known.stores is not None and constants.store not in known.stores:
        said = Said("mapping.store_unknown", store=constants.store)
        raise refuse_mapping("$.constants.store", "store_unknown", said)
    if constants.money is not None and constants.money != known.money:
        said = Said("mapping.money_differs", money=known.money)
        raise refuse_mapping("$.constants.money", "money_differs", said)


def _contradictions(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of purchases that stand in the files more than once, unlike each other."""
    return rows.select(
        "file",
        pl.col(ROW).alias("row"),
        column=pl.lit(None, pl.String),
        value=pl.lit(None, pl.String),
        code=pl.lit(CODE_OF[NUMBER_OF["contradiction"]]),
        **{
            f"reason_{language}": pl.lit(row_reason("contradiction", None, language))
            for language in reason_languages()
        },
    )


def _canonical(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good rows as the two canonical frames."""
    fields = ("source", "business_no", "member_ref", "member_ref_kind", "store", "till", "cashier", "channel")
    heads = rows.group_by(GROUP).agg(
        pl.col(*fields, "occurred_at", "money", "payments", "payment_method", "tags", "file").first(),
        pl.col("amount_minor").sum(),
        pl.col(ROW).min().alias("row_first"),
    )
    purchases = number_purchases(_with_payments(heads).with_columns(tag_list("tags")))
    attributes = [name for name in rows.columns if name.startswith(ATTRIBUTE_PREFIX)]
    numbered = rows.drop("purchase_amount", "tags", "payments", "payment_method", "paid", *fields).join(
        purchases.select(GROUP, "purchase"), on=GROUP, how="left"
    )
    lines = numbered.sort("purchase", "number").with_columns(tag_list("line_tags").alias("tags"))
    return (
        purchases.select(PURCHASES.schema.names()),
        lines.select(*LINES.schema.names(), *attributes),
    )


def _with_payments(heads: pl.DataFrame) -> pl.DataFrame:
    """A single method of payment as a payment of the whole amount."""
    methods = heads.get_column("payment_method").drop_nulls().unique()
    if methods.is_empty():
        return heads
    # payments_text writes the amount last: {"method":"cash","amount_minor":0}
    starts = [
        payments_text([{"method": method, "amount_minor": 0}]).removesuffix("0}]") for method in methods
    ]
    table = pl.DataFrame({"payment_method": methods, "#start": starts})
    joined = heads.join(table, on="payment_method", how="left", maintain_order="left")
    return joined.with_columns(payments=pl.concat_str("#start", "amount_minor", pl.lit("}]"))).drop("#start")
