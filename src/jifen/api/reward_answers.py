"""What is asked and told of rewards and redemptions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jifen.api.bodies import CheckoutRef
from jifen.api.fields import UNITS_MAX, Answer, Body, Code, Instant, Note
from jifen.api.ids import MemberId, RedemptionId
from jifen.domain.rewards import PIECES_MAX, STATES, StockReason
from jifen.operations.change_stock import CHANGE_MAX

State = Literal["waiting", "handed_over", "cancelled", "lapsed", "returned"]
assert set(State.__args__) == set(STATES)  # type: ignore[attr-defined]
Pieces = Annotated[int, Field(strict=True, ge=1, le=PIECES_MAX)]


class StoreLeft(Answer):
    """What of a reward is left at a store."""

    store: str
    names: dict[str, str]
    left: int


class WhyNot(Answer):
    """A reason why a member does not get a reward now."""

    code: str = Field(description="That of the refusal.")
    said: str
    numbers: dict[str, Any]


class OfferedReward(Answer):
    """A reward, what it costs the member, and whether he gets one now."""

    reward: str
    kind: str
    names: dict[str, str]
    about: dict[str, str]
    currency: str
    units: int = Field(description="Smallest units for one piece, in the tier that he has.")
    amount_minor: int = Field(description="Minor money beside them.")
    waits_days: int = Field(
        description="So many days it waits to be picked up; 0: it is handed over at once only."
    )
    left: int | None = Field(description="Pieces that are left; null: as many as are asked for.")
    stores: list[StoreLeft] = Field(description="Where each store has its own: those that have some.")
    is_had: bool = Field(description="Whether he gets one now.")
    why_not: list[WhyNot]


class OffersAnswer(Answer):
    """Every reward of the programme in force, in its order."""

    data: list[OfferedReward]


class RewardRow(Answer):
    """A reward of the programme in force, its stock and its use."""

    reward: str
    kind: str
    names: dict[str, str]
    sentence: str
    stock: Literal["unlimited", "shared", "by_store"]
    left: int | None
    stores: list[StoreLeft]
    is_off: bool = Field(description="Whether it is switched off.")
    handed_over: int = Field(description="Pieces, in the days asked for.")
    units: int = Field(description="Smallest units spent for them.")
    waiting: int = Field(description="Pieces that wait to be picked up.")
    currency: str


class RewardsAnswer(Answer):
    """All of them."""

    data: list[RewardRow]


class StockBody(Body):
    """Pieces that came or went, or were counted."""

    pieces: Annotated[int, Field(strict=True, ge=-CHANGE_MAX, le=CHANGE_MAX)] = Field(
        description="More or fewer; with `is_count` so many are there."
    )
    is_count: bool = False
    reason: StockReason = Field(strict=False)
    store: Code | None = Field(default=None, description="Of a reward of which each store has its own.")


class StockAnswer(Answer):
    """The stock after it."""

    reward: str
    store: str | None
    change: int
    left: int


class StockChange(Answer):
    """A change of a stock otherwise than by redemptions."""

    store: str | None
    pieces: int
    reason: StockReason
    changed_at: Instant
    changed_by: str


class StockRead(Answer):
    """How the stocks of a reward stand, and their last changes, newest first."""

    reward: str
    stores: list[StoreLeft] = Field(description="A store '' is that of all.")
    changes: list[StockChange]


class OwnRedeemBody(Body):
    """A reward to be kept until it is picked up."""

    reward: Code
    pieces: Pieces = 1
    store: Code | None = Field(default=None, description="Where it is picked up.")
    units: Annotated[int, Field(strict=True, ge=1, le=UNITS_MAX)] | None = Field(
        default=None,
        description="What was told that all pieces cost: refused where they cost something else by now.",
    )


class RedeemBody(OwnRedeemBody):
    """A reward for a member."""

    member: CheckoutRef
    is_kept: bool = Field(
        default=False, description="It waits to be picked up; else it is handed over at once."
    )
    channel: Code | None = None
    cashier: Code | None = None


class RedemptionMade(Answer):
    """What was taken, and where it stands."""

    redemption_id: RedemptionId
    member_id: MemberId
    sequence: int
    reward: str
    pieces: int
    currency: str
    units: int
    amount_minor: int = Field(description="Minor money that is paid beside the units.")
    store: str | None
    status: State
    code: str | None = Field(description="By which it is picked up.")
    until_at: Instant | None = Field(description="It lapses then.")
    balance_after: int


class EndBody(Body):
    """Where it happens."""

    store: Code | None = None
    cashier: Code | None = None


class TakeBackBody(Body):
    """Why it comes back, and whether its pieces are in stock again."""

    note: Note
    is_in_stock: bool = True


class RedemptionEnded(Answer):
    """Where it stands now."""

    redemption_id: RedemptionId
    member_id: MemberId
    sequence: int
    status: State
    units: int
    balance_after: int


class FindBody(Body):
    """The code that somebody shows."""

    code: Annotated[str, Field(strict=True, min_length=1, max_length=40)]


class RedemptionShown(Answer):
    """A redemption."""

    redemption_id: RedemptionId
    member_id: MemberId
    sequence: int
    reward: str
    names: dict[str, str]
    pieces: int
    currency: str
    units: int
    amount_minor: int
    is_kept: bool
    store: str | None
    status: State
    redeemed_at: Instant
    until_at: Instant | None


class OwnRedemption(RedemptionShown):
    """One of one's own, with the code by which it is picked up."""

    code: str | None


class RedemptionStep(Answer):
    """A step of its trail."""

    status: State
    at: Instant
    sequence: int | None = Field(description="Of its entry; null: time did it.")
    actor: str | None
    store: str | None


class RedemptionRead(RedemptionShown):
    """With its trail."""

    trail: list[RedemptionStep]


class RedemptionsAnswer(Answer):
    """Redemptions, newest first."""

    data: list[RedemptionShown]
    next_cursor: str | None


class OwnRedemptionsAnswer(Answer):
    """One's own, newest first."""

    data: list[OwnRedemption]
    next_cursor: str | None
