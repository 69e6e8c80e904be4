"""Exports: the journal of a period as files, made by a process of their own. Nothing of them names a person."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.backtests import MEDIA, Day
from jifen.api.fields import Answer, Body, Instant
from jifen.api.ids import ExportId
from jifen.api.imports import State, TaskFailure, begin_work, task_failure
from jifen.api.languages import language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.api.uploads import home_of
from jifen.domain import file_refusals as no
from jifen.domain.principal import Permission
from jifen.domain.refusals import ProgramMissing
from jifen.operations.export_journal import (
    PAGE_MAX,
    ask_export,
    cancel_export,
    fetch_export,
    list_exports,
    read_export,
)
from jifen.store.file_tasks import FileTask
from jifen.store.task_files import folder_of

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


class ExportBody(Body):
    """Which days; what was recorded on them, in the programme's zone."""

    from_on: Day | None = Field(default=None, description="First day; absent: from the beginning.")
    to_on: Day | None = Field(default=None, description="Last day; absent: to the end.")


class ExportAsked(Answer):
    """An export, by its id."""

    export_id: ExportId
    state: State
    asked_at: Instant


class ExportTotal(Answer):
    """What a verb moved in a currency: `units` from the members' side, in smallest units."""

    currency: str
    line: str = Field(description="before and after: what all members held; between them a verb.")
    postings: int
    units: int


class ExportHolds(Answer):
    """What the files hold. The totals of each currency lead from before to after."""

    entries: int
    postings: int
    totals: list[ExportTotal]
    has_workbook: bool = Field(description="False where a sheet does not hold so many rows: take the CSV.")


class ExportAnswer(ExportAsked):
    """How far an export is, and what it holds. It is listed for 30 days; its files go seven days after its end."""

    from_on: str | None
    to_on: str | None
    asked_by: str
    ended_at: Instant | None
    percent: int
    has_files: bool
    holds: ExportHolds | None
    failure: TaskFailure | None


class ExportsAnswer(Answer):
    """A page of exports, newest first."""

    data: list[ExportAnswer]
    next_cursor: ExportId | None


@router.post(
    "/exports",
    tags=["operation"],
    summary="Ask for an export of the journal",
    **said(
        permission=Permission.BOOKS_EXPORT,
        answer=ExportAsked,
        has_body=True,
        has_key=True,
        refuses=[ProgramMissing],
    ),
)
async def ask_for_export(request: Request, body: ExportBody) -> Response:
    """Entries and postings that were recorded on these days, and what they come to, of one instant."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        body,
        lambda once: ask_export(
            desk.ledger, from_on=body.from_on, to_on=body.to_on, language=language_of(request), request=once,
            by=desk.principal,
        ),
    )  # fmt: skip
    await begin_work(request, desk.ledger)
    return render.told(ExportAsked, answer)


@router.get(
    "/exports",
    tags=["operation"],
    summary="List exports of the journal",
    **said(permission=Permission.BOOKS_EXPORT, answer=ExportsAnswer),
)
async def get_exports(
    request: Request,
    before: Annotated[
        ExportId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """Those of the last 30 days, the newest first."""
    page, following = await list_exports(desk_of(request).ledger, before=before, limit=limit)
    return render.answered(ExportsAnswer(data=[_shown(one, request) for one in page], next_cursor=following))


@router.get(
    "/exports/{export_id:id}",
    tags=["operation"],
    summary="Read an export of the journal",
    **said(permission=Permission.BOOKS_EXPORT, answer=ExportAnswer, names_in_address=[no.ExportUnknown]),
)
async def get_export(request: Request, export_id: ExportId) -> Response:
    """How far it is, and what its files hold."""
    return render.answered(_shown(await read_export(desk_of(request).ledger, export_id), request))


@router.post(
    "/exports/{export_id:id}:cancel",
    tags=["operation"],
    summary="Cancel an export",
    **said(
        permission=Permission.BOOKS_EXPORT,
        answer=ExportAsked,
        has_key=True,
        names_in_address=[no.ExportUnknown],
    ),
)
async def cancel_an_export(request: Request, export_id: ExportId) -> Response:
    """It stops, also while it runs, and its files go. One that is over stays as it is."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        None,
        lambda once: cancel_export(desk.ledger, home_of(request), export_id, once, by=desk.principal),
    )
    return render.told(ExportAsked, answer)


def _shown(found: FileTask, request: Request) -> ExportAnswer:
    return ExportAnswer(
        export_id=found.task_id,
        state=cast("State", found.state),
        asked_at=found.asked_at,
        from_on=found.question["from_on"],
        to_on=found.question["to_on"],
        asked_by=found.asked_by,
        ended_at=found.ended_at,
        percent=found.percent,
        has_files=found.state == "done"
        and folder_of(home_of(request), found.task_id, room="exports").is_dir(),
        holds=ExportHolds(**found.answer) if found.answer else None,
        failure=task_failure(found.failure, language_of(request)),
    )


FILE_SAID = said(
    permission=Permission.BOOKS_EXPORT,
    answer=ExportAnswer,
    refuses=[no.ExportUnfinished],
    names_in_address=[no.ExportUnknown],
)
FILE_SAID["responses"][200] = {
    "description": "The file.",
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        MEDIA["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
    },
}


@router.get(
    "/exports/{export_id:id}/file",
    tags=["operation"],
    summary="Fetch a file of an export",
    **FILE_SAID,
)
async def get_export_file(
    request: Request,
    export_id: ExportId,
    name: Annotated[Literal["entries.csv", "postings.csv", "totals.csv", "journal.xlsx"], Query()],
) -> Response:
    """CSV in UTF-8 with the names of its columns, or the workbook. Times are of the programme's zone, units smallest ones."""
    desk = desk_of(request)
    path = await fetch_export(desk.ledger, home_of(request), export_id, name, by=desk.principal)
    kind = MEDIA["xlsx"] if name.endswith(".xlsx") else "text/csv; charset=utf-8"
    called = f"{name.partition('.')[0]}-{export_id.hex[-8:]}.{name.partition('.')[2]}"
    return FileResponse(path, media_type=kind, filename=called, headers={"X-Content-Type-Options": "nosniff"})
