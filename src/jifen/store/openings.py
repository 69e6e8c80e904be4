"""What members took over from another system, and whether it still stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.events import Slice
from jifen.store.carries import STANDS
from jifen.store.gifts import slices_of

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Opened(NamedTuple):
    """An opening that was not reversed."""

    member_id: UUID  # whose entry it is: the member himself, or one who was merged into him
    sequence: int
    slices: tuple[Slice, ...]


async def openings_of(
    connection: Connection, member_ids: Sequence[UUID]
) -> dict[tuple[UUID, int], list[Opened]]:
    """The openings of some members, and of those who were merged into them, by member and currency."""
    rows = await connection.fetch(
        f"""WITH RECURSIVE whose (heir_id, member_id) AS (
               SELECT id, id FROM unnest($1::uuid[]) AS ids (id)
               UNION
               SELECT whose.heir_id, e.counterpart_id FROM whose JOIN entry e USING (member_id)
               WHERE e.kind = 'carry_in' AND {STANDS})
           SELECT w.heir_id, e.currency, e.member_id, e.sequence, e.slices::bigint[]
           FROM whose w JOIN entry e USING (member_id)
           WHERE e.kind = 'opening' AND NOT EXISTS (
               SELECT FROM entry r WHERE r.member_id = e.member_id AND r.origin = e.sequence AND r.kind = 'reverse')
           ORDER BY e.member_id, e.sequence""",
        list(member_ids),
    )
    found: dict[tuple[UUID, int], list[Opened]] = {}
    for row in rows:
        found.setdefault((row[0], row[1]), []).append(Opened(row[2], row[3], slices_of(row[4])))
    return found
