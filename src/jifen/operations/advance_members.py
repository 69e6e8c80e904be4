"""Make visible what time has done: expiry, maturity, lapse, tier review. Dated when it was due."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import structlog

from jifen.domain.decide import decide_advance
from jifen.domain.decision import Decision
from jifen.store.compiled import begun_again
from jifen.store.gather import gather_locked, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Ledger
from jifen.store.members import due_members
from jifen.store.stuck import add_stuck, forget_stuck

BATCH = 200
UNDECIDABLE = (ArithmeticError, AssertionError, LookupError, ValueError)
"""What a member raises of whom the books are torn."""

log = structlog.get_logger("jifen.jobs")


async def advance_members(ledger: Ledger, *, limit: int = BATCH) -> int:
    """Advance the members for whom something is due, at most `limit`; return how many were looked at.

    One for whom it fails is left out and told; the others go on.
    """
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if clock.newest == 0:
            return 0
        due = await due_members(connection, clock.now, limit=limit)
    if due:
        await _advance(ledger, due)
    return len(due)


async def _advance(ledger: Ledger, due: Sequence[UUID]) -> None:
    try:
        failures = await _advance_together(ledger, due)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, *UNDECIDABLE) as failure:
        # What one of them left could not be written, or his pieces of time not decided. Alone, each fails or goes on by himself.
        if len(due) > 1:
            for member_id in due:
                await _advance(ledger, [member_id])
            return
        failures = {due[0]: repr(failure)}
    async with ledger.transaction() as connection:
        await forget_stuck(connection, [member_id for member_id in due if member_id not in failures])
        if failures:
            await add_stuck(connection, failures)
    for member_id, why in failures.items():
        log.error("time stands still for a member", member_id=str(member_id), failure=why)


@begun_again
async def _advance_together(ledger: Ledger, due: Sequence[UUID]) -> dict[UUID, str]:
    """Advance members in one transaction; return those for whom it could not be decided, and why."""
    async with ledger.transaction() as connection:
        gathered = await gather_locked(ledger, connection, due)

        failures: dict[UUID, str] = {}
        decisions: list[Decision] = []
        for member_id in sorted(due):
            try:
                decisions.append(
                    decide_advance(gathered.timeline, gathered.members[member_id], now=gathered.now)
                )
            except UNDECIDABLE as failure:
                failures[member_id] = repr(failure)

        at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor="time")
        for decision in decisions:
            if decision.has_effect:
                await add_entry(connection, gathered.timeline, decision, EntryRow("advance"), at)
        await save_decisions(connection, decisions, gathered.timeline)

        return failures
