"""Revisions that come into force within a test: published with the product's own lead, over which the book's clock then moves."""

from __future__ import annotations

from datetime import timedelta

from jifen.document.model import ProgramDocument
from jifen.operations.publish_program import LEAD, publish_program
from jifen.store.ledger import Ledger
from jifen.store.revisions import StoredRevision, book_label, set_book


async def let_time_pass(ledger: Ledger, time: timedelta) -> None:
    """Move the book's clock forward, or back where `time` is negative. It is never ahead of the true one."""
    async with ledger.transaction() as connection:
        shift, _ = await book_label(connection)
        await set_book(connection, shift_seconds=shift - int(time.total_seconds()), label="test")


async def put_in_force(ledger: Ledger, document: ProgramDocument) -> StoredRevision:
    """Publish, and let the lead pass: the revision is in force. The book must lie that far behind the clock."""
    revision, is_new = await publish_program(ledger, document, effective_at=None, published_by="test")
    assert is_new, f"revision {revision.number} says the same"
    await let_time_pass(ledger, LEAD + timedelta(seconds=1))
    return revision
