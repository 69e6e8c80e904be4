"""The programme's accounts, rolled up from the postings behind a checkpoint: no row is shared by all members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jifen.store.checkpoints import move, unread

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_NAME = "programme_balance"
_PATIENCE_SECONDS = 600
"""After a large import there is much to add up at once; a till's patience would give up each time and never come to an end."""


async def roll_up(connection: Connection) -> int:
    """Add the postings of all transactions that have ended since the checkpoint; return how many there were.

    A transaction still running keeps the checkpoint below itself, so a late commit is never missed. Where another process is
    at it already, it is left to that one.
    """
    span = await unread(connection, _NAME)
    if span is None:
        return 0
    rows = await connection.fetch(
        """SELECT account, currency, count(*) AS postings,
                  coalesce(sum(units) FILTER (WHERE NOT is_credit), 0)::bigint AS units_in,
                  coalesce(sum(units) FILTER (WHERE is_credit), 0)::bigint AS units_out
           FROM posting WHERE recorded_xid >= $1 AND recorded_xid < $2
           GROUP BY account, currency""",
        *span,
        timeout=_PATIENCE_SECONDS,
    )
    await connection.executemany(
        """INSERT INTO programme_balance (account, currency, units_in, units_out) VALUES ($1, $2, $3, $4)
           ON CONFLICT (account, currency) DO UPDATE
           SET units_in = programme_balance.units_in + excluded.units_in,
               units_out = programme_balance.units_out + excluded.units_out""",
        [(row["account"], row["currency"], row["units_in"], row["units_out"]) for row in rows],
    )
    await move(connection, _NAME, span)
    return sum(row["postings"] for row in rows)
