"""Claim a receipt of nobody by its number: it becomes the member's purchase, less what came back meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.admission import believed
from jifen.domain.calendar import date_of
from jifen.domain.decide import decide_purchase, decide_return
from jifen.domain.decision import Decision
from jifen.domain.past import NO_PAST, PastEntry, past_of
from jifen.domain.purchase import Line, is_whole
from jifen.domain.refusals import PurchaseClaimed, PurchaseUnknown
from jifen.domain.returned import Earned, amount_returned
from jifen.store.gather import Gathered, gather_locked, save_decisions
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance, add_postings
from jifen.store.keys import (
    BusinessKey,
    Unclaimed,
    give_key_to,
    known_purchases,
    lock_unclaimed,
    remove_unclaimed,
)
from jifen.store.ledger import Connection, Ledger
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.once import Once, once
from jifen.store.past import past_since
from jifen.store.purchases import add_purchases, add_return, purchase_of


async def claim_purchase(
    ledger: Ledger, member_id: UUID, key: BusinessKey, request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The purchase's id, sequence and balances once it is the member's.

    Refuses
        PurchaseUnknown   no such receipt
        PurchaseClaimed   it belongs to a member already
        TimeOutOfBounds   it is older than its source may be late
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        gathered = await gather_locked(ledger, connection, [member_id])
        member = gathered.member(member_id)
        timeline = gathered.timeline
        unclaimed = await lock_unclaimed(connection, key)
        if unclaimed is None:
            if key in (await known_purchases(connection, [key]))[1]:
                raise PurchaseClaimed(pointer="/business_no", source=key.source, business_no=key.business_no)
            raise PurchaseUnknown(pointer="/business_no", source=key.source, business_no=key.business_no)
        purchase = purchase_of(unclaimed.body)
        occurred_at = believed(timeline, purchase, gathered.now, is_import=False)
        past: Sequence[int] | None = None
        if unclaimed.is_void:
            told = await past_since(connection, timeline, member_id, member.sequence + 1, occurred_at)
            itself = PastEntry(
                member.sequence + 1, fold.PURCHASE, timeline.row_at(occurred_at), occurred_at, gathered.now
            )
            past = past_of(timeline, [*told, itself])
        member = await with_old_days(
            connection, timeline, member, now=gathered.now, occurred_at=occurred_at, past=past or NO_PAST
        )
        member = await with_old_counters(connection, timeline, member, occurred_at)
        purchase = replace(purchase, occurred_at=occurred_at)

        bought = decide_purchase(timeline, member, purchase, now=gathered.now)
        brought_back = _brought_back(bought, purchase.lines, unclaimed, gathered, occurred_at, past)

        at = Circumstance(
            occurred_at=occurred_at,
            recorded_at=gathered.now,
            actor=actor,
            store=purchase.store,
            channel=purchase.channel,
        )
        answer = (await add_purchases(connection, timeline, [(bought, purchase, at)]))[0]
        decisions = [bought]
        if brought_back is not None:
            decisions.append(brought_back)
            await add_return(
                connection,
                brought_back,
                return_id=new_id(),
                purchase=(bought.after.member_id, bought.sequence),
                is_void=unclaimed.is_void,
                is_whole=is_whole(purchase.lines, unclaimed.returned),
                lines=sorted(unclaimed.returned.items()),
                amount_minor=amount_returned(purchase.lines, unclaimed.returned),
                at=at,
            )
        await add_postings(connection, timeline, [(decision, at) for decision in decisions])
        await save_decisions(connection, decisions, timeline)
        await give_key_to(connection, key, member_id=member_id, sequence=bought.sequence)
        await remove_unclaimed(connection, key)

        last = decisions[-1].after
        return {
            "purchase_id": str(answer.purchase_id),
            "member_id": str(member_id),
            "sequence": bought.sequence,
            "returned_lines": [
                {"number": number, "quantity_milli": quantity}
                for number, quantity in sorted(unclaimed.returned.items())
            ],
            "balances": [
                {"currency": currency.code, "balance": last.balance(currency.number)}
                for currency in timeline.newest.currencies
            ],
        }

    return await once(ledger, request, effect)


def _brought_back(
    bought: Decision,
    lines: tuple[Line, ...],
    unclaimed: Unclaimed,
    gathered: Gathered,
    occurred_at: datetime,
    past: Sequence[int] | None,
) -> Decision | None:
    """What came back before the claim, taken back at once: a receipt that was voided leaves no trace, as at the till."""
    if not unclaimed.returned:
        return None
    last_day = bought.before.last_purchase_day
    earned = Earned(
        sequence=bought.sequence,
        revision=gathered.timeline.programs[bought.row].revision,
        occurred_at=occurred_at,
        lines=lines,
        masks=bought.masks,
        hits=bought.hits,
        granted=[result.granted for result in bought.results],
        returned={},
    )
    return decide_return(
        gathered.timeline,
        bought.after,
        earned,
        unclaimed.returned,
        now=gathered.now,
        past=past,
        previous_on=date_of(last_day) if last_day >= 0 else None,
    )
