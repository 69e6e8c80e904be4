"""Gifts on their way: from the giver's transaction to the receiver's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

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
    slices: tuple[tuple[int, int], ...]
    status: str
    given_at: datetime


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
        [number for pair in gift.slices for number in pair],
        gift.status,
        gift.given_at,
    )


async def gifts_in_transit(connection: Connection, *, limit: int) -> list[Gift]:
    """Gifts that have left and not arrived, oldest first."""
    rows = await connection.fetch(
        """SELECT member_id, gift_id, receiver_id, currency, units, slices, status, given_at
           FROM gift WHERE status = 'in_transit' ORDER BY given_at LIMIT $1""",
        limit,
    )
    return [
        Gift(**{**row, "slices": tuple(zip(row["slices"][::2], row["slices"][1::2], strict=True))})
        for row in rows
    ]


async def lock_in_transit(connection: Connection, member_id: UUID, gift_id: UUID) -> bool:
    """Lock a gift for its second half; False when that has been done."""
    status = await connection.fetchval(
        "SELECT status FROM gift WHERE member_id = $1 AND gift_id = $2 FOR UPDATE", member_id, gift_id
    )
    return bool(status == "in_transit")


async def mark_received(connection: Connection, member_id: UUID, gift_id: UUID) -> None:
    """Take a gift off the road."""
    await connection.execute(
        "UPDATE gift SET status = 'received' WHERE member_id = $1 AND gift_id = $2", member_id, gift_id
    )
