"""Commit a reservation (the units are spent) or release it (they go back to their lots)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain.decide import decide_reservation_end
from jifen.domain.refusals import ReservationOver, ReservationUnknown
from jifen.store.gather import gather_locked, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.reservations import find_reservation


async def commit_reservation(
    ledger: Ledger, reservation_id: UUID, request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The units spent and the balance after."""
    return await _end(ledger, reservation_id, request, is_committed=True, actor=actor)


async def release_reservation(
    ledger: Ledger, reservation_id: UUID, request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The units given back and the balance after."""
    return await _end(ledger, reservation_id, request, is_committed=False, actor=actor)


async def _end(
    ledger: Ledger, reservation_id: UUID, request: Once, *, is_committed: bool, actor: str | None
) -> dict[str, Any]:
    async def effect(connection: Connection) -> dict[str, Any]:
        reservation = await find_reservation(connection, reservation_id)
        if reservation is None:
            raise ReservationUnknown(pointer="/reservation_id")
        gathered = await gather_locked(ledger, connection, [reservation.member_id])
        member = gathered.member(reservation.member_id)
        try:
            decision = decide_reservation_end(
                gathered.timeline,
                member,
                reservation=reservation.sequence,
                is_committed=is_committed,
                now=gathered.now,
            )
        except ReservationOver as over:
            status = "lapsed" if reservation.status == "open" else reservation.status
            raise ReservationOver(
                f"the reservation is {status}", pointer="/reservation_id", status=status
            ) from over

        status = "committed" if is_committed else "released"
        row = EntryRow(
            "commit" if is_committed else "release",
            currency=reservation.currency,
            units=reservation.units,
            origin=reservation.sequence,
        )
        at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor=actor)
        await add_entry(connection, gathered.timeline, decision, row, at)
        await save_decisions(connection, [decision], gathered.timeline, ended={reservation.sequence: status})

        return {
            "reservation_id": str(reservation_id),
            "member_id": str(reservation.member_id),
            "sequence": decision.sequence,
            "currency": gathered.timeline.newest.currencies[reservation.currency].code,
            "units": reservation.units,
            "status": status,
            "balance_after": decision.after.balance(reservation.currency),
        }

    return await once(ledger, request, effect)
