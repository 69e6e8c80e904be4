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
from jifen.insight.read_purchases.files import ROW, open_file, read_csv, read_parquet
from jifen.insight.read_purchases.known import Known
from jifen.insight.read_purchases.mapping import (
    Columns,
    Mapping,
    MappingProblem,
    MappingRefused,
    read_mapping,
    refuse_mapping,
)
from jifen.insight.read_purchases.reasons import (
    CODE_OF,
    FILE_REASONS,
    NUMBER_OF,
    ROW_REASONS,
    FileRefused,
    reason_languages,
    row_reason,
)
from jifen.insight.read_purchases.rows import PROBLEMS, payments_text, tag_list, typed_rows
from jifen.insight.read_purchases.whole import GROUP, keep_once, take_whole
from jifen.present.catalogue import catalogue_of

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

_VALUE_CHARACTERS = 200


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
    opened = [open_file(path, mapping, columns, name=name) for path, name in _names(files).items()]
    taken: list[pl.DataFrame] = []
    rejects: list[pl.DataFrame] = [REJECTS.empty()]
    rows_read = doubled = rejected_purchases = groups = 0
    for file in opened:
        raw = read_csv(file, mapping) if file.is_csv else read_parquet(file)
        typed, problems = typed_rows(raw, mapping, known, file=file.name)
        whole = take_whole(typed, raw, mapping, known)
        rejects.append(_rejects(pl.concat([PROBLEMS.to_frame(), *problems, *whole.problems]), file.name))
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


def _names(files: Sequence[Path]) -> dict[Path, str]:
    """Each file once with its name for messages: without its folder where that is clear."""
    different = list({path.resolve(): path for path in files}.values())
    called = [path.name for path in different]
    return {path: path.name if called.count(path.name) == 1 else str(path) for path in different}


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
            en = f"the programme declares no line attribute {code!r}"
            zh = f"会员计划没有声明明细属性“{code}”"
            raise refuse_mapping(f"$.columns.attributes.{code}", "attribute_unknown", en, zh)
    if constants.store is not None and known.stores is not None and constants.store not in known.stores:
        en, zh = f"the programme has no store {constants.store!r}", f"会员计划没有门店“{constants.store}”"
        raise refuse_mapping("$.constants.store", "store_unknown", en, zh)
    if constants.money is not None and constants.money != known.money:
        en, zh = f"the programme's money is {known.money}", f"会员计划的货币是 {known.money}"
        raise refuse_mapping("$.constants.money", "money_differs", en, zh)


def _rejects(problems: pl.DataFrame, file: str) -> pl.DataFrame:
    """Problems as sentences, in a column each language."""
    spoken = {f"reason_{language}": language for language in reason_languages()}
    said = problems.select("problem", "column").unique()
    table = pl.DataFrame(
        [
            {"problem": number, "column": column, "code": CODE_OF[number]}
            | {name: row_reason(CODE_OF[number], column, language) for name, language in spoken.items()}
            for number, column in said.iter_rows()
        ],
        schema={"problem": pl.UInt8, "column": pl.String, "code": pl.String}
        | dict.fromkeys(spoken, pl.String),
    )
    return (
        problems.join(table, on=["problem", "column"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            *(_of_another_row(name, language) for name, language in spoken.items()),
            file=pl.lit(file),
            value=pl.col("value").str.slice(0, _VALUE_CHARACTERS),
        )
        .select("file", "row", "column", "value", "code", *spoken)
    )


def _of_another_row(reason: str, language: str) -> pl.Expr:
    """The reason, with the other row that it names where it names one."""
    said = catalogue_of(language).say("row.of_another_row", reason="\0reason\0", row="\0other\0")
    parts = [
        {"reason": pl.col(reason), "other": pl.col("other").cast(pl.String)}.get(part, pl.lit(part))
        for part in said.split("\0")
    ]
    return pl.when(pl.col("other").is_null()).then(reason).otherwise(pl.concat_str(parts)).alias(reason)


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
