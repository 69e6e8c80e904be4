"""The short road: what a till asks all day is answered here, without the framework, by the very same operations.

A request that is plainly well-formed and that succeeds is answered at once. Whatever is not (an unknown key, a field
that is wrong, a refusal) goes the long way through the routes, which say why: nothing is done twice by that, because a
refusal had no effect. So the routes alone say what is accepted, what is answered and what is refused, and OpenAPI is made
from them; `tests/api/test_short_road.py` holds this road to them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jifen.api import members, render, till
from jifen.api.answers import REPLAY_HEADER
from jifen.api.errors import BUSY, AtTheEdge, Busy, refuse
from jifen.api.lane import Lanes
from jifen.api.languages import language_accepted
from jifen.api.requests import (
    BODY_BYTES_MAX,
    VERSIONS,
    GuardedRoute,
    is_idempotency_key,
    once_of,
    read_bytes,
)
from jifen.api.till import batch_answer, outcome
from jifen.api.told import ReadPurchase, read_batch_told, read_purchase_told, read_reserve_told
from jifen.domain.principal import Permission, Principal
from jifen.domain.refusals import OutcomeUnknown, Refusal
from jifen.operations.handle_reservations import EndRequest, ReserveRequest
from jifen.operations.record_purchases import PurchaseRequest
from jifen.present.ids import unprefixed
from jifen.present.members import balances_shown
from jifen.store.ledger import Ledger

_VERSIONS = {version.encode() for version in VERSIONS}
_NEWEST = VERSIONS[-1].encode()
_encode = msgspec.json.Encoder().encode
_JSON = [(b"content-type", b"application/json")]
_REPLAY = (REPLAY_HEADER.lower().encode(), b"true")
_MEMBERS, _BALANCES = "/v1/members/", "/balances"
_RESERVATIONS, _COMMIT, _RELEASE = "/v1/reservations/", ":commit", ":release"


class _Asked(msgspec.Struct, frozen=True):
    """One request on this road."""

    ledger: Ledger
    lanes: Lanes
    principal: Principal
    headers: dict[bytes, bytes]
    path: str
    raw: bytes
    state: dict[str, Any]


class _Answered(msgspec.Struct, frozen=True):
    body: bytes
    status: int = 200
    is_replay: bool = False


_Handler = Callable[[_Asked], Awaitable[_Answered | None]]


@dataclass(frozen=True, slots=True)
class _Road:
    """How one hot call is answered, and the route that it is."""

    handler: _Handler
    route: GuardedRoute
    permission: Permission


class ShortRoad:
    """The layer before the routes."""

    def __init__(self, app: ASGIApp, *, of: FastAPI) -> None:
        self._app = app
        self._state = of.state
        by_name = {
            route.name: route
            for route in (*till.router.routes, *members.router.routes)
            if isinstance(route, GuardedRoute)
        }

        def road(handler: _Handler, name: str) -> _Road:
            route = by_name[name]
            return _Road(handler, route, route.permission)

        self._posts = {
            "/v1/purchases": road(_record, "record_purchase"),
            "/v1/purchases:quote": road(_quote, "quote"),
            "/v1/purchases:batch": road(_record_batch, "record_batch"),
            "/v1/reservations": road(_reserve, "reserve"),
        }
        self._balances = road(_read_balances, "get_balances")
        self._ends = {
            _COMMIT: road(_commit, "commit"),
            _RELEASE: road(_release, "release"),
        }

    def _road_of(self, method: str, path: str) -> _Road | None:
        if method == "POST":
            road = self._posts.get(path)
            if road is None and path.startswith(_RESERVATIONS):
                road = self._ends.get(path[path.rfind(":") :])
            return road
        if method == "GET" and path.endswith(_BALANCES) and path.startswith(_MEMBERS):
            return self._balances
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer here, or hand on."""
        road = self._road_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if road is None or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        principal = self._principal(road, headers, len(scope["headers"]))
        if principal is None:
            await self._app(scope, receive, send)
            return
        # Told before anything can fail, so that a defect is logged with its route; the routes say it again where they answer.
        scope["route"] = road.route
        scope["state"]["principal"] = principal
        raw = b""
        if scope["method"] == "POST":
            try:
                raw = await read_bytes(receive, announced=headers.get(b"content-length", b""))
            except AtTheEdge as cut:
                await refuse(Request(scope), cut)(scope, receive, send)
                return
            receive = _again(raw, receive)
        asked = _Asked(
            self._state.ledger, self._state.lanes, principal, headers, scope["path"], raw, scope["state"]
        )
        try:
            answered = await road.handler(asked)
        except (Busy, OutcomeUnknown) as not_now:
            answered, no = None, not_now
        except BUSY as why:
            asked.state["cause"] = repr(why)
            answered, no = None, Busy()
        except Refusal:
            answered, no = None, None
        else:
            no = None
        if answered is None and no is None:
            await self._app(scope, receive, send)
            return
        if no is not None:
            await refuse(Request(scope), no)(scope, receive, send)
            return
        assert answered is not None, "it was answered or refused"
        length = (b"content-length", str(len(answered.body)).encode())
        more = [length, _REPLAY] if answered.is_replay else [length]
        await send({"type": "http.response.start", "status": answered.status, "headers": _JSON + more})
        await send({"type": "http.response.body", "body": answered.body})

    def _principal(self, road: _Road, headers: dict[bytes, bytes], count: int) -> Principal | None:
        """Who asks and may, where nothing about the request is unusual."""
        length = headers.get(b"content-length", b"0")
        if (
            len(headers) != count
            or self._state.lanes is None
            or headers.get(b"jifen-version", _NEWEST) not in _VERSIONS
            or (road.route.body_field is not None and headers.get(b"content-type") != b"application/json")
            or b"transfer-encoding" in headers
            or b"cookie" in headers  # a session: the routes ask for its token too, and refuse a key beside it
            or not length.isdigit()
            or int(length[:20]) > BODY_BYTES_MAX
        ):
            return None
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        principal: Principal | None = self._state.doorkeeper.remembered(authorization)
        return principal if principal is not None and road.permission in principal.permissions else None


def _again(raw: bytes, receive: Receive) -> Receive:
    """A body that was read, for whoever reads it after."""
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": raw, "more_body": False}

    return again


def _to_record(asked: _Asked, read: ReadPurchase) -> PurchaseRequest:
    return PurchaseRequest(
        purchase=read.purchase,
        whose=read.whose,
        body_hash=read.body_hash,
        actor=asked.principal.actor(read.purchase.cashier),
    )


async def _record(asked: _Asked) -> _Answered | None:
    read = read_purchase_told(asked.raw, asked.principal)
    if read is None:
        return None
    answer = await asked.lanes.purchases.one(_to_record(asked, read))
    asked.state["purchases"] = [outcome(answer)]
    body = _encode(render.purchase_answer(answer, asked.ledger.compiled))
    return _Answered(body, 200 if answer.is_replay else 201, answer.is_replay)


async def _quote(asked: _Asked) -> _Answered | None:
    read = read_purchase_told(asked.raw, asked.principal)
    if read is None:
        return None
    answer = await asked.lanes.quotes.one((read.purchase, read.whose))
    return _Answered(_encode(render.purchase_answer(answer, asked.ledger.compiled)))


async def _record_batch(asked: _Asked) -> _Answered | None:
    read = read_batch_told(asked.raw, asked.principal)
    if read is None:
        return None
    answers = await asked.lanes.purchases.all([_to_record(asked, one) for one in read])
    asked.state["purchases"] = [outcome(answer) for answer in answers]
    language = language_accepted(asked.headers.get(b"accept-language", b"").decode("latin-1"))
    return _Answered(msgspec.json.encode(batch_answer(asked.ledger, answers, language), enc_hook=str))


async def _read_balances(asked: _Asked) -> _Answered | None:
    member_id = unprefixed("mbr", asked.path[len(_MEMBERS) : -len(_BALANCES)])
    if member_id is None:
        return None
    standing = await asked.lanes.standings.one(member_id)
    return _Answered(_encode(balances_shown(standing)))


async def _reserve(asked: _Asked) -> _Answered | None:
    if asked.principal.needs_code:  # a code goes the long way, and what has none is refused there
        return None
    told, key = read_reserve_told(asked.raw), _idempotency_key(asked)
    whose = told.member.whose() if told else None
    if told is None or whose is None or not is_idempotency_key(key):
        return None
    request = ReserveRequest(
        whose=whose,
        currency=told.currency,
        units=told.units,
        lapse_seconds=told.lapse_seconds,
        once=await once_of(asked.ledger, asked.principal, "reserve", key, values=told.values(), path={}),
        store=asked.principal.store_for(told.store),
        channel=told.channel,
        actor=asked.principal.actor(told.cashier),
        note=told.note,
    )
    return _reservation(await asked.lanes.reservations.one(request), status=201)


async def _commit(asked: _Asked) -> _Answered | None:
    return await _end(asked, "commit", _COMMIT, is_committed=True)


async def _release(asked: _Asked) -> _Answered | None:
    return await _end(asked, "release", _RELEASE, is_committed=False)


async def _end(asked: _Asked, route: str, verb: str, *, is_committed: bool) -> _Answered | None:
    named, key = asked.path[len(_RESERVATIONS) : -len(verb)], _idempotency_key(asked)
    reservation_id = unprefixed("rsv", named)
    if reservation_id is None or not is_idempotency_key(key):
        return None
    request = EndRequest(
        reservation_id=reservation_id,
        is_committed=is_committed,
        once=await once_of(
            asked.ledger, asked.principal, route, key, values={}, path={"reservation_id": named}
        ),
        actor=asked.principal.actor(),
    )
    return _reservation(await asked.lanes.reservations.one(request), status=200)


def _reservation(answer: dict[str, Any], *, status: int) -> _Answered:
    is_replay = bool(answer["is_replay"])
    return _Answered(_encode(render.reservation_answer(answer)), 200 if is_replay else status, is_replay)


def _idempotency_key(asked: _Asked) -> str:
    return asked.headers.get(b"idempotency-key", b"").decode("latin-1")
