"""A gift to a member, through the programme's account `in_transit`.

Giver and receiver may live on two shards, so it is two transactions: the first takes the units and puts the gift on its
way; the second, idempotent by the gift's id, opens the lots at the receiver. When a process dies between them a job runs
the second again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_gift_received, decide_units
from jifen.domain.refusals import FieldWrong, GiftToSelf, MemberClosed
from jifen.domain.verbs import Status
from jifen.store.carries import JustMerged, heir_of
from jifen.store.compiled import begun_again
from jifen.store.gather import Need, currency_number, gather_locked, save_decisions
from jifen.store.gifts import Gift, add_gift, gifts_in_transit, lock_in_transit, mark_received
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import read_members
from jifen.store.once import Once, once


async def give_units(
    ledger: Ledger,
    member_id: UUID,
    receiver_id: UUID,
    *,
    currency: str,
    units: int,
    request: Once,
    note: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """The gift's id and the giver's balance after. The units keep their days of expiry.

    Refuses
        GiftToSelf, PointsMissing, MemberUnknown, MemberClosed, MemberFrozen, CurrencyUnknown, FieldWrong
    """
    if member_id == receiver_id:
        raise GiftToSelf(pointer="/receiver")
    if units <= 0:
        raise FieldWrong("units must be positive", pointer="/units", value=units)
    given: list[Gift] = []

    async def effect(connection: Connection) -> dict[str, Any]:
        _, receivers = await read_members(connection, [receiver_id])
        needs = [Need(member_id, currency, units)]
        gathered = await gather_locked(ledger, connection, [member_id], needs=needs)
        member = gathered.spender(member_id, pointer="/member")
        receiver = receivers.get(receiver_id)
        if receiver is None or receiver.status is not Status.ACTIVE:
            raise MemberClosed("the receiver cannot take a gift", pointer="/receiver")
        number = currency_number(gathered, currency)

        decision = decide_units(
            gathered.timeline, member, fold.GIFT_OUT, currency=number, units=units, now=gathered.now
        )

        gift = Gift(
            member_id=member_id,
            gift_id=new_id(),
            receiver_id=receiver_id,
            currency=number,
            units=units,
            slices=decision.slices,
            status="in_transit",
            given_at=gathered.now,
        )
        row = EntryRow(
            "gift_out",
            currency=number,
            units=units,
            counterpart_id=receiver_id,
            gift_id=gift.gift_id,
        )
        at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor=actor, note=note)
        await add_entry(connection, gathered.timeline, decision, row, at)
        await add_gift(connection, gift)
        await save_decisions(connection, [decision], gathered.timeline)
        given.append(gift)

        return {
            "gift_id": str(gift.gift_id),
            "member_id": str(member_id),
            "receiver_id": str(receiver_id),
            "sequence": decision.sequence,
            "currency": currency,
            "units": units,
            "balance_after": decision.after.balance(number),
        }

    answer = await once(ledger, request, effect)
    for gift in given[-1:]:
        await receive_gift(ledger, gift)
    return answer


async def receive_gift(ledger: Ledger, gift: Gift) -> None:
    """The second half: once, however often it is asked for. Units for a receiver who has been closed go back."""
    if not await _receive(ledger, gift, gift.receiver_id):
        await _receive(ledger, gift, gift.member_id, takes_any_status=True)


@begun_again
async def _receive(ledger: Ledger, gift: Gift, holder_id: UUID, *, takes_any_status: bool = False) -> bool:
    """Open the lots of a gift at a holder, or at the one into whom he was merged; False: he takes no entries any more. One
    member is locked, never two."""
    async with ledger.transaction() as connection:
        if not await lock_in_transit(connection, gift.member_id, gift.gift_id):
            return True
        holder_id = await heir_of(connection, holder_id)
        gathered = await gather_locked(ledger, connection, [holder_id])
        holder = gathered.members[holder_id]
        if holder.status is Status.MERGED:
            raise JustMerged
        if holder.status is Status.CLOSED and not takes_any_status:
            return False

        decision = decide_gift_received(
            gathered.timeline, holder, currency=gift.currency, slices=gift.slices, now=gathered.now
        )

        row = EntryRow(
            "gift_in",
            currency=gift.currency,
            units=gift.units,
            counterpart_id=gift.member_id,
            gift_id=gift.gift_id,
            slices=gift.slices,
        )
        at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor="gift")
        await add_entry(connection, gathered.timeline, decision, row, at)
        await save_decisions(connection, [decision], gathered.timeline)
        await mark_received(connection, gift.member_id, gift.gift_id)
        return True


async def finish_gifts(ledger: Ledger, *, limit: int = 100) -> int:
    """Bring the gifts that a dead process left on the road to their receivers; return how many."""
    async with ledger.transaction() as connection:
        waiting = await gifts_in_transit(connection, limit=limit)
    failures: list[Exception] = []
    for gift in waiting:
        try:
            await receive_gift(ledger, gift)
        except Exception as failure:  # one that cannot arrive must not stop those behind it
            failures.append(failure)
    if failures:
        raise ExceptionGroup(
            f"{len(failures)} of {len(waiting)} gifts could not be brought to their receivers", failures
        )
    return len(waiting)
