"""What `:plan` answers, and a plan as that."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jifen.api.fields import Answer
from jifen.api.trial_answers import SaidAnswer, TestsAnswer, tests_answer
from jifen.operations.plan_program import Planned
from jifen.present.said import Said


class PlannedChange(Answer):
    """One difference. careful: members lose something; refused: the books forbid it."""

    path: str
    kind: Literal["added", "removed", "changed"]
    weight: Literal["plain", "careful", "refused"]
    before: Any
    after: Any
    sentence: str = Field(description="In the language that Accept-Language asks for, else in Chinese.")
    sentence_en: str
    sentence_zh: str


class PlanFinding(SaidAnswer):
    """What is odd about a document that is valid: a rule that can never grant, one that another always beats."""

    code: str
    path: str


class PlanTouches(SaidAnswer):
    """Whom and what a change touches, counted on the books as they are now."""

    code: str
    path: str
    members: int
    units: int | None = Field(description="Smallest units; null: it is about members alone.")


class PlanAnswer(Answer):
    """What publishing would change, whom it touches, what is odd about it, and what became of the tests that it carries."""

    newest_revision: int
    is_empty: bool
    is_refused: bool = Field(description="The books forbid a change, or a test of the document fails.")
    changes: list[PlannedChange]
    findings: list[PlanFinding]
    touches: list[PlanTouches] | None = Field(
        description="Null: the books are too long to be counted while somebody waits."
    )
    tests: TestsAnswer


def plan_answer(found: Planned, language: str) -> PlanAnswer:
    """The answer in a language."""
    return PlanAnswer(
        newest_revision=found.newest_revision,
        is_empty=found.plan.is_empty,
        is_refused=found.is_refused,
        changes=[
            PlannedChange(
                path=one.path,
                kind=one.kind,  # type: ignore[arg-type]
                weight=one.weight,  # type: ignore[arg-type]
                before=one.before,
                after=one.after,
                **_sentences(one.said, language),
            )
            for one in found.plan.changes
        ],
        findings=[
            PlanFinding(code=one.code, path=one.path, **_sentences(one.said, language))
            for one in found.oddities
        ],
        touches=None
        if found.touches is None
        else [
            PlanTouches(
                code=one.code,
                path=one.path,
                members=one.members,
                units=one.units,
                **_sentences(one.said, language),
            )
            for one in found.touches
        ],
        tests=tests_answer(found.tests, language),
    )


def _sentences(said: Said, language: str) -> dict[str, str]:
    return {
        "sentence": said.in_language(language),
        "sentence_en": said.in_language("en"),
        "sentence_zh": said.in_language("zh"),
    }
