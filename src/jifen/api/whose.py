"""Who asks: a key in `Authorization`, or an operator's session in a cookie, and never both.

A session is remembered for a few seconds, as a key is: that it ended, or that its operator was disabled, is known in every
process within these. Its moments are held against the database's clock (`Session.changes_at`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

from fastapi import Request

from jifen.api.addresses import address_of as address_in
from jifen.api.doorkeeper import CACHE_MAX, CACHE_SECONDS, Doorkeeper, not_permitted
from jifen.api.errors import BUSY
from jifen.domain.principal import PRIVILEGED, Permission, Principal
from jifen.domain.refusals import FieldWrong, NotAuthenticated, SessionIdle
from jifen.operations.manage_sessions import (
    check_csrf,
    note_session_use,
    principal_of_session,
    read_session,
    session_opened_by,
)
from jifen.operations.member_sign_in import open_member_session, principal_of_member
from jifen.store.ledger import Ledger
from jifen.store.member_sessions import MemberSession
from jifen.store.passwords import session_id_of
from jifen.store.sessions import Session

SESSION_COOKIE: Final = "jifen_session"
DEVICE_COOKIE: Final = "jifen_device"
MEMBER_COOKIE: Final = "jifen_me"
CSRF_HEADER: Final = "X-CSRF-Token"
ONLY_LOOK: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class SignedIn(NamedTuple):
    """Who is signed in: the session, the token that opens it, and the principal that asks with it."""

    session: Session
    token: str
    principal: Principal


class Sessions:
    """Finds out whose session it is. Remembered for a few seconds, so that most requests ask no database."""

    def __init__(self, ledger: Callable[[], Ledger]) -> None:
        self._ledger = ledger
        self._known: dict[UUID, tuple[float, Session | None]] = {}
        self._noted: dict[UUID, tuple[float, asyncio.Task[None]]] = {}
        # How often one was forgotten: what was read before that is not remembered after it.
        self._forgotten = 0

    async def opened(self, token: str) -> SignedIn:
        """Who is signed in with this token.

        Refuses
            NotAuthenticated   it opens nothing
            SessionOver        it did, and does no more
        """
        session_id = session_id_of(token)
        if session_id is None:
            raise NotAuthenticated("the session is not valid: sign in", pointer="/headers/Cookie")
        known = self._known.get(session_id)
        if known is not None and known[0] > time.monotonic():
            session = session_opened_by(known[1], token)
        else:
            session = session_opened_by(await self._read(session_id), token)
        self._note(session)
        return SignedIn(session, token, principal_of_session(session))

    def forget(self, session_id: UUID) -> None:
        """What this process has ended itself it knows no more."""
        self._forgotten += 1
        self._known.pop(session_id, None)

    async def _read(self, session_id: UUID) -> Session | None:
        now = time.monotonic()
        forgotten = self._forgotten
        session = await read_session(self._ledger(), session_id)
        left: float = CACHE_SECONDS
        if session is not None and session.changes_at > session.read_at:
            left = min(left, (session.changes_at - session.read_at).total_seconds())
        if len(self._known) >= CACHE_MAX:
            self._known.clear()
        if (
            session is not None and forgotten == self._forgotten
        ):  # what is made up is not remembered, so that nobody fills this
            self._known[session_id] = (now + left, session)
        return session

    def _note(self, session: Session) -> None:
        """Keep beside that it was used, where that was last kept a minute ago."""
        if not session.wants_touch or self._noted.get(session.session_id, (0, None))[0] > time.monotonic():
            return
        if len(self._noted) >= CACHE_MAX:
            self._noted.clear()
        task = asyncio.get_running_loop().create_task(self._touch(session.session_id))
        self._noted[session.session_id] = (time.monotonic() + CACHE_SECONDS, task)

    async def _touch(self, session_id: UUID) -> None:
        with suppress(*BUSY):  # the database is away; the next use is kept
            await note_session_use(self._ledger(), session_id)


async def who_asks(request: Request, permission: Permission) -> Principal:
    """Who asks, and may use a route that takes this permission.

    Refuses
        NotAuthenticated   no key and no session, or none that opens; `SessionOver`, `SessionIdle` tell which, to its owner
        NotPermitted       without the permission
        CsrfRefused        a write with a session and without its token
        FieldWrong         a key and a session at once
    """
    token = session_token_of(request)
    if token is None:
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        return await doorkeeper.admit(request.headers.get("authorization"), permission)
    signed_in = await who_is_signed_in(request)
    principal = signed_in.principal
    if not principal.may(permission):
        raise not_permitted(principal, permission)
    if permission in PRIVILEGED and signed_in.session.is_idle:
        raise SessionIdle(pointer="/headers/Cookie", permission=str(permission))
    return principal


async def who_is_signed_in(request: Request) -> SignedIn:
    """The operator who asks, and in which session.

    Refuses
        NotAuthenticated   nobody is signed in
        CsrfRefused        a write without the session's token
        FieldWrong         a key and a session at once
    """
    token = session_token_of(request)
    if token is None:
        detail = "sign in first: POST /v1/session answers with the cookie jifen_session"
        raise NotAuthenticated(detail, pointer="/headers/Cookie")
    if "authorization" in request.headers:
        detail = "a key and a session came at once, and nobody knows who asks: send Authorization or the cookie, not both"
        raise FieldWrong(detail, pointer="/headers/Authorization")
    sessions: Sessions = request.app.state.sessions
    signed_in = await sessions.opened(token)
    if request.method not in ONLY_LOOK:
        check_csrf(token, request.headers.get(CSRF_HEADER))
    request.state.signed_in = signed_in
    return signed_in


async def which_member(request: Request, ledger: Ledger) -> tuple[MemberSession, Principal]:
    """The member who asks about himself, and as which principal. His session is read each time: it ends at once everywhere.

    Refuses
        NotAuthenticated   nobody is signed in, or his session opens nothing; `SessionOver` tells its owner that it ended
        CsrfRefused        a write without the session's token
        FieldWrong         a key and a session at once
    """
    token = session_token_of(request, cookie=MEMBER_COOKIE)
    if token is None:
        detail = "sign in first: POST /v1/me/session answers with the cookie jifen_me"
        raise NotAuthenticated(detail, pointer="/headers/Cookie")
    if "authorization" in request.headers:
        detail = "a key and a session came at once, and nobody knows who asks: send Authorization or the cookie, not both"
        raise FieldWrong(detail, pointer="/headers/Authorization")
    session = await open_member_session(ledger, token)
    if request.method not in ONLY_LOOK:
        check_csrf(token, request.headers.get(CSRF_HEADER))
    return session, principal_of_member(session)


def session_token_of(request: Request, *, cookie: str = SESSION_COOKIE) -> str | None:
    """The token of the cookie; None: there is none.

    Refuses
        FieldWrong   it came twice: another site of the same domain may have set one
    """
    sent = request.headers.get("cookie", "")
    if cookie not in sent:
        return None
    if sent.count(f"{cookie}=") > 1:
        raise FieldWrong(f"the cookie {cookie} came twice", pointer="/headers/Cookie")
    return request.cookies.get(cookie)


# -- from where -----------------------------------------------------------------------------------------------------------


def address_of(request: Request) -> str:
    """From where it came, as far as it is known. What a proxy forwards was read before, and once (`jifen serve --proxy`): whoever
    counts, keeps or writes down an address means the same one."""
    return address_in(request.scope) or ""


def is_https(request: Request) -> bool:
    """Whether the browser came by https, as far as it is known."""
    return request.url.scheme == "https"
