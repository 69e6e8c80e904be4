"""Keys of the API, for whoever manages them: which there are and what each may do; and ending one.

A new key is made at the command line (`jifen key create`): its secret is shown once, and no remembered answer
may hold it.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.fields import Answer, Instant
from jifen.api.ids import KeyId
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain.principal import Permission, permissions_of
from jifen.operations.manage_keys import list_keys, revoke_key_once

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
    is_test: bool
    created_at: Instant
    expires_at: Instant | None
    is_expired: bool
    revoked_at: Instant | None
    last_used_at: Instant | None = Field(description="To the hour.")


class KeysAnswer(Answer):
    """Every key, revoked and expired ones too, the newest first."""

    data: list[KeyRow]


class RevokedAnswer(Answer):
    """A key that opens nothing any more, within seconds."""

    key_id: KeyId
    revoked_at: Instant


@router.get(
    "/keys",
    tags=["operation"],
    summary="List keys",
    **said(permission=Permission.KEYS_READ, answer=KeysAnswer),
)
async def get_keys(request: Request) -> Response:
    """Which keys there are, what each may do, and when it was used last."""
    found = await list_keys(desk_of(request).ledger)
    rows = [
        KeyRow(
            key_id=one.key_id,
            name=one.name,
            roles=list(one.roles),
            permissions=sorted(str(held) for held in permissions_of(one.roles, one.permissions)),
            stores=list(one.stores) if one.stores else None,
            adjustment_units_max=one.adjustment_units_max,
            is_test=one.is_test,
            created_at=one.created_at,
            expires_at=one.expires_at,
            is_expired=one.is_expired,
            revoked_at=one.revoked_at,
            last_used_at=one.last_used_at,
        )
        for one in reversed(found)
    ]
    return render.answered(KeysAnswer(data=rows))


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
