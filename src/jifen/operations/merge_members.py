"""Merge a member into another: everything he has goes over, with its days of expiry, its history and the limits it used.

Both are locked in one transaction, so that nobody ever sees the units twice or not at all. What he bought stays written where it
was; a later return of it is taken from the one who stands for him (`return_purchase`). He takes no entries any more, and his
cards and external ids find the other.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_carry_in, decide_carry_out
from jifen.domain.refusals import MergeIntoSelf
from jifen.store.carries import add_carried_lots
from jifen.store.codes import move_devices
from jifen.store.journal import EntryRow
from jifen.store.once import Once
from jifen.store.persons import move_person
from jifen.store.turn import Keyed, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class _Merge(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    into_id: UUID
    note: str | None
    actor: str | None

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id, self.into_id), whole=(self.member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        timeline, now = turn.timeline, turn.now
        goes, stays = turn.spender(self.member_id), turn.spender(self.into_id, pointer="/into")

        left = decide_carry_out(timeline, goes, now=now)
        taken = decide_carry_in(timeline, stays, carried=left.carried, now=now)

        out = EntryRow("carry_out", counterpart_id=self.into_id, carried=left.carried)
        come = EntryRow("carry_in", counterpart_id=self.member_id, carried=left.carried)
        turn.put_entry(left, out, actor=self.actor, note=self.note)
        turn.put_entry(taken, come, actor=self.actor, note=self.note)
        opened_before = stays.scalars[fold.LOTS_OPENED]
        turn.then(
            partial(
                add_carried_lots,
                member_id=self.member_id,
                into_id=self.into_id,
                opened_before=opened_before,
            )
        )
        turn.then(partial(move_person, member_id=self.member_id, into_id=self.into_id))
        turn.then(partial(move_devices, member_id=self.member_id, into_id=self.into_id))

        currencies = timeline.programs[timeline.row_at(now)].currencies
        return {
            "member_id": str(self.member_id),
            "into_id": str(self.into_id),
            "sequence": taken.sequence,
            "balances": [
                {"currency": currency.code, "units": taken.after.balance(currency.number)}
                for currency in currencies
            ],
        }


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
    asked = _Merge(once=request, member_id=member_id, into_id=into_id, note=note, actor=actor)
    answer: dict[str, Any] = await one(ledger, asked)
    return answer
