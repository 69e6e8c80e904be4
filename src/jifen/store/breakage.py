"""What became of the units that were opened in a month. Read from the lots as they stand, each of which is read once; only while
the journal is small enough (`figures.is_countable`)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Opened(NamedTuple):
    """Units of one currency that were opened in a month. opened = used + expired + returned + left."""

    month: date  # its first day; date.min: all months before
    opened: int
    used: int  # redeemed, given, exchanged, or taken by hand
    expired: int
    returned: int  # taken back with what had brought them
    left: int  # open or held


async def opened_by_month(connection: Connection, currency: int, *, zone: str, since: date) -> list[Opened]:
    """By the month in which lots were opened, from the first day of a month on; what is older stands under `date.min`.

    A lot that a merge carried to another member is the one that was opened first: what the merge took from that is no use of it.
    """
    rows = await connection.fetch(
        """WITH told AS (
               SELECT l.*, c.first_member_id IS NOT NULL AS is_carried,
                      coalesce(f.member_id, l.member_id) AS first_member, coalesce(f.origin, l.origin) AS first_origin
               FROM lot l LEFT JOIN carried_lot c USING (member_id, number)
               LEFT JOIN lot f ON f.member_id = c.first_member_id AND f.number = c.first_number
               WHERE l.currency = $1)
           SELECT CASE WHEN b.on_day < $3 THEN DATE '0001-01-01' ELSE date_trunc('month', b.on_day)::date END AS month,
                  sum(CASE WHEN is_carried THEN 0 ELSE opened END)::bigint,
                  sum(gone - CASE WHEN is_carried THEN opened ELSE 0 END)::bigint,
                  sum(expired)::bigint, sum(returned)::bigint, sum(left_units + held)::bigint
           FROM told t
           LEFT JOIN purchase p ON (p.member_id, p.sequence) = (t.first_member, t.first_origin)
           LEFT JOIN entry e ON (e.member_id, e.sequence) = (t.first_member, t.first_origin)
           LEFT JOIN purchase_return r ON (r.member_id, r.sequence) = (t.first_member, t.first_origin),
           LATERAL (SELECT (coalesce(p.occurred_at, e.occurred_at, r.occurred_at) AT TIME ZONE $2)::date AS on_day) b
           GROUP BY 1 ORDER BY 1""",
        currency,
        zone,
        since,
    )
    return [Opened(*row) for row in rows]
