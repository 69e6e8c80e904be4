"""A backup is worth what its restore proves: the restored books are reconciled."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from tests.conftest import TEST_SETTINGS
from tests.ledgers import LONG_AGO, assert_same_books, books

from jifen.document.load import parse_document
from jifen.document.stored import timeline_of_published
from jifen.embedded import EmbeddedPostgres, Server, back_up, restore
from jifen.insight.read_completejourney import read_completejourney
from jifen.jobs.import_purchases import import_purchases
from jifen.jobs.loop import once_through
from jifen.operations.publish_program import publish_program
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Ledger, open_pool
from jifen.store.migrate import migrate
from jifen.templates import template_text


async def _ledger(server: Server) -> Ledger:
    return Ledger(await open_pool(server.app), compile_timeline=timeline_of_published)


@pytest.mark.slow
def test_a_restored_backup_reconciles_and_goes_on() -> None:
    import asyncio

    with tempfile.TemporaryDirectory(prefix="jf-") as folder:
        Path(folder).chmod(0o755)
        home, other, backup = (Path(folder) / name for name in ("home", "other", "backup"))
        with EmbeddedPostgres(home, settings=TEST_SETTINGS).running() as server:
            migrate(server.owner)
            before = asyncio.run(_make(server))
            back_up(server, backup, say=lambda _: None)
        restore(backup, other, say=lambda _: None)
        with EmbeddedPostgres(other, settings=TEST_SETTINGS).running() as server:
            after = asyncio.run(_prove(server))
        assert_same_books(before, after)


async def _make(server: Server) -> dict[str, list[tuple[object, ...]]]:
    ledger = await _ledger(server)
    document = parse_document(template_text("grocer"), name="grocer")
    await publish_program(ledger, document, effective_at=LONG_AGO, published_by="test")
    await import_purchases(ledger, read_completejourney(households=15), actor="import")
    await once_through(ledger)
    found = await books(ledger)
    await ledger.pool.close()
    return found


async def _prove(server: Server) -> dict[str, list[tuple[object, ...]]]:
    """The restored books, proven before and after time goes on."""
    ledger = await _ledger(server)
    found = await books(ledger)
    first = await reconcile_books(ledger)
    moved = await once_through(ledger)
    second = await reconcile_books(ledger)
    await ledger.pool.close()
    assert first.are_kept, first.as_document()
    assert second.are_kept, second.as_document()
    assert moved["postings_rolled_up"] == 0, "the checkpoint survived: nothing is counted twice"
    return found
