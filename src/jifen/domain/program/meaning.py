"""A revision's compiled meaning: what the document says, numbered and proven to fit in 64 bits.

Numbers (of currencies, rules and tiers) are given once for a code and stay with it in every later revision, so that
counters, lots and postings written under one revision keep their meaning under the next. Rule number 0 means "no rule".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from jifen.domain.program.conditions import ALWAYS, Condition

NONE = -1  # no cap, no limit


class Grant(IntEnum):
    """How a rule counts. The numbers are those of `fold.py`."""

    PER_AMOUNT = 0  # rate x eligible amount, rounded
    PER_WHOLE_AMOUNT = 1  # for each whole step of eligible amount
    PER_QUANTITY = 2  # rate x eligible quantity (thousandths), rounded
    PER_WHOLE_QUANTITY = 3  # for each whole step of eligible quantity
    FIXED = 4  # once a purchase


class Rounding(IntEnum):
    """What happens to the part of a unit. The numbers are those of `fold.py`."""

    DOWN = 0
    HALF_UP = 1
    HALF_EVEN = 2
    UP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Rolling expiry: so many months and days after `occurred_on`, then moved to the month's end if asked.

    A unit may be used on its day of expiry and not after it.
    """

    months: int = 0
    days: int = 0
    to_month_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A kind of unit that members hold."""

    number: int
    code: str
    names: dict[str, str]
    kind: str  # spendable | qualifying
    scale: int  # decimal places: 0 means that one unit is one point
    worth_minor: tuple[int, int] | None  # money (minor) that one smallest unit is worth, as a fraction
    expiry: Expiry | None  # None: never
    pending_days: int
    debt_limit: int  # units below zero that a return may cause; 0 forbids debt
    funded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnRule:
    """One way to earn. `given` chooses the lines; `state` is asked of the member by the fold."""

    number: int
    code: str
    names: dict[str, str]
    currency: int  # currency number
    grant: Grant
    rate: tuple[int, int]  # (units, per): units for each `per` minor money or thousandths; FIXED: (units, 1)
    rounding: Rounding
    multiplied_by_tier: bool
    group: int  # position of the stacking group; rules of one group stand together
    group_keeps_best: bool  # True: only the best rule of the group grants; False: they add up
    cap_purchase: int = NONE
    cap_day: int = NONE
    cap_month: int = NONE
    given: Condition = ALWAYS
    state: Condition = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A step of the ladder, lowest first. The lowest has reach 0."""

    number: int
    code: str
    names: dict[str, str]
    reach: int  # qualifying units or minor money in the window that lift a member here
    multiplier: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The tiers and how a member climbs: by spend (`currency` NONE) or by units of one currency."""

    currency: int
    window_days: int
    keeps_days: int  # a tier reached is kept so long, then judged again by the window
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A shop of the programme. `time_zone` decides weekday and hour; limits and expiry use the programme's."""

    code: str
    names: dict[str, str]
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One revision's whole meaning."""

    revision: int
    effective_at: datetime
    code: str
    names: dict[str, str]
    time_zone: str
    money: str  # ISO 4217 code
    money_decimals: int
    purchase_amount_minor_max: int
    stores: dict[str, Store]  # empty with any_store: every store code is accepted, in the programme's zone
    any_store: bool
    line_attributes: dict[str, str]  # code -> text | integer
    late_days: dict[str, int]  # source -> how old an online or offline purchase may be; "" is the default
    currencies: tuple[Currency, ...]  # in order of number; a retired one stays
    rules: tuple[EarnRule, ...]  # in order of the document
    ladder: Ladder
