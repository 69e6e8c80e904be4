"""Read a purchase: what was told, what it earned and why, and what of it came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jifen.domain.purchase import Purchase
from jifen.domain.refusals import PurchaseUnknown
from jifen.domain.timeline import Timeline
from jifen.store.compiled import begun_again, need_compiled
from jifen.store.journal import PostedRow, postings_of
from jifen.store.keys import BusinessKey, KnownPurchase, find_unclaimed, known_purchases
from jifen.store.ledger import Connection, Ledger
from jifen.store.purchases import (
    RecordedPurchase,
    find_purchase,
    purchase_of,
    replayed,
    returns_of,
    stored_purchase,
    told_by,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseView:
    """A purchase as the ledger knows it. A receipt of nobody has no row, no postings and no answer but its key."""

    purchase: Purchase
    row: Mapping[str, Any] | None
    recorded: RecordedPurchase | None
    postings: Sequence[PostedRow]
    returns: Sequence[Mapping[str, Any]]
    returned: Mapping[int, int]  # by line number: thousandths that have come back
    timeline: Timeline


@begun_again
async def read_purchase(ledger: Ledger, which: UUID | BusinessKey) -> PurchaseView:
    """The purchase with that id or business key.

    Refuses
        PurchaseUnknown   there is none
    """
    async with ledger.transaction() as connection:
        keys = [which] if isinstance(which, BusinessKey) else []
        clock, found = await known_purchases(connection, keys)
        timeline = await ledger.timeline(connection, clock.newest)
        known = None
        if isinstance(which, UUID):
            row = await find_purchase(connection, which)
        else:
            known = found.get(which)
            row = await _row_of(connection, known)
        if row is not None:
            return await _of_a_member(connection, row, timeline)
        if known is None or not isinstance(which, BusinessKey):
            raise PurchaseUnknown(pointer="/purchase_id" if isinstance(which, UUID) else "/business_no")
        unclaimed = await find_unclaimed(connection, which)
        if unclaimed is None:
            raise PurchaseUnknown("the receipt has just been claimed; ask again", pointer="/business_no")
        return PurchaseView(
            purchase=purchase_of(unclaimed.body),
            row=None,
            recorded=None,
            postings=(),
            returns=(),
            returned=unclaimed.returned,
            timeline=timeline,
        )


async def _row_of(connection: Connection, known: KnownPurchase | None) -> dict[str, Any] | None:
    if known is None or known.member_id is None or known.sequence is None:
        return None
    return await stored_purchase(connection, known.member_id, known.sequence)


async def _of_a_member(connection: Connection, row: Mapping[str, Any], timeline: Timeline) -> PurchaseView:
    member_id, sequence = row["member_id"], row["sequence"]
    postings = await postings_of(connection, member_id, [sequence])
    returns = await returns_of(connection, member_id, sequence)
    need_compiled(timeline, [row["revision"], *(posting.revision for posting in postings)])
    returned: dict[int, int] = {}
    for back in returns:
        for number, quantity in back["lines"]:
            returned[number] = returned.get(number, 0) + quantity
    return PurchaseView(
        purchase=told_by(row),
        row=row,
        recorded=replayed(row, postings, returns),
        postings=postings,
        returns=returns,
        returned=returned,
        timeline=timeline,
    )
