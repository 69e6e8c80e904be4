"""Plan: what publishing a document would change, whom it touches, what is odd about it. Nothing is published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from jifen.document.compile import compile_program, numbering_after
from jifen.document.model import ProgramDocument
from jifen.document.oddities import Oddity, oddities
from jifen.document.plan import Plan, plan
from jifen.document.run_trials import TrialResult, run_trials
from jifen.document.stored import document_published, numbering_of
from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date
from jifen.domain.packing import unpacked
from jifen.domain.program.known import segments_asked
from jifen.domain.program.meaning import Downgrade, Ladder, Program, WindowKind
from jifen.domain.program.numbering import Numbering
from jifen.present.rules import names_of
from jifen.present.said import Chosen, Said
from jifen.present.shown import units_shown
from jifen.store.ledger import Connection, Ledger
from jifen.store.plan_counts import Stands, are_countable, holders_of, lots_under, standings
from jifen.store.revisions import StoredRevision, newest_revision
from jifen.store.segments import codes_among
from jifen.store.terms import notice_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Touches:
    """Whom and what one change touches, as the books are now. `units` None: it is about members alone."""

    code: str
    path: str
    members: int
    units: int | None
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan after the newest revision (0: none yet), with all that was found about it. `touches` None: not counted."""

    newest_revision: int
    plan: Plan
    oddities: Sequence[Oddity] = ()
    touches: Sequence[Touches] | None = ()
    tests: Sequence[TrialResult] = field(default=())

    @property
    def tests_failed(self) -> Sequence[TrialResult]:
        """The tests of the document that do not come out as they expect."""
        return [one for one in self.tests if not one.has_passed]

    @property
    def is_refused(self) -> bool:
        """Whether it could not be published: the books forbid a change, or a test fails."""
        return self.plan.is_refused or bool(self.tests_failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    plan: Plan
    oddities: Sequence[Oddity]
    tests: Sequence[TrialResult]
    before: Program | None
    after: Program


async def plan_program(ledger: Ledger, document: ProgramDocument, *, counts: bool = True) -> Planned:
    """What publishing the document after the newest revision would change; without `counts` the books are not counted."""
    async with ledger.transaction() as connection:
        newest = await newest_revision(connection)
        now = (await ledger.clock(connection)).now
        notice = await notice_days(connection)

    compared = await asyncio.to_thread(_compared, newest, document, now)
    odd = list(compared.oddities)

    asked = segments_asked(compared.after)
    if asked:
        async with ledger.transaction() as connection:
            unknown = sorted(asked - await codes_among(connection, asked))
        for code in unknown:
            odd.append(
                Oddity(code="segment_unknown", path="", said=Said("oddity.segment_unknown", segment=code))
            )

    touches: list[Touches] | None = []
    if counts and compared.before is not None and not compared.plan.is_empty:
        async with ledger.reading() as connection:
            touches = await _touches(connection, compared.before, compared.after, now)
    found = odd
    careful = [one for one in compared.plan.changes if one.weight == "careful"]
    if careful and notice:
        day = local_date(now + timedelta(days=notice), compared.after.time_zone)
        said = Said("oddity.notice", count=len(careful), days=notice, day=day.isoformat())
        found.append(Oddity(code="notice", path="", said=said))
    return Planned(
        newest_revision=newest.number if newest else 0,
        plan=compared.plan,
        oddities=found,
        touches=touches,
        tests=compared.tests,
    )


def _compared(newest: StoredRevision | None, document: ProgramDocument, now: datetime) -> _Compared:
    """Everything that is found without the books. Compiles, which takes its time: for a thread."""
    old = None if newest is None else document_published(newest.whole_document)
    known = numbering_of(newest.numbering) if newest else Numbering()
    after = _program(document, numbering_after(document, known))
    return _Compared(
        plan=plan(old, document),
        oddities=oddities(after, today=local_date(now, after.time_zone)),
        tests=run_trials(document),
        before=None if old is None else _program(old, known),
        after=after,
    )


def _program(document: ProgramDocument, numbering: Numbering) -> Program:
    bare = document.model_copy(update={"tests": ()})
    return compile_program(
        bare, revision=1, effective_at=datetime(2000, 1, 1, tzinfo=UTC), numbering=numbering
    )


async def _touches(
    connection: Connection, before: Program, after: Program, now: datetime
) -> list[Touches] | None:
    if not await are_countable(connection):
        return None
    found: list[Touches] = []
    known = {one.number: one for one in after.currencies}
    for currency in before.currencies:
        other = known.get(currency.number)
        if other is None:
            continue
        named = Chosen(lambda language, code=currency.code: names_of(after, language).of("currency", code))
        path = f"currencies[{currency.code}]"
        lives = {one.number: one for one in other.terms}
        if lives[currency.terms[0].number].expiry != currency.terms[0].expiry:
            held = await holders_of(connection, currency.number)
            shown = units_shown(held.units, currency.scale)
            said = Said("touches.expiry", currency=named, count=held.members, units=shown)
            found.append(
                Touches(
                    code="expiry", path=f"{path}.expiry", members=held.members, units=held.units, said=said
                )
            )
        for terms in currency.terms:
            if terms.number not in lives:
                held = await lots_under(connection, terms.number)
                shown = units_shown(held.units, currency.scale)
                code = terms.code.rpartition("/")[2]
                said = Said("touches.terms", currency=named, terms=code, count=held.members, units=shown)
                found.append(
                    Touches(
                        code="terms", path=f"{path}.terms", members=held.members, units=held.units, said=said
                    )
                )
    for at, (old, new) in enumerate(zip(before.ladders, after.ladders, strict=False)):
        found += await _moves(connection, at, old, new, after, now)
    return found


async def _moves(
    connection: Connection, at: int, old: Ladder, new: Ladder, program: Program, now: datetime
) -> list[Touches]:
    """Who would rise and fall by changed thresholds, by what counts for him today; and who stands where a multiplier changes."""
    multipliers = {tier.number: tier.multiplier for tier in old.tiers}
    changed = [one for one in new.tiers if multipliers.get(one.number, one.multiplier) != one.multiplier]
    is_moved = _reaches(old) != _reaches(new) or old.window != new.window
    if not changed and not is_moved:
        return []
    today = day_number(local_date(now, program.time_zone))
    rises: dict[int, int] = {}
    falls: dict[int, int] = {}
    stand: dict[int, int] = {}
    async for one in standings(connection):
        tier = one.ladders[2 * at] if 2 * at < len(one.ladders) else old.tiers[0].number
        stand[tier] = stand.get(tier, 0) + 1
        if is_moved:
            held, of_new, of_old = (
                _rank(new, tier),
                _counted(one, at, new, today),
                _counted(one, at, old, today),
            )
            by_new = _reached(new, of_new)
            by_old = _rank(new, old.tiers[_reached(old, of_old)].number)
            if by_new > max(held, by_old):
                rises[new.tiers[by_new].number] = rises.get(new.tiers[by_new].number, 0) + 1
            elif not _keeps(new, held, of_new) and _keeps(old, _rank(old, tier), of_old):
                falls[tier] = falls.get(tier, 0) + 1
    found = []
    for rung in new.tiers:
        named = Chosen(lambda language, code=rung.code: names_of(program, language).of("tier", code))
        path = f"tiers.list[{rung.code}]"
        if rises.get(rung.number):
            n = rises[rung.number]
            found.append(
                Touches(
                    code="rise",
                    path=path,
                    members=n,
                    units=None,
                    said=Said("touches.rise", tier=named, count=n),
                )
            )
        if falls.get(rung.number):
            n = falls[rung.number]
            found.append(
                Touches(
                    code="fall",
                    path=path,
                    members=n,
                    units=None,
                    said=Said("touches.fall", tier=named, count=n),
                )
            )
        if rung in changed:
            n = stand.get(rung.number, 0)
            said = Said("touches.multiplier", tier=named, count=n)
            found.append(Touches(code="multiplier", path=path, members=n, units=None, said=said))
    if is_moved and not rises and not falls:
        found.append(
            Touches(
                code="nobody_moves", path="tiers", members=0, units=None, said=Said("touches.nobody_moves")
            )
        )
    return found


def _reaches(ladder: Ladder) -> list[object]:
    return [ladder.downgrade, *((tier.number, tier.reach, tier.kept_by) for tier in ladder.tiers)]


def _rank(ladder: Ladder, tier: int) -> int:
    return next((at for at, one in enumerate(ladder.tiers) if one.number == tier), 0)


def _reached(ladder: Ladder, counted: int) -> int:
    return max(at for at, one in enumerate(ladder.tiers) if counted >= one.reach or at == 0)


def _keeps(ladder: Ladder, rank: int, counted: int) -> bool:
    """Whether a tier would be kept, were it judged now."""
    return rank == 0 or ladder.downgrade is Downgrade.NONE or counted >= ladder.tiers[rank].kept_by


def _counted(one: Stands, at: int, ladder: Ladder, today: int) -> int:
    """What a ladder counts in its window as of today, by the member's own row."""
    days, _ = unpacked(one.days)
    width, first = one.days[2], -fold.FAR
    if ladder.window.kind is WindowKind.ROLLING:
        first = today - ladder.window.days + 1
    elif ladder.window.kind is WindowKind.CALENDAR_YEAR:
        first = fold.first_of_year(fold.year_of(today))
    elif ladder.window.kind is WindowKind.MEMBERSHIP_YEAR:
        begun = fold.anniversary(one.joined_day, fold.year_of(today))
        first = begun if begun <= today else fold.anniversary(one.joined_day, fold.year_of(today) - 1)
    return sum(
        days[row + fold.DAYS_COUNTED + at]
        for row in range(0, len(days), width)
        if first <= days[row + fold.DAYS_DAY] <= today
    )
