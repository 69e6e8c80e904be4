"""A member's life, decided step by step as the till does it, with a second book kept the plain way beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from tests.builders import OPENING, a_line, a_member, a_purchase, earned_of
from tests.domain.worlds import Step

from jifen.domain import decide, fold
from jifen.domain.calendar import day_number, local_date, month_number
from jifen.domain.decide import Decision, Verb
from jifen.domain.member import Member
from jifen.domain.purchase import Purchase, ReturnedLine, returned_after, whole_quantity
from jifen.domain.refusals import Refusal
from jifen.domain.timeline import Timeline

EVENTS = {
    "buy": fold.PURCHASE, "return": fold.RETURN, "void": fold.RETURN, "redeem": fold.REDEEM, "reserve": fold.RESERVE,
    "commit": fold.COMMIT, "release": fold.RELEASE, "adjust_up": fold.ADJUST_UP, "adjust_down": fold.ADJUST_DOWN,
    "gift_out": fold.GIFT_OUT, "gift_in": fold.GIFT_IN, "wait": fold.ADVANCE,
}  # fmt: skip
CREDITS = {Verb.EARN, Verb.ADJUST_UP, Verb.RECEIVE}
KINDS = {
    "redeem": fold.REDEEM,
    "adjust_up": fold.ADJUST_UP,
    "adjust_down": fold.ADJUST_DOWN,
    "gift_out": fold.GIFT_OUT,
}


@dataclass
class Bought:
    """A purchase of this life, what it was decided, and what of it has come back."""

    purchase: Purchase
    decision: Decision
    returned: dict[int, int] = field(default_factory=dict)


@dataclass
class Told:
    """One entry: what happened, what was decided, and the fold's own arguments."""

    what: str
    decision: Decision
    event: list[int]
    hits: list[int]
    results_before: list[int]
    results: list[int]
    expiry: list[int]


class Life:
    """A member, his purchases and reservations, and the plain second book."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.member: Member = a_member(timeline)
        self.now: datetime = OPENING
        self.bought: list[Bought] = []
        self.reservations: list[int] = []
        self.told: list[Told] = []
        self.refused: list[Refusal] = []
        self.used: dict[tuple[int, int], int] = {}  # (rule, period): units granted and not taken back
        self.ladder = PlainLadder(timeline)

    # -- what the till does ------------------------------------------------------------------------------------------------

    def live(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.take(step)

    def take(self, step: Step) -> Told | None:
        """Let one step happen. A refusal leaves the member as he was."""
        self.now += timedelta(minutes=step.minutes)
        before = self.member
        calls: list[tuple[list[int], list[int], list[int], list[int], list[int]]] = []
        real = decide._fold

        def listening(timeline, member, event, *, hits, results, expiry):  # type: ignore[no-untyped-def]
            given = (list(event), list(hits), list(results), list(expiry))
            told = real(timeline, member, event, hits=hits, results=results, expiry=expiry)
            calls.append((*given, results))
            return told

        with patch.object(decide, "_fold", listening):
            try:
                decision = getattr(self, step.what, self._units)(step)
            except Refusal as refusal:
                self.refused.append(refusal)
                assert self.member is before
                return None
        if decision is None:
            return None
        self.member = decision.after
        event, hits, results_before, expiry, results = next(
            call for call in calls if call[0][0] == EVENTS[step.what]
        )
        told = Told(step.what, decision, event, hits, results_before, results, expiry)
        if step.what != "wait" or decision.has_effect:
            self.told.append(told)
        return told

    def buy(self, step: Step) -> Decision:
        late = timedelta(days=min(step.a, max(self.timeline.newest.late_days.values())))
        lines = [
            a_line(i + 1, amount, quantity_milli=quantity, sku="abc"[i])
            for i, (amount, quantity) in enumerate(step.parts)
        ]
        purchase = a_purchase(at=self.now - late, lines=lines, no=str(len(self.bought)))
        decision = decide.decide_purchase(
            self.timeline, self.with_old_counters(purchase.occurred_at), purchase, now=self.now
        )
        self.bought.append(Bought(purchase, decision))
        self._count(purchase, decision, 1)
        self.ladder.bought(purchase, decision, self)
        return decision

    def void(self, step: Step) -> Decision | None:
        return self._return(step, whole=True)

    def give_back(self, bought: Bought, lines: Sequence[ReturnedLine]) -> Decision:
        after = returned_after(bought.purchase.lines, bought.returned, lines)
        earned = earned_of(self.timeline, bought.decision, bought.purchase, bought.returned)
        decision = decide.decide_return(self.timeline, self.member, earned, after, now=self.now)
        before = decide.amount_returned(bought.purchase.lines, bought.returned)
        bought.returned = after
        self._count(bought.purchase, decision, -1)
        self.ladder.returned(
            bought, decision, decide.amount_returned(bought.purchase.lines, after) - before, self
        )
        return decision

    def _return(self, step: Step, *, whole: bool = False) -> Decision | None:
        if not self.bought:
            return None
        bought = self.bought[step.a % len(self.bought)]
        lines: dict[int, int] = {}
        for line in bought.purchase.lines:
            left = whole_quantity(line) - bought.returned.get(line.number, 0)
            if whole and left:
                lines[line.number] = left
        for which, quarters in step.parts:
            line = bought.purchase.lines[which % len(bought.purchase.lines)]
            left = whole_quantity(line) - bought.returned.get(line.number, 0)
            if left:
                lines[line.number] = max(1, left * quarters // 4)
        if not lines:
            return None
        return self.give_back(bought, [ReturnedLine(number=n, quantity_milli=q) for n, q in lines.items()])

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        if name == "return":
            return self._return
        raise AttributeError(name)

    def _units(self, step: Step) -> Decision:
        units = step.a if step.what == "adjust_up" else self.portion(step.a)
        return decide.decide_units(
            self.timeline, self.member, KINDS[step.what], currency=0, units=units, now=self.now
        )

    def portion(self, quarters: int) -> int:
        """So many quarters of what is available when time has done its part; five are one unit too many."""
        now = decide.decide_advance(self.timeline, self.member, now=self.now).after
        have = fold.available(now.scalars, now.lots, 0, self.day)
        return have + 1 if quarters == 5 else max(1, have * quarters // 4)

    def reserve(self, step: Step) -> Decision:
        decision = decide.decide_units(
            self.timeline,
            self.member,
            fold.RESERVE,
            currency=0,
            units=self.portion(step.a),
            now=self.now,
            lapses_at=self.now + timedelta(minutes=step.b),
        )
        self.reservations.append(decision.sequence)
        return decision

    def commit(self, step: Step) -> Decision | None:
        return self._end(step, is_committed=True)

    def release(self, step: Step) -> Decision | None:
        return self._end(step, is_committed=False)

    def _end(self, step: Step, *, is_committed: bool) -> Decision | None:
        if not self.reservations:
            return None
        return decide.decide_reservation_end(
            self.timeline,
            self.member,
            reservation=self.reservations[step.a % len(self.reservations)],
            is_committed=is_committed,
            now=self.now,
        )

    def gift_in(self, step: Step) -> Decision:
        slices = [(self.day + offset, units) for offset, units in step.parts]
        return decide.decide_gift_received(
            self.timeline, self.member, currency=0, slices=slices, now=self.now
        )

    def wait(self, step: Step) -> Decision:
        return decide.decide_advance(self.timeline, self.member, now=self.now)

    # -- the plain second book -----------------------------------------------------------------------------------------------

    @property
    def day(self) -> int:
        return day_number(local_date(self.now, self.timeline.time_zone))

    def periods(self, at: datetime) -> tuple[int, int]:
        day = local_date(at, self.timeline.time_zone)
        return day_number(day) * 2, month_number(day) * 2 + 1

    def _count(self, purchase: Purchase, decision: Decision, sign: int) -> None:
        for reason in decision.results:
            rule = self.timeline.rule(decision.row, reason.rule)
            units = reason.granted if sign > 0 else reason.desired
            for period, cap in zip(
                self.periods(purchase.occurred_at), (rule.cap_day, rule.cap_month), strict=True
            ):
                if cap >= 0:
                    key = (rule.number, period)
                    self.used[key] = self.used.get(key, 0) + sign * units

    def with_old_counters(self, at: datetime) -> Member:
        """As `store.gather.with_old_counters` does it, but summed in the second book."""
        width = fold.COUNTER_WIDTH
        old: list[int] = []
        for i in range(0, len(self.member.counters), width):
            rule, latest, _ = self.member.counters[i : i + width]
            period = self.periods(at)[latest % 2]
            if period < latest:
                old += [rule, period, self.used.get((rule, period), 0)]
        return self.member._replace(counters=old + self.member.counters)


class PlainLadder:
    """Tiers recomputed day by day from everything that was ever bought and brought back."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.rank_code = timeline.newest.ladder.tiers[0].code
        self.review_day: int | None = None
        self.counts: list[tuple[int, int, int]] = []  # (day, qualifying, window that was kept)
        self.day: int | None = None

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

    def _rank(self, row: int) -> int:
        codes = [tier.code for tier in self.timeline.programs[row].ladder.tiers]
        return codes.index(self.rank_code) if self.rank_code in codes else 0

    def _reached(self, row: int, first: int, last: int) -> int:
        total = sum(units for day, units, _ in self.counts if first <= day <= last)
        tiers = self.timeline.programs[row].ladder.tiers
        return max(i for i, tier in enumerate(tiers) if total >= tier.reach)

    def advance(self, to: int) -> None:
        """Review on each day on which it is due."""
        day = to if self.day is None else self.day
        while day <= to:
            if self.review_day is not None and day == self.review_day:
                row = self._row(day)
                ladder = self.timeline.programs[row].ladder
                rank = self._rank(row)
                reached = self._reached(row, day - ladder.window_days, day - 1)
                if reached < rank:
                    rank = reached
                    self.rank_code = ladder.tiers[rank].code
                self.review_day = day + ladder.keeps_days if rank > 0 else None
            day += 1
        self.day = to

    def bought(self, purchase: Purchase, decision: Decision, life: Life) -> None:
        self.advance(life.day)
        ladder = self.timeline.programs[decision.row].ladder
        units = purchase.amount_minor
        if ladder.currency >= 0:
            units = sum(
                r.granted
                for r in decision.results
                if self.timeline.rule(decision.row, r.rule).currency == ladder.currency
            )
        self._add(purchase, units, decision.row)
        row = max(decision.row, self._row(life.day))
        now = self.timeline.programs[row].ladder
        rank, reached = self._rank(row), self._reached(row, life.day - now.window_days + 1, life.day)
        if rank < len(now.tiers) - 1 and reached > rank:
            self.rank_code = now.tiers[reached].code
            self.review_day = life.day + now.keeps_days
        self._forget(decision.row, life.day)

    def returned(self, bought: Bought, decision: Decision, amount: int, life: Life) -> None:
        self.advance(life.day)
        ladder = self.timeline.programs[decision.row].ladder
        units = amount
        if ladder.currency >= 0:
            units = sum(
                r.desired
                for r in decision.results
                if self.timeline.rule(decision.row, r.rule).currency == ladder.currency
            )
        self._add(bought.purchase, -units, decision.row)

    def _add(self, purchase: Purchase, units: int, row: int) -> None:
        day = day_number(local_date(purchase.occurred_at, self.timeline.time_zone))
        keep = self.timeline.revisions[row * fold.REVISION_WIDTH + fold.REVISION_WINDOW_KEEP]
        if keep:
            self.counts.append((day, units, keep))

    def _forget(self, judged_by: int, day: int) -> None:
        """What no revision in force could ask for any more is not kept, and a later one cannot have it back."""
        width = fold.REVISION_WIDTH
        own, now = (
            self.timeline.revisions[row * width + fold.REVISION_WINDOW_KEEP]
            for row in (judged_by, self._row(day))
        )
        if own:
            self.counts = [count for count in self.counts if count[0] > day - max(own, now)]


# -- the laws ----------------------------------------------------------------------------------------------------------------


def assert_laws(life: Life, told: Told) -> None:
    """Everything that must be true of a member after an entry."""
    decision, after = told.decision, told.decision.after
    assert_postings(decision)
    assert_lots(life, after)
    assert_nothing_due_is_overlooked(after)
    assert_counters(life, after)
    assert after.sequence == decision.before.sequence + (
        1 if told.what != "wait" or decision.has_effect else 0
    )
    life.ladder.advance(life.day)
    codes = {tier.number: tier.code for program in life.timeline.programs for tier in program.ladder.tiers}
    assert codes[after.tier] == life.ladder.rank_code


def assert_postings(decision: Decision) -> None:
    balances = list(decision.before.balances)
    for posting in decision.postings:
        assert posting.units > 0
        assert sum(reason.granted for reason in posting.reasons) == posting.units
        balances[posting.currency] += posting.units if posting.verb in CREDITS else -posting.units
        assert posting.balance_after == balances[posting.currency]
    assert decision.after.balances == balances


def assert_lots(life: Life, after: Member) -> None:
    held: dict[int, int] = {}
    for i in range(0, len(after.holds), fold.HOLD_WIDTH):
        number = after.holds[i + fold.HOLD_LOT]
        held[number] = held.get(number, 0) + after.holds[i + fold.HOLD_UNITS]
    for lot in after.lot_rows():
        assert lot.opened == lot.left + lot.held + lot.gone + lot.expired + lot.returned
        assert min(lot.left, lot.held, lot.expired, lot.returned) >= 0
        assert lot.returned <= lot.opened
        assert lot.held == held.get(lot.number, 0)
        assert lot.left == 0 or lot.expires_day >= life.day
    for currency, (balance, debt) in enumerate(zip(after.balances, after.debts, strict=True)):
        own = [lot for lot in after.lot_rows() if lot.currency == currency]
        assert debt >= 0
        assert balance == sum(lot.left + lot.held for lot in own) - debt
        if debt:
            assert not sum(lot.left for lot in own if lot.matures_day <= life.day)
            assert max(p.currencies[currency].debt_limit for p in life.timeline.programs) > 0


def assert_nothing_due_is_overlooked(after: Member) -> None:
    """The till gathers lots only when the row says that something is due: it must never say so too late."""
    due = [after.scalars[fold.REVIEW_DAY]]
    for lot in after.lot_rows():
        if lot.left:
            due.append(lot.expires_day + 1)
            if after.debt(lot.currency):
                due.append(lot.matures_day)
    assert after.scalars[fold.NEXT_DUE_DAY] <= min(due)
    lapses = [after.holds[i + fold.HOLD_LAPSES_AT] for i in range(0, len(after.holds), fold.HOLD_WIDTH)]
    assert after.scalars[fold.NEXT_LAPSE_AT] == min(lapses, default=fold.FAR_AT)


def assert_counters(life: Life, after: Member) -> None:
    width = fold.COUNTER_WIDTH
    kinds = set()
    for i in range(0, len(after.counters), width):
        number, period, used = after.counters[i : i + width]
        assert used == life.used.get((number, period), 0)
        assert (number, period % 2) not in kinds, "of each capped rule one day and one month are kept"
        kinds.add((number, period % 2))
    for (number, period), used in life.used.items():
        rules = [
            rule for program in life.timeline.programs for rule in program.rules if rule.number == number
        ]
        assert 0 <= used <= max(rule.cap_month if period % 2 else rule.cap_day for rule in rules)
