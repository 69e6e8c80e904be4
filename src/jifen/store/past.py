"""What of a member's journal a void judges again; see `domain/past.py`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.past import PastEntry, number_of_merged
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import KIND_OF
from jifen.store.purchases import results_of

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_FIRST = """WITH moment (at) AS (SELECT least($3,
    (SELECT min(occurred_at) FROM purchase WHERE member_id = $1 AND sequence >= $2),
    (SELECT min(occurred_at) FROM entry WHERE member_id = $1 AND sequence >= $2 AND hits IS NOT NULL)))
SELECT least($2, 1 + greatest(0,
    (SELECT sequence FROM purchase, moment WHERE member_id = $1 AND sequence < $2 AND recorded_at < at
     ORDER BY sequence DESC LIMIT 1),
    (SELECT sequence FROM purchase_return, moment WHERE member_id = $1 AND sequence < $2 AND recorded_at < at
     ORDER BY sequence DESC LIMIT 1),
    (SELECT sequence FROM entry, moment WHERE member_id = $1 AND sequence < $2 AND recorded_at < at
     ORDER BY sequence DESC LIMIT 1)))"""
"""The entry behind the last that was told before anything from an entry on occurred: most often the one before it was."""


async def past_since(
    connection: Connection, timeline: Timeline, member_id: UUID, sequence: int, occurred_at: datetime
) -> list[PastEntry]:
    """The entries from the voided purchase on (its sequence, or the one that it will have), without those of purchases voided
    before; earlier ones too as far as they were told after something later had occurred.

    Once another member has been merged: that, and all entries since.
    """
    took_over = await connection.fetchval(
        "SELECT coalesce(max(sequence), 0) FROM entry WHERE member_id = $1 AND kind = 'carry_in'", member_id
    )
    first: int = took_over or sequence
    while not took_over:
        earlier: int = await connection.fetchval(_FIRST, member_id, first, occurred_at)
        if earlier == first:
            break
        first = earlier
    rows = await connection.fetch(
        """SELECT u.sequence, 'purchase' AS kind, u.revision, u.occurred_at, u.recorded_at, u.amount_minor,
                  u.hits::bigint[] AS hits, NULL::bigint AS of_own, NULL::uuid AS of_merged, false AS is_whole
           FROM purchase u
           WHERE u.member_id = $1 AND u.sequence >= $2
             AND NOT EXISTS (SELECT FROM purchase_return v WHERE v.is_void
                      AND v.purchase_member_id = u.member_id AND v.purchase_sequence = u.sequence)
           UNION ALL
           SELECT b.sequence, 'return', u.revision, u.occurred_at, b.recorded_at, b.amount_minor, b.hits::bigint[],
                  CASE WHEN u.member_id = $1 THEN u.sequence END, CASE WHEN u.member_id <> $1 THEN u.purchase_id END, b.is_whole
           FROM purchase_return b
           JOIN purchase u ON u.member_id = b.purchase_member_id AND u.sequence = b.purchase_sequence
           WHERE b.member_id = $1 AND b.sequence >= $2
             AND NOT EXISTS (SELECT FROM purchase_return v WHERE v.is_void
                      AND v.purchase_member_id = u.member_id AND v.purchase_sequence = u.sequence)
           UNION ALL
           SELECT sequence, kind, revision, occurred_at, recorded_at, 0, coalesce(hits, '{}')::bigint[], NULL, NULL, false
           FROM entry
           WHERE member_id = $1 AND sequence >= $2 AND (hits IS NOT NULL OR kind = 'carry_in')
           ORDER BY 1""",
        member_id,
        first,
    )
    return [
        PastEntry(
            row["sequence"],
            KIND_OF[row["kind"]],
            timeline.row_of(row["revision"]),
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            amount_minor=row["amount_minor"],
            results=results_of(row["hits"]),
            of=number_of_merged(row["of_merged"]) if row["of_merged"] else row["of_own"] or 0,
            is_whole=row["is_whole"],
        )
        for row in rows
    ]
