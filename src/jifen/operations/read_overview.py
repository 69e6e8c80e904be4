"""Read how the ledger is: its health for machines, its sizes for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jifen.domain.timeline import Timeline
from jifen.store.compiled import begun_again
from jifen.store.ledger import Ledger
from jifen.store.overview import Health, Overview, read_health, read_sizes
from jifen.store.revisions import book_label


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOverview:
    """The ledger at a glance. `timeline` is None until a programme was published."""

    sizes: Overview
    now: datetime
    shift_seconds: int
    label: str
    timeline: Timeline | None


async def read_ledger_health(ledger: Ledger) -> Health:
    """Whether the ledger can serve. What the database says when it cannot is the caller's to read."""
    async with ledger.pool.acquire(timeout=5) as connection:
        return await read_health(connection)


@begun_again
async def read_overview(ledger: Ledger) -> LedgerOverview:
    """Members, purchases, balances, and the date of the books."""
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest) if clock.newest else None
        shift_seconds, label = await book_label(connection)
        sizes = await read_sizes(connection)
    return LedgerOverview(
        sizes=sizes, now=clock.now, shift_seconds=shift_seconds, label=label, timeline=timeline
    )
