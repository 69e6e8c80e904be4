"""What is wrong with rows, as a frame that travels with them, and as the rejects that a person reads.

Shape
    PROBLEMS    row, column, value, problem (number of the reason), other (another row it names); one row a problem
"""

from __future__ import annotations

import polars as pl

from jifen.insight.read_purchases.files import ROW, TORN
from jifen.insight.read_purchases.reasons import CODE_OF, NUMBER_OF, RowCode, reason_languages, row_reason
from jifen.present.catalogue import catalogue_of

VALUE_CHARACTERS = 200

PROBLEMS = pl.Schema(
    {"row": pl.Int64, "column": pl.String, "value": pl.String, "problem": pl.UInt8, "other": pl.Int64}
)


def problems_at(
    raw: pl.DataFrame,
    rows: pl.Series,
    column: str | None,
    problem: RowCode | pl.Series,
    other: pl.Series | None = None,
) -> pl.DataFrame:
    """One problem for each of the rows (given by their numbers, ascending), with what their cell holds."""
    holds = raw.filter(pl.col(ROW).is_in(rows.implode())) if rows.len() else raw.clear()
    number = pl.lit(NUMBER_OF[problem], pl.UInt8) if isinstance(problem, str) else pl.lit(problem)
    return holds.sort(ROW).select(
        pl.col(ROW).alias("row"),
        pl.lit(column, pl.String).alias("column"),
        (_as_text(raw, column) if column else pl.col(TORN)).alias("value"),
        number.alias("problem"),
        (pl.lit(other) if other is not None else pl.lit(None, pl.Int64)).alias("other"),
    )


def _as_text(raw: pl.DataFrame, column: str) -> pl.Expr:
    if isinstance(raw.schema[column], pl.List):
        return pl.col(column).cast(pl.List(pl.String)).list.join("|")
    return pl.col(column).cast(pl.String)


def rejects_of(problems: pl.DataFrame, file: str) -> pl.DataFrame:
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
            value=pl.col("value").str.slice(0, VALUE_CHARACTERS),
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
