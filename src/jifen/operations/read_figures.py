"""Read the figures of a period beside those of another, how members stand now, and what needs a person first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jifen.domain.calendar import local_date
from jifen.domain.program.meaning import Currency, Program
from jifen.domain.refusals import FieldWrong
from jifen.store import figures as kept
from jifen.store.compiled import begun_again
from jifen.store.figures import Figures, Scope, Sold, Span
from jifen.store.ledger import Connection, Ledger
from jifen.store.overview import Health, read_health
from jifen.store.proofs import Proof, last_proof
from jifen.store.proposals import count_waiting
from jifen.store.revisions import StoredRevision, all_revisions
from jifen.store.unusual_reading import count_unusual

EXPIRING_DAYS = 30
MONTHS = 12
CASES_SHOWN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the programme, by its first day."""

    month: date
    sold: Sold
    units: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The ledger for whoever steers it.

    Shape
        points      the currency that units are of: the first that can be spent
        figures     of the period; None where the journal is too long to be counted while somebody waits
        compared    of the days before it, as many
        standing    None as `figures`
        ahead       a revision that is published and not yet in effect
    """

    program: Program
    points: Currency
    now: datetime
    today: date
    span: Span
    before: Span
    figures: Figures | None
    compared: Figures | None
    months: tuple[Month, ...]
    standing: kept.Standing | None
    expiring_by: date
    proof: Proof | None
    health: Health
    ahead: StoredRevision | None
    proposals_waiting: int
    unusual_readings: int
    rules_off: tuple[str, ...]
    stores_off: tuple[str, ...]


@begun_again
async def read_figures(
    ledger: Ledger,
    *,
    from_on: date | None = None,
    to_on: date | None = None,
    store: str | None = None,
    tier: str | None = None,
) -> Overview:
    """Figures from one day to another, both within; without them the last 90 whole days.

    Refuses
        ProgramMissing   nothing was ever published
        FieldWrong       the period ends before it begins, is too long or too far off; there is no such tier
    """
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.newest
        today = local_date(clock.now, program.time_zone)
        span = kept.span_asked(from_on, to_on, today)
        scope = Scope(zone=program.time_zone, store=store, tier=_tier_number(program, tier))
        points = next((c for c in program.currencies if c.kind == "spendable"), program.currencies[0])
        before = Span(span.from_on - (span.until_on - span.from_on), span.from_on)
        figures = compared = standing = None
        months: tuple[Month, ...] = ()
        expiring_by = today + timedelta(days=EXPIRING_DAYS)
        if await kept.is_countable(connection):
            figures = await kept.figures_of(connection, span, scope, currency=points.number)
            compared = await kept.figures_of(connection, before, scope, currency=points.number)
            months = await _months(connection, span, scope, points.number)
            standing = await kept.standing_now(
                connection, currency=points.number, today=today, until_on=expiring_by
            )
        proof = await last_proof(connection)
        switches = await ledger.switches(connection, clock.switched)
        published = await all_revisions(connection)
        proposals_waiting = await count_waiting(connection)
        unusual_readings = await count_unusual(connection, within=CASES_SHOWN)
    async with ledger.pool.acquire() as connection:
        health = await read_health(connection)  # tries a write, which a transaction that only reads may not

    return Overview(
        program=program,
        points=points,
        now=clock.now,
        today=today,
        span=span,
        before=before,
        figures=figures,
        compared=compared,
        months=months,
        standing=standing,
        expiring_by=expiring_by,
        proof=proof,
        health=health,
        ahead=published[-1] if published and published[-1].effective_at > clock.now else None,
        proposals_waiting=proposals_waiting,
        unusual_readings=unusual_readings,
        rules_off=tuple(sorted(switches.rules_off(clock.now))),
        stores_off=tuple(sorted(switches.stores_off(clock.now))),
    )


def _tier_number(program: Program, code: str | None) -> int | None:
    if code is None:
        return None
    for tier in program.ladder.tiers:
        if tier.code == code:
            return tier.number
    known = ", ".join(tier.code for tier in program.ladder.tiers)
    raise FieldWrong(f"there is no such tier; choose one of {known}", pointer="/query/tier", value=code)


async def _months(connection: Connection, span: Span, scope: Scope, currency: int) -> tuple[Month, ...]:
    """The twelve months that end with the period's last."""
    last = (span.until_on - timedelta(days=1)).replace(day=1)
    firsts = [last]
    for _ in range(MONTHS - 1):
        firsts.insert(0, (firsts[0] - timedelta(days=1)).replace(day=1))
    whole = Span(firsts[0], span.until_on)
    sold, units = await kept.months_of(connection, whole, scope, currency=currency)
    return tuple(Month(month=one, sold=sold.get(one, Sold()), units=units.get(one, {})) for one in firsts)
