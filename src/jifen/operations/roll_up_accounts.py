"""Roll the programme's accounts up to the newest transaction that has ended."""

from __future__ import annotations

from jifen.store.accounts import roll_up
from jifen.store.ledger import Ledger


async def roll_up_accounts(ledger: Ledger) -> int:
    """Postings added to the rolled-up accounts."""
    async with ledger.transaction() as connection:
        return await roll_up(connection)
