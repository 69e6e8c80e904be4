"""Rewards: what there is, what a member can have and why not; and stocks."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from jifen.api import render
from jifen.api import reward_answers as out
from jifen.api.asked import asked_once
from jifen.api.ids import MemberId
from jifen.api.languages import Language, language_of
from jifen.api.requests import Desk, GuardedRoute, MemberRoute, desk_of, member_of
from jifen.api.said import said, said_to_member
from jifen.domain import refusals as no
from jifen.domain import refusals_of_rewards as nor
from jifen.domain.principal import Permission
from jifen.domain.program.meaning import Program
from jifen.domain.rewards import Asked, StockReason, offered, reward_named
from jifen.domain.verbs import Status
from jifen.operations.change_stock import change_stock
from jifen.operations.read_member import MemberView, read_member
from jifen.operations.read_program import read_timeline
from jifen.operations.read_rewards import read_catalogue, read_shelf, read_stock
from jifen.present.rewards import reward_sentence, why_not

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["rewards"])
own_router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
DAYS_MAX = 400


async def _offers(desk: Desk, member_id: UUID, store: str | None, language: str) -> out.OffersAnswer:
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
        known=shelf.known,
    )
    may_spend = view.member.status is Status.ACTIVE
    return out.OffersAnswer(
        data=[
            out.OfferedReward(
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
                    out.WhyNot(
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


def _left_at(program: Program, store: str, left: int) -> out.StoreLeft:
    names = program.stores[store].names if store in program.stores else {}
    return out.StoreLeft(store=store, names=names, left=left)


def _program(view: MemberView) -> Program:
    return view.timeline.programs[view.timeline.row_at(view.now)]


STORE_QUERY = Query(min_length=1, max_length=63, description="Where it would be had.")


@router.get(
    "/members/{member_id:id}/rewards",
    summary="List what a member can have",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=out.OffersAnswer,
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
    **said_to_member(answer=out.OffersAnswer, refuses=(no.ProgramMissing,)),
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
    **said(permission=Permission.PROGRAM_READ, answer=out.RewardsAnswer, refuses=[no.ProgramMissing]),
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
    rows = [
        out.RewardRow(
            reward=one.reward.code,
            kind=one.reward.kind,
            names=one.reward.names,
            sentence=reward_sentence(one.reward, found.program, spoken),
            stock=one.reward.stock.value,
            left=one.left,
            stores=[_left_at(found.program, stand.store, stand.left) for stand in one.stands if stand.store],
            is_off=one.is_off,
            handed_over=one.used.pieces,
            units=one.used.units,
            waiting=one.used.waiting,
            currency=codes[one.reward.currency],
        )
        for one in found.data
    ]
    return render.answered(out.RewardsAnswer(data=rows))


@router.get(
    "/rewards/{reward:id}/stock",
    summary="Read the stock of a reward",
    **said(
        permission=Permission.PROGRAM_READ,
        answer=out.StockRead,
        names_in_address=[nor.RewardUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_stock(request: Request, reward: str) -> Response:
    """What is left where, and how it was changed otherwise than by redemptions."""
    ledger = desk_of(request).ledger
    timeline, now = await read_timeline(ledger)
    program = timeline.programs[timeline.row_at(now)]
    one = reward_named(program, reward)
    stands, changes = await read_stock(ledger, one)
    return render.answered(
        out.StockRead(
            reward=one.code,
            stores=[_left_at(program, stand.store, stand.left) for stand in stands],
            changes=[
                out.StockChange(
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
        answer=out.StockAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[nor.RewardUnknown],
        refuses=[
            nor.StockNotCounted, nor.StockTooLow, nor.RewardNotHere, no.StoreUnknown, no.StoreNotPermitted, no.ProgramMissing,
        ],
    ),
)  # fmt: skip
async def stock(request: Request, reward: str, body: out.StockBody) -> Response:
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
    return render.told(out.StockAnswer, answer)
