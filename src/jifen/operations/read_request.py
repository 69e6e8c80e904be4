"""Read what is kept of an earlier request with the same key, to say how another one differs from it."""

from __future__ import annotations

from jifen.store.keys import remembered_answer
from jifen.store.ledger import Ledger


async def read_request_fingerprint(ledger: Ledger, key: str) -> bytes | None:
    """What was kept of the body that came with a key; None: the key is new."""
    async with ledger.transaction() as connection:
        known = await remembered_answer(connection, key)
    return known.body_hash if known else None
