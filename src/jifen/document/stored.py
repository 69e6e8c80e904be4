"""Published documents back into their meaning."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from jifen.document.compile import compile_program
from jifen.document.model import ProgramDocument, StorePart
from jifen.domain.program.meaning import Counts, Program
from jifen.domain.program.numbering import Numbering
from jifen.domain.timeline import Timeline, looks_back, timeline_of


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


@runtime_checkable
class WithMeaning(Protocol):
    """What is kept of a revision in a ledger: the meaning of its positions too."""

    @property
    def meaning(self) -> Mapping[str, Any]:
        """As `kept_meaning` made it."""


def kept_numbering(numbering: Numbering) -> dict[str, dict[str, int]]:
    """A numbering as it is kept: kind -> code -> number."""
    kept: dict[str, dict[str, int]] = {}
    for (kind, code), number in numbering.numbers.items():
        kept.setdefault(kind, {})[code] = number
    return kept


def numbering_of(kept: Mapping[str, Mapping[str, int]]) -> Numbering:
    """A numbering from what was kept."""
    return Numbering(numbers={(kind, code): n for kind, codes in kept.items() for code, n in codes.items()})


def kept_meaning(program: Program) -> dict[str, Any]:
    """What the journal's positions and numbers mean in a revision, as it is kept for SQL and for every later compiler.

    Shape
        rules    in order of position: number, currency, terms, the numbers of its limits, and the pool it draws from
        terms    number -> number of its currency
        limits   number -> name of its period
        times    the numbers of those that count times, and not units
        moments  number -> days ahead of which it tells
        exchanges         the numbers of those that are made at once
        looks_back_days   of its longest window: what members' rows keep follows it
    """
    return {
        "rules": [
            {
                "number": rule.number,
                "currency": rule.currency,
                "terms": rule.terms,
                "limits": [limit.number for limit in rule.limits],
                **({"pool": rule.budget.pool, "budget": rule.budget.units} if rule.budget else {}),
            }
            for rule in program.rules
        ],
        "terms": {
            str(one.number): currency.number for currency in program.currencies for one in currency.terms
        },
        "limits": {
            str(limit.number): limit.period.name.lower() for rule in program.rules for limit in rule.limits
        },
        "times": sorted(
            {limit.number for rule in program.rules for limit in rule.limits if limit.counts is Counts.TIMES}
        ),
        "moments": {str(moment.number): moment.ahead for moment in program.moments},
        "exchanges": [one.number for one in program.exchanges if one.at_once],
        "looks_back_days": looks_back(program),
    }


def timeline_of_published(revisions: Iterable[Published]) -> Timeline:
    """The timeline of published revisions, in order of number, which is that of their moments of effect."""
    return timeline_of([_compiled(revision) for revision in revisions])


def document_published(kept: Mapping[str, Any]) -> ProgramDocument:
    """A document that was published, and so validated before: its thousands of stores are not validated again.

    That would be one call that keeps the interpreter to itself for tens of milliseconds, while tills wait.
    """
    stores = kept.get("stores", ())
    document = ProgramDocument.model_validate_json(json.dumps({**kept, "stores": []}))
    return document.model_copy(update={"stores": tuple(StorePart.model_construct(**part) for part in stores)})


def _compiled(revision: Published) -> Program:
    program = compile_program(
        document_published(revision.document),
        revision=revision.number,
        effective_at=revision.effective_at,
        numbering=numbering_of(revision.numbering),
    )
    if isinstance(revision, WithMeaning):
        # Masks and hits in the journal name rules by position: a compiler that orders them otherwise must not read it.
        now = kept_meaning(program)
        differing = [part for part in now if now[part] != revision.meaning.get(part)]
        assert not differing, (
            f"revision {revision.number} compiles to other {' and '.join(differing)} than it was published with: this version"
            " of Jifen would misread the journal"
        )
    return program
