"""The same key with another body is refused, naming the field: here the field is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from jifen.api.bodies import canonical
from jifen.api.fields import Body
from jifen.api.fingerprint import field_that_differs
from jifen.api.requests import Desk
from jifen.domain.refusals import KeyReused
from jifen.operations.read_request import read_request_fingerprint
from jifen.store.once import Once


async def asked_once(
    desk: Desk, body: Body | None, effect: Callable[[Once], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """The answer to a write, the same for the same key.

    Refuses
        KeyReused   the key came before with another body; its pointer names the first field that differs
    """
    once = await desk.once(body)
    try:
        return await effect(once)
    except KeyReused as reused:
        kept = await read_request_fingerprint(desk.ledger, once.key)
        if kept is None:
            raise
        values = canonical(body) if body is not None else {}
        names = [*type(body).model_fields] if body is not None else []
        field = field_that_differs(kept, values, await desk.ledger.own_key(), names=names)
        if field is None:
            detail = "the key came before for another thing in the address"
            raise KeyReused(detail, pointer="/headers/Idempotency-Key") from reused
        detail = f"the Idempotency-Key came before with another {field}"
        raise KeyReused(detail, pointer=f"/{field}", field=field) from reused
