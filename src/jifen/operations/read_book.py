"""Read the book: whose programme this is, its money, zone and currencies, and what day it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jifen.domain.program.meaning import Program
from jifen.store.compiled import begun_again
from jifen.store.ledger import Ledger
from jifen.store.revisions import book_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What screens need before they can show any number. `program` is the newest revision; None: nothing was published yet."""

    program: Program | None
    now: datetime
    shift_seconds: int
    label: str


@begun_again
async def read_book(ledger: Ledger) -> Book:
    """The book as it stands."""
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest) if clock.newest else None
        shift_seconds, label = await book_label(connection)
    return Book(
        program=timeline.newest if timeline else None,
        now=clock.now,
        shift_seconds=shift_seconds,
        label=label,
    )
