"""The audit: who did what, for whoever may look."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.fields import Answer, Instant
from jifen.api.ids import AuditId
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain.audit import Deed
from jifen.domain.principal import Permission
from jifen.operations.read_audit import look_into_audit
from jifen.present.audit import act_said, audit_document
from jifen.store.audit import AuditQuery

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


class AuditAnswer(Answer):
    """One act. It holds nothing personal: things are named by their ids, why is a word of a closed set."""

    audit_id: str
    happened_at: Instant
    principal_kind: str = Field(description="key, operator, person, job, or local: a command on the machine.")
    principal_id: str | None = Field(description="Of a key or operator its id.")
    principal: str = Field(description="Its name; of a command the account of the operating system.")
    deed: str = Field(description="What was done, such as key.made.")
    about: list[str] = Field(description="What it was about, by ids: key_..., rev_12, per_...")
    why: str | None = Field(description="Why somebody looked at persons.")
    came_from: str | None = Field(description="The address it was asked from.")
    count: int = Field(description="How many things it was about.")
    details: dict[str, Any]
    sentence: str = Field(description="What was done, in the language that is asked for.")


class AuditPage(Answer):
    """Acts, newest first."""

    data: list[AuditAnswer]
    next_cursor: str | None


@router.get(
    "/audit",
    tags=["operation"],
    summary="Look into the audit",
    **said(permission=Permission.AUDIT_READ, answer=AuditPage),
)
async def get_audit(
    request: Request,
    about: Annotated[
        str | None,
        Query(
            pattern=r"^[a-z]{3}_[0-9a-f]{1,32}$",
            description="An id: what an act was about, per_... or key_...",
        ),
    ] = None,
    principal: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Who acted: a name, or the id of a key.")
    ] = None,
    deed: Annotated[Deed | None, Query(description="What was done.")] = None,
    since: Annotated[Instant | None, Query(description="From that moment on.")] = None,
    until: Annotated[Instant | None, Query(description="Before that moment.")] = None,
    before: Annotated[
        AuditId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    language: Language = None,
) -> Response:
    """Everything that was done outside the journal, and every reading of personal data: who, what, about what, why, from where.
    An entry of the journal is its own audit, and not told here.
    """
    spoken = language_of(request, language)
    query = AuditQuery(about=about, principal=principal, deed=deed, since=since, until=until)
    rows, after = await look_into_audit(desk_of(request).ledger, query, before=before, limit=limit)
    return render.answered(
        AuditPage(
            data=[AuditAnswer(**audit_document(row), sentence=act_said(row, spoken)) for row in rows],
            next_cursor=f"adt_{after.hex}" if after else None,
        )
    )
