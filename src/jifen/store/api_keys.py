"""Keys of the API. Of a secret only its SHA-256 is kept: it has 256 random bits, so nothing slower is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_COLUMNS = "key_id, name, secret_hash, scopes, is_test, created_at, revoked_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept."""

    key_id: UUID
    name: str
    secret_hash: bytes
    scopes: tuple[str, ...]
    is_test: bool
    created_at: datetime
    revoked_at: datetime | None


async def add_api_key(
    connection: Connection,
    key_id: UUID,
    *,
    name: str,
    secret_hash: bytes,
    scopes: Sequence[str],
    is_test: bool,
) -> ApiKey:
    """Keep a new key and return it."""
    row = await connection.fetchrow(
        f"""INSERT INTO api_key (key_id, name, secret_hash, scopes, is_test) VALUES ($1, $2, $3, $4, $5)
            RETURNING {_COLUMNS}""",
        key_id,
        name,
        secret_hash,
        list(scopes),
        is_test,
    )
    return _key(row)


async def find_api_key(connection: Connection, key_id: UUID) -> ApiKey | None:
    """A key by its id, revoked or not; None when there is none."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM api_key WHERE key_id = $1", key_id)
    return _key(row) if row else None


async def all_api_keys(connection: Connection, *, limit: int) -> Sequence[ApiKey]:
    """The keys, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, key_id LIMIT $1", limit
    )
    return [_key(row) for row in rows]


async def revoke_api_key(connection: Connection, key_id: UUID) -> ApiKey | None:
    """The key, revoked from now on (or since when it was); None when there is none."""
    row = await connection.fetchrow(
        f"""UPDATE api_key SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE key_id = $1
            RETURNING {_COLUMNS}""",
        key_id,
    )
    return _key(row) if row else None


def _key(row: object) -> ApiKey:
    kept = dict(row)  # type: ignore[call-overload]
    return ApiKey(**{**kept, "scopes": tuple(kept["scopes"])})
