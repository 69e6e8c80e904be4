"""Merge a member into another: everything he has goes over, with its days of expiry, its history and the limits it used.

Both are locked in one transaction, so that nobody ever sees the units twice or not at all. What he bought stays written where it
was; a later return of it is taken from the one who stands for him (`return_purchase`). He takes no entries any more, and his
cards and external ids find the other.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_carry_in, decide_carry_out
from jifen.domain.refusals import MergeIntoSelf
from jifen.store.carries import add_carried_lots, move_keys
from jifen.store.gather import gather_whole, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once


async def merge_members(
    ledger: Ledger,
    member_id: UUID,
    into_id: UUID,
    *,
    request: Once,
    note: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """The member who stays, with his balances after.

    Refuses
        MergeIntoSelf               it is the same member
        MemberUnknown, MemberClosed, MemberFrozen   one of the two takes no entries, or may not give any units away
        UnitsReserved               units of the one who goes are promised to a reservation
    """
    if member_id == into_id:
        raise MergeIntoSelf(pointer="/into")

    async def effect(connection: Connection) -> dict[str, Any]:
        gathered = await gather_whole(ledger, connection, [member_id, into_id], all_of=[member_id])
        timeline, now = gathered.timeline, gathered.now
        goes, stays = gathered.spender(member_id), gathered.spender(into_id, pointer="/into")

        left = decide_carry_out(timeline, goes, now=now)
        taken = decide_carry_in(timeline, stays, carried=left.carried, now=now)

        at = Circumstance(occurred_at=now, recorded_at=now, actor=actor, note=note)
        out = EntryRow("carry_out", counterpart_id=into_id, carried=left.carried)
        await add_entry(connection, timeline, left, out, at)
        await add_entry(
            connection,
            timeline,
            taken,
            EntryRow("carry_in", counterpart_id=member_id, carried=left.carried),
            at,
        )
        await save_decisions(connection, [left, taken], timeline)
        await add_carried_lots(connection, member_id, into_id, opened_before=stays.scalars[fold.LOTS_OPENED])
        await move_keys(connection, member_id, into_id)

        currencies = timeline.programs[timeline.row_at(now)].currencies
        return {
            "member_id": str(member_id),
            "into_id": str(into_id),
            "sequence": taken.sequence,
            "balances": [
                {"currency": currency.code, "units": taken.after.balance(currency.number)}
                for currency in currencies
            ],
        }

    return await once(ledger, request, effect)
