"""Adjust: give or take units by hand, with a reason that somebody can be asked about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_units
from jifen.domain.refusals import FieldWrong
from jifen.store.gather import Need, currency_number, gather_locked, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once

UNITS_MAX = 1_000_000_000


async def adjust_units(
    ledger: Ledger,
    member_id: UUID,
    *,
    currency: str,
    units: int,
    note: str,
    request: Once,
    actor: str | None = None,
) -> dict[str, Any]:
    """The adjustment's entry and the balance after; positive units are given, negative ones taken.

    Refuses
        PointsMissing   more would be taken than is available and may be owed
        FieldWrong      no units, too many, or no reason given
    """
    if units == 0 or abs(units) > UNITS_MAX:
        raise FieldWrong(f"units are from 1 to {UNITS_MAX}, or negative", pointer="/units", value=units)
    if not note.strip():
        raise FieldWrong("an adjustment says why", pointer="/note")

    async def effect(connection: Connection) -> dict[str, Any]:
        needs = [Need(member_id, currency, max(-units, 0))]
        gathered = await gather_locked(ledger, connection, [member_id], needs=needs)
        member = gathered.member(member_id, pointer="/member")
        number = currency_number(gathered, currency)
        kind = fold.ADJUST_UP if units > 0 else fold.ADJUST_DOWN

        decision = decide_units(
            gathered.timeline, member, kind, currency=number, units=abs(units), now=gathered.now
        )

        row = EntryRow("adjust_up" if units > 0 else "adjust_down", currency=number, units=abs(units))
        at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor=actor, note=note)
        entry_id = await add_entry(connection, gathered.timeline, decision, row, at)
        await save_decisions(connection, [decision], gathered.timeline)

        return {
            "entry_id": str(entry_id),
            "member_id": str(member_id),
            "sequence": decision.sequence,
            "currency": currency,
            "units": units,
            "balance_after": decision.after.balance(number),
        }

    return await once(ledger, request, effect)
