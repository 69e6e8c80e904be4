"""Read what the programme in force exchanges, and how often that was made in the last twelve months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jifen.domain.calendar import local_date
from jifen.domain.program.meaning import Program
from jifen.store.compiled import begun_again
from jifen.store.exchange_figures import ExchangeSum, exchanges_made
from jifen.store.figures import Span, is_countable
from jifen.store.ledger import Ledger

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeFigures:
    """How often exchanges were made. `sums` is None where the journal is too long to be counted while somebody waits."""

    program: Program
    now: datetime
    months: tuple[date, ...]
    span: Span
    sums: list[ExchangeSum] | None


@begun_again
async def read_exchange_figures(ledger: Ledger, *, store: str | None = None) -> ExchangeFigures:
    """The twelve months that end with today's, for the exchanges of the programme in force.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.programs[timeline.row_at(clock.now)]
        today = local_date(clock.now, program.time_zone)
        months = [today.replace(day=1)]
        for _ in range(MONTHS - 1):
            months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
        span = Span(months[0], today + timedelta(days=1))
        sums = None
        if program.exchanges and await is_countable(connection):
            sums = await exchanges_made(connection, span, zone=program.time_zone, store=store)
        elif not program.exchanges:
            sums = []
    return ExchangeFigures(program=program, now=clock.now, months=tuple(months), span=span, sums=sums)
