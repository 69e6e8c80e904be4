"""Freeze, close or reopen a member: an entry like any other. The books stay; a closed member takes no more entries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain.decide import decide_status
from jifen.domain.refusals import FieldWrong, MemberClosed, MemberUnknown
from jifen.domain.verbs import Status
from jifen.store.gather import gather_locked, save_decisions
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once

STATUSES = ("active", "frozen", "closed")


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

    async def effect(connection: Connection) -> dict[str, Any]:
        gathered = await gather_locked(ledger, connection, [member_id])
        member = gathered.members.get(member_id)
        if member is None:
            raise MemberUnknown(pointer="/member_id")
        if member.status is Status.MERGED:
            raise MemberClosed(pointer="/member_id", status="merged")
        wanted = Status[status.upper()]

        decision = decide_status(gathered.timeline, member, wanted, now=gathered.now)

        if member.status is not wanted:
            at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor=actor)
            row = EntryRow("state", value=int(wanted))
            await add_entry(connection, gathered.timeline, decision, row, at)
            await save_decisions(connection, [decision], gathered.timeline)

        return {"member_id": str(member_id), "status": status}

    return await once(ledger, request, effect)
