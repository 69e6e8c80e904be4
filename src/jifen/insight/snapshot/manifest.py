"""The manifest: what a snapshot folder holds. What it does not name does not exist.

It is written last, by rename, so that a folder always holds one whole snapshot: the one before or the one after.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from jifen.insight.snapshot.contracts import EVERY, TABLES
from jifen.insight.snapshot.refusals import NotASnapshot, OtherFormat

FORMAT = 4
NAME = "manifest.json"
BUCKETS = 16
"""Buckets of a new snapshot unless told otherwise; memory of readers is bounded by one bucket."""
BUCKETS_MAX = 512  # each has a file open while rows come in


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file and what it must hold."""

    path: str  # relative to the folder, with /
    table: str
    month: str | None  # YYYY-MM, UTC, of recorded_at; None: cache
    bucket: int  # 0 of what is not by bucket
    part: int  # number of the run that wrote it
    rows: int
    bytes: int
    sha256: str
    sums: dict[str, int]  # of the columns in `Table.sums`


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Rows and sums of a table over all its files."""

    rows: int
    sums: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The file that holds the published revisions. It never changes: the next revision makes a new file."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A whole snapshot.

    Units
        instant     book time of the database when it was read: nothing recorded later is in it
        taken_at    the clock's time
        visible     PostgreSQL's own snapshot (`xmin:xmax:running`): just those transactions are in it. Empty: generated
    """

    format: int
    kind: str  # ledger | generated
    database: str  # which database it is of; empty: generated
    timeline: int = 0  # PostgreSQL's, which changes when a server is restored to a moment or fails over
    instant: datetime
    taken_at: datetime
    visible: str
    runs: int  # the next run writes parts of this number
    newest_revision: int
    money: str
    money_decimals: int
    time_zone: str  # the programme's
    buckets: int
    members: int  # the next member that comes new gets this number
    attributes: dict[str, str]  # line attributes: code -> text | integer
    revisions: Published
    files: tuple[File, ...]
    totals: dict[str, Total]
    seed: int | None = None  # generated
    note: str = ""

    @property
    def below_xid(self) -> int:
        """The watermark: every transaction below it had ended."""
        return int(self.visible.split(":")[0]) if self.visible else 0

    def files_of(self, table: str, bucket: int | None = None) -> tuple[File, ...]:
        """The files of a table (and bucket), in order of bucket, month and part."""
        own = [f for f in self.files if f.table == table and bucket in (None, f.bucket)]
        return tuple(sorted(own, key=lambda f: (f.bucket, f.month or "", f.part)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    format: int = field(default=0)


def totals_of(files: Iterable[File]) -> dict[str, Total]:
    """Rows and sums by table, exact whatever their size."""
    files = tuple(files)
    names = [*TABLES, *sorted({file.table for file in files} - set(TABLES))]
    rows = dict.fromkeys(names, 0)
    sums = {name: dict.fromkeys(EVERY[name].sums, 0) for name in names}
    for file in files:
        rows[file.table] += file.rows
        for column, total in file.sums.items():
            sums[file.table][column] += total
    return {name: Total(rows=rows[name], sums=sums[name]) for name in names}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot folder.

    Refuses
        NotASnapshot   there is none, or it cannot be read
        OtherFormat    another format than this code reads
    """
    path = folder / NAME
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotASnapshot(f"{folder} holds no {NAME}. Make a snapshot: jifen snapshot {folder}") from None
    try:
        header = msgspec.json.decode(raw, type=_Header)
        if header.format == FORMAT:
            return msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as torn:
        raise NotASnapshot(
            f"{path} cannot be read: {torn}. Take a new snapshot in an empty folder."
        ) from torn
    raise OtherFormat(
        f"{path} has format {header.format}, this Jifen reads format {FORMAT}. "
        "Take a new snapshot in an empty folder with this Jifen."
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make the manifest the folder's: the snapshot before it is no more, this one is."""
    document: Any = msgspec.to_builtins(manifest)
    write_whole(folder / NAME, msgspec.json.format(msgspec.json.encode(document), indent=1))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, bring it to the disk and rename it: never half there."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
