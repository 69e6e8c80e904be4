"""Read questions: those that wait, and one with its trail."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jifen.domain.questions import Step
from jifen.domain.refusals import QuestionUnknown
from jifen.store.ledger import Ledger
from jifen.store.questions import (
    Question,
    QuestionQuery,
    count_questions,
    find_question,
    read_questions,
    trail_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A question with its steps, each with what was said; None: nothing was, or it was erased."""

    question: Question
    trail: list[tuple[Step, str | None]]


async def list_questions(
    ledger: Ledger, query: QuestionQuery, *, before: UUID | None, limit: int
) -> tuple[list[Question], UUID | None]:
    """A page of questions, newest first, and where the next one begins; None: there is none."""
    async with ledger.reading() as connection:
        found = await read_questions(connection, query, before=before, limit=limit + 1)
    return found[:limit], found[limit - 1].question_id if len(found) > limit else None


async def read_question(ledger: Ledger, member_id: UUID, question_id: UUID) -> QuestionView:
    """One question.

    Refuses
        QuestionUnknown   the member has none such
    """
    async with ledger.reading() as connection:
        question = await find_question(connection, member_id, question_id)
        if question is None:
            raise QuestionUnknown(pointer="/path/question_id")
        return QuestionView(question=question, trail=await trail_of(connection, member_id, question_id))


async def questions_by_kind(ledger: Ledger) -> dict[tuple[str, str], int]:
    """How many there are, by kind and where they stand."""
    async with ledger.connection() as connection:
        return await count_questions(connection)
