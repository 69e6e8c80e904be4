"""See what happens by itself, and let what is parked be tried again at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jifen.domain.audit import ABOUT_MAX, About, Act, Deed, about
from jifen.domain.principal import LOCAL, Principal
from jifen.store.audit import note_act
from jifen.store.duties import Held, read_duty
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.parked import Parked, count_parked, read_parked, try_now
from jifen.store.queue import count_waiting

PARKED_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Who has the duty, how much waits in the queue by class, and what is parked: how much by kind, and the longest of it."""

    duty: Held | None
    waiting: dict[str, int]
    parked: dict[str, int]
    longest: Sequence[Parked]


async def read_jobs(ledger: Ledger, duty: str) -> Jobs:
    """How what happens by itself goes on."""
    async with ledger.reading() as connection:
        return Jobs(
            duty=await read_duty(connection, duty),
            waiting=await count_waiting(connection),
            parked=await count_parked(connection),
            longest=await read_parked(connection, limit=PARKED_MAX),
        )


async def retry_parked(ledger: Ledger, member_ids: Sequence[UUID] | None, *, by: Principal = LOCAL) -> int:
    """How much that is parked, of some members or (None) of all, is tried again in the next round of whoever serves."""
    async with ledger.transaction() as connection:
        return await _tried(connection, member_ids, by)


async def _tried(connection: Connection, member_ids: Sequence[UUID] | None, by: Principal) -> int:
    named = [about(About.MEMBER, one) for one in member_ids or ()][:ABOUT_MAX]
    tried = await try_now(connection, member_ids)
    details = {"is_all": member_ids is None}
    act = Act(deed=Deed.PARKED_TRIED_AGAIN, about=tuple(named), count=tried, details=details)
    await note_act(connection, by, act)
    return tried


async def retry_parked_once(
    ledger: Ledger, member_ids: Sequence[UUID] | None, request: Once, *, by: Principal
) -> dict[str, Any]:
    """The same under an Idempotency-Key: to_be_tried.

    Refuses
        KeyReused   the key came before with another body
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        return {"to_be_tried": await _tried(connection, member_ids, by)}

    return await once(ledger, request, effect)
