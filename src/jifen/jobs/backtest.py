"""A back-test from end to end: the snapshot is brought up to now, the draft held against it, both sides compared.

The command and the process that the API starts call the same `run_backtest`. It keeps a snapshot of its own in Jifen's folder:

HOME/backtest/lock                      held while a back-test runs: one at a time, others wait
HOME/backtest/snapshot-IDENTITY/        of one database; taken anew when it is damaged or the database was put back

Why so: docs/decisions/0068-a-back-test-keeps-a-snapshot-of-its-own.md.
"""

from __future__ import annotations

import fcntl
import importlib
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import polars as pl

from jifen.document.model import ProgramDocument
from jifen.domain import refusals as no
from jifen.domain.calendar import local_date
from jifen.insight.backtest import sides
from jifen.insight.backtest.compare import Progress, compare, span_of
from jifen.insight.backtest.missing import MissingFact, missing_facts
from jifen.insight.backtest.question import RICH_BPS, Redemptions
from jifen.insight.backtest.result import Result
from jifen.insight.snapshot import Snapshot, SnapshotRefused, open_snapshot
from jifen.insight.snapshot.manifest import NAME as MANIFEST
from jifen.insight.snapshot.refusals import FileDiffers, FileGone, HistoryDiffers, NotASnapshot, OtherFormat

if TYPE_CHECKING:
    from jifen.embedded.connection import Connection as Address

Engine = Literal["local", "spark"]
Stage = Literal["waiting", "snapshot", "checking", "comparing"]
ENGINES: tuple[Engine, ...] = ("local", "spark")
HEALED = (HistoryDiffers, NotASnapshot, OtherFormat, FileGone, FileDiffers)
"""What is wrong with a snapshot that is only ours: it is taken anew."""
WAIT_SECONDS = 0.5
STORES_NAMED = 3
# How much of reading the ledger is done when a table begins to be read, in hundredths; the rest is sorting and writing.
_READS = {
    "members": 0,
    "lots": 3,
    "purchases": 10,
    "returns": 35,
    "entries": 36,
    "postings": 38,
    "writing": 50,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a back-test. Without days: all of the history up to the end of its last full day."""

    draft: ProgramDocument
    label: str = "draft"
    against: ProgramDocument | None = None  # None: the published revisions
    against_label: str = "baseline"
    from_on: date | None = None
    to_on: date | None = None
    stores: tuple[str, ...] = ()
    sample: Fraction | None = None
    seed: int = 0
    rich_bps: int = RICH_BPS
    redemptions: Redemptions = "replayed"
    elasticity: Fraction | None = None
    engine: Engine = "local"

    def __post_init__(self) -> None:
        if self.from_on is not None and self.to_on is not None and self.from_on > self.to_on:
            raise no.FieldWrong(
                f"the period ends before it begins: from {self.from_on} to {self.to_on}", pointer="/from_on"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far it is. `percent` is of this stage."""

    stage: Stage
    percent: int
    seconds_left: float | None = None


class Tell(Protocol):
    """Who is told how it goes; may raise to stop."""

    def step(self, step: Step) -> None:
        """How far it is."""

    def missing(self, facts: Sequence[MissingFact]) -> None:
        """What the draft asks for and the history does not tell, before anything is compared; maybe nothing."""

    def healed(self, why: str) -> None:
        """The snapshot that is kept for this was not usable and is taken anew."""


async def own_snapshot(address: Address, home: Path, tell: Tell) -> Snapshot:
    """The snapshot that back-tests of this database keep in Jifen's folder, brought up to now and checked.

    One that is damaged, or of a history that is no more, is taken anew.

    Refuses
        ProgramMissing    nothing was ever published
        SnapshotRefused   it cannot be read or written: a replica, a full disk, a closed folder
    """
    # What speaks to the database is loaded only here: a back-test of a snapshot that stands starts 0.4 s sooner.
    from jifen.store.ledger import connect
    from jifen.store.snapshot import read_instant

    connection = await connect(address)
    try:
        async with connection.transaction(readonly=True):
            identity = (await read_instant(connection)).database
    finally:
        await connection.close()
    folder = backtest_folder(home) / f"snapshot-{identity[:12]}"
    try:
        return await named_snapshot(address, folder, tell)
    except HEALED as wrong:
        tell.healed(wrong.detail)
        shutil.rmtree(folder)
        return await named_snapshot(address, folder, tell)


async def named_snapshot(address: Address, folder: Path, tell: Tell) -> Snapshot:
    """The snapshot in a folder, brought up to now; the first time it is made. Every file is held to its checksum.

    Refuses
        ProgramMissing    nothing was ever published
        SnapshotRefused   it cannot be read, written or believed
    """
    from jifen.jobs.snapshot import take_snapshot

    def say(what: str, done: int, of: int) -> None:
        begins = _READS[what]
        tell.step(Step(stage="snapshot", percent=begins + ((100 - begins) * done // of if of else 0)))

    # What stands is held to its checksums before anything reads it; what comes new was written just now.
    if (folder / MANIFEST).exists():
        open_snapshot(folder, checksums=True)
    await take_snapshot(address, folder, say=say)
    return open_snapshot(folder)


def backtest_folder(home: Path) -> Path:
    """Where back-tests keep what is theirs."""
    return home / "backtest"


@contextmanager
def alone(home: Path, tell: Tell) -> Iterator[None]:
    """While the block lasts no other back-test of this folder runs; until then it waits. The lock dies with its process.

    Refuses
        SnapshotRefused   the folder cannot be written
    """
    folder = backtest_folder(home)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = (folder / "lock").open("a+b")
    except OSError as closed:
        raise FolderUnusable(
            f"{folder} cannot be written ({closed.strerror}). Set JIFEN_HOME to a folder of this user."
        ) from closed
    with held as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                tell.step(Step(stage="waiting", percent=0))
                time.sleep(WAIT_SECONDS)
        yield


class FolderUnusable(SnapshotRefused):
    """Jifen's own folder cannot be written. Set JIFEN_HOME to a folder of this user."""

    code = "backtest_folder_closed"


def run_backtest(snapshot: Snapshot, asked: Asked, tell: Tell) -> Result:
    """What the draft would have come to beside the baseline, over a snapshot that stands.

    Refuses
        DocumentRefused    a document contradicts itself
        BacktestRefused    the history is empty, lies outside the days asked for, or is counted otherwise; the engine is missing
        StoreUnknown       nothing was ever bought in a store that is named
        ProgramMissing     the snapshot holds no programme
    """
    engine = engine_of(asked.engine)
    tell.step(Step(stage="checking", percent=0))
    from_on, to_on = _period(snapshot, asked)
    _check_stores(snapshot, asked.stores)
    facts = missing_facts(snapshot, asked.draft)
    tell.missing(facts)
    tell.step(Step(stage="comparing", percent=0))

    def progress(done: Progress) -> None:
        percent = 100 * done.buckets_done // done.buckets
        tell.step(Step(stage="comparing", percent=percent, seconds_left=done.seconds_left))

    try:
        return compare(
            snapshot,
            asked.draft,
            label=asked.label,
            against=asked.against,
            against_label=asked.against_label,
            from_on=from_on,
            to_on=to_on,
            stores=asked.stores,
            sample=asked.sample,
            seed=asked.seed,
            rich_bps=asked.rich_bps,
            redemptions=asked.redemptions,
            elasticity=asked.elasticity,
            missing=facts,
            progress=progress,
            **engine,
        )
    except sides.BacktestRefused as refused:
        raise no.BacktestRefused(str(refused)) from refused


def engine_of(engine: Engine) -> dict[str, Any]:
    """What `compare` is told of the engine.

    Refuses
        BacktestRefused   what it needs is not installed; the message says how to get it
    """
    if engine == "local":
        return {}
    spark = importlib.import_module("jifen.insight.backtest.spark")
    missing = spark.spark_missing()
    if missing is not None:
        raise no.BacktestRefused(f"--engine spark: {missing}", pointer="/engine")
    return {"engine": spark.on_spark()}


def _period(snapshot: Snapshot, asked: Asked) -> tuple[date | None, date]:
    """The days asked for, the last of them told; by default the end of the last full day of the history."""
    zone = snapshot.manifest.time_zone
    try:
        first, last = span_of(snapshot, zone)
    except sides.BacktestRefused:
        raise no.BacktestRefused(
            "nobody has bought anything yet: bring the past in (jifen import purchases), or wait for the first sales"
        ) from None
    full = max(first, local_date(snapshot.manifest.instant, zone) - timedelta(days=1))
    for day, pointer in ((asked.from_on, "/from_on"), (asked.to_on, "/to_on")):
        if day is not None and not first <= day <= last:
            raise no.BacktestRefused(
                f"{day} lies outside the history, which goes from {first} to {last}",
                pointer=pointer,
                history_from=str(first),
                history_to=str(last),
            )
    if asked.to_on is None and asked.from_on is not None:
        full = max(full, asked.from_on)
    return asked.from_on, asked.to_on or full


def _check_stores(snapshot: Snapshot, stores: Sequence[str]) -> None:
    if not stores:
        return
    found = snapshot.scan("purchases").select(pl.col("store").unique()).collect().get_column("store")
    known = sorted(str(code) for code in found.drop_nulls())
    for at, code in enumerate(stores):
        if code not in known:
            near = get_close_matches(code, known, n=STORES_NAMED, cutoff=0.5) or known[:STORES_NAMED]
            if near:
                hint = f"; the history knows {len(known):,} stores, such as {', '.join(near)}"
            else:
                hint = "; its purchases name no store"
            raise no.StoreUnknown(
                f"nothing was ever bought in the store {code!r}{hint}", pointer=f"/stores/{at}", store=code
            )
