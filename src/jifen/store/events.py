"""Events as they were told, beside their entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.occasions import OWN_SOURCE, Event
from jifen.store.rows import Rows, Target, json_text

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class EventRow(NamedTuple):
    """An event with the entry that it became."""

    member_id: UUID
    sequence: int
    event: Event


_EVENT_ROWS = Rows(
    "event",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("code", "text"), ("source", "text"), ("business_no", "text"),
        ("attributes", "jsonb"),
    ],
)  # fmt: skip


async def add_events(target: Target, rows: Sequence[EventRow]) -> None:
    """Write what was told of events (their entries apart)."""
    await _EVENT_ROWS.insert(
        target,
        [
            (
                one.member_id,
                one.sequence,
                one.event.code,
                one.event.source,
                one.event.business_no,
                json_text(dict(one.event.attributes)) or "{}",
            )
            for one in rows
        ],
    )


async def own_events_since(connection: Connection, member_id: UUID, since: datetime, *, at_most: int) -> int:
    """How many events a member has told of by himself since a moment, counted up to a number."""
    told = await connection.fetchval(
        """SELECT count(*) FROM (
               SELECT FROM event JOIN entry USING (member_id, sequence)
               WHERE member_id = $1 AND source = $2 AND recorded_at > $3
               ORDER BY sequence DESC LIMIT $4)""",
        member_id,
        OWN_SOURCE,
        since,
        at_most,
    )
    return int(told)


async def events_of(
    connection: Connection, member_id: UUID, sequences: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """What was told of some events of a member, by sequence."""
    rows = await connection.fetch(
        """SELECT sequence, code, source, business_no, attributes FROM event
           WHERE member_id = $1 AND sequence = ANY($2::bigint[])""",
        member_id,
        list(sequences),
    )
    return {row["sequence"]: dict(row) for row in rows}
