"""How far a reader of the journal has come: it follows the ids of transactions (decision 0006), and one at a time reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Span(NamedTuple):
    """Transactions that a reader has not seen: from `below` up to, and without, `horizon`."""

    below: int
    horizon: int


async def unread(connection: Connection, name: str) -> Span | None:
    """What has ended since the reader's checkpoint, which is locked; None: another process is at it.

    A transaction still running keeps the horizon below itself, so a late commit is never missed.
    """
    await connection.execute(
        """INSERT INTO checkpoint (name, below_xid)
           SELECT $1::text, 0 WHERE NOT EXISTS (SELECT FROM checkpoint WHERE name = $1) ON CONFLICT (name) DO NOTHING""",
        name,
    )
    below = await connection.fetchval(
        "SELECT below_xid FROM checkpoint WHERE name = $1 FOR UPDATE SKIP LOCKED", name
    )
    if below is None:
        return None
    horizon = await connection.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return Span(below, max(horizon, below))


async def move(connection: Connection, name: str, span: Span) -> None:
    """What was unread is read, in the transaction that asked for it."""
    await connection.execute(
        "UPDATE checkpoint SET below_xid = $2, moved_at = clock_timestamp() WHERE name = $1",
        name,
        span.horizon,
    )
