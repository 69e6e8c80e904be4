"""Who objects to profiling, by what was said: the last word counts, silence is none, and one of a household speaks for all."""

from __future__ import annotations

from jifen.domain.person import Consent
from jifen.domain.profiling import PROFILING, may_be_profiled, objects_to_profiling


def said(*words: str, purpose: str = PROFILING) -> list[Consent]:
    """What a person said about a purpose, oldest first."""
    return [Consent(purpose=purpose, is_given=one == "yes", text_version="1", channel="app") for one in words]


def test_silence_is_no_objection_and_the_last_word_counts() -> None:
    assert not objects_to_profiling([])
    assert objects_to_profiling(said("no"))
    assert not objects_to_profiling(said("no", "yes"))
    assert objects_to_profiling(said("no", "yes", "no"))
    assert not objects_to_profiling(said("no", purpose="marketing")), "another purpose is another matter"


def test_the_objection_of_one_is_the_households_and_of_nobody_nothing_is_worked_out() -> None:
    assert may_be_profiled([[], said("yes")])
    assert not may_be_profiled([[], said("no")])
    assert not may_be_profiled([])
