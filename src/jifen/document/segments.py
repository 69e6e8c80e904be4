"""The condition of a segment, as it is written beside a programme: a condition of a rule that speaks of the member alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from jifen.document.claims import condition_findings, vocabulary_of
from jifen.document.compile import smallest_units
from jifen.document.conditions import CONDITION_DEPTH_MAX, ConditionDocument
from jifen.document.load import with_tuples
from jifen.document.meaning import can_hold, condition_meaning
from jifen.document.model import ProgramDocument
from jifen.domain.program.conditions import FACTS, Condition, FactKind
from jifen.domain.program.reading import claims_of
from jifen.domain.refusals import FieldWrong

_WRITTEN: TypeAdapter[ConditionDocument] = TypeAdapter(ConditionDocument)
ASKABLE = tuple(
    fact.name
    for fact in FACTS.values()
    if fact.kind is FactKind.STATE and fact.name != "member.times_granted"
)
"""What a segment may ask: what the books keep of a member."""


def segment_condition(document: ProgramDocument, written: Mapping[str, Any], *, pointer: str) -> Condition:
    """What a written condition means in a programme.

    Refuses
        FieldWrong   it cannot be read, speaks of something else than the member, or can hold of nobody
    """
    try:
        found = _WRITTEN.validate_python(with_tuples(dict(written)))
    except (ValidationError, RecursionError):
        raise FieldWrong(
            "a condition is a claim such as {fact: member.tier, is: gold}, or all, any or not of such",
            pointer=pointer,
        ) from None
    vocabulary = vocabulary_of(document)
    for finding in condition_findings(found, (), vocabulary, CONDITION_DEPTH_MAX):
        problem = finding.as_problem()
        raise FieldWrong(f"{problem.message_en} {problem.way_out}", pointer=pointer, value=problem.value)
    condition = condition_meaning(found, vocabulary, smallest_units(document))
    for claim in claims_of(condition):
        if claim.fact not in ASKABLE:
            detail = f"a segment asks what the books keep of a member: {', '.join(ASKABLE)}"
            raise FieldWrong(detail, pointer=pointer, value=claim.fact)
    if not can_hold(condition):
        raise FieldWrong("its claims contradict each other: it can hold of nobody", pointer=pointer)
    return condition
