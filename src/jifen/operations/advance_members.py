"""Make visible what time has done: expiry, maturity, lapse, tier review. Dated when it was due."""

from __future__ import annotations

from jifen.domain.decide import decide_advance
from jifen.store.gather import gather_locked, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Ledger
from jifen.store.members import due_members

BATCH = 200


async def advance_members(ledger: Ledger, *, limit: int = BATCH) -> int:
    """Advance the members for whom something is due, at most `limit`; return how many were looked at."""
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if clock.newest == 0:
            return 0
        due = await due_members(connection, clock.now, limit=limit)
        if not due:
            return 0
        gathered = await gather_locked(ledger, connection, due)

        decisions = [
            decide_advance(gathered.timeline, gathered.members[member_id], now=gathered.now)
            for member_id in sorted(due)
        ]

        at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor="time")
        for decision in decisions:
            if decision.has_effect:
                await add_entry(connection, gathered.timeline, decision, EntryRow("advance"), at)
        await save_decisions(connection, decisions, gathered.timeline)

        return len(due)
