"""How members stand on the first ladder: how many hold which tier, who moved when, and who is judged next.

Read from the members' own rows, which keep every tier that was held, since when and why; so a move that a void took back is none.
Only while there are few enough of them (`plan_counts.are_countable`): each of these looks at every row once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain import fold

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_LIVES = "status IN ('active', 'frozen')"


class Moved(NamedTuple):
    """How many went from one tier to another on a day. `by_time`: a review did it, and no purchase or event."""

    day: int  # day number
    before: int  # tier numbers
    after: int
    by_time: bool
    members: int


class Place(NamedTuple):
    """Who is judged on which day; in the order of both."""

    day: int
    member_id: UUID


async def members_by_tier(connection: Connection) -> dict[int, int]:
    """How many members who take entries hold each tier, by its number."""
    rows = await connection.fetch(f"SELECT ladders[1]::int, count(*) FROM member WHERE {_LIVES} GROUP BY 1")
    return {row[0]: row[1] for row in rows}


async def moves_between(connection: Connection, first_day: int, last_day: int) -> list[Moved]:
    """Every change of a tier on these days (day numbers, both within), by day, merged members left out."""
    rows = await connection.fetch(
        f"""SELECT held.day, held.before::int, held.tier::int, held.cause = 0 AS by_time, count(*)
            FROM member m, LATERAL (
                SELECT m.tier_history[i + {fold.HISTORY_DAY}] AS day, m.tier_history[i + {fold.HISTORY_TIER}] AS tier,
                       m.tier_history[i + {fold.HISTORY_CAUSE}] AS cause,
                       lag(m.tier_history[i + {fold.HISTORY_TIER}]) OVER (ORDER BY i) AS before
                FROM generate_series(1, cardinality(m.tier_history), {fold.HISTORY_WIDTH}) AS i
                WHERE m.tier_history[i + {fold.HISTORY_LADDER}] = 0) held
            WHERE m.status <> 'merged' AND cardinality(m.tier_history) > {fold.HISTORY_WIDTH}
              AND held.day BETWEEN $1 AND $2 AND held.before <> held.tier
            GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
        first_day,
        last_day,
    )
    return [Moved(*row) for row in rows]


_JUDGED = f"{_LIVES} AND ladders[2] BETWEEN $1 AND $2"


async def count_judged(connection: Connection, first_day: int, last_day: int) -> int:
    """How many members have their tier judged on these days."""
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM member WHERE {_JUDGED}", first_day, last_day
    )
    return count


async def next_judged(
    connection: Connection, first_day: int, last_day: int, *, behind: Place | None, limit: int
) -> list[Place]:
    """Who is judged on these days, the soonest first."""
    rows = await connection.fetch(
        f"""SELECT ladders[2]::int, member_id FROM member
            WHERE {_JUDGED} AND ($3::int IS NULL OR (ladders[2], member_id) > ($3, $4::uuid))
            ORDER BY ladders[2], member_id LIMIT $5""",
        first_day,
        last_day,
        behind.day if behind else None,
        behind.member_id if behind else None,
        limit,
    )
    return [Place(*row) for row in rows]
