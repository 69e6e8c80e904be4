"""Reservations: what the till sees of units held. The truth is in the journal and in the member's holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.member import Member
from jifen.store.rewards import END_REDEMPTIONS, GIVE_BACK
from jifen.store.rows import Rows, Statement, Target

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Reservation(NamedTuple):
    """Units promised to a redemption."""

    member_id: UUID
    reservation_id: UUID
    sequence: int
    currency: int
    units: int
    status: str
    lapses_at: datetime


_ROWS = Rows(
    "reservation",
    [
        ("member_id", "uuid"), ("reservation_id", "uuid"), ("sequence", "bigint"), ("currency", "smallint"),
        ("units", "bigint"), ("status", "text"), ("lapses_at", "timestamptz"),
    ],
)  # fmt: skip


RESERVATIONS = """SELECT member_id, reservation_id, sequence, currency, units, status, lapses_at
    FROM reservation WHERE reservation_id = ANY({ids})"""
"""SQL that finds the columns of a Reservation."""


async def add_reservations(target: Target, reservations: Sequence[Reservation]) -> None:
    """Keep new reservations."""
    await _ROWS.insert(target, reservations)


async def find_reservations(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Reservation]:
    """Reservations by their ids."""
    if not ids:
        return {}
    rows = await connection.fetch(RESERVATIONS.format(ids="$1::uuid[]"), list(ids))
    return {row["reservation_id"]: Reservation(*row) for row in rows}


async def close_reservations(
    target: Target,
    changed: Sequence[tuple[Member, Member]],
    *,
    ended: Mapping[tuple[UUID, int], str],
) -> None:
    """Mark the reservations that stopped holding units between (before, after) of members, and the redemptions that they kept: as
    `ended` says by member and sequence, else they lapsed. What was kept of a stock and not handed over is there again."""
    width = fold.HOLD_WIDTH
    gone: dict[tuple[UUID, int], str] = {}
    for before, after in changed:
        if before.holds != after.holds:
            kept = set(after.holds[fold.HOLD_RESERVATION :: width])
            for sequence in before.holds[fold.HOLD_RESERVATION :: width]:
                if sequence not in kept:
                    key = (after.member_id, sequence)
                    gone[key] = ended.get(key, "lapsed")
    rows = [(*key, status) for key, status in gone.items()]
    for statement in (_CLOSE, END_REDEMPTIONS, GIVE_BACK):
        await statement.run(target, rows)


_CLOSE = Statement(
    """UPDATE reservation SET status = u.status FROM {from_}
       WHERE reservation.member_id = u.member_id AND reservation.sequence = u.sequence
         AND reservation.status = 'open'""",
    [("member_id", "uuid"), ("sequence", "bigint"), ("status", "text")],
)
