"""Members for whom time could not do its part: left out, so that nobody else waits for them, and tried again alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

FAILURE_MAX = 500  # characters kept of what went wrong


async def add_stuck(connection: Connection, failures: Mapping[UUID, str]) -> None:
    """Leave members out for a minute, then for two, four ... up to a day. By the clock, not the book: a demo tries again too."""
    await connection.executemany(
        """INSERT INTO stuck_member AS s (member_id, tries, next_try_at, failure)
           VALUES ($1, 1, clock_timestamp() + INTERVAL '1 minute', $2)
           ON CONFLICT (member_id) DO UPDATE
           SET tries = s.tries + 1, failure = excluded.failure,
               next_try_at = clock_timestamp() + least(2 ^ least(s.tries, 11), 1440) * INTERVAL '1 minute'""",
        [(member_id, failure[:FAILURE_MAX]) for member_id, failure in sorted(failures.items())],
    )


async def forget_stuck(connection: Connection, member_ids: Sequence[UUID]) -> None:
    """Members for whom it went well."""
    await connection.execute("DELETE FROM stuck_member WHERE member_id = ANY($1::uuid[])", list(member_ids))


async def stuck_members(connection: Connection, *, limit: int) -> list[tuple[UUID, int, str]]:
    """(member, tries, what went wrong) of those that are left out, the longest first."""
    rows = await connection.fetch(
        "SELECT member_id, tries, failure FROM stuck_member ORDER BY since, member_id LIMIT $1", limit
    )
    return [tuple(row) for row in rows]
