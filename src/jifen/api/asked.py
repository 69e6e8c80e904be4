"""The same key with another body is refused, naming the field: here the field is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from jifen.api.bodies import PurchaseBody, canonical
from jifen.api.fields import Body
from jifen.api.fingerprint import field_that_differs
from jifen.api.requests import Desk
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import KeyReused, Refusal
from jifen.operations.find_member import find_member
from jifen.operations.read_purchase import PurchaseView, read_purchase
from jifen.operations.read_request import read_request_fingerprint
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Ledger
from jifen.store.once import Once
from jifen.store.purchases import line_document

FIELDS = ("money", "amount_minor", "store", "till", "cashier", "channel", "payments", "tags")


async def asked_once(
    desk: Desk, body: Body | None, effect: Callable[[Once], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """The answer to a write, the same for the same key.

    Refuses
        KeyReused   the key came before with another body; its pointer names the first field that differs
    """
    once = desk.once(body)
    try:
        return await effect(once)
    except KeyReused as reused:
        kept = await read_request_fingerprint(desk.ledger, once.key)
        if kept is None:
            raise
        values = canonical(body) if body is not None else {}
        names = [*type(body).model_fields] if body is not None else []
        field = field_that_differs(kept, values, names=names)
        if field is None:
            detail = "the key came before for another thing in the address"
            raise KeyReused(detail, pointer="/headers/Idempotency-Key") from reused
        detail = f"the Idempotency-Key came before with another {field}"
        raise KeyReused(detail, pointer=f"/{field}", field=field) from reused


async def named_difference(ledger: Ledger, refusal: Refusal, body: PurchaseBody) -> Refusal:
    """A refused purchase; where its business key came before with other contents, the refusal names the field."""
    if not isinstance(refusal, KeyReused):
        return refusal
    try:
        view = await read_purchase(ledger, BusinessKey(body.source, body.business_no))
        pointer = await _first_difference(ledger, view, body)
    except Refusal:
        return refusal
    field = pointer.split("/")[1]
    return KeyReused(
        f"{body.source} {body.business_no} came before with another {pointer[1:].replace('/', ' ')}",
        pointer=pointer,
        field=field,
    )


async def _first_difference(ledger: Ledger, view: PurchaseView, body: PurchaseBody) -> str:
    stored, told = view.purchase, body.purchase()
    whose = body.whose()
    # A receipt of nobody that was claimed meanwhile has a member though it was sent without one.
    member_id = view.row["member_id"] if view.row else None
    if whose is not None and member_id != await find_member(ledger, whose):
        return "/member"
    for field in FIELDS:
        if getattr(stored, field) != getattr(told, field):
            return f"/{field}"
    line = _line_difference(stored, told)
    if line:
        return line
    return "/occurred_at" if stored.occurred_at != told.occurred_at else "/member"


def _line_difference(stored: Purchase, told: Purchase) -> str:
    before: Sequence[dict[str, Any]] = [line_document(line) for line in stored.lines]
    after = [line_document(line) for line in told.lines]
    for at, (one, other) in enumerate(zip(before, after, strict=False)):
        for field in (*other, *one):
            if one.get(field) != other.get(field):
                return f"/lines/{at}/{field}"
    return "/lines" if len(before) != len(after) else ""
