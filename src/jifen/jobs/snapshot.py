"""The snapshot of the ledger: one consistent transaction read into a folder of Parquet files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jifen.document.stored import timeline_of_published
from jifen.domain.refusals import ProgramMissing
from jifen.embedded.connection import Connection as Address
from jifen.insight.snapshot.contracts import JOURNAL
from jifen.insight.snapshot.manifest import Manifest
from jifen.insight.snapshot.reading import SnapshotRevision
from jifen.insight.snapshot.refusals import SnapshotRefused
from jifen.insight.snapshot.writing import Head, Run, RunStopped, Say, begin
from jifen.store.ledger import Connection, connect
from jifen.store.revisions import StoredRevision, all_revisions
from jifen.store.snapshot import (
    Instant,
    Sink,
    column_names,
    copy_cache,
    copy_journal,
    copy_member_ids,
    read_instant,
)

CHUNK_BYTES = 16 << 20
"""So much of a COPY is parsed at once, while the next is on its way."""


class ReplicaRefused(SnapshotRefused):
    """A replica cannot say which transactions are running. Name the primary in JIFEN_DATABASE_URL."""

    code = "snapshot_of_a_replica"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A snapshot that stands now, and what of it came new."""

    manifest: Manifest
    new: dict[str, int]  # rows that came new, by table; lots are written anew and have none
    bytes: int  # of all files that the manifest names
    written_bytes: int  # by this run
    seconds_reading: float  # how long the transaction lasted
    seconds: float


async def take_snapshot(
    address: Address, folder: Path, *, buckets: int | None = None, say: Say = lambda *_: None
) -> Taken:
    """Bring the snapshot in a folder up to now; the first run makes it.

    The ledger is read in one transaction that locks nothing; it is over before anything is sorted or written.

    Refuses
        ProgramMissing    nothing was ever published
        ReplicaRefused    the database is a replica
        SnapshotRefused   what `insight.snapshot.writing` refuses
    """
    began = time.monotonic()
    with begin(folder, buckets=buckets) as run:
        known_members = run.before.manifest.members if run.before else 0
        connection = await connect(address)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                instant = await read_instant(connection)
                revisions = await all_revisions(connection)
                run.begin_at(_head(instant, revisions))
                await _read(connection, run, say)
        finally:
            await connection.close()
        read = time.monotonic()
        manifest = await _finish(run, [_kept(revision) for revision in revisions], say)
        new = {"members": manifest.members - known_members, **{name: run.taken[name] for name in JOURNAL}}
    written = [file for file in manifest.files if file.part == manifest.runs - 1]
    return Taken(
        manifest=manifest,
        new=new,
        bytes=sum(file.bytes for file in manifest.files) + manifest.revisions.bytes,
        written_bytes=sum(file.bytes for file in written),
        seconds_reading=round(read - began, 3),
        seconds=round(time.monotonic() - began, 3),
    )


async def _finish(run: Run, revisions: list[SnapshotRevision], say: Say) -> Manifest:
    """Sort and write in a thread. When this is cancelled (Ctrl-C, a polite kill) the thread ends before the folder is let go."""
    writing = asyncio.create_task(asyncio.to_thread(run.finish, revisions, say))
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        run.stop()
        with suppress(RunStopped):
            await writing
        raise


def _head(instant: Instant, revisions: list[StoredRevision]) -> Head:
    if instant.is_replica:
        raise ReplicaRefused(str(ReplicaRefused.__doc__))
    if not revisions:
        raise ProgramMissing("no programme was published yet: jifen program apply FILE")
    program = timeline_of_published(revisions).newest
    return Head(
        database=instant.database,
        timeline=instant.timeline,
        visible=instant.visible,
        instant=instant.at,
        taken_at=instant.taken_at,
        money=program.money,
        money_decimals=program.money_decimals,
        time_zone=program.time_zone,
    )


def _kept(revision: StoredRevision) -> SnapshotRevision:
    return SnapshotRevision(
        number=revision.number,
        document=revision.document,
        document_hash=revision.document_hash,
        numbering=revision.numbering,
        meaning=revision.meaning,
        effective_at=revision.effective_at,
        published_at=revision.published_at,
    )


async def _read(connection: Connection, run: Run, say: Say) -> None:
    """Every row that the transaction sees and the snapshot before did not."""
    await _in_chunks(lambda sink: copy_member_ids(connection, sink), run.take_member_ids)
    for table in ("members", "lots"):
        await _read_table(connection, run, table, say, is_cache=True)
    for table in ("purchases", "returns", "entries", "postings"):
        await _read_table(connection, run, table, say, is_cache=False)


async def _read_table(connection: Connection, run: Run, table: str, say: Say, *, is_cache: bool) -> None:
    names = column_names(table)

    def take(content: bytes) -> None:
        run.take(table, content, names)
        say(table, run.taken[table], 0)

    async def copy(sink: Sink) -> None:
        if is_cache:
            await copy_cache(connection, table, sink)
        else:
            await copy_journal(connection, table, since=run.since, sink=sink)

    say(table, 0, 0)
    await _in_chunks(copy, take)


async def _in_chunks(copy: Callable[[Sink], Awaitable[None]], take: Callable[[bytes], Any]) -> None:
    """Hand over a COPY in chunks of whole rows; one is taken in while the server sends the next."""
    waiting = bytearray()
    taking: asyncio.Task[Any] | None = None

    async def sink(content: bytes) -> None:
        nonlocal taking
        waiting.extend(content)
        if len(waiting) >= CHUNK_BYTES:
            if taking is not None:
                await taking
            taking = asyncio.create_task(asyncio.to_thread(take, bytes(waiting)))
            waiting.clear()

    try:
        await copy(sink)
    finally:
        if taking is not None:
            await taking
    if waiting:
        await asyncio.to_thread(take, bytes(waiting))
