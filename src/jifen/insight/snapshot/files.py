"""One Parquet file of a snapshot: written whole or not at all, and described as the manifest names it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import polars as pl

from jifen.insight.snapshot.contracts import EVERY, REFERENCE
from jifen.insight.snapshot.manifest import File, write_whole

ROW_GROUP = 262_144
LEVEL = 1  # of zstd: as small as level 3 here, and read as fast as lz4


def path_of(table: str, *, month: str | None, bucket: int, part: int, buckets: int) -> str:
    """Where a file lies in the folder."""
    if table in REFERENCE:
        return f"{table}/as-of-{part:05d}.parquet"
    width = max(2, len(str(buckets - 1)))
    name = f"bucket={bucket:0{width}d}"
    if month is None:
        return f"{table}/{name}/as-of-{part:05d}.parquet"
    return f"{table}/month={month}/{name}/part-{part:05d}.parquet"


def write_file(
    folder: Path, table: str, frame: pl.DataFrame, *, month: str | None, bucket: int, part: int, buckets: int
) -> File:
    """Write one file and return what the manifest says of it.

    Refuses
        FrameContractBroken   the frame does not keep the table's contract
    """
    frame = EVERY[table].contract.check(frame)
    path = path_of(table, month=month, bucket=bucket, part=part, buckets=buckets)
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", compression_level=LEVEL, row_group_size=ROW_GROUP)
    content = out.getvalue()
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    write_whole(folder / path, content)
    return File(
        path=path,
        table=table,
        month=month,
        bucket=bucket,
        part=part,
        rows=frame.height,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        sums=sums_of(table, frame),
    )


def sums_of(table: str, frame: pl.DataFrame) -> dict[str, int]:
    """The sums that the manifest states, of the columns that the table's contract names for it."""
    sums = {}
    for name in EVERY[table].sums:
        column = frame.get_column(name)
        values = column.explode(empty_as_null=False) if isinstance(column.dtype, pl.List) else column
        sums[name] = int(values.sum())
    return sums
