"""Merge a member into another: everything he has goes over, with its days of expiry, its history and the limits it used.

Both are locked in one transaction, so that nobody ever sees the units twice or not at all. What he bought stays written where it
was; a later return of it is taken from the one who stands for him (`return_purchase`). He takes no entries any more, and his
cards and external ids find the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.refusals import MergeIntoSelf
from jifen.domain.refusals_of_people import MemberChanged
from jifen.store.merges import put_merge
from jifen.store.once import Once
from jifen.store.persons import persons_of
from jifen.store.turn import Keyed, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class _Merge(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    into_id: UUID
    note: str | None
    actor: str | None
    expected: frozenset[UUID] | None

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id, self.into_id), whole=(self.member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        if self.expected is not None:
            persons = [
                one
                for each in (self.member_id, self.into_id)
                for one in await persons_of(turn.connection, each)
            ]
            if {one.person_id for one in persons} != self.expected:
                raise MemberChanged(pointer="/member")
        return put_merge(turn, self.member_id, self.into_id, note=self.note, actor=self.actor)


async def merge_members(
    ledger: Ledger,
    member_id: UUID,
    into_id: UUID,
    *,
    request: Once,
    note: str | None = None,
    actor: str | None = None,
    expected: frozenset[UUID] | None = None,
) -> dict[str, Any]:
    """The member who stays, with his balances after. `expected` are the persons of both who were looked at when it was proposed.

    Refuses
        MemberChanged               they are others now
        MergeIntoSelf               it is the same member
        MemberUnknown, MemberClosed, MemberFrozen   one of the two takes no entries, or may not give any units away
        UnitsReserved               units of the one who goes are promised to a reservation
    """
    if member_id == into_id:
        raise MergeIntoSelf(pointer="/into")
    asked = _Merge(
        once=request, member_id=member_id, into_id=into_id, note=note, actor=actor, expected=expected
    )
    answer: dict[str, Any] = await one(ledger, asked)
    return answer
