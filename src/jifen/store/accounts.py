"""The programme's accounts, rolled up from the postings behind a checkpoint: no row is shared by all members."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    await connection.execute(
        """INSERT INTO checkpoint (name, below_xid)
           SELECT $1::text, 0 WHERE NOT EXISTS (SELECT FROM checkpoint WHERE name = $1) ON CONFLICT (name) DO NOTHING""",
        _NAME,
    )
    below = await connection.fetchval(
        "SELECT below_xid FROM checkpoint WHERE name = $1 FOR UPDATE SKIP LOCKED", _NAME
    )
    if below is None:
        return 0
    horizon = await connection.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    rows = await connection.fetch(
        """SELECT account, currency, count(*) AS postings,
                  coalesce(sum(units) FILTER (WHERE NOT is_credit), 0)::bigint AS units_in,
                  coalesce(sum(units) FILTER (WHERE is_credit), 0)::bigint AS units_out
           FROM posting WHERE recorded_xid >= $1 AND recorded_xid < $2
           GROUP BY account, currency""",
        below,
        horizon,
        timeout=_PATIENCE_SECONDS,
    )
    await connection.executemany(
        """INSERT INTO programme_balance (account, currency, units_in, units_out) VALUES ($1, $2, $3, $4)
           ON CONFLICT (account, currency) DO UPDATE
           SET units_in = programme_balance.units_in + excluded.units_in,
               units_out = programme_balance.units_out + excluded.units_out""",
        [(row["account"], row["currency"], row["units_in"], row["units_out"]) for row in rows],
    )
    await connection.execute(
        "UPDATE checkpoint SET below_xid = $2, moved_at = clock_timestamp() WHERE name = $1",
        _NAME,
        max(horizon, below),
    )
    return sum(row["postings"] for row in rows)
