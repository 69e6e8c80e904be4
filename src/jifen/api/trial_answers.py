"""The answers about the tests that a programme document carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from jifen.api.fields import Answer
from jifen.document.run_trials import TrialResult


class SaidAnswer(Answer):
    """A sentence."""

    sentence: str = Field(description="In the language that Accept-Language asks for, else in Chinese.")
    sentence_en: str
    sentence_zh: str


class TestDiffers(SaidAnswer):
    """What was expected and what came."""

    path: str = Field(description="Below `expect`: `units.points`. Empty: the test did not come so far.")
    expected: str
    got: str


class TestAnswer(Answer):
    """What became of a test."""

    code: str
    name: str
    pointer: str
    has_passed: bool
    differs: list[TestDiffers]
    explained: list[SaidAnswer] = Field(
        description="What was given, and what gave nothing and why, in the order in which it happened."
    )
    came: dict[str, Any] = Field(description="What came of the occasion, as `expect` would write it.")


class TestsAnswer(Answer):
    """What became of the tests of a document, in its order."""

    passed: int
    failed: int
    data: list[TestAnswer]


def tests_answer(results: Sequence[TrialResult], language: str) -> TestsAnswer:
    """The answer in a language."""
    told = [TestAnswer(**one.as_values(language)) for one in results]
    failed = sum(not one.has_passed for one in told)
    return TestsAnswer(passed=len(told) - failed, failed=failed, data=told)
