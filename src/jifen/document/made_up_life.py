"""A made-up member's life, decided step by step as the ledger decides it: select, then fold, in memory and without books.

Nothing is computed here. What an occasion gives says `domain.decide`; this only holds what a ledger would keep meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.admission import check_against_program
from jifen.domain.calendar import day_number, local_date
from jifen.domain.decide import (
    decide_advance,
    decide_enrolment,
    decide_occasion,
    decide_purchase,
    decide_return,
    decide_units,
)
from jifen.domain.decision import Decision
from jifen.domain.member import Member, member_of, new_member, state_of
from jifen.domain.moments import decide_due, next_due
from jifen.domain.occasions import Event, check_event, event_type, see_event
from jifen.domain.past import PastEntry, past_of
from jifen.domain.pools import wishes
from jifen.domain.program.known import UNKNOWN, Known, hits_for, selection_for
from jifen.domain.program.meaning import Exchange
from jifen.domain.purchase import Purchase, ReturnedLine, is_whole, returned_after, whole_quantity
from jifen.domain.returned import Earned, amount_returned
from jifen.domain.rewards import Asked, Taken, hindrances, price_of, reward_named
from jifen.domain.room import Rows
from jifen.domain.seen import select_by
from jifen.domain.timeline import Timeline

NOBODY = UUID(int=0)
DAY, ENTRY, HIT, CALENDAR = 20, 400, 5, 64
"""What a day that passes, an entry and a rule that sees it weigh, about a microsecond each; a line weighs as much as there are
rules, and looking for the next moment one for so many days that moments name."""


@dataclass(slots=True)
class Bought:
    """A purchase of this life, what it was decided, and what of it has come back."""

    purchase: Purchase
    decision: Decision
    returned: dict[int, int] = field(default_factory=dict)
    forgiven: list[int] = field(default_factory=list)
    is_voided: bool = False


class Happened(NamedTuple):
    """What was decided, of which kind (`fold`), and when it happened; of an event or a moment its number."""

    kind: int
    decision: Decision
    at: datetime
    number: int = 0


class WorkUsedUp(Exception):
    """More happens than one run of a document's tests may take."""


class MadeUpLife:
    """A member who joined at a moment, and to whom one thing after another happens."""

    def __init__(self, timeline: Timeline, joined: datetime, *, work: int, known: Known = UNKNOWN) -> None:
        """Somebody who has just joined, of whom so much is known. `work` is how much may happen until it is too much: days,
        entries, lines by rules."""
        self.timeline = timeline
        self.happened: list[Happened] = []
        self.work_left = work
        self.now = joined
        self._bought: dict[str, Bought] = {}
        self._past: list[PastEntry] = []
        self._paid: dict[int, int] = {}  # out of each pool
        self._taken: dict[int, list[Taken]] = {}  # of each reward
        self.known = known
        self.member = new_member(NOBODY, timeline, timeline.row_at(joined))
        self._keep(fold.ENROL, decide_enrolment(timeline, self.member, now=joined))

    def stand(self, tier: int, on: int) -> None:
        """Stand in a tier of the first ladder as if it had been reached on that day."""
        self.member = standing(self.timeline, self.member, tier, on)

    def have(self, currency: int, units: int) -> None:
        """Have so many units more, as an adjustment by hand brings them."""
        given = decide_units(
            self.timeline, self.member, fold.ADJUST_UP, currency=currency, units=units, now=self.now
        )
        self._keep(fold.ADJUST_UP, given)
        self._let_be()

    def pass_until(self, now: datetime) -> None:
        """Let time pass: moments fall due in their order, each in an entry of its own; then what is due is done."""
        self._work((now - self.now).days * DAY)
        self.now = now
        looked = sum(len(one.on) for one in self.timeline.programs[0].moments) // CALENDAR
        self._let_be(looked)
        self._keep(fold.ADVANCE, decide_advance(self.timeline, self.member, now=now))

    def _let_be(self, looked: int = 0) -> None:
        """Let what has fallen due be made: moments, and exchanges that nobody asks for."""
        while (due := next_due(self.timeline, self.member, self.now)) is not None:
            self._work(looked)
            due = due._replace(hits=hits_for(self.timeline.known[due.row], due.hits, self.known))
            kind = fold.EXCHANGE if isinstance(due.of, Exchange) else fold.MOMENT
            decision = decide_due(self.timeline, self.member, due, self._rooms(due.row, due.hits))
            self._pay(self._keep(kind, decision, at=due.at, number=due.of.number))

    def buy(self, purchase: Purchase, receipt: str | None) -> Decision:
        """A purchase is told as it occurs. Refuses what `check_against_program` refuses."""
        row = self.timeline.row_at(purchase.occurred_at)
        check_against_program(self.timeline.programs[row], purchase)
        self._work(len(purchase.lines) * len(self.timeline.programs[row].rules))
        selection = selection_for(
            self.timeline.known[row], select_by(self.timeline, row, purchase), self.known
        )
        rooms = self._rooms(row, selection.hits)
        decision = decide_purchase(
            self.timeline, self.member, purchase, now=self.now, selection=selection, rooms=rooms
        )
        self._pay(self._keep(fold.PURCHASE, decision))
        self._bought[receipt or f"\x1f{purchase.business_no}"] = Bought(purchase, decision)
        self._remember(fold.PURCHASE, decision, purchase.occurred_at, purchase.amount_minor)
        self._let_be()
        return decision

    def tell(self, event: Event) -> Decision:
        """An event is told as it occurs. Refuses what `check_event` refuses, and LimitUsedUp."""
        row = self.timeline.row_at(event.occurred_at)
        program = self.timeline.programs[row]
        is_birthday = event_type(program, event.code).birthday is not None
        kind = check_event(program, event, is_by_time=is_birthday)
        hits = hits_for(self.timeline.known[row], see_event(program, event), self.known)
        decision = decide_occasion(
            self.timeline,
            self.member,
            fold.EVENT,
            hits,
            occurred_at=event.occurred_at,
            now=self.now,
            value=kind.number,
            rooms=self._rooms(row, hits),
        )
        self._pay(self._keep(fold.EVENT, decision, number=kind.number))
        self._remember(fold.EVENT, decision, event.occurred_at)
        self._let_be()
        return decision

    def bring_back(self, receipt: str, lines: Sequence[ReturnedLine]) -> Decision:
        """Some of a purchase comes back; without lines all that is left of it, and it is void."""
        bought = self._bought[receipt]
        purchase, is_void = bought.purchase, not lines
        earned = Earned(
            sequence=bought.decision.sequence,
            revision=self.timeline.programs[bought.decision.row].revision,
            occurred_at=purchase.occurred_at,
            lines=purchase.lines,
            masks=bought.decision.masks,
            hits=bought.decision.hits,
            granted=[result.granted for result in bought.decision.results],
            returned=bought.returned,
            forgiven=bought.forgiven or [0] * len(bought.decision.results),
        )
        left = [
            ReturnedLine(number=one.number, quantity_milli=quantity)
            for one in purchase.lines
            if (quantity := whole_quantity(one) - bought.returned.get(one.number, 0)) > 0
        ]
        after = returned_after(purchase.lines, bought.returned, left if is_void else lines)
        zone = self.timeline.time_zone
        others = [
            local_date(one.purchase.occurred_at, zone)
            for one in self._bought.values()
            if one is not bought and (any(one.forgiven) or not one.is_voided)
        ]
        decision = decide_return(
            self.timeline,
            self.member,
            earned,
            after,
            now=self.now,
            past=past_of(self.timeline, self._past) if is_void else None,
            previous_on=max(others, default=None),
        )
        self._keep(fold.VOID if is_void else fold.RETURN, decision)
        amount = amount_returned(purchase.lines, after) - amount_returned(purchase.lines, bought.returned)
        if is_void:
            own = earned.sequence
            self._past = [one for one in self._past if own not in {one.sequence, one.of}]
        else:
            whole = is_whole(purchase.lines, after)
            self._remember(
                fold.RETURN, decision, purchase.occurred_at, amount, earned.sequence, is_whole=whole
            )
        was = bought.forgiven or [0] * len(decision.results)
        bought.forgiven = [units + result.why for units, result in zip(was, decision.results, strict=True)]
        bought.returned, bought.is_voided = after, is_void
        return decision

    def redeem(self, currency: int, units: int) -> Decision:
        """Units are spent. Refuses PointsMissing."""
        spent = decide_units(
            self.timeline, self.member, fold.REDEEM, currency=currency, units=units, now=self.now
        )
        return self._keep(fold.REDEEM, spent)

    def take(self, code: str, asked: Asked) -> Decision:
        """A reward is handed over. Refuses what keeps the member from it."""
        program = self.timeline.programs[self.timeline.row_at(self.now)]
        reward = reward_named(program, code)
        # As he stands by now: a review that is due may have changed his tier.
        today = decide_advance(self.timeline, self.member, now=self.now).after
        on = local_date(self.now, self.timeline.time_zone)
        units = price_of(reward, today, asked.pieces).units
        available = today.available(reward.currency, day_number(on))
        taken = self._taken.setdefault(reward.number, [])
        for no in hindrances(
            program,
            reward,
            today,
            asked,
            now=self.now,
            available=available,
            taken=taken,
            left=None,
            known=self.known,
        ):
            raise no
        decision = self.redeem(reward.currency, units)
        taken.append(Taken(on, asked.pieces))
        return decision

    def _keep(
        self, kind: int, decision: Decision, *, at: datetime | None = None, number: int = 0
    ) -> Decision:
        self._work(ENTRY + HIT * len(decision.results))
        self.member = decision.after
        self.happened.append(Happened(kind, decision, at or self.now, number))
        return decision

    def _work(self, work: int) -> None:
        self.work_left -= work
        if self.work_left < 0:
            raise WorkUsedUp

    def _pay(self, decision: Decision) -> None:
        """Take out of pools what an occasion was given from them."""
        for result in decision.results:
            budget = self.timeline.rule_at(decision.row, result.rule).budget
            if budget is not None:
                self._paid[budget.pool] = self._paid.get(budget.pool, 0) + result.granted

    def _rooms(self, row: int, hits: Sequence[tuple[int, int, int]]) -> Mapping[int, int]:
        """What budgets have left for the hits of an occasion: they are those of this life alone."""
        return {
            wish.position: min(wish.units, max(0, wish.budget - self._paid.get(wish.pool, 0)))
            for wish in wishes(self.timeline, row, hits)
        }

    def _remember(
        self,
        kind: int,
        decision: Decision,
        at: datetime,
        amount: int = 0,
        of: int = 0,
        *,
        is_whole: bool = False,
    ) -> None:
        self._past.append(
            PastEntry(
                decision.sequence, kind, decision.row, at, self.now, amount, decision.results, of, is_whole
            )
        )


def standing(timeline: Timeline, member: Member, tier: int, on: int) -> Member:
    """The member as he would stand had he reached a tier of the first ladder at the start of a day."""
    row = fold.revision_at(timeline.numbers, on)
    room = Rows(lots_opened=0, postings=0, movements=0, holds=len(member.holds) // fold.HOLD_WIDTH)
    state = state_of(member, room, timeline, hits=0)
    is_base = tier == timeline.programs[row].ladder.tiers[0].number
    own = row * timeline.n_ladders
    joined = member.scalars[fold.JOINED_DAY]
    review = fold.FAR if is_base else fold.judged_next(timeline.numbers, own, on, joined)
    fold.put_tier(state, 0, tier, on, 0, member.sequence, review)
    state.ladders[fold.STANDS_TIER] = state.ladders[fold.STANDS_JUDGED] = tier
    state.ladders[fold.STANDS_REVIEW_DAY] = review
    state.member[fold.NEXT_DUE_DAY] = min(state.member[fold.NEXT_DUE_DAY], review)
    return member_of(member.member_id, state, n_ladders=timeline.n_ladders)
