"""The programme document as Pydantic models: every field, its type and its limits.

The models hold shape only (`check.py` holds what needs more than one field). They are strict: an integer is an
integer, a float is refused everywhere, an unknown field is refused. Quantities and rates are exact: integers, or text
such as "3/2".
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jifen.document.conditions import ConditionDocument, Text
from jifen.document.fields import (
    UNITS_MAX,
    Code,
    DateText,
    Days,
    Names,
    Part,
    Ratio,
    StoreCode,
    TimeZone,
    Units,
)
from jifen.document.offer_parts import OFFERS_MAX, OfferClassPart, OfferPart
from jifen.document.reward_parts import RewardPart
from jifen.document.trials import TRIALS_MAX, TrialPart

RULES_MAX = 500
STORES_MAX = 20_000


class ProgramPart(Part):
    """The programme itself."""

    code: Code
    names: Names


class Money(Part):
    """The money that purchases are counted in."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, such as CNY")]
    decimals: Annotated[int, Field(ge=0, le=4, description="2: one minor unit is a hundredth")] = 2


class StorePart(Part):
    """A shop. Its time zone decides the weekday and hour of its purchases; the programme's is used when it has none."""

    code: StoreCode
    names: Names
    time_zone: TimeZone | None = None
    region: Text | None = None
    format: Annotated[Text | None, Field(description="what kind of shop it is: street, mall, online ...")] = (
        None
    )
    tags: Annotated[tuple[Text, ...], Field(max_length=50)] = ()


class NthWeekday(Part):
    """A weekday of every week, or the nth of it in each month; -1 is the last."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 Monday .. 7 Sunday")]
    nth: Annotated[int, Field(ge=-1, le=5)] | None = None


class Span(Part):
    """Days from one to another, both included."""

    first: DateText
    last: DateText


class DayPart(Part):
    """Days that the programme names, so that conditions can ask for them: exactly one way to say which."""

    code: Code
    names: Names
    dates: Annotated[tuple[DateText, ...] | None, Field(min_length=1, max_length=1_000)] = None
    span: Span | None = None
    yearly: Annotated[
        str | None, Field(pattern=r"^[0-9]{2}-[0-9]{2}$", description='month and day, such as "11-11"')
    ] = None
    day_of_month: Annotated[
        int | None, Field(ge=1, le=31, description="where a month has no such day, its last")
    ] = None
    weekday: NthWeekday | None = None
    festival: Annotated[
        Code | None,
        Field(description="its code in docs/reference/festivals.md; lunar ones by their published days"),
    ] = None
    days_off: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Z]{2}$",
            description="the statutory days off of a country, CN, as far as they are published",
        ),
    ] = None
    before: Annotated[int, Field(ge=0, le=60, description="so many days before each of them count too")] = 0
    after: Annotated[int, Field(ge=0, le=60, description="so many days after each of them count too")] = 0


class LateDays(Part):
    """How many days old a purchase may be when it arrives: by default, and for single sources."""

    default: Annotated[int, Field(ge=0, le=3_650)] = 400
    by_source: Annotated[dict[Text, Annotated[int, Field(ge=0, le=3_650)]], Field(max_length=1_000)] = {}


class Limits(Part):
    """What a till may send."""

    purchase_amount_minor_max: Annotated[
        int, Field(ge=1_000, le=1_000_000_000_000, description="the largest purchase, in minor money")
    ] = 1_000_000_000
    late_days: LateDays = LateDays()


class WorthPer(Part):
    """So much minor money for so many units."""

    minor: Annotated[int, Field(ge=0, le=1_000_000_000)]
    per: Annotated[int, Field(ge=0, le=1_000_000_000, description="units")]


class ExpiryPart(Part):
    """Months and days after the purchase, then to the end of that month, quarter or year, or to the next of some days of the
    year, if asked."""

    months: Annotated[int, Field(ge=0, le=1_200)] = 0
    days: Days = 0
    round: Literal["month_end", "quarter_end", "year_end"] | None = None
    on: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$")], ...],
        Field(max_length=12, description='the next of these days of the year, month and day: "12-31"'),
    ] = ()


class Pending(Part):
    """Units can be spent so many days after the purchase, or from a day on."""

    days: Days = 0
    until: Annotated[DateText | None, Field(description="not before this day")] = None
    day_of_month: Annotated[
        int | None, Field(ge=1, le=31, description="from the next such day of a month on, after the purchase")
    ] = None


class Debt(Part):
    """Whether a return may take a balance below zero, and how far."""

    policy: Literal["forbid", "allow"]
    limit_units: Annotated[int, Field(ge=1, le=UNITS_MAX)] | None = None


class TermsPart(Part):
    """Another life of units of the same currency, for rules that name it: bonus points that expire sooner, points that a brand
    pays for. What it does not say is as the currency says it."""

    code: Code
    expiry: ExpiryPart | Literal["never"] | None = None
    pending: Pending | None = None
    funded_by: Text | None = None
    qualifies: bool | None = None
    grace_days: Days | None = None


class CurrencyPart(Part):
    """A kind of unit that members hold: points to spend, or a value that only qualifies for a tier.

    Every number of units in a document is of units as they are shown; the API counts smallest units.
    """

    code: Code
    names: Names
    kind: Literal["spendable", "qualifying"]
    scale: Annotated[int, Field(ge=0, le=4, description="decimal places shown; 0: a unit is a point")] = 0
    worth: (
        Annotated[int, Field(ge=0, le=1_000_000_000, description="minor money for one unit")]
        | Ratio
        | WorthPer
        | None
    ) = None
    expiry: ExpiryPart | Literal["never"] = "never"
    pending: Pending = Pending(days=0)
    debt: Debt = Debt(policy="forbid")
    funded_by: Text = "operator"
    qualifies: Annotated[bool, Field(description="whether units that are earned count for tiers")] = True
    grace_days: Annotated[
        Days, Field(description="what comes back after it expired lives so many days; 0: it expires at once")
    ] = 0
    terms: Annotated[tuple[TermsPart, ...], Field(max_length=20)] = ()
    draw: Annotated[
        Literal["expiry", "terms"],
        Field(
            description="which units are spent first: those that expire first, or by terms, the currency's own first"
        ),
    ] = "expiry"


class PerAmount(Part):
    """So many points for so much money; whole_steps counts full steps only."""

    points: Units
    amount_minor: Annotated[int, Field(ge=1, le=1_000_000_000)]
    whole_steps: bool = False


class PerQuantity(Part):
    """So many points for such a quantity, written as decimal text: "1" piece, "0.5" kilogram."""

    points: Units
    quantity: Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})?$")]
    whole_steps: bool = False


class Fixed(Part):
    """So many points once a purchase."""

    points: Units


class PerAttribute(Part):
    """So many points for so much of an attribute of an event: of `distance_m` each 1000."""

    points: Units
    attribute: Code
    each: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    whole_steps: bool = False


class Band(Part):
    """From a size on so many points for so much, or, without `per`, so many points."""

    begins: Annotated[
        int | str,
        Field(
            alias="from",
            description='minor money, or a quantity as decimal text such as "2.5"; the first is 0',
        ),
    ]
    points: Annotated[int, Field(ge=0, le=UNITS_MAX)]
    per: Annotated[
        int | str | None, Field(description="minor money or quantity; left out: the points are given once")
    ] = None


class Bands(Part):
    """What a rule grants by how much was bought of what it sees: `whole`, the band that is reached counts for all of it;
    `marginal`, each part counts by its own band."""

    mode: Literal["whole", "marginal"] = "whole"
    of: Literal["amount", "quantity"] = "amount"
    list: Annotated[tuple[Band, ...], Field(min_length=2, max_length=30)]


class AmountPart(Part):
    """One of several amounts: exactly one of per_amount, per_quantity and fixed."""

    per_amount: PerAmount | None = None
    per_quantity: PerQuantity | None = None
    fixed: Fixed | None = None


class Multiple(Part):
    """Another rule's points again, so that base and bonus together are `by` times the base."""

    of: Code
    by: Ratio


class Caps(Part):
    """The most that a rule grants a member for one purchase; in one day, week (from Monday), month or year of the programme's
    calendar; and in his whole life."""

    purchase: Units | None = None
    day: Units | None = None
    week: Units | None = None
    month: Units | None = None
    year: Units | None = None
    life: Units | None = None


Beyond = Literal["clip", "skip", "refuse"]


class SharedCaps(Part):
    """The most, and how often at most, several rules grant a member together: those that name it under `shares`."""

    code: Code
    caps: Caps = Caps()
    times: Caps = Caps()
    beyond: Beyond = "clip"


class EarnRulePart(Part):
    """One way to earn: exactly one of per_amount, per_quantity, per_attribute, fixed, bands, lesser_of and multiple, and when it
    holds.

    A `multiple` takes currency, rounding and tier_multiplies from its base where it does not say them.
    """

    code: Code
    names: Names
    currency: Code | None = None
    terms: Annotated[Code | None, Field(description="the terms of the currency under which it grants")] = None
    per_amount: PerAmount | None = None
    per_quantity: PerQuantity | None = None
    per_attribute: PerAttribute | None = None
    fixed: Fixed | None = None
    bands: Bands | None = None
    lesser_of: Annotated[tuple[AmountPart, ...] | None, Field(min_length=2, max_length=5)] = None
    multiple: Multiple | None = None
    least: Annotated[
        Units | None, Field(description="the least that the rule grants where it sees something bought")
    ] = None
    rounding: Literal["down", "half_up", "half_even", "up"] | None = None
    tier_multiplies: bool | None = None
    group: Code | None = None
    on: Annotated[
        Code | None, Field(description="the event or moment that the rule sees; left out: purchases")
    ] = None
    caps: Caps = Caps()
    times: Annotated[Caps, Field(description="on how many occasions at most it grants, by period")] = Caps()
    beyond: Annotated[
        Beyond,
        Field(
            description="where a cap leaves less than is desired: grant the rest, grant nothing, or refuse the event"
        ),
    ] = "clip"
    shares: Annotated[
        tuple[Code, ...], Field(max_length=10, description="the shared caps that it counts against too")
    ] = ()
    budget: Annotated[
        Units | None, Field(description="the most that the rule grants to all members together, for ever")
    ] = None
    when: ConditionDocument | None = None


class BirthdayPart(Part):
    """The birthday of a person, or so many days before it, each year."""

    before: Annotated[int, Field(ge=0, le=60, description="so many days before the birthday")] = 0
    known_days: Annotated[
        int, Field(ge=0, le=366, description="it counts once it has been known for so many days")
    ] = 0


class EventPart(Part):
    """Something else that happens to members: a check-in, a survey, a run. It is told like a purchase, and rules see it. A
    birthday is told by nobody: it comes by itself."""

    code: Code
    names: Names
    attributes: Annotated[dict[Code, Literal["text", "integer"]], Field(max_length=30)] = {}
    sent_by: Annotated[
        tuple[Literal["keys", "members"], ...],
        Field(
            min_length=1,
            max_length=2,
            description="who tells of it: keys and operators, members by themselves, or both",
        ),
    ] = ("keys",)
    birthday: Annotated[
        BirthdayPart | None, Field(description="it is a person's birthday, and nobody tells of it")
    ] = None


class ExpiryAhead(Part):
    """Units of a currency expire within so many days."""

    currency: Code
    days: Annotated[int, Field(ge=1, le=366, description="so many days before the last day of use")]


class AfterDays(Part):
    """So many days after."""

    days: Annotated[int, Field(ge=1, le=3_660)]


class MomentPart(Part):
    """Something that time brings, once for each day on which it happens: exactly one of these brings it."""

    code: Code
    names: Names
    expiry_ahead: ExpiryAhead | None = None
    on_days: Annotated[
        tuple[Code, ...] | None,
        Field(min_length=1, max_length=30, description="days that the document names under `days`"),
    ] = None
    anniversary: Annotated[Literal["joining"] | None, Field(description="each year the day of joining")] = (
        None
    )
    asleep: Annotated[AfterDays | None, Field(description="so many days after the last purchase")] = None
    after_joining: AfterDays | None = None


class TakenPart(Part):
    """So many units of a currency, each time."""

    currency: Code
    units: Units


class GivenPart(Part):
    """Units that it gives, each time, under terms of their currency where it names some."""

    currency: Code
    units: Units
    terms: Code | None = None


class ExchangePart(Part):
    """Units of one currency become units of others: as often as a member asks, or at once, as often as the balance reaches it."""

    code: Code
    names: Names
    takes: TakenPart
    gives: Annotated[tuple[GivenPart, ...], Field(min_length=1, max_length=5)]
    at_once: Annotated[
        bool, Field(description="whether it is made by itself as soon as enough is available")
    ] = False


class StackingGroup(Part):
    """Rules that belong together: `add` grants all of them, `best` only the one that grants most, `first` only the first that
    grants anything, in the order of the document."""

    code: Code
    mode: Literal["add", "best", "first"]


class TierPart(Part):
    """A step of the ladder."""

    code: Code
    names: Names
    reach: Annotated[int, Field(ge=0, le=UNITS_MAX, description="minor money, visits or units in the window")]
    keep: Annotated[
        int | None,
        Field(ge=0, le=UNITS_MAX, description="so much keeps it when it is judged; left out: its reach"),
    ] = None
    multiplier: Ratio = "1"


class KeepsUntil(Part):
    """To the end of the month or year in which a tier was reached (1) or of a later one (2: the next), or to the anniversary of
    joining: exactly one of these."""

    month_ends: Annotated[int | None, Field(ge=1, le=120)] = None
    year_ends: Annotated[int | None, Field(ge=1, le=10)] = None
    anniversaries: Annotated[int | None, Field(ge=1, le=10)] = None


class Tiers(Part):
    """The ladder: what lifts a member, over which days, how long a tier is kept, and where it falls to. Of window_days and window
    exactly one, and of keeps_days and keeps_until."""

    by: Annotated[Text, Field(description="spend, visits, or a currency's code")]
    window_days: Annotated[int | None, Field(ge=1, le=3_660)] = None
    window: Annotated[
        Literal["calendar_year", "membership_year", "life"] | None,
        Field(description="the days that count where they are not the last so many"),
    ] = None
    keeps_days: Annotated[int | None, Field(ge=1, le=3_660)] = None
    keeps_until: KeepsUntil | None = None
    grace_days: Annotated[int, Field(ge=0, le=366, description="a tier is held so many days longer")] = 0
    downgrade: Annotated[
        Literal["reassess", "one_level", "base", "none"],
        Field(
            description="where a tier falls to that is not kept: to what still counts, by one, to the first, or nowhere"
        ),
    ] = "reassess"
    list: Annotated[tuple[TierPart, ...], Field(min_length=1, max_length=30)]


class ProgramDocument(Part):
    """A whole loyalty programme."""

    format: Literal[1] = 1
    program: ProgramPart
    time_zone: TimeZone
    money: Money
    any_store: bool = False
    stores: Annotated[tuple[StorePart, ...], Field(max_length=STORES_MAX)] = ()
    line_attributes: Annotated[dict[Code, Literal["text", "integer"]], Field(max_length=100)] = {}
    days: Annotated[tuple[DayPart, ...], Field(max_length=200)] = ()
    limits: Limits = Limits()
    currencies: Annotated[tuple[CurrencyPart, ...], Field(min_length=1, max_length=30)]
    stacking_groups: Annotated[tuple[StackingGroup, ...], Field(max_length=RULES_MAX)] = ()
    shared_caps: Annotated[tuple[SharedCaps, ...], Field(max_length=100)] = ()
    earn_rules: Annotated[tuple[EarnRulePart, ...], Field(max_length=RULES_MAX)] = ()
    tiers: Tiers | None = None
    events: Annotated[tuple[EventPart, ...], Field(max_length=100)] = ()
    moments: Annotated[tuple[MomentPart, ...], Field(max_length=30)] = ()
    exchanges: Annotated[tuple[ExchangePart, ...], Field(max_length=40)] = ()
    rewards: Annotated[tuple[RewardPart, ...], Field(max_length=500)] = ()
    offer_classes: Annotated[tuple[OfferClassPart, ...], Field(max_length=30)] = ()
    offers: Annotated[tuple[OfferPart, ...], Field(max_length=OFFERS_MAX)] = ()
    tests: Annotated[tuple[TrialPart, ...], Field(max_length=TRIALS_MAX)] = ()
