"""Rewards: what there is, what a member can have and why not; taking one, picking it up, cancelling, taking back; and stocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.bodies import CheckoutRef
from jifen.api.codes import whose
from jifen.api.fields import Answer, Body, Code, Instant, Note
from jifen.api.ids import MemberId, RedemptionId
from jifen.api.languages import Language, language_of
from jifen.api.requests import Desk, GuardedRoute, MemberRoute, desk_of, member_of
from jifen.api.said import said, said_to_member
from jifen.domain import refusals as no
from jifen.domain import refusals_of_rewards as nor
from jifen.domain.principal import Permission
from jifen.domain.program.meaning import Program
from jifen.domain.rewards import PIECES_MAX, STATES, Asked, StockReason, offered, reward_named
from jifen.domain.switches import StoreSwitchedOff
from jifen.domain.verbs import Status
from jifen.operations.change_stock import CHANGE_MAX, change_stock
from jifen.operations.end_redemption import end_redemption, redemption_waiting
from jifen.operations.read_member import MemberView, read_member
from jifen.operations.read_rewards import (
    Told,
    read_catalogue,
    read_changes,
    read_redemption,
    read_redemptions,
    read_shelf,
)
from jifen.operations.redeem_reward import redeem_reward
from jifen.operations.reverse_entry import reverse_entry
from jifen.present.rewards import reward_sentence, why_not
from jifen.store.rewards import Redemption

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["rewards"])
own_router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
PAGE_MAX = 200
DAYS_MAX = 400
REFUSES = (
    nor.RewardUnknown, nor.RewardNotKept, nor.RewardNotNow, nor.RewardNotHere, nor.TierMissing, nor.RewardConditionUnmet,
    nor.RewardLimitUsedUp, nor.RewardSwitchedOff, nor.SoldOut, StoreSwitchedOff, no.PointsMissing, no.StoreUnknown, no.TooMuch,
    no.MemberUnknown, no.MemberClosed, no.MemberFrozen, no.ProgramMissing,
)  # fmt: skip
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


async def _offers(desk: Desk, member_id: UUID, store: str | None, language: str) -> OffersAnswer:
    view = await read_member(desk.ledger, member_id)
    program = _program(view)
    shelf = await read_shelf(desk.ledger, member_id, program, view.now)
    codes = {one.number: one.code for one in program.currencies}
    found = offered(
        program,
        view.member,
        Asked(store=store),
        now=view.now,
        available={one.currency: one.available for one in view.balances},
        taken=shelf.taken,
        stocks={reward: {one.store: one.left for one in stands} for reward, stands in shelf.stands.items()},
        off=shelf.off,
    )
    may_spend = view.member.status is Status.ACTIVE
    return OffersAnswer(
        data=[
            OfferedReward(
                reward=one.reward.code,
                kind=one.reward.kind,
                names=one.reward.names,
                about=one.reward.about,
                currency=codes[one.reward.currency],
                units=one.price.units,
                amount_minor=one.price.amount_minor,
                waits_days=one.reward.waits_days,
                left=one.left,
                stores=[_left_at(program, store, left) for store, left in one.stores],
                is_had=may_spend and not one.no,
                why_not=[
                    WhyNot(
                        code=refusal.code,
                        said=why_not(refusal, one.reward, program, language),
                        numbers=refusal.numbers,
                    )
                    for refusal in one.no
                ],
            )
            for one in found
        ]
    )


def _left_at(program: Program, store: str, left: int) -> StoreLeft:
    names = program.stores[store].names if store in program.stores else {}
    return StoreLeft(store=store, names=names, left=left)


def _program(view: MemberView) -> Program:
    return view.timeline.programs[view.timeline.row_at(view.now)]


STORE_QUERY = Query(min_length=1, max_length=63, description="Where it would be had.")


@router.get(
    "/members/{member_id:id}/rewards",
    summary="List what a member can have",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=OffersAnswer,
        names_in_address=[no.MemberUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_offers(
    request: Request,
    member_id: MemberId,
    store: Annotated[str | None, STORE_QUERY] = None,
    language: Language = None,
) -> Response:
    """Every reward, what it costs the member, and every reason why he does not get one now."""
    spoken = language_of(request, language)
    return render.answered(await _offers(desk_of(request), member_id, store, spoken))


@own_router.get(
    "/me/rewards",
    summary="List rewards",
    **said_to_member(answer=OffersAnswer, refuses=(no.ProgramMissing,)),
)
async def get_own_offers(
    request: Request, store: Annotated[str | None, STORE_QUERY] = None, language: Language = None
) -> Response:
    """Every reward, what it costs, and every reason why one does not get it now."""
    spoken = language_of(request, language)
    return render.answered(await _offers(desk_of(request), member_of(request).member_id, store, spoken))


@router.get(
    "/rewards",
    summary="List rewards",
    **said(permission=Permission.PROGRAM_READ, answer=RewardsAnswer, refuses=[no.ProgramMissing]),
)
async def get_rewards(
    request: Request,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX, description="Use is counted of so many days.")] = 30,
    language: Language = None,
) -> Response:
    """The rewards of the programme in force, what is left of each, and how it was used."""
    spoken = language_of(request, language)
    found = await read_catalogue(desk_of(request).ledger, days=days)
    codes = {one.number: one.code for one in found.program.currencies}
    rows = []
    for one in found.program.rewards:
        stands = found.stands.get(one.number, [])
        used = found.used.get(one.number)
        rows.append(
            RewardRow(
                reward=one.code,
                kind=one.kind,
                names=one.names,
                sentence=reward_sentence(one, found.program, spoken),
                stock=one.stock.value,
                left=None if one.stock.value == "unlimited" else sum(stand.left for stand in stands),
                stores=[_left_at(found.program, stand.store, stand.left) for stand in stands if stand.store],
                is_off=one.code in found.off,
                handed_over=used.pieces if used else 0,
                units=used.units if used else 0,
                waiting=used.waiting if used else 0,
                currency=codes[one.currency],
            )
        )
    return render.answered(RewardsAnswer(data=rows))


@router.get(
    "/rewards/{reward:id}/stock",
    summary="Read the stock of a reward",
    **said(
        permission=Permission.PROGRAM_READ,
        answer=StockRead,
        names_in_address=[nor.RewardUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_stock(request: Request, reward: str) -> Response:
    """What is left where, and how it was changed otherwise than by redemptions."""
    ledger = desk_of(request).ledger
    found = await read_catalogue(ledger, days=1)
    one = reward_named(found.program, reward)
    changes = await read_changes(ledger, one.number)
    return render.answered(
        StockRead(
            reward=one.code,
            stores=[
                _left_at(found.program, stand.store, stand.left) for stand in found.stands.get(one.number, [])
            ],
            changes=[
                StockChange(
                    store=change["store"] or None,
                    pieces=change["pieces"],
                    reason=StockReason(change["reason"]),
                    changed_at=change["changed_at"],
                    changed_by=change["changed_by"],
                )
                for change in changes
            ],
        )
    )


@router.post(
    "/rewards/{reward:id}:stock",
    summary="Change the stock of a reward",
    **said(
        permission=Permission.REWARDS_STOCK,
        answer=StockAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RewardUnknown],
        refuses=[
            nor.StockNotCounted, nor.StockTooLow, nor.RewardNotHere, no.StoreUnknown, no.StoreNotPermitted, no.ProgramMissing,
        ],
    ),
)  # fmt: skip
async def stock(request: Request, reward: str, body: StockBody) -> Response:
    """Pieces that were delivered, damaged, sent back or moved; or a count, after which so many are left."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        body,
        lambda once: change_stock(
            desk.ledger,
            reward,
            pieces=body.pieces,
            is_count=body.is_count,
            reason=body.reason,
            store=desk.principal.store_for(body.store),
            request=once,
            principal=desk.principal,
        ),
    )
    return render.told(StockAnswer, answer)


@router.post(
    "/redemptions",
    summary="Redeem a reward",
    **said(
        permission=Permission.REWARDS_REDEEM,
        answer=RedemptionMade,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(*REFUSES, no.StoreNotPermitted, no.CodeNeeded, no.CodeWrong, no.CodeUsed),
    ),
)
async def redeem(request: Request, body: RedeemBody) -> Response:
    """A member takes a reward: handed over at once, or kept until it is picked up by its code."""
    desk = desk_of(request)
    desk.principal.check_code(is_shown=body.member.code is not None)

    async def effect(once: Any) -> dict[str, Any]:
        return await redeem_reward(
            desk.ledger,
            await whose(desk, body.member, reserved=once.key),
            reward=body.reward,
            pieces=body.pieces,
            is_kept=body.is_kept,
            request=once,
            store=desk.principal.store_for(body.store),
            channel=body.channel,
            actor=desk.principal.actor(body.cashier),
        )

    return render.told(RedemptionMade, await asked_once(desk, body, effect), status=201)


@own_router.post(
    "/me/redemptions",
    summary="Redeem a reward",
    **said_to_member(answer=RedemptionMade, status=201, has_body=True, has_key=True, refuses=REFUSES),
)
async def redeem_own(request: Request, body: OwnRedeemBody) -> Response:
    """A reward is kept until it is picked up by its code; until then its units are held."""
    desk, member_id = desk_of(request), member_of(request).member_id

    async def effect(once: Any) -> dict[str, Any]:
        return await redeem_reward(
            desk.ledger,
            member_id,
            reward=body.reward,
            pieces=body.pieces,
            is_kept=True,
            request=once,
            store=body.store,
            channel="app",
            actor=desk.principal.actor(),
        )

    return render.told(RedemptionMade, await asked_once(desk, body, effect), status=201)


async def _shown(desk: Desk, found: Sequence[Redemption]) -> list[dict[str, Any]]:
    """Redemptions as they are told, with what their rewards are called."""
    program = (await read_catalogue(desk.ledger, days=1)).program if found else None
    return [_told(program, one) for one in found] if program else []


def _told(program: Program, one: Redemption) -> dict[str, Any]:
    reward = next((each for each in program.rewards if each.number == one.reward), None)
    codes = {each.number: each.code for each in program.currencies}
    return {
        "redemption_id": one.redemption_id,
        "member_id": one.member_id,
        "sequence": one.sequence,
        # A reward that the programme has no more is told by its number: a revision's document says which it was.
        "reward": reward.code if reward else f"reward-{one.reward}",
        "names": reward.names if reward else {},
        "pieces": one.pieces,
        "currency": codes[one.currency],
        "units": one.units,
        "amount_minor": one.amount_minor,
        "is_kept": one.is_kept,
        "store": one.store,
        "status": one.status,
        "redeemed_at": one.redeemed_at,
        "until_at": one.until_at,
        "code": one.code if one.status == "waiting" else None,
    }


def _cursor(after: UUID | None) -> str | None:
    return None if after is None else f"red_{after.hex}"


BEFORE = Query(description="The cursor: next_cursor of the page before.")


@router.get(
    "/redemptions",
    summary="List redemptions",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=RedemptionsAnswer,
        refuses=[nor.RewardUnknown, no.ProgramMissing],
    ),
)
async def get_redemptions(
    request: Request,
    *,
    member_id: Annotated[MemberId | None, Query(description="Whose they are.")] = None,
    status: Annotated[State | None, Query(description="Where they stand.")] = None,
    reward: Annotated[str | None, Query(max_length=63)] = None,
    before: Annotated[RedemptionId | None, BEFORE] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """Redemptions, newest first: of a member, or of all; who is bound to stores sees those of his stores."""
    desk = desk_of(request)
    number = None
    if reward is not None:
        number = reward_named(
            (await read_catalogue(desk.ledger, days=1)).program, reward, pointer="/query/reward"
        ).number
    stores = None if desk.principal.stores is None else sorted(desk.principal.stores)
    page = await read_redemptions(
        desk.ledger,
        member_id=member_id,
        status=status,
        reward=number,
        stores=stores,
        before=before,
        limit=limit,
    )
    data = [RedemptionShown(**_without_code(one)) for one in await _shown(desk, page.data)]
    return render.answered(RedemptionsAnswer(data=data, next_cursor=_cursor(page.next_before)))


def _without_code(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "code"}


@own_router.get(
    "/me/redemptions",
    summary="List redemptions",
    **said_to_member(answer=OwnRedemptionsAnswer, refuses=(no.ProgramMissing,)),
)
async def get_own_redemptions(
    request: Request,
    before: Annotated[RedemptionId | None, BEFORE] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """What one took, newest first, with the codes of what waits."""
    desk = desk_of(request)
    page = await read_redemptions(
        desk.ledger, member_id=member_of(request).member_id, before=before, limit=limit
    )
    data = [OwnRedemption(**one) for one in await _shown(desk, page.data)]
    return render.answered(OwnRedemptionsAnswer(data=data, next_cursor=_cursor(page.next_before)))


@router.get(
    "/redemptions/{redemption_id:id}",
    summary="Read a redemption",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=RedemptionRead,
        names_in_address=[nor.RedemptionUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_redemption(request: Request, redemption_id: RedemptionId) -> Response:
    """One redemption with its trail."""
    desk = desk_of(request)
    return render.answered(await _read(desk, await read_redemption(desk.ledger, redemption_id)))


async def _read(desk: Desk, told: Told) -> RedemptionRead:
    (shown,) = await _shown(desk, [told.redemption])
    trail = [RedemptionStep(**step._asdict()) for step in told.trail]
    return RedemptionRead(**_without_code(shown), trail=trail)


@router.post(
    "/redemptions:find",
    summary="Find what waits to be picked up",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=RedemptionRead,
        has_body=True,
        refuses=[nor.RedemptionUnknown, no.ProgramMissing],
    ),
)
async def find_waiting(request: Request, body: FindBody) -> Response:
    """What waits by the code that somebody shows; nothing is changed."""
    desk = desk_of(request)
    found = await redemption_waiting(desk.ledger, body.code)
    return render.answered(await _read(desk, await read_redemption(desk.ledger, found)))


ENDS_REFUSED = (
    nor.RedemptionOver, no.MemberClosed, no.ProgramMissing,
)  # fmt: skip


@router.post(
    "/redemptions/{redemption_id:id}:hand-over",
    summary="Hand a reward over",
    **said(
        permission=Permission.REWARDS_REDEEM,
        answer=RedemptionEnded,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RedemptionUnknown],
        refuses=(*ENDS_REFUSED, no.MemberFrozen, no.StoreNotPermitted),
    ),
)
async def hand_over(request: Request, redemption_id: RedemptionId, body: EndBody) -> Response:
    """What waited is handed over, and the units that were held are spent."""
    return await _end(request, redemption_id, body, is_handed_over=True)


@router.post(
    "/redemptions/{redemption_id:id}:cancel",
    summary="Cancel a redemption",
    **said(
        permission=Permission.REWARDS_REDEEM,
        answer=RedemptionEnded,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RedemptionUnknown],
        refuses=(*ENDS_REFUSED, no.StoreNotPermitted),
    ),
)
async def cancel_redemption(request: Request, redemption_id: RedemptionId, body: EndBody) -> Response:
    """What waits is called off: its units can be used again, and its pieces are in stock again."""
    return await _end(request, redemption_id, body, is_handed_over=False)


async def _end(request: Request, redemption_id: UUID, body: EndBody, *, is_handed_over: bool) -> Response:
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        body,
        lambda once: end_redemption(
            desk.ledger,
            redemption_id,
            is_handed_over=is_handed_over,
            request=once,
            principal=desk.principal,
            store=desk.principal.store_for(body.store),
        ),
    )
    return render.told(RedemptionEnded, answer)


@own_router.post(
    "/me/redemptions/{redemption_id:id}:cancel",
    summary="Cancel a redemption",
    **said_to_member(
        answer=RedemptionEnded, has_key=True, refuses=ENDS_REFUSED, names_in_address=[nor.RedemptionUnknown]
    ),
)
async def cancel_own(request: Request, redemption_id: RedemptionId) -> Response:
    """What waits is called off, and its units can be used again."""
    desk, member_id = desk_of(request), member_of(request).member_id
    answer = await asked_once(
        desk,
        None,
        lambda once: end_redemption(
            desk.ledger,
            redemption_id,
            is_handed_over=False,
            request=once,
            principal=desk.principal,
            member_id=member_id,
            channel="app",
        ),
    )
    return render.told(RedemptionEnded, answer)


@router.post(
    "/redemptions/{redemption_id:id}:take-back",
    summary="Take a reward back",
    **said(
        permission=Permission.REWARDS_TAKE_BACK,
        answer=RedemptionEnded,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RedemptionUnknown],
        refuses=(
            *ENDS_REFUSED, no.EntryReversed, no.EntryNotReversible, no.StoreNotPermitted, no.SecondPersonNeeded,
        ),
    ),
)  # fmt: skip
async def take_back(request: Request, redemption_id: RedemptionId, body: TakeBackBody) -> Response:
    """What was handed over comes back: the very lots that paid get their units again, by the entry that spent them."""
    desk = desk_of(request)

    async def effect(once: Any) -> dict[str, Any]:
        told = await read_redemption(desk.ledger, redemption_id)
        if told.redemption.store is not None:
            desk.principal.check_own_store(told.redemption.store, pointer="/redemption_id")
        if told.spent_by is None:
            status = told.redemption.status
            raise nor.RedemptionOver(
                f"it was not handed over: it is {status}", pointer="/redemption_id", status=status
            )
        done = await reverse_entry(
            desk.ledger,
            told.redemption.member_id,
            told.spent_by,
            note=body.note,
            request=once,
            principal=desk.principal,
            actor=desk.principal.actor(),
            is_in_stock=body.is_in_stock,
        )
        return {
            "redemption_id": str(redemption_id),
            "member_id": done["member_id"],
            "sequence": done["sequence"],
            "status": "returned",
            "units": told.redemption.units,
            "balance_after": next((one["balance_after"] for one in done["moved"]), 0),
            "is_replay": done["is_replay"],
        }

    return render.told(RedemptionEnded, await asked_once(desk, body, effect))
