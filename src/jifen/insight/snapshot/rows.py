"""Rows of the ledger, as CSV comes from it, into the frames of the contracts.

In two steps: `parsed` once for each chunk that arrives (cheap: what is nested stays text), `decoded` once for each bucket.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from polars.datatypes import DataType
from pyarrow import csv

from jifen.domain.fold import FAR
from jifen.domain.packing import unpacked
from jifen.insight.frames import ATTRIBUTE_PREFIX
from jifen.insight.snapshot.contracts import TABLES

_ARROW: dict[object, pa.DataType] = {
    pl.Int64(): pa.int64(),
    pl.Boolean(): pa.bool_(),
    pl.Datetime("us", "UTC"): pa.timestamp("us", "UTC"),
}
_WHOLES = pl.List(pl.Int64())


def parsed(table: str, content: bytes, names: Sequence[str]) -> pl.DataFrame:
    """Rows of a CSV without header; what the contract nests (lists, lines) stays text.

    Shape
        content   whole rows; an unquoted nothing is null, "" an empty text
        names     the CSV's columns in order
    """
    schema = TABLES[table].contract.schema
    types = {name: _ARROW.get(schema.get(name, pl.String()), pa.large_string()) for name in names}
    rows = csv.read_csv(
        io.BytesIO(content),
        read_options=csv.ReadOptions(column_names=list(names), block_size=8 << 20),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
        ),
    )
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame), "a table has columns"
    return frame


def whole_lists(column: str) -> pl.Expr:
    """Lists of whole numbers from PostgreSQL's text of an array, `{1,2}`; null stays null."""
    text = pl.col(column).str.strip_chars("{}")
    # Nothing between the braces would become one empty number.
    return pl.when(text == "").then(pl.lit([], dtype=_WHOLES)).otherwise(
        text.str.split(",").cast(_WHOLES, strict=False)
    ).alias(column)  # fmt: skip


def decoded(table: str, raw: pl.DataFrame) -> pl.DataFrame:
    """The contract's columns of a table, sorted as it says, with what more the raw rows hold behind them.

    Shape
        raw   as `parsed` leaves it, with `member` instead of `member_id` (both in `members`)
    """
    contract = TABLES[table].contract
    if table == "returns":
        pairs = pl.col("lines").str.json_decode(pl.List(_WHOLES))
        raw = raw.with_columns(
            line_numbers=pairs.list.eval(pl.element().list.get(0)),
            line_quantities=pairs.list.eval(pl.element().list.get(1)),
        ).drop("lines")
    if table == "members":
        raw = _with_days(raw)
    expressions = []
    for name, type_ in contract.schema.items():
        if name in raw.columns and raw.schema[name] == pl.String and type_ == _WHOLES:
            expressions.append(whole_lists(name))
        elif name in raw.columns and raw.schema[name] == pl.String and type_ == pl.List(pl.String):
            expressions.append(pl.col(name).str.json_decode(pl.List(pl.String())))
        elif name == "expires_day":
            expressions.append(pl.col(name).fill_null(FAR))
    return raw.with_columns(expressions).sort(contract.sorted_by)


def _with_days(raw: pl.DataFrame) -> pl.DataFrame:
    """Members with their packed days, which come as hex, as a list, and the day from which they are complete."""
    days, complete_from = [], []
    for text in raw.get_column("days"):
        rows, first_day = unpacked(bytes.fromhex(text))
        days.append(rows)
        complete_from.append(first_day)
    return raw.with_columns(
        pl.Series("days", days, dtype=_WHOLES), pl.Series("days_from", complete_from, dtype=pl.Int64())
    )


def purchases_and_lines(
    raw: pl.DataFrame, attributes: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Purchases and their lines, each keeping its contract, lines in the order of purchases.

    Shape
        raw          purchases as `decoded` leaves them, still with `lines` (JSON text) and `masks` (array text)
        attributes   code -> text | integer, of every revision
    """
    nested = raw.get_column("lines").str.json_decode(pl.List(pl.Struct(_line_fields(attributes))))
    counts = nested.list.len().cast(pl.Int64)
    purchases = raw.drop("lines", "masks").with_columns(line_count=counts)
    lines = nested.explode(empty_as_null=False).struct.unnest() if raw.height else _no_lines(attributes)
    lines = lines.with_columns(
        pl.col("discount_minor").fill_null(0),
        masks=_masks_by_line(raw.select(whole_lists("masks")).to_series(), counts),
    )
    named = [
        pl.col("attributes").struct.field(code).alias(f"{ATTRIBUTE_PREFIX}{code}") for code in attributes
    ]
    contract = TABLES["lines"].contract
    return (
        purchases.select(TABLES["purchases"].contract.schema.names()),
        lines.select(*contract.schema.names(), *named),
    )


def _line_fields(attributes: Mapping[str, str]) -> dict[str, DataType]:
    fields = {
        name: type_
        for name, type_ in TABLES["lines"].contract.schema.items()
        if name != "masks" and isinstance(type_, DataType)
    }
    if attributes:
        kinds = {code: pl.Int64() if kind == "integer" else pl.String() for code, kind in attributes.items()}
        fields["attributes"] = pl.Struct(kinds)
    return fields


def _no_lines(attributes: Mapping[str, str]) -> pl.DataFrame:
    return pl.DataFrame(schema=_line_fields(attributes))


def _masks_by_line(masks: pl.Series, counts: pl.Series) -> pl.Series:
    """Mask words of each line, from those of each purchase: as many words a line as its revision has."""
    words = masks.list.len().to_numpy().astype(np.int64) // np.maximum(counts.to_numpy(), 1)
    by_line = np.repeat(words, counts.to_numpy())
    starts = np.concatenate([[0], np.cumsum(by_line)]).astype(np.int64)
    flat = masks.explode(empty_as_null=False).drop_nulls().to_numpy()
    assert len(flat) == starts[-1], "a purchase keeps the same number of words for each of its lines"
    lists = pa.LargeListArray.from_arrays(pa.array(starts), pa.array(flat, pa.int64()))
    return pl.Series("masks", pl.from_arrow(lists), dtype=_WHOLES)


def attributes_of(documents: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """The line attributes that programme documents declare: code -> text | integer; text where they disagree."""
    kinds: dict[str, str] = {}
    for document in documents:
        declared = document.get("line_attributes") or {}
        assert isinstance(declared, Mapping), "a published document is checked"
        for code, kind in declared.items():
            kinds[code] = kind if kinds.get(code, kind) == kind else "text"
    return kinds
