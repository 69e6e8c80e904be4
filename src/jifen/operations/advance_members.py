"""Make visible what time has done: expiry, maturity, lapse, tier review. Dated when it was due."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from jifen.domain.decide import decide_advance
from jifen.store.journal import EntryRow
from jifen.store.members import due_members
from jifen.store.stuck import add_stuck, forget_stuck
from jifen.store.turn import Kept, Turn, Wants, run

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

BATCH = 200

log = structlog.get_logger("jifen.jobs")


class _Advance(Kept, frozen=True, kw_only=True):
    """What is due of a member."""

    member_id: UUID

    @property
    def wants(self) -> Wants:
        """The member."""
        return Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> None:
        """Do it. Where nothing came of it, the row says when he is due next."""
        decision = decide_advance(turn.timeline, turn.members[self.member_id], now=turn.now)
        if decision.has_effect:
            turn.put_entry(decision, EntryRow("advance"), actor="time")
        else:
            turn.put_state(decision)


async def advance_members(ledger: Ledger, *, limit: int = BATCH) -> int:
    """Advance the members for whom something is due, at most `limit`; return how many were looked at.

    One for whom it fails is left out and told; the others go on.
    """
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if clock.newest == 0:
            return 0
        due = await due_members(connection, clock.now, limit=limit)
    if not due:
        return 0
    answers = await run(ledger, [_Advance(member_id=member_id) for member_id in sorted(due)])
    failures = {
        member_id: repr(answer)
        for member_id, answer in zip(sorted(due), answers, strict=True)
        if isinstance(answer, Exception)
    }
    async with ledger.transaction() as connection:
        await forget_stuck(connection, [member_id for member_id in due if member_id not in failures])
        if failures:
            await add_stuck(connection, failures)
    for member_id, why in failures.items():
        log.error("time stands still for a member", member_id=str(member_id), failure=why)
    return len(due)
