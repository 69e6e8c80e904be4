"""The frames that history travels in: purchases, their lines, and the rows that were refused.

Every reader (the Complete Journey, CSV, Parquet, a snapshot) ends in these columns and everything behind
it (select, fold, bulk import, back-test) begins with them. A contract says what a column holds and in which
unit; `check` holds a frame to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from polars.datatypes import DataType, DataTypeClass

_TEXT = pl.String()
_WHOLE = pl.Int64()
_TEXTS = pl.List(pl.String())
_INSTANT = pl.Datetime("us", "UTC")

ATTRIBUTE_PREFIX = "attribute."  # `attribute.<code>`: one column for each declared line attribute, str or i64

REASON_PREFIX = "reason_"


class FrameContractBroken(Exception):
    """A frame lacks a column, or a column has another type, order or emptiness than its contract says."""

    def __init__(self, contract: str, column: str, found: str, wanted: str) -> None:
        super().__init__(f"{contract}.{column}: {found}; the contract says {wanted}")
        self.contract = contract
        self.column = column
        self.found = found
        self.wanted = wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its type, whether it may be empty, and what it holds."""

    name: str
    type: DataType | DataTypeClass
    empty: bool
    holds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a frame promises: its columns in order, what one row is, and what it is sorted by."""

    name: str
    row_is: str
    sorted_by: tuple[str, ...]
    columns: tuple[Column, ...]
    attributes: bool = False  # columns `attribute.<code>` may follow
    reasons: bool = (
        False  # columns `reason_<language>` may follow, one a language that there is a catalogue of
    )

    @property
    def schema(self) -> pl.Schema:
        """The columns and types, without attributes."""
        return pl.Schema({column.name: column.type for column in self.columns})

    def empty(self) -> pl.DataFrame:
        """A frame of no rows that keeps the contract."""
        return pl.DataFrame(schema=self.schema)

    def check(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame itself, when it keeps the contract.

        Refuses
            FrameContractBroken   a column is missing, unknown, of another type, or empty where it may not be.
        """
        for column in self.columns:
            self._check_column(frame, column)
        known = self.schema
        for name, found in frame.schema.items():
            if name in known:
                continue
            is_attribute = self.attributes and name.startswith(ATTRIBUTE_PREFIX)
            if not (is_attribute or (self.reasons and name.startswith(REASON_PREFIX))):
                raise FrameContractBroken(self.name, name, "it is there", "no such column")
            if found not in (_TEXT, _WHOLE):
                raise FrameContractBroken(self.name, name, str(found), "String or Int64")
        return frame

    def _check_column(self, frame: pl.DataFrame, column: Column) -> None:
        found = frame.schema.get(column.name)
        if found is None:
            raise FrameContractBroken(self.name, column.name, "it is missing", str(column.type))
        if found != column.type:
            raise FrameContractBroken(self.name, column.name, str(found), str(column.type))
        if not column.empty and (nulls := frame.get_column(column.name).null_count()):
            raise FrameContractBroken(self.name, column.name, f"{nulls} empty", "never empty")


def _must(name: str, type_: DataType, holds: str) -> Column:
    return Column(name=name, type=type_, empty=False, holds=holds)


def _may(name: str, type_: DataType, holds: str) -> Column:
    return Column(name=name, type=type_, empty=True, holds=holds)


PURCHASES = Contract(
    name="purchases",
    row_is="one purchase",
    sorted_by=("member_ref", "occurred_at", "source", "business_no"),  # receipts of nobody come last
    columns=(
        _must("purchase", _WHOLE, "the row's own number, 0 .. n-1"),
        _must("source", _TEXT, "the system that numbered the purchase; with business_no its key"),
        _must("business_no", _TEXT, "the receipt's number"),
        _may("member_ref", _TEXT, "external id or card number as the file gives it; empty: nobody"),
        _must("member_ref_kind", _TEXT, "external | card"),
        _may("store", _TEXT, "store code"),
        _may("till", _TEXT, "till code"),
        _may("cashier", _TEXT, "cashier code"),
        _may("channel", _TEXT, "store, online, ..."),
        _must("occurred_at", _INSTANT, "when it happened, UTC"),
        _must("money", _TEXT, "ISO 4217 code of every amount"),
        _must("amount_minor", _WHOLE, "what the retailer receives: the sum of its lines, minor money, >= 0"),
        _may("payments", _TEXT, 'JSON text: [{"method": text, "amount_minor": whole}, ...]'),
        _may("tags", _TEXTS, "tags of the purchase"),
        _must("row_first", _WHOLE, "its first row in the file, as a person counts, for messages"),
        _must("file", _TEXT, "the file it came from"),
    ),
)

LINES = Contract(
    name="lines",
    row_is="one line of a purchase",
    sorted_by=("purchase", "number"),
    attributes=True,
    columns=(
        _must("purchase", _WHOLE, "the purchase's number in `purchases`"),
        _must("number", pl.Int32(), "the line's number within its purchase, from 1"),
        _may("sku", _TEXT, "item code; empty when the file tells whole purchases only"),
        _may("name", _TEXT, "the item's name"),
        _may("category", _TEXT, "path A/B/C from the widest to the narrowest"),
        _may("brand", _TEXT, "brand"),
        _must("quantity_milli", _WHOLE, "thousandths of a piece, kilogram, gallon ...; >= 0"),
        _must("amount_minor", _WHOLE, "what the retailer receives for the line, minor money, >= 0"),
        _must("discount_minor", _WHOLE, "what the retailer gave up on the line, minor money, >= 0"),
        _may("cost_minor", _WHOLE, "what the line cost the retailer, minor money, if known"),
        _may("tags", _TEXTS, "tags of the line"),
    ),
)

REJECTS = Contract(
    name="rejects",
    row_is="one reason why one row was not taken",
    sorted_by=("file", "row"),
    columns=(
        _must("file", _TEXT, "the file"),
        _must("row", _WHOLE, "as a person counts: a CSV's header is row 1, a Parquet's first row is 1"),
        _may("column", _TEXT, "the column as the file calls it; empty when the whole row is meant"),
        _may("value", _TEXT, "what the cell held, cut at 200 characters"),
        _must("code", _TEXT, "stable code of the reason"),
        _must("reason_en", _TEXT, "the reason as a sentence"),
        _must("reason_zh", _TEXT, "the reason as a sentence in Chinese"),
    ),
    reasons=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a reading came to. `rows_read` = lines + doubled_rows + rejected_rows; blank rows are not rows."""

    rows_read: int
    purchases: int
    lines: int
    doubled_rows: int  # identical copies, kept once
    rejected_rows: int
    rejected_purchases: int  # a row without a receipt number counts as one
    spend_minor: int  # sum of amount_minor of the purchases taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """History in canonical frames, what was refused, and the counts."""

    purchases: pl.DataFrame
    lines: pl.DataFrame
    rejects: pl.DataFrame
    counts: Counts

    def __post_init__(self) -> None:
        PURCHASES.check(self.purchases)
        LINES.check(self.lines)
        REJECTS.check(self.rejects)


def number_purchases(purchases: pl.DataFrame) -> pl.DataFrame:
    """The purchases in their order, numbered from 0 in column `purchase`.

    Shape
        purchases   the columns of PURCHASES without `purchase`, in any order; further columns stay
    """
    ordered = purchases.sort(PURCHASES.sorted_by, nulls_last=True)
    return ordered.with_columns(purchase=pl.int_range(pl.len(), dtype=pl.Int64))
