"""Gifts on their way: from the giver's transaction to the receiver's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.events import Slice

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Units between two members, with the days of expiry they keep."""

    member_id: UUID
    gift_id: UUID
    receiver_id: UUID
    currency: int
    units: int
    slices: tuple[Slice, ...]
    status: str
    given_at: datetime
    units_back: int | None = None  # what the receiver gave back of it


async def add_gift(connection: Connection, gift: Gift) -> None:
    """Put a gift on its way, in the giver's transaction."""
    await connection.execute(
        """INSERT INTO gift (member_id, gift_id, receiver_id, currency, units, slices, status, given_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        gift.member_id,
        gift.gift_id,
        gift.receiver_id,
        gift.currency,
        gift.units,
        [number for one in gift.slices for number in one],
        gift.status,
        gift.given_at,
    )


def slices_of(flat: Sequence[int]) -> tuple[Slice, ...]:
    """Slices from the numbers that are kept."""
    return tuple(Slice(*flat[at : at + 3]) for at in range(0, len(flat), 3))


async def find_gift(connection: Connection, member_id: UUID, gift_id: UUID) -> Gift | None:
    """A gift of a giver, locked; None: there is none. Whoever brings it or reverses it holds it before any member."""
    row = await connection.fetchrow(
        """SELECT member_id, gift_id, receiver_id, currency, units, slices, status, given_at, units_back
           FROM gift WHERE member_id = $1 AND gift_id = $2 FOR UPDATE""",
        member_id,
        gift_id,
    )
    return None if row is None else Gift(**{**row, "slices": slices_of(row["slices"])})


async def send_back(connection: Connection, gift: Gift, *, units: int) -> None:
    """Put what the receiver gave back on its way to the giver, in the receiver's transaction."""
    await connection.execute(
        "UPDATE gift SET status = 'going_back', units_back = $3 WHERE member_id = $1 AND gift_id = $2",
        gift.member_id,
        gift.gift_id,
        units,
    )


async def mark_gone_back(connection: Connection, member_id: UUID, gift_id: UUID) -> None:
    """Take a gift that has gone back off the road."""
    await connection.execute(
        "UPDATE gift SET status = 'gone_back' WHERE member_id = $1 AND gift_id = $2", member_id, gift_id
    )


async def mark_received(connection: Connection, member_id: UUID, gift_id: UUID) -> None:
    """Take a gift off the road."""
    await connection.execute(
        "UPDATE gift SET status = 'received' WHERE member_id = $1 AND gift_id = $2", member_id, gift_id
    )
