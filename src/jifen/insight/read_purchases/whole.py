"""A purchase is taken whole or not at all, and once.

First within a file: the rows of one purchase must agree and add up, or all of them are refused. Then over all files:
what stands there twice with the same content is kept once; with different content nobody knows which is true.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from jifen.domain.purchase import LINES_MAX, QUANTITY_MILLI_MAX
from jifen.insight.read_purchases.files import ROW
from jifen.insight.read_purchases.known import Known
from jifen.insight.read_purchases.mapping import Mapping
from jifen.insight.read_purchases.problems import PROBLEMS, problems_at
from jifen.insight.read_purchases.reasons import RowCode
from jifen.insight.read_purchases.rows import PURCHASE_FIELDS

GROUP = "#group"  # rows of one group tell one purchase once
_KEY = ("source", "business_no")
_BOOKKEEPING = (ROW, GROUP, "is_bad", "file")


class Taken(NamedTuple):
    """What was taken of a file: its good rows with GROUP and `number`, what is wrong, and counts."""

    rows: pl.DataFrame
    problems: list[pl.DataFrame]
    doubled_rows: int
    rejected_purchases: int


def take_whole(typed: pl.DataFrame, raw: pl.DataFrame, mapping: Mapping, known: Known) -> Taken:
    """The purchases of one file that are right in every row."""
    grouped, doubled, problems = _grouped(typed, raw, mapping)
    problems += _disagreements(grouped, raw, mapping)
    sums = _sums(grouped)
    problems += _wrong_sums(sums, raw, mapping, known)
    wrong_rows = pl.concat([PROBLEMS.to_frame().select("row"), *(p.select("row") for p in problems)])
    bad = grouped.with_columns(
        pl.col("is_bad") | pl.col(ROW).is_in(wrong_rows.get_column("row").unique().implode())
    )
    if not bad.get_column("is_bad").any():
        return Taken(grouped, problems, doubled, 0)
    first_bad = bad.filter("is_bad").group_by(GROUP).agg(pl.col(ROW).min().alias("other"))
    refused = bad.join(first_bad, on=GROUP, how="inner")
    bystanders = refused.filter(~pl.col("is_bad")).sort(ROW)
    other = bystanders.get_column("other")
    problems.append(problems_at(raw, bystanders.get_column(ROW), None, "purchase_refused", other))
    # A row that does not say which purchase it is of counts as one: a file of such rows is not one of nothing.
    is_numbered = pl.col("business_no").is_not_null()
    rejected = refused.filter(is_numbered).get_column(GROUP).n_unique() + refused.filter(~is_numbered).height
    good = grouped.join(first_bad, on=GROUP, how="anti", maintain_order="left")
    return Taken(good, problems, doubled, rejected)


def _differs(*columns: str) -> pl.Expr:
    """Whether a row differs from the row before it in some of the columns; the first row does."""
    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in columns) | (
        pl.int_range(pl.len()) == 0
    )


def _grouped(
    typed: pl.DataFrame, raw: pl.DataFrame, mapping: Mapping
) -> tuple[pl.DataFrame, int, list[pl.DataFrame]]:
    """The rows with the group they belong to and their line's number, rows that only repeat another left out.

    With line numbers a purchase's rows may stand anywhere in the file; without, they are those next to each other.
    """
    if mapping.rows_are == "purchases":
        number = pl.lit(1, pl.Int32).alias("number")
        return typed.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(GROUP), number), 0, []
    if mapping.columns.line_number is None:
        grouped = typed.with_columns(_differs(*_KEY).cum_sum().cast(pl.Int64).alias(GROUP))
        return grouped.with_columns(number=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(GROUP)), 0, []
    ordered = typed.sort(*_KEY, "number", ROW)
    content = [name for name in ordered.columns if name not in _BOOKKEEPING]
    marked = ordered.with_columns(
        _differs(*_KEY).cum_sum().cast(pl.Int64).alias(GROUP),
        (~_differs(*_KEY, "number") & _both_good()).alias("#again"),
        (~_differs(*content) & _both_good()).alias("#same"),
    )
    doubled = marked.filter("#same").height
    once = marked.filter(~pl.col("#same")) if doubled else marked
    again = once.filter("#again").sort(ROW).get_column(ROW)
    problems = (
        [problems_at(raw, again, mapping.columns.line_number, "line_number_repeated")] if again.len() else []
    )
    return once.drop("#again", "#same"), doubled, problems


def _both_good() -> pl.Expr:
    return ~pl.col("is_bad") & ~pl.col("is_bad").shift(1).fill_null(value=True)


def _disagreements(grouped: pl.DataFrame, raw: pl.DataFrame, mapping: Mapping) -> list[pl.DataFrame]:
    """Rows that tell of their purchase something else than the row before them."""
    same = ~_differs(GROUP) & _both_good()
    fields = [
        name
        for name in PURCHASE_FIELDS
        if name not in (*_KEY, "paid") and getattr(mapping.columns, name, None) is not None
    ]
    if not fields:
        return []
    found = grouped.select(ROW, *((same & _differs(name)).alias(name) for name in fields))
    problems: list[pl.DataFrame] = []
    for name in fields:
        rows = found.filter(pl.col(name)).get_column(ROW).sort()
        if rows.len():
            problems.append(problems_at(raw, rows, str(getattr(mapping.columns, name)), "lines_disagree"))
    return problems


def _sums(grouped: pl.DataFrame) -> pl.DataFrame:
    """One row a group: its first row and what its lines come to. Groups with a bad row are left out."""
    return (
        grouped.group_by(GROUP)
        .agg(
            pl.col(ROW).min(),
            pl.col("is_bad").any(),
            pl.len().alias("lines"),
            pl.col("amount_minor").sum(),
            pl.col("quantity_milli").sum(),
            pl.col("purchase_amount", "paid").first(),
        )
        .filter(~pl.col("is_bad"))
    )


def _wrong_sums(sums: pl.DataFrame, raw: pl.DataFrame, mapping: Mapping, known: Known) -> list[pl.DataFrame]:
    amount = pl.col("amount_minor")
    columns = mapping.columns
    checks: tuple[tuple[pl.Expr, RowCode, str | None], ...] = (
        (pl.col("lines") > LINES_MAX, "lines_too_many", None),
        (amount > known.purchase_amount_minor_max, "amount_too_large", columns.amount),
        (pl.col("quantity_milli") > QUANTITY_MILLI_MAX, "quantity_too_large", columns.quantity),
        (pl.col("purchase_amount") != amount, "sums_differ", columns.purchase_amount),
        (pl.col("paid") != amount, "payments_differ", columns.payments),
    )
    problems: list[pl.DataFrame] = []
    for condition, code, column in checks:
        rows = sums.filter(condition).get_column(ROW).sort()
        if rows.len():
            problems.append(problems_at(raw, rows, column, code))
    return problems


class Once(NamedTuple):
    """Rows of purchases that stand in the files once, or several times alike."""

    rows: pl.DataFrame
    contradictions: pl.DataFrame  # file and ROW of those that do not
    doubled_rows: int
    rejected_purchases: int


def keep_once(rows: pl.DataFrame) -> Once:
    """Each purchase once. Compared is everything the rows say, line by line; nothing is hashed.

    Shape
        rows   good rows of all files: GROUP unique over the files, `file`, ROW and the fields
    """
    groups = rows.select(*_KEY, GROUP).unique()
    several = groups.group_by(_KEY).agg(pl.len().alias("#times"), pl.col(GROUP).min().alias("#first"))
    several = several.filter(pl.col("#times") > 1)
    if several.is_empty():
        return Once(rows, rows.clear().select("file", ROW), 0, 0)
    told = rows.join(several, on=_KEY, how="inner").sort(*_KEY, "number", GROUP)
    content = [name for name in rows.columns if name not in _BOOKKEEPING]
    judged = told.with_columns(_differs(*content).cum_sum().alias("#content"))
    lines = judged.group_by(*_KEY, "number").agg(
        pl.len().alias("#here"), pl.col("#times").first(), pl.col("#content").n_unique().alias("#contents")
    )
    unlike = (
        lines.filter((pl.col("#here") != pl.col("#times")) | (pl.col("#contents") > 1)).select(_KEY).unique()
    )
    contradicting = told.join(unlike, on=_KEY, how="semi")
    alike = told.join(unlike, on=_KEY, how="anti")
    copies = alike.filter(pl.col(GROUP) != pl.col("#first"))
    gone = pl.concat([contradicting.select(GROUP), copies.select(GROUP)]).get_column(GROUP).unique()
    return Once(
        rows.filter(~pl.col(GROUP).is_in(gone.implode())),
        contradicting.select("file", ROW),
        copies.height,
        contradicting.get_column(GROUP).n_unique(),
    )
