"""A revision's compiled meaning: what the document says, numbered and proven to fit in 64 bits.

Numbers (of currencies, terms, rules, limits and tiers) are given once for a code and stay with it in every later revision,
so that counters, lots and postings written under one revision keep their meaning under the next. Rule number 0 means "no
rule". Masks and hits name a rule by its position in its own revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum

from jifen.domain.program.conditions import ALWAYS, Condition
from jifen.domain.program.offers import Offer

NONE = -1  # no cap, no limit


class Grant(IntEnum):
    """How a rule counts. The numbers are those of `fold.py`."""

    PER_AMOUNT = 0  # rate x eligible amount, rounded
    PER_WHOLE_AMOUNT = 1  # for each whole step of eligible amount
    PER_QUANTITY = 2  # rate x eligible quantity (thousandths), rounded
    PER_WHOLE_QUANTITY = 3  # for each whole step of eligible quantity
    FIXED = 4  # once a purchase


class Shape(IntEnum):
    """Whether one amount counts, or several. The numbers are those of `fold.py`."""

    PLAIN = 0
    WHOLE_BAND = 1  # the band that the size reaches is that of all of it
    MARGINAL = 2  # each part of the size has the rate of its own band
    LESSER = 3  # the least of several amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What is granted from a size on; or, where the least counts, another amount than the rule's own."""

    grant: Grant  # of a band: whether money (PER_AMOUNT) or quantity (PER_QUANTITY) is its size
    rate: tuple[int, int]  # of a band: its second number is the rule's
    begins: int = 0  # minor money or thousandths from which on a band counts


class Together(IntEnum):
    """How the rules of a group stand together. The numbers are those of `fold.py`."""

    ADD = 0
    BEST = 1  # the first of those that grant most
    FIRST = 2  # the first that grants


class Rounding(IntEnum):
    """What happens to the part of a unit. The numbers are those of `fold.py`."""

    DOWN = 0
    HALF_UP = 1
    HALF_EVEN = 2
    UP = 3


class Until(IntEnum):
    """To which end a day of expiry is moved."""

    ITSELF = 0
    MONTH_END = 1
    QUARTER_END = 2
    YEAR_END = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """So many months and days after units were earned, then moved to the end of the month, quarter or year, or to the next of
    some days of the year, if asked.

    A unit may be used on its day of expiry and not after it.
    """

    months: int = 0
    days: int = 0
    until: Until = Until.ITSELF
    on: tuple[
        tuple[int, int], ...
    ] = ()  # month and day, in order; 29 February is 28 February where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The life of units of one currency: when they can be used, until when, who pays for them, whether they qualify.

    A lot is units of one entry under one set of terms, and keeps them.
    """

    number: int
    code: str
    expiry: Expiry | None  # None: never
    pending_days: int
    funded_by: str
    pending_until: date | None = None  # and not before this day
    pending_to_day: int = 0  # and from this day of a month on, the next after it was earned; 0: at once
    qualifies: bool = True  # what is earned counts for ladders
    grace_days: int = 0  # what is put back after its lot expired lives so long; 0: it expires at once


class Draw(IntEnum):
    """Which lots of a currency are drawn first. The numbers are those of `fold.py`."""

    BY_EXPIRY = 0
    BY_TERMS = 1  # in the order of the currency's terms, then by expiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A kind of unit that members hold. Its first terms are those of units that name none."""

    number: int
    code: str
    names: dict[str, str]
    kind: str  # spendable | qualifying
    scale: int  # decimal places: 0 means that one unit is one point
    worth_minor: tuple[int, int] | None  # money (minor) that one smallest unit is worth, as a fraction
    debt_limit: int  # units below zero that a return may cause; 0 forbids debt
    terms: tuple[Terms, ...]
    draw: Draw = Draw.BY_EXPIRY


class Period(IntEnum):
    """What a limit counts in, by the programme's calendar. The numbers are those of `fold.py`."""

    PURCHASE = 0
    DAY = 1
    WEEK = 2  # from Monday
    MONTH = 3
    YEAR = 4
    LIFE = 5


class Counts(IntEnum):
    """What a limit counts. The numbers are those of `fold.py`."""

    UNITS = 0
    TIMES = 1  # occasions on which something was granted


class When(IntEnum):
    """What happens where a limit leaves less than is desired. The numbers are those of `fold.py`."""

    CLIP = 0
    SKIP = 1  # nothing is granted where not all can be
    REFUSE = 2  # an event that comes when it is used up is refused; a sale never is, and is clipped


NO_MOST = 1 << 62
"""The most of a limit that only counts, because a rule asks how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much, or how often, at most a member is granted in a period, by all rules that name it together."""

    number: int
    code: str
    period: Period
    units: int  # or times
    shared_as: str = ""  # the code by which several rules name it; "": it is one rule's own
    counts: Counts = Counts.UNITS
    when: When = When.CLIP


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a rule grants at most to all members together, as long as the programme lives: a pool of so many units."""

    pool: int  # its number, kept for its rule's code
    units: int


class Brought(IntEnum):
    """What brings a moment. The numbers are those of `fold.py`."""

    EXPIRY_AHEAD = 1  # units of a currency expire within so many days
    ON_DAYS = 2  # the days that it names
    ANNIVERSARY = 3  # of joining
    ASLEEP = 4  # nothing was bought for so many days
    AFTER_JOINING = 5  # so many days after joining


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that time brings, told once of each day on which it does; of units that expire once of each day of expiry, so
    many days ahead."""

    number: int  # among those of limits: how far it was told is counted like a limit
    code: str
    names: dict[str, str]
    brought: Brought = Brought.EXPIRY_AHEAD
    currency: int = NONE
    days: int = 0
    on: tuple[int, ...] = ()  # day numbers, in their order
    named: tuple[str, ...] = ()  # the codes of these days in the document

    @property
    def ahead(self) -> int:
        """How many days beyond its own day it tells of."""
        return self.days if self.brought is Brought.EXPIRY_AHEAD else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Units that something gives, in smallest units of a currency."""

    currency: int
    terms: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Units of one currency for units of others, as often as is asked for; or at once, as often as the balance reaches it."""

    number: int
    code: str
    names: dict[str, str]
    currency: int  # what it takes
    units: int  # so many smallest units each time
    gives: tuple[Given, ...]
    at_once: bool


class Stock(StrEnum):
    """Whether there is a stock of a reward."""

    UNLIMITED = "unlimited"
    SHARED = "shared"  # one for all stores
    BY_STORE = "by_store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one piece of a reward costs: smallest units of its currency, and minor money beside them."""

    units: int
    amount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """Something that members take for units."""

    number: int
    code: str
    names: dict[str, str]
    about: dict[str, str]
    kind: str
    currency: int
    price: Price
    tier_prices: Mapping[int, Price] = field(default_factory=dict)  # by the tier's number
    stock: Stock = Stock.UNLIMITED
    waits_days: int = 0  # that what was ordered waits to be picked up; 0: it is only handed over at once
    caps: Mapping[Period, int] = field(default_factory=dict)  # pieces, PURCHASE: at once
    first: date | None = None
    last: date | None = None  # included
    tiers: tuple[int, ...] = ()  # numbers; none: whoever he is
    stores: frozenset[str] = frozenset()  # none: everywhere
    when: Condition = ALWAYS

    def price_in(self, tier: int) -> Price:
        """What one piece costs a member of a tier."""
        return self.tier_prices.get(tier, self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Birthday:
    """So many days before a person's birthday, once that has been known for so many days."""

    before: int
    known_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """Something else that happens to members, as the document declares it."""

    number: int
    code: str
    names: dict[str, str]
    attributes: dict[str, str]  # code -> text | integer
    from_members: bool  # whether members tell of it by themselves
    from_keys: bool
    birthday: Birthday | None = None  # what brings it, where nobody tells of it


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnRule:
    """One way to earn. `given` chooses the lines of a purchase, `told` asks of an event; `known` is asked of the member before
    the fold and `state` by it. What sees an event or a moment sees no purchase."""

    number: int
    code: str
    names: dict[str, str]
    currency: int  # currency number
    terms: int  # terms number
    grant: Grant
    rate: tuple[int, int]  # (units, per): units for each `per` minor money or thousandths; FIXED: (units, 1)
    rounding: Rounding
    multiplied_by: int  # the ladder whose tier multiplies; NONE: none does
    group: int  # position of the stacking group; rules of one group stand together
    together: Together  # how the rules of its group stand together
    limits: tuple[Limit, ...] = ()
    budget: Budget | None = None
    on: int = NONE  # the moment that it sees, and then no purchase; NONE: no moment
    on_event: int = NONE  # the event that it sees, and then no purchase; NONE: no event
    attribute: str = ""  # of the event: what it counts by quantity
    told: Condition = ALWAYS  # what must be true of the event
    multiplies: str = ""  # the code of the rule that it adds to; "": none
    given: Condition = ALWAYS
    known: Condition = ALWAYS
    state: Condition = ALWAYS
    shape: Shape = Shape.PLAIN
    amounts: tuple[Amount, ...] = ()  # bands, lowest first, or the other amounts of which the least counts
    least: int = 0  # units that it grants at least where it sees something

    def cap(self, period: Period) -> int:
        """The most units that the rule alone grants in a period; NONE: it has no limit of its own."""
        own = (
            limit.units
            for limit in self.limits
            if limit.period is period and not limit.shared_as and limit.counts is Counts.UNITS
        )
        return min(own, default=NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A step of the ladder, lowest first. The lowest has reach 0."""

    number: int
    code: str
    names: dict[str, str]
    reach: int  # what is counted in the window and lifts a member here
    multiplier: tuple[int, int]
    keep: int = NONE  # so much in the window keeps it when it is judged; NONE: its reach

    @property
    def kept_by(self) -> int:
        """What in the window keeps it when it is judged."""
        return self.reach if self.keep == NONE else self.keep


class WindowKind(IntEnum):
    """Which days a window holds. The numbers are those of `fold.py`."""

    ROLLING = 0
    CALENDAR_YEAR = 1
    MEMBERSHIP_YEAR = 2
    LIFE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days that count: the last `days` of them, or from a year's beginning, or all."""

    kind: WindowKind = WindowKind.ROLLING
    days: int = 0  # of a rolling window; today is the last


BY_SPEND = -1
BY_VISITS = -2


class Keeps(IntEnum):
    """How long a tier is kept. The numbers are those of `fold.py`."""

    DAYS = 0
    MONTH_ENDS = 1  # to the end of the month in which it was reached: 1; of the next: 2
    YEAR_ENDS = 2
    ANNIVERSARIES = 3  # of joining


class Downgrade(IntEnum):
    """Where a tier falls to that is not kept. The numbers are those of `fold.py`."""

    REASSESS = 0  # to the tier that what counts keeps
    ONE_LEVEL = 1
    BASE = 2
    NONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The tiers and how a member climbs: by spend, by visits, or by units of one currency."""

    counts: int  # currency number, BY_SPEND or BY_VISITS
    window: Window
    keeps_for: int  # a tier reached is kept so many days, or as `keeps` says, then judged again by the window
    tiers: tuple[Tier, ...]
    keeps: Keeps = Keeps.DAYS
    grace_days: int = 0  # and so many days longer
    downgrade: Downgrade = Downgrade.REASSESS


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
    rules: tuple[EarnRule, ...]  # in order of the document: a rule's place here is its position
    ladders: tuple[Ladder, ...]
    moments: tuple[Moment, ...] = ()
    exchanges: tuple[Exchange, ...] = ()  # what one gives another takes later
    offers: tuple[Offer, ...] = ()  # in the order in which they are used
    events: tuple[EventType, ...] = ()
    rewards: tuple[Reward, ...] = ()  # in order of the document
    days: dict[str, dict[str, str]] = field(
        default_factory=dict
    )  # code -> names of the days that conditions may ask for

    @property
    def ladder(self) -> Ladder:
        """The first ladder: the one that screens call the member's tier."""
        return self.ladders[0]
