"""Plan: what publishing a document would change. Nothing is published."""

from __future__ import annotations

from jifen.document.load import document_from
from jifen.document.model import ProgramDocument
from jifen.document.plan import Plan, plan
from jifen.store.ledger import Ledger
from jifen.store.revisions import all_revisions


async def plan_program(ledger: Ledger, document: ProgramDocument) -> tuple[int, Plan]:
    """The newest revision's number (0: none yet) and what publishing the document after it would change."""
    async with ledger.transaction() as connection:
        published = await all_revisions(connection)
    if not published:
        return 0, plan(None, document)
    return published[-1].number, plan(document_from(dict(published[-1].document)), document)
