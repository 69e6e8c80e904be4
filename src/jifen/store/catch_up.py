"""Very much that is due at once is done in pieces, each an entry and a transaction of its own: only that member waits.

Nobody holds a member's row for longer than a piece takes, so that jobs, tills and other members go on between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date
from jifen.domain.decide import decide_advance
from jifen.store.compiled import begun_again
from jifen.store.gather import gather_piece, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


@begun_again
async def catch_up(ledger: Ledger, member_id: UUID) -> int:
    """Advance a member in pieces until less is due than one of them takes; return how many there were."""
    pieces = 0
    while True:
        async with ledger.transaction() as connection:
            gathered = await gather_piece(ledger, connection, member_id)

            decision = decide_advance(
                gathered.timeline, gathered.members[member_id], now=gathered.now, is_piece=True
            )

            if not decision.has_effect:
                return pieces
            at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor="time")
            await add_entry(connection, gathered.timeline, decision, EntryRow("advance", value=1), at)
            await save_decisions(connection, [decision], gathered.timeline)
        pieces += 1
        day = day_number(local_date(gathered.now, gathered.timeline.time_zone))
        if decision.after.scalars[fold.NEXT_DUE_DAY] > day:
            return pieces
