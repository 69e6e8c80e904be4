"""Everything that is kept of a person as plain values; `present/persons.py` makes a page of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from jifen.domain.person import MemberKey
from jifen.domain.purchase import Purchase
from jifen.domain.timeline import Timeline
from jifen.present.ids import prefixed
from jifen.present.members import MemberSeen, member_shown
from jifen.present.persons import Given, consent_shown, fields_shown
from jifen.present.shown import shown_instant
from jifen.present.statements import Line, statement_entry


class OfPerson(Protocol):
    """One person in full."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def role(self) -> str: ...
    @property
    def keys(self) -> Sequence[MemberKey]: ...
    @property
    def fields(self) -> Mapping[str, str]: ...
    @property
    def consents(self) -> Sequence[tuple[Given, str | None]]: ...


class Export(Protocol):
    """Everything about a member that his statement does not say."""

    @property
    def persons(self) -> Sequence[OfPerson]: ...
    @property
    def receipts(self) -> Sequence[Purchase]: ...


def archive_document(
    export: Export,
    view: MemberSeen,
    lines: Sequence[Line],
    timeline: Timeline,
    language: str,
    *,
    made_at: datetime,
) -> dict[str, Any]:
    """The archive as `persons.archive_page` takes it."""
    return {
        "made_at": shown_instant(made_at),
        "member": {**member_shown(view), "keys": []},  # in full they stand with each person
        "persons": [
            {
                "person_id": prefixed("per", one.person_id),
                "role": one.role,
                "keys": [{"kind": key.kind, "value": key.value} for key in one.keys],
                **fields_shown(one.fields),
                "consents": [{**consent_shown(given), "proof": proof} for given, proof in one.consents],
            }
            for one in export.persons
        ],
        "entries": [statement_entry(line, timeline, language) for line in lines],
        "receipts": [_receipt(one) for one in export.receipts],
    }


def _receipt(purchase: Purchase) -> dict[str, Any]:
    return {
        "source": purchase.source,
        "business_no": purchase.business_no,
        "occurred_at": shown_instant(purchase.occurred_at),
        "store": purchase.store,
        "money": purchase.money,
        "amount_minor": purchase.amount_minor,
        "lines": [
            {
                "number": line.number,
                "sku": line.sku,
                "name": line.name,
                "category": line.category,
                "quantity_milli": line.quantity_milli,
                "amount_minor": line.amount_minor,
            }
            for line in purchase.lines
        ],
    }
