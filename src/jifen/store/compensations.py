"""Compensations as they are kept: for whom how many units, and what became of each share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.store.hits import RULES

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Compensation(NamedTuple):
    """A compensation, and how far it is.

    Shape
        members    who have a share; `paid`, `refused`, `undone`: of them
        units      of all shares, in the currency's smallest units; `units_paid`: of those that were paid and not taken back
    """

    compensation_id: UUID
    currency: str
    reason: str
    state: str
    made_at: datetime
    made_by: str
    undone_at: datetime | None
    undone_by: str | None
    members: int
    units: int
    paid: int
    units_paid: int
    refused: int
    undone: int


class Share(NamedTuple):
    """What one member is given, and by which entry."""

    compensation_id: UUID
    member_id: UUID
    units: int
    sequence: int | None
    currency: str
    reason: str
    by: str  # who made it, or who undoes it


_READ = """SELECT c.compensation_id, c.currency, c.reason, c.state, c.made_at, c.made_by, c.undone_at, c.undone_by,
        count(*), coalesce(sum(s.units), 0)::bigint, count(s.sequence),
        coalesce(sum(s.units) FILTER (WHERE s.sequence IS NOT NULL AND s.undone_sequence IS NULL), 0)::bigint,
        count(s.refusal), count(s.undone_sequence)
    FROM compensation c JOIN compensation_share s USING (compensation_id)"""


async def add_compensation(
    connection: Connection,
    compensation_id: UUID,
    *,
    currency: str,
    reason: str,
    made_by: str,
    shares: Mapping[UUID, int],
) -> None:
    """Keep a compensation with its shares (units by member)."""
    await connection.execute(
        "INSERT INTO compensation (compensation_id, currency, reason, state, made_by) VALUES ($1, $2, $3, 'paying', $4)",
        compensation_id,
        currency,
        reason,
        made_by,
    )
    await connection.execute(
        """INSERT INTO compensation_share (compensation_id, member_id, units)
           SELECT $1, * FROM unnest($2::uuid[], $3::bigint[])""",
        compensation_id,
        list(shares),
        list(shares.values()),
    )


async def compensations(
    connection: Connection, *, before: UUID | None = None, limit: int = 200
) -> list[Compensation]:
    """The newest, newest first, or those made before one of them: ids follow the time."""
    page = """(SELECT * FROM compensation WHERE $2::uuid IS NULL OR compensation_id < $2
               ORDER BY compensation_id DESC LIMIT $1)"""
    rows = await connection.fetch(
        f"""{_READ.replace("FROM compensation c", f"FROM {page} c")}
            GROUP BY c.compensation_id, c.currency, c.reason, c.state, c.made_at, c.made_by, c.undone_at, c.undone_by
            ORDER BY c.compensation_id DESC""",
        limit,
        before,
    )
    return [Compensation(*row) for row in rows]


async def compensation_of(connection: Connection, compensation_id: UUID) -> Compensation | None:
    """One of them, or None."""
    row = await connection.fetchrow(
        f"{_READ} WHERE c.compensation_id = $1 GROUP BY c.compensation_id", compensation_id
    )
    return None if row is None else Compensation(*row)


async def begin_undoing(connection: Connection, compensation_id: UUID, *, undone_by: str) -> bool:
    """From now on its shares are taken back; False: that was begun before."""
    done = await connection.fetchval(
        """UPDATE compensation SET state = 'undoing', undone_at = clock_timestamp(), undone_by = $2
           WHERE compensation_id = $1 AND state IN ('paying', 'paid') RETURNING true""",
        compensation_id,
        undone_by,
    )
    return bool(done)


async def shares_to_pay(connection: Connection, *, limit: int) -> list[Share]:
    """Shares that wait to be paid."""
    rows = await connection.fetch(
        """SELECT s.compensation_id, s.member_id, s.units, s.sequence, c.currency, c.reason, c.made_by
           FROM compensation c JOIN compensation_share s USING (compensation_id)
           WHERE c.state = 'paying' AND s.sequence IS NULL AND s.refusal IS NULL
           ORDER BY c.made_at, s.member_id LIMIT $1""",
        limit,
    )
    return [Share(*row) for row in rows]


async def shares_to_take_back(connection: Connection, *, limit: int) -> list[Share]:
    """Shares that wait to be taken back."""
    rows = await connection.fetch(
        """SELECT s.compensation_id, s.member_id, s.units, s.sequence, c.currency, c.reason, c.undone_by
           FROM compensation c JOIN compensation_share s USING (compensation_id)
           WHERE c.state = 'undoing' AND s.sequence IS NOT NULL AND s.undone_sequence IS NULL AND s.refusal IS NULL
           ORDER BY c.made_at, s.member_id LIMIT $1""",
        limit,
    )
    return [Share(*row) for row in rows]


async def mark_paid(connection: Connection, share: Share, sequence: int) -> None:
    """Say which entry gave it."""
    await connection.execute(
        "UPDATE compensation_share SET sequence = $3 WHERE compensation_id = $1 AND member_id = $2",
        share.compensation_id,
        share.member_id,
        sequence,
    )


async def mark_undone(connection: Connection, share: Share, sequence: int) -> None:
    """Say which entry took it back."""
    await connection.execute(
        "UPDATE compensation_share SET undone_sequence = $3 WHERE compensation_id = $1 AND member_id = $2",
        share.compensation_id,
        share.member_id,
        sequence,
    )


async def mark_refused(connection: Connection, share: Share, code: str) -> None:
    """Say why it could not be."""
    await connection.execute(
        "UPDATE compensation_share SET refusal = $3 WHERE compensation_id = $1 AND member_id = $2",
        share.compensation_id,
        share.member_id,
        code,
    )


async def end_what_is_done(connection: Connection) -> None:
    """Whatever has no share that waits is paid, or undone."""
    await connection.execute(
        """UPDATE compensation c SET state = 'paid' WHERE state = 'paying' AND NOT EXISTS (
               SELECT FROM compensation_share s
               WHERE s.compensation_id = c.compensation_id AND s.sequence IS NULL AND s.refusal IS NULL)"""
    )
    await connection.execute(
        """UPDATE compensation c SET state = 'undone' WHERE state = 'undoing' AND NOT EXISTS (
               SELECT FROM compensation_share s
               WHERE s.compensation_id = c.compensation_id AND s.sequence IS NOT NULL AND s.undone_sequence IS NULL
                     AND s.refusal IS NULL)"""
    )


async def refused_shares(connection: Connection, compensation_id: UUID) -> Sequence[tuple[UUID, int, str]]:
    """Who could not be paid or be taken from, how many units, and why."""
    rows = await connection.fetch(
        """SELECT member_id, units, refusal FROM compensation_share
           WHERE compensation_id = $1 AND refusal IS NOT NULL ORDER BY member_id LIMIT 1000""",
        compensation_id,
    )
    return [tuple(row) for row in rows]


async def kept_back_by_switch(
    connection: Connection, rule: int, *, since: datetime, until: datetime
) -> tuple[dict[UUID, int], int]:
    """What a rule would have given while it was switched off, by member, to occasions that were booked in a time; and how many
    purchases are left out, of which something came back since."""
    rows = await connection.fetch(
        f"""WITH off AS (
                SELECT u.member_id, u.sequence, u.hits::bigint[] AS hits, u.revision, true AS is_purchase
                FROM purchase u WHERE u.recorded_at >= $2 AND u.recorded_at < $3
                UNION ALL
                SELECT e.member_id, e.sequence, e.hits::bigint[], e.revision, false
                FROM entry e WHERE e.hits IS NOT NULL AND e.recorded_at >= $2 AND e.recorded_at < $3),
            kept AS (
                SELECT off.member_id, off.hits[i + 3] AS desired,
                       off.is_purchase AND EXISTS (
                           SELECT FROM purchase_return b
                           WHERE b.purchase_member_id = off.member_id AND b.purchase_sequence = off.sequence) AS came_back
                FROM off CROSS JOIN generate_series(1, cardinality(off.hits), {HIT_KEPT_WIDTH}) AS i
                JOIN ({RULES}) r ON r.revision = off.revision AND r.position = off.hits[i]
                WHERE r.number = $1 AND off.hits[i + 5] = {fold.SWITCHED_OFF})
            SELECT member_id, coalesce(sum(desired) FILTER (WHERE NOT came_back), 0)::bigint, count(*) FILTER (WHERE came_back)
            FROM kept GROUP BY member_id ORDER BY member_id""",
        rule,
        since,
        until,
    )
    return {row[0]: row[1] for row in rows if row[1] > 0}, sum(row[2] for row in rows)
