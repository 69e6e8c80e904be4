"""The audit: who did what, for whoever may look."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from jifen.api import render
from jifen.api.fields import Answer, Instant
from jifen.api.ids import AuditId
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain.audit import Deed
from jifen.domain.principal import Permission
from jifen.operations.read_audit import look_into_audit, note_taken
from jifen.present.audit import COLUMNS, act_said, audit_cells, audit_document
from jifen.store.audit import AuditQuery
from jifen.store.ledger import Ledger

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


AboutQuery = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z]{3}_[0-9a-f]{1,32}$",
        description="An id: what an act was about, per_... or key_...",
    ),
]
PrincipalQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Who acted: a name, or the id of a key.")
]
DeedQuery = Annotated[Deed | None, Query(description="What was done.")]
SinceQuery = Annotated[Instant | None, Query(description="From that moment on.")]
UntilQuery = Annotated[Instant | None, Query(description="Before that moment.")]
AT_ONCE = 1_000


@router.get(
    "/audit",
    tags=["operation"],
    summary="Look into the audit",
    **said(permission=Permission.AUDIT_READ, answer=AuditPage),
)
async def get_audit(
    request: Request,
    about: AboutQuery = None,
    principal: PrincipalQuery = None,
    deed: DeedQuery = None,
    since: SinceQuery = None,
    until: UntilQuery = None,
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


FILE_SAID = said(permission=Permission.AUDIT_READ, answer=AuditPage)
FILE_SAID["responses"][200] = {
    "description": "The file.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


@router.get("/audit/file", tags=["operation"], summary="Take the audit along as a file", **FILE_SAID)
async def get_audit_file(
    request: Request,
    about: AboutQuery = None,
    principal: PrincipalQuery = None,
    deed: DeedQuery = None,
    since: SinceQuery = None,
    until: UntilQuery = None,
    language: Language = None,
) -> Response:
    """Every act that the filters let through, newest first, as CSV in UTF-8, however many. That it was taken along stands in the
    audit first.
    """
    desk, spoken = desk_of(request), language_of(request, language)
    query = AuditQuery(about=about, principal=principal, deed=deed, since=since, until=until)
    taken = await note_taken(desk.ledger, principal=desk.principal)
    headers = {
        "Content-Disposition": 'attachment; filename="audit.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    lines = _lines(desk.ledger, query, spoken, before=taken)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(
    ledger: Ledger, query: AuditQuery, language: str, *, before: UUID | None
) -> AsyncIterator[str]:
    """The file, a page at a time, so that it is never whole in memory. Rows are only ever added, so pages fit together."""
    yield "\ufeff" + csv_line([*COLUMNS, "sentence"])
    while before is not None:
        rows, before = await look_into_audit(ledger, query, before=before, limit=AT_ONCE)
        yield "".join(csv_line(audit_cells(row, language)) for row in rows)


def csv_line(cells: list[str]) -> str:
    """A line of CSV."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
