"""Sessions of operators. As of a key, only the SHA-256 of the token is kept: it has 256 random bits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.operators import Proof

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

TOUCH_EVERY = timedelta(minutes=1)
"""The last use of a session is kept so exactly."""
KEPT_AFTER_END = timedelta(days=30)

_COLUMNS = """s.session_id, s.operator_id, s.token_hash, s.created_at, s.last_used_at, s.expires_at, s.privileged_until,
    s.ended_at, s.address, s.agent, s.began_by, o.login, o.name, o.language, o.roles, o.permissions, o.stores,
    o.adjustment_units_max, o.disabled_at, clock_timestamp() AS read_at,
    o.totp_secret IS NOT NULL OR EXISTS (SELECT FROM passkey k WHERE k.operator_id = o.operator_id) AS has_second_factor"""
_FROM = "FROM operator_session s JOIN operator o USING (operator_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session with whose it is, and what he may do, as both stood when it was read."""

    session_id: UUID
    operator_id: UUID
    token_hash: bytes
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    privileged_until: datetime
    ended_at: datetime | None
    address: str
    agent: str
    began_by: str
    login: str
    name: str
    language: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    stores: tuple[str, ...] | None
    adjustment_units_max: int | None
    disabled_at: datetime | None
    has_second_factor: bool
    read_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it opened anything when it was read."""
        return self.ended_at is None and self.disabled_at is None and self.expires_at > self.read_at

    @property
    def is_idle(self) -> bool:
        """Whether it had not been used for too long to do anything privileged."""
        return self.privileged_until <= self.read_at

    @property
    def wants_touch(self) -> bool:
        """Whether the last use that is kept is too old to be told."""
        return self.read_at - self.last_used_at >= TOUCH_EVERY

    @property
    def changes_at(self) -> datetime:
        """The next moment at which it opens less than now, by itself."""
        return self.expires_at if self.is_idle else min(self.expires_at, self.privileged_until)


def _session(row: object) -> Session:
    kept = dict(row)  # type: ignore[call-overload]
    for name in ("roles", "permissions", "stores"):
        kept[name] = None if kept[name] is None else tuple(kept[name])
    return Session(**kept)


async def add_session(
    connection: Connection,
    session_id: UUID,
    *,
    operator_id: UUID,
    token_hash: bytes,
    lasts: timedelta,
    privileged_lasts: timedelta,
    address: str,
    agent: str,
    began_by: Proof = Proof.PASSWORD,
    passkey_id: UUID | None = None,
) -> Session:
    """Keep a new session and return it."""
    await connection.execute(
        """INSERT INTO operator_session (session_id, operator_id, token_hash, last_used_at, expires_at, privileged_until,
                                         address, agent, began_by, passkey_id)
           SELECT $1, $2, $3, now, now + $4::interval, now + $5::interval, $6, $7, $8, $9
           FROM clock_timestamp() AS now""",
        session_id,
        operator_id,
        token_hash,
        lasts,
        privileged_lasts,
        address,
        agent,
        began_by,
        passkey_id,
    )
    found = await find_session(connection, session_id)
    assert found is not None, "it was written just now"
    return found


async def find_session(connection: Connection, session_id: UUID) -> Session | None:
    """A session by its id; None: there is none."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} {_FROM} WHERE session_id = $1", session_id)
    return _session(row) if row else None


async def open_sessions(connection: Connection, operator_id: UUID) -> list[Session]:
    """An operator's sessions that are open, the one used last first."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} {_FROM}
            WHERE operator_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp() AND o.disabled_at IS NULL
            ORDER BY s.last_used_at DESC, s.session_id DESC""",
        operator_id,
    )
    return [_session(row) for row in rows]


async def touch_session(connection: Connection, session_id: UUID, *, privileged_lasts: timedelta) -> None:
    """Keep that it was used just now. What it no longer does after a pause it does not do again by being used."""
    await connection.execute(
        """UPDATE operator_session
           SET last_used_at = clock_timestamp(),
               privileged_until = CASE WHEN privileged_until > clock_timestamp() THEN clock_timestamp() + $2::interval
                                       ELSE privileged_until END
           WHERE session_id = $1 AND last_used_at <= clock_timestamp() - $3::interval AND ended_at IS NULL""",
        session_id,
        privileged_lasts,
        TOUCH_EVERY,
    )


async def end_session(connection: Connection, operator_id: UUID, session_id: UUID) -> bool:
    """Whether it was a session of this operator that was open; it is no more."""
    done: str = await connection.execute(
        """UPDATE operator_session SET ended_at = clock_timestamp()
           WHERE session_id = $1 AND operator_id = $2 AND ended_at IS NULL AND expires_at > clock_timestamp()""",
        session_id,
        operator_id,
    )
    return done.endswith(" 1")


async def end_sessions(connection: Connection, operator_id: UUID, *, but: UUID | None = None) -> int:
    """How many sessions of his were open; they are no more, but for one."""
    done: str = await connection.execute(
        """UPDATE operator_session SET ended_at = clock_timestamp()
           WHERE operator_id = $1 AND session_id IS DISTINCT FROM $2 AND ended_at IS NULL
                 AND expires_at > clock_timestamp()""",
        operator_id,
        but,
    )
    return int(done.rpartition(" ")[2])


async def end_sessions_of_passkey(
    connection: Connection, passkey_id: UUID, *, but: UUID | None = None
) -> int:
    """How many sessions that a passkey opened were open; they are no more, but for one."""
    done: str = await connection.execute(
        """UPDATE operator_session SET ended_at = clock_timestamp()
           WHERE passkey_id = $1 AND session_id IS DISTINCT FROM $2 AND ended_at IS NULL
                 AND expires_at > clock_timestamp()""",
        passkey_id,
        but,
    )
    return int(done.rpartition(" ")[2])


async def end_oldest_sessions(connection: Connection, operator_id: UUID, *, keep: int) -> None:
    """End those used longest ago beyond so many, and forget those of him that ended long ago."""
    await connection.execute(
        """UPDATE operator_session SET ended_at = clock_timestamp() WHERE session_id IN (
               SELECT session_id FROM operator_session
               WHERE operator_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()
               ORDER BY last_used_at DESC, session_id DESC OFFSET $2)""",
        operator_id,
        keep,
    )
    await connection.execute(
        """DELETE FROM operator_session
           WHERE operator_id = $1 AND least(ended_at, expires_at) < clock_timestamp() - $2::interval""",
        operator_id,
        KEPT_AFTER_END,
    )
