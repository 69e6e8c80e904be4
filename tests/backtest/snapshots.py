"""Snapshots of a test's ledger, as the back-test reads them."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import FreshDatabase

from jifen.insight.backtest.books import differences
from jifen.insight.backtest.sides import live_side
from jifen.insight.replay import Difference
from jifen.insight.snapshot import Snapshot, open_snapshot
from jifen.jobs.snapshot import take_snapshot


async def a_snapshot(database: FreshDatabase, folder: Path, *, buckets: int = 2) -> Snapshot:
    """The ledger as of now; taken again it grows."""
    await take_snapshot(database.app, folder, buckets=buckets)
    return open_snapshot(folder)


def books_of(snapshot: Snapshot) -> list[Difference]:
    """Everything in which the books differ from the past replayed."""
    side = live_side(snapshot.revisions())
    found: list[Difference] = []
    for bucket in range(snapshot.buckets):
        found += differences(snapshot.collect(bucket), side, selects=True)
    return found


async def differences_of(database: FreshDatabase, folder: Path) -> list[Difference]:
    """The same of a ledger as it stands."""
    return books_of(await a_snapshot(database, folder / "snapshot"))
