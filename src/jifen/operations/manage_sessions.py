"""Sessions of operators: opened by the token in a cookie, listed, ended. Who asks with one is `principal_of_session`."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.operators import PRIVILEGED_LASTS
from jifen.domain.principal import Principal, permissions_of
from jifen.domain.refusals import CsrfRefused, NotAuthenticated, SessionOver, SessionUnknown
from jifen.store.passwords import csrf_token_of, token_hash
from jifen.store.sessions import (
    Session,
    end_session,
    end_sessions,
    find_session,
    open_sessions,
    touch_session,
)

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


def session_opened_by(session: Session | None, token: str) -> Session:
    """The session that this token opens, at the moment at which it was read.

    Refuses
        NotAuthenticated   there is no such session, or its token is another: nobody is told which
        SessionOver        it ended, or its operator was disabled; only who has its token is told so
    """
    is_right = hmac.compare_digest(session.token_hash if session else bytes(32), token_hash(token))
    if session is None or not is_right:
        raise NotAuthenticated("the session is not valid: sign in", pointer="/headers/Cookie")
    if not session.is_open:
        raise SessionOver(pointer="/headers/Cookie")
    return session


def principal_of_session(session: Session) -> Principal:
    """Who asks in this session."""
    return Principal(
        kind="operator",
        id=session.operator_id,
        name=session.name,
        permissions=permissions_of(session.roles, session.permissions),
        stores=frozenset(session.stores) if session.stores else None,
        adjustment_units_max=session.adjustment_units_max,
        expires_at=session.expires_at,
    )


def csrf_of(token: str) -> str:
    """The token that goes with each write of this session."""
    return csrf_token_of(token)


def check_csrf(token: str, told: str | None) -> None:
    """Refuse a write that a page of somebody else may have made the browser send.

    Refuses
        CsrfRefused   the header is missing or wrong
    """
    if not hmac.compare_digest(csrf_of(token).encode(), (told or "").encode("utf-8", "replace")):
        raise CsrfRefused(pointer="/headers/X-CSRF-Token")


async def read_session(ledger: Ledger, session_id: UUID) -> Session | None:
    """A session by its id; None when there is none."""
    async with ledger.connection() as connection:
        return await find_session(connection, session_id)


async def note_session_use(ledger: Ledger, session_id: UUID) -> None:
    """Keep that a session was used, at most once a minute whoever asks."""
    async with ledger.connection() as connection:
        await touch_session(connection, session_id, privileged_lasts=PRIVILEGED_LASTS)


async def list_sessions(ledger: Ledger, operator_id: UUID) -> list[Session]:
    """An operator's open sessions, the one used last first."""
    async with ledger.connection() as connection:
        return await open_sessions(connection, operator_id)


async def end_own_session(ledger: Ledger, operator_id: UUID, session_id: UUID) -> None:
    """End a session of one's own.

    Refuses
        SessionUnknown   there is none with that id that is open
    """
    async with ledger.transaction() as connection:
        is_ended = await end_session(connection, operator_id, session_id)
    if not is_ended:
        raise SessionUnknown("you have no open session with that id", pointer="/session_id")


async def end_all_sessions(ledger: Ledger, operator_id: UUID) -> int:
    """How many sessions of his were open; they are no more."""
    async with ledger.transaction() as connection:
        return await end_sessions(connection, operator_id)
