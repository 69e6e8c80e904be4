"""The ledger at a glance: how large it is, how late, how well. Nothing here locks, and nothing scans a large table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from jifen.store.effect_tables import TIME
from jifen.store.ledger import BOOK_NOW
from jifen.store.parked import count_parked
from jifen.store.queue import count_waiting

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

COUNTED_MAX = 200_000
"""A table that the planner believes larger is not counted; its estimate is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the ledger can serve."""

    is_schema_current: bool
    oldest_due_at: datetime | None = None
    due_seconds: float = 0.0  # for how long that has waited
    members_parked: int = 0
    effects_parked: int = 0
    effects_waiting: int = 0  # in the queue
    why_no_writes: str = ""  # what the database says to a write; "" where it takes one

    @property
    def is_any_parked(self) -> bool:
        """Whether something could not be done and waits to be tried again."""
        return self.members_parked + self.effects_parked > 0


def newest_migration() -> str:
    """The number of the newest migration that this software brings."""
    folder = Path(__file__).with_name("migrations") / "versions"
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*_*.py"))


_OLDEST_ON_ITS_WAY = """SELECT min(e.recorded_at)
    FROM gift g JOIN effect e ON e.about = g.gift_id
        AND e.member_id = CASE g.status WHEN 'in_transit' THEN g.member_id ELSE g.receiver_id END
        AND e.kind = CASE g.status WHEN 'in_transit' THEN 'gift_arrives' ELSE 'gift_goes_back' END
    WHERE g.status IN ('in_transit', 'going_back')
      AND NOT EXISTS (SELECT FROM parked p WHERE (p.member_id, p.sequence, p.part) = (e.member_id, e.sequence, e.part))"""
"""SQL: since when the oldest second half of a gift waits that is not parked."""


async def read_health(connection: Connection) -> Health:
    """Whether the schema is the one this software knows, and since when work of time waits."""
    why = await _why_no_writes(connection)
    has_schema = await connection.fetchval("SELECT to_regclass('jifen.alembic_version') IS NOT NULL")
    if not has_schema:
        return Health(is_schema_current=False, why_no_writes=why)
    version = await connection.fetchval("SELECT max(version_num) FROM jifen.alembic_version")
    if version != newest_migration():
        return Health(is_schema_current=False, why_no_writes=why)
    due, seconds = await connection.fetchrow(
        f"""SELECT due_at, extract(epoch FROM {BOOK_NOW} - due_at)::float8
            FROM book, LATERAL (SELECT least(
                (SELECT min(next_due_at) FROM member m WHERE next_due_at <= {BOOK_NOW} AND status <> 'merged'
                   AND NOT EXISTS (SELECT FROM parked p WHERE p.member_id = m.member_id AND p.sequence = 0)),
                ({_OLDEST_ON_ITS_WAY})) AS due_at) due"""
    )
    parked = await count_parked(connection)
    members = parked.pop(TIME, 0)
    return Health(
        is_schema_current=True,
        oldest_due_at=due,
        due_seconds=seconds or 0.0,
        members_parked=members,
        effects_parked=sum(parked.values()),
        effects_waiting=sum((await count_waiting(connection)).values()),
        why_no_writes=why,
    )


async def _why_no_writes(connection: Connection) -> str:
    """Try what a purchase needs: a file that grows, and a commit that reaches the disk. Nothing of it stays."""
    try:
        async with connection.transaction():
            await connection.execute("CREATE TEMPORARY TABLE tried (filled text) ON COMMIT DROP")
            await connection.execute("INSERT INTO tried SELECT repeat('x', 7_000) FROM generate_series(1, 2)")
    except asyncpg.PostgresError as failure:
        return str(failure)
    return ""


async def connections_most(connection: Connection) -> int:
    """How many connections the server takes from those who are not its superuser."""
    most: int = await connection.fetchval(
        """SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                  - current_setting('reserved_connections')::int"""
    )
    return most


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How large the ledger is. `units` are the members' balances by currency number."""

    members: int
    purchases: int
    is_estimate: bool
    units: dict[int, int]


async def read_sizes(connection: Connection) -> Overview:
    """Members, purchases and balances: counted while they are few, estimated beyond."""
    rows = await connection.fetch(
        """SELECT c.relname, greatest(c.reltuples, 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'jifen' AND c.relname IN ('member', 'purchase')"""
    )
    believed = {row[0]: row[1] for row in rows}
    counts = {}
    for table in ("member", "purchase"):
        is_small = believed.get(table, 0) <= COUNTED_MAX
        counts[table] = (
            await connection.fetchval(f"SELECT count(*) FROM {table}") if is_small else believed[table]
        )
    if believed.get("member", 0) <= COUNTED_MAX:
        sums = await connection.fetch(
            """SELECT (b.at - 1)::int, sum(b.units)::bigint FROM member, unnest(balances) WITH ORDINALITY AS b (units, at)
               GROUP BY b.at"""
        )
    else:
        sums = await connection.fetch(
            "SELECT currency::int, sum(units_out - units_in)::bigint FROM programme_balance GROUP BY currency"
        )
    return Overview(
        members=counts["member"],
        purchases=counts["purchase"],
        is_estimate=max(believed.values(), default=0) > COUNTED_MAX,
        units={row[0]: row[1] for row in sums},
    )
