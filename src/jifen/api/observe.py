"""What the operator sees: one line of log a request, and numbers for Prometheus. No personal data, no secrets.

Labels are bounded: routes as templates, methods and codes from closed lists.
"""

from __future__ import annotations

import os
import re
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
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
from jifen.api.wire import LinesTogether
from jifen.store.ledger import Ledger

IN_FLIGHT_MAX = 1_024
"""More requests at once are refused as busy: memory is bounded, and they would time out anyway."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_BUCKETS_MICROS = tuple(round(seconds * 1e6) for seconds in BUCKETS)

_COMMON = (
    (b"jifen-version", VERSIONS[-1].encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers that every answer has, unless it brings its own."""

log = structlog.get_logger("jifen.api")


class _Seconds(Histogram):
    """A histogram that takes many observations at once."""

    def take(self, counts: Sequence[int], total: float) -> None:
        """So many observations in each bucket, and their sum."""
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


class Meters:
    """The numbers of one process, or of several that count together (see `cli/workers.py`).

    A request only adds to plain numbers. They are put down together each second, and when they are asked for: where several
    processes count together, each step of a meter is a system call and a write to a mapped file.
    """

    def __init__(self, ledger: Callable[[], Ledger | None]) -> None:
        self._ledger = ledger
        self._folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        self.registry = CollectorRegistry()
        self._requests = self._counter("jifen_requests", "Requests answered.", "route", "method", "status")
        self._seconds = _Seconds(
            "jifen_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS, registry=self.registry
        )
        self._refusals = self._counter("jifen_refusals", "Refusals by code.", "code")
        self._guesses = self._counter(
            "jifen_guesses", "Cards, codes and keys asked for that are not there.", "what"
        )
        self._purchases = self._counter("jifen_purchases", "Purchases by outcome.", "outcome")
        self._in_flight = self._gauge("jifen_requests_in_flight", "Requests being answered.")
        self._connections = self._gauge("jifen_pool_connections", "Connections to the database.", ["state"])
        self._parked = self._latest(
            "jifen_parked", "What could not be done and is tried again later.", "kind"
        )
        self._log_lost = self._counter("jifen_log_lines_lost", "Lines of the log that could not be written.")
        self._log_lost_told = 0
        self._waiting = self._latest("jifen_effects_waiting", "What entries caused and waits in the queue.")
        self._questions = self._latest(
            "jifen_questions", "Questions of members, by kind and where they stand.", "kind", "status"
        )
        self._asked: set[tuple[str, str]] = set()
        self.flying = 0  # requests of this process that are being answered
        # What came since the last time it was put down.
        self._counted: dict[tuple[Counter, tuple[str, ...]], int] = {}
        self._took: dict[str, list[int]] = {}  # by route: so many in each bucket, and the microseconds of all

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self.registry)

    def _gauge(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry, multiprocess_mode="livesum")

    def _latest(self, name: str, documentation: str, *labels: str) -> Gauge:
        """What is true of the ledger, whichever process asked last."""
        return Gauge(name, documentation, labels, registry=self.registry, multiprocess_mode="livemostrecent")

    def answered(
        self,
        route: str,
        method: str,
        status: int,
        micros: int,
        *,
        refused: str | None = None,
        purchases: Sequence[str] = (),
    ) -> None:
        """Count a request: how long it took, the code it was refused with, what its purchases came to."""
        self._count(self._requests, (route, method, str(status)))
        if refused:
            self._count(self._refusals, (refused,))
        for outcome in purchases:
            self._count(self._purchases, (outcome,))
        took = self._took.get(route)
        if took is None:
            took = self._took[route] = [0] * (len(BUCKETS) + 2)
        took[bisect_left(_BUCKETS_MICROS, micros)] += 1
        took[-1] += micros

    def guessed(self, what: str) -> None:
        """Count something that was asked for and is not there."""
        self._count(self._guesses, (what,))

    def _count(self, counter: Counter, labels: tuple[str, ...]) -> None:
        key = (counter, labels)
        self._counted[key] = self._counted.get(key, 0) + 1

    def measure(self) -> None:
        """Put down what came and what stands just now."""
        counted, self._counted = self._counted, {}
        for (counter, labels), count in counted.items():
            counter.labels(*labels).inc(count)
        took, self._took = self._took, {}
        for route, (*counts, micros) in took.items():
            self._seconds.labels(route).take(counts, micros / 1e6)
        lost = LinesTogether.lost
        if lost > self._log_lost_told:
            self._log_lost.inc(lost - self._log_lost_told)
            self._log_lost_told = lost
        self._in_flight.set(self.flying)
        ledger = self._ledger()
        if ledger is not None:
            self._connections.labels("open").set(ledger.pool.get_size())
            self._connections.labels("idle").set(ledger.pool.get_idle_size())
            self._connections.labels("most").set(ledger.pool.get_max_size())

    def tell_jobs(self, members_parked: int, effects_parked: int, effects_waiting: int) -> None:
        """How much is parked, and how much waits in the queue."""
        self._parked.labels("member").set(members_parked)
        self._parked.labels("effect").set(effects_parked)
        self._waiting.set(effects_waiting)

    def tell_questions(self, counts: Mapping[tuple[str, str], int]) -> None:
        """How many questions of members there are, by kind and where they stand."""
        for (kind, status), count in counts.items():
            self._questions.labels(kind, status).set(count)
        for kind, status in self._asked - counts.keys():
            self._questions.labels(kind, status).set(0)  # the last of them has moved on
        self._asked |= counts.keys()

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
        purchases = state.get("purchases", ())
        self._meters.answered(route, method, status, micros, refused=refused, purchases=purchases)
        principal = state.get("principal")
        line = log.error if failure is not None else log.info
        line(
            "request",
            route=route,
            method=method,
            status=status,
            micros=micros,
            key=principal.actor() if principal else None,
            refused=refused,
            request_id=request_id,
            **({"cause": state["cause"]} if "cause" in state else {}),
            **({"exc_info": failure} if failure is not None else {}),
        )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"request-id":
            asked = value.decode("latin-1")
            return asked if _REQUEST_ID.fullmatch(asked) else token_hex(16)
    return token_hex(16)
