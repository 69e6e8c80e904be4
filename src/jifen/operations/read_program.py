"""Read the programme: what was published, and what is in force."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jifen.document.stored import document_published
from jifen.document.write import document_yaml
from jifen.domain.refusals import ProgramMissing, RevisionUnknown
from jifen.domain.timeline import Timeline
from jifen.store.compiled import begun_again, need_compiled
from jifen.store.ledger import Ledger
from jifen.store.operators import named as named_operators
from jifen.store.revisions import StoredRevision, all_revisions, text_of


async def read_program(ledger: Ledger) -> tuple[StoredRevision, StoredRevision | None]:
    """The newest revision, and the one in force now; None until the first takes effect.

    Refuses
        ProgramMissing   nothing was ever published
    """
    published, now = await read_revisions(ledger)
    if not published:
        raise ProgramMissing("no programme was published yet: jifen program apply FILE")
    in_force = [revision for revision in published if revision.effective_at <= now]
    return published[-1], in_force[-1] if in_force else None


async def read_revisions(ledger: Ledger) -> tuple[Sequence[StoredRevision], datetime]:
    """Every revision, oldest first, and the moment. Operators who published one are called by their names."""
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        published = await all_revisions(connection)
        called = await named_operators(connection, {one.published_by for one in published})
    if called:
        published = [
            replace(one, published_by=called.get(one.published_by, one.published_by)) for one in published
        ]
    return published, clock.now


async def read_revision(ledger: Ledger, number: int) -> StoredRevision:
    """One revision.

    Refuses
        RevisionUnknown   there is none with that number
    """
    published, _ = await read_revisions(ledger)
    for revision in published:
        if revision.number == number:
            return revision
    raise RevisionUnknown(pointer="/number", number=number, newest_revision=len(published))


async def read_text(ledger: Ledger, revision: StoredRevision) -> str:
    """A revision as it was written, with its comments; as YAML made from its values where it came without a text."""
    async with ledger.transaction() as connection:
        text = await text_of(connection, revision.number)
    if text is not None:
        return text
    return await asyncio.to_thread(lambda: document_yaml(document_published(revision.whole_document)))


@begun_again
async def read_timeline(
    ledger: Ledger, *, revision: int | None = None, is_whole: bool = False
) -> tuple[Timeline, datetime]:
    """The timeline and the moment. The newest revision is compiled in it, that in force, and `revision`; or all of them.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if is_whole:
            return await ledger.whole_timeline(connection, clock.newest), clock.now
        timeline = await ledger.timeline(connection, clock.newest)
    begun = [program.revision for program in timeline.programs if program.effective_at <= clock.now]
    need_compiled(timeline, [revision, *begun[-1:]])
    return timeline, clock.now
