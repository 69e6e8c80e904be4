"""The snapshot equals the ledger, also when it grows, when writers commit late and when it is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till
from tests.snapshot.shop import (
    Lives,
    a_shop_document,
    assert_same,
    rows_of_ledger,
    rows_of_snapshot,
    snapshot_of,
)

from jifen.domain.calendar import day_or_never
from jifen.domain.fold import FAR
from jifen.domain.refusals import ProgramMissing
from jifen.insight.snapshot import TABLES, File, open_snapshot, writing
from jifen.insight.snapshot.files import write_file
from jifen.insight.snapshot.folder import LOCK, locked_folder
from jifen.insight.snapshot.manifest import read_manifest, write_manifest
from jifen.insight.snapshot.refusals import (
    DiskFull,
    FileDiffers,
    FolderClosed,
    FolderTaken,
    HistoryDiffers,
    OtherBuckets,
    OtherDatabase,
    SnapshotBusy,
)
from jifen.insight.snapshot.verifying import verify_snapshot
from jifen.insight.snapshot.writing import Run
from jifen.jobs import snapshot as job
from jifen.operations.publish_program import publish_program
from jifen.store.ledger import connect
from jifen.store.snapshot import Instant, copy_journal, read_instant

SEED = 20260404


async def lives_in(till: Till, *, members: int = 5, steps: int = 60, seed: int = SEED) -> Lives:
    lives = Lives(till, seed=seed, merges=True)
    await lives.enrol(members)
    await lives.go_on(steps)
    return lives


async def test_a_snapshot_is_the_ledger_row_by_row(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        await lives_in(till, steps=120)

        taken = await snapshot_of(fresh_database, tmp_path / "s", buckets=3)

        ledger = await rows_of_ledger(fresh_database)
        assert all(ledger[name] for name in TABLES), {name: len(rows) for name, rows in ledger.items()}
        assert len({row["kind"] for row in ledger["entries"]}) >= 6
        assert_same(rows_of_snapshot(tmp_path / "s"), ledger)
        assert {name: taken.manifest.totals[name].rows for name in TABLES} == {
            name: len(rows) for name, rows in ledger.items()
        }
        verified = verify_snapshot(tmp_path / "s")
        assert verified.is_whole, verified.findings


async def test_a_second_run_writes_only_what_came_and_ends_as_a_fresh_one(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till)
        first = await snapshot_of(fresh_database, tmp_path / "grown", buckets=2)
        numbers = _numbers(tmp_path / "grown")
        old = {f.path: f.sha256 for f in first.manifest.files if f.month is not None}
        before = await rows_of_ledger(fresh_database)

        await lives.enrol(2)
        await lives.go_on(50)
        second = await snapshot_of(fresh_database, tmp_path / "grown")
        fresh = await snapshot_of(fresh_database, tmp_path / "fresh", buckets=2)

        ledger = await rows_of_ledger(fresh_database)
        assert_same(rows_of_snapshot(tmp_path / "grown"), ledger)
        assert_same(rows_of_snapshot(tmp_path / "fresh"), ledger)
        assert second.manifest.totals == fresh.manifest.totals
        for name in ("purchases", "lines", "returns", "entries", "postings", "members"):
            assert second.new[name] == len(ledger[name]) - len(before[name])
        assert second.new["purchases"] > 0
        now = {f.path: f.sha256 for f in second.manifest.files}
        assert old.items() <= now.items(), "a file of the journal never changes"
        assert _numbers(tmp_path / "grown").items() >= numbers.items(), "a member keeps its number"
        assert verify_snapshot(tmp_path / "grown").is_whole


def _numbers(folder: Path) -> dict[str, int]:
    frame = open_snapshot(folder).scan("members").collect()
    return dict(zip(frame["member_id"], frame["member"], strict=True))


async def test_a_run_when_nothing_came_writes_no_journal(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        await lives_in(till, steps=20)
        await snapshot_of(fresh_database, tmp_path / "s")
        again = await snapshot_of(fresh_database, tmp_path / "s")
        assert set(again.new.values()) == {0}
        assert not [f for f in again.manifest.files if f.part == 1 and f.month is not None]
        assert_same(rows_of_snapshot(tmp_path / "s"), await rows_of_ledger(fresh_database))


async def test_a_ledger_without_members_has_a_snapshot(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        await snapshot_of(fresh_database, tmp_path / "s")
        assert verify_snapshot(tmp_path / "s").is_whole
        await lives_in(till, steps=10)
        await snapshot_of(fresh_database, tmp_path / "s")
        assert_same(rows_of_snapshot(tmp_path / "s"), await rows_of_ledger(fresh_database))


async def test_writers_that_commit_late_are_neither_lost_nor_doubled(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """Transactions that began before a run and end after it, beside others that began later and ended earlier."""
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, steps=30)
        folder = tmp_path / "s"
        late = await connect(fresh_database.app)
        try:
            transaction = late.transaction()
            await transaction.start()
            member = await late.fetchval("SELECT member_id FROM member WHERE sequence > 0 LIMIT 1")
            await late.fetchval("SELECT pg_current_xact_id()")  # its number is drawn now
            await lives.go_on(10)
            await _enter(late, member)  # written after the others have ended, with an older number

            running = await snapshot_of(fresh_database, folder)
            assert_same(rows_of_snapshot(folder), await rows_of_ledger(fresh_database))
            for other in lives.members:
                if other != member:
                    await lives.buy(other)
            await transaction.commit()
        finally:
            await late.close()

        after = await snapshot_of(fresh_database, folder)
        assert_same(rows_of_snapshot(folder), await rows_of_ledger(fresh_database))
        assert after.new["entries"] > 0
        assert running.manifest.visible.count(":") == 2
        assert verify_snapshot(folder).is_whole


async def _enter(connection: object, member: object) -> None:
    """An entry that moves nothing, and the member's row with it, in the caller's transaction."""
    await connection.execute(  # type: ignore[attr-defined]
        """INSERT INTO entry (member_id, sequence, entry_id, kind, moves, revision, occurred_at, recorded_at, tiers_after,
                              balances_after)
           SELECT member_id, sequence + 1, gen_random_uuid(), 'advance', '{}', 1, now(), now(), ladders[1:1], balances
           FROM member WHERE member_id = $1""",
        member,
    )
    await connection.execute("UPDATE member SET sequence = sequence + 1 WHERE member_id = $1", member)  # type: ignore[attr-defined]


async def test_tills_that_go_on_during_a_run_do_not_tear_it(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, members=12, steps=20)
        folder = tmp_path / "s"
        busy = asyncio.create_task(_buy_until_cancelled(lives))
        try:
            for _ in range(4):
                await snapshot_of(fresh_database, folder, buckets=2)
                verified = verify_snapshot(folder)
                assert verified.is_whole, verified.findings
        finally:
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)
        await snapshot_of(fresh_database, folder)
        assert_same(rows_of_snapshot(folder), await rows_of_ledger(fresh_database))


async def _buy_until_cancelled(lives: Lives) -> None:
    while True:
        await asyncio.gather(*(lives.buy(member) for member in lives.members))


async def test_the_snapshot_of_another_database_is_refused(
    fresh_database: FreshDatabase, second_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()), a_till(second_database, a_shop_document()):
        first = await snapshot_of(fresh_database, tmp_path / "s")
        with pytest.raises(OtherDatabase, match="another folder"):
            await snapshot_of(second_database, tmp_path / "s")
        assert read_manifest(tmp_path / "s") == first.manifest


PUT_BACK = {
    "fewer entries": "UPDATE member SET sequence = sequence - 1 WHERE member_id = $1",
    "other entries": "UPDATE member SET balances[1] = balances[1] + 1 WHERE member_id = $1",
    "one gone": "DELETE FROM member WHERE member_id = $1",
}


@pytest.mark.parametrize("how", PUT_BACK)
async def test_a_history_that_was_put_back_is_refused(
    how: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """A restored database that went on has fewer entries of a member, or others: they do not go on from the last."""
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, members=2, steps=12)
        first = await snapshot_of(fresh_database, tmp_path / "s", buckets=2)
        member = lives.members[0]
        owner = await connect(fresh_database.owner)
        try:
            await owner.execute(PUT_BACK[how], member)
        finally:
            await owner.close()
        with pytest.raises(HistoryDiffers, match="empty folder"):
            await snapshot_of(fresh_database, tmp_path / "s")
        assert read_manifest(tmp_path / "s") == first.manifest
        assert verify_snapshot(tmp_path / "s").is_whole


async def test_a_database_older_than_the_snapshot_is_refused(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()):
        first = await snapshot_of(fresh_database, tmp_path / "s")
        for ahead in (
            replace(first.manifest, visible="4000000000:4000000000:"),
            replace(first.manifest, timeline=7),
        ):
            write_manifest(tmp_path / "s", ahead)
            with pytest.raises(HistoryDiffers, match="restored"):
                await snapshot_of(fresh_database, tmp_path / "s")
        write_manifest(tmp_path / "s", first.manifest)
        assert (await snapshot_of(fresh_database, tmp_path / "s")).manifest.runs == 2


async def test_nothing_published_means_no_snapshot(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing):
        await snapshot_of(fresh_database, tmp_path / "s")
    assert [p.name for p in (tmp_path / "s").iterdir()] == [LOCK]


async def test_two_runs_in_one_folder_are_one_too_many(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, a_shop_document()):
        with locked_folder(tmp_path / "s"), pytest.raises(SnapshotBusy):
            await snapshot_of(fresh_database, tmp_path / "s")
        await snapshot_of(fresh_database, tmp_path / "s")


async def test_a_folder_that_holds_something_else_stays_as_it_is(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    (tmp_path / "purchases").mkdir()
    mine = tmp_path / "purchases" / "mine.parquet"
    mine.write_text("mine")
    async with a_till(fresh_database, a_shop_document()):
        with pytest.raises(FolderTaken):
            await snapshot_of(fresh_database, tmp_path)
        with pytest.raises(FolderTaken):
            await snapshot_of(fresh_database, mine)
        with pytest.raises(FolderClosed):
            await snapshot_of(fresh_database, mine / "below")
    assert mine.read_text() == "mine"


async def test_the_number_of_buckets_stays(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, a_shop_document()):
        await snapshot_of(fresh_database, tmp_path / "s", buckets=4)
        with pytest.raises(OtherBuckets, match="4 buckets"):
            await snapshot_of(fresh_database, tmp_path / "s", buckets=5)
        assert (await snapshot_of(fresh_database, tmp_path / "s")).manifest.buckets == 4


async def test_a_full_disk_leaves_the_snapshot_before(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, steps=20)
        folder = tmp_path / "s"
        first = await snapshot_of(fresh_database, folder, buckets=2)
        kept = rows_of_snapshot(folder)
        await lives.go_on(20)

        written = iter(range(1_000))

        def full(descriptor: int) -> None:
            if next(written) == 7:
                raise OSError(28, "No space left on device")

        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            with pytest.raises(DiskFull, match="still stands"):
                await snapshot_of(fresh_database, folder)

        assert read_manifest(folder) == first.manifest
        assert_same(rows_of_snapshot(folder), kept)
        assert not list(folder.glob(".spill*"))
        await snapshot_of(fresh_database, folder)
        assert_same(rows_of_snapshot(folder), await rows_of_ledger(fresh_database))


_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from jifen.embedded import Connection
from jifen.insight.snapshot import manifest
from jifen.jobs.snapshot import take_snapshot

url, folder, at = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
replace, done = Path.replace, 0

def replace_or_die(self, target):
    global done
    done += 1
    if done == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)

Path.replace = replace_or_die
asyncio.run(take_snapshot(Connection.of_url(url), folder))
print(done)
"""


async def test_a_killed_run_leaves_the_snapshot_before_and_the_next_cleans_up(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, steps=25)
        folder = tmp_path / "s"
        first = await snapshot_of(fresh_database, folder, buckets=2)
        kept = rows_of_snapshot(folder)
        await lives.go_on(15)
        for at in (1, 5):
            killed = await asyncio.to_thread(_run_killed, fresh_database, folder, at)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            assert list(folder.glob(".spill-*")), "it was killed on the way"
            assert read_manifest(folder) == first.manifest
            assert_same(rows_of_snapshot(folder), kept)

        await snapshot_of(fresh_database, folder)
        assert_same(rows_of_snapshot(folder), await rows_of_ledger(fresh_database))
        await snapshot_of(fresh_database, folder)
        manifest = read_manifest(folder)
        named = {f.path for f in manifest.files} | {manifest.revisions.path, "manifest.json", LOCK}
        there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        cache_before = {p for p in there if "as-of-00001" in p}
        assert there - cache_before == named


def _run_killed(database: FreshDatabase, folder: Path, at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _KILLED, database.app.url(), str(folder), str(at)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


async def test_a_run_that_is_interrupted_ends_before_it_lets_the_folder_go(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        await lives_in(till, steps=15)
        folder = tmp_path / "s"
        write, begun = write_file, threading.Event()

        def slowly(*arguments: Any, **more: Any) -> File:
            begun.set()
            time.sleep(0.02)
            return write(*arguments, **more)

        monkeypatch.setattr(writing, "write_file", slowly)
        run = asyncio.create_task(snapshot_of(fresh_database, folder))
        await asyncio.to_thread(begun.wait)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        left = {p.relative_to(folder) for p in folder.rglob("*.parquet")}
        await asyncio.sleep(0.2)
        assert {p.relative_to(folder) for p in folder.rglob("*.parquet")} == left, "nobody writes any more"
        assert not (folder / "manifest.json").exists()
        assert not list(folder.glob(".spill-*"))

        monkeypatch.setattr(writing, "write_file", write)
        await snapshot_of(fresh_database, folder)
        assert_same(rows_of_snapshot(folder), await rows_of_ledger(fresh_database))


async def test_chunks_of_any_size_make_the_same_snapshot(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        await lives_in(till, members=3, steps=25)
        monkeypatch.setattr(job, "CHUNK_BYTES", 1)
        await snapshot_of(fresh_database, tmp_path / "s", buckets=2)
        assert_same(rows_of_snapshot(tmp_path / "s"), await rows_of_ledger(fresh_database))


class Heard:
    """A connection that keeps what was asked of it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.asked: list[tuple[str, tuple[object, ...]]] = []

    async def execute(self, query: str) -> None:
        await self.connection.execute(query)

    async def copy_from_query(self, query: str, *arguments: object, **more: Any) -> None:
        self.asked.append((query, arguments))
        await self.connection.copy_from_query(query, *arguments, **more)


async def test_a_later_run_reads_by_the_index_and_not_whole_tables(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        await lives_in(till, steps=10)

        async def sink(_: bytes) -> None:
            return None

        connection = await connect(fresh_database.app)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                instant = await read_instant(connection)
                heard = Heard(connection)
                for table in ("purchases", "returns", "entries", "postings"):
                    await copy_journal(heard, table, since=instant.visible, sink=sink)
                for query, (below, since) in heard.asked:
                    told = await connection.fetch("EXPLAIN " + query, below, since)
                    plan = "\n".join(row[0] for row in told)
                    assert "_recorded_xid" in plan, plan
                    assert "Seq Scan" not in plan, plan
                assert len(heard.asked) == 4
        finally:
            await connection.close()


async def test_a_replica_is_refused(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is running on the primary is not told there, so late commits would be lost."""

    async def on_a_replica(connection: Any) -> Instant:
        return replace(await read_instant(connection), is_replica=True)

    async with a_till(fresh_database, a_shop_document()):
        monkeypatch.setattr(job, "read_instant", on_a_replica)
        with pytest.raises(job.ReplicaRefused, match="primary"):
            await snapshot_of(fresh_database, tmp_path / "s")


async def test_a_reader_reads_to_the_end_while_the_next_run_writes(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, steps=20)
        folder = tmp_path / "s"
        await snapshot_of(fresh_database, folder)
        reading = open_snapshot(folder)
        kept = reading.scan("members").sort("member").collect()
        await lives.go_on(10)
        await snapshot_of(fresh_database, folder)
        assert reading.scan("members").sort("member").collect().equals(kept)


async def test_a_second_revision_brings_its_attributes(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        await lives_in(till, steps=15)
        await snapshot_of(fresh_database, tmp_path / "s", buckets=2)
        wider = a_shop_document().model_copy(
            update={"line_attributes": {**a_shop_document().line_attributes, "colour": "text"}}
        )
        at = await till.now() + timedelta(days=1)
        await publish_program(till.ledger, wider, effective_at=at, published_by="test")
        taken = await snapshot_of(fresh_database, tmp_path / "s")
        snapshot = open_snapshot(tmp_path / "s")
        assert taken.manifest.newest_revision == 2
        assert [r.number for r in snapshot.revisions()] == [1, 2]
        assert snapshot.schema("lines")["attribute.colour"] == pl.String()
        assert snapshot.collect(0).lines.get_column("attribute.colour").null_count() > 0


async def test_parts_are_put_together_after_some_runs(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PARTS_MAX", 2)
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, steps=15)
        for _ in range(4):
            taken = await snapshot_of(fresh_database, tmp_path / "s", buckets=2)
            parts = Counter((f.table, f.month, f.bucket) for f in taken.manifest.files if f.month is not None)
            assert max(parts.values()) <= 2
            for member in lives.members:
                await lives.buy(member)
        await snapshot_of(fresh_database, tmp_path / "s")
        assert_same(rows_of_snapshot(tmp_path / "s"), await rows_of_ledger(fresh_database))
        verified = verify_snapshot(tmp_path / "s")
        assert verified.is_whole, verified.findings


async def test_a_damaged_part_is_not_dressed_as_new(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = Lives(till, seed=1)
        await lives.enrol(1)
        await lives.buy(lives.members[0])
        first = await snapshot_of(fresh_database, tmp_path / "s", buckets=1)
        path = tmp_path / "s" / first.manifest.files_of("lines")[0].path
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
        await lives.buy(lives.members[0])
        monkeypatch.setattr(writing, "PARTS_MAX", 1)
        with pytest.raises(FileDiffers, match="checksum"):
            await snapshot_of(fresh_database, tmp_path / "s")
        assert read_manifest(tmp_path / "s") == first.manifest


@pytest.mark.parametrize("table", ["members", "stores"])
async def test_what_a_run_reads_of_the_snapshot_before_is_proven_first(
    fresh_database: FreshDatabase, tmp_path: Path, table: str
) -> None:
    folder = tmp_path / "s"
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, members=3, steps=10)
        first = await snapshot_of(fresh_database, folder, buckets=2)
        path = folder / first.manifest.files_of(table)[-1].path
        whole = path.read_bytes()
        spoilt = bytearray(whole)
        spoilt[len(spoilt) // 2] ^= 1
        path.write_bytes(spoilt)
        before = {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}
        await lives.enrol(2)
        await lives.buy(lives.members[0])

        with pytest.raises(FileDiffers, match="another checksum"):
            await snapshot_of(fresh_database, folder)

        assert {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()} == before
        path.write_bytes(whole)
        assert (await snapshot_of(fresh_database, folder)).manifest.runs == 2
        assert_same(rows_of_snapshot(folder), await rows_of_ledger(fresh_database))


async def test_slices_are_written_as_the_contract_says(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        ann, bo = await till.enrol(), await till.enrol()
        await till.adjust(ann, 35)
        await till.give(ann, bo, 7)
        await till.open(ann, (2_000, 4), (2_000, 5))
        async with till.ledger.pool.acquire() as connection:
            expires_on = await connection.fetchval("SELECT max(expires_on) FROM lot WHERE member_id = $1", bo)
        taken = await snapshot_of(fresh_database, tmp_path / "s")
    entries = (
        open_snapshot(tmp_path / "s")
        .scan("entries")
        .filter(pl.col("kind").is_in(["gift_out", "gift_in", "opening"]))
    )
    told = next(c for c in TABLES["entries"].contract.columns if c.name == "slices")

    assert taken.new["entries"] == 6
    assert "(number of the terms, day of expiry, units)" in str(told)
    assert dict(entries.select("kind", "slices").collect().iter_rows()) == {
        "gift_out": None,
        "gift_in": [0, day_or_never(expires_on), 7],
        "opening": [0, FAR, 4, 0, FAR, 5],
    }


async def test_an_attribute_that_becomes_a_text_is_one_in_the_old_parts_too(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = await lives_in(till, steps=25)
        await snapshot_of(fresh_database, tmp_path / "s", buckets=2)
        before = open_snapshot(tmp_path / "s").scan("lines").collect().get_column("attribute.shelf")
        assert before.dtype == pl.Int64()
        assert before.drop_nulls().to_list()
        changed = a_shop_document().model_copy(
            update={"line_attributes": {"origin": "text", "shelf": "text"}}
        )
        at = await till.now() + timedelta(days=1)
        await publish_program(till.ledger, changed, effective_at=at, published_by="test")
        await lives.enrol(1)
        await snapshot_of(fresh_database, tmp_path / "s")
        after = open_snapshot(tmp_path / "s").scan("lines").collect().get_column("attribute.shelf")
        assert after.sort().to_list() == before.cast(pl.String).sort().to_list()
        verified = verify_snapshot(tmp_path / "s")
        assert verified.is_whole, verified.findings


async def test_the_database_is_let_go_before_anything_is_written(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long transaction would keep PostgreSQL from cleaning up behind the tills."""
    async with a_till(fresh_database, a_shop_document()) as till:
        await lives_in(till, steps=10)
        seen: list[int] = []
        finish = Run.finish

        def looked(*arguments: object, **more: object) -> object:
            count = asyncio.run_coroutine_threadsafe(
                till.fetchval(
                    """SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"""
                ),
                loop,
            ).result()
            seen.append(count)
            return finish(*arguments, **more)  # type: ignore[arg-type]

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(Run, "finish", looked)
        await snapshot_of(fresh_database, tmp_path / "s")
        assert seen == [0]
