"""The application: routes by audience, one form for every refusal, one ledger, one lane."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from jifen import __version__
from jifen.api import (
    audit,
    backtests,
    baskets,
    breakage,
    codes,
    compensations,
    console,
    designer,
    events,
    exchanges,
    exports,
    households,
    imports,
    keys,
    ladder,
    me,
    me_door,
    me_household,
    me_person,
    member_lists,
    members,
    open,
    operators,
    overview,
    persons,
    proposals,
    questions,
    redemptions,
    retention,
    rewards,
    screens,
    segments,
    session,
    switches,
    terms,
    till,
)
from jifen.api.answers import Problem
from jifen.api.counted import keep_counted
from jifen.api.doorkeeper import Doorkeeper
from jifen.api.errors import BUSY, Busy, Defect, MethodWrong, RouteUnknown, field_wrong, refuse
from jifen.api.lane import Lanes
from jifen.api.limited import Limited
from jifen.api.limits import PER_KEY, Limits
from jifen.api.observe import Meters, Observed
from jifen.api.requests import VERSIONS
from jifen.api.said import MEMBER_SECURITY, SECURITY, SESSION_SECURITY
from jifen.api.short_road import ShortRoad
from jifen.api.whose import MEMBER_COOKIE, SESSION_COOKIE, Sessions
from jifen.document.stored import timeline_of_published
from jifen.domain.refusals import FieldWrong, OutcomeUnknown, Refusal
from jifen.domain.service_address import ServiceAddress
from jifen.embedded.connection import Connection as Address
from jifen.present.demo import sign_ins_offered
from jifen.senders import Recorder, Sender, sender_of_environment
from jifen.store.ledger import Ledger, Patience, open_pool
from jifen.vault import Vault

POOL_SIZE = 8
PATIENCE = Patience(lock_seconds=2, statement_seconds=10, silent_seconds=10)
"""A till does not wait for a database that hangs, nor everybody for a member whom somebody holds: the answer is 503. A process
that stands still loses its transactions, and with them its locks."""
DESCRIPTION = """
Jifen (积分) keeps the points of a retailer's members in a ledger that can be explained, proven and paid for.

* **Amounts** are whole minor units of the programme's money (fen, cents); **quantities** are whole thousandths
  (`quantity_milli`: 1500 is 1.5); **units** are the smallest unit of a currency of points.
* **Times** are RFC 3339 with a zone, and answered in UTC.
* **The same request twice** has one effect and one answer. A purchase's key is its `source` and `business_no`; every other
  write carries `Idempotency-Key`. A replay says so in the header `Idempotent-Replay`.
* **A refusal** is `application/problem+json` (RFC 9457) with a stable `code`, a JSON pointer and numbers.
* **Keys** are made by `jifen key create` and sent as `Authorization: Bearer jf_live_...`. A test key (`jf_test_...`) can
  quote and read.
* **Operators** sign in (`POST /v1/session`) and ask with a cookie; each write carries `X-CSRF-Token`. Every route that takes a
  key takes a session the same way, and nobody sends both.
* **Members** sign in by a code that is sent to their phone or e-mail (`POST /v1/me/codes`), and ask with a cookie of their own
  about nobody but themselves (`/v1/me`).
"""
TAGS = [
    {"name": "purchases", "description": "Record, quote, return, claim."},
    {"name": "reservations", "description": "Hold units for a redemption, then commit or release."},
    {"name": "rewards", "description": "What units buy: take it, pick it up, call it off; and stocks."},
    {"name": "members", "description": "Enrol and read members; gifts and adjustments."},
    {"name": "persons", "description": "What is known of somebody: see, correct, agree, take along, erase."},
    {"name": "households", "description": "Who belongs to a household: add, change, see off."},
    {
        "name": "me",
        "description": "What a member asks about himself, signed in on his phone by a one-time code.",
    },
    {"name": "terms", "description": "Terms of membership: versions, and who accepted them."},
    {"name": "programme", "description": "The document: check, plan, publish, read."},
    {
        "name": "operators",
        "description": "People sign in: sessions, invitations, and what waits for a second person.",
    },
    {"name": "operation", "description": "Health and metrics."},
]


def create_app(
    address: Address | None = None,
    *,
    ledger: Ledger | None = None,
    runs_jobs: bool = True,
    pool_size: int = POOL_SIZE,
    home: Path | None = None,
    processes: int = 1,
    requests_per_minute: int | None = None,
    sender: Sender | None = None,
    service_address: ServiceAddress | None = None,
) -> FastAPI:
    """The application over the ledger at `address`, opened when it starts up; or over one that is open (`ledger`).

    `home` is Jifen's folder, where it is not the one that JIFEN_HOME names; `requests_per_minute` is how often a key
    may ask for which nothing else was said, and of every limit this process gives its share of so many `processes`.
    `service_address` is where browsers find this service; None: nobody said, so there are no passkeys.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if app.state.ledger is None and address is not None:
                # A process that starts while the database is away serves once it is back: until then it is told so (503).
                pool = await open_pool(address, size=pool_size, least=0, patience=PATIENCE)
                stack.push_async_callback(pool.close)
                _serve(app, Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(home)))
            if runs_jobs and app.state.ledger is not None:
                stack.push_async_callback(_stop, asyncio.create_task(_jobs(app.state.ledger)))
                stack.push_async_callback(_stop, asyncio.create_task(backtests.look_after(app)))
            stack.push_async_callback(_stop, asyncio.create_task(_measure(app.state.meters)))
            yield
            if app.state.lanes is not None:
                await app.state.lanes.close()

    app = _Application(
        title="Jifen",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        # Ours are `api/observe.py`; this would be asked about at each request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.address = address
    app.state.home = home
    app.state.code_roots = None
    app.state.sender = sender or (Recorder() if sign_ins_offered() else sender_of_environment())
    app.state.service_address = service_address
    app.state.limits = Limits(per_key=requests_per_minute or PER_KEY, processes=processes)
    app.state.ledger = None
    app.state.lanes = None
    app.state.doorkeeper = Doorkeeper(lambda: _ledger(app))
    app.state.sessions = Sessions(lambda: _ledger(app))
    app.state.meters = Meters(lambda: app.state.ledger)
    if ledger is not None:
        _serve(app, ledger)
    parts = (
        till,
        members,
        member_lists,
        persons,
        codes,
        switches,
        segments,
        compensations,
        questions,
        console,
        events,
        exchanges,
        redemptions,
        rewards,
        baskets,
        ladder,
        backtests,
        imports,
        exports,
        overview,
        breakage,
        designer,
        keys,
        session,
        operators,
        proposals,
        audit,
        terms,
        retention,
        me,
        me_person,
        me_household,
        households,
        open,
    )
    for part in parts:
        app.include_router(part.router)
    app.include_router(events.own_router)
    app.include_router(exchanges.own_router)
    app.include_router(rewards.own_router)
    app.include_router(redemptions.own_router)
    app.include_router(session.doors)
    app.include_router(terms.doors)
    app.include_router(me_door.doors)
    app.include_router(me_door.router)
    app.include_router(proposals.own)
    screens.serve(app)
    overview.keep_figures(app)
    designer.keep_rule_figures(app)
    keep_counted(app)
    app.include_router(open.meters)
    _say_no(app)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]
    return app


class _Application(FastAPI):
    """FastAPI with our three layers before its own: the hot calls do not walk through those."""

    def build_middleware_stack(self) -> ASGIApp:
        """What a request walks through, the outermost first."""
        roads = ShortRoad(super().build_middleware_stack(), of=self)
        return Observed(Limited(roads, of=self), self.state.meters)


def _serve(app: FastAPI, ledger: Ledger) -> None:
    app.state.ledger = ledger
    app.state.lanes = Lanes(ledger)


def _ledger(app: FastAPI) -> Ledger:
    if app.state.ledger is None:
        raise Busy()
    known: Ledger = app.state.ledger
    return known


async def _jobs(ledger: Ledger) -> None:
    # The queue's library takes its time to be loaded; who serves answers meanwhile.
    loop = await asyncio.to_thread(import_module, "jifen.jobs.loop")
    await loop.run(ledger)


async def _measure(meters: Meters) -> None:
    while True:
        meters.measure()
        await asyncio.sleep(1)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _say_no(app: FastAPI) -> None:
    """Every "no" in one form."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        if isinstance(error, OutcomeUnknown) and request.method == "GET":
            error = Busy()  # there was nothing to do
        return refuse(request, error)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return refuse(request, field_wrong([dict(one) for one in error.errors()]))

    async def not_routed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        no = {404: RouteUnknown, 405: MethodWrong}.get(error.status_code)
        response = refuse(request, no() if no else FieldWrong(str(error.detail)))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    async def busy(request: Request, why: Exception) -> Response:
        request.scope.setdefault("state", {})["cause"] = repr(why)
        return refuse(request, Busy())

    async def broken(request: Request, _: Exception) -> Response:
        return refuse(request, Defect())

    app.add_exception_handler(Exception, broken)
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, not_routed)
    for kind in BUSY:
        app.add_exception_handler(kind, busy)


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 description."""
    if app.openapi_schema:
        return app.openapi_schema
    found = get_openapi(
        title=app.title,
        version=VERSIONS[-1],
        summary="The loyalty engine that a retailer runs itself.",
        description=app.description,
        routes=app.routes,
        tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = found["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    found["components"]["securitySchemes"] = {
        SECURITY: {"type": "http", "scheme": "bearer", "bearerFormat": "jf_live_... or jf_test_..."},
        SESSION_SECURITY: {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        MEMBER_SECURITY: {"type": "apiKey", "in": "cookie", "name": MEMBER_COOKIE},
    }
    app.openapi_schema = found
    return found
