"""A member's statement: every posting with why, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jifen.domain.explain import About
from jifen.domain.refusals import FieldWrong, MemberUnknown
from jifen.domain.timeline import Timeline
from jifen.store.journal import PostedRow, entries_of, statement_page
from jifen.store.ledger import Ledger
from jifen.store.members import enrolled_at, lots_numbered
from jifen.store.purchases import purchases_of, returns_by_sequence

PAGE_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One posting and the rows of the journal that it belongs to."""

    posting: PostedRow
    about: About


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A page of a statement; `next_before` is the cursor of the next, None at the end."""

    lines: tuple[StatementLine, ...]
    next_before: int | None
    timeline: Timeline


async def read_statement(
    ledger: Ledger, member_id: UUID, *, before: int | None = None, limit: int = 50
) -> Statement:
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
        returns = await returns_by_sequence(connection, member_id, sequences)
        entries = await entries_of(connection, member_id, sequences)
        lots = await lots_numbered(
            connection, member_id, sorted({p.lot for p in postings if p.lot is not None})
        )
        sales = {
            *sequences,
            *(back["purchase_sequence"] for back in returns.values()),
            *(lot.origin for lot in lots.values()),
        }
        purchases = await purchases_of(connection, member_id, sorted(sales))

    def about(posting: PostedRow) -> About:
        back = returns.get(posting.sequence)
        lot = lots.get(posting.lot) if posting.verb == "expire" and posting.lot is not None else None
        sale = lot.origin if lot else back["purchase_sequence"] if back else posting.sequence
        return About(
            purchase=purchases.get(sale), brought_back=back, entry=entries.get(posting.sequence), lot=lot
        )

    return Statement(
        lines=tuple(StatementLine(posting=posting, about=about(posting)) for posting in postings),
        next_before=sequences[0] if len(sequences) == limit and sequences[0] > 1 else None,
        timeline=timeline,
    )
