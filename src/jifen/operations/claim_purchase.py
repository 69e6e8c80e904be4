"""Claim a receipt of nobody by its number: it becomes the member's purchase, less what came back meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.admission import believed
from jifen.domain.calendar import date_of
from jifen.domain.decide import decide_purchase, decide_return
from jifen.domain.decision import Decision
from jifen.domain.past import NO_PAST, PastEntry, past_of
from jifen.domain.principal import Principal
from jifen.domain.program.known import selection_for
from jifen.domain.purchase import Purchase, is_whole
from jifen.domain.refusals import PurchaseClaimed, PurchaseUnknown
from jifen.domain.returned import Earned, amount_returned
from jifen.domain.seen import select_by
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance
from jifen.store.keys import (
    BusinessKey,
    Unclaimed,
    give_key_to,
    known_purchases,
    lock_unclaimed,
    remove_unclaimed,
)
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.once import Once
from jifen.store.past import past_since
from jifen.store.purchases import ReturnRow, purchase_of
from jifen.store.turn import Keyed, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class _Claim(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    receipt: BusinessKey
    principal: Principal
    actor: str | None

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        member = turn.member(self.member_id)
        timeline, unclaimed = turn.timeline, await self._locked(turn)
        purchase = purchase_of(unclaimed.body)
        self.principal.check_own_store(purchase.store, pointer="/business_no")
        turn.gathered.switches.check_store(purchase.store, turn.now, pointer="/business_no")
        occurred_at = believed(timeline, purchase, turn.now, is_import=False)
        past: Sequence[int] | None = None
        if unclaimed.is_void:
            sequence, row = member.sequence + 1, timeline.row_at(occurred_at)
            told = await past_since(turn.connection, timeline, self.member_id, sequence, occurred_at)
            itself = PastEntry(sequence, fold.PURCHASE, row, occurred_at, turn.now)
            past = past_of(timeline, [*told, itself])
        member = await with_old_days(
            turn.connection, timeline, member, now=turn.now, occurred_at=occurred_at, past=past or NO_PAST
        )
        member = await with_old_counters(turn.connection, timeline, member, occurred_at)
        purchase = replace(purchase, occurred_at=occurred_at)

        row = timeline.row_at(occurred_at)
        selection = select_by(timeline, row, purchase)
        known = turn.gathered.known_to(self.member_id)
        selection = selection_for(timeline.known[row], selection, known)
        rooms = turn.rooms(row, selection.hits, turn.now)
        bought = decide_purchase(timeline, member, purchase, now=turn.now, selection=selection, rooms=rooms)
        brought_back = _brought_back(turn, bought, purchase, unclaimed, past)

        at = Circumstance(
            occurred_at=occurred_at,
            recorded_at=turn.now,
            actor=self.actor,
            store=purchase.store,
            channel=purchase.channel,
        )
        answer = turn.put_purchase(bought, purchase, at)
        if brought_back is not None:
            turn.put_return(_row_of(brought_back, bought, purchase, unclaimed, at))
        turn.then(partial(give_key_to, key=self.receipt, member_id=self.member_id, sequence=bought.sequence))
        turn.then(partial(remove_unclaimed, key=self.receipt))

        last = (brought_back or bought).after
        return {
            "purchase_id": str(answer.purchase_id),
            "member_id": str(self.member_id),
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

    async def _locked(self, turn: Turn) -> Unclaimed:
        key = self.receipt
        unclaimed = await lock_unclaimed(turn.connection, key)
        if unclaimed is None:
            if key in (await known_purchases(turn.connection, [key]))[1]:
                raise PurchaseClaimed(pointer="/business_no", source=key.source, business_no=key.business_no)
            raise PurchaseUnknown(pointer="/business_no", source=key.source, business_no=key.business_no)
        return unclaimed


async def claim_purchase(
    ledger: Ledger,
    member_id: UUID,
    key: BusinessKey,
    request: Once,
    *,
    principal: Principal,
    actor: str | None = None,
) -> dict[str, Any]:
    """The purchase's id, sequence and balances once it is the member's.

    Refuses
        StoreSwitchedOff    it is of a store that is switched off
        PurchaseUnknown     no such receipt
        PurchaseClaimed     it belongs to a member already
        TimeOutOfBounds     it is older than its source may be late
        StoreNotPermitted   whoever asks is bound to stores, and the receipt is of none of them
    """
    asked = _Claim(once=request, member_id=member_id, receipt=key, principal=principal, actor=actor)
    answer: dict[str, Any] = await one(ledger, asked)
    return answer


def _brought_back(
    turn: Turn, bought: Decision, purchase: Purchase, unclaimed: Unclaimed, past: Sequence[int] | None
) -> Decision | None:
    """What came back before the claim, taken back at once: a receipt that was voided leaves no trace, as at the till."""
    if not unclaimed.returned:
        return None
    last_day = bought.before.last_purchase_day
    earned = Earned(
        sequence=bought.sequence,
        revision=turn.timeline.programs[bought.row].revision,
        occurred_at=purchase.occurred_at,
        lines=purchase.lines,
        masks=bought.masks,
        hits=bought.hits,
        granted=[result.granted for result in bought.results],
        returned={},
    )
    return decide_return(
        turn.timeline,
        bought.after,
        earned,
        unclaimed.returned,
        now=turn.now,
        past=past,
        previous_on=date_of(last_day) if last_day >= 0 else None,
    )


def _row_of(
    decision: Decision, bought: Decision, purchase: Purchase, unclaimed: Unclaimed, at: Circumstance
) -> ReturnRow:
    return ReturnRow(
        decision,
        at,
        new_id(),
        purchase=(bought.after.member_id, bought.sequence),
        is_void=unclaimed.is_void,
        is_whole=is_whole(purchase.lines, unclaimed.returned),
        lines=sorted(unclaimed.returned.items()),
        amount_minor=amount_returned(purchase.lines, unclaimed.returned),
    )
