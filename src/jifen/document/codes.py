"""Codes of a document: what they name, and what is said of one that names nothing."""

from __future__ import annotations

from jifen.document.claims import CODES_NAMED, nearest, no_such
from jifen.document.model import EarnRulePart, ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.present.said import Said


def unknown(steps: Steps, value: str, known: list[str], what: str) -> Finding:
    """A code that names nothing (`what`: a word of the table `problem_word`), with the nearest one that does."""
    near = nearest(value, known)
    if near:
        out = Said("problem.meant", near=repr(near))
    elif known:
        more = " ..." if len(known) > CODES_NAMED else ""
        out = Said("problem.unknown_code.declare_or_use", codes=", ".join(known[:CODES_NAMED]) + more)
    else:
        out = Said("problem.unknown_code.declare")
    return Finding(code="unknown_code", steps=steps, value=value, said=no_such(what, value), out=out)


def base_of(document: ProgramDocument, rule: EarnRulePart) -> EarnRulePart | None:
    """The rule that a `multiple` builds on; None when there is none or the rule is no multiple."""
    if rule.multiple is None:
        return None
    return next((other for other in document.earn_rules if other.code == rule.multiple.of), None)


def currency_of(document: ProgramDocument, rule: EarnRulePart) -> str | None:
    """The currency that a rule grants: its own, or its base's."""
    base = base_of(document, rule)
    return rule.currency or (base.currency if base else None)
