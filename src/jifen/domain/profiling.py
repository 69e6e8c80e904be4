"""Objection to profiling (GDPR 21, PIPL 24): the one question that whatever judges persons for personal treatment asks first.

What a rule promises to everybody (points for what is bought, a tier for what was spent) is the programme itself and no profiling:
it is owed, and goes on. What is worked out about a person to treat him otherwise than the next one is (decision 0120).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

PROFILING: Final = "profiling"
"""The purpose under which an objection is kept, beside consents: its no is the objection, and silence is none."""


class _Said(Protocol):
    @property
    def purpose(self) -> str: ...
    @property
    def is_given(self) -> bool: ...


def objects_to_profiling(said: Iterable[_Said]) -> bool:
    """Whether a person objects, by everything that he ever said, oldest first: the last word counts."""
    last = [one.is_given for one in said if one.purpose == PROFILING]
    return bool(last) and not last[-1]


def may_be_profiled(household: Iterable[Iterable[_Said]]) -> bool:
    """Whether facts may be worked out about a member, by what each of his persons said. Receipts do not tell who of them shopped,
    so the objection of one is everybody's. Of whom nobody is known there is nobody to treat."""
    said = [list(one) for one in household]
    return bool(said) and not any(map(objects_to_profiling, said))
