"""Signing in and out: the session of an operator, in a cookie that no page can read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from jifen.api import operator_answers as out
from jifen.api import render
from jifen.api.ids import PasskeyId, SessionId
from jifen.api.requests import OpenRoute, SignedInRoute, ledger_of, signed_in_of
from jifen.api.said import said_openly, said_to_signed_in
from jifen.api.whose import (
    DEVICE_COOKIE,
    SESSION_COOKIE,
    Sessions,
    SignedIn,
    address_of,
    is_https,
    session_token_of,
)
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.operators import SESSION_LASTS
from jifen.domain.passkeys import CHALLENGE_PREFIX, bytes_as_text
from jifen.domain.service_address import ServiceAddress
from jifen.operations.manage_operators import accept_invitation
from jifen.operations.manage_sessions import csrf_of, end_own_session, list_sessions
from jifen.operations.second_factor import (
    add_own_passkey,
    change_own_password,
    confirm_second_factor,
    list_passkeys,
    offer_passkey,
    offer_second_factor,
    remove_own_passkey,
    remove_second_factor,
)
from jifen.operations.sign_in import SignedIn as Entered
from jifen.operations.sign_in import ask_for_passkey, sign_in, sign_in_by_passkey
from jifen.present.ids import prefixed
from jifen.present.operators import passkey_shown, session_shown, who_shown
from jifen.present.shown import shown_instant
from jifen.store.passkeys import Asserted, Attested, Challenge
from jifen.store.passwords import session_id_of
from jifen.store.sessions import Session

router = APIRouter(prefix="/v1", route_class=SignedInRoute, tags=["operators"])
doors = APIRouter(prefix="/v1", route_class=OpenRoute, tags=["operators"])

DEVICE_SECONDS = 180 * 86_400
DEVICE_PATH = "/v1/session"
PROVES_PASSWORD = (no.SignInRefused, no.SignInTooSoon)


@doors.post(
    "/session",
    summary="Sign in",
    **said_openly(
        answer=out.SessionAnswer, refuses=(no.SignInRefused, no.CodeRequired, no.SignInTooSoon), has_body=True
    ),
)
async def open_session(request: Request, body: out.SignInBody) -> Response:
    """A session, in the cookie `jifen_session`. Which of login, password and code was wrong is never said; after wrong tries the
    next one waits, and the seconds are told.
    """
    before = session_token_of(request)
    signed_in = await sign_in(
        ledger_of(request),
        login=body.login,
        password=body.password,
        code=body.code,
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
        device=request.cookies.get(DEVICE_COOKIE),
        passkey=_asserted(body.passkey) if body.passkey else None,
        at=request.app.state.service_address,
    )
    return await _signed_in(request, signed_in, before)


@doors.post(
    "/session/passkeys:ask",
    summary="Ask for a passkey",
    **said_openly(answer=out.ChallengeAnswer, refuses=(no.SignInTooSoon, people_no.PasskeysOff)),
)
async def ask_passkey(request: Request) -> Response:
    """A challenge for whoever signs in by a passkey alone: any passkey of this service answers it, once, within five minutes."""
    at = service_address(request)
    challenge = await ask_for_passkey(ledger_of(request), address=address_of(request))
    return render.answered(_challenge(challenge, at))


@doors.post(
    "/session/passkeys:enter",
    summary="Sign in by a passkey",
    **said_openly(answer=out.SessionAnswer, refuses=(no.SignInRefused, people_no.PasskeysOff), has_body=True),
)
async def enter_by_passkey(request: Request, body: out.PasskeyBody) -> Response:
    """A session of whose passkey it is, in the cookie `jifen_session`. Its authenticator verified him: no password is asked."""
    before = session_token_of(request)
    entered = await sign_in_by_passkey(
        ledger_of(request),
        _asserted(body),
        at=service_address(request),
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
        device=request.cookies.get(DEVICE_COOKIE),
    )
    return await _signed_in(request, entered, before)


async def _signed_in(request: Request, entered: Entered, before: str | None) -> Response:
    await _end_the_one_before(request, before)
    answer = render.answered(_session(entered.session, entered.token))
    _set_cookie(request, answer, SESSION_COOKIE, entered.token, seconds=SESSION_LASTS.total_seconds())
    _set_cookie(request, answer, DEVICE_COOKIE, entered.device, seconds=DEVICE_SECONDS, path=DEVICE_PATH)
    return answer


async def _end_the_one_before(request: Request, token: str | None) -> None:
    """Whoever signs in where he was signed in leaves no session behind that nobody sees any more."""
    before = session_id_of(token) if token else None
    if token is None or before is None:
        return
    sessions: Sessions = request.app.state.sessions
    try:
        known = await sessions.opened(token)
        await end_own_session(ledger_of(request), known.session.operator_id, before)
    except (no.NotAuthenticated, no.SessionUnknown):
        return  # it was over
    sessions.forget(before)


@doors.post(
    "/invitations:accept",
    summary="Accept an invitation",
    **said_openly(
        answer=out.WhoAnswer, refuses=(no.InvitationRefused, no.LoginTaken), has_body=True, status=201
    ),
)
async def accept(request: Request, body: out.AcceptBody) -> Response:
    """Login and password, by an invitation that is good once. Afterwards: sign in."""
    operator = await accept_invitation(
        ledger_of(request), body.token, login=body.login, password=body.password
    )
    return render.answered(who_shown(operator), status=201)


@router.get("/session", summary="Read the current session", **said_to_signed_in(answer=out.SessionAnswer))
async def get_session(request: Request) -> Response:
    """Who is signed in, what he may do, and the token that goes with each write."""
    signed_in = signed_in_of(request)
    return render.answered(_session(signed_in.session, signed_in.token))


@router.delete(
    "/session", summary="Sign out", **said_to_signed_in(answer=out.DoneAnswer, changes_something=True)
)
async def close_session(request: Request) -> Response:
    """This session ends."""
    signed_in = signed_in_of(request)
    await _end(request, signed_in, signed_in.session.session_id)
    answer = render.answered({"is_done": True})
    _set_cookie(request, answer, SESSION_COOKIE, "", seconds=0)
    return answer


@router.get("/sessions", summary="List one's sessions", **said_to_signed_in(answer=out.OwnSessionsAnswer))
async def list_own_sessions(request: Request) -> Response:
    """One's open sessions: since when, last used when, from where."""
    session = signed_in_of(request).session
    known = await list_sessions(ledger_of(request), session.operator_id)
    return render.answered({"data": [session_shown(one, current=session.session_id) for one in known]})


@router.delete(
    "/sessions/{session_id}",
    summary="End one of one's sessions",
    **said_to_signed_in(answer=out.DoneAnswer, changes_something=True, names_in_address=[no.SessionUnknown]),
)
async def close_one_session(request: Request, session_id: SessionId) -> Response:
    """It opens nothing any more; another process may know it for five seconds."""
    await _end(request, signed_in_of(request), session_id)
    return render.answered({"is_done": True})


@router.post(
    "/session/totp:enrol",
    summary="Begin a second factor",
    **said_to_signed_in(
        answer=out.TotpOfferedAnswer, changes_something=True, has_body=True, refuses=PROVES_PASSWORD
    ),
)
async def enrol_totp(request: Request, body: out.PasswordBody) -> Response:
    """A secret for an authenticator. Nothing changes until a code of it is confirmed."""
    offered = await offer_second_factor(ledger_of(request), _own_id(request), password=body.password)
    return render.answered({"secret": offered.secret, "uri": offered.uri})


@router.post(
    "/session/totp:confirm",
    summary="Confirm a second factor",
    **said_to_signed_in(answer=out.RecoveryCodesAnswer, changes_something=True, has_body=True),
)
async def confirm_totp(request: Request, body: out.CodeBody) -> Response:
    """From now on a code is asked for at sign-in. Ten recovery codes are answered, this once."""
    codes = await confirm_second_factor(ledger_of(request), _own_id(request), code=body.code)
    request.app.state.sessions.forget(signed_in_of(request).session.session_id)
    return render.answered({"recovery_codes": codes})


@router.post(
    "/session/totp:remove",
    summary="Remove the second factor",
    **said_to_signed_in(
        answer=out.DoneAnswer, changes_something=True, has_body=True, refuses=PROVES_PASSWORD
    ),
)
async def remove_totp(request: Request, body: out.PasswordBody) -> Response:
    """No code is asked for any more."""
    await remove_second_factor(ledger_of(request), _own_id(request), password=body.password)
    request.app.state.sessions.forget(signed_in_of(request).session.session_id)
    return render.answered({"is_done": True})


@router.get(
    "/session/passkeys", summary="List one's passkeys", **said_to_signed_in(answer=out.PasskeysAnswer)
)
async def list_own_passkeys(request: Request) -> Response:
    """One's passkeys: since when, last used when; and whether another can be added."""
    kept = await list_passkeys(ledger_of(request), _own_id(request))
    return render.answered(
        {"data": [passkey_shown(one) for one in kept], "passkey_host": passkey_host_of(request)}
    )


@router.post(
    "/session/passkeys:offer",
    summary="Begin a passkey",
    **said_to_signed_in(
        answer=out.PasskeyOfferedAnswer,
        changes_something=True,
        has_body=True,
        refuses=(*PROVES_PASSWORD, people_no.PasskeysOff),
    ),
)
async def offer_own_passkey(request: Request, body: out.PasswordBody) -> Response:
    """What a new passkey signs, in this session. Nothing changes until it is added."""
    at, session = service_address(request), signed_in_of(request).session
    offered = await offer_passkey(
        ledger_of(request), session.operator_id, password=body.password, session_id=session.session_id
    )
    return render.answered(
        {
            **_challenge(offered.challenge, at),
            "user_id": bytes_as_text(session.operator_id.bytes),
            "login": session.login,
            "name": session.name,
            "credentials": [bytes_as_text(one.credential_id) for one in offered.kept],
        }
    )


@router.post(
    "/session/passkeys:add",
    summary="Add a passkey",
    **said_to_signed_in(
        answer=out.PasskeyAddedAnswer,
        changes_something=True,
        has_body=True,
        refuses=(people_no.PasskeyTaken, people_no.PasskeysOff),
    ),
)
async def add_passkey(request: Request, body: out.NewPasskeyBody) -> Response:
    """From now on one signs in by it alone, and a password alone lets nobody in. Who has no recovery codes gets ten, once."""
    signed_in = signed_in_of(request)
    added = await add_own_passkey(
        ledger_of(request),
        signed_in.principal.coming_from(address_of(request)),
        session_id=signed_in.session.session_id,
        challenge_id=body.challenge_id,
        name=body.name,
        told=Attested(body.credential_id, body.client_data, body.attestation),
        at=service_address(request),
    )
    request.app.state.sessions.forget(signed_in.session.session_id)
    return render.answered({"passkey": passkey_shown(added.passkey), "recovery_codes": added.recovery_codes})


@router.post(
    "/session/passkeys/{passkey_id:id}:remove",
    summary="Remove a passkey",
    **said_to_signed_in(
        answer=out.DoneAnswer,
        changes_something=True,
        has_body=True,
        refuses=PROVES_PASSWORD,
        names_in_address=[people_no.PasskeyUnknown],
    ),
)
async def remove_passkey(request: Request, passkey_id: PasskeyId, body: out.PasswordBody) -> Response:
    """Nobody signs in by it any more, and the other sessions that it opened have ended."""
    signed_in = signed_in_of(request)
    await remove_own_passkey(
        ledger_of(request),
        signed_in.principal.coming_from(address_of(request)),
        passkey_id,
        password=body.password,
        session_id=signed_in.session.session_id,
    )
    request.app.state.sessions.forget(signed_in.session.session_id)
    return render.answered({"is_done": True})


@router.post(
    "/session/password",
    summary="Change one's password",
    **said_to_signed_in(
        answer=out.DoneAnswer, changes_something=True, has_body=True, refuses=PROVES_PASSWORD
    ),
)
async def change_password(request: Request, body: out.NewPasswordBody) -> Response:
    """One's other sessions end."""
    await change_own_password(
        ledger_of(request),
        _own_id(request),
        password=body.password,
        new_password=body.new_password,
        session_id=signed_in_of(request).session.session_id,
    )
    return render.answered({"is_done": True})


def service_address(request: Request) -> ServiceAddress:
    """Where browsers find this service.

    Refuses
        PasskeysOff   nobody said so
    """
    at: ServiceAddress | None = request.app.state.service_address
    if at is None:
        detail = "set JIFEN_ADDRESS to where browsers find this service, such as https://points.example.cn, and start it again"
        raise people_no.PasskeysOff(detail)
    return at


def passkey_host_of(request: Request) -> str | None:
    """The host that passkeys belong to; None: nobody said where browsers find this service."""
    at: ServiceAddress | None = request.app.state.service_address
    return at.host if at is not None else None


def _challenge(challenge: Challenge, at: ServiceAddress) -> dict[str, Any]:
    return {
        "challenge_id": prefixed(CHALLENGE_PREFIX, challenge.challenge_id),
        "challenge": bytes_as_text(challenge.challenge),
        "rp_id": at.host,
    }


def _asserted(told: out.PasskeyBody) -> Asserted:
    return Asserted(
        told.challenge_id,
        told.credential_id,
        told.client_data,
        told.authenticator_data,
        told.signature,
        told.user_handle,
    )


def _own_id(request: Request) -> UUID:
    return signed_in_of(request).session.operator_id


async def _end(request: Request, signed_in: SignedIn, session_id: UUID) -> None:
    await end_own_session(ledger_of(request), signed_in.session.operator_id, session_id)
    request.app.state.sessions.forget(session_id)


def _session(session: Session, token: str) -> dict[str, Any]:
    return {
        "operator": who_shown(session),
        "csrf_token": csrf_of(token),
        "expires_at": shown_instant(session.expires_at),
        "has_second_factor": session.has_second_factor,
    }


def _set_cookie(
    request: Request, answer: Response, name: str, value: str, *, seconds: float, path: str = "/"
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(seconds),
        path=path,
        httponly=True,
        samesite="strict",
        secure=is_https(request),
    )
