"""Seal the audit: what was written down since the last time is chained to what was before."""

from __future__ import annotations

import structlog

from jifen.store.audit_seals import seal
from jifen.store.ledger import Ledger

log = structlog.get_logger("jifen.audit")


async def seal_audit(ledger: Ledger) -> int:
    """How many rows were sealed. The newest seal goes to the log too: a copy outside of the database, which holds it to that."""
    async with ledger.transaction() as connection:
        sealed, newest = await seal(connection)
    if sealed and newest is not None:
        log.info("audit sealed", seal=newest.number, hash=newest.hash.hex(), rows=sealed)
    return sealed
