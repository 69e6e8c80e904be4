"""Operators and their invitations. All times are of the clock, as those of keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from jifen.domain.refusals import LoginTaken

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_COLUMNS = """o.operator_id, o.login, o.name, o.roles, o.permissions, o.stores, o.adjustment_units_max, o.language,
    o.password_hash, o.totp_secret, o.totp_offered, o.totp_step, cardinality(o.recovery_hashes) AS recovery_codes_left,
    (SELECT count(*) FROM passkey k WHERE k.operator_id = o.operator_id) AS passkeys, o.created_at, o.disabled_at,
    (SELECT expires_at FROM operator_invitation i WHERE i.operator_id = o.operator_id) AS invited_until,
    (SELECT max(last_used_at) FROM operator_session s WHERE s.operator_id = o.operator_id) AS last_used_at,
    clock_timestamp() AS read_at"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An operator as he is kept.

    Shape
        login           None: he was invited and has not come yet
        stores          codes of the stores he is bound to; None: to none
        totp_secret     sealed; None: no authenticator tells him codes
        passkeys        how many he has
        invited_until   until when an invitation of his is open; None: there is none
        last_used_at    when a session of his was used last, to the minute, as far as sessions are kept
    """

    operator_id: UUID
    login: str | None
    name: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    stores: tuple[str, ...] | None
    adjustment_units_max: int | None
    language: str
    password_hash: str | None
    totp_secret: bytes | None
    totp_offered: bytes | None
    totp_step: int
    recovery_codes_left: int
    passkeys: int
    created_at: datetime
    disabled_at: datetime | None
    invited_until: datetime | None
    last_used_at: datetime | None
    read_at: datetime

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone does not let him in."""
        return self.totp_secret is not None or self.passkeys > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What an operator may do."""

    roles: Sequence[str]
    permissions: Sequence[str]
    stores: Sequence[str] | None
    adjustment_units_max: int | None


def _operator(row: object) -> Operator:
    kept = dict(row)  # type: ignore[call-overload]
    for name in ("roles", "permissions", "stores"):
        kept[name] = None if kept[name] is None else tuple(kept[name])
    return Operator(**kept)


async def add_operator(
    connection: Connection,
    operator_id: UUID,
    *,
    name: str,
    may: May,
    language: str,
    login: str | None = None,
    password_hash: str | None = None,
) -> Operator:
    """Keep a new operator.

    Refuses
        LoginTaken   another signs in by that name
    """
    try:
        await connection.execute(
            """INSERT INTO operator (operator_id, name, roles, permissions, stores, adjustment_units_max, language, login,
                                     password_hash)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
            operator_id,
            name,
            list(may.roles),
            list(may.permissions),
            None if may.stores is None else list(may.stores),
            may.adjustment_units_max,
            language,
            login,
            password_hash,
        )
    except asyncpg.UniqueViolationError as taken:
        raise LoginTaken(pointer="/login", login=login) from taken
    found = await find_operator(connection, operator_id)
    assert found is not None, "it was written just now"
    return found


async def find_operator(
    connection: Connection, operator_id: UUID, *, is_locked: bool = False
) -> Operator | None:
    """An operator by his id; None: there is none. Locked: nobody else changes him until the transaction ends."""
    lock = "FOR NO KEY UPDATE OF o" if is_locked else ""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM operator o WHERE operator_id = $1 {lock}", operator_id
    )
    return _operator(row) if row else None


async def operator_by_login(connection: Connection, login: str) -> Operator | None:
    """Who signs in by that name; None: nobody."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM operator o WHERE login = $1", login)
    return _operator(row) if row else None


async def all_operators(connection: Connection, *, limit: int) -> list[Operator]:
    """The operators, disabled ones too, oldest first."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM operator o ORDER BY operator_id LIMIT $1", limit)
    return [_operator(row) for row in rows]


async def hold_operators(connection: Connection) -> None:
    """Let nobody else change who there is until the transaction ends: for what is true of all of them together."""
    await connection.execute("LOCK TABLE operator IN SHARE ROW EXCLUSIVE MODE")


async def change_may(connection: Connection, operator_id: UUID, may: May) -> None:
    """Let him do this, and nothing else."""
    await connection.execute(
        """UPDATE operator SET roles = $2, permissions = $3, stores = $4, adjustment_units_max = $5
           WHERE operator_id = $1""",
        operator_id,
        list(may.roles),
        list(may.permissions),
        None if may.stores is None else list(may.stores),
        may.adjustment_units_max,
    )


async def change_disabled(connection: Connection, operator_id: UUID, *, is_disabled: bool) -> None:
    """Let him sign in no more, or again; his invitation goes too."""
    await connection.execute(
        """UPDATE operator SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, clock_timestamp()) END
           WHERE operator_id = $1""",
        operator_id,
        is_disabled,
    )
    if is_disabled:
        await drop_invitation(connection, operator_id)


async def change_password(
    connection: Connection, operator_id: UUID, password_hash: str | None, *, login: str | None = None
) -> None:
    """Let him sign in by this password (None: by none), and by this login where one is given.

    Refuses
        LoginTaken   another signs in by that name
    """
    try:
        await connection.execute(
            "UPDATE operator SET password_hash = $2, login = coalesce($3, login) WHERE operator_id = $1",
            operator_id,
            password_hash,
            login,
        )
    except asyncpg.UniqueViolationError as taken:
        raise LoginTaken(pointer="/login", login=login) from taken


# -- names ----------------------------------------------------------------------------------------------------------------

_ACTOR = re.compile(r"(opr_[0-9a-f]{32}|[^/+]+)(?:\+(opr_[0-9a-f]{32}|cli))?(/.*)?", re.DOTALL)
"""An actor: who did it; of what two did, both; and the cashier whom he names, which may be any text."""


async def named(connection: Connection, actors: Iterable[str | None]) -> dict[str, str]:
    """By actor, as the journal names him, how he is called now: operators by their names. What names no operator is left out."""
    parts = {
        actor: found
        for actor in actors
        if actor is not None and "opr_" in actor and (found := _ACTOR.fullmatch(actor)) is not None
    }
    ids = {
        part for found in parts.values() for part in found.groups()[:2] if part is not None and "opr_" in part
    }
    if not ids:
        return {}
    rows = await connection.fetch(
        "SELECT operator_id, name FROM operator WHERE operator_id = ANY ($1::uuid[])",
        [UUID(one.removeprefix("opr_")) for one in ids if one.startswith("opr_")],
    )
    names = {f"opr_{row['operator_id'].hex}": row["name"] for row in rows}
    return {
        actor: "+".join(names.get(str(part), str(part)) for part in found.groups()[:2] if part is not None)
        + (found[3] or "")
        for actor, found in parts.items()
    }


# -- the second factor ----------------------------------------------------------------------------------------------------


async def offer_totp(connection: Connection, operator_id: UUID, sealed: bytes) -> None:
    """Keep a secret that a code must still confirm."""
    await connection.execute(
        "UPDATE operator SET totp_offered = $2 WHERE operator_id = $1", operator_id, sealed
    )


async def confirm_totp(
    connection: Connection, operator_id: UUID, *, step: int, recovery_hashes: Sequence[bytes]
) -> None:
    """From now on the offered secret counts, from the code after this one, and these recovery codes."""
    await connection.execute(
        """UPDATE operator SET totp_secret = totp_offered, totp_offered = NULL, totp_step = $2, recovery_hashes = $3
           WHERE operator_id = $1""",
        operator_id,
        step,
        list(recovery_hashes),
    )


async def remove_totp(connection: Connection, operator_id: UUID) -> None:
    """No authenticator tells him codes any more."""
    await connection.execute(
        "UPDATE operator SET totp_secret = NULL, totp_offered = NULL, totp_step = 0 WHERE operator_id = $1",
        operator_id,
    )


async def put_recovery_codes(
    connection: Connection, operator_id: UUID, recovery_hashes: Sequence[bytes]
) -> None:
    """From now on these recovery codes count, and no others."""
    await connection.execute(
        "UPDATE operator SET recovery_hashes = $2 WHERE operator_id = $1", operator_id, list(recovery_hashes)
    )


async def drop_idle_recovery_codes(connection: Connection, operator_id: UUID) -> None:
    """Recovery codes stand in for a second factor: where there is none any more they go too."""
    await connection.execute(
        """UPDATE operator o SET recovery_hashes = '{}'
           WHERE operator_id = $1 AND totp_secret IS NULL
                 AND NOT EXISTS (SELECT FROM passkey k WHERE k.operator_id = o.operator_id)""",
        operator_id,
    )


async def use_totp_step(connection: Connection, operator_id: UUID, step: int) -> bool:
    """Whether the code of this step counts: the first time, and none that is older than one that did."""
    done: str = await connection.execute(
        "UPDATE operator SET totp_step = $2 WHERE operator_id = $1 AND totp_step < $2", operator_id, step
    )
    return done.endswith(" 1")


async def use_recovery_code(connection: Connection, operator_id: UUID, code_hash: bytes) -> bool:
    """Whether the recovery code counts: it is his, and was not used."""
    done: str = await connection.execute(
        """UPDATE operator SET recovery_hashes = array_remove(recovery_hashes, $2)
           WHERE operator_id = $1 AND $2 = ANY (recovery_hashes)""",
        operator_id,
        code_hash,
    )
    return done.endswith(" 1")


# -- invitations ----------------------------------------------------------------------------------------------------------


async def put_invitation(
    connection: Connection, operator_id: UUID, *, token_hash: bytes, invited_by: str, lasts: timedelta
) -> datetime:
    """When the invitation expires. It takes the place of the one before."""
    expires_at: datetime = await connection.fetchval(
        """INSERT INTO operator_invitation AS i (token_hash, operator_id, invited_by, expires_at)
           VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
           ON CONFLICT (operator_id) DO UPDATE
           SET token_hash = excluded.token_hash, invited_by = excluded.invited_by, created_at = clock_timestamp(),
               expires_at = excluded.expires_at
           RETURNING expires_at""",
        token_hash,
        operator_id,
        invited_by,
        lasts,
    )
    return expires_at


async def take_invitation(connection: Connection, token_hash: bytes) -> UUID | None:
    """Whose invitation it is, which is used up by that; None: there is none, or it has expired."""
    found: UUID | None = await connection.fetchval(
        """DELETE FROM operator_invitation WHERE token_hash = $1 AND expires_at > clock_timestamp()
           RETURNING operator_id""",
        token_hash,
    )
    return found


async def drop_invitation(connection: Connection, operator_id: UUID) -> None:
    """His invitation opens nothing any more."""
    await connection.execute("DELETE FROM operator_invitation WHERE operator_id = $1", operator_id)
