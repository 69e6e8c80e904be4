"""A gift to a member, through the programme's account `in_transit`.

Giver and receiver may live on two shards, so it is two transactions: the first takes the units and puts the gift on its
way; the second, idempotent by the gift's id, opens the lots at the receiver. It is an effect of the first (`store/effects.py`):
when a process dies between them the queue sees to it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_gift_received, decide_units
from jifen.domain.effects import EffectKind
from jifen.domain.refusals import FieldWrong, GiftToSelf, MemberClosed
from jifen.domain.verbs import Status
from jifen.store.carries import JustMerged, heir_of
from jifen.store.gather import Need, currency_number
from jifen.store.gifts import Gift, add_gift, find_gift, mark_received
from jifen.store.ids import new_id
from jifen.store.journal import EntryRow
from jifen.store.members import read_members
from jifen.store.once import Once
from jifen.store.turn import Kept, Keyed, Nothing, Taking, Turn, Wants, one, or_a_job

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class _Give(Keyed, frozen=True, kw_only=True):
    """The first half: the giver's units go on their way."""

    member_id: UUID
    receiver_id: UUID
    currency: str
    units: int
    note: str | None
    actor: str | None

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,), needs=(Need(self.member_id, self.currency, self.units),))

    async def take(self, turn: Turn) -> dict[str, Any]:
        member = turn.spender(self.member_id)
        _, receivers = await read_members(turn.connection, [self.receiver_id])
        receiver = receivers.get(self.receiver_id)
        if receiver is None or receiver.status is not Status.ACTIVE:
            raise MemberClosed("the receiver cannot take a gift", pointer="/receiver")
        number = currency_number(turn.gathered, self.currency)

        decision = decide_units(
            turn.timeline, member, fold.GIFT_OUT, currency=number, units=self.units, now=turn.now
        )

        gift = Gift(
            member_id=self.member_id,
            gift_id=new_id(),
            receiver_id=self.receiver_id,
            currency=number,
            units=self.units,
            slices=decision.slices,
            status="in_transit",
            given_at=turn.now,
        )
        row = EntryRow(
            "gift_out",
            currency=number,
            units=self.units,
            counterpart_id=self.receiver_id,
            gift_id=gift.gift_id,
        )
        turn.put_entry(decision, row, actor=self.actor, note=self.note)
        turn.put_effect(decision, EffectKind.GIFT_ARRIVES, about=gift.gift_id, to_member=self.receiver_id)
        turn.then(partial(add_gift, gift=gift))
        return {
            "gift_id": str(gift.gift_id),
            "member_id": str(self.member_id),
            "receiver_id": str(self.receiver_id),
            "sequence": decision.sequence,
            "currency": self.currency,
            "units": self.units,
            "balance_after": decision.after.balance(number),
        }


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

    Once the first half is committed the gift is given: where its second half does not go through at once, the queue brings it.

    Refuses
        GiftToSelf, PointsMissing, MemberUnknown, MemberClosed, MemberFrozen, CurrencyUnknown, FieldWrong
    """
    if member_id == receiver_id:
        raise GiftToSelf(pointer="/receiver")
    if units <= 0:
        raise FieldWrong("units must be positive", pointer="/units", value=units)
    asked = _Give(
        once=request,
        member_id=member_id,
        receiver_id=receiver_id,
        currency=currency,
        units=units,
        note=note,
        actor=actor,
    )
    answer: dict[str, Any] = await one(ledger, asked)
    gift_id = UUID(answer["gift_id"])
    await or_a_job(receive_gift(ledger, member_id, gift_id), gift_id)
    return answer


async def receive_gift(ledger: Ledger, giver_id: UUID, gift_id: UUID) -> None:
    """The second half: once, however often it is asked for. Units for a receiver who has been closed go back."""
    if not await one(ledger, _Receive(giver_id=giver_id, gift_id=gift_id)):
        await one(ledger, _Receive(giver_id=giver_id, gift_id=gift_id, is_back=True))


class _Receive(Kept, frozen=True, kw_only=True):
    """Open the lots of a gift at its receiver, or back at its giver; or at the one into whom he was merged. One member is
    locked, never two."""

    giver_id: UUID
    gift_id: UUID
    is_back: bool = False

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        gift = await find_gift(connection, self.giver_id, self.gift_id)
        if gift is None or gift.status != "in_transit":
            return Nothing(answer=True)
        holder_id = await heir_of(connection, gift.member_id if self.is_back else gift.receiver_id)
        return _Receiving(gift, holder_id, self.is_back)


class _Receiving(NamedTuple):
    gift: Gift
    holder_id: UUID
    is_back: bool

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.holder_id,))

    async def take(self, turn: Turn) -> bool:
        """Whether it has arrived; not if the holder takes no entries any more."""
        gift, holder = self.gift, turn.members[self.holder_id]
        if holder.status is Status.MERGED:
            raise JustMerged
        if holder.status is Status.CLOSED and not self.is_back:
            return False

        decision = decide_gift_received(
            turn.timeline, holder, currency=gift.currency, slices=gift.slices, now=turn.now
        )

        row = EntryRow(
            "gift_in",
            currency=gift.currency,
            units=gift.units,
            counterpart_id=gift.member_id,
            gift_id=gift.gift_id,
            slices=gift.slices,
        )
        turn.put_entry(decision, row, actor="gift")
        turn.then(partial(mark_received, member_id=gift.member_id, gift_id=gift.gift_id))
        return True
