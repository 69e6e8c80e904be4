"""Tiers kept the plain way: recomputed day by day, beside what the fold keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jifen.domain import fold
from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.decision import Decision
from jifen.domain.purchase import Purchase, whole_quantity
from jifen.domain.timeline import Timeline

if TYPE_CHECKING:
    from tests.domain.life import Bought, Life


@dataclass(frozen=True)
class Held:
    """A tier held from a moment (day, microsecond) on."""

    moment: tuple[int, int]
    code: str
    is_review: bool


class PlainLadder:
    """Tiers recomputed day by day from everything that was ever bought and brought back."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.held: list[Held] = [Held((-1, 0), timeline.programs[0].ladder.tiers[0].code, is_review=False)]
        self.review_day: int | None = None
        self.counts: list[tuple[int, int]] = []  # (day, qualifying)
        self.visits: dict[int, int] = {}
        self.day: int | None = None

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

    def _reached(self, row: int, first: int, last: int) -> int:
        total = sum(units for day, units in self.counts if first <= day <= last)
        tiers = self.timeline.programs[row].ladder.tiers
        return max(i for i, tier in enumerate(tiers) if total >= tier.reach)

    def advance(self, to: int) -> None:
        """Review on each day on which it is due."""
        while self.review_day is not None and self.review_day <= to:
            day = self.review_day
            row = self._row(day)
            ladder = self.timeline.programs[row].ladder
            rank = self._rank(row, self.rank_code)
            reached = self._reached(row, day - ladder.window.days + 1, day)
            if reached < rank:
                rank = reached
                self.held.append(Held((day, 0), ladder.tiers[rank].code, is_review=True))
            self.review_day = day + ladder.keeps_days if rank > 0 else None

    def bought(self, purchase: Purchase, decision: Decision, life: Life, *, is_purchase: bool = True) -> None:
        """A purchase; or an event, of which only the units that qualify count."""
        self.advance(life.day)
        ladder = self.timeline.programs[decision.row].ladder
        units = purchase.amount_minor if is_purchase else 0
        if ladder.counts >= 0:
            units = sum(
                r.granted for r in decision.results if self._qualifies(decision.row, r.rule, ladder.counts)
            )
        self._add(purchase, units)
        self._visit(purchase, int(is_purchase))
        occurred_on = day_number(local_date(purchase.occurred_at, self.timeline.time_zone))
        self._lift(decision.row, (occurred_on, epoch_micros(purchase.occurred_at)))
        self.advance(life.day)
        self._lift(decision.row, (life.day, epoch_micros(life.now)))

    def _lift(self, judged_by: int, moment: tuple[int, int]) -> None:
        """From a moment on the tier that the window ending with its day reaches; what time judged since stands."""
        row = max(judged_by, self._row(moment[0]))
        now = self.timeline.programs[row].ladder
        before = [one for one in self.held if one.moment <= moment]
        since = self.held[len(before) :]
        reached = self._reached(row, moment[0] - now.window.days + 1, moment[0])
        if reached <= self._rank(row, before[-1].code):
            return
        while since and not since[0].is_review and self._rank(row, since[0].code) <= reached:
            since.pop(0)
        if not since:
            self.review_day = moment[0] + now.keeps_days
        self.held = [*before, Held(moment, now.tiers[reached].code, is_review=False), *since]

    def returned(self, bought: Bought, decision: Decision, amount: int, life: Life, *, is_void: bool) -> None:
        self.advance(life.day)
        ladder = self.timeline.programs[decision.row].ladder
        units = amount
        if ladder.counts >= 0:
            units = sum(
                r.desired for r in decision.results if self._qualifies(decision.row, r.rule, ladder.counts)
            )
        self._add(bought.purchase, -units)
        if all(bought.returned.get(n.number, 0) == whole_quantity(n) for n in bought.purchase.lines):
            if not any(bought.forgiven):
                self._visit(bought.purchase, -1)
            if is_void:
                self._judge_again(decision.row, bought, life.day)

    def takes_over(self, other: PlainLadder, life: Life) -> None:
        """Count what another member counted too, and hold the higher of two tiers since he reached it."""
        other.advance(life.day)
        self.advance(life.day)
        row = self.timeline.row_at(life.now)
        last = other.held[-1]
        rank, own = self._rank(row, last.code), self._rank(row, self.rank_code)
        if rank == own and self.review_day and other.review_day:
            self.review_day = max(self.review_day, other.review_day)
        if rank > own:
            before = [one for one in self.held if one.moment <= last.moment]
            later = [
                Held(one.moment, one.code if self._rank(row, one.code) >= rank else last.code, one.is_review)
                for one in self.held[len(before) :]
            ]
            if self._rank(row, before[-1].code) < rank:
                before.append(last)
            for one in later:
                if one.code != before[-1].code:
                    before.append(one)
            self.held = before
            self.review_day = other.review_day
        self.counts += other.counts
        for day, count in other.visits.items():
            self.visits[day] = self.visits.get(day, 0) + count
        self._lift(row, (life.day, epoch_micros(life.now)))

    def _may_lift(self, day: int) -> bool:
        return self.visits[day] > 0 or sum(units for on, units in self.counts if on == day) > 0

    def _visit(self, purchase: Purchase, count: int) -> None:
        day = day_number(local_date(purchase.occurred_at, self.timeline.time_zone))
        self.visits[day] = self.visits.get(day, 0) + count

    def _judge_again(self, judged_by: int, bought: Bought, today: int) -> None:
        """From the first tier that the days left do not reach any more on, all is lifted anew by them; reviews stand."""
        since = day_number(local_date(bought.purchase.occurred_at, self.timeline.time_zone))

        def is_justified(one: Held) -> bool:
            day = one.moment[0]
            row = max(judged_by, self._row(day))
            begins = day - self.timeline.programs[row].ladder.window.days + 1
            return self._reached(row, begins, day) >= self._rank(row, one.code)

        wrong = [
            at
            for at, one in enumerate(self.held)
            if at and one.moment[0] >= since and not one.is_review and not is_justified(one)
        ]
        if not wrong:
            return
        first = self.held[wrong[0]].moment[0]
        reviews = [one for one in self.held[wrong[0] :] if one.is_review]
        self.held = self.held[: wrong[0]]
        days = sorted(day for day in self.visits if first <= day and self._may_lift(day))
        for review in reviews:
            for day in [day for day in days if day < review.moment[0]]:
                days.remove(day)
                self._lift(judged_by, (day, fold.FAR_AT))
            row = self._row(review.moment[0])
            if self._rank(row, review.code) < self._rank(row, self.rank_code):
                self.held.append(review)
        last = self.held[-1]
        row = self._row(last.moment[0])
        ladder = self.timeline.programs[row].ladder
        is_low = self._rank(row, last.code) == 0
        self.review_day = None if is_low else last.moment[0] + ladder.keeps_days
        for day in days:
            self._lift(judged_by, (day, fold.FAR_AT))
        self.advance(today)

    def _add(self, purchase: Purchase, units: int) -> None:
        day = day_number(local_date(purchase.occurred_at, self.timeline.time_zone))
        self.counts.append((day, units))

    def _qualifies(self, row: int, position: int, currency: int) -> bool:
        rule = self.timeline.rule_at(row, position)
        return rule.currency == currency and self.timeline.terms_of(row, rule.terms).qualifies
