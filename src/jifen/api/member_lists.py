"""Members in a list, and how one stands on the ladder: what a console asks of members beyond what a till does."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from jifen.api import overview_answers as out
from jifen.api import render
from jifen.api.fields import Code
from jifen.api.ids import MemberId
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.calendar import date_of
from jifen.domain.principal import Permission
from jifen.domain.program.meaning import BY_SPEND, BY_VISITS
from jifen.operations.list_members import list_members
from jifen.operations.read_tiers import read_tiers

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


@router.get(
    "/members:list",
    tags=["members"],
    summary="List members",
    **said(permission=Permission.MEMBERS_LIST, answer=out.MembersAnswer, refuses=[no.ProgramMissing]),
)
async def get_members(
    request: Request,
    sort: Annotated[
        Literal["newest", "balance", "last_purchase", "purchases", "expiring"],
        Query(description="The highest first. Of very many members only the newest are listed."),
    ] = "newest",
    tier: Annotated[Code | None, Query(description="Only members who hold this tier.")] = None,
    status: Annotated[
        Literal["active", "frozen", "closed"] | None, Query(description="Only members in this state.")
    ] = None,
    before: Annotated[
        str | None, Query(max_length=80, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Members as they are stored: what time has made due shows once a job has made it visible, within seconds."""
    found = await list_members(
        desk_of(request).ledger, sort=sort, before=before, limit=limit, tier=tier, status=status
    )
    return render.answered(
        out.MembersAnswer(
            data=[
                out.ListedMember(
                    member_id=one.member_id,
                    status=one.status,
                    tier=found.timeline.tier_codes[one.tier],
                    keys=[key.value for key in found.keys.get(one.member_id, ())][:4],
                    enrolled_at=one.enrolled_at,
                    purchases=one.purchases,
                    last_purchase_on=_day(one.last_purchase_day) if one.last_purchase_day >= 0 else None,
                    balance=one.balance,
                    debt=one.debt,
                    expiring_units=one.expiring,
                )
                for one in found.members
            ],
            points=found.points.code,
            expiring_by=found.expiring_by.isoformat(),
            next_cursor=f"{found.behind.place}~{found.behind.member_id.hex}" if found.behind else None,
        )
    )


def _day(day: int) -> str | None:
    """A day number as a date; None for one that no calendar knows, and for the beginning of everything."""
    at = date_of(day) if day > 0 else None
    return at.isoformat() if at else None


@router.get(
    "/members/{member_id:id}/tiers",
    tags=["members"],
    summary="Read the tier path",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=out.TiersAnswer,
        names_in_address=[no.MemberUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_tiers(request: Request, member_id: MemberId) -> Response:
    """The tier held, what counts towards the next and what is missing, and the tiers held since when."""
    view = await read_tiers(desk_of(request).ledger, member_id)
    standing, codes = view.standing, view.timeline.tier_codes
    counts = view.program.ladder.counts
    named = {BY_SPEND: "spend", BY_VISITS: "visits"}
    return render.answered(
        out.TiersAnswer(
            tier=codes[standing.tier],
            counts=named.get(counts) or view.program.currencies[counts].code,
            counted=standing.counted,
            counted_from_on=_day(standing.window_first),
            review_on=_day(standing.review_day),
            next_tier=standing.next_tier.code if standing.next_tier else None,
            next_reach=standing.next_tier.reach if standing.next_tier else None,
            missing=standing.missing,
            window=out.WINDOWS[view.program.ladder.window.kind],
            keep=standing.kept_by,
            keep_missing=standing.keep_missing,
            grace_from_on=None if standing.grace_from is None else _day(standing.grace_from),
            path=[
                out.TierHeld(tier=codes[one.tier], since_on=_day(one.day), cause=one.cause)
                for one in standing.path
            ],
        )
    )
