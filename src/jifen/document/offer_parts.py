"""The document's offers: what is taken off prices, as Pydantic models like those of `model.py`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jifen.document.conditions import ConditionDocument
from jifen.document.fields import Code, Names, Part

OFFERS_MAX = 200

Minor = Annotated[int, Field(ge=1, le=1_000_000_000, description="minor money")]


class OfferClassPart(Part):
    """Offers that stand together alike. Classes are used in the order of the document, after the offers that name none."""

    code: Code
    together: Annotated[
        Literal["one", "all"], Field(description="of this class at most one offer for a line, or all of them")
    ] = "one"
    not_with: Annotated[
        tuple[Code, ...],
        Field(max_length=30, description="classes of which none is used for a line that carries this one"),
    ] = ()


class AmountOffPart(Part):
    """So much off all that the offer sees together, or off each piece of it."""

    minor: Minor
    each: Literal["basket", "piece"] = "basket"


class PercentOffPart(Part):
    """A share off all that the offer sees."""

    bps: Annotated[int, Field(ge=1, le=10_000, description="hundredths of a percent: 1000 is 10 percent off")]


class FixedPricePart(Part):
    """A price for each piece or measure of what the offer sees."""

    minor: Annotated[int, Field(ge=0, le=1_000_000_000, description="minor money")]


class NthPiecePart(Part):
    """Of every so many pieces the cheapest costs a share of its price: every second one half of it."""

    n: Annotated[int, Field(ge=2, le=100)]
    pays_bps: Annotated[
        int, Field(ge=0, le=9_999, description="hundredths of a percent of its price: 5000 is half of it")
    ]
    alike: Annotated[bool, Field(description="only pieces of one sku make a group")] = False


class NForMPart(Part):
    """Of every so many pieces only some are paid, the dearest."""

    n: Annotated[int, Field(ge=2, le=100)]
    m: Annotated[int, Field(ge=1, le=99)]
    alike: Annotated[bool, Field(description="only pieces of one sku make a group")] = False


class ThresholdPart(Part):
    """From a sum on so much off; or so much for each such sum."""

    spend_minor: Minor
    off_minor: Minor
    repeats: Annotated[bool, Field(description="so much for each such sum")] = False


class OfferBand(Part):
    """From a sum on so much off."""

    from_minor: Minor
    off_minor: Minor


class BundleItemPart(Part):
    """A place of a bundle: so many pieces of what its condition sees."""

    names: Names
    pieces: Annotated[int, Field(ge=1, le=20)] = 1
    lines: ConditionDocument


class BundlePart(Part):
    """A price for a set: of each of its places so many pieces."""

    price_minor: Annotated[int, Field(ge=0, le=1_000_000_000, description="minor money for the whole set")]
    items: Annotated[tuple[BundleItemPart, ...], Field(min_length=1, max_length=10)]


class OfferPart(Part):
    """Something that is taken off: exactly one of amount_off, percent_off, price, nth, n_for_m, threshold, bands and bundle; when
    it is open, and which lines it sees."""

    code: Code
    names: Names
    amount_off: AmountOffPart | None = None
    percent_off: PercentOffPart | None = None
    price: FixedPricePart | None = None
    nth: NthPiecePart | None = None
    n_for_m: NForMPart | None = None
    threshold: ThresholdPart | None = None
    bands: Annotated[tuple[OfferBand, ...] | None, Field(min_length=2, max_length=30)] = None
    bundle: BundlePart | None = None
    lines: ConditionDocument | None = None
    when: ConditionDocument | None = None
    stacking_class: Annotated[Code | None, Field(alias="class")] = None
    exclusive: Annotated[bool, Field(description="no other offer is used in the purchase")] = False
    most_minor: Annotated[
        Minor | None, Field(description="it takes off so much of a purchase at most, in minor money")
    ] = None
    times: Annotated[
        int | None,
        Field(ge=1, le=1_000, description="so many groups, sums or sets of a purchase at most"),
    ] = None
    on_return: Annotated[
        Literal["keep", "take_back_discount"],
        Field(
            description="where what is kept does not reach the sum any more: the discount stays, or what it brought is taken back"
        ),
    ] = "keep"
