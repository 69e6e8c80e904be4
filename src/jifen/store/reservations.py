"""Reservations: what the till sees of units held. The truth is in the journal and in the member's holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain import fold
from jifen.domain.member import Member

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Units promised to a redemption."""

    member_id: UUID
    reservation_id: UUID
    sequence: int
    currency: int
    units: int
    status: str
    lapses_at: datetime


async def add_reservation(connection: Connection, reservation: Reservation) -> None:
    """Keep a new reservation."""
    await connection.execute(
        """INSERT INTO reservation (member_id, reservation_id, sequence, currency, units, status, lapses_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        reservation.member_id,
        reservation.reservation_id,
        reservation.sequence,
        reservation.currency,
        reservation.units,
        reservation.status,
        reservation.lapses_at,
    )


async def find_reservation(connection: Connection, reservation_id: UUID) -> Reservation | None:
    """A reservation by its id, or None."""
    row = await connection.fetchrow(
        """SELECT member_id, reservation_id, sequence, currency, units, status, lapses_at
           FROM reservation WHERE reservation_id = $1""",
        reservation_id,
    )
    return Reservation(**row) if row else None


async def close_reservations(
    connection: Connection, before: Member, after: Member, *, ended: dict[int, str]
) -> None:
    """Mark the reservations that stopped holding units: as `ended` says (by sequence), else they lapsed."""
    width = fold.HOLD_WIDTH
    gone = set(before.holds[fold.HOLD_RESERVATION :: width]) - set(
        after.holds[fold.HOLD_RESERVATION :: width]
    )
    if gone:
        await connection.executemany(
            "UPDATE reservation SET status = $3 WHERE member_id = $1 AND sequence = $2 AND status = 'open'",
            [(after.member_id, sequence, ended.get(sequence, "lapsed")) for sequence in sorted(gone)],
        )
