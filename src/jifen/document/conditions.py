"""Conditions as they are written: `all`, `any`, `not`, or a claim with one operator.

    {fact: line.category, under: GROCERY/BREAD}
    {fact: member.spend_minor, window_days: 30, ge: 10000}
    all: [{fact: line.brand, is: Private}, {fact: purchase.weekday, in: [6, 7]}]

Four conveniences go beyond the domain's operators and are written out here: `in` on an integer, `under` with a list,
`at_least` on the tier, and dates as "2026-10-01".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from typing import Any as Anything

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from jifen.domain.texts import PRINTABLE

CONDITION_DEPTH_MAX = 16
VALUES_MAX = 10_000

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Whole = Annotated[int, Field(ge=-1_000_000_000_000, le=1_000_000_000_000)]
Scalar = Text | Whole
OPERATORS_WRITTEN = (
    "is", "in", "under", "has", "has_any", "eq", "ne", "lt", "le", "gt", "ge", "between", "at_least",
)  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=False)


class ClaimDocument(_Part):
    """A claim about one fact with exactly one operator. A fact that is missing makes it false."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["fact", operator]} for operator in OPERATORS_WRITTEN]}
    )

    fact: Text
    window_days: Annotated[int, Field(ge=1, le=3_660)] | None = None
    currency: Text | None = None
    rule: Annotated[Text | None, Field(description="of member.times_granted: which rule granted")] = None
    period: Annotated[
        Literal["day", "week", "month", "year", "life"] | None,
        Field(description="of member.times_granted: in which period of the day on which it happens"),
    ] = None
    of: Annotated[
        ConditionDocument | None,
        Field(description="of facts of the basket: which lines are summed up or counted"),
    ] = None
    is_: Text | None = Field(default=None, alias="is")
    in_: Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=VALUES_MAX)] | None = Field(
        default=None, alias="in"
    )
    under: Text | Annotated[tuple[Text, ...], Field(min_length=1, max_length=VALUES_MAX)] | None = None
    has: Text | None = None
    has_any: Annotated[tuple[Text, ...], Field(min_length=1, max_length=VALUES_MAX)] | None = None
    eq: Scalar | None = None
    ne: Scalar | None = None
    lt: Scalar | None = None
    le: Scalar | None = None
    gt: Scalar | None = None
    ge: Scalar | None = None
    between: tuple[Scalar, Scalar] | None = None
    at_least: Text | None = None

    def written(self) -> list[tuple[str, Anything]]:
        """The operators that were written, with their values; a well-formed claim has one."""
        found = (
            (name, getattr(self, name + "_" if name in ("is", "in") else name)) for name in OPERATORS_WRITTEN
        )
        return [(name, value) for name, value in found if value is not None]


class AllDocument(_Part):
    """True when every part is."""

    all: Annotated[tuple[ConditionDocument, ...], Field(min_length=1, max_length=200)]


class AnyDocument(_Part):
    """True when some part is."""

    any: Annotated[tuple[ConditionDocument, ...], Field(min_length=1, max_length=200)]


class NotDocument(_Part):
    """True when its part is false, also when a fact is missing."""

    not_: ConditionDocument = Field(alias="not")


def claims_written(written: ConditionDocument | None) -> Iterator[ClaimDocument]:
    """Every claim in a condition; none where there is no condition."""
    if isinstance(written, AllDocument | AnyDocument):
        for part in written.all if isinstance(written, AllDocument) else written.any:
            yield from claims_written(part)
    elif isinstance(written, NotDocument):
        yield from claims_written(written.not_)
    elif written is not None:
        yield written


def _shape(value: Anything) -> str:
    """The tag of a condition. Tags are bracketed, so that an error's place never takes one for a field."""
    if isinstance(value, BaseModel):
        return {AllDocument: "(all)", AnyDocument: "(any)", NotDocument: "(not)"}.get(type(value), "(claim)")
    keys = value.keys() if isinstance(value, dict) else ()
    for word in ("all", "any", "not"):
        if word in keys:
            return f"({word})"
    return "(claim)"


ConditionDocument = Annotated[
    Annotated[AllDocument, Tag("(all)")]
    | Annotated[AnyDocument, Tag("(any)")]
    | Annotated[NotDocument, Tag("(not)")]
    | Annotated[ClaimDocument, Tag("(claim)")],
    Discriminator(_shape),
]
"""A condition as written."""

ClaimDocument.model_rebuild()
AllDocument.model_rebuild()
AnyDocument.model_rebuild()
NotDocument.model_rebuild()
