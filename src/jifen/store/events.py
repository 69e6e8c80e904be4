"""Events as they were told, beside their entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.occasions import OWN_SOURCE, Event
from jifen.store.rows import Rows, Target, json_text

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class EventRow(NamedTuple):
    """An event with the entry that it became. `texts` are those of its attributes that stand outside the journal."""

    member_id: UUID
    sequence: int
    event: Event
    texts: Mapping[str, str]


_EVENT_ROWS = Rows(
    "event",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("code", "text"), ("source", "text"), ("business_no", "text"),
        ("attributes", "jsonb"),
    ],
)  # fmt: skip


_TEXT_ROWS = Rows("event_text", [("member_id", "uuid"), ("sequence", "bigint"), ("attributes", "jsonb")])


async def add_events(target: Target, rows: Sequence[EventRow]) -> None:
    """Write what was told of events (their entries apart), and apart what may be erased of it."""
    await _EVENT_ROWS.insert(
        target,
        [
            (
                one.member_id,
                one.sequence,
                one.event.code,
                one.event.source,
                one.event.business_no,
                json_text({k: v for k, v in one.event.attributes.items() if k not in one.texts}) or "{}",
            )
            for one in rows
        ],
    )
    apart = [(one.member_id, one.sequence, json_text(dict(one.texts))) for one in rows if one.texts]
    await _TEXT_ROWS.insert(target, apart)


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


async def remove_event_texts(connection: Connection, member_id: UUID) -> int:
    """Delete the texts of a member's events that stand outside the journal; of how many events that was."""
    gone = await connection.fetch("DELETE FROM event_text WHERE member_id = $1 RETURNING 1", member_id)
    return len(gone)
