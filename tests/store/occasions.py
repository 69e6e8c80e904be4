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
from jifen.store.gather import Need, gather_locked, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry, add_postings
from jifen.store.keys import BusinessKey, add_purchase_keys
from jifen.store.ledger import Ledger
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.purchases import add_purchases

LINES = (a_line(1, 10_000, sku="a"),)


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
    async with ledger.transaction() as connection:
        gathered = await gather_locked(ledger, connection, [member_id])
        timeline, now = gathered.timeline, gathered.now
        at = now - timedelta(days=days_late)
        seen = select_purchase(timeline, replace(a_purchase(at=at, lines=lines, no="seen"), money=money))
        member = await with_old_days(
            connection, timeline, gathered.member(member_id), now=now, occurred_at=at
        )
        member = await with_old_counters(connection, timeline, member, at)

        decision = decide_occasion(timeline, member, kind, seen.hits, occurred_at=at, now=now)

        name = {fold.EVENT: "event", fold.MOMENT: "moment"}[kind]
        circumstance = Circumstance(occurred_at=at, recorded_at=now)
        await add_entry(connection, timeline, decision, EntryRow(name), circumstance)
        await save_decisions(connection, [decision], timeline)
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
    async with ledger.transaction() as connection:
        gathered = await gather_locked(
            ledger, connection, [member_id], needs=[Need(member_id, "points", units)]
        )
        timeline, now = gathered.timeline, gathered.now
        purchase = replace(a_purchase(at=at or now, lines=LINES, no=no, tags=tuple(tags)), money=money)
        legs = [Leg(fold.REDEEMED, 0, units=units)]
        if reservation:
            legs = [Leg(fold.SPEND_HELD, reservation=reservation)]

        decision = decide_purchase(timeline, gathered.member(member_id), purchase, now=now, legs=legs)

        circumstance = Circumstance(occurred_at=purchase.occurred_at, recorded_at=now)
        await add_purchases(connection, timeline, [(decision, purchase, circumstance)])
        await add_postings(connection, timeline, [(decision, circumstance)])
        ended = {(member_id, reservation): "committed"} if reservation else {}
        await save_decisions(connection, [decision], timeline, ended=ended)
        key = BusinessKey(purchase.source, purchase.business_no)
        await add_purchase_keys(connection, [(key, b"", member_id, decision.sequence, now)])
        return decision
