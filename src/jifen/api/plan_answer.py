"""A plan as the answer of `:plan`."""

from __future__ import annotations

from jifen.api import answers as out
from jifen.api.trial_answers import tests_answer
from jifen.operations.plan_program import Planned
from jifen.present.said import Said


def plan_answer(found: Planned, language: str) -> out.PlanAnswer:
    """The answer in a language."""
    return out.PlanAnswer(
        newest_revision=found.newest_revision,
        is_empty=found.plan.is_empty,
        is_refused=found.is_refused,
        changes=[
            out.PlannedChange(
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
            out.PlanFinding(code=one.code, path=one.path, **_sentences(one.said, language))
            for one in found.oddities
        ],
        touches=None
        if found.touches is None
        else [
            out.PlanTouches(
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
