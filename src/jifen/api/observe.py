"""What the operator sees: one line of log a request, and numbers for Prometheus. No personal data, no secrets.

Labels are bounded: routes as templates, methods and codes from closed lists.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jifen.api.errors import Busy, Defect, refuse
from jifen.api.requests import VERSIONS
from jifen.store.ledger import Ledger

IN_FLIGHT_MAX = 1_024
"""More requests at once are refused as busy: memory is bounded, and they would time out anyway."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_COMMON = (
    (b"jifen-version", VERSIONS[-1].encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers that every answer has, unless it brings its own."""

log = structlog.get_logger("jifen.api")


class Meters:
    """The numbers of one process, or of several that count together (see `cli/workers.py`)."""

    def __init__(self, ledger: Callable[[], Ledger | None]) -> None:
        self._ledger = ledger
        self._folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "jifen_requests", "Requests answered.", ["route", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "jifen_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS, registry=self.registry
        )
        self.refusals = Counter("jifen_refusals", "Refusals by code.", ["code"], registry=self.registry)
        self.purchases = Counter(
            "jifen_purchases", "Purchases by outcome.", ["outcome"], registry=self.registry
        )
        self._in_flight = self._gauge("jifen_requests_in_flight", "Requests being answered.")
        self._connections = self._gauge("jifen_pool_connections", "Connections to the database.", ["state"])
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._outcomes: dict[str, Counter] = {}
        self.flying = 0  # requests of this process that are being answered

    def _gauge(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry, multiprocess_mode="livesum")

    def answered(self, route: str, method: str, status: int, micros: int) -> None:
        """Count a request. Its meters are looked up once: the labels are few, and a look-up costs more than counting."""
        key = (route, method, status)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (
                self.requests.labels(route, method, str(status)),
                self.seconds.labels(route),
            )
        known[0].inc()
        known[1].observe(micros / 1e6)

    def came_to(self, refused: str | None, purchases: Sequence[str]) -> None:
        """Count a refusal, by its code, and what purchases came to."""
        if refused:
            self.refusals.labels(refused).inc()
        for outcome in purchases:
            known = self._outcomes.get(outcome)
            if known is None:
                known = self._outcomes[outcome] = self.purchases.labels(outcome)
            known.inc()

    def measure(self) -> None:
        """Put down what stands just now: each process does it every second, and when it is asked for its numbers."""
        self._in_flight.set(self.flying)
        ledger = self._ledger()
        if ledger is not None:
            self._connections.labels("open").set(ledger.pool.get_size())
            self._connections.labels("idle").set(ledger.pool.get_idle_size())
            self._connections.labels("most").set(ledger.pool.get_max_size())

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        self.measure()
        if self._folder is None:
            return generate_latest(self.registry)
        _forget_the_dead(self._folder)
        common = CollectorRegistry()
        MultiProcessCollector(common, path=self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(common)


def _forget_the_dead(folder: str) -> None:
    """What a process that has died was doing is not being done any more."""
    for kept in Path(folder).glob("gauge_live*_*.db"):
        process = int(kept.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            mark_process_dead(process, folder)  # type: ignore[no-untyped-call]


class Observed:
    """The outermost layer: counts, times, writes the line, puts on the headers, and turns a defect into an answer."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter_ns()
        state: dict[str, Any] = scope.setdefault("state", {})
        request_id = _request_id(scope)
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                have = [name for name, _ in headers]
                message["headers"] = [
                    *headers,
                    *[pair for pair in _COMMON if pair[0] not in have],
                    (b"request-id", request_id.encode()),
                ]
            await send(message)

        self._meters.flying += 1
        failure: Exception | None = None
        try:
            if self._meters.flying > IN_FLIGHT_MAX:
                await refuse(Request(scope), Busy("too many requests at once"))(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        except Exception as error:
            failure = error
            if not status:
                await refuse(Request(scope), Defect())(scope, receive, sending)
        finally:
            self._meters.flying -= 1
            self._note(scope, state, request_id, status, (time.perf_counter_ns() - began) // 1_000, failure)

    def _note(
        self,
        scope: Scope,
        state: dict[str, Any],
        request_id: str,
        status: int,
        micros: int,
        failure: Exception | None,
    ) -> None:
        route = getattr(scope.get("route"), "path_format", None) or "other"
        method = scope["method"] if scope["method"] in METHODS else "other"
        refused = state.get("refused")
        self._meters.answered(route, method, status, micros)
        self._meters.came_to(refused, state.get("purchases", ()))
        caller = state.get("caller")
        line = log.error if failure is not None else log.info
        line(
            "request",
            route=route,
            method=method,
            status=status,
            micros=micros,
            key=caller.name if caller else None,
            refused=refused,
            request_id=request_id,
            **({"exc_info": failure} if failure is not None else {}),
        )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"request-id":
            asked = value.decode("latin-1")
            return asked if _REQUEST_ID.fullmatch(asked) else token_hex(16)
    return token_hex(16)
