"""What the journal can keep and no document asks for yet: events that earn, and purchases that are paid with units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tests.builders import a_line, a_purchase

from jifen.domain import fold
from jifen.domain.decide import decide_occasion, decide_purchase
from jifen.domain.decision import Decision
from jifen.domain.events import Leg
from jifen.domain.purchase import Line
from jifen.domain.seen import select_purchase
from jifen.store.gather import Need
from jifen.store.journal import Circumstance, EntryRow
from jifen.store.ledger import Ledger
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.turn import Kept, Turn, Wants, one

LINES = (a_line(1, 10_000, sku="a"),)


class _Happen(Kept, frozen=True, kw_only=True):
    member_id: UUID
    kind: int
    days_late: float
    lines: Sequence[Line]
    money: str

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> Decision:
        timeline, now = turn.timeline, turn.now
        at = now - timedelta(days=self.days_late)
        seen = select_purchase(
            timeline, replace(a_purchase(at=at, lines=self.lines, no="seen"), money=self.money)
        )
        member = turn.member(self.member_id)
        member = await with_old_days(turn.connection, timeline, member, now=now, occurred_at=at)
        member = await with_old_counters(turn.connection, timeline, member, at)

        decision = decide_occasion(timeline, member, self.kind, seen.hits, occurred_at=at, now=now)

        name = {fold.EVENT: "event", fold.MOMENT: "moment"}[self.kind]
        turn.put_entry(decision, EntryRow(name), occurred_at=at)
        return decision


async def happen(
    ledger: Ledger,
    member_id: UUID,
    *,
    kind: int = fold.EVENT,
    days_late: float = 0,
    lines: Sequence[Line] = LINES,
    money: str = "CNY",
) -> Decision:
    """An event of which rules see what they would see of such a purchase, as an operation would record it."""
    asked = _Happen(member_id=member_id, kind=kind, days_late=days_late, lines=lines, money=money)
    decision: Decision = await one(ledger, asked)
    return decision


class _Pay(Kept, frozen=True, kw_only=True):
    member_id: UUID
    units: int
    reservation: int
    no: str
    money: str
    tags: Sequence[str]
    at: datetime | None

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,), needs=(Need(self.member_id, "points", self.units),))

    async def take(self, turn: Turn) -> Decision:
        purchase = a_purchase(at=self.at or turn.now, lines=LINES, no=self.no, tags=tuple(self.tags))
        purchase = replace(purchase, money=self.money)
        legs = [Leg(fold.REDEEMED, 0, units=self.units)]
        if self.reservation:
            legs = [Leg(fold.SPEND_HELD, reservation=self.reservation)]

        decision = decide_purchase(
            turn.timeline, turn.member(self.member_id), purchase, now=turn.now, legs=legs
        )

        if self.reservation:
            turn.ended[self.member_id, self.reservation] = "committed"
        at = Circumstance(occurred_at=purchase.occurred_at, recorded_at=turn.now)
        answer = turn.put_purchase(decision, purchase, at)
        turn.put_receipt(b"", purchase, answer)
        return decision


async def buy_with_units(
    ledger: Ledger,
    member_id: UUID,
    units: int,
    *,
    reservation: int = 0,
    no: str = "paid",
    money: str = "CNY",
    tags: Sequence[str] = (),
    at: datetime | None = None,
) -> Decision:
    """A purchase that is paid with units, of which perhaps a reservation holds them."""
    asked = _Pay(
        member_id=member_id, units=units, reservation=reservation, no=no, money=money, tags=tags, at=at
    )
    decision: Decision = await one(ledger, asked)
    return decision
