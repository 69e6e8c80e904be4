"""What is open to everybody: the start page, the health, and the interactive documentation. And the meters."""

from __future__ import annotations

import asyncio
import html
import time
from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, HTMLResponse

from jifen import __version__
from jifen.api import answers as out
from jifen.api import render
from jifen.api.errors import BUSY, RouteUnknown, TooManyRequests
from jifen.api.requests import GuardedRoute, ledger_of
from jifen.api.said import WHO_ASKS, guarded_by, problem_responses
from jifen.domain.principal import Permission
from jifen.domain.refusals import Refusal
from jifen.operations.read_overview import LedgerOverview, read_ledger_health, read_overview
from jifen.operations.read_questions import questions_by_kind
from jifen.present.shown import name_in, units_shown

HEALTH_SECONDS = 5
LATE_SECONDS = 300
"""What time makes due is done every few seconds; what has waited so long waits for somebody."""
NOT_READABLE: tuple[type[Exception], ...] = (Refusal, *BUSY)
PAGE_SECONDS = 10
DOCS_FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}

router = APIRouter()
meters = APIRouter(route_class=GuardedRoute)
log = structlog.get_logger("jifen.api")


@router.head("/v1/health", include_in_schema=False)
@router.get(
    "/v1/health",
    tags=["operation"],
    summary="Health",
    response_model=None,
    responses={
        200: {"model": out.HealthAnswer, "description": "Ready, or ailing: it serves."},
        503: {
            "model": out.HealthAnswer,
            "description": "Alive, and not ready: the database is away, older, or takes no writes.",
        },
    },
    openapi_extra={"security": []},
)
async def health(request: Request) -> Response:
    """Alive when it answers at all; ready when the database can be reached, takes a write (one is tried), and its schema is the
    one known here. `ailing` when it serves, and what time makes due waits for minutes, or something is parked.
    """
    is_reachable, known = True, None
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            known = await read_ledger_health(ledger_of(request))
    except NOT_READABLE:
        is_reachable = False
    is_schema_current = known is not None and known.is_schema_current
    is_writable = known is not None and not known.why_no_writes
    is_time_kept = known is not None and known.due_seconds < LATE_SECONDS
    is_ready = is_schema_current and is_writable
    is_well = is_ready and is_time_kept and known is not None and not known.is_any_parked
    if known is not None and known.why_no_writes:
        log.error("the database takes no writes", why=known.why_no_writes)
    answer = out.HealthAnswer(
        status="ready" if is_well else "ailing" if is_ready else "not_ready",
        is_database_reachable=is_reachable,
        is_schema_current=is_schema_current,
        is_writable=is_writable,
        is_time_kept=is_time_kept,
        oldest_due_at=known.oldest_due_at if known else None,
        members_parked=known.members_parked if known else None,
        effects_parked=known.effects_parked if known else None,
        version=__version__,
    )
    return render.answered(answer, status=200 if is_ready else 503)


@meters.get(
    "/metrics",
    tags=["operation"],
    summary="Numbers for Prometheus",
    response_model=None,
    responses={
        200: {
            "description": "Text in Prometheus's format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problem_responses([*WHO_ASKS, TooManyRequests]),
    },
    openapi_extra=guarded_by(Permission.METRICS_READ),
)
async def metrics(request: Request) -> Response:
    """Requests by route and status, refusals by code, purchases, connections, what waits and what is parked.

    They are told also while the database is away, to a key that was asked for a moment ago.
    """
    meters = request.app.state.meters
    with suppress(*NOT_READABLE):
        async with asyncio.timeout(HEALTH_SECONDS):
            known = await read_ledger_health(ledger_of(request))
            meters.tell_jobs(known.members_parked, known.effects_parked, known.effects_waiting)
            meters.tell_questions(await questions_by_kind(ledger_of(request)))
    return Response(meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/", include_in_schema=False)
async def start_page(request: Request) -> Response:
    """A page for the person who opens the address: what this is, where the documentation is; of a demo how large it is."""
    return HTMLResponse(
        start_page_text(await _overview(request.app, request)),
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        },
    )


async def _overview(app: FastAPI, request: Request) -> LedgerOverview | None:
    known: tuple[float, LedgerOverview | None] | None = getattr(app.state, "overview", None)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            overview = await read_overview(ledger_of(request))
    except NOT_READABLE:
        overview = None
    app.state.overview = (time.monotonic() + (PAGE_SECONDS if overview else 1), overview)
    return overview


@lru_cache(maxsize=1)
def _page() -> str:
    return files("jifen.api").joinpath("start_page.html").read_text(encoding="utf-8")


def start_page_text(overview: LedgerOverview | None) -> str:
    """The start page with its numbers."""
    return (
        _page()
        .replace("<!--LEDGER-->", _ledger_html(overview))
        .replace("<!--VERSION-->", html.escape(__version__))
    )


def _ledger_html(overview: LedgerOverview | None) -> str:
    if overview is None:
        return _both("p", "账本暂时无法读取。", "The ledger cannot be read just now.", "note")
    if overview.timeline is None:
        return _both(
            "p", "尚未发布会员计划：jifen init", "No programme was published yet: jifen init", "note"
        )
    program = overview.timeline.newest
    about = "约 " if overview.sizes.is_estimate else ""
    about_en = "about " if overview.sizes.is_estimate else ""
    name = _both("h2", name_in(program.names, "zh"), name_in(program.names, "en"), "")
    if not overview.label:
        return name  # how many members a shop has is nobody's business who opens the address
    cells = [
        _cell("会员", "Members", overview.sizes.members, about, about_en),
        _cell("消费", "Purchases", overview.sizes.purchases, about, about_en),
    ]
    for currency in program.currencies:
        units = overview.sizes.units.get(currency.number, 0)
        names = currency.names
        cells.append(
            _cell(
                f"在外{name_in(names, 'zh')}",
                f"{name_in(names, 'en')} outstanding",
                units,
                "",
                "",
                currency.scale,
            )
        )
    text = name + f'<dl class="numbers">{"".join(cells)}</dl>'
    if overview.shift_seconds:
        day = overview.now.date().isoformat()
        label = f" {overview.label}" if overview.label else ""
        text += _both(
            "p",
            f"账面日期为 {day}，早于今天。{label}",
            f"The books stand at {day}, in the past.{label}",
            "note",
        )
    return text


def _cell(zh: str, en: str, number: int, about: str, about_en: str, scale: int = 0) -> str:
    said, shown = _both("dt", zh, en, ""), units_shown(number, scale)
    return f'<div>{said}<dd><span lang="zh">{about}</span><span lang="en">{about_en}</span>{shown}</dd></div>'


def _both(tag: str, zh: str, en: str, kind: str) -> str:
    named = f' class="{kind}"' if kind else ""
    return (
        f'<{tag} lang="zh"{named}>{html.escape(zh)}</{tag}><{tag} lang="en"{named}>{html.escape(en)}</{tag}>'
    )


@router.get("/docs", include_in_schema=False)
async def documentation(request: Request) -> Response:
    """The interactive documentation. Its script and style are served from here: it works without the internet."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Jifen API",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="data:,",
        swagger_ui_parameters={
            "persistAuthorization": False,
            "defaultModelsExpandDepth": 0,
            "tryItOutEnabled": True,
        },
    )


@router.get("/docs/{name}", include_in_schema=False)
async def documentation_file(name: str) -> Response:
    """The script and the style of the interactive documentation, from the package fastapi-offline."""
    folder = docs_folder()
    if name not in DOCS_FILES or folder is None:
        raise RouteUnknown()
    return FileResponse(
        folder / name, media_type=DOCS_FILES[name], headers={"Cache-Control": "max-age=86400"}
    )


@lru_cache(maxsize=1)
def docs_folder() -> Path | None:
    """Where the package keeps its files; it is never imported."""
    found = find_spec("fastapi_offline")
    return Path(found.origin).with_name("static") if found and found.origin else None
