"""Proofs: what was found when the books were proven. Their times are of the clock, not of the book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

KEPT_MAX = 100  # proofs; older ones go when a new one comes


class Proof(NamedTuple):
    """One proof. `laws` is what `Books.as_document` lists: law, verdict, checks, tested_by, broken."""

    began_at: datetime
    milliseconds: int
    members_replayed: int
    is_kept: bool
    laws: list[dict[str, Any]]


async def add_proof(
    connection: Connection,
    proof_id: UUID,
    *,
    milliseconds: int,
    members_replayed: int,
    is_kept: bool,
    laws: Sequence[dict[str, Any]],
) -> None:
    """Keep what was found just now, and forget what is older than the newest hundred."""
    await connection.execute(
        """INSERT INTO proof (proof_id, began_at, milliseconds, members_replayed, is_kept, laws)
           VALUES ($1, clock_timestamp() - $2::int * INTERVAL '1 millisecond', $2, $3, $4, $5)""",
        proof_id,
        milliseconds,
        members_replayed,
        is_kept,
        list(laws),
    )
    await connection.execute(
        "DELETE FROM proof WHERE proof_id IN (SELECT proof_id FROM proof ORDER BY began_at DESC OFFSET $1)",
        KEPT_MAX,
    )


async def last_proof(connection: Connection) -> Proof | None:
    """The newest; None: the books were never proven since this ledger keeps proofs."""
    row = await connection.fetchrow(
        "SELECT began_at, milliseconds, members_replayed, is_kept, laws FROM proof ORDER BY began_at DESC LIMIT 1"
    )
    return Proof(*row) if row else None
