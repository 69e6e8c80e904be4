"""Plan: what publishing a document would change. Nothing is published."""

from __future__ import annotations

import asyncio

from jifen.document.model import ProgramDocument
from jifen.document.plan import Plan, plan
from jifen.document.stored import document_published
from jifen.store.ledger import Ledger
from jifen.store.revisions import StoredRevision, newest_revision


async def plan_program(ledger: Ledger, document: ProgramDocument) -> tuple[int, Plan]:
    """The newest revision's number (0: none yet) and what publishing the document after it would change."""
    async with ledger.transaction() as connection:
        newest = await newest_revision(connection)
    if newest is None:
        return 0, await asyncio.to_thread(plan, None, document)
    return newest.number, await asyncio.to_thread(_plan_after, newest, document)


def _plan_after(newest: StoredRevision, document: ProgramDocument) -> Plan:
    return plan(document_published(newest.document), document)
