"""What a programme takes off prices: offers, what each takes off, and how they stand together.

An offer is what is taken off and under which conditions; who may use it is another question. One that needs nothing is open to
every basket; a coupon is an offer that needs a right (`domain/basket.Candidate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jifen.domain.program.conditions import ALWAYS, Condition

UNLIMITED = -1
"""No ceiling."""
BPS = 10_000
"""Hundredths of a percent in a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountOff:
    """So much off all that the offer sees together, or off each piece of it."""

    minor: int
    each_piece: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOff:
    """A share off all that the offer sees."""

    bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice:
    """A price for each piece or measure; what costs less already keeps its price."""

    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOfGroup:
    """Pieces make groups, the dearest first; of each full group the last ones, which are its cheapest, cost less."""

    pieces: int  # of a group
    last: int  # so many of them cost less
    off_bps: int  # by such a share
    alike: bool  # only pieces of one sku make a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From a sum on so much off; or so much for each such sum."""

    spend_minor: int
    off_minor: int
    repeats: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """From each sum on so much off: the highest that is reached counts. Both climb."""

    steps: tuple[tuple[int, int], ...]  # (from, off), lowest first


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleItem:
    """A place of a bundle: so many pieces of what its condition sees."""

    names: dict[str, str]
    pieces: int
    lines: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A price for a set: of each of its places so many pieces."""

    minor: int
    items: tuple[BundleItem, ...]


Deal = AmountOff | PercentOff | FixedPrice | LastOfGroup | Threshold | Steps | Bundle


class OnReturn(StrEnum):
    """What becomes of a discount that a sum brought, when what is kept does not reach that sum any more."""

    KEEP = "keep"
    TAKE_BACK_DISCOUNT = "take_back_discount"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferClass:
    """Offers that stand together alike. A class comes as a whole before the next one."""

    code: str
    is_one: bool = True  # of this class at most one offer is used for a line
    not_with: frozenset[str] = frozenset()  # classes of which none is used for the same line


NO_CLASS = OfferClass(code="")
"""That of offers which name none: the first, and one for a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that is taken off. `given` and `state` say when it is open, `lines` what it sees."""

    code: str
    names: dict[str, str]
    deal: Deal
    stands: OfferClass = NO_CLASS
    given: Condition = ALWAYS
    state: Condition = ALWAYS
    lines: Condition = ALWAYS
    most_minor: int = UNLIMITED  # of one purchase
    times_most: int = UNLIMITED  # groups, sums or sets of one purchase
    is_exclusive: bool = False  # no other offer is used in the purchase
    on_return: OnReturn = OnReturn.KEEP
