"""Import: once, whole, and the same books as the till would have written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import polars as pl
import pytest
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger, assert_same_books, books

from jifen.domain.timeline import Timeline
from jifen.insight.frames import Loaded
from jifen.insight.lives import advance_all, with_calendar
from jifen.insight.read_completejourney import read_completejourney
from jifen.jobs import import_purchases as importing
from jifen.jobs.import_purchases import Progress, import_purchases
from jifen.operations import load_history
from jifen.operations.read_program import read_timeline
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Ledger

HOUSEHOLDS = 60


@pytest.fixture(scope="module")
def year() -> Loaded:
    """A year of some households, enough for every rule to fire."""
    return read_completejourney(households=HOUSEHOLDS)


class Killed(Exception):
    """Stands for a process that dies between two chunks."""


async def _live(ledger: Ledger, year: Loaded) -> None:
    """Record the same purchases one after the other, as the till does."""
    purchases = with_calendar(year.purchases, await _timeline(ledger))
    work = importing._Work(
        ledger=ledger,
        timeline=await _timeline(ledger),
        actor="import",
        say=lambda _: None,
        extra=None,
        total=0,
    )
    from jifen.domain.person import MemberKey
    from jifen.operations.enrol_member import enrol_member
    from jifen.store.once import Once

    for ref in purchases.get_column("member_ref").unique(maintain_order=True):
        await enrol_member(ledger, [MemberKey("external", ref)], Once(key=f"enrol {ref}", body_hash=b""))
    await work.record(purchases.sort("occurred_at", "source", "business_no"), year.lines)
    assert not work.rejects


async def _timeline(ledger: Ledger) -> Timeline:
    return (await read_timeline(ledger, is_whole=True))[0]


async def _are_kept(ledger: Ledger) -> None:
    verdict = await reconcile_books(ledger)
    broken = [(v.law.number, v.findings) for v in verdict.verdicts if v.findings]
    assert not broken
    assert verdict.members_replayed > 0


async def test_live_and_imported_histories_end_equal(
    fresh_database: FreshDatabase, second_database: FreshDatabase, year: Loaded
) -> None:
    async with a_ledger(fresh_database) as bulk, a_ledger(second_database) as live:
        await import_purchases(bulk, year, actor="import")
        await _live(live, year)

        assert_same_books(await books(bulk), await books(live))
        await _are_kept(bulk)
        await _are_kept(live)


async def test_the_same_import_twice_adds_nothing(fresh_database: FreshDatabase, year: Loaded) -> None:
    async with a_ledger(fresh_database) as ledger:
        first = await import_purchases(ledger, year, actor="import")
        before = await books(ledger)

        second = await import_purchases(ledger, year, actor="import")

        assert first.added == year.purchases.height
        assert (second.added, second.known, second.refused) == (0, year.purchases.height, 0)
        assert_same_books(await books(ledger), before)


async def test_an_import_that_dies_between_chunks_ends_equal_when_it_is_run_again(
    fresh_database: FreshDatabase,
    second_database: FreshDatabase,
    year: Loaded,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_history, "CHUNK_PURCHASES", 400)
    chunks = 0

    def die_after_three(_: Progress) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 3:
            raise Killed

    async with a_ledger(fresh_database) as killed, a_ledger(second_database) as undisturbed:
        with pytest.raises(Killed):
            await import_purchases(killed, year, actor="import", say=die_after_three)
        again = await import_purchases(killed, year, actor="import")
        await import_purchases(undisturbed, year, actor="import")

        assert again.known > 0
        assert again.added > 0
        assert_same_books(await books(killed), await books(undisturbed))
        await _are_kept(killed)


async def test_a_later_file_continues_the_lives_that_an_earlier_one_began(
    fresh_database: FreshDatabase, second_database: FreshDatabase, year: Loaded
) -> None:
    summer = pl.col("occurred_at") < pl.datetime(2017, 7, 1, time_zone="UTC")
    async with a_ledger(fresh_database) as parts, a_ledger(second_database) as whole:
        await import_purchases(parts, _only(year, summer), actor="import")
        await import_purchases(parts, _only(year, ~summer), actor="import")
        await import_purchases(whole, year, actor="import")

        assert_same_books(await books(parts), await books(whole))


async def test_a_purchase_that_comes_again_with_other_content_is_refused(
    fresh_database: FreshDatabase, year: Loaded
) -> None:
    async with a_ledger(fresh_database) as ledger:
        await import_purchases(ledger, year, actor="import")
        before = await books(ledger)
        moved = year.purchases.with_columns(
            store=pl.when(pl.col("purchase") == 7).then(pl.lit("other")).otherwise("store")
        )
        changed = Loaded(purchases=moved, lines=year.lines, rejects=year.rejects, counts=year.counts)

        told = await import_purchases(ledger, changed, actor="import")

        assert (told.added, told.refused) == (0, 1)
        assert told.rejects.get_column("code").to_list() == ["key_reused"]
        assert_same_books(await books(ledger), before)


async def test_a_dry_run_tells_and_changes_nothing(fresh_database: FreshDatabase, year: Loaded) -> None:
    async with a_ledger(fresh_database) as ledger:
        told = await import_purchases(ledger, year, actor="import", is_dry_run=True)

        assert (told.added, told.new_members) == (year.purchases.height, HOUSEHOLDS)
        assert (await books(ledger))["purchase"] == []


async def test_receipts_of_nobody_wait_and_future_ones_are_refused(
    fresh_database: FreshDatabase, year: Loaded
) -> None:
    nobody = year.purchases.with_columns(
        member_ref=pl.when(pl.col("purchase") < 5).then(None).otherwise("member_ref"),
        occurred_at=pl.when(pl.col("purchase") == 9)
        .then(pl.datetime(2999, 1, 1, time_zone="UTC"))
        .otherwise("occurred_at"),
    )
    async with a_ledger(fresh_database) as ledger:
        changed = Loaded(purchases=nobody, lines=year.lines, rejects=year.rejects, counts=year.counts)

        told = await import_purchases(ledger, changed, actor="import")

        assert (told.unclaimed, told.refused) == (5, 1)
        assert told.rejects.get_column("code").to_list() == ["time_out_of_bounds"]
        await _are_kept(ledger)


async def test_the_walk_with_time_passing_leaves_books_that_are_kept(
    fresh_database: FreshDatabase, year: Loaded
) -> None:
    from datetime import UTC, datetime

    until = datetime(2018, 1, 1, 17, tzinfo=UTC)
    async with a_ledger(fresh_database) as ledger:
        await import_purchases(
            ledger,
            year,
            actor="import",
            extra=lambda purchases, _: advance_all(purchases["member"].n_unique(), until),
        )

        await _are_kept(ledger)
        async with ledger.transaction() as connection:
            expired = await connection.fetchval("SELECT sum(units) FROM posting WHERE verb = 'expire'")
        assert expired > 0


@pytest.mark.slow
async def test_a_process_killed_in_the_middle_of_an_import_doubles_nothing(
    fresh_database: FreshDatabase, second_database: FreshDatabase, year: Loaded
) -> None:
    environment = {**os.environ, "JIFEN_DATABASE_URL": fresh_database.app.url(), "JIFEN_TEST_CHUNK": "300"}
    script = Path(__file__).with_name("import_in_small_chunks.py")
    async with a_ledger(fresh_database) as killed, a_ledger(second_database) as undisturbed:
        process = subprocess.Popen(
            [sys.executable, str(script), str(HOUSEHOLDS)], env=environment, stderr=subprocess.DEVNULL
        )
        await _wait_for_some(fresh_database, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        written = len((await books(killed))["purchase"])

        again = await import_purchases(killed, year, actor="import")
        await import_purchases(undisturbed, year, actor="import")

        assert 0 < written < year.purchases.height, "the process died before or after the import"
        assert again.known == written
        assert_same_books(await books(killed), await books(undisturbed))
        await _are_kept(killed)


async def _wait_for_some(database: FreshDatabase, process: subprocess.Popen[bytes]) -> None:
    connection = await asyncpg.connect(**database.app.arguments())
    try:
        until = time.monotonic() + 90
        while time.monotonic() < until and process.poll() is None:
            if await connection.fetchval("SELECT count(*) FROM jifen.purchase") > 0:
                return
            time.sleep(0.01)
    finally:
        await connection.close()


def _only(year: Loaded, which: pl.Expr) -> Loaded:
    """A part of a year, renumbered as a reader would leave it."""
    kept = year.purchases.filter(which).with_columns(own=pl.int_range(pl.len(), dtype=pl.Int64))
    lines = year.lines.join(kept.select("purchase", "own"), on="purchase", how="inner", maintain_order="left")
    return Loaded(
        purchases=kept.with_columns(purchase="own").drop("own"),
        lines=lines.with_columns(purchase="own").drop("own").sort("purchase", "number"),
        rejects=year.rejects,
        counts=year.counts,
    )
