"""The tests that a document carries: given this member, when this happens, expect that. What must hold is in `check_trials.py`.

How much one document may ask is bounded here, so that running its tests keeps nobody (decision 0152).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jifen.document.conditions import Text
from jifen.document.fields import UNITS_MAX, Code, DateText, Names, Part, StoreCode, Units
from jifen.domain.rewards import PIECES_MAX

TRIALS_MAX = 100
BEFORE_MAX = 20
LINES_MAX = 50

When = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$",
        description='a moment by the programme\'s clock, such as "2026-11-11 18:30"; without a time it is noon',
    ),
]
Quantity = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})?$")]
Shown = (
    Annotated[int, Field(ge=-UNITS_MAX, le=UNITS_MAX, description="units of the currency as they are shown")]
    | Annotated[str, Field(pattern=r"^-?[0-9]{1,13}(\.[0-9]{1,4})?$", description='such as "1.50"')]
)
AmountMinor = Annotated[int, Field(ge=0, le=1_000_000_000_000, description="minor money")]


class TrialLine(Part):
    """A line of the receipt."""

    amount_minor: AmountMinor
    quantity: Quantity = "1"
    sku: Text | None = None
    category: Text | None = None
    brand: Text | None = None
    discount_minor: AmountMinor = 0
    tags: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    attributes: Annotated[dict[Code, int | Text], Field(max_length=100)] = {}


class TrialPurchase(Part):
    """A sale: its lines, or only its amount, as one line. A return names its `receipt`."""

    receipt: Code | None = None
    store: StoreCode | None = None
    channel: Text | None = None
    source: Text | None = None
    tags: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    payment_methods: Annotated[tuple[Text, ...], Field(max_length=10)] = ()
    amount_minor: Annotated[AmountMinor | None, Field(description="of one line; instead of lines")] = None
    lines: Annotated[tuple[TrialLine, ...], Field(max_length=LINES_MAX)] = ()


class TrialEvent(Part):
    """An event that the programme declares, told with these attributes."""

    event: Code
    store: StoreCode | None = None
    channel: Text | None = None
    attributes: Annotated[dict[Code, int | Text], Field(max_length=30)] = {}


class TrialReturnedLine(Part):
    """How much of a line comes back; lines count from 1."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)]
    quantity: Quantity = "1"


class TrialReturn(Part):
    """What comes back of a receipt; without lines the whole sale is void."""

    receipt: Code
    lines: Annotated[tuple[TrialReturnedLine, ...], Field(max_length=LINES_MAX)] = ()


class TrialTaken(Part):
    """A reward is handed over; of its stock there is enough."""

    reward: Code
    pieces: Annotated[int, Field(ge=1, le=PIECES_MAX)] = 1
    store: StoreCode | None = None
    channel: Text | None = None


class TrialOccasion(Part):
    """Something that happens at a moment: one of purchase, told, returns, redeems and takes; with none of them only time
    passes."""

    at: When | None = None
    after_days: Annotated[
        int | None,
        Field(ge=0, le=3_660, description="so many days after what is before it, at the same hour"),
    ] = None
    purchase: TrialPurchase | None = None
    told: TrialEvent | None = None
    returns: TrialReturn | None = None
    redeems: Annotated[dict[Code, Units] | None, Field(min_length=1, max_length=1)] = None
    takes: TrialTaken | None = None


class TrialMember(Part):
    """Who it happens to: somebody new, unless this says otherwise. Tier and balances he has from the first moment on."""

    joined_on: Annotated[
        DateText | None, Field(description="the day of joining; left out: the day of the first occasion")
    ] = None
    tier: Code | None = None
    segments: Annotated[
        tuple[Code, ...], Field(max_length=50, description="the segments that the member is in")
    ] = ()
    balances: Annotated[dict[Code, Units], Field(max_length=30)] = {}
    before: Annotated[tuple[TrialOccasion, ...], Field(max_length=BEFORE_MAX)] = ()


class TrialExpected(Part):
    """What the occasion shall do, with what time brought since what was before it. Only what is named is looked at."""

    units: Annotated[
        dict[Code, Shown],
        Field(max_length=30, description="what rules give, by currency; below 0: what a return takes"),
    ] = {}
    rules: Annotated[
        dict[Code, Shown],
        Field(max_length=100, description="what single rules give; below 0: what a return takes of it"),
    ] = {}
    tier: Annotated[Code | None, Field(description="the tier afterwards")] = None
    balances: Annotated[dict[Code, Shown], Field(max_length=30, description="afterwards")] = {}
    debts: Annotated[dict[Code, Shown], Field(max_length=30, description="what is owed afterwards")] = {}
    expired: Annotated[
        dict[Code, Shown], Field(max_length=30, description="what expired since what was before")
    ] = {}
    refusal: Annotated[Code | None, Field(description="the code of the refusal, such as points_missing")] = (
        None
    )


class TrialPart(Part):
    """A test of the programme: given this member, when this happens, expect that."""

    code: Code
    names: Names
    given: TrialMember = TrialMember()
    occasion: TrialOccasion
    expect: TrialExpected
