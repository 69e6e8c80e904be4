"""The product, told the same life: documents through its parser, each step through `jifen.domain.decide`."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import MagicMock

from tests.builders import a_purchase, as_kept
from tests.domain.life import Bought, Life
from tests.oracle.facts import SEGMENTS

from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.domain import decide, fold
from jifen.domain.calendar import date_of, day_number, local_date
from jifen.domain.decision import Decision
from jifen.domain.events import Slice
from jifen.domain.moments import Due, decide_due, next_due
from jifen.domain.occasions import Event, check_event, see_event
from jifen.domain.program.known import Known, hits_for, selection_for
from jifen.domain.program.meaning import Exchange
from jifen.domain.program.numbering import Numbering
from jifen.domain.purchase import Line, Payment, ReturnedLine
from jifen.domain.seen import select_purchase
from jifen.domain.timeline import Timeline, timeline_of
from jifen.domain.verbs import Why

KNOWN = Known(SEGMENTS)


def timeline(document: dict[str, Any], opened: datetime) -> Timeline:
    """The document as the product understands it, in force since long before."""
    parsed = parse_document(json.dumps(document, ensure_ascii=False), name="drawn.json")
    effective = opened - timedelta(days=1_100)
    return timeline_of([compile_program(parsed, revision=1, effective_at=effective, numbering=Numbering())])


class Driven(Life):
    """A member of the product."""

    def __init__(self, timeline: Timeline, joined: datetime) -> None:
        """A member who has just joined."""
        super().__init__(timeline)
        self.ladder = MagicMock()
        self.now = joined
        self.by_number: dict[str, Bought] = {}
        self.told_moments: list[tuple[str, date, list[tuple[str, int, int, str]]]] = []
        self.paid: dict[str, int] = {}
        self.keep(decide.decide_enrolment(self.timeline, self.member, now=joined))

    def moments(self, now: datetime) -> None:
        """What time has brought, as a turn makes it before anything else."""
        while (due := next_due(self.timeline, self.member, now)) is not None:
            self.now = due.at
            due = due._replace(hits=hits_for(self.timeline.known[due.row], due.hits, KNOWN))
            decision = decide_due(self.timeline, self.member, due, self.rooms(due.row, due.hits))
            if isinstance(due.of, Exchange):
                day = local_date(due.at, self.timeline.time_zone)
                self.told_moments.append((due.of.code, day, [("times", due.times, 0, "")]))
                self.keep(decision)
                continue
            seen = a_purchase(at=due.at, no="moment")
            self.happened.append(Bought(seen, decision))
            self._count(seen, decision, 1)
            self._remember(fold.MOMENT, decision, due.at)
            self.told_moments.append(
                (due.of.code, local_date(due.at, self.timeline.time_zone), sorted(self.hits(decision)))
            )
            self.keep(self.pay(decision))

    def rooms(self, row: int, hits: Sequence[tuple[int, int, int]]) -> dict[int, int]:
        """What is left of the budgets of rules that see something, by position."""
        pooled = self.timeline.pooled[row]
        return {
            hit[0]: max(0, budget.units - self.paid.get(pooled[hit[0]].code, 0))
            for hit in hits
            if hit[0] in pooled and (budget := pooled[hit[0]].budget) is not None
        }

    def pay(self, decision: Decision) -> Decision:
        """What an occasion was granted is paid, out of budgets too."""
        rules = self.timeline.programs[decision.row].rules
        for result in decision.results:
            code = rules[result.rule].code
            self.paid[code] = self.paid.get(code, 0) + result.granted
        return decision

    def keep(self, decision: Decision) -> Decision:
        """The member as his row keeps him."""
        self.member = as_kept(decision.after, self.timeline)
        return decision

    def hits(self, decision: Decision) -> list[tuple[str, int, int, str]]:
        """What became of each rule that saw something."""
        rules = self.timeline.programs[decision.row].rules
        return [(rules[r.rule].code, r.desired, r.granted, Why(r.why).name.lower()) for r in decision.results]

    def record(self, happened: dict[str, Any]) -> list[tuple[str, int, int, str]]:
        """A purchase or an event is told."""
        self.now = happened["recorded"]
        self.member = self.with_old_days(self.member)
        decision = self.told_event(happened) if "event" in happened else self.told_purchase(happened)
        return self.hits(self.keep(self.pay(decision)))

    def told_purchase(self, happened: dict[str, Any]) -> Decision:
        """A purchase is told."""
        lines = [Line(**{**line, "tags": tuple(line["tags"])}) for line in happened["lines"]]
        total = sum(line.amount_minor for line in lines)
        purchase = a_purchase(
            at=happened["occurred"],
            lines=lines,
            no=happened["number"],
            source=happened["source"],
            store=happened["store"],
            channel=happened["channel"],
            tags=tuple(happened["tags"]),
            payments=tuple(Payment(method, total) for method in happened["payment_methods"]),
        )
        member = self.with_old_days(self.with_old_counters(purchase.occurred_at), purchase.occurred_at)
        row = self.timeline.row_at(purchase.occurred_at)
        seen = selection_for(self.timeline.known[row], select_purchase(self.timeline, purchase), KNOWN)
        rooms = self.rooms(row, seen.hits)
        decision = decide.decide_purchase(
            self.timeline, member, purchase, now=self.now, selection=seen, rooms=rooms
        )
        self.bought.append(Bought(purchase, decision))
        self.by_number[happened["number"]] = self.bought[-1]
        self._count(purchase, decision, 1)
        self._remember(fold.PURCHASE, decision, purchase.occurred_at, purchase.amount_minor)
        return decision

    def told_event(self, happened: dict[str, Any]) -> Decision:
        """An event is told."""
        program = self.timeline.newest
        event = Event(
            code=happened["event"],
            source=happened["source"],
            business_no=happened["number"],
            occurred_at=happened["occurred"],
            store=happened["store"],
            channel=happened["channel"],
            attributes=happened["attributes"],
        )
        kind = check_event(program, event, is_by_time=event.source == "birthday")
        member = self.with_old_days(self.with_old_counters(event.occurred_at), event.occurred_at)
        seen = a_purchase(at=event.occurred_at, no=event.business_no)
        hits = hits_for(self.timeline.known[0], see_event(program, event), KNOWN)
        decision = decide.decide_occasion(
            self.timeline,
            member,
            fold.EVENT,
            hits,
            occurred_at=event.occurred_at,
            now=self.now,
            value=kind.number,
            rooms=self.rooms(0, hits),
        )
        self.happened.append(Bought(seen, decision))
        self._count(seen, decision, 1)
        self._remember(fold.EVENT, decision, seen.occurred_at)
        return decision

    def bring_back(
        self, number: str, lines: dict[int, int], recorded: datetime, *, is_void: bool = False
    ) -> list[tuple[str, int, int]]:
        """Quantities of lines come back, or all that is left; what of each rule's grant, and how much of that is forgiven."""
        self.now = recorded
        self.member = self.with_old_days(self.member)
        back = [ReturnedLine(number=n, quantity_milli=q) for n, q in lines.items()]
        decision = self.keep(self.give_back(self.by_number[number], back, is_void=is_void))
        rules = self.timeline.programs[decision.row].rules
        return [(rules[r.rule].code, r.desired, r.why) for r in decision.results if r.desired]

    def units(self, kind: int, currency: str, units: int, recorded: datetime) -> None:
        """Units are spent or adjusted."""
        self.now = recorded
        self.member = self.with_old_days(self.member)
        at = [one.code for one in self.timeline.newest.currencies].index(currency)
        self.keep(
            decide.decide_units(self.timeline, self.member, kind, currency=at, units=units, now=recorded)
        )

    def give(self, units: int, recorded: datetime) -> None:
        """Units are given to another member."""
        self.units(fold.GIFT_OUT, "points", units, recorded)

    def receive(self, slices: list[tuple[int, int]], number: str, recorded: datetime) -> None:
        """Units come from another member, each with the day of expiry that it had there."""
        self.now = recorded
        self.member = self.with_old_days(self.member)
        today = day_number(local_date(recorded, self.timeline.time_zone))
        own = [Slice(0, today + days, units) for days, units in slices]
        self.keep(
            decide.decide_gift_received(self.timeline, self.member, currency=0, slices=own, now=recorded)
        )

    def exchange(self, code: str, times: int, recorded: datetime) -> None:
        """Somebody asks for an exchange."""
        self.now = recorded
        self.member = self.with_old_days(self.member)
        part = next(one for one in self.timeline.newest.exchanges if one.code == code)
        row = self.timeline.row_at(recorded)
        self.keep(decide_due(self.timeline, self.member, Due(part, row, recorded, [], times), {}))

    def pass_time(self, recorded: datetime) -> None:
        """Time passes."""
        self.now = recorded
        self.member = self.with_old_days(self.member)
        self.keep(decide.decide_advance(self.timeline, self.member, now=recorded))

    def books(self) -> dict[str, Any]:
        """What the member has, owes and is."""
        currencies = [one.code for one in self.timeline.newest.currencies]
        tiers = {tier.number: tier.code for tier in self.timeline.newest.ladders[0].tiers}
        ends = partial(date_of)
        return {
            "balances": dict(zip(currencies, self.member.balances, strict=True)),
            "debts": dict(zip(currencies, self.member.debts, strict=True)),
            "lots": [
                (
                    currencies[lot.currency],
                    lot.opened,
                    lot.left,
                    lot.expired,
                    ends(lot.expires_day),
                )
                for lot in self.member.lots
            ],
            "tier": tiers[self.member.tier],
        }
