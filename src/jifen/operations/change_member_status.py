"""Freeze, close or reopen a member: an entry like any other. The books stay; a closed member takes no more entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.decide import decide_status
from jifen.domain.refusals import FieldWrong, MemberClosed, MemberUnknown
from jifen.domain.verbs import Status
from jifen.store.journal import EntryRow
from jifen.store.once import Once
from jifen.store.turn import Keyed, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

STATUSES = ("active", "frozen", "closed")


class _Change(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    status: str
    actor: str | None

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        member = turn.members.get(self.member_id)
        if member is None:
            raise MemberUnknown(pointer="/member_id")
        if member.status is Status.MERGED:
            raise MemberClosed(pointer="/member_id", status="merged")
        wanted = Status[self.status.upper()]

        decision = decide_status(turn.timeline, member, wanted, now=turn.now)

        if member.status is not wanted:
            turn.put_entry(decision, EntryRow("state", value=int(wanted)), actor=self.actor)
        return {"member_id": str(self.member_id), "status": self.status}


async def change_member_status(
    ledger: Ledger, member_id: UUID, status: str, request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The member's id and new status. The one he has already leaves no entry.

    Refuses
        MemberUnknown   there is none with that id
        MemberClosed    merged into another
    """
    if status not in STATUSES:
        raise FieldWrong(f"a status is one of {', '.join(STATUSES)}", pointer="/status", value=status)
    asked = _Change(once=request, member_id=member_id, status=status, actor=actor)
    answer: dict[str, Any] = await one(ledger, asked)
    return answer
