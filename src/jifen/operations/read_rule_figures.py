"""Read what each rule gave in the last twelve months, and which values purchases told lately: beside a rule that is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jifen.domain.calendar import local_date
from jifen.domain.program.meaning import Program
from jifen.store.compiled import begun_again
from jifen.store.figures import Span, is_countable
from jifen.store.ledger import Ledger
from jifen.store.rule_figures import RuleSum, given_by_rules, values_told

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """What rules gave. `sums` and `told` are None where the journal is too long to be counted while somebody waits."""

    program: Program
    now: datetime
    months: tuple[date, ...]
    span: Span
    sums: list[RuleSum] | None
    told: dict[str, list[str]] | None


@begun_again
async def read_rule_figures(ledger: Ledger, *, store: str | None = None) -> RuleFigures:
    """The twelve months that end with today's, by rule of the newest revision.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.newest
        today = local_date(clock.now, program.time_zone)
        months = [today.replace(day=1)]
        for _ in range(MONTHS - 1):
            months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
        span = Span(months[0], today + timedelta(days=1))
        sums = told = None
        if await is_countable(connection):
            sums = await given_by_rules(connection, span, zone=program.time_zone, store=store)
            told = await values_told(connection, store=store)
    return RuleFigures(program=program, now=clock.now, months=tuple(months), span=span, sums=sums, told=told)
