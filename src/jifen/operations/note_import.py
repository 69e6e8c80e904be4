"""An import stands in the audit from its beginning: who brought in how much, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import Principal
from jifen.store.audit import note_act
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger


class ImportNoted:
    """What an import came to, told before it ends."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}


@asynccontextmanager
async def noted_import(
    ledger: Ledger, *, what: str, principal: Principal, import_id: UUID | None = None
) -> AsyncIterator[ImportNoted]:
    """An import under way: begun, then ended or failed. One that was killed has begun and never ended.

    Shape
        what        what is brought in: `purchases`, `opening`
        import_id   where it is known by an id already
    """
    named = (about(About.IMPORT, import_id or new_id()),)
    told = ImportNoted()

    async def note(deed: Deed) -> None:
        async with ledger.transaction() as connection:
            act = Act(deed=deed, about=named, details={"what": what, **told.counts})
            await note_act(connection, principal, act)

    await note(Deed.IMPORT_BEGUN)
    try:
        yield told
    except BaseException:
        await note(Deed.IMPORT_FAILED)
        raise
    await note(Deed.IMPORT_ENDED)
