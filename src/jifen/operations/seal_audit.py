"""Seal the audit: what was written down since the last time is chained to what was before."""

from __future__ import annotations

from jifen.store.audit_seals import Seal, seal
from jifen.store.ledger import Ledger


async def seal_audit(ledger: Ledger) -> tuple[int, Seal | None]:
    """How many rows were sealed, and the newest seal (None: there is none yet, or another process is at it)."""
    async with ledger.transaction() as connection:
        return await seal(connection)
