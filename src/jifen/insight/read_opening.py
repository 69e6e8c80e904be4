"""Opening balances from files: what members held in another system, lot by lot, each with its own day of expiry.

One row is one lot of one member. The files are read as files of purchases are (`read_purchases/`): CSV or Parquet, a mapping,
every cell exactly, what is wrong told with row, column, value and reason. What a member's rows say is taken whole or not at all.
docs/decisions/0106-opening-balances-are-lots-of-their-own.md says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple, Self

import polars as pl
from pydantic import field_validator, model_validator

from jifen.domain.events import SLICES_MAX
from jifen.domain.texts import CODE, ITEM
from jifen.insight.frames import REJECTS
from jifen.insight.read_purchases.cells import Cells, dates, member_keys, numbers, require, texts
from jifen.insight.read_purchases.files import ROW, TORN, names_of, open_file, read_rows
from jifen.insight.read_purchases.mapping import Code, FileForm, Numbers, Text, tells_a_date
from jifen.insight.read_purchases.mapping_file import Part, read_mapping_as, refuse_mapping, wrong
from jifen.insight.read_purchases.problems import PROBLEMS, problems_at, rejects_of
from jifen.insight.read_purchases.reasons import NUMBER_OF, RowCode
from jifen.present.said import Said

UNITS_MAX = 1_000_000_000
"""Of one lot, in smallest units: as an adjustment."""
NEVER = date(9000, 1, 1)
"""From here on a day is how programs write never (9999-12-31)."""


class Columns(Part):
    """Field of a lot -> column of the file."""

    member_ref: Text
    units: Text
    member_ref_kind: Text | None = None
    currency: Text | None = None
    expires_on: Text | None = None
    earned_on: Text | None = None
    reference: Text | None = None


class Constants(Part):
    """Field -> the value that every row of the file has."""

    member_ref_kind: Literal["external", "card"] | None = None
    currency: Code | None = None


class Dates(Part):
    """How days are written."""

    format: str | list[str] = "iso"  # iso, or a strftime pattern or several

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats in the order in which they are tried."""
        return (self.format,) if isinstance(self.format, str) else tuple(self.format)

    @field_validator("format")
    @classmethod
    def _formats_work(cls, format_: str | list[str]) -> str | list[str]:
        formats = (format_,) if isinstance(format_, str) else tuple(format_)
        if not formats:
            raise wrong("format", "mapping.format_missing")
        for one in formats:
            if one != "iso" and not tells_a_date(one):
                raise wrong("format", "mapping.format_without_date", format=repr(one))
        return format_


class Units(Numbers):
    """How units are written: as they are shown (12.50, major) or in the smallest unit of the currency (1250, minor)."""

    unit: Literal["major", "minor"] = "major"


class OpeningMapping(FileForm):
    """How a file tells of opening balances."""

    columns: Columns
    constants: Constants = Constants()
    dates: Dates = Dates()
    units: Units = Units()

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        for name in Constants.model_fields:
            if getattr(self.columns, name) is not None and getattr(self.constants, name) is not None:
                raise wrong("twice", "mapping.column_and_constant", field=name)
        if self.columns.currency is None and self.constants.currency is None:
            raise wrong("currency", "mapping.currency_missing")
        if self.columns.expires_on is None and self.columns.earned_on is None:
            raise wrong("expires_on", "mapping.days_missing")
        return self


def read_opening_mapping(file: Path) -> OpeningMapping:
    """The mapping of a file of opening balances; refuses as `read_mapping_as`."""
    return read_mapping_as(OpeningMapping, file)


class CurrencyKnown(NamedTuple):
    """A currency that lots may be of."""

    number: int
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningKnown:
    """What rows are held against."""

    today: date  # in the programme's zone
    currencies: Mapping[str, CurrencyKnown]  # by code


OPENING = pl.Schema(
    {
        "member_ref_kind": pl.String,
        "member_ref": pl.String,
        "currency": pl.Int64,
        "units": pl.Int64,
        "expires_on": pl.Date,
        "earned_on": pl.Date,
        "reference": pl.String,
        "file": pl.String,
        "row": pl.Int64,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRead:
    """What the files tell.

    Shape
        lots      one row a lot, in OPENING's columns, members together, in the order of their rows. `expires_on` is empty where
                  the units never expire; where the files tell no day of expiry, by `tells_expiry`
        rejects   as frames.REJECTS
    """

    lots: pl.DataFrame
    rejects: pl.DataFrame
    tells_expiry: bool
    rows_read: int
    empty_rows: int  # of no units
    doubled_rows: int  # copies of a row with the same reference
    rejected_members: int


def read_opening(files: Sequence[Path], mapping: OpeningMapping, *, known: OpeningKnown) -> OpeningRead:
    """The lots that the files tell, of each member all or none.

    Rounding
        None. Units are exact or refused.
    Refuses
        MappingRefused   the mapping names a currency that the programme does not have
        FileRefused      a file cannot be used as a whole; nothing is taken from any
    """
    constant = mapping.constants.currency
    if constant is not None and constant not in known.currencies:
        said = Said("mapping.currency_unknown", currency=constant, known=", ".join(known.currencies))
        raise refuse_mapping("$.constants.currency", "currency_unknown", said)
    named = [column for column in mapping.columns.model_dump().values() if column is not None]
    columns = list(dict.fromkeys(named))
    opened = [
        open_file(path, mapping, columns, name=name, keys=[mapping.columns.member_ref])
        for path, name in names_of(files).items()
    ]
    typed, rejects = [], [REJECTS.empty()]
    raws: dict[str, pl.DataFrame] = {}
    rows_read = 0
    for file in opened:
        raw = raws[file.name] = read_rows(file, mapping)
        rows, problems = _typed(raw, mapping, known, file=file.name)
        typed.append(rows)
        rejects.append(rejects_of(pl.concat([PROBLEMS.to_frame(), *problems]), file.name))
        rows_read += raw.height
    told = pl.concat(typed) if typed else pl.DataFrame(schema={**OPENING, "is_bad": pl.Boolean})
    filled = told.filter(pl.col("is_bad") | (pl.col("units") > 0))
    once, doubled = _once(filled)
    whole, more = _whole(once, raws, mapping)
    refused = pl.concat([*rejects, *more], how="diagonal").sort("file", "row", maintain_order=True)
    of_members = once.filter(pl.col("member_ref").is_not_null())
    of_nobody = once.height - of_members.height  # a row that names nobody counts as a member who is refused
    return OpeningRead(
        lots=whole.select(OPENING.names()),
        rejects=refused,
        tells_expiry=mapping.columns.expires_on is not None,
        rows_read=rows_read,
        empty_rows=told.height - filled.height,
        doubled_rows=doubled,
        rejected_members=of_members.select(_MEMBER).n_unique() - whole.select(_MEMBER).n_unique() + of_nobody,
    )


_MEMBER = ("member_ref_kind", "member_ref")
_CONTENT = ("units", "expires_on", "earned_on")


# Rows of one file -------------------------------------------------------------------------------------------------------


class _Rows:
    """Reads field after field of one file and collects what is wrong."""

    def __init__(self, raw: pl.DataFrame, mapping: OpeningMapping, file: str) -> None:
        self.raw, self.mapping, self.file = raw, mapping, file
        self.torn = raw.get_column(TORN).is_not_null()
        self.is_bad = self.torn
        self.fields: dict[str, pl.Series] = {}
        self.problems: list[pl.DataFrame] = []
        if self.torn.any():
            self.problems.append(problems_at(raw, raw.get_column(ROW).filter(self.torn), None, "cells_count"))

    def read(self, name: str, read: Callable[[pl.Series], Cells], *, required: bool = False) -> None:
        """Field `name` from its column, from its constant, or empty."""
        column = getattr(self.mapping.columns, name)
        if column is None:
            constant = getattr(self.mapping.constants, name, None)
            self.fields[name] = pl.repeat(constant, self.raw.height, dtype=OPENING[name], eager=True)
            return
        cells = read(self.raw.get_column(column))
        if required:
            cells = require(cells)
        self.fields[name] = cells.values
        self.refuse(name, cells.problems)

    def refuse(self, name: str, problems: pl.Series) -> None:
        """Note what is wrong with the cells of a field, by number of the reason."""
        wrong_ = problems.is_not_null() & ~self.torn
        if wrong_.any():
            column = getattr(self.mapping.columns, name)
            rows = self.raw.get_column(ROW).filter(wrong_)
            self.problems.append(problems_at(self.raw, rows, column, problems.filter(wrong_)))
            self.is_bad = self.is_bad | wrong_

    def refuse_where(self, name: str, wrong_: pl.Series, code: RowCode) -> None:
        """Refuse the rows, for one reason, by a field."""
        number = pl.Series([NUMBER_OF[code]], dtype=pl.UInt8).new_from_index(0, self.raw.height)
        self.refuse(name, number.zip_with(wrong_.fill_null(value=False), pl.Series([None], dtype=pl.UInt8)))


def _typed(
    raw: pl.DataFrame, mapping: OpeningMapping, known: OpeningKnown, *, file: str
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The rows as fields, and the problems of their cells."""
    rows = _Rows(raw, mapping, file)
    rows.read("member_ref_kind", lambda column: texts(column, CODE, file=file))
    rows.fields["member_ref_kind"] = rows.fields["member_ref_kind"].fill_null("external")
    kinds = rows.fields["member_ref_kind"]
    rows.refuse_where("member_ref_kind", ~kinds.is_in(["external", "card"]), "member_ref_kind_wrong")
    rows.read("member_ref", lambda column: member_keys(column, kinds, file=file), required=True)
    _read_units(rows, known)
    for name, required in (("expires_on", False), ("earned_on", mapping.columns.expires_on is None)):
        rows.read(name, lambda column: dates(column, mapping.dates.formats, file=file), required=required)
    rows.read("reference", lambda column: texts(column, ITEM, file=file))
    expires, earned = rows.fields["expires_on"], rows.fields["earned_on"]
    rows.refuse_where("earned_on", earned > known.today, "earned_in_future")
    rows.refuse_where("expires_on", expires < earned, "expires_before_earned")
    rows.fields["expires_on"] = expires.zip_with(
        (expires < NEVER).fill_null(value=True), pl.Series([None], dtype=pl.Date)
    )
    fields = pl.DataFrame(
        [values.alias(name) for name, values in rows.fields.items() if name in OPENING.names()]
    )
    typed = fields.with_columns(
        pl.lit(file).alias("file"), raw.get_column(ROW).alias("row"), rows.is_bad.alias("is_bad")
    )
    return typed.select(*OPENING.names(), "is_bad"), rows.problems


def _read_units(rows: _Rows, known: OpeningKnown) -> None:
    """Currency and units, which are written with as many decimals as their currency has."""
    file, style = rows.file, rows.mapping.units
    codes = _currency_codes(rows)
    table = pl.DataFrame(
        [(code, one.number, one.scale) for code, one in known.currencies.items()],
        schema={"code": pl.String, "number": pl.Int64, "scale": pl.Int64},
        orient="row",
    )
    found = codes.alias("code").to_frame().join(table, on="code", how="left", maintain_order="left")
    rows.fields["currency"] = found.get_column("number")
    rows.refuse_where(
        "currency", codes.is_not_null() & found.get_column("number").is_null(), "currency_unknown"
    )
    finest = max((one.scale for one in known.currencies.values()), default=0) if style.unit == "major" else 0
    most = UNITS_MAX * 10**finest
    rows.read(
        "units",
        lambda column: numbers(column, decimals=finest, style=style, least=-most, most=most, file=file),
        required=True,
    )
    if finest:
        step = pl.select(10 ** (finest - pl.lit(found.get_column("scale").fill_null(finest)))).to_series()
        rows.refuse_where("units", rows.fields["units"] % step != 0, "too_many_decimals")
        rows.fields["units"] = rows.fields["units"] // step
    rows.refuse_where("units", rows.fields["units"] < 0, "units_negative")
    rows.refuse_where("units", rows.fields["units"] > UNITS_MAX, "number_too_large")


def _currency_codes(rows: _Rows) -> pl.Series:
    column = rows.mapping.columns.currency
    if column is None:
        return pl.repeat(rows.mapping.constants.currency, rows.raw.height, dtype=pl.String, eager=True)
    cells = require(texts(rows.raw.get_column(column), CODE, file=rows.file))
    rows.refuse("currency", cells.problems)
    return cells.values


# Rows of all files ------------------------------------------------------------------------------------------------------


def _once(told: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The rows without those that only repeat one with the same reference."""
    key = (*_MEMBER, "currency", "reference")
    named = told.filter(pl.col("reference").is_not_null() & ~pl.col("is_bad"))
    copies = named.filter(pl.struct(*key, *_CONTENT).is_first_distinct().not_())
    return told.join(
        copies.select("file", "row"), on=["file", "row"], how="anti", maintain_order="left"
    ), copies.height


def _whole(
    told: pl.DataFrame, raws: Mapping[str, pl.DataFrame], mapping: OpeningMapping
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The rows of members of whom every row is good, and why others are not taken."""
    key = (*_MEMBER, "currency")
    is_good = ~pl.col("is_bad")
    named = told.filter(is_good & pl.col("reference").is_not_null())
    repeated = named.filter(pl.struct(*key, "reference").is_duplicated())
    many = told.filter(is_good & (pl.len().over(*key) > SLICES_MAX))
    found: tuple[tuple[pl.DataFrame, str | None, RowCode], ...] = (
        (repeated, mapping.columns.reference, "reference_repeated"),
        (many, None, "lots_too_many"),
    )
    bad = pl.concat([told.filter("is_bad"), repeated, many]).select("file", "row").unique()
    marked = told.join(bad.with_columns(is_wrong=True), on=["file", "row"], how="left", maintain_order="left")
    marked = marked.with_columns(pl.col("is_wrong").fill_null(value=False))
    is_refused = pl.col("is_wrong").any().over(*_MEMBER) & pl.col("member_ref").is_not_null()
    bystanders = marked.filter(is_refused & ~pl.col("is_wrong"))
    rejects = [
        rejects_of(problems_at(raws[str(file)], part.get_column("row").sort(), column, code), str(file))
        for rows, column, code in (*found, (bystanders, None, "member_refused"))
        for (file,), part in rows.group_by("file", maintain_order=True)
    ]
    return marked.filter(~is_refused & ~pl.col("is_wrong")), rejects
