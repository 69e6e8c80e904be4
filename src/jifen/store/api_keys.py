"""Keys of the API. Of a secret only its SHA-256 is kept: it has 256 random bits, so nothing slower is needed.

Their times are of the clock, also where the book date lies behind it: a key is of the machine and not of the books.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_COLUMNS = """key_id, name, secret_hash, old_secret_hash, old_secret_until, roles, permissions, stores, adjustment_units_max,
    needs_code, requests_per_minute, is_test, created_at, expires_at, revoked_at, last_used_at, clock_timestamp() AS read_at"""
TOUCH_EVERY = timedelta(hours=1)
"""The last use of a key is kept so exactly: a busy key costs one write in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept.

    Shape
        requests_per_minute   how often it may ask; None: as often as any key
        stores         codes of the stores it is bound to; None: to none
        read_at        the database's clock when it was read: what its moments are held against
        last_used_at   some use within `TOUCH_EVERY` before the last one
    """

    key_id: UUID
    name: str
    secret_hash: bytes
    old_secret_hash: bytes | None
    old_secret_until: datetime | None
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    stores: tuple[str, ...] | None
    adjustment_units_max: int | None
    needs_code: bool
    requests_per_minute: int | None
    is_test: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    read_at: datetime

    @property
    def is_expired(self) -> bool:
        """Whether it had expired when it was read."""
        return self.expires_at is not None and self.expires_at <= self.read_at

    @property
    def wants_touch(self) -> bool:
        """Whether the last use that is kept is too old to be told."""
        return self.last_used_at is None or self.read_at - self.last_used_at >= TOUCH_EVERY

    @property
    def changes_at(self) -> datetime | None:
        """The next moment at which it opens less than now, by itself; None: there is none."""
        ends = [end for end in (self.expires_at, self.old_secret_until) if end is not None]
        return min((end for end in ends if end > self.read_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is made with."""

    key_id: UUID
    name: str
    secret_hash: bytes
    roles: Sequence[str]
    permissions: Sequence[str]
    stores: Sequence[str] | None
    adjustment_units_max: int | None
    needs_code: bool
    requests_per_minute: int | None
    is_test: bool


async def add_api_key(connection: Connection, new: NewKey, *, expires: timedelta | datetime | None) -> ApiKey:
    """Keep a new key and return it. It expires after so long, or at that moment, or never."""
    row = await connection.fetchrow(
        f"""INSERT INTO api_key (key_id, name, secret_hash, roles, permissions, stores, adjustment_units_max, needs_code,
                                 requests_per_minute, is_test, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, {_END.format(moment=11, lifetime=12)})
            RETURNING {_COLUMNS}""",
        new.key_id,
        new.name,
        new.secret_hash,
        list(new.roles),
        list(new.permissions),
        list(new.stores) if new.stores else None,
        new.adjustment_units_max,
        new.needs_code,
        new.requests_per_minute,
        new.is_test,
        *_end(expires),
    )
    return _key(row)


async def find_api_key(connection: Connection, key_id: UUID) -> ApiKey | None:
    """A key by its id, revoked and expired or not; None when there is none."""
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


async def rotate_api_key(
    connection: Connection, key_id: UUID, *, secret_hash: bytes, overlap: timedelta
) -> ApiKey | None:
    """The key with its new secret; the one before opens it for as long as `overlap` says. None: there is none that is not
    revoked. Of two rotations within one overlap only the newer old secret lives on.
    """
    row = await connection.fetchrow(
        f"""UPDATE api_key SET secret_hash = $2, old_secret_hash = secret_hash, old_secret_until = clock_timestamp() + $3
            WHERE key_id = $1 AND revoked_at IS NULL RETURNING {_COLUMNS}""",
        key_id,
        secret_hash,
        overlap,
    )
    return _key(row) if row else None


async def renew_api_key(
    connection: Connection, key_id: UUID, *, expires: timedelta | datetime | None
) -> ApiKey | None:
    """The key with another end, or with none; None: there is none that is not revoked."""
    row = await connection.fetchrow(
        f"""UPDATE api_key SET expires_at = {_END.format(moment=2, lifetime=3)}
            WHERE key_id = $1 AND revoked_at IS NULL RETURNING {_COLUMNS}""",
        key_id,
        *_end(expires),
    )
    return _key(row) if row else None


async def change_api_key(
    connection: Connection, key_id: UUID, *, needs_code: bool, requests_per_minute: int | None
) -> ApiKey | None:
    """The key with other settings; None: there is none that is not revoked."""
    row = await connection.fetchrow(
        f"""UPDATE api_key SET needs_code = $2, requests_per_minute = $3
            WHERE key_id = $1 AND revoked_at IS NULL RETURNING {_COLUMNS}""",
        key_id,
        needs_code,
        requests_per_minute,
    )
    return _key(row) if row else None


async def touch_api_key(connection: Connection, key_id: UUID) -> None:
    """Keep that it was used just now. Where somebody kept a use within the hour, nothing is written."""
    await connection.execute(
        """UPDATE api_key SET last_used_at = clock_timestamp()
           WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at <= clock_timestamp() - $2::interval)""",
        key_id,
        TOUCH_EVERY,
    )


_END = "coalesce(${moment}::timestamptz, clock_timestamp() + ${lifetime}::interval)"


def _end(expires: timedelta | datetime | None) -> tuple[datetime | None, timedelta | None]:
    if isinstance(expires, timedelta):
        return None, expires
    return expires, None


def _key(row: object) -> ApiKey:
    kept = dict(row)  # type: ignore[call-overload]
    for name in ("roles", "permissions", "stores"):
        kept[name] = None if kept[name] is None else tuple(kept[name])
    return ApiKey(**kept)
