"""Rows on their way: they come in any order, a chunk at a time, and are wanted a bucket at a time.

Each chunk is split by bucket and appended to that bucket's file, so that memory holds a chunk, and later a bucket.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import polars as pl
import pyarrow as pa

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


class Spill:
    """Frames of one table by bucket, on the disk."""

    def __init__(self, folder: Path, table: str, buckets: int) -> None:
        self._folder = folder
        self._table = table
        self._buckets = buckets
        self._writers: dict[int, tuple[pa.OSFile, pa.ipc.RecordBatchStreamWriter]] = {}
        self._written: set[int] = set()

    def __enter__(self) -> Spill:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, frame: pl.DataFrame) -> None:
        """Append rows.

        Shape
            frame   has `member`; every frame of a spill has the same columns
        """
        bucket = frame.get_column("member").to_numpy() % self._buckets
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(self._buckets + 1))
        rows = frame[order]
        for number in np.flatnonzero(np.diff(ends)).tolist():
            part = rows[int(ends[number]) : int(ends[number + 1])].to_arrow(
                compat_level=pl.CompatLevel.oldest()
            )
            _, writer = self._writers.get(number) or self._open(number, part.schema)
            writer.write_table(part)

    def _open(self, bucket: int, schema: pa.Schema) -> tuple[pa.OSFile, pa.ipc.RecordBatchStreamWriter]:
        self._written.add(bucket)
        file = pa.OSFile(str(self._path(bucket)), "wb")
        self._writers[bucket] = file, pa.ipc.new_stream(file, schema, options=_OPTIONS)
        return self._writers[bucket]

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{self._table}-{bucket}.arrows"

    def close(self) -> None:
        """No more rows come."""
        for file, writer in self._writers.values():
            writer.close()
            file.close()
        self._writers.clear()

    def take(self, bucket: int) -> pl.DataFrame | None:
        """All rows of a bucket, which are gone from the spill with that; None: there are none."""
        if bucket not in self._written:
            return None
        path = self._path(bucket)
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
            frame = pl.from_arrow(stream.read_all())
        path.unlink()
        assert isinstance(frame, pl.DataFrame), "a table has columns"
        return frame
