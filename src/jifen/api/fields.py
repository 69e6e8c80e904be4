"""The kinds of field that bodies and answers are made of: strict, bounded, and safe for PostgreSQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from jifen.domain.purchase import AMOUNT_MINOR_MAX, QUANTITY_MILLI_MAX, TEXT_MAX
from jifen.present.shown import shown_instant

INT64_MAX = 2**63 - 1
UNITS_MAX = 1_000_000_000_000
NOTE_MAX = 1_000

_NO_NUL = r"^[^\x00]*$"
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

Text: TypeAlias = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=TEXT_MAX, pattern=_NO_NUL)
]
Code: TypeAlias = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=100, pattern=_NO_NUL)
]
Note: TypeAlias = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=NOTE_MAX, pattern=_NO_NUL)
]
MoneyCode: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
AmountMinor: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=AMOUNT_MINOR_MAX)]
QuantityMilli: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=QUANTITY_MILLI_MAX)]
LineNumber: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Units: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=UNITS_MAX)]
