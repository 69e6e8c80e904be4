"""Published documents back into their meaning."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from jifen.document.compile import compile_program
from jifen.document.model import ProgramDocument
from jifen.domain.program.numbering import Numbering
from jifen.domain.timeline import Timeline, timeline_of


class Published(Protocol):
    """What is kept of a revision."""

    @property
    def number(self) -> int:
        """Counts from 1."""

    @property
    def document(self) -> Mapping[str, Any]:
        """As it was published."""

    @property
    def numbering(self) -> Mapping[str, Mapping[str, int]]:
        """kind -> code -> number."""

    @property
    def effective_at(self) -> datetime:
        """The moment of effect."""


def kept_numbering(numbering: Numbering) -> dict[str, dict[str, int]]:
    """A numbering as it is kept: kind -> code -> number."""
    kept: dict[str, dict[str, int]] = {}
    for (kind, code), number in numbering.numbers.items():
        kept.setdefault(kind, {})[code] = number
    return kept


def numbering_of(kept: Mapping[str, Mapping[str, int]]) -> Numbering:
    """A numbering from what was kept."""
    return Numbering(numbers={(kind, code): n for kind, codes in kept.items() for code, n in codes.items()})


def timeline_of_published(revisions: Iterable[Published]) -> Timeline:
    """The timeline of published revisions, in order of number, which is that of their moments of effect."""
    return timeline_of(
        [
            compile_program(
                ProgramDocument.model_validate_json(json.dumps(revision.document)),
                revision=revision.number,
                effective_at=revision.effective_at,
                numbering=numbering_of(revision.numbering),
            )
            for revision in revisions
        ]
    )
