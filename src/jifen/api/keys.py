"""Keys of the API, for whoever manages them: which there are and what each may do; making, rotating, renewing, ending one.

A secret is shown once, with the answer that made it: no remembered answer holds it, so a replay tells the key without it. Nobody
makes or rotates a key that may do more than he may himself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.backtests import Day
from jifen.api.fields import Answer, Body, Code, Instant
from jifen.api.ids import KeyId
from jifen.api.requests import Desk, GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain.operators import STORES_MAX, UNITS_MAX
from jifen.domain.principal import Permission, permissions_of
from jifen.domain.refusals import FieldWrong, StoreUnknown
from jifen.operations.manage_keys import (
    OVERLAP_MAX,
    RATE_MAX,
    create_key_once,
    list_keys,
    read_key,
    renew_key_once,
    revoke_key_once,
    rotate_key_once,
)
from jifen.store.api_keys import ApiKey

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


class KeyRow(Answer):
    """A key. Of its secret nothing is told."""

    key_id: KeyId
    name: str
    roles: list[str]
    permissions: list[str] = Field(description="All that it may do, by its roles and beyond them.")
    stores: list[str] | None = Field(
        description="Codes of the stores it is bound to; null: to none in particular."
    )
    adjustment_units_max: int | None
    needs_code: bool = Field(description="It spends only for a member who shows a code.")
    requests_per_minute: int | None = Field(description="null: as often as any key.")
    is_test: bool
    created_at: Instant
    expires_at: Instant | None
    is_expired: bool
    revoked_at: Instant | None
    last_used_at: Instant | None = Field(description="To the hour.")
    old_secret_until: Instant | None = Field(
        description="After a rotation: until then the secret before opens it too."
    )


class KeysAnswer(Answer):
    """Every key, revoked and expired ones too, the newest first."""

    data: list[KeyRow]


class RevokedAnswer(Answer):
    """A key that opens nothing any more, within seconds."""

    key_id: KeyId
    revoked_at: Instant


class KeyEnd(Body):
    """When a key ends."""

    expires_on: Day | None = Field(
        default=None, description="Its last day, in the programme's zone; absent or null: never."
    )


class KeyBody(KeyEnd):
    """A key to be made: roles, single permissions, or both."""

    name: Code = Field(description="What the journal calls whoever uses it, such as till-7.")
    roles: list[Code] = Field(default_factory=list, max_length=100)
    permissions: list[Code] = Field(default_factory=list, max_length=100)
    stores: list[Code] = Field(
        default_factory=list,
        max_length=STORES_MAX,
        description="Stores it is bound to; none: to none in particular.",
    )
    adjustment_units_max: Annotated[int, Field(strict=True, ge=0, le=UNITS_MAX)] | None = Field(
        default=None, description="More units than that it does not adjust alone."
    )
    needs_code: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        description="It spends only for a member who shows a code; absent: where it has the role till.",
    )
    requests_per_minute: Annotated[int, Field(strict=True, ge=1, le=RATE_MAX)] | None = Field(
        default=None, description="How often it may ask; absent: as often as any key."
    )
    is_test: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="It looks and changes nothing."
    )


class RotateBody(Body):
    """How long the secret that is there still opens the key."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=OVERLAP_MAX.days * 24)] = Field(
        default=24, description="0: it ends at once."
    )


class KeyMade(Answer):
    """A key, with its token where this is the one answer that tells it."""

    key: KeyRow
    token: str | None = Field(
        description="Shown once, and kept nowhere; null in the answer to a request that came before."
    )


@router.get(
    "/keys",
    tags=["operation"],
    summary="List keys",
    **said(permission=Permission.KEYS_READ, answer=KeysAnswer),
)
async def get_keys(request: Request) -> Response:
    """Which keys there are, what each may do, and when it was used last."""
    found = await list_keys(desk_of(request).ledger)
    return render.answered(KeysAnswer(data=[_shown(one) for one in reversed(found)]))


def _shown(one: ApiKey) -> KeyRow:
    return KeyRow(
        key_id=one.key_id,
        name=one.name,
        roles=list(one.roles),
        permissions=sorted(str(held) for held in permissions_of(one.roles, one.permissions)),
        stores=list(one.stores) if one.stores else None,
        adjustment_units_max=one.adjustment_units_max,
        needs_code=one.needs_code,
        requests_per_minute=one.requests_per_minute,
        is_test=one.is_test,
        created_at=one.created_at,
        expires_at=one.expires_at,
        is_expired=one.is_expired,
        revoked_at=one.revoked_at,
        last_used_at=one.last_used_at,
        old_secret_until=one.old_secret_until,
    )


@contextmanager
def _end_named() -> Iterator[None]:
    """What is wrong with an end is said of the field in which it came."""
    try:
        yield
    except FieldWrong as wrong:
        if wrong.pointer == "/expires":
            wrong.pointer = "/expires_on"
        raise


async def _made(desk: Desk, answer: dict[str, Any], *, status: int) -> Response:
    desk.request.app.state.doorkeeper.forget(UUID(answer["key_id"]))
    key = await read_key(desk.ledger, UUID(answer["key_id"]))
    assert key is not None, "keys are never deleted"
    is_replay = bool(answer["is_replay"])
    return render.answered(
        KeyMade(key=_shown(key), token=answer.get("token")),
        status=200 if is_replay else status,
        is_replay=is_replay,
    )


@router.post(
    "/keys",
    tags=["operation"],
    summary="Make a key",
    **said(
        permission=Permission.KEYS_MANAGE, answer=KeyMade, status=201, has_body=True, has_key=True,
        refuses=[StoreUnknown],
    ),
)  # fmt: skip
async def make_key(request: Request, body: KeyBody) -> Response:
    """The token is in this answer and nowhere else. Whoever makes a key gives no more than he has."""
    desk = desk_of(request)
    with _end_named():
        answer = await asked_once(
            desk,
            body,
            lambda once: create_key_once(
                desk.ledger, name=body.name, roles=body.roles, permissions=body.permissions, stores=body.stores,
                adjustment_units_max=body.adjustment_units_max, needs_code=body.needs_code,
                requests_per_minute=body.requests_per_minute, expires=body.expires_on, is_test=body.is_test,
                request=once, by=desk.principal,
            ),
        )  # fmt: skip
    return await _made(desk, answer, status=201)


@router.post(
    "/keys/{key_id:id}:rotate",
    tags=["operation"],
    summary="Give a key another secret",
    **said(permission=Permission.KEYS_MANAGE, answer=KeyMade, has_body=True, has_key=True),
)
async def rotate(request: Request, key_id: KeyId, body: RotateBody) -> Response:
    """The new token is in this answer and nowhere else; the old one opens the key until the overlap ends. All else stays."""
    desk = desk_of(request)
    overlap = timedelta(hours=body.overlap_hours)
    answer = await asked_once(
        desk,
        body,
        lambda once: rotate_key_once(desk.ledger, key_id, overlap=overlap, request=once, by=desk.principal),
    )
    return await _made(desk, answer, status=200)


@router.post(
    "/keys/{key_id:id}:renew",
    tags=["operation"],
    summary="Give a key another end",
    **said(permission=Permission.KEYS_MANAGE, answer=KeyMade, has_body=True, has_key=True),
)
async def renew(request: Request, key_id: KeyId, body: KeyEnd) -> Response:
    """Counted from now, also where it has expired meanwhile. Its token stays as it is, and is not told."""
    desk = desk_of(request)
    with _end_named():
        answer = await asked_once(
            desk,
            body,
            lambda once: renew_key_once(
                desk.ledger, key_id, expires=body.expires_on, request=once, by=desk.principal
            ),
        )
    return await _made(desk, answer, status=200)


@router.post(
    "/keys/{key_id:id}:revoke",
    tags=["operation"],
    summary="Revoke a key",
    **said(permission=Permission.KEYS_MANAGE, answer=RevokedAnswer, has_key=True),
)
async def revoke(request: Request, key_id: KeyId) -> Response:
    """The key opens nothing any more, once the serving processes have forgotten it (five seconds). That is for good."""
    desk = desk_of(request)
    answer = await asked_once(
        desk, None, lambda once: revoke_key_once(desk.ledger, key_id, once, by=desk.principal)
    )
    return render.told(RevokedAnswer, answer)
