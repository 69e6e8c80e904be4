"""What units buy, as Pydantic models: the part `rewards` of the document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jifen.document.conditions import ConditionDocument
from jifen.document.fields import Code, DateText, Names, Part, StoreCode, Units

PIECES_MAX = 1_000_000
Pieces = Annotated[int, Field(ge=1, le=PIECES_MAX)]


class RewardPrice(Part):
    """What one piece costs: so many units of a currency, and so much money beside them."""

    currency: Code
    units: Units
    amount_minor: Annotated[
        int, Field(ge=0, le=1_000_000_000, description="minor money that is paid beside the units")
    ] = 0


class TierPrice(Part):
    """What one piece costs members of a tier."""

    tier: Code
    units: Units
    amount_minor: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0


class RewardCaps(Part):
    """The most pieces that a member takes at once; in one day, week (from Monday), month or year of the programme's calendar; and
    in his whole life."""

    once: Pieces | None = None
    day: Pieces | None = None
    week: Pieces | None = None
    month: Pieces | None = None
    year: Pieces | None = None
    life: Pieces | None = None


class RewardPart(Part):
    """Something that members take for units."""

    code: Code
    names: Names
    about: Annotated[Names | None, Field(description="a sentence or two, by language")] = None
    kind: Literal["product", "service", "experience", "donation", "privilege"] = "product"
    price: RewardPrice
    tier_prices: Annotated[tuple[TierPrice, ...], Field(max_length=30)] = ()
    stock: Annotated[
        Literal["unlimited", "shared", "by_store"],
        Field(description="whether there is a stock, one for all or one for each store; it is counted apart"),
    ] = "unlimited"
    waits_days: Annotated[
        int,
        Field(
            ge=0,
            le=90,
            description="so many days what was ordered waits to be picked up; 0: it is only handed over at once",
        ),
    ] = 14
    caps: RewardCaps = RewardCaps()
    first: Annotated[DateText | None, Field(description="from this day on")] = None
    last: Annotated[DateText | None, Field(description="to the end of this day")] = None
    tiers: Annotated[
        tuple[Code, ...], Field(max_length=30, description="only for members of these tiers")
    ] = ()
    stores: Annotated[tuple[StoreCode, ...], Field(max_length=2_000, description="only at these stores")] = ()
    when: Annotated[
        ConditionDocument | None,
        Field(description="where and when, by facts of an event, and for whom, by facts of the member"),
    ] = None
