"""What a route says of itself in the OpenAPI file: the permission that it takes, its answers, and every way it may refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jifen.api.answers import REPLAY_HEADER
from jifen.api.errors import (
    PROBLEM_TYPE,
    STATUS,
    BodyCutShort,
    BodyTooLarge,
    Busy,
    Defect,
    MediaTypeWrong,
    TooManyRequests,
)
from jifen.api.fields import Answer
from jifen.api.requests import CHANGES_EXTENSION, PERMISSION_EXTENSION
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.refusals import Refusal
from jifen.domain.switches import StoreSwitchedOff

SECURITY = "ApiKey"
SESSION_SECURITY = "Session"
MEMBER_SECURITY = "MemberSession"
BY_SESSION = (no.SessionOver, no.CsrfRefused)
WHO_ASKS = (
    no.NotAuthenticated,
    no.KeyExpired,
    no.SessionOver,
    no.SessionIdle,
    no.NotPermitted,
    no.CsrfRefused,
)
ALWAYS = (*WHO_ASKS, no.FieldWrong, TooManyRequests, Busy)
WITH_BODY = (BodyCutShort, BodyTooLarge, MediaTypeWrong, no.TooMuch)
WITH_KEY = (no.IdempotencyKeyMissing, no.KeyReused)
PURCHASE_REFUSES = (
    no.SumsDiffer,
    no.MemberUnknown,
    no.StoreUnknown,
    no.MemberClosed,
    no.ProgramMissing,
    no.TimeOutOfBounds,
    no.StoreNotPermitted,
    no.CodeWrong,
    no.CodeUsed,
    StoreSwitchedOff,
)

IDEMPOTENCY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "1 to 200 printable characters, new for each thing to do. Sent again with the same body it has one "
    "effect and one answer; with another body it is refused. Keys are kept apart for each API key and route.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]*[!-~][ -~]*$"},
    "example": "till-7:2026-11-21:00042",
}
CSRF_PARAMETER = {
    "name": "X-CSRF-Token",
    "in": "header",
    "required": False,
    "description": "With a session's cookie, at each write: the csrf_token of GET /v1/session. A key needs none.",
    "schema": {"type": "string"},
}
VERSION_PARAMETER = {
    "name": "Jifen-Version",
    "in": "header",
    "required": False,
    "description": "The dated version to be spoken; without it the newest.",
    "schema": {"type": "string", "enum": ["2026-11-21"]},
}


def said(
    *,
    permission: Permission,
    answer: type[Answer],
    status: int = 200,
    refuses: Iterable[type[Refusal]] = (),
    has_body: bool = False,
    has_key: bool = False,
    is_replayed: bool = True,
    proposes: type[Answer] | None = None,
    names_in_address: Iterable[type[Refusal]] = (),
) -> dict[str, Any]:
    """Arguments for a route's decorator.

    `has_key` says that it takes an Idempotency-Key; `is_replayed` that what was done before is answered again; `proposes`
    what is answered where it waits for a second person. `names_in_address` are refusals of the Unknown family that the address
    itself names: 404; named by the body they are 422.
    """
    changes = permission.changes_something
    refusals = [*ALWAYS, *(WITH_BODY if has_body else ()), *(WITH_KEY if has_key else ()), *refuses]
    refusals += [no.OutcomeUnknown] if changes else []
    responses = problem_responses(refusals, names_in_address=names_in_address)
    replays = is_replayed and (status != 200 or has_key)
    header = {
        REPLAY_HEADER: {
            "description": "true: this had been done before.",
            "schema": {"type": "string", "const": "true"},
        }
    }
    if replays and status != 200:
        responses[200] = {
            "model": answer,
            "description": "It had been done before: the same answer.",
            "headers": header,
        }
    main: dict[str, Any] = {"model": answer, "description": "Done." if changes else "The answer."}
    if replays and status == 200:
        main["headers"] = header
    responses[status] = main
    if proposes is not None:
        responses[202] = {
            "model": proposes,
            "description": "It waits for a second person: nothing is done yet.",
        }
    extra: dict[str, Any] = {
        **guarded_by(permission),
        "parameters": [
            *([IDEMPOTENCY_PARAMETER] if has_key else []),
            *([CSRF_PARAMETER] if changes or has_body else []),
            VERSION_PARAMETER,
        ],
    }
    return {"responses": responses, "status_code": status, "openapi_extra": extra, "response_model": None}


def guarded_by(permission: Permission) -> dict[str, Any]:
    """What the OpenAPI file says of a route that takes this permission; `GuardedRoute` reads it there."""
    return {
        PERMISSION_EXTENSION: str(permission),
        CHANGES_EXTENSION: permission.changes_something,
        "security": [{SECURITY: []}, {SESSION_SECURITY: []}],
    }


def said_to_signed_in(
    *,
    answer: type[Answer],
    refuses: Iterable[type[Refusal]] = (),
    has_body: bool = False,
    changes_something: bool = False,
    names_in_address: Iterable[type[Refusal]] = (),
) -> dict[str, Any]:
    """Arguments for the decorator of a route about whoever is signed in: it takes no permission, and a session only."""
    refusals = [
        no.NotAuthenticated,
        *BY_SESSION,
        no.FieldWrong,
        Busy,
        *(WITH_BODY if has_body else ()),
        *refuses,
    ]
    refusals += [no.OutcomeUnknown] if changes_something else []
    return {
        "responses": {
            **problem_responses(refusals, names_in_address=names_in_address),
            200: {"model": answer, "description": "Done." if changes_something else "The answer."},
        },
        "openapi_extra": {
            CHANGES_EXTENSION: changes_something,
            "security": [{SESSION_SECURITY: []}],
            "parameters": [*([CSRF_PARAMETER] if changes_something else []), VERSION_PARAMETER],
        },
        "response_model": None,
    }


def said_to_member(
    *,
    answer: type[Answer],
    status: int = 200,
    refuses: Iterable[type[Refusal]] = (),
    has_body: bool = False,
    has_key: bool = False,
    changes_something: bool = False,
    names_in_address: Iterable[type[Refusal]] = (),
) -> dict[str, Any]:
    """Arguments for the decorator of a route about the member himself: it takes his own session only."""
    changes = changes_something or has_key
    refusals = [
        no.NotAuthenticated,
        *BY_SESSION,
        no.FieldWrong,
        TooManyRequests,
        Busy,
        *(WITH_BODY if has_body else ()),
        *(WITH_KEY if has_key else ()),
        *refuses,
    ]
    refusals += [no.OutcomeUnknown] if changes else []
    return {
        "responses": {
            **problem_responses(refusals, names_in_address=names_in_address),
            status: {"model": answer, "description": "Done." if changes else "The answer."},
            **(
                {200: {"model": answer, "description": "It had been done before."}}
                if has_key and status != 200
                else {}
            ),
        },
        "status_code": status,
        "openapi_extra": {
            CHANGES_EXTENSION: changes,
            "security": [{MEMBER_SECURITY: []}],
            "parameters": [
                *([IDEMPOTENCY_PARAMETER] if has_key else []),
                *([CSRF_PARAMETER] if changes else []),
                VERSION_PARAMETER,
            ],
        },
        "response_model": None,
    }


def said_openly(
    *,
    answer: type[Answer],
    or_answer: type[Answer] | None = None,
    refuses: Iterable[type[Refusal]] = (),
    has_body: bool = False,
    status: int = 200,
    changes_something: bool = True,
    names_in_address: Iterable[type[Refusal]] = (),
) -> dict[str, Any]:
    """Arguments for the decorator of a route by which somebody becomes known: nobody is asked who he is."""
    refusals = [no.FieldWrong, Busy, *(WITH_BODY if has_body else ()), *refuses]
    refusals += [no.OutcomeUnknown] if changes_something else []
    model: Any = answer if or_answer is None else answer | or_answer
    done = "Done." if changes_something else "The answer."
    return {
        "responses": {
            **problem_responses(refusals, names_in_address=names_in_address),
            status: {"model": model, "description": done},
        },
        "status_code": status,
        "openapi_extra": {
            CHANGES_EXTENSION: changes_something,
            "security": [],
            "parameters": [VERSION_PARAMETER],
        },
        "response_model": None,
    }


def problem_responses(
    refusals: Iterable[type[Refusal]], *, names_in_address: Iterable[type[Refusal]] = ()
) -> dict[int | str, dict[str, Any]]:
    """For each status the codes that come with it."""
    by_status: dict[int, list[type[Refusal]]] = {}
    in_address = tuple(names_in_address)  # never a set: the order stands in a committed file
    for refusal in [*refusals, *in_address, Defect]:
        status = STATUS[refusal]
        if issubclass(refusal, no.Unknown) and refusal not in in_address:
            status = 422
        if refusal not in by_status.setdefault(status, []):
            by_status[status].append(refusal)
    return {status: _problem_response(status, classes) for status, classes in sorted(by_status.items())}


def _problem_response(status: int, classes: list[type[Refusal]]) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": "\n\n".join(f"`{one.code}`: {one.title()}" for one in classes),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}
    if status == 429:
        response["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return response
