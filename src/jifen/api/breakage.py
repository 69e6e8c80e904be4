"""What became of the units that were opened in each month, and what of the open ones will never be claimed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.counted import counted_lately
from jifen.api.fields import Answer, Code, Instant
from jifen.api.overview_answers import DAY
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.operations.read_breakage import read_breakage
from jifen.present.breakage import breakage_shown

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


class BreakageMonth(Answer):
    """Units that were opened in a month: opened = used + expired + returned + open."""

    month: str | None = Field(json_schema_extra=DAY, description="Its first day; null: all months before.")
    age_months: int | None
    opened: int
    used: int = Field(description="Redeemed, given, exchanged, or taken by hand.")
    expired: int
    returned: int = Field(description="Taken back with what had brought them.")
    open: int = Field(description="Open or held, as the lots stand.")


class BreakageAnswer(Answer):
    """Units of one currency by the month in which they were opened, oldest first; null where the journal is too long."""

    as_of: Instant
    currency: str
    months: list[BreakageMonth] | None
    open_units: int | None
    open_minor: int | None
    ended_units: int | None = Field(description="Used or expired, of months of which nothing is open.")
    ended_expired_units: int | None
    breakage_units: int | None = Field(
        description="Of what is open, so much is expected never to be claimed, by the ended months; null: too little has ended."
    )
    breakage_minor: int | None


@router.get(
    "/breakage",
    tags=["operation"],
    summary="Read the breakage curve",
    **said(permission=Permission.BOOKS_READ, answer=BreakageAnswer, refuses=[no.ProgramMissing]),
)
async def get_breakage(
    request: Request,
    currency: Annotated[
        Code | None, Query(description="Absent: the first currency that can be spent.")
    ] = None,
) -> Response:
    """What was used, has expired, came back and is open of the units of each of 24 months, by the lots as they stand."""
    ledger = desk_of(request).ledger
    found = await counted_lately(
        request, ("breakage", currency), lambda: read_breakage(ledger, currency=currency)
    )
    return render.answered(BreakageAnswer(**breakage_shown(found)))
