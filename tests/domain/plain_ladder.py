"""Tiers kept the plain way: recomputed day by day, beside what the fold keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jifen.domain import fold
from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.decision import Decision
from jifen.domain.program.meaning import Downgrade, Keeps, Ladder, WindowKind
from jifen.domain.purchase import Purchase
from jifen.domain.timeline import Timeline

if TYPE_CHECKING:
    from tests.domain.life import Bought, Life


EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Held:
    """A tier held from a moment (day, microsecond) on."""

    moment: tuple[int, int]
    code: str
    is_review: bool
    review_day: int | None = None  # when it is judged first


@dataclass(frozen=True)
class Happened:
    """What counts: a purchase, an event, what came back of one, or another member who was merged."""

    occurred: tuple[int, int]
    recorded: tuple[int, int]
    row: int
    units: int
    purchase: Purchase | None
    lifts: bool = True
    other: PlainLadder | None = None


class PlainLadder:
    """Tiers recomputed day by day from everything that was ever bought and brought back; after a void from the beginning, without
    what was voided."""

    def __init__(self, timeline: Timeline, joined: Callable[[], int] = lambda: 0) -> None:
        self.timeline = timeline
        self.joined = joined
        self.happened: list[Happened] = []
        self.begin()

    def begin(self) -> None:
        first = self.timeline.programs[0].ladder.tiers[0].code
        self.held: list[Held] = [Held((-1, 0), first, is_review=False)]
        self.review_day: int | None = None
        self.counts: list[tuple[int, int]] = []  # (day, qualifying)

    @property
    def rank_code(self) -> str:
        return self.held[-1].code

    def _row(self, day: int) -> int:
        """The revision in force when a day begins."""
        zone = self.timeline.time_zone
        row = 0
        for i, program in enumerate(self.timeline.programs):
            began = local_date(program.effective_at, zone)
            local = program.effective_at.astimezone(ZoneInfo(zone))
            whole = day_number(began) + (0 if (local.hour, local.minute) == (0, 0) else 1)
            if i == 0 or whole <= day:
                row = i
        return row

    def _rank(self, row: int, code: str) -> int:
        codes = [tier.code for tier in self.timeline.programs[row].ladder.tiers]
        return codes.index(code) if code in codes else 0

    def _counted(self, row: int, last: int) -> int:
        """What counts in the window that ends with a day."""
        first = self._first(self.timeline.programs[row].ladder, last)
        return sum(units for day, units in self.counts if first <= day <= last)

    def _first(self, ladder: Ladder, last: int) -> int:
        window, day = ladder.window, date.fromordinal(EPOCH + last)
        if window.kind is WindowKind.ROLLING:
            return last - window.days + 1
        if window.kind is WindowKind.CALENDAR_YEAR:
            return date(day.year, 1, 1).toordinal() - EPOCH
        if window.kind is WindowKind.MEMBERSHIP_YEAR:
            begun = [
                one for one in (self._anniversary(day.year - 1), self._anniversary(day.year)) if one <= day
            ]
            return begun[-1].toordinal() - EPOCH
        return -fold.FAR

    def _anniversary(self, year: int) -> date:
        joined = date.fromordinal(EPOCH + self.joined())
        try:
            return joined.replace(year=year)
        except ValueError:
            return date(year, 2, 28)

    def _reached(self, row: int, last: int) -> int:
        tiers = self.timeline.programs[row].ladder.tiers
        total = self._counted(row, last)
        return max(i for i, tier in enumerate(tiers) if total >= tier.reach)

    def _next(self, ladder: Ladder, on: int) -> int:
        """The day on which a tier is judged that is held, or kept, from a day on."""
        day = date.fromordinal(EPOCH + on)
        n = ladder.keeps_for
        if ladder.keeps is Keeps.DAYS:
            last = day + timedelta(days=n)
        elif ladder.keeps is Keeps.MONTH_ENDS:
            month = day.year * 12 + day.month - 1 + n
            last = date(month // 12, month % 12 + 1, 1)
        elif ladder.keeps is Keeps.YEAR_ENDS:
            last = date(day.year + n, 1, 1)
        else:
            year = day.year if self._anniversary(day.year) <= day else day.year - 1
            last = self._anniversary(year + n)
        return last.toordinal() - EPOCH + ladder.grace_days

    def _judged(self, row: int, rank: int, day: int) -> tuple[int, int | None]:
        """The rank after a day of judging, and the next such day."""
        ladder = self.timeline.programs[row].ladder
        due = day - ladder.grace_days
        ends = 0 if ladder.window.kind is WindowKind.ROLLING else -1
        total = max(self._counted(row, day + ends), self._counted(row, due + ends))
        kept = max(i for i, tier in enumerate(ladder.tiers) if total >= tier.kept_by)
        if kept >= rank:
            return rank, self._next(ladder, due) if rank else None
        falls = {
            Downgrade.REASSESS: kept,
            Downgrade.ONE_LEVEL: rank - 1,
            Downgrade.BASE: 0,
            Downgrade.NONE: rank,
        }
        after = falls[ladder.downgrade]
        return after, self._next(ladder, day if after < rank else due) if after else None

    def advance(self, to: int) -> None:
        """Review on each day on which it is due."""
        while self.review_day is not None and self.review_day <= to:
            day = self.review_day
            row = self._row(day)
            ladder = self.timeline.programs[row].ladder
            rank = self._rank(row, self.rank_code)
            after, self.review_day = self._judged(row, rank, day)
            if after < rank:
                self.held.append(
                    Held((day, 0), ladder.tiers[after].code, is_review=True, review_day=self.review_day)
                )

    def bought(self, purchase: Purchase, decision: Decision, life: Life, *, is_purchase: bool = True) -> None:
        """A purchase; or an event, of which only the units that qualify count."""
        ladder = self.timeline.programs[decision.row].ladder
        units = purchase.amount_minor if is_purchase else 0
        if ladder.counts >= 0:
            units = sum(
                r.granted for r in decision.results if self._qualifies(decision.row, r.rule, ladder.counts)
            )
        self._let_happen(
            Happened(
                self._moment(purchase.occurred_at), self._moment(life.now), decision.row, units, purchase
            )
        )

    def _let_happen(self, one: Happened) -> None:
        self.happened.append(one)
        self.advance(one.recorded[0])
        self.counts.append((one.occurred[0], one.units))
        if one.lifts:
            self._lift(one.row, one.occurred, one.recorded[0])
            self.advance(one.recorded[0])
            self._lift(one.row, one.recorded, one.recorded[0])

    def _moment(self, at: datetime) -> tuple[int, int]:
        return day_number(local_date(at, self.timeline.time_zone)), epoch_micros(at)

    def _lift(self, judged_by: int, moment: tuple[int, int], until: int | None = None) -> None:
        """From a moment on the tier that the window ending with its day reaches, judged on each day up to one on which that is
        due. What time judged since stands, what others lifted to no more goes into it while it is held, and nobody is left lower
        than he stood."""
        row = max(judged_by, self._row(moment[0]))
        ladder = self.timeline.programs[row].ladder
        before = [one for one in self.held if one.moment <= moment]
        since = self.held[len(before) :]
        reached = self._reached(row, moment[0])
        stood = before[-1]
        if reached <= self._rank(row, stood.code):
            return
        code = ladder.tiers[reached].code
        again: int | None = self._next(ladder, moment[0])
        path = [*before, Held(moment, code, is_review=False, review_day=again)]
        for at, one in enumerate([*since, None]):
            last = (until or moment[0]) if one is None else one.moment[0] - one.is_review
            while again is not None and again <= last:
                own = self._row(again)
                rank, following = self._judged(own, self._rank(own, code), again)
                if self._rank(own, stood.code) > rank:
                    back = Held((again, 0), stood.code, is_review=True, review_day=self._behind(stood, again))
                    self.held = [*path, back, *since[at:]]
                    return
                if rank < self._rank(own, code):
                    code = self.timeline.programs[own].ladder.tiers[rank].code
                    path.append(Held((again, 0), code, is_review=True, review_day=following))
                again = following
            if one is not None and (one.is_review or self._rank(row, one.code) > self._rank(row, code)):
                self.held = [*path, *since[at:]]
                return
            stood = one or stood
        self.held, self.review_day = path, again

    def _behind(self, held: Held, on: int) -> int | None:
        """The review of a tier that is held, the first after a day."""
        day = held.review_day
        while day is not None and day <= on:
            row = self._row(day)
            ladder = self.timeline.programs[row].ladder
            again = self._next(ladder, day - ladder.grace_days)
            day = again if self._rank(row, held.code) > 0 else None
        return day

    def returned(self, bought: Bought, decision: Decision, amount: int, life: Life, *, is_void: bool) -> None:
        ladder = self.timeline.programs[decision.row].ladder
        units = amount
        if ladder.counts >= 0:
            units = sum(
                r.desired for r in decision.results if self._qualifies(decision.row, r.rule, ladder.counts)
            )
        occurred = self._moment(bought.purchase.occurred_at)
        back = Happened(occurred, self._moment(life.now), decision.row, -units, bought.purchase, lifts=False)
        self._let_happen(back)
        if not is_void:
            return
        merges = [at for at, one in enumerate(self.happened) if one.other is not None]
        if merges:
            self._void_after_merge(bought.purchase, merges[-1], life)
            return
        kept = [one for one in self.happened if one.purchase is not bought.purchase]
        self.begin()
        self.happened = []
        for one in kept:
            self._let_happen(one)
        self.advance(life.day)

    def _void_after_merge(self, voided: Purchase, merge: int, life: Life) -> None:
        """What was before the merge is told by its days; what is after it happens again, from where it has to."""
        merged = self.happened[merge]
        every = self.happened[merge + 1 :]
        found = [at for at, one in enumerate(every) if one.purchase is voided and one.lifts]
        moment = (self._moment(voided.occurred_at)[0], 0)
        first, by_days = 0, True
        if found:
            first = found[0]
            while True:
                moment = min(
                    one.occurred for at, one in enumerate(every[first:], first)
                    if one.lifts and (one.purchase is not voided or at == found[0])
                )  # fmt: skip
                earlier = [
                    at
                    for at, one in enumerate(every[:first])
                    if one.recorded >= moment and one.purchase is not voided
                ]
                if not earlier:
                    break
                first = earlier[0]
            by_days = merged.recorded >= moment
        if by_days:
            first, moment = 0, (moment[0], 1)  # the day as a whole, and not its review
        again = [one for one in every[first:] if one.purchase is not voided]
        self.happened = [one for one in self.happened[: merge + 1 + first] if one.purchase is not voided]
        self.counts += [(one.occurred[0], -one.units) for one in again]
        self.held = [one for one in self.held if one.moment < moment]
        self._stand(moment[0])
        if by_days:
            days: dict[int, int] = {}
            for day, units in self.counts:
                days[day] = days.get(day, 0) + units
            for day in sorted(days):
                if moment[0] <= day < merged.recorded[0] and days[day] > 0:
                    self.advance(day)
                    self._lift(self._row(day), (day, fold.FAR_AT))
            self.advance(merged.recorded[0])
            self._lift(merged.row, merged.recorded)
        for one in again:
            self._let_happen(one)
        self.advance(life.day)

    def _stand(self, on: int) -> None:
        """The review of the tier that is held, the first after a day."""
        self.review_day = self._behind(self.held[-1], on)

    def takes_over(self, other: PlainLadder, life: Life) -> None:
        """Count what another member counted too, and hold the higher of two tiers since he reached it."""
        now = self._moment(life.now)
        other.advance(life.day)
        self._take_over(Happened(now, now, self.timeline.row_at(life.now), 0, None, lifts=False, other=other))

    def _take_over(self, one: Happened) -> None:
        other, row = one.other, one.row
        assert other is not None
        self.happened.append(one)
        self.advance(one.recorded[0])
        last = other.held[-1]
        rank, own = self._rank(row, last.code), self._rank(row, self.rank_code)
        if rank == own and self.review_day and other.review_day:
            self.review_day = max(self.review_day, other.review_day)
            self.held[-1] = replace(self.held[-1], review_day=self.review_day)
        if rank > own:
            before = [one for one in self.held if one.moment <= last.moment]
            later = [
                one if self._rank(row, one.code) >= rank else replace(one, code=last.code)
                for one in self.held[len(before) :]
            ]
            if self._rank(row, before[-1].code) < rank:
                before.append(replace(last, review_day=other.review_day))
            for held in later:
                if held.code != before[-1].code:
                    before.append(held)
            self.review_day = other.review_day
            self.held = [*before[:-1], replace(before[-1], review_day=self.review_day)]
        self.counts += other.counts
        self._lift(row, one.recorded)

    def _qualifies(self, row: int, position: int, currency: int) -> bool:
        rule = self.timeline.rule_at(row, position)
        return rule.currency == currency and self.timeline.terms_of(row, rule.terms).qualifies
