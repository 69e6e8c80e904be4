"""Seals of the audit: its rows are chained by hash in batches, behind a checkpoint (decision 0006), so that no row is one that
everybody waits for. A seal keeps the hash of each of its rows, so that one which was changed, deleted or slipped in is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.store.checkpoints import move, unread

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

CHECKPOINT = "audit"
SEAL_MAX = 1_000
"""A seal holds so many rows at most."""
BEGINNING = bytes(32)
"""What stands before the first seal."""
_PATIENCE_SECONDS = 600

ROW_HASH = """sha256(convert_to(jsonb_build_array(a.audit_id, (extract(epoch FROM a.happened_at) * 1000000)::bigint,
    a.principal_kind, a.principal_id, a.principal, a.deed, a.about, a.why, a.came_from, a.count, a.details)::text, 'UTF8'))"""
"""SQL: the hash of a row `a` of the audit, over all that it says."""

ROOT = """sha256((SELECT string_agg(uuid_send(r.id) || r.hash, '' ORDER BY r.at)
    FROM unnest(s.ids, s.hashes) WITH ORDINALITY AS r (id, hash, at)))"""
"""SQL: the root of a seal `s`, from what it says of its rows."""

SEAL_HASH = """sha256(s.previous || int8send(s.number)
    || int8send((extract(epoch FROM s.sealed_at) * 1000000)::bigint) || s.root)"""
"""SQL: the hash of a seal `s`, from which the next one follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The newest seal: whoever keeps its number and hash elsewhere can prove later that nothing before it was rewritten."""

    number: int
    hash: bytes
    sealed_at: datetime


async def seal(connection: Connection) -> tuple[int, Seal | None]:
    """Seal what has been written since the last time and whose transactions have ended; how many rows, and the newest seal.

    One process at a time; who dies in it has sealed nothing.
    """
    span = await unread(connection, CHECKPOINT)
    if span is None:
        return 0, None
    last = await newest_seal(connection)
    # After a move to another server the checkpoint begins again at 0: what is sealed already stays where it is.
    known = (
        "AND NOT EXISTS (SELECT FROM (SELECT unnest(ids) AS id FROM audit_seal) s WHERE s.id = a.audit_id)"
        if not span.below
        else ""
    )
    rows: list[tuple[UUID, bytes]] = []
    sealed = 0
    async for row in connection.cursor(
        f"""SELECT a.audit_id, {ROW_HASH} FROM audit a WHERE a.recorded_xid >= $1 AND a.recorded_xid < $2 {known}
            ORDER BY a.audit_id""",
        *span,
        prefetch=SEAL_MAX,
        timeout=_PATIENCE_SECONDS,
    ):
        rows.append((row[0], row[1]))
        if len(rows) == SEAL_MAX:
            last = await _add(connection, last, rows)
            sealed, rows = sealed + len(rows), []
    if rows:
        last = await _add(connection, last, rows)
        sealed += len(rows)
    await move(connection, CHECKPOINT, span)
    return sealed, last


async def _add(connection: Connection, last: Seal | None, rows: Sequence[tuple[UUID, bytes]]) -> Seal:
    number = last.number + 1 if last else 1
    previous = last.hash if last else BEGINNING
    sealed_at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    root = hashlib.sha256(b"".join(one.bytes + hash_ for one, hash_ in rows)).digest()
    hash_: bytes = await connection.fetchval(
        f"""SELECT {SEAL_HASH} FROM (SELECT $1::bytea AS previous, $2::bigint AS number, $3::timestamptz AS sealed_at,
                                            $4::bytea AS root) s""",
        previous,
        number,
        sealed_at,
        root,
    )
    await connection.execute(
        """INSERT INTO audit_seal (number, first_id, last_id, count, ids, hashes, root, previous, hash, sealed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        number,
        rows[0][0],
        rows[-1][0],
        len(rows),
        [one for one, _ in rows],
        [of_row for _, of_row in rows],
        root,
        previous,
        hash_,
        sealed_at,
    )
    return Seal(number=number, hash=hash_, sealed_at=sealed_at)


async def newest_seal(connection: Connection) -> Seal | None:
    """The newest seal; None while there is none."""
    row = await connection.fetchrow(
        "SELECT number, hash, sealed_at FROM audit_seal ORDER BY number DESC LIMIT 1"
    )
    return Seal(**row) if row else None


async def has_seal(connection: Connection, hash_: bytes) -> bool:
    """Whether the chain has a seal of this hash."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM audit_seal WHERE hash = $1)", hash_)
    return found


async def count_sealed(connection: Connection) -> tuple[int, int]:
    """How many rows the audit has, and how many of them are sealed."""
    row = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM audit), (SELECT coalesce(sum(count), 0) FROM audit_seal)::bigint"
    )
    return row[0], row[1]
