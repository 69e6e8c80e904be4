"""How a file tells of purchases: which column is what, and how its times and numbers are written.

A mapping is YAML, read strictly (`mapping_file.py`): an unknown key, a wrong type or a time format that cannot work is a
`MappingRefused` that names file, line and path. `docs/import.md` explains every key to an integrator.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, field_validator, model_validator

from jifen.domain.texts import CODE, TextRefused, canonical
from jifen.domain.zones import ZONES, nearest_zone
from jifen.insight.read_purchases.mapping_file import Part, read_mapping_as, wrong
from jifen.present.said import Said

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Columns(Part):
    """Field of a purchase or a line -> column of the file."""

    business_no: Text
    occurred_at: Text
    amount: Text  # of the line; with rows_are: purchases, of the purchase
    source: Text | None = None
    member_ref: Text | None = None
    member_ref_kind: Text | None = None
    store: Text | None = None
    till: Text | None = None
    cashier: Text | None = None
    channel: Text | None = None
    money: Text | None = None
    purchase_amount: Text | None = None
    payment_method: Text | None = None
    payments: Text | None = None
    tags: Text | None = None
    line_number: Text | None = None
    sku: Text | None = None
    name: Text | None = None
    category: Text | list[Text] | None = None
    brand: Text | None = None
    quantity: Text | None = None
    discount: Text | None = None
    cost: Text | None = None
    line_tags: Text | None = None
    attributes: dict[str, Text] = Field(default={})

    @model_validator(mode="after")
    def _pays_once(self) -> Self:
        if self.payment_method is not None and self.payments is not None:
            raise wrong("twice", "mapping.pays_twice")
        return self


def _code(text: str) -> str:
    try:
        return canonical(text, CODE)
    except TextRefused as refused:
        raise wrong("text", "mapping.text_refused", said=str(refused)) from None


Code = Annotated[str, Field(min_length=1), AfterValidator(_code)]


class Constants(Part):
    """Field -> the value that every row of the file has, in the form of a code (`domain/texts.py`)."""

    source: Code | None = None
    member_ref_kind: Literal["external", "card"] | None = None
    store: Code | None = None
    till: Code | None = None
    cashier: Code | None = None
    channel: Code | None = None
    money: Code | None = None


class Time(Part):
    """How times are written."""

    format: str | list[str] = "iso"  # iso, unix_seconds, unix_milliseconds, or a strftime pattern or several
    zone: str | None = None  # IANA name; needed where the text has no offset
    clock_change: Literal["reject", "earliest"] = "reject"

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats in the order in which they are tried."""
        return (self.format,) if isinstance(self.format, str) else tuple(self.format)

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in ZONES:
            near = nearest_zone(zone)
            said = Said("mapping.zone_meant", zone=repr(near)) if near else Said("mapping.zone_form")
            raise wrong("zone", "mapping.zone_unknown", zone=repr(zone), meant=said)
        return zone

    @model_validator(mode="after")
    def _formats_work(self) -> Self:
        if not self.formats:
            raise wrong("format", "mapping.format_missing")
        for one in self.formats:
            if one in NAMED_FORMATS:
                continue
            if not tells_a_date(one):
                raise wrong("format", "mapping.format_without_date", format=repr(one))
            if not tells_offset(one) and self.zone is None:
                raise wrong("zone", "mapping.format_without_zone", format=repr(one))
        return self


NAMED_FORMATS = ("iso", "unix_seconds", "unix_milliseconds")


def tells_offset(format_: str) -> bool:
    """Whether a strftime pattern holds the offset from UTC."""
    return any(mark in format_ for mark in ("%z", "%:z", "%#z", "%::z", "%+"))


def tells_a_date(format_: str) -> bool:
    """Whether a day that is written by a strftime pattern can be read back from it."""
    aware = tells_offset(format_)
    moment = pl.Series([datetime(2001, 12, 23, 14, 5, 6)]).dt.replace_time_zone("UTC" if aware else None)  # noqa: DTZ001
    try:
        text = moment.dt.strftime(format_)
        back = text.str.to_datetime(format_, strict=False, time_zone="UTC" if aware else None).item()
    except pl.exceptions.PolarsError:
        return False
    return isinstance(back, datetime) and back.date() == date(2001, 12, 23)


class Numbers(Part):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise wrong("marks", "mapping.marks_same")
        return self


class Amounts(Numbers):
    """How money is written: 12.30 (major) or 1230 (minor)."""

    unit: Literal["major", "minor"] = "major"


class Quantities(Numbers):
    """How quantities are written: 1.5 (pieces) or 1500 (thousandths)."""

    unit: Literal["pieces", "thousandths"] = "pieces"


class FileForm(Part):
    """How a file itself is written."""

    format: Literal["csv", "parquet"] | None = None  # None: by the file's ending
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    separator: Literal[",", ";", "\t", "tab", "|"] = ","
    quote: Literal["double", "none"] = "double"


class Mapping(FileForm):
    """How a file tells of purchases."""

    columns: Columns
    constants: Constants = Constants()
    rows_are: Literal["lines", "purchases"] = "lines"
    time: Time = Time()
    amounts: Amounts = Amounts()
    quantities: Quantities = Quantities()
    category_separator: str = Field(default="/", min_length=1, max_length=10)
    tag_separator: str = Field(default="|", min_length=1, max_length=10)
    discount_sign: Literal["positive", "negative"] = "positive"

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        for name in Constants.model_fields:
            if getattr(self.columns, name) is not None and getattr(self.constants, name) is not None:
                raise wrong("twice", "mapping.column_and_constant", field=name)
        if self.columns.source is None and self.constants.source is None:
            raise wrong("source", "mapping.source_missing")
        return self


def read_mapping(file: Path) -> Mapping:
    """The mapping of a file of purchases; refuses as `read_mapping_as`."""
    return read_mapping_as(Mapping, file)
