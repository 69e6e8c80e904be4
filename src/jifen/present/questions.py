"""What a question is about and where it stands, in words."""

from __future__ import annotations

from jifen.domain.questions import Move, Outcome, QuestionKind, QuestionStatus
from jifen.present.catalogue import catalogue_of


def kind_said(kind: QuestionKind, language: str) -> str:
    """What is asked."""
    return catalogue_of(language).say(f"question_kind.{kind}")


def status_said(status: QuestionStatus, outcome: Outcome | None, language: str) -> str:
    """Where it stands, and what the answer came to."""
    catalogue = catalogue_of(language)
    said = catalogue.say(f"question_status.{status}")
    if outcome is None or status in (QuestionStatus.OPEN, QuestionStatus.APPEALED):
        return said
    return catalogue.say(
        "question.with_outcome", said=said, outcome=catalogue.say(f"question_outcome.{outcome}")
    )


def step_said(move: Move, outcome: Outcome | None, entry: int | None, language: str) -> str:
    """A step of the trail."""
    catalogue = catalogue_of(language)
    said = catalogue.say(f"question_step.{move}")
    if outcome is not None:
        said = catalogue.say(
            "question.with_outcome", said=said, outcome=catalogue.say(f"question_outcome.{outcome}")
        )
    return said if entry is None else catalogue.say("question.by_entry", said=said, entry=entry)
