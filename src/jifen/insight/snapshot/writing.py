"""Write a snapshot: take rows as they come, put them in order a bucket at a time, and let the manifest name them last.

    with begin(folder) as run:
        run.begin_at(Head(...))
        run.take_member_ids(csv)
        run.take("members", csv, names)         # each table, in chunks, in any order
        manifest = run.finish(revisions)

Memory holds a chunk, then a bucket, and some hundred bytes for each member: whose number it is.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl

from jifen.insight.snapshot.contracts import CACHE, EVENTS, TABLES
from jifen.insight.snapshot.files import write_file
from jifen.insight.snapshot.folder import REVISIONS, clean, locked_folder, room_told, spill_folder
from jifen.insight.snapshot.growth import check_growth
from jifen.insight.snapshot.manifest import (
    BUCKETS,
    BUCKETS_MAX,
    FORMAT,
    NAME,
    File,
    Manifest,
    Published,
    totals_of,
    write_manifest,
    write_whole,
)
from jifen.insight.snapshot.merging import PARTS_MAX, merged, merged_purchases, read_parts
from jifen.insight.snapshot.reading import Snapshot, SnapshotRevision, check_file, open_snapshot
from jifen.insight.snapshot.reference import bought_at, stores_of, tiers_of, together
from jifen.insight.snapshot.refusals import HistoryDiffers, OtherBuckets, OtherDatabase
from jifen.insight.snapshot.rows import attributes_of, decoded, parsed, purchases_and_lines
from jifen.insight.snapshot.spill import Spill

Say = Callable[[str, int, int], None]
"""(what is being done, how much is done, of how much)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Which database, and the moment that is read."""

    database: str
    timeline: int
    visible: str
    instant: datetime
    taken_at: datetime
    money: str
    money_decimals: int
    time_zone: str


@contextmanager
def begin(folder: Path, *, buckets: int | None = None) -> Iterator[Run]:
    """A run in a folder, which holds it alone. What earlier runs left unfinished is removed first.

    Shape
        buckets   for a new snapshot, 1 to BUCKETS_MAX; BUCKETS when not told
    Refuses
        FolderTaken, SnapshotBusy              as `folder.locked_folder` says
        NotASnapshot, OtherFormat, FileGone, FileDiffers   the snapshot that stands there is damaged
        OtherBuckets                           the snapshot that stands there has another number of buckets
        DiskFull                               no room; the snapshot that stood there still stands
    """
    assert buckets is None or 1 <= buckets <= BUCKETS_MAX, f"1 to {BUCKETS_MAX} buckets"
    with locked_folder(folder), room_told(folder):
        before = open_snapshot(folder) if (folder / NAME).exists() else None
        if before is not None and buckets not in (None, before.buckets):
            raise OtherBuckets(
                f"the snapshot in {folder} has {before.buckets} buckets, not {buckets}. Leave the option out, or take a "
                "new snapshot in an empty folder."
            )
        if before is not None:
            _prove_what_is_read(before)
        clean(folder, before.manifest if before else None)
        run = Run(folder, before, buckets or (before.buckets if before else BUCKETS))
        try:
            yield run
        finally:
            run.leave()


def _prove_what_is_read(before: Snapshot) -> None:
    """Hold to their checksums the files that every run reads of the snapshot before: who has which number, and what was bought.

    A wrong number or count would be written anew as if it were true. Parts that are put together are proven when that is done.

    Refuses
        FileDiffers   one is not the file that the manifest names
    """
    manifest = before.manifest
    bought = "stores" if any(file.table == "stores" for file in manifest.files) else "purchases"
    for table in ("members", bought):
        for file in manifest.files_of(table):
            check_file(before.folder, file.path, file.bytes, file.sha256)


class RunStopped(Exception):
    """The run was told to stop before its manifest stood."""


class Run:
    """One run of a snapshot. Use `begin`."""

    def __init__(self, folder: Path, before: Snapshot | None, buckets: int) -> None:
        self.folder = folder
        self.before = before
        self.buckets = buckets
        self.part = before.manifest.runs if before else 0
        self._spill_folder = spill_folder(folder)
        self._spills = {name: Spill(self._spill_folder, name, buckets) for name in TABLES if name != "lines"}
        self._head: Head | None = None
        self._ids: list[pl.Series] = []
        self._numbers: pl.DataFrame | None = None
        self._rewrites = False
        self._is_stopped = False
        self._parts: dict[tuple[str, str, int], list[File]] = {}
        self._bought: list[pl.DataFrame] = []
        self.taken = dict.fromkeys(TABLES, 0)

    @property
    def since(self) -> str:
        """What the snapshot before has seen, as PostgreSQL writes it; empty: nothing."""
        return self.before.manifest.visible if self.before else ""

    def begin_at(self, head: Head) -> None:
        """Read from this moment of this database.

        Refuses
            OtherDatabase    the folder holds another's snapshot
            HistoryDiffers   the database was put back to an older state
        """
        self._head = head
        if self.before is None:
            return
        manifest = self.before.manifest
        if manifest.database != head.database:
            raise OtherDatabase(f"{self.folder} holds the snapshot of another database. Name another folder.")
        ahead = int(manifest.visible.split(":")[1]) > int(head.visible.split(":")[1])
        if manifest.timeline != head.timeline or ahead:
            raise HistoryDiffers(
                f"the database is not the one that {self.folder} began with: it was restored, or failed over to another "
                "server. The snapshot before still stands; take a new one in an empty folder."
            )

    def take_member_ids(self, content: bytes) -> None:
        """Some members' ids, as CSV of one column. All of them come before any other row."""
        self._ids.append(parsed("members", content, ["member_id"]).to_series())

    def take(self, table: str, content: bytes, names: Sequence[str]) -> None:
        """Some rows of a table, as CSV without header; `lines` come within `purchases`."""
        frame = self._with_numbers(parsed(table, content, names), table)
        self._spills[table].add(frame)
        self.taken[table] += frame.height

    def _with_numbers(self, frame: pl.DataFrame, table: str) -> pl.DataFrame:
        if self._numbers is None:
            self._numbers = self._number_members()
        frame = frame.join(self._numbers, on="member_id", how="left", maintain_order="left")
        assert frame.get_column("member").null_count() == 0, (
            "a row's member is in the same transaction's sight"
        )
        if table == "entries":
            other = self._numbers.select(counterpart_id="member_id", counterpart="member")
            frame = frame.join(other, on="counterpart_id", how="left", maintain_order="left")
        if table == "returns":
            buyer = self._numbers.select(purchase_member_id="member_id", purchase_member="member")
            frame = frame.join(buyer, on="purchase_member_id", how="left", maintain_order="left")
        return frame if table == "members" else frame.drop("member_id")

    def _number_members(self) -> pl.DataFrame:
        """member_id, member: who is known keeps the number; who is new gets the next, in the order of ids."""
        known = pl.DataFrame(schema={"member_id": pl.String(), "member": pl.Int64()})
        following = 0
        if self.before:
            known = self.before.scan("members").select("member_id", "member").collect()
            following = self.before.manifest.members
        ids = pl.concat(self._ids) if self._ids else pl.Series("member_id", [], dtype=pl.String)
        self._ids.clear()
        new = ids.to_frame("member_id").join(known, on="member_id", how="anti").sort("member_id")
        new = new.with_columns(member=pl.int_range(pl.len(), dtype=pl.Int64) + following)
        return pl.concat([known, new])

    def finish(self, revisions: Sequence[SnapshotRevision], say: Say = lambda *_: None) -> Manifest:
        """Put everything in order, write it, and let the new manifest stand.

        Refuses
            HistoryDiffers   what came does not go on from the snapshot before
            DiskFull         no room
            RunStopped       it was told to stop
        """
        head = self._head
        assert head is not None, "a run begins at a moment"
        attributes = attributes_of([revision.document for revision in revisions])
        if self._numbers is None:
            self._numbers = self._number_members()
        for spill in self._spills.values():
            spill.close()
        members = self._numbers.height
        self._numbers = None
        before = self.before.manifest if self.before else None
        self._parts = _by_partition(before)
        self._bought = [self._bought_before()]
        # An attribute that has become a text is a text in the old parts too.
        self._rewrites = before is not None and any(
            attributes[c] != kind for c, kind in before.attributes.items()
        )
        files: list[File] = []
        for bucket in range(self.buckets):
            self._go_on()
            say("writing", bucket, self.buckets)
            files += self._write_bucket(bucket, attributes)
        say("writing", self.buckets, self.buckets)
        files = [file for parts in self._parts.values() for file in parts] + files
        files.append(self._write(None, "tiers", tiers_of(revisions), 0))
        files.append(self._write(None, "stores", stores_of(revisions, together(self._bought)), 0))
        manifest = Manifest(
            format=FORMAT,
            kind="ledger",
            database=head.database,
            timeline=head.timeline,
            instant=head.instant,
            taken_at=head.taken_at,
            visible=head.visible,
            runs=self.part + 1,
            newest_revision=revisions[-1].number,
            money=head.money,
            money_decimals=head.money_decimals,
            time_zone=head.time_zone,
            buckets=self.buckets,
            members=members,
            attributes=attributes,
            revisions=write_revisions(self.folder, revisions),
            files=tuple(files),
            totals=totals_of(files),
        )
        self._go_on()
        write_manifest(self.folder, manifest)
        return manifest

    def _bought_before(self) -> pl.DataFrame:
        """Purchases by store that the snapshot before has, from its own table; one without it is read."""
        if self.before is None:
            return together([])
        files = list(self.before.manifest.files_of("stores"))
        if files:
            return together(part.select("code", "purchases") for part in read_parts(self.folder, files))
        return bought_at(self.before.scan("purchases"))

    def stop(self) -> None:
        """Let `finish`, in its thread, end at the next bucket without a manifest."""
        self._is_stopped = True

    def _go_on(self) -> None:
        if self._is_stopped:
            raise RunStopped

    def _write_bucket(self, bucket: int, attributes: dict[str, str]) -> list[File]:
        """The files of one bucket: its journal's new parts, and its cache."""
        files: list[File] = []
        events = [pl.DataFrame(schema={"member": pl.Int64(), "sequence": pl.Int64()})]
        for table in ("purchases", "returns", "entries", "postings"):
            raw = self._spills[table].take(bucket)
            if raw is not None:
                rows = decoded(table, raw)
                del raw
                if table in EVENTS:
                    events.append(rows.select("member", "sequence"))
                if table == "purchases":
                    self._bought.append(bought_at(rows.lazy()))
                month = pl.col("recorded_at").dt.strftime("%Y-%m")
                for (name,), part in rows.group_by(month.alias("month"), maintain_order=True):
                    files += self._write_part(table, part, str(name), bucket, attributes)
            if table == "purchases" and self._rewrites:
                months = {month for of, month, number in self._parts if (of, number) == ("lines", bucket)}
                for name in sorted(months - {file.month for file in files}):
                    files += self._write_purchases([], name, bucket, attributes, is_merged=True)
        for table in CACHE:
            raw = self._spills[table].take(bucket)
            names = TABLES[table].contract.schema.names()
            rows = TABLES[table].contract.empty() if raw is None else decoded(table, raw).select(names)
            if table == "members":
                known = self.before.scan("members", bucket).collect() if self.before else rows.clear()
                check_growth(known, rows, pl.concat(events), bucket=bucket)
            files.append(self._write(None, table, rows, bucket))
        return files

    def _write_part(
        self, table: str, rows: pl.DataFrame, month: str, bucket: int, attributes: dict[str, str]
    ) -> list[File]:
        """The rows that came new of a table, month and bucket as a part, alone or with the parts that are there."""
        there = len(self._parts.get((table, month, bucket), ()))
        is_merged = there >= PARTS_MAX or (self._rewrites and there > 0)
        if table == "purchases":
            new = purchases_and_lines(rows, attributes)
            self.taken["lines"] += new[1].height
            return self._write_purchases([new], month, bucket, attributes, is_merged=is_merged)
        rows = rows.select(TABLES[table].contract.schema.names())
        if is_merged:
            old = self._parts.pop((table, month, bucket))
            rows = merged(table, [*read_parts(self.folder, old), rows])
        return [self._write(month, table, rows, bucket)]

    def _write_purchases(
        self,
        new: list[tuple[pl.DataFrame, pl.DataFrame]],
        month: str,
        bucket: int,
        attributes: dict[str, str],
        *,
        is_merged: bool,
    ) -> list[File]:
        parts = new
        if is_merged:
            old = [
                read_parts(self.folder, self._parts.pop((table, month, bucket), []))
                for table in ("purchases", "lines")
            ]
            parts = [*zip(*old, strict=True), *new]
        purchases, lines = merged_purchases(parts, attributes) if len(parts) > 1 or not new else parts[0]
        return [
            self._write(month, "purchases", purchases, bucket),
            self._write(month, "lines", lines, bucket),
        ]

    def _write(self, month: str | None, table: str, frame: pl.DataFrame, bucket: int) -> File:
        return write_file(
            self.folder,
            table,
            frame,
            month=month,
            bucket=bucket,
            part=self.part,
            buckets=self.buckets,
        )

    def leave(self) -> None:
        """Close what is open and remove the rows that were on their way."""
        for spill in self._spills.values():
            spill.close()
        shutil.rmtree(self._spill_folder, ignore_errors=True)


def _by_partition(manifest: Manifest | None) -> dict[tuple[str, str, int], list[File]]:
    """The journal's files by table, month and bucket, in order of part."""
    parts: dict[tuple[str, str, int], list[File]] = {}
    for file in sorted(manifest.files if manifest else (), key=lambda f: f.part):
        if file.month is not None:
            parts.setdefault((file.table, file.month, file.bucket), []).append(file)
    return parts


def write_revisions(folder: Path, revisions: Sequence[SnapshotRevision]) -> Published:
    """The published revisions as a file of their own, named by the newest."""
    content = msgspec.json.format(msgspec.json.encode(list(revisions)), indent=1)
    path = f"{REVISIONS}{revisions[-1].number:05d}.json"
    write_whole(folder / path, content)
    return Published(path=path, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
