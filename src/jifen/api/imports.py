"""Imports: upload a file, see its first rows, try it, import it, see how far it is and what was not taken.

This process keeps the file and hands out what was made of it; it reads no row of it itself (decision 0133).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, cast

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field, JsonValue

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.errors import BodyCutShort, UploadTooLarge
from jifen.api.fields import Answer, Body, Instant, Words
from jifen.api.ids import ImportId
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.api.uploads import home_of, uploaded
from jifen.domain import file_refusals as no
from jifen.domain.principal import Permission
from jifen.domain.refusals import FieldWrong, ProgramMissing, StoreNotPermitted
from jifen.domain.texts import WORDS, TextRefused, canonical
from jifen.operations.handle_imports import (
    PAGE_MAX,
    Mode,
    What,
    ask_import,
    cancel_import,
    first_rejects,
    keep_upload,
    line_attributes,
    list_imports,
    note_look,
    read_import,
    rejects_file,
)
from jifen.operations.look_after_files import look_after_files
from jifen.operations.look_at_file import look_at_file
from jifen.present.refusals import failure_message
from jifen.store.file_tasks import FileTask
from jifen.store.ledger import Ledger
from jifen.store.task_files import source_of

NAME_MAX = 120
router = APIRouter(prefix="/v1", route_class=GuardedRoute)

State: TypeAlias = Literal["ready", "waiting", "running", "done", "failed", "cancelled"]
Stage: TypeAlias = Literal["reading", "checking", "writing"]


class UploadBody(Body):
    """What an upload is known by when it comes again."""

    what: What
    name: Words
    file: str


class MappingBody(Body):
    """Which column is which field, as docs/import.md tells it; every value is text."""

    mapping: dict[str, JsonValue] = Field(max_length=20)


class ImportAsked(Answer):
    """An import, by its id."""

    import_id: ImportId
    state: State
    asked_at: Instant


class MappingProblem(Answer):
    """What is wrong with a mapping, and where."""

    path: str
    message: str


class TaskFailure(Answer):
    """Why it failed: a stable code, and its sentence in the language that Accept-Language asks for, else in Chinese."""

    code: str
    detail: str
    message: str
    problems: list[MappingProblem]


class Reason(Answer):
    """How many rows were refused for a reason; a row may have several."""

    code: str
    rows: int


class ImportCounts(Answer):
    """What it came to: found = added + known + refused, of purchases or of members. Of a dry run, what it would come to."""

    is_dry_run: bool
    found: int
    added: int
    added_lines: int | None = Field(default=None, description="Of purchases.")
    added_lots: int | None = Field(default=None, description="Of opening balances.")
    known: int
    refused: int
    new_members: int
    of_nobody: int | None = Field(default=None, description="Receipts that name no member.")
    units: dict[str, int] | None = Field(
        default=None, description="Of opening balances: smallest units by currency."
    )
    units_forever: dict[str, int] | None = Field(default=None, description="Of these such as never expire.")
    rejected_rows: int
    reasons: list[Reason]


class ImportAnswer(ImportAsked):
    """How far an import is, and what came of it. It is kept for 30 days; files of it for seven days after its end."""

    what: What
    name: str
    bytes: int
    asked_by: str
    started_at: Instant | None
    ended_at: Instant | None
    mode: Mode | None = Field(description="What was asked of it last: a dry run, or to import.")
    stage: Stage | None = Field(description="What it does, or did last; `percent` is of this stage.")
    percent: int
    mapping: dict[str, Any] | None = Field(description="The mapping that was said last.")
    has_file: bool = Field(description="Whether the uploaded file is still there to be imported.")
    counts: ImportCounts | None
    failure: TaskFailure | None


class ImportsAnswer(Answer):
    """A page of imports, newest first."""

    data: list[ImportAnswer]
    next_cursor: ImportId | None


class FirstRows(Answer):
    """The head of a file, and a mapping to begin from: a guess, for a person to correct."""

    format: Literal["csv", "parquet"]
    encoding: str | None
    separator: str | None
    quote: str | None
    header: list[str]
    rows: list[list[str | None]] = Field(description="The first 20, as text.")
    mapping: dict[str, Any]
    fields: list[str] = Field(description="The fields that a column may be.")
    attributes: list[str] = Field(
        description="Of purchases: the line attributes that the programme declares. A column may be one, in `columns.attributes`."
    )
    needs_zone: bool = Field(description="Its times carry no offset: the mapping names a zone.")


class Reject(Answer):
    """A row that was not taken."""

    row: int
    column: str | None
    value: str | None
    code: str
    reason: str = Field(description="In the language that is asked for.")


class RejectsAnswer(Answer):
    """Of each reason the first rows; the file has all."""

    data: list[Reject]


UPLOAD_SAID = said(
    permission=Permission.PURCHASES_IMPORT,
    answer=ImportAsked,
    status=201,
    has_key=True,
    refuses=[UploadTooLarge, BodyCutShort, no.NoRoom, ProgramMissing, StoreNotPermitted],
)
UPLOAD_SAID["openapi_extra"]["requestBody"] = {
    "required": True,
    "description": "The file itself, up to 2 GiB.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.post("/imports", tags=["operation"], summary="Upload a file to import", **UPLOAD_SAID)
async def upload_import(
    request: Request,
    what: Annotated[What, Query(description="Purchases, or opening balances of another system.")],
    name: Annotated[
        str,
        Query(
            min_length=1,
            max_length=NAME_MAX,
            description="The file's name; one that ends in .parquet is read so.",
        ),
    ],
) -> Response:
    """The file is streamed to Jifen's folder and nothing is imported yet: look at its first rows, try it, then run it."""
    desk = desk_of(request)
    try:
        called = canonical(name.replace("\\", "/").rpartition("/")[2], WORDS)
    except TextRefused as refused:
        raise FieldWrong(str(refused), pointer="/query/name") from None
    async with uploaded(request) as file:
        answer = await asked_once(
            desk,
            UploadBody(what=what, name=called, file=file.sha256),
            lambda once: keep_upload(
                desk.ledger, home_of(request), file.path, what=what, name=called, size=file.size,
                sha256=file.sha256, request=once, by=desk.principal,
            ),
        )  # fmt: skip
    return render.told(ImportAsked, answer, status=201)


@router.get(
    "/imports",
    tags=["operation"],
    summary="List imports",
    **said(permission=Permission.IMPORTS_READ, answer=ImportsAnswer),
)
async def get_imports(
    request: Request,
    before: Annotated[
        ImportId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """Files that were uploaded within 30 days, the newest first, and what came of each."""
    page, following = await list_imports(desk_of(request).ledger, before=before, limit=limit)
    return render.answered(ImportsAnswer(data=[_shown(one, request) for one in page], next_cursor=following))


@router.get(
    "/imports/{import_id:id}",
    tags=["operation"],
    summary="Read an import",
    **said(permission=Permission.IMPORTS_READ, answer=ImportAnswer, names_in_address=[no.ImportUnknown]),
)
async def get_import(request: Request, import_id: ImportId) -> Response:
    """How far it is and what it came to: numbers and codes, and nothing that the file holds."""
    return render.answered(_shown(await read_import(desk_of(request).ledger, import_id), request))


def _shown(found: FileTask, request: Request) -> ImportAnswer:
    question = found.question
    return ImportAnswer(
        import_id=found.task_id,
        what=cast("What", found.kind),
        name=question["name"],
        bytes=question["bytes"],
        state=cast("State", found.state),
        asked_by=found.asked_by,
        asked_at=found.asked_at,
        started_at=found.started_at,
        ended_at=found.ended_at,
        mode=question["mode"],
        stage=cast("Stage | None", found.stage),
        percent=found.percent,
        mapping=question["mapping"],
        has_file=source_of(home_of(request), found.task_id) is not None,
        counts=ImportCounts(**found.answer) if found.answer else None,
        failure=task_failure(found.failure, language_of(request)),
    )


def task_failure(failure: dict[str, Any] | None, language: str) -> TaskFailure | None:
    """Why a task failed, in a language."""
    if failure is None:
        return None
    messages = failure.get("messages", {})
    problems = [
        MappingProblem(path=one["path"], message=one["messages"].get(language, one["messages"]["en"]))
        for one in failure.get("problems", [])
    ]
    message = messages.get(language) or messages.get("en") or failure_message(failure, language)
    return TaskFailure(code=failure["code"], detail=failure["detail"], message=message, problems=problems)


@router.get(
    "/imports/{import_id:id}/rows",
    tags=["operation"],
    summary="See the first rows of an uploaded file",
    **said(
        permission=Permission.PURCHASES_IMPORT,
        answer=FirstRows,
        refuses=[no.FileUnusable, no.ImportOver],
        names_in_address=[no.ImportUnknown],
    ),
)
async def get_first_rows(
    request: Request,
    import_id: ImportId,
    encoding: Annotated[Literal["utf-8", "gb18030"] | None, Query()] = None,
    separator: Annotated[Literal[",", ";", "tab", "|"] | None, Query()] = None,
    quote: Annotated[Literal["double", "none"] | None, Query()] = None,
    language: Language = None,
) -> Response:
    """Its header, its first 20 rows, and which field each column seems to be. How it is written is guessed where nobody says."""
    desk = desk_of(request)
    found = await note_look(desk.ledger, import_id, by=desk.principal)
    path = source_of(home_of(request), import_id)
    if path is None:
        raise no.ImportOver(f"the import is {found.state}", state=found.state)
    form = {"encoding": encoding, "separator": separator, "quote": quote}
    told = await look_at_file(
        path,
        what=found.kind,
        name=found.question["name"],
        language=language_of(request, language),
        form={key: value for key, value in form.items() if value is not None},
    )
    declared = await line_attributes(desk.ledger) if found.kind == "purchases" else []
    return render.answered(FirstRows(**told, attributes=declared))


async def _asked(request: Request, import_id: ImportId, body: MappingBody, mode: Mode) -> Response:
    desk, home = desk_of(request), home_of(request)
    answer = await asked_once(
        desk,
        body,
        lambda once: ask_import(
            desk.ledger, home, import_id, mode=mode, mapping=body.mapping, request=once, by=desk.principal
        ),
    )
    await begin_work(request, desk.ledger)
    return render.told(ImportAsked, answer, status=202)


async def begin_work(request: Request, ledger: Ledger) -> None:
    """Have a process begin, where this one knows of a database of its own."""
    if request.app.state.address is not None:
        await look_after_files(ledger, request.app.state.address, request.app.state.home)


def _asking() -> dict[str, Any]:
    return said(
        permission=Permission.PURCHASES_IMPORT,
        answer=ImportAsked,
        status=202,
        has_body=True,
        has_key=True,
        refuses=[no.ImportBusy, no.ImportOver, StoreNotPermitted],
        names_in_address=[no.ImportUnknown],
    )


@router.post("/imports/{import_id:id}:dry_run", tags=["operation"], summary="Try an import", **_asking())
async def try_import(request: Request, import_id: ImportId, body: MappingBody) -> Response:
    """Everything is read and held against the ledger, and nothing is changed: what would come in, and what would not, and why."""
    return await _asked(request, import_id, body, "dry_run")


@router.post("/imports/{import_id:id}:run", tags=["operation"], summary="Run an import", **_asking())
async def run_import(request: Request, import_id: ImportId, body: MappingBody) -> Response:
    """What is good comes in, once; the rest is told with its reasons. A process that dies is followed by one that goes on."""
    return await _asked(request, import_id, body, "run")


@router.post(
    "/imports/{import_id:id}:cancel",
    tags=["operation"],
    summary="Cancel an import",
    **said(
        permission=Permission.PURCHASES_IMPORT,
        answer=ImportAsked,
        has_key=True,
        names_in_address=[no.ImportUnknown],
    ),
)
async def cancel_this_import(request: Request, import_id: ImportId) -> Response:
    """What runs stops within seconds; what it had brought in by then stays. One that is over stays as it is."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        None,
        lambda once: cancel_import(desk.ledger, home_of(request), import_id, once, by=desk.principal),
    )
    return render.told(ImportAsked, answer)


@router.get(
    "/imports/{import_id:id}/rejects",
    tags=["operation"],
    summary="See what an import did not take",
    **said(permission=Permission.PURCHASES_IMPORT, answer=RejectsAnswer, names_in_address=[no.ImportUnknown]),
)
async def get_rejects(request: Request, import_id: ImportId, language: Language = None) -> Response:
    """Of each reason the first 20 rows, with column, value and reason. They quote what stood in the file."""
    desk, spoken = desk_of(request), language_of(request, language)
    listed = await first_rejects(desk.ledger, home_of(request), import_id, by=desk.principal)
    data = [
        Reject(
            row=one["row"],
            column=one["column"],
            value=one["value"],
            code=one["code"],
            reason=one["reasons"].get(spoken, one["reasons"]["en"]),
        )
        for one in listed
    ]
    return render.answered(RejectsAnswer(data=data))


FILE_SAID = said(
    permission=Permission.PURCHASES_IMPORT, answer=RejectsAnswer, names_in_address=[no.ImportUnknown]
)
FILE_SAID["responses"][200] = {
    "description": "Every row that was not taken, with its reasons.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


@router.get(
    "/imports/{import_id:id}/rejects.csv",
    tags=["operation"],
    summary="Fetch what an import did not take",
    **FILE_SAID,
)
async def get_rejects_file(request: Request, import_id: ImportId) -> Response:
    """All rows that were not taken, with column, value and reasons: for a spreadsheet, in which none of it is a formula."""
    desk = desk_of(request)
    path = await rejects_file(desk.ledger, home_of(request), import_id, by=desk.principal)
    headers = {"X-Content-Type-Options": "nosniff"}
    if path is None:
        return Response("", media_type="text/csv", headers=headers)
    name = f"rejects-{import_id.hex[-8:]}.csv"
    return FileResponse(path, media_type="text/csv", filename=name, headers=headers)
