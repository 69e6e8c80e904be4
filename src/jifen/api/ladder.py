"""The ladder in force: its sentences, who stands where, who moved when, and who is about to fall."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.backtests import Day
from jifen.api.counted import counted_lately
from jifen.api.fields import Answer, Instant
from jifen.api.ids import MemberId
from jifen.api.languages import Language, language_of
from jifen.api.overview_answers import DAY
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.operations.read_ladder import DAYS_AHEAD, DAYS_AHEAD_MAX, list_falling, read_ladder
from jifen.present.ladders import falling_shown, ladder_shown

router = APIRouter(prefix="/v1", route_class=GuardedRoute)
COUNTS = "spend, visits, or the code of a currency."


class LadderTier(Answer):
    """A tier, lowest first, as a sentence; `reach` and `keep` are in what the ladder counts."""

    tier: str
    names: dict[str, str]
    sentence: str
    reach: int
    keep: int
    members: int | None = Field(
        description="Active and frozen ones who hold it now; null: they are too many to be counted here."
    )


class TierStep(Answer):
    """Moves of a day or a month, by its first day."""

    on: str = Field(json_schema_extra=DAY)
    up: int
    down: int


class TierPair(Answer):
    """Moves from one tier to another."""

    before: str
    after: str
    is_up: bool
    moves: int
    by_time: int = Field(description="Of these, what a review did; the others an entry.")


class LadderAnswer(Answer):
    """The first ladder of the programme in force. `steps`, `pairs` and `judged` are null where there are too many members to look
    at each. A move that was taken back by a void is none."""

    as_of: Instant
    from_on: str = Field(json_schema_extra=DAY)
    to_on: str = Field(json_schema_extra=DAY)
    counts: str = Field(description=COUNTS)
    sentences: list[str]
    tiers: list[LadderTier]
    step: Literal["day", "month"]
    steps: list[TierStep] | None
    pairs: list[TierPair] | None
    judged: int | None = Field(description="So many have their tier judged by `judged_by`.")
    judged_by: str = Field(json_schema_extra=DAY)


class FallingMember(Answer):
    """Who falls on the day on which he is judged, if nothing more counts until then."""

    member_id: MemberId
    keys: list[str] = Field(description="Masked.")
    tier: str
    falls_to: str
    judged_on: str = Field(json_schema_extra=DAY)
    is_in_grace: bool
    counted: int = Field(description="Of what keeps the tier, as far as it counts on that day.")
    keep: int
    missing: int


class FallingAnswer(Answer):
    """Those who are about to fall, the soonest first; null: there are too many members to look at each.

    A page may hold fewer than were asked for, or none, and still have a next one.
    """

    data: list[FallingMember] | None
    counts: str = Field(description=COUNTS)
    until_on: str = Field(json_schema_extra=DAY)
    next_cursor: str | None


@router.get(
    "/tiers",
    tags=["programme"],
    summary="Read the ladder",
    **said(permission=Permission.BOOKS_READ, answer=LadderAnswer, refuses=[no.ProgramMissing]),
)
async def get_ladder(
    request: Request,
    from_on: Annotated[Day | None, Query(description="First day; absent: 90 days before the end.")] = None,
    to_on: Annotated[Day | None, Query(description="Last day; absent: the last whole one.")] = None,
    language: Language = None,
) -> Response:
    """The ladder as sentences, members by tier, and how they moved in a period: by day up to 92 days, by month beyond."""
    ledger, spoken = desk_of(request).ledger, language_of(request, language)
    view = await counted_lately(
        request, ("tiers", from_on, to_on), lambda: read_ladder(ledger, from_on=from_on, to_on=to_on)
    )
    return render.answered(LadderAnswer(**ladder_shown(view, spoken)))


@router.get(
    "/tiers:falling",
    tags=["programme"],
    summary="List who is about to fall",
    **said(permission=Permission.MEMBERS_LIST, answer=FallingAnswer, refuses=[no.ProgramMissing]),
)
async def get_falling(
    request: Request,
    within_days: Annotated[
        int, Query(ge=1, le=DAYS_AHEAD_MAX, description="Who is judged within so many days.")
    ] = DAYS_AHEAD,
    before: Annotated[
        str | None, Query(max_length=80, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Whose tier is judged soon and would not be kept by what counts so far, the soonest first."""
    page = await list_falling(desk_of(request).ledger, within_days=within_days, before=before, limit=limit)
    return render.answered(FallingAnswer(**falling_shown(page)))
