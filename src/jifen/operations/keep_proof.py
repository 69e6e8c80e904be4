"""Keep what a proof of the books found, so that whoever looks at them sees the last one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jifen.store.ids import new_id
from jifen.store.ledger import Ledger
from jifen.store.proofs import add_proof


async def keep_proof(ledger: Ledger, document: Mapping[str, Any], *, milliseconds: int) -> None:
    """Keep `Books.as_document`, which took so long and ended just now."""
    async with ledger.transaction() as connection:
        await add_proof(
            connection,
            new_id(),
            milliseconds=milliseconds,
            members_replayed=document["members_replayed"],
            is_kept=document["kept"],
            laws=document["laws"],
        )
