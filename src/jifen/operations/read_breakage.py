"""Read what became of the units that were opened in each month, and what of the open ones will never be claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jifen.domain.breakage import Expected, expected_breakage
from jifen.domain.calendar import local_date
from jifen.domain.program.meaning import Currency, Program
from jifen.domain.refusals import FieldWrong
from jifen.store.breakage import Opened, opened_by_month
from jifen.store.compiled import begun_again
from jifen.store.figures import is_countable
from jifen.store.ledger import Ledger

MONTHS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """The months that end with this one, and all before them as one (`date.min`). `months` and `expected` are None where the
    journal is too long to be counted while somebody waits."""

    program: Program
    currency: Currency
    now: datetime
    today: date
    months: tuple[Opened, ...] | None
    expected: Expected | None


@begun_again
async def read_breakage(ledger: Ledger, *, currency: str | None = None) -> Breakage:
    """Of a currency, the first that can be spent where none is named.

    Refuses
        ProgramMissing   nothing was ever published
        FieldWrong       there is no such currency
    """
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.newest
        known = {one.code: one for one in program.currencies}
        if currency is not None and currency not in known:
            detail = f"there is no such currency; choose one of {', '.join(known)}"
            raise FieldWrong(detail, pointer="/query/currency", value=currency)
        points = next((c for c in program.currencies if c.kind == "spendable"), program.currencies[0])
        chosen = known[currency] if currency is not None else points
        today = local_date(clock.now, program.time_zone)
        since = today.replace(day=1)
        for _ in range(MONTHS - 1):
            since = (since - timedelta(days=1)).replace(day=1)
        months = expected = None
        if await is_countable(connection):
            found = await opened_by_month(connection, chosen.number, zone=program.time_zone, since=since)
            expected = expected_breakage(found, open_units=sum(one.left for one in found))
            months = tuple(found)
    return Breakage(
        program=program, currency=chosen, now=clock.now, today=today, months=months, expected=expected
    )
