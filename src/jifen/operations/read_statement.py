"""A member's statement: every posting with why, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jifen.domain.refusals import FieldWrong, MemberUnknown
from jifen.domain.timeline import Timeline
from jifen.store.journal import PostedRow, entries_of, statement_page
from jifen.store.ledger import Ledger
from jifen.store.members import enrolled_at
from jifen.store.purchases import purchases_of, returns_by_sequence

PAGE_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One posting and the row (purchase, return or entry) of the journal that it belongs to."""

    posting: PostedRow
    purchase: Mapping[str, Any] | None
    brought_back: Mapping[str, Any] | None
    entry: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A page of a statement; `next_before` is the cursor of the next, None at the end."""

    lines: tuple[StatementLine, ...]
    next_before: int | None
    timeline: Timeline


async def read_statement(ledger: Ledger, member_id: UUID, *, before: int | None = None, limit: int = 50) -> Statement:
    """Postings of up to `limit` entries below the sequence `before`.

    Refuses
        MemberUnknown   there is none with that id
        FieldWrong      the limit is out of range
    """
    if not 1 <= limit <= PAGE_MAX:
        raise FieldWrong(f"a page has 1 to {PAGE_MAX} entries", pointer="/limit", value=limit)
    async with ledger.transaction() as connection:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/member")
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        postings = await statement_page(connection, member_id, before=before, limit=limit)
        sequences = sorted({posting.sequence for posting in postings})
        purchases = await purchases_of(connection, member_id, sequences)
        returns = await returns_by_sequence(connection, member_id, sequences)
        entries = await entries_of(connection, member_id, sequences)

    return Statement(
        lines=tuple(
            StatementLine(
                posting=posting,
                purchase=purchases.get(posting.sequence),
                brought_back=returns.get(posting.sequence),
                entry=entries.get(posting.sequence),
            )
            for posting in postings
        ),
        next_before=sequences[0] if len(sequences) == limit and sequences[0] > 1 else None,
        timeline=timeline,
    )
