"""Reserve units for a redemption at the till: available units are held until commit, release or lapse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_units
from jifen.domain.refusals import FieldWrong, TooMuch
from jifen.store.gather import currency_number, gather_locked, save_decisions
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.reservations import Reservation, add_reservation

LAPSE_SECONDS_MAX = 86_400
HOLDS_MAX = 200
"""Rows of held lots that one member may have at once."""


async def reserve_units(
    ledger: Ledger,
    member_id: UUID,
    *,
    currency: str,
    units: int,
    lapse_seconds: int,
    request: Once,
    store: str | None = None,
    channel: str | None = None,
    actor: str | None = None,
    note: str | None = None,
) -> dict[str, Any]:
    """The reservation, and what is still available.

    Refuses
        PointsMissing   fewer are available
        MemberFrozen    the member may not spend
        FieldWrong      units or seconds out of range
    """
    if units <= 0:
        raise FieldWrong("units must be positive", pointer="/units", value=units)
    if not 1 <= lapse_seconds <= LAPSE_SECONDS_MAX:
        raise FieldWrong(
            f"from 1 to {LAPSE_SECONDS_MAX} seconds", pointer="/lapse_seconds", value=lapse_seconds
        )

    async def effect(connection: Connection) -> dict[str, Any]:
        gathered = await gather_locked(ledger, connection, [member_id])
        member = gathered.spender(member_id, pointer="/member")
        number = currency_number(gathered, currency)
        if len(member.holds) // fold.HOLD_WIDTH >= HOLDS_MAX:
            raise TooMuch("too many open reservations", pointer="/member", holds_max=HOLDS_MAX)
        lapses_at = gathered.now + timedelta(seconds=lapse_seconds)

        decision = decide_units(
            gathered.timeline,
            member,
            fold.RESERVE,
            currency=number,
            units=units,
            now=gathered.now,
            lapses_at=lapses_at,
        )

        at = Circumstance(
            occurred_at=gathered.now,
            recorded_at=gathered.now,
            actor=actor,
            store=store,
            channel=channel,
            note=note,
        )
        row = EntryRow("reserve", currency=number, units=units, lapses_at=lapses_at)
        await add_entry(connection, gathered.timeline, decision, row, at)
        reservation = Reservation(
            member_id=member_id,
            reservation_id=new_id(),
            sequence=decision.sequence,
            currency=number,
            units=units,
            status="open",
            lapses_at=lapses_at,
        )
        await add_reservation(connection, reservation)
        await save_decisions(connection, [decision], gathered.timeline)

        return {
            "reservation_id": str(reservation.reservation_id),
            "member_id": str(member_id),
            "sequence": decision.sequence,
            "currency": currency,
            "units": units,
            "status": "open",
            "lapses_at": lapses_at.isoformat(),
            "balance_after": decision.after.balance(number),
        }

    return await once(ledger, request, effect)
