"""Back-tests: ask for one, see how far it is, cancel it, fetch its report. A process of its own runs it, never this one."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
import structlog
from fastapi import APIRouter, FastAPI, Query, Request, Response
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.bodies import DocumentBody, canonical
from jifen.api.errors import document_refused
from jifen.api.fields import Answer, Code, Instant, Words
from jifen.api.ids import BacktestId
from jifen.api.languages import Language, language_of
from jifen.api.leaving import while_there
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.document.problems import DocumentRefused
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.refusals_of_programs import DocumentTooHeavy
from jifen.operations.check_document import check_document
from jifen.operations.look_after_files import look_after_files
from jifen.operations.read_backtest import PAGE_MAX, list_backtests, read_backtest, read_report
from jifen.operations.run_backtest import (
    ask_backtest,
    look_after_backtests,
    stop_backtest,
)
from jifen.present.catalogue import FIRST
from jifen.present.ids import prefixed
from jifen.present.refusals import failure_message
from jifen.present.shown import shown_instant
from jifen.store.backtests import ListedBacktest, StoredBacktest

STORES_MAX = 1_000
LOOKS_EVERY_SECONDS = 15
MEDIA = {
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}

log = structlog.get_logger("jifen.backtest")
router = APIRouter(prefix="/v1", route_class=GuardedRoute)


def _day_of(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("day_unknown", "there is no such day") from None
    raise PydanticCustomError("day_form", "a day is text such as 2026-01-31")


Day: TypeAlias = Annotated[
    date,
    BeforeValidator(_day_of),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-01-31"]}),
]
State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]
Stage: TypeAlias = Literal["waiting", "snapshot", "checking", "comparing"]


class BacktestBody(DocumentBody):
    """A draft to be tried on the past, and what it is compared with."""

    against: Literal["live"] | dict[str, Any] = Field(
        default="live", description="`live`: what was published, as it was in effect; or another document."
    )
    label: Words = Field(default="draft", description="What the report calls the draft.")
    from_on: Day | None = Field(default=None, description="First day; absent: the first of the history.")
    to_on: Day | None = Field(default=None, description="Last day; absent: the last full day of the history.")
    stores: list[Code] = Field(
        default=[],
        max_length=STORES_MAX,
        description="Only members who bought there most often; empty: everybody.",
    )
    sample_bps: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = Field(
        default=None, description="Only this share of the members, in ten-thousandths."
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)] = Field(
        default=0, description="Which members a sample draws, and what redemptions draw."
    )
    redemptions: Literal["replayed", "drawn"] = Field(
        default="replayed",
        description="Redemptions as they were, or drawn from each member's own habit with the seed.",
    )
    rich_bps: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        default=2_000, description="A basket that earns more than this share of what was paid is told of."
    )
    elasticity_bps: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] | None = Field(
        default=None,
        description="By so many ten-thousandths of a point of a hundred sales grow for each point given back more; adds a table.",
    )


class BacktestAsked(Answer):
    """A back-test, by its id."""

    backtest_id: BacktestId
    state: State
    asked_at: Instant


class BacktestFailure(Answer):
    """Why there is no result: a refusal's code, or that of a snapshot or process."""

    code: str
    detail: str
    message: str = Field(
        description="The code's sentence in the language that Accept-Language asks for, else in Chinese."
    )
    message_zh: str


class BacktestListed(BacktestAsked):
    """How far a back-test is, as a list tells it."""

    label: str = Field(description="What its report calls the draft.")
    asked_by: str
    started_at: Instant | None
    ended_at: Instant | None
    stage: Stage | None
    percent: int
    seconds_left: int | None
    failure: BacktestFailure | None


class BacktestsAnswer(Answer):
    """A page of back-tests, newest first."""

    data: list[BacktestListed]
    next_cursor: BacktestId | None


class BacktestAnswer(BacktestAsked):
    """How far a back-test is, and what came of it. It is kept for 30 days after its end."""

    asked_by: str
    started_at: Instant | None
    ended_at: Instant | None
    stage: Stage | None = Field(description="What it does, or did last; `percent` is of this stage.")
    percent: int
    seconds_left: int | None
    missing: list[dict[str, Any]] | None = Field(
        description="Facts that the draft asks for and the history does not tell, with numbers and sentences; known before "
        "anything is compared."
    )
    failure: BacktestFailure | None
    result: dict[str, Any] | None = Field(description="Of a done one: docs/reference/backtest.schema.json.")


@router.post(
    "/backtests",
    tags=["programme"],
    summary="Ask for a back-test",
    **said(
        permission=Permission.BACKTESTS_RUN,
        answer=BacktestAsked,
        status=202,
        has_body=True,
        has_key=True,
        refuses=[no.ProgramRefused, DocumentTooHeavy, no.ProgramMissing],
    ),
)
async def ask(request: Request, body: BacktestBody) -> Response:
    """A process of its own replays the past with the draft; one at a time, others wait. Ask how far it is by its id."""
    desk = desk_of(request)
    await _check(request, body, language_of(request))
    answer = await asked_once(
        desk,
        body,
        lambda once: ask_backtest(
            desk.ledger,
            canonical(body),
            asked_by=desk.principal.actor(),
            request=once,
            by=desk.principal,
        ),
    )
    address = request.app.state.address
    if address is not None and not answer["is_replay"]:
        await look_after_backtests(desk.ledger, address, request.app.state.home)
    return render.told(BacktestAsked, answer, status=202)


async def _check(request: Request, body: BacktestBody, language: str) -> None:
    if body.from_on is not None and body.to_on is not None and body.from_on > body.to_on:
        raise no.FieldWrong(
            f"the period ends before it begins: from {body.from_on} to {body.to_on}", pointer="/from_on"
        )
    for name, document in (("document", body.document), ("against", body.against)):
        if isinstance(document, dict):
            try:
                await while_there(request, check_document(document))
            except DocumentTooHeavy as heavy:
                heavy.pointer = f"/{name}"
                raise
            except DocumentRefused as refused:
                refusal = document_refused(refused, language)
                refusal.pointer = refusal.pointer.replace("/document", f"/{name}", 1)
                raise refusal from None


@router.get(
    "/backtests",
    tags=["programme"],
    summary="List back-tests",
    **said(permission=Permission.BACKTESTS_READ, answer=BacktestsAnswer),
)
async def list_all(
    request: Request,
    before: Annotated[
        BacktestId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """Those that wait or run, and those that ended within 30 days, the newest first; without documents and results."""
    page, following = await list_backtests(desk_of(request).ledger, before=before, limit=limit)
    return render.answered(
        BacktestsAnswer(data=[_listed(one, language_of(request)) for one in page], next_cursor=following)
    )


def _listed(one: ListedBacktest, language: str) -> BacktestListed:
    values = {name: getattr(one, name) for name in BacktestListed.model_fields}
    said = {"label": one.label or "draft", "failure": _failure(one.failure, language)}
    return BacktestListed(**values | said)


def _failure(failure: dict[str, Any] | None, language: str) -> dict[str, Any] | None:
    """Why it failed, said in the language and in Chinese."""
    if failure is None:
        return None
    return {
        "code": failure["code"],
        "detail": failure["detail"],
        "message": failure_message(failure, language),
        "message_zh": failure_message(failure, "zh"),
    }


@router.get(
    "/backtests/{backtest_id:id}",
    tags=["programme"],
    summary="Read a back-test",
    **said(
        permission=Permission.BACKTESTS_READ,
        answer=BacktestAnswer,
        names_in_address=[no.BacktestUnknown],
    ),
)
async def get(request: Request, backtest_id: BacktestId) -> Response:
    """How far it is, and its result once it is done. One whose process is gone has failed and says so."""
    desk = desk_of(request)
    found = await read_backtest(desk.ledger, backtest_id)
    result = (
        await read_report(desk.ledger, backtest_id, form="json", language="")
        if found.state == "done"
        else None
    )
    return render.answered(_shown(found, result, language_of(request)))


def _shown(found: StoredBacktest, result: bytes | None, language: str) -> dict[str, Any]:
    def moment(at: Any) -> str | None:
        return None if at is None else shown_instant(at)

    return {
        "backtest_id": prefixed("bkt", found.backtest_id),
        "state": found.state,
        "asked_at": moment(found.asked_at),
        "asked_by": found.asked_by,
        "started_at": moment(found.started_at),
        "ended_at": moment(found.ended_at),
        "stage": found.stage,
        "percent": found.percent,
        "seconds_left": found.seconds_left,
        "missing": found.missing,
        "failure": _failure(found.failure, language),
        # Some hundred kilobytes that are JSON already.
        "result": None if result is None else msgspec.Raw(result),
    }


@router.post(
    "/backtests/{backtest_id:id}:cancel",
    tags=["programme"],
    summary="Cancel a back-test",
    **said(
        permission=Permission.BACKTESTS_RUN,
        answer=BacktestAsked,
        has_key=True,
        names_in_address=[no.BacktestUnknown],
    ),
)
async def cancel(request: Request, backtest_id: BacktestId) -> Response:
    """What waits never runs; what runs stops within seconds. One that is over stays as it is."""
    desk = desk_of(request)
    answer = await asked_once(
        desk, None, lambda once: stop_backtest(desk.ledger, backtest_id, once, by=desk.principal)
    )
    return render.told(BacktestAsked, answer)


REPORT_SAID = said(
    permission=Permission.BACKTESTS_READ,
    answer=BacktestAsked,
    refuses=[no.BacktestUnfinished],
    names_in_address=[no.BacktestUnknown],
)
REPORT_SAID["responses"][200] = {
    "description": "The report.",
    "content": {
        "text/html": {"schema": {"type": "string"}},
        MEDIA["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
        MEDIA["json"]: {"schema": {"type": "object", "additionalProperties": True}},
    },
}


@router.get(
    "/backtests/{backtest_id:id}/report",
    tags=["programme"],
    summary="Fetch a back-test's report",
    **REPORT_SAID,
)
async def report(
    request: Request,
    backtest_id: BacktestId,
    format: Annotated[Literal["html", "xlsx", "json"], Query(description="json has no language.")] = "html",
    language: Language = None,
) -> Response:
    """One self-contained page, a workbook, or every figure as JSON. In English where nothing else is asked for, or where it
    was made before there was a catalogue of that language.
    """
    ledger, language = desk_of(request).ledger, language_of(request, language, otherwise="en")
    try:
        content = await read_report(ledger, backtest_id, form=format, language=language)
    except no.BacktestUnfinished:
        if language in FIRST:
            raise
        language = "en"
        content = await read_report(ledger, backtest_id, form=format, language=language)
    name = f"backtest-{backtest_id.hex[-8:]}{'' if format == 'json' else f'-{language}'}.{format}"
    how = "attachment" if format == "xlsx" else "inline"
    return Response(
        content,
        media_type=MEDIA[format],
        headers={"Content-Disposition": f'{how}; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


async def look_after(app: FastAPI) -> None:
    """See to it that what waits is worked off, also after a restart: back-tests, and files that come in or go out."""
    while True:
        try:
            if app.state.address is not None and app.state.ledger is not None:
                await look_after_backtests(app.state.ledger, app.state.address, app.state.home)
                await look_after_files(app.state.ledger, app.state.address, app.state.home)
        except Exception as failure:
            log.warning("what waits could not be looked after", error=repr(failure))
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
