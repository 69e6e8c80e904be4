"""A member's life, decided step by step as the till does it, with a second book kept the plain way beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from unittest.mock import patch

from tests.builders import OPENING, a_line, a_member, a_purchase, as_kept, earned_of
from tests.domain.plain_ladder import PlainLadder
from tests.domain.worlds import NO_ROOM, Step

from jifen.domain import days, decide, fold
from jifen.domain.calendar import day_number, epoch_micros, local_date, month_number
from jifen.domain.days import Back
from jifen.domain.decision import Decision
from jifen.domain.events import Leg, Slice
from jifen.domain.member import Member, days_asked_from, days_of_past_from, with_days_before
from jifen.domain.past import NO_PAST, PastEntry, first_day, past_of
from jifen.domain.program.meaning import Counts, Limit, Period
from jifen.domain.purchase import Purchase, ReturnedLine, returned_after, whole_quantity
from jifen.domain.refusals import Refusal
from jifen.domain.returned import amount_returned
from jifen.domain.seen import select_purchase
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import POSTS, WAYS, Status, Verb

EVENTS = {
    "buy": fold.PURCHASE, "return": fold.RETURN, "void": fold.VOID, "redeem": fold.REDEEM, "reserve": fold.RESERVE,
    "commit": fold.COMMIT, "release": fold.RELEASE, "adjust_up": fold.ADJUST_UP, "adjust_down": fold.ADJUST_DOWN,
    "gift_out": fold.GIFT_OUT, "gift_in": fold.GIFT_IN, "reverse": fold.REVERSE, "wait": fold.ADVANCE,
    "happen": fold.EVENT, "carry_in": fold.CARRY_IN, "enrol": fold.ENROL, "opening": fold.OPENING,
    "freeze": fold.STATE, "reopen": fold.STATE, "close": fold.STATE,
}  # fmt: skip
STATES = {"freeze": Status.FROZEN, "reopen": Status.ACTIVE, "close": Status.CLOSED}
KINDS = {
    "redeem": fold.REDEEM,
    "adjust_up": fold.ADJUST_UP,
    "adjust_down": fold.ADJUST_DOWN,
    "gift_out": fold.GIFT_OUT,
}


_numbers = count(1)


@dataclass
class Bought:
    """A purchase of this life, what it was decided, and what of it has come back."""

    purchase: Purchase
    decision: Decision
    returned: dict[int, int] = field(default_factory=dict)
    forgiven: list[int] = field(default_factory=list)
    is_voided: bool = False
    lots: dict[int, int] = field(default_factory=dict)  # by terms, of one that another member made
    merged_number: int = 0  # and what it is called there, below zero
    backs: list[Back] = field(default_factory=list)


@dataclass
class Told:
    """One entry: what happened, what was decided, and the fold's own arguments."""

    what: str
    decision: Decision
    asked: fold.Asked  # before it happened
    results: list[int]
    past: Sequence[int] = NO_PAST  # what a void judges again by


def _rooms(step: Step, hits: Sequence[tuple[int, int, int]]) -> dict[int, int]:
    """What pools have for hits, and which rules are off, as the step says in turn."""
    drawn = {hit[0]: step.rooms[at % len(step.rooms)] for at, hit in enumerate(hits) if step.rooms}
    return {position: room for position, room in drawn.items() if room != NO_ROOM}


class Life:
    """A member, his purchases and reservations, and the plain second book."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.member: Member = a_member(timeline)
        self.now: datetime = OPENING
        self.bought: list[Bought] = []
        self.happened: list[Bought] = []  # events and moments: what rules would see of such a purchase
        self.reservations: list[int] = []
        self.reversible: list[tuple[int, int, list[int], int]] = []  # sequence, kind, movements, units
        self.told: list[Told] = []
        self.refused: list[Refusal] = []
        self.used: dict[tuple[int, int], int] = {}  # (rule, period): units granted and not taken back
        self.ladder = PlainLadder(timeline, lambda: self.joined_day)
        self.status = Status.ACTIVE
        self.joined_day = 0
        self.has_taken_over = False
        self.past: list[PastEntry] = []  # without what was voided, since another was merged

    # -- what the till does ------------------------------------------------------------------------------------------------

    def live(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.take(step)

    def take(self, step: Step) -> Told | None:
        """Let one step happen. A refusal leaves the member as he was."""
        self.now += timedelta(minutes=step.minutes)
        stood = self.member
        before = self.member = self.with_old_days(stood)
        calls: list[tuple[fold.Asked, list[int], Sequence[int]]] = []
        real = decide._fold

        def listening(timeline, member, script, past=NO_PAST):  # type: ignore[no-untyped-def]
            given = fold.Asked(*(list(table) for table in script.asked))
            told = real(timeline, member, script, past)
            calls.append((given, told.results, past))
            return told

        with patch.object(decide, "_fold", listening):
            try:
                decision = getattr(self, step.what, self._units)(step)
            except Refusal as refusal:
                self.refused.append(refusal)
                assert self.member is before
                self.member = stood
                return None
        if decision is None:
            self.member = stood
            return None
        self.member = as_kept(decision.after, self.timeline)
        kinds = (EVENTS[step.what], fold.MOMENT) if step.what == "happen" else (EVENTS[step.what],)
        # The last: who is taken over has lived, and perhaps taken over another, before.
        asked, results, past = [call for call in calls if call[0].event[fold.EVENT_KIND] in kinds][-1]
        told = Told(step.what, decision, asked, results, past)
        if step.what != "wait" or decision.has_effect:
            self.told.append(told)
        kind = EVENTS[step.what]
        if fold.undoing_verb(kind, fold.W_OPENED) >= 0:
            units = sum(leg[fold.LEG_UNITS] for leg in _legs(asked))
            if kind == fold.COMMIT:
                units = sum(p.units for p in decision.postings if p.verb is Verb.REDEEM)
            self.reversible.append((decision.sequence, kind, decision.moves, units))
        return told

    def buy(self, step: Step) -> Decision:
        late = timedelta(days=min(step.a, max(self.timeline.newest.late_days.values())))
        lines = [
            a_line(i + 1, amount, quantity_milli=quantity, sku="abc"[i])
            for i, (amount, quantity) in enumerate(step.parts)
        ]
        purchase = a_purchase(at=self.now - late, lines=lines, no=str(len(self.bought)))
        selection = select_purchase(self.timeline, purchase)
        decision = decide.decide_purchase(
            self.timeline,
            self.with_old_days(self.with_old_counters(purchase.occurred_at), purchase.occurred_at),
            purchase,
            now=self.now,
            selection=selection,
            legs=self.paid_with(step),
            rooms=_rooms(step, selection.hits),
        )
        self.bought.append(Bought(purchase, decision))
        self._count(purchase, decision, 1)
        self._remember(fold.PURCHASE, decision, purchase.occurred_at, purchase.amount_minor)
        self.ladder.bought(purchase, decision, self)
        return decision

    def _remember(
        self,
        kind: int,
        decision: Decision,
        occurred_at: datetime,
        amount: int = 0,
        of: int = 0,
        *,
        is_whole: bool = False,
    ) -> None:
        told = PastEntry(
            decision.sequence,
            kind,
            decision.row,
            occurred_at,
            self.now,
            amount,
            decision.results,
            of,
            is_whole,
        )
        self.past.append(told)

    def happen(self, step: Step) -> Decision:
        """An event or a moment, of which rules see what they would see of a purchase."""
        late = timedelta(days=min(step.a, max(self.timeline.newest.late_days.values())))
        lines = [
            a_line(i + 1, amount, quantity_milli=quantity, sku="abc"[i])
            for i, (amount, quantity) in enumerate(step.parts)
        ]
        seen = a_purchase(at=self.now - late, lines=lines, no="seen")
        hits = select_purchase(self.timeline, seen).hits
        decision = decide.decide_occasion(
            self.timeline,
            self.with_old_days(self.with_old_counters(seen.occurred_at), seen.occurred_at),
            fold.MOMENT if step.b else fold.EVENT,
            hits,
            occurred_at=seen.occurred_at,
            now=self.now,
            rooms=_rooms(step, hits),
        )
        self.happened.append(Bought(seen, decision))
        self._count(seen, decision, 1)
        self._remember(fold.EVENT, decision, seen.occurred_at)
        self.ladder.bought(seen, decision, self, is_purchase=False)
        return decision

    def carry_in(self, step: Step) -> Decision:
        """Another member, who has lived until now, is merged into this one."""
        other = Life(self.timeline)
        other.now = self.now
        other.live(step.other)
        # His clock may be ahead by what he lived through.
        self.now = other.now
        left = decide.decide_carry_out(self.timeline, other.whole(), now=self.now)
        other.member, other.status = left.after, Status.MERGED
        assert_laws(other, Told("carry_out", left, fold.Asked([], [], [], [], [], [], []), []))
        assert not any(left.after.balances)
        assert not any(left.after.debts)
        decision = decide.decide_carry_in(
            self.timeline, self.with_old_days(self.member), carried=left.carried, now=self.now
        )
        numbers = {
            lot.number: decision.before.scalars[fold.LOTS_OPENED] + at
            for at, lot in enumerate(left.after.lots, start=1)
        }
        for bought in other.bought:
            opened = bought.lots or {
                lot.terms: lot.number
                for lot in left.after.lots
                if lot.origin == bought.decision.sequence and not bought.lots
            }
            bought.merged_number = bought.merged_number or -next(_numbers)
            bought.lots = {terms: numbers.get(number, 0) for terms, number in opened.items()} or {-1: 0}
        self.bought += other.bought
        self.happened += other.happened
        for key, units in other.used.items():
            self.used[key] = self.used.get(key, 0) + units
        self.has_taken_over = True
        self.past = []
        self._remember(fold.CARRY_IN, decision, self.now)
        self.ladder.takes_over(other.ladder, self)
        return decision

    def whole(self) -> Member:
        """The member with all his days and the limits of all periods."""
        member = self.with_days_from(self.member, -fold.FAR)
        counters = [n for (limit, period), used in sorted(self.used.items()) for n in (limit, period, used)]
        return member._replace(counters=counters)

    def paid_with(self, step: Step) -> list[Leg]:
        """The legs of a purchase: some quarters of the first currency."""
        return [Leg(fold.REDEEMED, 0, units=self.portion(step.b))] if step.b else []

    def void(self, step: Step) -> Decision | None:
        return self._return(step, whole=True)

    def give_back(self, bought: Bought, lines: Sequence[ReturnedLine], *, is_void: bool = False) -> Decision:
        after = returned_after(bought.purchase.lines, bought.returned, lines)
        earned = earned_of(self.timeline, bought.decision, bought.purchase, bought.returned, bought.forgiven)
        if bought.lots:
            rules = [self.timeline.rule_at(bought.decision.row, hit.rule) for hit in earned.hits]
            earned = replace(
                earned, sequence=bought.merged_number, lots=[bought.lots.get(one.terms, 0) for one in rules]
            )
        others = [
            one for one in self.bought if one is not bought and (any(one.forgiven) or not one.is_voided)
        ]
        others_on = [local_date(one.purchase.occurred_at, self.timeline.time_zone) for one in others]
        past = past_of(self.timeline, self.past) if is_void else None
        bought_at = bought.purchase.occurred_at if is_void else None
        decision = decide.decide_return(
            self.timeline,
            self.with_old_days(self.member, bought_at, past=past),
            earned,
            after,
            now=self.now,
            past=past,
            previous_on=max(others_on, default=None),
        )
        before = amount_returned(bought.purchase.lines, bought.returned)
        whole = all(after.get(line.number, 0) == whole_quantity(line) for line in bought.purchase.lines)
        bought.backs.append(
            Back(amount_returned(bought.purchase.lines, after) - before, whole, decision.results)
        )
        bought.returned = after
        bought.is_voided = is_void
        of = earned.sequence
        if is_void:
            self.past = [one for one in self.past if of not in {one.sequence, one.of}]
        else:
            brought = amount_returned(bought.purchase.lines, after) - before
            self._remember(fold.RETURN, decision, bought.purchase.occurred_at, brought, of, is_whole=whole)
        was = bought.forgiven or [0] * len(decision.results)
        bought.forgiven = [units + result.why for units, result in zip(was, decision.results, strict=True)]
        self._count(bought.purchase, decision, -1, bought)
        self.ladder.returned(
            bought, decision, amount_returned(bought.purchase.lines, after) - before, self, is_void=is_void
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
        return self.give_back(
            bought, [ReturnedLine(number=n, quantity_milli=q) for n, q in lines.items()], is_void=whole
        )

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        if name == "return":
            return self._return
        raise AttributeError(name)

    def _units(self, step: Step) -> Decision:
        units = step.a if step.what == "adjust_up" else self.portion(step.a)
        if step.what == "adjust_down" and step.a == 5:
            # Down into debt, as far as the policy allows.
            row = self.timeline.row_at(self.now)
            units += max(0, self.timeline.programs[row].currencies[0].debt_limit - self.member.debt(0)) - 1
            units = max(1, units)
        return decide.decide_units(
            self.timeline, self.member, KINDS[step.what], currency=0, units=units, now=self.now
        )

    def portion(self, quarters: int) -> int:
        """So many quarters of what is available when time has done its part; five are one unit too many."""
        now = decide.decide_advance(self.timeline, self.member, now=self.now).after
        have = now.available(0, self.day)
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
        slices = [Slice(0, self.day + offset, units) for offset, units in step.parts]
        return decide.decide_gift_received(
            self.timeline, self.member, currency=0, slices=slices, now=self.now
        )

    def opening(self, step: Step) -> Decision:
        slices = [Slice(0, self.day + offset, units) for offset, units in step.parts]
        return decide.decide_opening(self.timeline, self.member, currency=0, slices=slices, now=self.now)

    def reverse(self, step: Step) -> Decision | None:
        if not self.reversible:
            return None
        origin, kind, moves, units = self.reversible.pop(step.a % len(self.reversible))
        return decide.decide_reversal(
            self.timeline, self.member, origin=origin, undoes=kind, moves=moves, units=units, now=self.now
        )

    def enrol(self, step: Step) -> Decision | None:
        if self.member.sequence:
            return None
        self.joined_day = self.day
        return decide.decide_enrolment(self.timeline, self.member, now=self.now)

    def _state(self, step: Step) -> Decision:
        """A status of its own: what a frozen or closed member may not do is refused by operations, not by the fold."""
        self.status = STATES[step.what]
        return decide.decide_status(self.timeline, self.member, self.status, now=self.now)

    freeze = reopen = close = _state

    def wait(self, step: Step) -> Decision:
        return decide.decide_advance(self.timeline, self.member, now=self.now)

    # -- the plain second book -----------------------------------------------------------------------------------------------

    @property
    def day(self) -> int:
        return day_number(local_date(self.now, self.timeline.time_zone))

    def period(self, limit: Limit, at: datetime) -> int:
        day = local_date(at, self.timeline.time_zone)
        return {
            Period.DAY: day_number(day),
            Period.WEEK: (day - date(1969, 12, 29)).days // 7,  # from Monday to Sunday
            Period.MONTH: month_number(day),
            Period.YEAR: day.year,
            Period.LIFE: 0,
        }[limit.period]

    def _count(self, purchase: Purchase, decision: Decision, sign: int, of: Bought | None = None) -> None:
        for at, result in enumerate(decision.results):
            rule = self.timeline.rule_at(decision.row, result.rule)
            # What was forgiven (why, of a return) stays used.
            units = result.granted if sign > 0 else result.desired - result.why
            times = int(result.granted > 0)
            if of is not None:
                # All of it came back, with this return, and nothing of it was kept: it was no time.
                back = sum(one.results[at][3] for one in of.backs)
                is_all = result.desired > 0 and back == of.decision.results[at].granted
                times = int(is_all and not of.forgiven[at])
            for limit in rule.limits:
                counted = times if limit.counts is Counts.TIMES else units
                if limit.period is not Period.PURCHASE and counted:
                    key = (limit.number, self.period(limit, purchase.occurred_at))
                    self.used[key] = self.used.get(key, 0) + sign * counted

    def with_old_counters(self, at: datetime) -> Member:
        """As `store.long_ago.with_old_counters` does it, but summed in the second book."""
        width = fold.COUNTER_WIDTH
        limits = {
            limit.number: limit
            for program in self.timeline.programs
            for rule in program.rules
            for limit in rule.limits
        }
        old: list[int] = []
        for i in range(0, len(self.member.counters), width):
            number, latest, _ = self.member.counters[i : i + width]
            if number not in limits:
                continue  # how far a moment was told
            period = self.period(limits[number], at)
            if period < latest:
                old += [number, period, self.used.get((number, period), 0)]
        return self.member._replace(counters=old + self.member.counters)

    def with_old_days(
        self, member: Member, at: datetime | None = None, *, past: Sequence[int] | None = None
    ) -> Member:
        """As `store.long_ago.with_old_days` does it, from what this life remembers of its purchases."""
        zone = self.timeline.time_zone
        on = day_number(local_date(at or self.now, zone))
        row = self.timeline.row_at(at or self.now)
        first = days_asked_from(
            member, self.timeline, row=row, on=on, today=self.day, now_at=epoch_micros(self.now)
        )
        if past:
            on = min(on, first_day(past, self.timeline))
            first = min(first, days_of_past_from(self.timeline, on=on, today=self.day))
        return self.with_days_from(member, first)

    def with_days_from(self, member: Member, first: int) -> Member:
        """The member with all days from one on."""
        zone = self.timeline.time_zone
        if first >= member.days_from:
            return member
        told = [
            days.Bought(
                kind,
                one.decision.row,
                day,
                one.purchase.amount_minor if kind == fold.PURCHASE else 0,
                one.decision.results,
                one.backs,
            )
            for kind, all_of_them in ((fold.PURCHASE, self.bought), (fold.EVENT, self.happened))
            for one in all_of_them
            if first <= (day := day_number(local_date(one.purchase.occurred_at, zone))) < member.days_from
        ]
        return with_days_before(member, self.timeline, first, days.days_of(self.timeline, told))


def _legs(asked: fold.Asked) -> list[list[int]]:
    width = fold.LEG_WIDTH
    return [asked.legs[at : at + width] for at in range(0, len(asked.legs), width)]


# -- the laws ----------------------------------------------------------------------------------------------------------------


def assert_laws(life: Life, told: Told) -> None:
    """Everything that must be true of a member after an entry."""
    decision, after = told.decision, told.decision.after
    assert_postings(decision)
    assert_moves(life, decision)
    assert_lots(life, after)
    assert_nothing_due_is_overlooked(after)
    assert_counters(life, after)
    assert after.status == life.status
    if told.what == "enrol":
        assert after.scalars[fold.CLOCK_DAY] == 0, (
            "an enrolment starts no clock: what was bought before it may still come"
        )
    else:
        # The next entry of the same transaction is decided on no more lots than this one saw.
        assert not after.is_due(after.scalars[fold.CLOCK_DAY], after.scalars[fold.CLOCK_AT]), (
            "what was due is done, and is due no more"
        )
    assert after.scalars[fold.JOINED_DAY] == life.joined_day
    assert after.sequence == decision.before.sequence + (
        1 if told.what != "wait" or decision.has_effect else 0
    )
    life.ladder.advance(life.day)
    codes = {tier.number: tier.code for program in life.timeline.programs for tier in program.ladder.tiers}
    assert codes[after.tier] == life.ladder.rank_code


def assert_moves(life: Life, decision: Decision) -> None:
    """Signed postings are the change of open + held - debt, and the movements of each lot are what changed in it."""
    width = fold.MOVE_WIDTH
    before = {lot.number: lot for lot in decision.before.lots}
    after = {lot.number: lot for lot in decision.after.lots}
    moved: dict[int, dict[int, int]] = {}
    worth: dict[int, int] = {}
    owed: dict[int, int] = {}
    currency_of = {
        one.number: currency.number
        for program in life.timeline.programs
        for currency in program.currencies
        for one in currency.terms
    }
    for at in range(0, len(decision.moves), width):
        terms, lot, way, units = decision.moves[at : at + width]
        assert units > 0
        assert way in WAYS
        for place, sign in ((way // 8, -1), (way % 8, 1)):
            own = moved.setdefault(lot, {})
            own[place] = own.get(place, 0) + sign * units
            currency = currency_of[terms]
            if place in (fold.OPEN, fold.HELD, fold.IN_DEBT):
                worth[currency] = worth.get(currency, 0) + sign * units
            if place == fold.IN_DEBT:
                owed[currency] = owed.get(currency, 0) - sign * units
    for number, places in moved.items():
        if number == 0:
            continue
        was, now = before.get(number), after[number]
        for place, name in (
            (fold.OPEN, "left"), (fold.HELD, "held"), (fold.EXPIRED, "expired"), (fold.BACK, "returned"),
        ):  # fmt: skip
            assert getattr(now, name) - (getattr(was, name) if was else 0) == places.get(place, 0)
        gone = places.get(fold.GONE, 0) + max(0, sum(
            decision.moves[at + 3] for at in range(0, len(decision.moves), width)
            if decision.moves[at + 1] == number and decision.moves[at + 2] == fold.W_REPAID
        ))  # fmt: skip
        assert now.gone - (was.gone if was else 0) == gone
    assert {lot.number for lot in decision.lots_changed} <= set(moved)
    posted: dict[int, int] = {}
    for posting in decision.postings:
        units = POSTS[posting.verb].sign * posting.units
        posted[posting.currency] = posted.get(posting.currency, 0) + units
    for currency in range(len(decision.after.balances)):
        assert posted.get(currency, 0) == worth.get(currency, 0)
        assert owed.get(currency, 0) == decision.after.debt(currency) - (
            decision.before.debt(currency) if currency < len(decision.before.debts) else 0
        )


def assert_postings(decision: Decision) -> None:
    balances = list(decision.before.balances)
    for posting in decision.postings:
        assert posting.units > 0
        assert sum(reason.granted for reason in posting.reasons) == posting.units
        balances[posting.currency] += POSTS[posting.verb].sign * posting.units
        assert posting.balance_after == balances[posting.currency]
    assert decision.after.balances == balances


def assert_lots(life: Life, after: Member) -> None:
    held: dict[int, int] = {}
    for i in range(0, len(after.holds), fold.HOLD_WIDTH):
        number = after.holds[i + fold.HOLD_LOT]
        held[number] = held.get(number, 0) + after.holds[i + fold.HOLD_UNITS]
    for lot in after.lots:
        assert lot.opened == lot.left + lot.held + lot.gone + lot.expired + lot.returned
        assert min(lot.left, lot.held, lot.expired, lot.returned) >= 0
        assert lot.returned <= lot.opened
        assert lot.held == held.get(lot.number, 0)
        assert lot.left == 0 or lot.expires_day >= life.day
    for currency, (balance, debt) in enumerate(zip(after.balances, after.debts, strict=True)):
        own = [lot for lot in after.lots if lot.currency == currency]
        assert debt >= 0
        assert balance == sum(lot.left + lot.held for lot in own) - debt
        if debt:
            assert not sum(lot.left for lot in own if lot.matures_day <= life.day)
            # Where debt is forbidden only what a reservation had promised can be owed.
            may_owe = max(p.currencies[currency].debt_limit for p in life.timeline.programs) > 0
            assert may_owe or life.reservations or life.has_taken_over


def assert_nothing_due_is_overlooked(after: Member) -> None:
    """The till gathers lots only when the row says that something is due: it must never say so too late."""
    due = after.ladders[fold.STANDS_REVIEW_DAY :: fold.STANDS_WIDTH]
    for lot in after.lots:
        if lot.left:
            due.append(lot.expires_day + 1)
            if after.debt(lot.currency):
                due.append(lot.matures_day)
    assert after.scalars[fold.NEXT_DUE_DAY] <= min(due)
    lapses = [after.holds[i + fold.HOLD_LAPSES_AT] for i in range(0, len(after.holds), fold.HOLD_WIDTH)]
    assert after.scalars[fold.NEXT_LAPSE_AT] == min(lapses, default=fold.FAR_AT)


def assert_counters(life: Life, after: Member) -> None:
    width = fold.COUNTER_WIDTH
    kept = set()
    for i in range(0, len(after.counters), width):
        number, period, used = after.counters[i : i + width]
        assert used == life.used.get((number, period), 0)
        assert number not in kept, "of each limit one period is kept"
        kept.add(number)
    for (number, _), used in life.used.items():
        limits = [
            limit
            for program in life.timeline.programs
            for rule in program.rules
            for limit in rule.limits
            if limit.number == number
        ]
        assert used >= 0
        assert used <= max(limit.units for limit in limits) or life.has_taken_over
