"""The kinds of field that bodies and answers are made of: strict, bounded, texts in one form."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from jifen.domain import texts
from jifen.domain.purchase import (
    AMOUNT_MINOR_MAX,
    ATTRIBUTE_MAX,
    LINE_NUMBER_MAX,
    QUANTITY_MILLI_MAX,
)
from jifen.present.shown import shown_instant

INT64_MAX = 2**63 - 1
UNITS_MAX = 1_000_000_000_000
ATTRIBUTE_CODE = r"^[a-z][a-z0-9_-]{0,62}$"
"""As a document declares it; any other code is declared by none."""

BYTES_TEXT_MAX = 16_384
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_RFC3339 = re.compile(r"(\d{4})-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Body(BaseModel):
    """What comes in: no field that is not known, no type but the one that is asked for."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=False)


class Answer(BaseModel):
    """What goes out."""

    model_config = ConfigDict(frozen=True)


def instant_of(value: Any) -> datetime:
    """A moment from RFC 3339 text with a zone; anything else raises PydanticCustomError."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("instant_type", "a time is text such as 2026-11-21T18:00:00+08:00")
    found = _RFC3339.fullmatch(value)
    if found is None:
        naive = re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?", value, re.ASCII)
        if naive:
            raise PydanticCustomError(
                "instant_naive", "a time needs its zone, as in 2026-11-21T18:00:00+08:00"
            )
        raise PydanticCustomError(
            "instant_form", "a time is written as in 2026-11-21T18:00:00+08:00 (RFC 3339)"
        )
    if not 1970 <= int(found.group(1)) <= 9000:
        raise PydanticCustomError("instant_range", "a year is from 1970 to 9000")
    fraction = found.group(2)
    if fraction and len(fraction) > 7:
        value = value.replace(fraction, fraction[:7])
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("instant_form", "there is no such time") from None


Instant: TypeAlias = Annotated[
    datetime,
    BeforeValidator(instant_of),
    PlainSerializer(shown_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-21T18:00:00+08:00"]}),
]
"""A moment with its zone; a time without one is refused."""


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str) or not 1 <= len(value) <= BYTES_TEXT_MAX or not _BASE64URL.fullmatch(value):
        raise PydanticCustomError(
            "bytes_form",
            "bytes are 1 to {most} characters of base64url without padding",
            {"most": BYTES_TEXT_MAX},
        )
    try:
        return urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        raise PydanticCustomError("bytes_form", "these are no bytes in base64url") from None


Bytes: TypeAlias = Annotated[
    bytes,
    BeforeValidator(_bytes_of),
    PlainSerializer(lambda value: urlsafe_b64encode(value).decode().rstrip("="), return_type=str),
    WithJsonSchema({"type": "string", "minLength": 2, "maxLength": 16_384, "pattern": "^[A-Za-z0-9_-]+$"}),
]
"""Bytes as base64url without padding, as WebAuthn writes them."""


def _in_form(form: texts.Form) -> Callable[[str], str]:
    """A validator that brings a text into its form; PydanticCustomError says why it has none."""

    def validate(value: str) -> str:
        try:
            return texts.canonical(value, form)
        except texts.TextRefused as refused:
            # What it says may quote the text, braces and all: it goes in as a value, never as the template.
            raise PydanticCustomError(f"text_{refused.fault}", "{said}", {"said": str(refused)}) from None

    return validate


def key_in_form(value: str, kind: str) -> str:
    """A member's key in the form of its kind; PydanticCustomError says why it has none."""
    return _in_form(texts.CARD if kind == "card" else texts.KEY)(value)


def _said(form: texts.Form) -> WithJsonSchema:
    """What is told as a rule: what is cut off or narrowed when it comes in is let in as well."""
    return WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": form.longest, "pattern": texts.PRINTABLE}
    )


def _attribute(value: str | int) -> str | int:
    return _in_form(texts.WORDS)(value) if isinstance(value, str) else value


_Strict = Annotated[str, StringConstraints(strict=True)]
# Each in the form of `domain/texts.py`; docs/reference/texts.md tells the fields of each.
Key: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.KEY)), _said(texts.KEY)]
Card: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.CARD)), _said(texts.CARD)]
Code: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.CODE)), _said(texts.CODE)]
ItemCode: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.ITEM)), _said(texts.ITEM)]
Words: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.WORDS)), _said(texts.WORDS)]
Category: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.CATEGORY)), _said(texts.CATEGORY)]
Tag: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.TAG)), _said(texts.TAG)]
Note: TypeAlias = Annotated[_Strict, AfterValidator(_in_form(texts.NOTE)), _said(texts.NOTE)]
Tags: TypeAlias = Annotated[
    list[Tag], Field(max_length=texts.TAGS_MAX), AfterValidator(lambda tags: list(dict.fromkeys(tags)))
]
"""Each once, in the order in which they were told."""
AttributeValue: TypeAlias = Annotated[
    Annotated[_Strict, _said(texts.WORDS)] | Annotated[int, Field(strict=True, ge=-ATTRIBUTE_MAX, le=ATTRIBUTE_MAX)],
    AfterValidator(_attribute),
]  # fmt: skip
KeyValue: TypeAlias = Annotated[_Strict, _said(texts.KEY)]
"""A member's key: in the form of its kind (`key_in_form`)."""
AttributeCode: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=ATTRIBUTE_CODE)]
MoneyCode: TypeAlias = Annotated[
    _Strict, AfterValidator(_in_form(texts.CODE)), StringConstraints(pattern=r"^[A-Z]{3}$")
]
AmountMinor: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=AMOUNT_MINOR_MAX)]
QuantityMilli: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=QUANTITY_MILLI_MAX)]
LineNumber: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=LINE_NUMBER_MAX)]
Units: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=UNITS_MAX)]
