"""Codes of offline tills that proved nothing: what waits for a person, and that he has looked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import Principal
from jifen.domain.refusals import FlagUnknown
from jifen.store.audit import note_act
from jifen.store.codes import Flag, prune_codes, read_flags, settle_flag
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once


async def list_flags(
    ledger: Ledger, *, is_settled: bool, before: UUID | None, limit: int
) -> tuple[list[Flag], UUID | None]:
    """A page of flags, newest first, and where the next one begins; None: there is none."""
    async with ledger.reading() as connection:
        flags = await read_flags(connection, is_settled=is_settled, before=before, limit=limit + 1)
    return flags[:limit], flags[limit - 1].flag_id if len(flags) > limit else None


async def settle_code(
    ledger: Ledger, flag_id: UUID, *, request: Once, principal: Principal
) -> dict[str, Any]:
    """A person has looked: he gave the receipt to a member (`claim`), or left it as nobody's.

    Refuses
        FlagUnknown   there is none
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        flag = await settle_flag(connection, flag_id, by=principal.name)
        if flag is None:
            raise FlagUnknown(pointer="/path/flag_id")
        await note_act(
            connection, principal, Act(deed=Deed.CODE_SETTLED, about=(about(About.CODE, flag_id),))
        )
        assert flag.settled_at is not None, "it was settled just now"
        return {
            "flag_id": str(flag_id),
            "settled_at": flag.settled_at.isoformat(),
            "settled_by": flag.settled_by,
        }

    return await once(ledger, request, effect)


async def forget_codes(ledger: Ledger) -> int:
    """Forget codes that nobody may bring any more; how many."""
    async with ledger.transaction() as connection:
        return await prune_codes(connection)
