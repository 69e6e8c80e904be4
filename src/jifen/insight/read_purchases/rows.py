"""The rows of one file as typed fields, and the cells that hold none.

Shape
    typed       ROW, `is_bad`, then the fields of FIELDS and `attribute.<code>`; one row a row of the file
    problems    as `problems.PROBLEMS`
"""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from jifen.domain.purchase import AMOUNT_MINOR_MAX, ATTRIBUTE_MAX, PAYMENTS_MAX, QUANTITY_MILLI_MAX
from jifen.domain.texts import (
    CATEGORY,
    CODE,
    LINE_FORMS,
    PURCHASE_FORMS,
    WORDS,
    TextRefused,
    canonical,
)
from jifen.insight.frames import ATTRIBUTE_PREFIX
from jifen.insight.read_purchases.cells import (
    TAG_MARK,
    Cells,
    empty_cells,
    line_numbers,
    member_keys,
    numbers,
    require,
    tags,
    texts,
    times,
)
from jifen.insight.read_purchases.files import ROW, TORN
from jifen.insight.read_purchases.known import Known
from jifen.insight.read_purchases.mapping import Mapping, Numbers
from jifen.insight.read_purchases.problems import problems_at
from jifen.insight.read_purchases.reasons import NUMBER_OF, RowCode

_TEXT = pl.String()
_WHOLE = pl.Int64()

PURCHASE_FIELDS: dict[str, pl.DataType] = {
    "source": _TEXT,
    "business_no": _TEXT,
    "member_ref": _TEXT,
    "member_ref_kind": _TEXT,
    "store": _TEXT,
    "till": _TEXT,
    "cashier": _TEXT,
    "channel": _TEXT,
    "occurred_at": pl.Datetime("us", "UTC"),
    "money": _TEXT,
    "purchase_amount": _WHOLE,
    "payment_method": _TEXT,
    "payments": _TEXT,
    "paid": _WHOLE,
    "tags": _TEXT,
}
LINE_FIELDS: dict[str, pl.DataType] = {
    "number": pl.Int32(),
    "sku": _TEXT,
    "name": _TEXT,
    "category": _TEXT,
    "brand": _TEXT,
    "quantity_milli": _WHOLE,
    "amount_minor": _WHOLE,
    "discount_minor": _WHOLE,
    "cost_minor": _WHOLE,
    "line_tags": _TEXT,
}
_FORMS = {**PURCHASE_FORMS, **LINE_FORMS, "payment_method": CODE}


class _Rows:
    """Reads field after field of one file and collects what is wrong."""

    def __init__(self, raw: pl.DataFrame, mapping: Mapping, known: Known, file: str) -> None:
        self.raw = raw
        self.mapping = mapping
        self.known = known
        self.file = file
        self.torn = raw.get_column(TORN).is_not_null()
        self.is_bad = self.torn
        self.fields: dict[str, pl.Series] = {}
        self.problems: list[pl.DataFrame] = []
        if self.torn.any():
            self.problems.append(problems_at(raw, raw.get_column(ROW).filter(self.torn), None, "cells_count"))

    def keep(self, name: str, column: str, cells: Cells) -> None:
        """Take the values as field `name` and note the cells' problems under their column."""
        problems = cells.problems
        if problems.null_count() < problems.len():
            wrong = problems.is_not_null() & ~self.torn
            if wrong.any():
                rows = self.raw.get_column(ROW).filter(wrong)
                self.problems.append(problems_at(self.raw, rows, column, problems.filter(wrong)))
                self.is_bad = self.is_bad | wrong
        self.fields[name] = cells.values.alias(name)

    def read(self, name: str, read: Callable[[pl.Series], Cells], *, required: bool = False) -> None:
        """Field `name` from its column, from its constant, or empty."""
        column = getattr(self.mapping.columns, _COLUMN_OF.get(name, name), None)
        if isinstance(column, str):
            written = self.raw.get_column(column)
            cells = read(written)
            self.keep(name, column, require(cells) if required else cells)
            return
        constant = getattr(self.mapping.constants, name, None)
        self.fields[name] = pl.repeat(
            constant, self.raw.height, dtype=(PURCHASE_FIELDS | LINE_FIELDS)[name], eager=True
        )

    def typed(self) -> pl.DataFrame:
        """The fields read so far, row by row."""
        return pl.DataFrame(
            [
                self.raw.get_column(ROW),
                self.is_bad.alias("is_bad"),
                *(values.alias(name) for name, values in self.fields.items()),
            ]
        )


# Fields whose key in the mapping is called otherwise.
_COLUMN_OF = {
    "number": "line_number",
    "quantity_milli": "quantity",
    "amount_minor": "amount",
    "discount_minor": "discount",
    "cost_minor": "cost",
}


def typed_rows(
    raw: pl.DataFrame, mapping: Mapping, known: Known, *, file: str
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The file's rows as fields, and the problems of their cells."""
    rows = _Rows(raw, mapping, known, file)
    _read_purchase_fields(rows)
    _read_line_fields(rows)
    _read_attributes(rows)
    return rows.typed(), rows.problems


def _read_purchase_fields(rows: _Rows) -> None:
    known, mapping, file = rows.known, rows.mapping, rows.file
    rows.read("source", _text(rows, "source"), required=True)
    rows.read("business_no", _text(rows, "business_no"), required=True)
    kinds = ("external", "card")
    rows.read("member_ref_kind", _one_of(rows, kinds, "member_ref_kind_wrong"), required=True)
    if mapping.columns.member_ref_kind is None and mapping.constants.member_ref_kind is None:
        rows.fields["member_ref_kind"] = pl.repeat("external", rows.raw.height, eager=True).alias(
            "member_ref_kind"
        )
    rows.read("member_ref", lambda column: member_keys(column, rows.fields["member_ref_kind"], file=file))
    stores = None if known.stores is None else tuple(known.stores)
    rows.read("store", _one_of(rows, stores, "store_unknown"))
    for name in ("till", "cashier", "channel", "payment_method"):
        rows.read(name, _text(rows, name))
    rows.read(
        "occurred_at", lambda column: times(column, mapping.time, now=known.now, file=file), required=True
    )
    rows.read("money", _one_of(rows, (known.money,), "money_differs"))
    rows.fields["money"] = rows.fields["money"].fill_null(known.money)
    rows.read("purchase_amount", _money(rows))
    rows.read("tags", lambda column: _tags(column, rows))
    _read_payments(rows)


def _read_line_fields(rows: _Rows) -> None:
    mapping, file = rows.mapping, rows.file
    rows.read("number", lambda column: line_numbers(column, file=file), required=True)
    rows.read("sku", _text(rows, "sku"))
    rows.read("name", _text(rows, "name"))
    _read_category(rows)
    rows.read("brand", _text(rows, "brand"))
    rows.read("quantity_milli", _quantity(rows))
    rows.fields["quantity_milli"] = rows.fields["quantity_milli"].fill_null(1_000)  # not told: one piece
    rows.read("amount_minor", _money(rows), required=True)
    rows.read("discount_minor", _money(rows, negate=mapping.discount_sign == "negative"))
    rows.fields["discount_minor"] = rows.fields["discount_minor"].fill_null(0)
    rows.read("cost_minor", _money(rows, least=-AMOUNT_MINOR_MAX))
    rows.read("line_tags", lambda column: _tags(column, rows))


def _text(rows: _Rows, name: str) -> Callable[[pl.Series], Cells]:
    return lambda column: texts(column, _FORMS[name], file=rows.file)


def _one_of(rows: _Rows, allowed: tuple[str, ...] | None, otherwise: RowCode) -> Callable[[pl.Series], Cells]:
    """Text that must be one of the values allowed; any when None."""

    def read(column: pl.Series) -> Cells:
        said = texts(column, CODE, file=rows.file)
        if allowed is None:
            return said
        wrong = (~said.values.is_in(pl.Series(list(allowed), dtype=pl.String).implode())).fill_null(
            value=False
        )
        if not wrong.any():
            return said
        number = pl.Series([NUMBER_OF[otherwise]], dtype=pl.UInt8)
        return Cells(said.values, number.new_from_index(0, column.len()).zip_with(wrong, said.problems))

    return read


def _money(rows: _Rows, *, least: int = 0, negate: bool = False) -> Callable[[pl.Series], Cells]:
    style = rows.mapping.amounts
    decimals = rows.known.money_decimals if style.unit == "major" else 0
    most = AMOUNT_MINOR_MAX
    return lambda column: numbers(
        column, decimals=decimals, style=style, least=least, most=most, file=rows.file, negate=negate
    )


def _quantity(rows: _Rows) -> Callable[[pl.Series], Cells]:
    style: Numbers = rows.mapping.quantities
    decimals = 3 if rows.mapping.quantities.unit == "pieces" else 0
    return lambda column: numbers(
        column, decimals=decimals, style=style, most=QUANTITY_MILLI_MAX, file=rows.file
    )


def _tags(column: pl.Series, rows: _Rows) -> Cells:
    return tags(column, separator=rows.mapping.tag_separator, file=rows.file)


def tag_list(column: str) -> pl.Expr:
    """The tags in a column that `typed_rows` made; null when there is none."""
    return pl.col(column).str.split(TAG_MARK)


def _read_category(rows: _Rows) -> None:
    """A path A/B/C: from one column with a separator, or from a column for each step, widest first."""
    column = rows.mapping.columns.category
    if not isinstance(column, list):
        rows.read("category", lambda written: texts(_path(written, rows), CATEGORY, file=rows.file))
        return
    for part in column:
        rows.keep(f"#{part}", part, texts(rows.raw.get_column(part), WORDS, file=rows.file))
    parts = pl.DataFrame([rows.fields.pop(f"#{part}").alias(part) for part in column])
    joined = parts.select(
        pl.concat_str(pl.all().str.replace_all("/", "-", literal=True), separator="/", ignore_nulls=True)
    ).to_series()
    rows.keep("category", column[0], texts(joined, CATEGORY, file=rows.file))


def _path(written: pl.Series, rows: _Rows) -> pl.Series:
    """Paths whose steps are joined by /, whatever the file joins them by."""
    mark = rows.mapping.category_separator
    if mark == "/" or not (written.dtype == pl.String or written.dtype in (pl.Categorical, pl.Enum)):
        return written
    text = written.cast(pl.String)
    return text.str.replace_all("/", "-", literal=True).str.replace_all(mark, "/", literal=True)


def _read_attributes(rows: _Rows) -> None:
    for code, column in rows.mapping.columns.attributes.items():
        written = rows.raw.get_column(column)
        if rows.known.line_attributes[code] == "integer":
            style = rows.mapping.quantities
            cells = numbers(
                written, decimals=0, style=style, least=-ATTRIBUTE_MAX, most=ATTRIBUTE_MAX, file=rows.file
            )
        else:
            cells = texts(written, WORDS, file=rows.file)
        rows.keep(f"{ATTRIBUTE_PREFIX}{code}", column, cells)


# Payments -------------------------------------------------------------------------------------------------------------


def _read_payments(rows: _Rows) -> None:
    """Payments as JSON text in one writing, and what they add up to. Python reads each different text once."""
    column = rows.mapping.columns.payments
    height = rows.raw.height
    if column is None:
        rows.fields["payments"] = empty_cells(height, _TEXT).values.alias("payments")
        rows.fields["paid"] = empty_cells(height, _WHOLE).values.alias("paid")
        return
    written = rows.raw.get_column(column).cast(pl.String).alias("written")
    different = written.drop_nulls().unique()
    said = [_payments(text) for text in different]
    table = pl.DataFrame(
        {
            "written": different,
            "payments": pl.Series([one[0] if one else None for one in said], dtype=pl.String),
            "paid": pl.Series([one[1] if one else None for one in said], dtype=pl.Int64),
        }
    )
    read = written.to_frame().join(table, on="written", how="left", maintain_order="left")
    wrong = written.is_not_null() & read.get_column("payments").is_null()
    number = pl.Series([NUMBER_OF["payments_wrong"]], dtype=pl.UInt8)
    problems = number.new_from_index(0, height).zip_with(wrong, pl.Series([None], dtype=pl.UInt8))
    rows.keep("payments", column, Cells(read.get_column("payments"), problems))
    rows.fields["paid"] = read.get_column("paid")


def _payments(text: str) -> tuple[str, int] | None:
    """The payments in one writing and their sum; None when the text is not what it must be."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, list) or not 0 < len(said) <= PAYMENTS_MAX:
        return None
    in_order: list[dict[str, str | int]] = []
    for one in said:
        if not isinstance(one, dict) or set(one) != {"method", "amount_minor"}:
            return None
        method, amount = one["method"], one["amount_minor"]
        if type(amount) is not int or not 0 <= amount <= AMOUNT_MINOR_MAX or not isinstance(method, str):
            return None
        try:
            in_order.append({"method": canonical(method, CODE), "amount_minor": amount})
        except TextRefused:
            return None
    return payments_text(in_order), sum(int(one["amount_minor"]) for one in in_order)


def payments_text(payments: list[dict[str, str | int]]) -> str:
    """Payments as JSON text, always in the same writing."""
    return json.dumps(payments, ensure_ascii=False, separators=(",", ":"))
