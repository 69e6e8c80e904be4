"""Questions and complaints: asked by a member or for him, answered, appealed against to somebody else, closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.fields import INT64_MAX, Answer, Body, Instant, Note
from jifen.api.ids import MemberId, QuestionId
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.questions import Move, Outcome, QuestionKind, QuestionStatus
from jifen.operations.answer_question import answer_question, appeal_question, close_question
from jifen.operations.ask_question import ask_question
from jifen.operations.read_questions import list_questions, read_question
from jifen.present.questions import kind_said, status_said, step_said
from jifen.store.ledger import Ledger
from jifen.store.questions import Question, QuestionQuery

router = APIRouter(prefix="/v1", route_class=GuardedRoute)
TEXT_SAID = "In the member's words. It is kept apart from the books, and erased with the person."


class AskBody(Body):
    """Something is not right."""

    kind: QuestionKind = Field(strict=False)
    said: Note = Field(description=TEXT_SAID)
    sequence: Annotated[int, Field(strict=True, ge=1, le=INT64_MAX)] | None = Field(
        default=None, description="The entry that it is about."
    )
    part: Annotated[int, Field(strict=True, ge=0, le=32_767)] | None = Field(
        default=None, description="With an entry: the posting of it, a line of the statement."
    )


class AnswerBody(Body):
    """An answer, and what it comes to."""

    said: Note
    outcome: Outcome = Field(strict=False)
    entry: Annotated[int, Field(strict=True, ge=1, le=INT64_MAX)] | None = Field(
        default=None,
        description="With `corrected`: the adjustment or reversal, made before, that corrects it.",
    )


class AppealBody(Body):
    """The member is not content with the answer."""

    said: Note


class QuestionStands(Answer):
    """A question after what was done."""

    question_id: QuestionId
    status: QuestionStatus
    due_at: Instant | None = Field(description="When an answer is due; null: none is.")


class QuestionAnswer(Answer):
    """A question."""

    question_id: QuestionId
    member_id: MemberId
    kind: QuestionKind
    kind_said: str
    status: QuestionStatus
    status_said: str
    sequence: int | None
    part: int | None
    asked_at: Instant
    due_at: Instant | None
    changed_at: Instant
    outcome: Outcome | None


class StepAnswer(Answer):
    """A step of its trail."""

    number: int
    move: Move
    step_said: str
    principal_kind: str
    principal: str
    at: Instant
    outcome: Outcome | None
    entry: int | None
    said: str | None = Field(
        description="What was said; null: nothing was, or it was erased with the person."
    )


class QuestionRead(QuestionAnswer):
    """A question with its trail."""

    trail: list[StepAnswer]


class QuestionPage(Answer):
    """Questions, newest first."""

    data: list[QuestionAnswer]
    next_cursor: str | None


@router.post(
    "/members/{member_id:id}/questions",
    tags=["members"],
    summary="Ask a question",
    **said(
        permission=Permission.QUESTIONS_ASK,
        answer=QuestionStands,
        status=201,
        has_body=True,
        has_key=True,
        refuses=[no.EntryUnknown],
        names_in_address=[no.MemberUnknown],
    ),
)
async def ask_about_member(request: Request, member_id: MemberId, body: AskBody) -> Response:
    """ "Not right?": about a line of the statement (its sequence and part) or anything else. It is due in ten days."""
    desk = desk_of(request)
    if body.part is not None and body.sequence is None:
        raise no.FieldWrong("a part is of an entry: name its sequence", pointer="/part", value=body.part)
    answer = await asked_once(
        desk,
        body,
        lambda once: ask_question(
            desk.ledger,
            member_id,
            body.kind,
            body.said,
            sequence=body.sequence,
            part=body.part,
            request=once,
            principal=desk.principal,
        ),
    )
    return render.told(QuestionStands, answer, status=201)


@router.get(
    "/questions",
    tags=["members"],
    summary="List questions",
    **said(permission=Permission.QUESTIONS_READ, answer=QuestionPage),
)
async def get_questions(
    request: Request,
    *,
    status: Annotated[QuestionStatus | None, Query(description="Where they stand.")] = None,
    kind: Annotated[QuestionKind | None, Query(description="What they ask.")] = None,
    member_id: Annotated[MemberId | None, Query(description="Whose they are.")] = None,
    is_overdue: Annotated[bool, Query(description="Whose answer was due before now.")] = False,
    before: Annotated[
        QuestionId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    language: Language = None,
) -> Response:
    """Questions, newest first, without what was said."""
    spoken = language_of(request, language)
    query = QuestionQuery(status=status, kind=kind, member_id=member_id, is_overdue=is_overdue)
    found, after = await list_questions(desk_of(request).ledger, query, before=before, limit=limit)
    return render.answered(page_shown(found, after, spoken))


def page_shown(found: Sequence[Question], after: UUID | None, language: str) -> QuestionPage:
    """Questions as they are told."""
    return QuestionPage(
        data=[QuestionAnswer(**_shown(one, language)) for one in found],
        next_cursor=f"qst_{after.hex}" if after else None,
    )


@router.get(
    "/members/{member_id:id}/questions/{question_id:id}",
    tags=["members"],
    summary="Read a question",
    **said(permission=Permission.QUESTIONS_READ, answer=QuestionRead, names_in_address=[no.QuestionUnknown]),
)
async def get_question(
    request: Request, member_id: MemberId, question_id: QuestionId, language: Language = None
) -> Response:
    """One question with its trail and what was said."""
    spoken = language_of(request, language)
    return render.answered(await read_shown(desk_of(request).ledger, member_id, question_id, spoken))


async def read_shown(ledger: Ledger, member_id: UUID, question_id: UUID, spoken: str) -> QuestionRead:
    """A question with its trail, as it is told."""
    view = await read_question(ledger, member_id, question_id)
    trail = [
        StepAnswer(
            number=step.number,
            move=step.move,
            step_said=step_said(step.move, step.outcome, step.entry, spoken),
            principal_kind=step.principal_kind,
            principal=step.principal,
            at=step.at,
            outcome=step.outcome,
            entry=step.entry,
            said=words,
        )
        for step, words in view.trail
    ]
    return QuestionRead(**_shown(view.question, spoken), trail=trail)


@router.post(
    "/members/{member_id:id}/questions/{question_id:id}:answer",
    tags=["members"],
    summary="Answer a question",
    **said(
        permission=Permission.QUESTIONS_ANSWER,
        answer=QuestionStands,
        has_body=True,
        has_key=True,
        refuses=[no.QuestionOver, no.SecondPersonNeeded, no.EntryUnknown],
        names_in_address=[no.QuestionUnknown],
    ),
)
async def answer_member(
    request: Request, member_id: MemberId, question_id: QuestionId, body: AnswerBody
) -> Response:
    """What was wrong is corrected first, by an adjustment or a reversal with the limits of whoever makes it, and named here.
    Against an answer the member may appeal for a month; somebody else answers then.
    """
    desk = desk_of(request)
    done = await asked_once(
        desk,
        body,
        lambda once: answer_question(
            desk.ledger,
            member_id,
            question_id,
            body.said,
            outcome=body.outcome,
            entry=body.entry,
            request=once,
            principal=desk.principal,
        ),
    )
    return render.told(QuestionStands, done)


@router.post(
    "/members/{member_id:id}/questions/{question_id:id}:appeal",
    tags=["members"],
    summary="Appeal against an answer",
    **said(
        permission=Permission.QUESTIONS_ASK,
        answer=QuestionStands,
        has_body=True,
        has_key=True,
        refuses=[no.QuestionOver],
        names_in_address=[no.QuestionUnknown],
    ),
)
async def appeal_for_member(
    request: Request, member_id: MemberId, question_id: QuestionId, body: AppealBody
) -> Response:
    """Somebody who has not answered yet looks at it again, within ten days."""
    desk = desk_of(request)
    done = await asked_once(
        desk,
        body,
        lambda once: appeal_question(
            desk.ledger, member_id, question_id, body.said, request=once, principal=desk.principal
        ),
    )
    return render.told(QuestionStands, done)


@router.post(
    "/members/{member_id:id}/questions/{question_id:id}:close",
    tags=["members"],
    summary="Close a question",
    **said(
        permission=Permission.QUESTIONS_ANSWER,
        answer=QuestionStands,
        has_key=True,
        refuses=[no.QuestionOver],
        names_in_address=[no.QuestionUnknown],
    ),
)
async def close_question_of_member(
    request: Request, member_id: MemberId, question_id: QuestionId
) -> Response:
    """The member is content. What was answered and not appealed against is closed by itself after a month."""
    desk = desk_of(request)
    done = await asked_once(
        desk,
        None,
        lambda once: close_question(
            desk.ledger, member_id, question_id, request=once, principal=desk.principal
        ),
    )
    return render.told(QuestionStands, done)


def _shown(one: Question, language: str) -> dict[str, Any]:
    return {
        **one._asdict(),
        "kind_said": kind_said(one.kind, language),
        "status_said": status_said(one.status, one.outcome, language),
    }
