"""Segments: named lists of members, given or found by a condition, that rules may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.bodies import MemberRef
from jifen.api.fields import Answer, Body, Instant, Words
from jifen.api.ids import MemberId
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain import segments
from jifen.domain.principal import Permission
from jifen.operations.manage_segments import (
    archive,
    ask_refresh,
    change_list,
    count_segment,
    list_of_segment,
    list_segments,
    make_segment,
    read_segment,
)
from jifen.store.segments import Segment

router = APIRouter(prefix="/v1", route_class=GuardedRoute)

SegmentCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
Names = Annotated[dict[_Language, Words], Field(min_length=1, max_length=40)]
Condition = Annotated[
    dict[str, Any],
    Field(
        description="As a rule's `when`, of what the books keep of a member: tier, spend, visits, days since, balance.",
        examples=[{"fact": "member.tier", "is": "gold"}],
        max_length=20,
    ),
]


class SegmentBody(Body):
    """A segment that is made: by a condition, or, without one, a list to be filled."""

    code: SegmentCode
    names: Names
    condition: Condition | None = None


class CountBody(Body):
    """A condition that is counted before it is used."""

    condition: Condition


class ListBody(Body):
    """Members who are put into a list, or taken out."""

    members: Annotated[list[MemberRef], Field(min_length=1, max_length=segments.CHANGED_AT_ONCE)]


class SegmentTold(Answer):
    """One segment."""

    code: str
    names: dict[str, str]
    is_list: bool = Field(description="Its members are given; else its condition finds them.")
    condition: dict[str, Any] | None
    members: int
    left_out: int = Field(
        description="Who meets the condition, but nobody of whom is known, or one of whom objects to being judged."
    )
    refreshed_at: Instant | None = Field(description="When it was counted last; null: a job does so soon.")
    made_at: Instant
    made_by: str
    archived_at: Instant | None


class SegmentsAnswer(Answer):
    """Every segment, in the order in which they were made."""

    data: list[SegmentTold]


class SizeTold(Answer):
    """How many were in it when it was counted last on a day."""

    on: str
    members: int
    left_out: int


class SegmentAnswer(SegmentTold):
    """One segment, how many were in it day by day, and who asks for it."""

    sizes: list[SizeTold] = Field(description="The last day first.")
    rules: list[str] = Field(description="Rules that ask for it, in force or ahead.")


class SegmentMade(Answer):
    """The segment."""

    code: str
    is_list: bool


class CountAnswer(Answer):
    """How many would be in it now. Nothing was changed."""

    members: int
    left_out: int
    looked_at: int
    is_whole: bool = Field(
        description=f"False: only the {segments.LOOKED_AT_MAX} members who came first were looked at."
    )


class NotListed(Answer):
    """One who was not put in, or taken out: by his place in the request."""

    at: int
    code: str = Field(description="member_unknown, or objects_to_profiling.")


class ListChanged(Answer):
    """The list afterwards."""

    code: str
    members: int
    changed: int
    refused: list[NotListed]


class SegmentMembersAnswer(Answer):
    """Members who are in it now."""

    data: list[MemberId]
    next_cursor: str | None


def _told(one: Segment) -> dict[str, Any]:
    condition: Mapping[str, Any] | None = one.condition
    return {
        "code": one.code,
        "names": dict(one.names),
        "is_list": condition is None,
        "condition": condition,
        "members": one.members,
        "left_out": one.left_out,
        "refreshed_at": one.refreshed_at,
        "made_at": one.made_at,
        "made_by": one.made_by,
        "archived_at": one.archived_at,
    }


@router.get(
    "/segments",
    tags=["programme"],
    summary="List segments",
    **said(permission=Permission.SEGMENTS_READ, answer=SegmentsAnswer),
)
async def get_segments(
    request: Request,
    archived: Annotated[bool, Query(description="Also those that are archived.")] = False,
) -> Response:
    """Segments with how many are in each and when that was found out."""
    found = await list_segments(desk_of(request).ledger, archived=archived)
    return render.answered(SegmentsAnswer(data=[SegmentTold(**_told(one)) for one in found]))


@router.post(
    "/segments:count",
    tags=["programme"],
    summary="Count a condition",
    **said(
        permission=Permission.SEGMENTS_READ,
        answer=CountAnswer,
        has_body=True,
        refuses=[no.ProgramMissing],
        is_replayed=False,
    ),
)
async def count_condition(request: Request, body: CountBody) -> Response:
    """How many members meet a condition now, before a segment is made of it."""
    found = await count_segment(desk_of(request).ledger, body.condition)
    return render.answered(CountAnswer(**found._asdict()))


@router.post(
    "/segments",
    tags=["programme"],
    summary="Make a segment",
    **said(
        permission=Permission.SEGMENTS_MANAGE,
        has_key=True,
        has_body=True,
        status=201,
        answer=SegmentMade,
        refuses=[segments.SegmentExists, no.StoreNotPermitted, no.ProgramMissing],
    ),
)
async def make_one_segment(request: Request, body: SegmentBody) -> Response:
    """A segment of nobody: a list is filled by `:add`; a condition is asked of everybody by a job, within seconds and then every
    six hours. Rules ask for it by `{fact: member.segments, has: CODE}`.
    """
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        body,
        lambda once: make_segment(
            desk.ledger, body.code, body.names, body.condition, request=once, principal=desk.principal
        ),
    )
    return render.told(SegmentMade, answer, status=201)


@router.get(
    "/segments/{code}",
    tags=["programme"],
    summary="Read a segment",
    **said(
        permission=Permission.SEGMENTS_READ, answer=SegmentAnswer, names_in_address=[segments.SegmentUnknown]
    ),
)
async def get_segment(request: Request, code: SegmentCode) -> Response:
    """A segment, how many were in it day by day, and which rules ask for it."""
    found = await read_segment(desk_of(request).ledger, code)
    sizes = [
        SizeTold(on=one.on.isoformat(), members=one.members, left_out=one.left_out) for one in found.sizes
    ]
    return render.answered(SegmentAnswer(**_told(found.segment), sizes=sizes, rules=list(found.rules)))


@router.get(
    "/segments/{code}/members",
    tags=["programme"],
    summary="List the members of a segment",
    **said(
        permission=Permission.SEGMENTS_READ,
        answer=SegmentMembersAnswer,
        names_in_address=[segments.SegmentUnknown],
    ),
)
async def get_segment_members(
    request: Request,
    code: SegmentCode,
    after: Annotated[
        MemberId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Response:
    """Who is in a segment now, by id."""
    page, following = await list_of_segment(desk_of(request).ledger, code, after=after, limit=limit)
    cursor = None if following is None else f"mbr_{following.hex}"
    return render.answered(SegmentMembersAnswer(data=page, next_cursor=cursor))


def _of_list() -> dict[str, Any]:
    return said(
        permission=Permission.SEGMENTS_MANAGE,
        has_key=True,
        has_body=True,
        answer=ListChanged,
        refuses=[segments.SegmentFound, no.StoreNotPermitted],
        names_in_address=[segments.SegmentUnknown],
    )


@router.post("/segments/{code}:add", tags=["programme"], summary="Put members into a list", **_of_list())
async def add_to_segment(request: Request, code: SegmentCode, body: ListBody) -> Response:
    """Up to a thousand at once. Whoever objects to being judged, or is no member, is told and left out."""
    return await _changed(request, code, body, takes_out=False)


@router.post(
    "/segments/{code}:remove", tags=["programme"], summary="Take members out of a list", **_of_list()
)
async def remove_from_segment(request: Request, code: SegmentCode, body: ListBody) -> Response:
    """Up to a thousand at once."""
    return await _changed(request, code, body, takes_out=True)


async def _changed(request: Request, code: str, body: ListBody, *, takes_out: bool) -> Response:
    desk = desk_of(request)
    whose = [one.whose() for one in body.members]
    answer = await asked_once(
        desk,
        body,
        lambda once: change_list(
            desk.ledger, code, whose, takes_out=takes_out, request=once, principal=desk.principal
        ),
    )
    return render.told(ListChanged, answer)


def _of_one(*refuses: type[no.Refusal]) -> dict[str, Any]:
    return said(
        permission=Permission.SEGMENTS_MANAGE,
        has_key=True,
        answer=SegmentMade,
        refuses=[no.StoreNotPermitted, *refuses],
        names_in_address=[segments.SegmentUnknown],
    )


@router.post("/segments/{code}:refresh", tags=["programme"], summary="Count a segment anew", **_of_one())
async def refresh_segment(request: Request, code: SegmentCode) -> Response:
    """A job asks its condition of everybody within seconds; a list is what it is."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        None,
        lambda once: ask_refresh(desk.ledger, code, request=once, principal=desk.principal),
    )
    return render.told(SegmentMade, answer)


@router.post(
    "/segments/{code}:archive",
    tags=["programme"],
    summary="Archive a segment",
    **_of_one(segments.SegmentInUse),
)
async def archive_segment(request: Request, code: SegmentCode) -> Response:
    """Nobody is in it from now on; its code stays taken, its history of sizes is kept. One that a rule asks for stays."""
    desk = desk_of(request)
    answer = await asked_once(
        desk, None, lambda once: archive(desk.ledger, code, request=once, principal=desk.principal)
    )
    return render.told(SegmentMade, answer)
