"""What the operator sees: one line of log a request, and numbers for Prometheus. No personal data, no secrets.

Labels are bounded: routes as templates, methods and codes from closed lists.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jifen.api.errors import Busy, Defect, refuse
from jifen.api.requests import VERSIONS
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger

IN_FLIGHT_MAX = 1_024
"""More requests at once are refused as busy: memory is bounded, and they would time out anyway."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

log = structlog.get_logger("jifen.api")


class Meters:
    """The numbers of one process."""

    def __init__(self, ledger: Callable[[], Ledger | None]) -> None:
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
        self.in_flight = Gauge("jifen_requests_in_flight", "Requests being answered.", registry=self.registry)
        size = Gauge(
            "jifen_pool_connections", "Connections to the database.", ["state"], registry=self.registry
        )

        def measured(read: Callable[[Any], int]) -> Callable[[], float]:
            def measure() -> float:
                known = ledger()
                return read(known.pool) if known is not None else 0

            return measure

        size.labels("open").set_function(measured(lambda pool: int(pool.get_size())))
        size.labels("idle").set_function(measured(lambda pool: int(pool.get_idle_size())))
        size.labels("most").set_function(measured(lambda pool: int(pool.get_max_size())))

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)


class Observed:
    """The outermost layer: counts, times, writes the line, puts on the headers, and turns a defect into an answer."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters
        self._flying = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter_ns()
        state: dict[str, Any] = scope.setdefault("state", {})
        request = Request(scope, receive)
        request_id = _request_id(request)
        seen = {"status": 0}
        common = [
            (b"jifen-version", VERSIONS[-1].encode()),
            (b"request-id", request_id.encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                have = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in common if pair[0] not in have)]
            await send(message)

        self._flying += 1
        self._meters.in_flight.set(self._flying)
        failure: Exception | None = None
        try:
            if self._flying > IN_FLIGHT_MAX:
                await refuse(request, Busy("too many requests at once"))(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        except Exception as error:
            failure = error
            if not seen["status"]:
                await refuse(request, Defect())(scope, receive, sending)
        finally:
            self._flying -= 1
            self._meters.in_flight.set(self._flying)
            self._note(
                scope, state, request_id, seen["status"], (time.perf_counter_ns() - began) // 1_000, failure
            )

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
        self._meters.requests.labels(route, method, str(status)).inc()
        self._meters.seconds.labels(route).observe(micros / 1e6)
        refused = state.get("refused")
        if refused:
            self._meters.refusals.labels(refused).inc()
        for outcome in state.get("purchases", ()):
            self._meters.purchases.labels(outcome).inc()
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


def _request_id(request: Request) -> str:
    asked = request.headers.get("request-id", "")
    return asked if _REQUEST_ID.fullmatch(asked) else new_id().hex
