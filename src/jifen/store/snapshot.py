"""What a snapshot of the ledger reads: every row that one transaction sees and an earlier one did not, as CSV.

Which transactions a snapshot has seen is PostgreSQL's own answer (`pg_current_snapshot()`), kept whole: lowest running,
next to come, and those running between. A row is new when its transaction was not visible then. So a late commit is neither
lost nor doubled, and journal and cache are of one instant (docs/decisions/0062).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

Sink = Callable[[bytes], Awaitable[None]]

_MEMBER_COLUMNS = """member_id, status, enrolled_at, joined_day, sequence, purchases, last_purchase_day, clock_day,
    clock_at, lots_opened, next_due_day, next_lapse_at, balances, debts, ladders,
    encode(days,'hex') AS days, tier_history, counters, holds,
    (SELECT to_json(array_agg(s.code ORDER BY s.code)) FROM segment_member x JOIN segment s ON s.number = x.number
      WHERE x.member_id = member.member_id AND s.archived_at IS NULL) AS segments"""

SELECTS: dict[str, tuple[str, str]] = {
    "members": ("member", _MEMBER_COLUMNS),
    "lots": (
        "lot",
        """member_id, number, terms, currency, origin, opened, left_units, held, gone, expired, returned,
           matures_on - DATE '1970-01-01' AS matures_day, expires_on - DATE '1970-01-01' AS expires_day""",
    ),
    "purchases": (
        "purchase",
        """member_id, sequence, store, channel, source, occurred_at, recorded_at, weekday, hour, store_date, amount_minor,
           payments, array_to_json(tags) AS tags, revision, judged_tiers, hits, legs, moves, tiers_after, balances_after,
           lines, masks""",
    ),
    "returns": (
        "purchase_return",
        """member_id, sequence, purchase_member_id, purchase_sequence, is_void, is_whole, lines, amount_minor, hits, moves,
           forgiven, store, channel, occurred_at, recorded_at, tiers_after, balances_after""",
    ),
    "entries": (
        "entry LEFT JOIN event USING (member_id, sequence)",
        """member_id, sequence, kind, currency, units, origin, value AS state, pieces, counterpart_id, gift_id, slices, lapses_at,
           hits, carried, moves, revision, store, channel, source, attributes, occurred_at, recorded_at, tiers_after,
           balances_after""",
    ),
    "postings": (
        "posting",
        """member_id, sequence, part, currency, verb, units, balance_after, terms, reasons, lot, revision, funder, store,
           channel, occurred_at, recorded_at""",
    ),
}
"""Table of the snapshot -> table of the ledger, and what is read of it: nothing that names a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """The moment that a transaction sees, and which database it is."""

    database: str  # a hash of the server's own number, the database in it, and the first revision
    timeline: int  # of PostgreSQL: another after a recovery to a moment or a failover
    visible: str
    at: datetime  # book time
    taken_at: datetime
    newest_revision: int
    is_replica: bool


async def read_instant(connection: Connection) -> Instant:
    """What the caller's REPEATABLE READ transaction sees from now on."""
    row = await connection.fetchrow(
        """SELECT s.system_identifier::text AS server, c.timeline_id AS timeline, d.oid::text AS database,
                  pg_current_snapshot()::text AS visible, clock_timestamp() AS taken_at,
                  clock_timestamp() - b.shift_seconds * INTERVAL '1 second' AS at,
                  coalesce(r.newest, 0) AS newest, coalesce(r.first, '') AS first, pg_is_in_recovery() AS is_replica
           FROM pg_control_system() s, pg_control_checkpoint() c, book b,
                (SELECT max(number) AS newest,
                        min(document_hash || published_at::text) FILTER (WHERE number = 1) AS first FROM revision) r,
                pg_database d
           WHERE d.datname = current_database()"""
    )
    assert row is not None, "the book has its one row"
    name = hashlib.sha256("\n".join((row["server"], row["database"], row["first"])).encode()).hexdigest()
    return Instant(
        database=name[:32],
        timeline=row["timeline"],
        visible=row["visible"],
        at=row["at"],
        taken_at=row["taken_at"],
        newest_revision=row["newest"],
        is_replica=row["is_replica"],
    )


async def copy_member_ids(connection: Connection, sink: Sink) -> None:
    """Every member's id, as CSV of one column, in no order."""
    await connection.copy_from_query("SELECT member_id FROM member", output=sink, format="csv")


async def copy_cache(connection: Connection, table: str, sink: Sink) -> None:
    """Every row of `members` or `lots`, as CSV without header. A chunk ends where a row ends."""
    of, columns = SELECTS[table]
    await connection.copy_from_query(f"SELECT {columns} FROM {of}", output=sink, format="csv")


async def copy_journal(connection: Connection, table: str, *, since: str, sink: Sink) -> None:
    """The journal rows of a table that were not visible in `since` (PostgreSQL's text; empty: all), as CSV without header.

    A chunk ends where a row ends: the server sends a row a message, and the driver joins whole messages.
    """
    of, columns = SELECTS[table]
    if not since:
        await connection.copy_from_query(f"SELECT {columns} FROM {of}", output=sink, format="csv")
        return
    # The first condition is what the index can answer: below it everything had ended. Where the table was never analysed, the
    # planner would read it whole.
    await connection.execute("SET LOCAL enable_seqscan = off")
    await connection.copy_from_query(
        f"""SELECT {columns} FROM {of}
            WHERE recorded_xid >= $1 AND NOT pg_visible_in_snapshot(recorded_xid::text::xid8, $2::text::pg_snapshot)""",
        int(since.split(":", maxsplit=1)[0]),
        since,
        output=sink,
        format="csv",
    )


def column_names(table: str) -> Sequence[str]:
    """The columns of a table's CSV, in order."""
    parts = SELECTS[table][1].replace("\n", " ").split(", ")
    return [part.split(" AS ")[-1].strip() for part in parts]
