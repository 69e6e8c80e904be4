"""Answer a question, appeal against the answer to somebody else, close it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import JOB, Principal
from jifen.domain.questions import Move, Outcome, QuestionStatus, due_after, status_after
from jifen.domain.refusals import EntryUnknown, FieldWrong, QuestionUnknown
from jifen.store.audit import note_act
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.questions import (
    Question,
    add_step,
    clock_now,
    has_correction,
    lock_question,
    put_question,
    trail_of,
    unappealed,
)

BATCH = 100
_DEEDS = {
    Move.ANSWERED: Deed.QUESTION_ANSWERED,
    Move.APPEALED: Deed.QUESTION_APPEALED,
    Move.CLOSED: Deed.QUESTION_CLOSED,
}


async def answer_question(
    ledger: Ledger,
    member_id: UUID,
    question_id: UUID,
    said: str,
    *,
    outcome: Outcome,
    entry: int | None,
    request: Once,
    principal: Principal,
) -> dict[str, Any]:
    """The question after the answer. The entry that corrects something (an adjustment, a reversal, with the limits of whoever
    makes it) is made first, and named here.

    Refuses
        QuestionUnknown      the member has no such question
        QuestionOver         nobody waits for an answer
        SecondPersonNeeded   the member appealed against an answer of whoever answers now
        FieldWrong           what was corrected names no entry, or something else does
        EntryUnknown         it is no adjustment or reversal of the member that was made since he asked
    """
    if (outcome is Outcome.CORRECTED) != (entry is not None):
        raise FieldWrong(
            "an answer that corrects something, and no other, names the adjustment or reversal that does",
            pointer="/entry",
        )
    return await _step(
        ledger, member_id, question_id, Move.ANSWERED, said, request, principal, outcome=outcome, entry=entry
    )


async def appeal_question(
    ledger: Ledger, member_id: UUID, question_id: UUID, said: str, *, request: Once, principal: Principal
) -> dict[str, Any]:
    """The question, which somebody else answers now.

    Refuses
        QuestionUnknown   the member has no such question
        QuestionOver      it was not answered yet, or is closed
    """
    return await _step(ledger, member_id, question_id, Move.APPEALED, said, request, principal)


async def close_question(
    ledger: Ledger, member_id: UUID, question_id: UUID, *, request: Once, principal: Principal
) -> dict[str, Any]:
    """The question, which is over: the member is content, or has not appealed for a month.

    Refuses
        QuestionUnknown   the member has no such question
        QuestionOver      it waits for an answer, or is closed
    """
    return await _step(ledger, member_id, question_id, Move.CLOSED, None, request, principal)


async def close_unappealed(ledger: Ledger) -> int:
    """Close what was answered a month ago, and against which nobody appealed; how many."""
    closed = 0
    async with ledger.transaction() as connection:
        for member_id, question_id in await unappealed(connection, limit=BATCH):
            asked = await lock_question(connection, member_id, question_id)
            if asked is not None and asked.status is QuestionStatus.ANSWERED:
                await _put_step(connection, asked, Move.CLOSED, None, JOB)
                closed += 1
    return closed


async def _step(
    ledger: Ledger,
    member_id: UUID,
    question_id: UUID,
    move: Move,
    said: str | None,
    request: Once,
    principal: Principal,
    *,
    outcome: Outcome | None = None,
    entry: int | None = None,
) -> dict[str, Any]:
    async def effect(connection: Connection) -> dict[str, Any]:
        asked = await lock_question(connection, member_id, question_id)
        if asked is None:
            raise QuestionUnknown(pointer="/path/question_id")
        if entry is not None and not await has_correction(connection, member_id, entry, asked.asked_at):
            raise EntryUnknown(
                "there is no adjustment or reversal of that number since the question was asked",
                pointer="/entry",
                sequence=entry,
            )
        after = await _put_step(connection, asked, move, said, principal, outcome=outcome, entry=entry)
        return {
            "question_id": str(question_id),
            "status": str(after.status),
            "due_at": after.due_at.isoformat() if after.due_at else None,
        }

    return await once(ledger, request, effect)


async def _put_step(
    connection: Connection,
    asked: Question,
    move: Move,
    said: str | None,
    by: Principal,
    *,
    outcome: Outcome | None = None,
    entry: int | None = None,
) -> Question:
    trail = [step for step, _ in await trail_of(connection, asked.member_id, asked.question_id)]
    now = await clock_now(connection)

    status = status_after(asked.status, trail, move, by)

    after = asked._replace(
        status=status, due_at=due_after(status, now), changed_at=now, outcome=outcome or asked.outcome
    )
    await put_question(connection, after)
    await add_step(connection, after, len(trail) + 1, move, by=by, said=said, outcome=outcome, entry=entry)
    named = (about(About.QUESTION, asked.question_id), about(About.MEMBER, asked.member_id))
    details = {"outcome": str(outcome) if outcome else None}
    await note_act(connection, by, Act(deed=_DEEDS[move], about=named, count=1, details=details))
    return after
