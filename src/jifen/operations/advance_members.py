"""Make visible what time has done: expiry, maturity, lapse, tier review. Dated when it was due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from jifen.domain.decide import decide_advance
from jifen.store.effect_tables import TIME
from jifen.store.journal import EntryRow
from jifen.store.ledger import is_database_away
from jifen.store.members import due_members
from jifen.store.parked import members_to_try_again, park, time_of, unpark
from jifen.store.turn import Answer, Kept, Turn, Wants, run

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

BATCH = 200
SLOW_MAX = 3

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
    """Advance the members for whom something is due, at most `limit`, and as many that are tried again; return how many that is.

    One for whom it fails, whatever it is that fails, is tried alone, then parked and told; the others go on. Where the database
    is away that is raised: nobody is to blame, and nobody is parked.
    """
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if clock.newest == 0:
            return 0
        again = await members_to_try_again(connection, limit=limit)
        due = sorted({*await due_members(connection, clock.now, limit=limit), *again})
    if not due:
        return 0
    try:
        answers = await run(ledger, [_Advance(member_id=member_id) for member_id in due])
    except Exception as failure:
        if is_database_away(failure):
            raise
        await _each_alone(ledger, due)
    else:
        await _tell(ledger, dict(zip(due, answers, strict=True)))
    return len(due)


async def _each_alone(ledger: Ledger, due: Sequence[UUID]) -> None:
    """What stopped all stops whom it is about. Where one after the other takes too long, the rest waits for the next round."""
    slow = 0
    for member_id in due:
        try:
            (answer,) = await run(ledger, [_Advance(member_id=member_id)])
        except Exception as failure:
            if is_database_away(failure):
                raise
            answer = failure
        await _tell(ledger, {member_id: answer})
        slow = slow + 1 if isinstance(answer, TimeoutError) else 0
        if slow == SLOW_MAX:
            return


async def _tell(ledger: Ledger, answers: Mapping[UUID, Answer]) -> None:
    """Park those for whom it failed; the others are parked no more."""
    failures = {member_id: answer for member_id, answer in answers.items() if isinstance(answer, Exception)}
    async with ledger.transaction() as connection:
        await unpark(connection, [time_of(member_id) for member_id in answers if member_id not in failures])
        await park(connection, {time_of(member_id): (TIME, why) for member_id, why in failures.items()})
    for member_id, why in failures.items():
        log.error("time stands still for a member", member_id=str(member_id), failure=repr(why))
