"""Questions and complaints: what a member asks of his books, who answers, and to whom he may appeal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from jifen.domain.principal import Principal
from jifen.domain.refusals import QuestionOver, SecondPersonNeeded

ANSWERED_WITHIN: Final = timedelta(days=10)
"""A question and an appeal are due so long after they came."""
APPEALED_WITHIN: Final = timedelta(days=30)
"""After so long without an appeal an answered question is closed by itself."""
OPEN_MAX: Final = 20
"""A member has so many questions open at most."""
STEPS_MAX: Final = 50


@unique
class QuestionKind(StrEnum):
    """What is asked. Its words are the message `question_kind.<itself>` of the catalogues."""

    UNITS_MISSING = "units_missing"
    UNITS_WRONG = "units_wrong"
    SPENDING = "spending"
    RETURN = "return"
    EXPIRY = "expiry"
    TIER = "tier"
    PERSONAL_DATA = "personal_data"
    SERVICE = "service"
    SOMETHING_ELSE = "something_else"


@unique
class QuestionStatus(StrEnum):
    """Where a question stands: `question_status.<itself>`."""

    OPEN = "open"
    ANSWERED = "answered"
    APPEALED = "appealed"
    CLOSED = "closed"


@unique
class Outcome(StrEnum):
    """What an answer comes to: `question_outcome.<itself>`."""

    CORRECTED = "corrected"  # the member was right, and an entry says so
    EXPLAINED = "explained"  # it was right as it was
    REFUSED = "refused"


@unique
class Move(StrEnum):
    """A step of the trail: `question_step.<itself>`."""

    ASKED = "asked"
    ANSWERED = "answered"
    APPEALED = "appealed"
    CLOSED = "closed"


_FROM: Final = {
    Move.ANSWERED: (QuestionStatus.OPEN, QuestionStatus.APPEALED),
    Move.APPEALED: (QuestionStatus.ANSWERED,),
    Move.CLOSED: (QuestionStatus.ANSWERED,),
}
_TO: Final = {
    Move.ASKED: QuestionStatus.OPEN,
    Move.ANSWERED: QuestionStatus.ANSWERED,
    Move.APPEALED: QuestionStatus.APPEALED,
    Move.CLOSED: QuestionStatus.CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a question's trail. What was said stands apart, and is erased with the person."""

    number: int
    move: Move
    principal_kind: str
    principal_id: UUID | None
    principal: str
    at: datetime
    outcome: Outcome | None = None
    entry: int | None = None  # the adjustment or reversal that an answer brought


def status_after(status: QuestionStatus, trail: Sequence[Step], move: Move, by: Principal) -> QuestionStatus:
    """Where the question stands after this step.

    Refuses
        QuestionOver         it does not stand where this may be done
        SecondPersonNeeded   an appeal is answered by whoever gave the answer that it is against
    """
    if status not in _FROM[move]:
        known = ", ".join(_FROM[move])
        raise QuestionOver(
            f"the question is {status}, and this is done to one that is {known}", status=str(status)
        )
    if len(trail) >= STEPS_MAX:
        raise QuestionOver(f"a question has at most {STEPS_MAX} steps: ask another", status=str(status))
    if move is Move.ANSWERED and any(step.move is Move.ANSWERED and _is_same(step, by) for step in trail):
        raise SecondPersonNeeded(
            f"{by.name} has answered before: an appeal goes to somebody else",
            pointer="/headers/Authorization",
        )
    return _TO[move]


def due_after(status: QuestionStatus, at: datetime) -> datetime | None:
    """When the next answer is due; None: none is."""
    return at + ANSWERED_WITHIN if status in (QuestionStatus.OPEN, QuestionStatus.APPEALED) else None


def _is_same(step: Step, by: Principal) -> bool:
    if step.principal_id is not None or by.id is not None:
        return step.principal_id == by.id
    return (step.principal_kind, step.principal) == (by.kind, by.name)
