"""An act of the audit, as data and as a sentence."""

from __future__ import annotations

import json
from typing import Any

from jifen.domain.audit import AuditRow, Deed
from jifen.domain.texts import inert
from jifen.present.catalogue import catalogue_of

COLUMNS = (
    "audit_id", "happened_at", "principal_kind", "principal_id", "principal", "deed", "about", "why", "came_from", "count",
    "details",
)  # fmt: skip
"""The names of `audit_document`, in their order."""


def audit_document(row: AuditRow) -> dict[str, Any]:
    """An act as data: for the API, an export and a terminal."""
    return {
        "audit_id": f"adt_{row.audit_id.hex}",
        "happened_at": row.happened_at.isoformat().replace("+00:00", "Z"),
        "principal_kind": row.principal_kind,
        "principal_id": row.principal_id.hex if row.principal_id else None,
        "principal": row.principal,
        "deed": row.deed,
        "about": list(row.about),
        "why": row.why,
        "came_from": row.came_from,
        "count": row.count,
        "details": row.details,
    }


def audit_cells(row: AuditRow, language: str) -> list[str]:
    """An act as the cells of a table: `COLUMNS` and the sentence. A name that begins as a formula does is made plain text."""
    document = audit_document(row)
    cells = [_cell(document[name]) for name in COLUMNS]
    return [inert(one) for one in (*cells, act_said(row, language))]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def deed_said(deed: Deed, language: str) -> str:
    """What was done."""
    return catalogue_of(language).say(f"deed.{deed}")


def act_said(row: AuditRow, language: str) -> str:
    """An act as a sentence: what was done, about how many, and why."""
    catalogue = catalogue_of(language)
    # A row of a newer release may tell what this one does not know.
    said = catalogue.say(f"deed.{row.deed}") if catalogue.has(f"deed.{row.deed}") else row.deed
    if row.count != 1 and row.count:
        said = catalogue.say("audit.many", said=said, count=row.count)
    return catalogue.say("audit.because", said=said, why=catalogue.say(f"why.{row.why}")) if row.why else said
