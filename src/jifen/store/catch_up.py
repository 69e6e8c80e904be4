"""Very much that is due at once is done in pieces, each an entry and a transaction of its own: only that member waits.

Nobody holds a member's row for longer than a piece takes, so that jobs, tills and other members go on between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date
from jifen.domain.decide import decide_advance
from jifen.store.journal import EntryRow
from jifen.store.turn import Kept, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class _Piece(Kept, frozen=True, kw_only=True):
    """As much of what is due of a member as one entry takes; whether more is."""

    member_id: UUID

    @property
    def wants(self) -> Wants:
        """As many of his lots as it can touch."""
        return Wants(members=(self.member_id,), is_piece=True)

    async def take(self, turn: Turn) -> bool:
        """Advance."""
        decision = decide_advance(turn.timeline, turn.members[self.member_id], now=turn.now, is_piece=True)
        if not decision.has_effect:
            return False
        turn.put_entry(decision, EntryRow("advance", value=1), actor="time")
        today = day_number(local_date(turn.now, turn.timeline.time_zone))
        return decision.after.scalars[fold.NEXT_DUE_DAY] <= today


async def catch_up(ledger: Ledger, member_id: UUID) -> None:
    """Advance a member in pieces until less is due than one of them takes."""
    while await one(ledger, _Piece(member_id=member_id)):
        pass
