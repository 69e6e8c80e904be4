"""Who reads more persons than usual: counted in the audit of the last hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import Deed
from jifen.store.ids import first_id_since

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

HOUR = timedelta(hours=1)


class Reader(NamedTuple):
    """A key or an operator, or a command on the machine (no id), and how many persons it read in the last hour."""

    kind: str
    principal_id: UUID | None
    persons: int


async def busy_readers(connection: Connection, *, more_than: int) -> tuple[datetime, list[Reader]]:
    """The clock, and who read more persons than that in the last hour and stands in no case of that hour yet."""
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    rows = await connection.fetch(
        """WITH lately AS (SELECT * FROM audit WHERE audit_id >= $1 AND happened_at > $2::timestamptz - $3::interval)
           SELECT principal_kind, principal_id, count(DISTINCT one)
           FROM lately, unnest(about) AS one
           WHERE deed = $4 AND principal_kind IN ('key', 'operator', 'local') AND one LIKE 'per\\_%'
                 AND NOT EXISTS (SELECT FROM lately c WHERE c.deed = $5 AND c.details ->> 'kind' = lately.principal_kind
                     AND (lately.principal_id IS NULL
                          OR substr(c.about[1], 5) = replace(lately.principal_id::text, '-', '')))
           GROUP BY principal_kind, principal_id HAVING count(DISTINCT one) > $6""",
        first_id_since(now - HOUR),
        now,
        HOUR,
        Deed.PERSON_READ,
        Deed.READING_UNUSUAL,
        more_than,
    )
    return now, [Reader(*row) for row in rows]


async def count_unusual(connection: Connection, *, within: timedelta) -> int:
    """How many cases were raised within this time."""
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    count: int = await connection.fetchval(
        "SELECT count(*) FROM audit WHERE audit_id >= $1 AND deed = $2",
        first_id_since(now - within),
        Deed.READING_UNUSUAL,
    )
    return count
