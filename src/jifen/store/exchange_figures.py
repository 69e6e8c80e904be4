"""How often exchanges were made, by month. Read from the journal, as figures are (`figures.is_countable`)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from jifen.store.figures import Span

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class ExchangeSum(NamedTuple):
    """How an exchange was used in a month; without a month, in all of them."""

    exchange: int  # its number, which is for ever
    month: date | None
    times: int
    times_undone: int  # of these, what was reversed since
    members: int


async def exchanges_made(
    connection: Connection, span: Span, *, zone: str, store: str | None
) -> list[ExchangeSum]:
    """How often every exchange was made, by month and in all. What was undone is counted where it was made."""
    rows = await connection.fetch(
        """SELECT e.value::int, date_trunc('month', e.occurred_at AT TIME ZONE $3)::date AS month, sum(e.units)::bigint,
                  coalesce(sum(e.units) FILTER (WHERE EXISTS (SELECT FROM entry r
                      WHERE r.member_id = e.member_id AND r.origin = e.sequence AND r.kind = 'reverse')), 0)::bigint,
                  count(DISTINCT e.member_id)
           FROM entry e
           WHERE e.kind = 'exchange' AND (e.occurred_at AT TIME ZONE $3)::date >= $1
             AND (e.occurred_at AT TIME ZONE $3)::date < $2 AND ($4::text IS NULL OR e.store = $4)
           GROUP BY GROUPING SETS ((e.value, month), (e.value))""",
        span.from_on,
        span.until_on,
        zone,
        store,
    )
    return [ExchangeSum(*row) for row in rows]
