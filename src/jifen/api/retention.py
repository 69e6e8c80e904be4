"""How long what is personal is kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.fields import Answer, Body
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.retention import DAYS_MAX, NEVER, PeriodReason, class_named
from jifen.operations.apply_retention import change_retention, count_due, read_retention
from jifen.present.retention import retention_shown

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["persons"])


class RetentionRow(Answer):
    """A class of data that goes after a time."""

    class_: str = Field(alias="class")
    name: str
    why: str = Field(description="Why it is kept so long.")
    days: int | None = Field(description="null: for good.")
    is_default: bool
    least_days: int = Field(
        description="The least that may be set: what a late message may ask for never goes."
    )
    due: int = Field(description="How much has outlived it, and goes within hours.")


class DueAnswer(Answer):
    """How much of a class would go, were it kept so long."""

    days: int | None
    due: int


class PeriodBody(Body):
    """How long a class is kept from now on, and why."""

    days: Annotated[int, Field(strict=True, ge=1, le=DAYS_MAX)] | None = Field(
        description="null: for good. Not less than `least_days` of the class."
    )
    reason: Annotated[PeriodReason, Field(strict=False)] = Field(description="It stands in the audit.")


class PeriodAnswer(Answer):
    """How long a class is kept."""

    class_: str = Field(alias="class")
    days: int | None


Class = Annotated[
    str, Path(alias="class", max_length=50, examples=["notes"], description="As the list names it.")
]


class RetentionAnswer(Answer):
    """Every class. The journal is not among them: it is kept for good."""

    data: list[RetentionRow]


@router.get(
    "/retention",
    summary="Read how long data is kept",
    **said(permission=Permission.PROGRAM_READ, answer=RetentionAnswer),
)
async def get_retention(request: Request, language: Language = None) -> Response:
    """How long each class of data is kept and why."""
    kept = await read_retention(desk_of(request).ledger)
    return render.answered({"data": retention_shown(kept, language_of(request, language))})


@router.get(
    "/retention/{class}/due",
    summary="Count what a period would let go",
    **said(permission=Permission.PROGRAM_READ, answer=DueAnswer),
)
async def get_due(
    request: Request,
    which: Class,
    days: Annotated[
        int | None, Query(ge=1, le=DAYS_MAX, description="So many days; without it: kept for good.")
    ] = None,
) -> Response:
    """How much of a class would go within hours if this period were set. Nothing is changed."""
    due = await count_due(desk_of(request).ledger, class_named(which), NEVER if days is None else days)
    return render.answered(DueAnswer(days=days, due=due))


@router.put(
    "/retention/{class}",
    summary="Set how long data is kept",
    **said(
        permission=Permission.PERSONS_ERASE,
        answer=PeriodAnswer,
        has_body=True,
        refuses=[no.StoreNotPermitted],
    ),
)
async def set_period(request: Request, which: Class, body: PeriodBody) -> Response:
    """How long a class is kept from now on. What has outlived a shorter period goes within hours, for good."""
    desk, kind = desk_of(request), class_named(which)
    days = NEVER if body.days is None else body.days
    await change_retention(desk.ledger, kind, days, reason=body.reason, principal=desk.principal)
    return render.answered({"class": str(kind), "days": body.days})
