"""A member asks: something is not right, about an entry of his or about anything else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import Principal
from jifen.domain.questions import OPEN_MAX, Move, QuestionKind, QuestionStatus, due_after
from jifen.domain.refusals import EntryUnknown, MemberUnknown, TooMuch
from jifen.store.audit import note_act
from jifen.store.ids import new_id
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.questions import Question, add_step, clock_now, has_entry, lock_asker, put_question


async def ask_question(
    ledger: Ledger,
    member_id: UUID,
    kind: QuestionKind,
    said: str,
    *,
    sequence: int | None,
    part: int | None,
    request: Once,
    principal: Principal,
) -> dict[str, Any]:
    """The question: question_id, status, due_at.

    Shape
        sequence, part   the entry, and the posting of it (a line of the statement), that it is about; None: of none

    Refuses
        MemberUnknown   there is no such member
        EntryUnknown    he has no such entry, or it no such posting
        TooMuch         twenty of his questions wait already
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        waiting = await lock_asker(connection, member_id)
        if waiting is None:
            raise MemberUnknown(pointer="/path/member_id")
        if waiting >= OPEN_MAX:
            raise TooMuch(f"{waiting} questions of the member are open", limit=OPEN_MAX)
        if sequence is not None and not await has_entry(connection, member_id, sequence, part):
            raise EntryUnknown(pointer="/sequence", sequence=sequence, part=part)
        now = await clock_now(connection)

        asked = Question(
            member_id=member_id, question_id=new_id(), kind=kind, status=QuestionStatus.OPEN, sequence=sequence, part=part,
            asked_at=now, due_at=due_after(QuestionStatus.OPEN, now), changed_at=now, outcome=None,
        )  # fmt: skip

        await put_question(connection, asked)
        await add_step(connection, asked, 1, Move.ASKED, by=principal, said=said)
        named = (about(About.QUESTION, asked.question_id), about(About.MEMBER, member_id))
        act = Act(deed=Deed.QUESTION_ASKED, about=named, count=1, details={"kind": str(kind)})
        await note_act(connection, principal, act)

        assert asked.due_at is not None, "a question that was asked is due"
        return {
            "question_id": str(asked.question_id),
            "status": str(asked.status),
            "due_at": asked.due_at.isoformat(),
        }

    return await once(ledger, request, effect)
