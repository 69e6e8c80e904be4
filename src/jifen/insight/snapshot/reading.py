"""Read a snapshot: one bucket's frames at a time, so that memory is bounded by a bucket.

snapshot = open_snapshot(Path("snapshot"))
timeline = timeline_of_published(snapshot.revisions())
for bucket in range(snapshot.buckets):
    frames = snapshot.collect(bucket)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from jifen.insight.snapshot.contracts import EVERY, TABLES
from jifen.insight.snapshot.manifest import File, Manifest, read_manifest
from jifen.insight.snapshot.refusals import FileDiffers, FileGone

_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRevision:
    """A published revision, as `document.stored.timeline_of_published` takes it."""

    number: int
    document: Mapping[str, Any]
    document_hash: str
    numbering: Mapping[str, Mapping[str, int]]
    meaning: Mapping[
        str, Any
    ]  # what positions of rules in hits and masks mean: `document.stored.kept_meaning`
    effective_at: datetime
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFrames:
    """Everything of the members of one bucket.

    Shape
        members     sorted by member
        lots        sorted by (member, number)
        purchases   in the order of the files, not of members, with `purchase` = 0 .. n-1 put before the contract's columns
        lines       in the order of `purchases`, with `purchase` put before the contract's columns: ascending, never sorted
        returns, entries   sorted by (member, sequence)
        postings    sorted by (member, sequence, part)
    A column of attribute.<code> is there for every attribute that the manifest names, empty where a part had none.
    """

    bucket: int
    members: pl.DataFrame
    lots: pl.DataFrame
    purchases: pl.DataFrame
    lines: pl.DataFrame
    returns: pl.DataFrame
    entries: pl.DataFrame
    postings: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A whole snapshot as its manifest tells it; every file it names is there and of the right size."""

    folder: Path
    manifest: Manifest

    @property
    def buckets(self) -> int:
        """How many buckets there are: `range(snapshot.buckets)`; bucket = member % buckets."""
        return self.manifest.buckets

    def revisions(self) -> list[SnapshotRevision]:
        """The published revisions, oldest first."""
        raw = (self.folder / self.manifest.revisions.path).read_bytes()
        return msgspec.json.decode(raw, type=list[SnapshotRevision])

    def schema(self, table: str) -> pl.Schema:
        """The columns of a table, attributes included."""
        contract = EVERY[table].contract
        columns = dict(contract.schema)
        if contract.attributes:
            for code, kind in self.manifest.attributes.items():
                columns[f"attribute.{code}"] = pl.Int64() if kind == "integer" else pl.String()
        return pl.Schema(columns)

    def scan(
        self, table: str, bucket: int | None = None, *, months: Iterable[str] | None = None
    ) -> pl.LazyFrame:
        """Rows of a table in the order of its files: by bucket, month and part. Purchases and lines are in step.

        Shape
            bucket   only this one
            months   only these ("YYYY-MM", of recorded_at); journal tables only
            returns  the columns of `schema(table)`
        """
        wanted = None if months is None else set(months)
        files = [f for f in self.manifest.files_of(table, bucket) if wanted is None or f.month in wanted]
        return self._scan(files, self.schema(table))

    def collect(
        self,
        bucket: int,
        *,
        tables: Sequence[str] = tuple(TABLES),
        columns: Mapping[str, Sequence[str]] | None = None,
    ) -> BucketFrames:
        """The frames of one bucket.

        Shape
            tables    read only these; the others come empty. Lines need purchases beside them
            columns   table -> the columns wanted (in the contract's order); all of a table that is not named
        Refuses
            FileDiffers   lines and purchases are not as many as each other
        """
        wanted = dict(columns or {})
        asked = wanted.get("purchases")
        if asked is not None:
            wanted["purchases"] = [*asked, "line_count"]  # which purchase a line is of
        frames = {name: self._collect(name, bucket, tables, wanted.get(name)) for name in TABLES}
        purchases, lines = frames["purchases"], frames["lines"]
        if asked is not None and "line_count" not in asked:
            purchases = purchases.drop("line_count")
        if "purchases" in tables:
            counts = frames["purchases"].get_column("line_count").to_numpy()
            purchases = purchases.insert_column(
                0, pl.Series("purchase", np.arange(len(counts)), dtype=pl.Int64)
            )
            if "lines" in tables:
                if int(counts.sum()) != lines.height:
                    raise FileDiffers(
                        f"bucket {bucket} has {lines.height:,} lines, its purchases say {int(counts.sum()):,}. "
                        f"What else is wrong: jifen snapshot verify {self.folder}"
                    )
                owner = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
                lines = lines.insert_column(0, pl.Series("purchase", owner, dtype=pl.Int64))
        frames["purchases"], frames["lines"] = purchases, lines
        return BucketFrames(bucket=bucket, **frames)

    def _collect(
        self, name: str, bucket: int, tables: Sequence[str], columns: Sequence[str] | None
    ) -> pl.DataFrame:
        schema = self.schema(name)
        chosen = [c for c in schema if columns is None or c in columns]
        if name not in tables:
            return pl.DataFrame(schema={c: schema[c] for c in chosen})
        files = self.manifest.files_of(name, bucket)
        by = TABLES[name].contract.sorted_by if name not in ("purchases", "lines") else ()
        needed = [c for c in schema if c in chosen or c in by]
        frame = self._scan(files, schema).select(needed).collect()
        # One file is sorted; several are runs, of which each is.
        return (frame.sort(by) if by and len(files) > 1 else frame).select(chosen)

    def _scan(self, files: Sequence[File], schema: pl.Schema) -> pl.LazyFrame:
        if not files:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(
            [self.folder / file.path for file in files],
            schema=schema,
            missing_columns="insert",
            hive_partitioning=False,
            glob=False,
        )


def open_snapshot(folder: Path, *, checksums: bool = False) -> Snapshot:
    """The snapshot in a folder.

    Shape
        checksums   also read every file and hold it to its checksum (about 1 GB a second); sizes are held always
    Refuses
        NotASnapshot   no manifest, or an unreadable one
        OtherFormat    of another format
        FileGone       a named file is missing
        FileDiffers    a named file has another size, or another checksum when they were asked for
    """
    manifest = read_manifest(folder)
    named: list[tuple[str, int, str]] = [(f.path, f.bytes, f.sha256) for f in manifest.files]
    named.append((manifest.revisions.path, manifest.revisions.bytes, manifest.revisions.sha256))
    for path, size, digest in named:
        check_file(folder, path, size, digest if checksums else None)
    return Snapshot(folder=folder, manifest=manifest)


def check_file(folder: Path, path: str, size: int, digest: str | None) -> None:
    """Hold one file to what the manifest says of it.

    Refuses
        FileGone, FileDiffers   as `open_snapshot` says
    """
    way_out = "Copy the folder again as a whole, or take a new snapshot in an empty folder."
    try:
        found = (folder / path).stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        raise FileGone(f"{path} is named in the manifest and is not there. {way_out}") from None
    if found != size:
        raise FileDiffers(f"{path} has {found:,} bytes, the manifest says {size:,}. {way_out}")
    if digest is not None and sha256_of(folder / path) != digest:
        raise FileDiffers(f"{path} has another checksum than the manifest says. {way_out}")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
