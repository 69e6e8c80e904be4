"""A list of members, a page at a time, as they are stored: what time has made due shows once a job has made it visible."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

Sort: TypeAlias = Literal["newest", "balance", "last_purchase", "purchases", "expiring"]
SORTED_MAX: Final = 200_000
"""Of more members than the planner believes there are, only the newest are listed: no index knows the rest in order."""

_EXPIRING = """coalesce((SELECT sum(left_units) FROM lot l WHERE l.member_id = m.member_id AND l.currency = $1
    AND l.left_units > 0 AND l.expires_on <= $2), 0)::bigint"""
_ORDERS: Final[dict[str, str]] = {
    "newest": "0::bigint",
    "balance": "m.balances[$1::int + 1]",
    "last_purchase": "m.last_purchase_day::bigint",
    "purchases": "m.purchases::bigint",
    "expiring": _EXPIRING,
}


class ListedMember(NamedTuple):
    """One member of a list. `place` is where he stands in its order, and with his id the cursor behind him."""

    place: int
    member_id: UUID
    status: str
    enrolled_at: datetime
    purchases: int
    last_purchase_day: int
    tier: int
    balance: int
    debt: int
    expiring: int


class Behind(NamedTuple):
    """The page begins behind this member."""

    place: int
    member_id: UUID


async def are_sortable(connection: Connection) -> bool:
    """Whether there are few enough members for any order."""
    believed = await connection.fetchval(
        """SELECT greatest(c.reltuples, 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'jifen' AND c.relname = 'member'"""
    )
    return bool((believed or 0) <= SORTED_MAX)


async def list_members(
    connection: Connection,
    *,
    currency: int,
    expiring_by: date,
    sort: Sort,
    behind: Behind | None,
    limit: int,
    tier: int | None,
    status: str | None,
) -> list[ListedMember]:
    """Up to `limit` members, the highest of the order first; merged ones are somebody else by now."""
    rows = await connection.fetch(
        f"""SELECT page.*, {_EXPIRING.replace("m.", "page.")} AS expiring
            FROM (SELECT {_ORDERS[sort]} AS place, m.member_id, m.status, m.enrolled_at, m.purchases, m.last_purchase_day,
                         m.ladders[1]::int AS tier, m.balances[$1::int + 1] AS balance, m.debts[$1::int + 1] AS debt
                  FROM member m WHERE m.status <> 'merged' AND ($3::int IS NULL OR m.ladders[1] = $3)
                    AND ($4::text IS NULL OR m.status = $4) AND $2::date IS NOT NULL) page
            WHERE $5::bigint IS NULL OR (page.place, page.member_id) < ($5, $6::uuid)
            ORDER BY page.place DESC, page.member_id DESC LIMIT $7""",
        currency,
        expiring_by,
        tier,
        status,
        behind.place if behind else None,
        behind.member_id if behind else None,
        limit,
    )
    return [ListedMember(*row) for row in rows]
