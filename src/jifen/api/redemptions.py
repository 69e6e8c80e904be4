"""Redemptions: a reward that is taken, found by its code, handed over, called off, taken back."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from jifen.api import render
from jifen.api import reward_answers as out
from jifen.api.asked import asked_once
from jifen.api.codes import whose
from jifen.api.ids import MemberId, RedemptionId
from jifen.api.requests import Desk, GuardedRoute, MemberRoute, desk_of, member_of
from jifen.api.said import said, said_to_member
from jifen.domain import refusals as no
from jifen.domain import refusals_of_rewards as nor
from jifen.domain.principal import Permission
from jifen.domain.program.meaning import Program
from jifen.domain.rewards import reward_named
from jifen.domain.switches import StoreSwitchedOff
from jifen.operations.end_redemption import end_redemption, redemption_waiting
from jifen.operations.read_program import read_timeline
from jifen.operations.read_rewards import Told, read_redemption, read_redemptions
from jifen.operations.redeem_reward import redeem_reward
from jifen.operations.reverse_entry import take_back_reward
from jifen.store.rewards import Redemption

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["rewards"])
own_router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
PAGE_MAX = 200
REFUSES = (
    nor.RewardUnknown, nor.RewardNotKept, nor.RewardNotNow, nor.RewardNotHere, nor.TierMissing, nor.RewardConditionUnmet,
    nor.RewardLimitUsedUp, nor.RewardSwitchedOff, nor.SoldOut, nor.RewardPriceDiffers,
    StoreSwitchedOff, no.PointsMissing, no.StoreUnknown, no.TooMuch,
    no.MemberUnknown, no.MemberClosed, no.MemberFrozen, no.ProgramMissing,
)  # fmt: skip


@router.post(
    "/redemptions",
    summary="Redeem a reward",
    **said(
        permission=Permission.REWARDS_REDEEM,
        answer=out.RedemptionMade,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(*REFUSES, no.StoreNotPermitted, no.CodeNeeded, no.CodeWrong, no.CodeUsed),
    ),
)
async def redeem(request: Request, body: out.RedeemBody) -> Response:
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
            units_told=body.units,
            request=once,
            store=desk.principal.store_for(body.store),
            channel=body.channel,
            actor=desk.principal.actor(body.cashier),
        )

    return render.told(out.RedemptionMade, await asked_once(desk, body, effect), status=201)


@own_router.post(
    "/me/redemptions",
    summary="Redeem a reward",
    **said_to_member(answer=out.RedemptionMade, status=201, has_body=True, has_key=True, refuses=REFUSES),
)
async def redeem_own(request: Request, body: out.OwnRedeemBody) -> Response:
    """A reward is kept until it is picked up by its code; until then its units are held."""
    desk, member_id = desk_of(request), member_of(request).member_id

    async def effect(once: Any) -> dict[str, Any]:
        return await redeem_reward(
            desk.ledger,
            member_id,
            reward=body.reward,
            pieces=body.pieces,
            is_kept=True,
            units_told=body.units,
            request=once,
            store=body.store,
            channel="app",
            actor=desk.principal.actor(),
        )

    return render.told(out.RedemptionMade, await asked_once(desk, body, effect), status=201)


async def _program(desk: Desk) -> Program:
    """The programme in force."""
    timeline, now = await read_timeline(desk.ledger)
    return timeline.programs[timeline.row_at(now)]


def _told(program: Program, one: Redemption) -> dict[str, Any]:
    """A redemption with what its reward is called, without the code by which it is picked up."""
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
    }


def _cursor(after: UUID | None) -> str | None:
    return None if after is None else f"red_{after.hex}"


BEFORE = Query(description="The cursor: next_cursor of the page before.")


@router.get(
    "/redemptions",
    summary="List redemptions",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=out.RedemptionsAnswer,
        names_in_address=[nor.RewardUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_redemptions(
    request: Request,
    *,
    member_id: Annotated[MemberId | None, Query(description="Whose they are.")] = None,
    status: Annotated[out.State | None, Query(description="Where they stand.")] = None,
    reward: Annotated[str | None, Query(max_length=63)] = None,
    before: Annotated[RedemptionId | None, BEFORE] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """Redemptions, newest first: of a member, or of all; of all, who is bound to stores sees those of his stores."""
    desk = desk_of(request)
    program = await _program(desk)
    number = None if reward is None else reward_named(program, reward, pointer="/query/reward").number
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
    data = [out.RedemptionShown(**_told(program, one)) for one in page.data]
    return render.answered(out.RedemptionsAnswer(data=data, next_cursor=_cursor(page.next_before)))


@own_router.get(
    "/me/redemptions",
    summary="List redemptions",
    **said_to_member(answer=out.OwnRedemptionsAnswer, refuses=(no.ProgramMissing,)),
)
async def get_own_redemptions(
    request: Request,
    *,
    status: Annotated[out.State | None, Query(description="Where they stand.")] = None,
    before: Annotated[RedemptionId | None, BEFORE] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """What one took, newest first, with the codes of what waits."""
    desk = desk_of(request)
    page = await read_redemptions(
        desk.ledger, member_id=member_of(request).member_id, status=status, before=before, limit=limit
    )
    program = await _program(desk)
    data = [
        out.OwnRedemption(**_told(program, one), code=one.code if one.status == "waiting" else None)
        for one in page.data
    ]
    return render.answered(out.OwnRedemptionsAnswer(data=data, next_cursor=_cursor(page.next_before)))


@router.get(
    "/redemptions/{redemption_id:id}",
    summary="Read a redemption",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=out.RedemptionRead,
        names_in_address=[nor.RedemptionUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_redemption(request: Request, redemption_id: RedemptionId) -> Response:
    """One redemption with its trail."""
    desk = desk_of(request)
    return render.answered(await _read(desk, await read_redemption(desk.ledger, redemption_id)))


async def _read(desk: Desk, told: Told) -> out.RedemptionRead:
    trail = [out.RedemptionStep(**step._asdict()) for step in told.trail]
    return out.RedemptionRead(**_told(await _program(desk), told.redemption), trail=trail)


@router.post(
    "/redemptions:find",
    summary="Find what waits to be picked up",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=out.RedemptionRead,
        has_body=True,
        refuses=[nor.RedemptionUnknown, no.ProgramMissing],
    ),
)
async def find_waiting(request: Request, body: out.FindBody) -> Response:
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
        answer=out.RedemptionEnded,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RedemptionUnknown],
        refuses=(*ENDS_REFUSED, no.MemberFrozen, no.StoreNotPermitted),
    ),
)
async def hand_over(request: Request, redemption_id: RedemptionId, body: out.EndBody) -> Response:
    """What waited is handed over, and the units that were held are spent."""
    return await _end(request, redemption_id, body, is_handed_over=True)


@router.post(
    "/redemptions/{redemption_id:id}:cancel",
    summary="Cancel a redemption",
    **said(
        permission=Permission.REWARDS_REDEEM,
        answer=out.RedemptionEnded,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RedemptionUnknown],
        refuses=(*ENDS_REFUSED, no.StoreNotPermitted),
    ),
)
async def cancel_redemption(request: Request, redemption_id: RedemptionId, body: out.EndBody) -> Response:
    """What waits is called off: its units can be used again, and its pieces are in stock again."""
    return await _end(request, redemption_id, body, is_handed_over=False)


async def _end(request: Request, redemption_id: UUID, body: out.EndBody, *, is_handed_over: bool) -> Response:
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
            cashier=body.cashier,
        ),
    )
    return render.told(out.RedemptionEnded, answer)


@own_router.post(
    "/me/redemptions/{redemption_id:id}:cancel",
    summary="Cancel a redemption",
    **said_to_member(
        answer=out.RedemptionEnded,
        has_key=True,
        refuses=ENDS_REFUSED,
        names_in_address=[nor.RedemptionUnknown],
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
    return render.told(out.RedemptionEnded, answer)


@router.post(
    "/redemptions/{redemption_id:id}:take-back",
    summary="Take a reward back",
    **said(
        permission=Permission.REWARDS_TAKE_BACK,
        answer=out.RedemptionEnded,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RedemptionUnknown],
        refuses=(
            *ENDS_REFUSED, no.EntryReversed, no.EntryNotReversible, no.StoreNotPermitted, no.SecondPersonNeeded,
        ),
    ),
)  # fmt: skip
async def take_back(request: Request, redemption_id: RedemptionId, body: out.TakeBackBody) -> Response:
    """What was handed over comes back: the very lots that paid get their units again, by the entry that spent them."""
    desk = desk_of(request)

    async def effect(once: Any) -> dict[str, Any]:
        done = await take_back_reward(
            desk.ledger,
            redemption_id,
            note=body.note,
            request=once,
            principal=desk.principal,
            actor=desk.principal.actor(),
            is_in_stock=body.is_in_stock,
        )
        (moved,) = done["moved"]
        return {
            "redemption_id": str(redemption_id),
            "member_id": done["member_id"],
            "sequence": done["sequence"],
            "status": "returned",
            "units": moved["units"],
            "balance_after": moved["balance_after"],
            "is_replay": done["is_replay"],
        }

    return render.told(out.RedemptionEnded, await asked_once(desk, body, effect))
