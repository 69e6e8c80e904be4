"""The layer that counts: who asks too often, or guesses, is told to wait (429), and every answer says how much is left."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jifen.api.addresses import address_of
from jifen.api.errors import BUSY, TooManyRequests, refuse
from jifen.api.limits import Asker, Limits, What, clock
from jifen.api.whose import MEMBER_COOKIE, SESSION_COOKIE
from jifen.domain.principal import JOB, Principal
from jifen.operations.note_guessing import note_guessing

_UNKNOWN: Final[dict[str, What]] = {
    "member_unknown": "card",
    "code_wrong": "code",
    "redemption_unknown": "code",
    "not_authenticated": "key",
}
"""The refusals that say that something was not there, and what was guessed."""
_OVER: Final = frozenset({"session_over", "session_idle"})
_OPERATORS, _MEMBERS = (
    re.compile(rb"(?:^|;)\s*%b=([^;]{1,200})" % cookie.encode()) for cookie in (SESSION_COOKIE, MEMBER_COOKIE)
)
_OF_MEMBERS: Final = "/v1/me"
BUSY_STATUS: Final = 503
LOOK_UPS: Final = frozenset({
    ("GET", "/v1/members"),
    ("POST", "/v1/purchases:quote"),
    ("POST", "/v1/baskets:price"),
    ("POST", "/v1/purchases:claim"),
    ("POST", "/v1/reservations"),
    ("POST", "/v1/exchanges"),
    ("POST", "/v1/redemptions"),
    ("POST", "/v1/redemptions:find"),
    ("POST", "/v1/gifts"),
    ("POST", "/v1/me/claims"),
    ("POST", "/v1/me/gifts"),
})  # fmt: skip
"""Where somebody who guesses waits. What was sold is taken all the same: a till's queue of receipts is no guessing."""


class Limited:
    """Before the roads: nothing is read of a request that comes too often."""

    def __init__(self, app: ASGIApp, *, of: FastAPI) -> None:
        self._app = app
        self._state = of.state
        self._noting: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what may come in, and say on the answer how much is left."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limits: Limits = self._state.limits
        sent = dict(scope["headers"])
        authorization = sent.get(b"authorization")
        opens = authorization or _session(scope["path"], sent.get(b"cookie", b""))
        address = address_of(scope) or ""
        asker = limits.asker(opens, address)
        now = clock()
        wait = asker.rate.take(now)
        why = "too many requests: slow down" if wait else ""
        if not wait and self._may_guess(scope, asker):
            wait = limits.wait(asker, now)
            why = "too much that is not there was asked for: wait, and look at what is scanned"
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *asker.rate.headers(now)]
            await send(message)

        if wait:
            refusal = TooManyRequests(why, retry_after_seconds=wait)
            await refuse(Request(scope), refusal)(scope, receive, sending)
            return
        await self._app(scope, receive, sending)
        if status == BUSY_STATUS and asker.principal is None:
            asker.rate.give_back()  # while the database is away a till's key is known to nobody
        self._learn(scope, limits, asker, authorization, opens, status, address)

    def _may_guess(self, scope: Scope, asker: Asker) -> bool:
        return asker.principal is None or (scope["method"], scope["path"]) in LOOK_UPS

    def _learn(
        self,
        scope: Scope,
        limits: Limits,
        asker: Asker,
        authorization: bytes | None,
        opens: bytes | None,
        status: int,
        address: str,
    ) -> None:
        """What the answer says of who asked."""
        state: dict[str, Any] = scope["state"]
        principal = state.get("principal")
        refused = state.get("refused", "")
        if opens is not None and principal is not None:
            limits.opened(opens, principal)
        elif opens is not None and refused in _OVER:
            limits.ended(opens)
        what = _UNKNOWN.get(refused)
        if what == "key":
            if authorization is None:
                return  # who sends no key guesses none
            if not limits.closed(authorization):
                return
        if what is not None:
            self._state.meters.guessed(what)
            if limits.guesses(asker).missed(clock()):
                by = replace(asker.principal or JOB, came_from=address or None)
                task = asyncio.get_running_loop().create_task(self._note(what, by))
                self._noting.add(task)
                task.add_done_callback(self._noting.discard)
        elif status < 300 and (scope["method"], scope["path"]) in LOOK_UPS:
            limits.found(asker)

    async def _note(self, what: What, by: Principal) -> None:
        with suppress(*BUSY):  # the database is away; the meters have counted it
            if self._state.ledger is not None:
                await note_guessing(self._state.ledger, what, principal=by)


def _session(path: str, cookies: bytes) -> bytes | None:
    """The token of the session that this path asks for, among the cookies that were sent; None: there is none."""
    found = (_MEMBERS if path.startswith(_OF_MEMBERS) else _OPERATORS).search(cookies)
    return found.group(1) if found else None
