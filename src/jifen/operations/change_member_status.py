"""Freeze, close or reopen a member. The books stay; a closed member takes no more entries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain.refusals import FieldWrong, MemberClosed, MemberUnknown
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import lock_members, set_status
from jifen.store.once import Once, once

STATUSES = ("active", "frozen", "closed")


async def change_member_status(ledger: Ledger, member_id: UUID, status: str, request: Once) -> dict[str, Any]:
    """The member's id and new status.

    Refuses
        MemberUnknown   there is none with that id
        MemberClosed    merged into another
    """
    if status not in STATUSES:
        raise FieldWrong(f"a status is one of {', '.join(STATUSES)}", pointer="/status", value=status)

    async def effect(connection: Connection) -> dict[str, Any]:
        member = (await lock_members(connection, [member_id])).get(member_id)
        if member is None:
            raise MemberUnknown(pointer="/member_id")
        if member.status == "merged":
            raise MemberClosed(pointer="/member_id", status=member.status)
        await set_status(connection, member_id, status)
        return {"member_id": str(member_id), "status": status}

    return await once(ledger, request, effect)
