"""The ledger in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What stands in the tables."""

    members: int
    purchases: int
    spend_minor: int
    units_by_verb: dict[tuple[int, str], int]  # (currency, verb)
    outstanding: dict[int, int]  # by currency: the positive balances
    owed: dict[int, int]  # by currency: the negative ones, as positive units
    members_by_tier: dict[int, int]
    last_occurred_at: datetime | None


async def counted(connection: Connection) -> Counted:
    """The numbers, in the caller's snapshot."""
    first = await connection.fetchrow(
        """SELECT (SELECT count(*) FROM member) AS members, count(*) AS purchases,
                  coalesce(sum(amount_minor), 0)::bigint AS spend_minor, max(occurred_at) AS last_occurred_at
           FROM purchase"""
    )
    assert first is not None, "an aggregate has its one row"
    verbs = await connection.fetch(
        "SELECT currency, verb, sum(units)::bigint AS units FROM posting GROUP BY 1, 2"
    )
    balances = await connection.fetch(
        """SELECT (o - 1)::int AS currency, coalesce(sum(b) FILTER (WHERE b > 0), 0)::bigint AS outstanding,
                  coalesce(- sum(b) FILTER (WHERE b < 0), 0)::bigint AS owed
           FROM member, unnest(balances) WITH ORDINALITY AS x (b, o) GROUP BY 1"""
    )
    tiers = await connection.fetch("SELECT ladders[1] AS tier, count(*) AS members FROM member GROUP BY 1")
    return Counted(
        members=first["members"],
        purchases=first["purchases"],
        spend_minor=first["spend_minor"],
        units_by_verb={(row["currency"], row["verb"]): row["units"] for row in verbs},
        outstanding={row["currency"]: row["outstanding"] for row in balances},
        owed={row["currency"]: row["owed"] for row in balances},
        members_by_tier={row["tier"]: row["members"] for row in tiers},
        last_occurred_at=first["last_occurred_at"],
    )


async def line_count(connection: Connection) -> int:
    """How many lines the purchases have."""
    lines: int = await connection.fetchval(
        "SELECT coalesce(sum(jsonb_array_length(lines)), 0)::bigint FROM purchase"
    )
    return lines


async def latest_receipts(connection: Connection, *, limit: int) -> list[tuple[str, str, str]]:
    """(member_id, source, business_no) of the newest purchases, one for each member, in an order that does not change."""
    rows = await connection.fetch(
        """SELECT member_id::text, source, business_no FROM (
               SELECT DISTINCT ON (member_id) member_id, source, business_no, occurred_at
               FROM purchase WHERE amount_minor > 2000 ORDER BY member_id, occurred_at DESC, business_no) newest
           ORDER BY occurred_at DESC, business_no LIMIT $1""",
        limit,
    )
    return [tuple(row) for row in rows]
