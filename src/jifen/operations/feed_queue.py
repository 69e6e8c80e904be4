"""Feed the queue with what entries have caused, and keep its log short."""

from __future__ import annotations

from jifen.store.effects import feed
from jifen.store.ledger import Ledger
from jifen.store.queue import prune_log


async def feed_queue(ledger: Ledger) -> int:
    """Effects put into the queue: of transactions that have ended, and parked ones whose time has come."""
    async with ledger.transaction() as connection:
        return await feed(connection)


async def prune_queue(ledger: Ledger) -> int:
    """Lines of the queue's log that were told for long enough."""
    async with ledger.transaction() as connection:
        return await prune_log(connection)
