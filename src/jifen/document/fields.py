"""Of what the models of the document are made: codes, names, numbers and days in their forms, and the part itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from jifen.document.conditions import Text

UNITS_MAX = 1_000_000_000_000
"""No number of units in a document is larger; with four decimal places, sums over 500 rules then stay below 2^63."""

CODE_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"
Code = Annotated[str, Field(pattern=CODE_PATTERN, description="lower case, digits, - and _")]
StoreCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
Names = Annotated[
    dict[Language, Text],
    Field(min_length=1, max_length=40, description="what a person reads, by language: zh, en"),
]
TimeZone = Annotated[Text, Field(description="IANA name, such as Asia/Shanghai")]
Units = Annotated[
    int,
    Field(ge=1, le=UNITS_MAX, description="units of the currency as they are shown: with scale 2, 1 is 1.00"),
]
Ratio = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,9}(/[0-9]{1,9})?$", description='an exact fraction as text, such as "2" or "3/2"'
    ),
]
Days = Annotated[int, Field(ge=0, le=36_500)]


DateText = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description='a day, such as "2026-11-11"')
]


class Part(BaseModel):
    """A part of the document: strict, closed, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=False)
