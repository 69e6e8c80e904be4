"""Parts of one month and bucket put together, so that years of nightly runs stay some thousand files, not a hundred thousand.

Old parts are held to their checksums first: damage is never dressed as new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from jifen.insight.frames import ATTRIBUTE_PREFIX
from jifen.insight.snapshot.contracts import TABLES
from jifen.insight.snapshot.manifest import File
from jifen.insight.snapshot.reading import check_file

PARTS_MAX = 8
"""With so many parts of a month and bucket, the next run's rows are written together with theirs as one."""


def read_parts(folder: Path, files: Sequence[File]) -> list[pl.DataFrame]:
    """The rows of some files of a snapshot that stands.

    Refuses
        FileGone, FileDiffers   one is not as the manifest says
    """
    for file in files:
        check_file(folder, file.path, file.bytes, file.sha256)
    return [pl.read_parquet(folder / file.path, hive_partitioning=False, glob=False) for file in files]


def merged(table: str, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Parts of a table other than purchases and lines as one, in order."""
    return pl.concat(parts).sort(TABLES[table].contract.sorted_by)


def merged_purchases(
    parts: Sequence[tuple[pl.DataFrame, pl.DataFrame]], attributes: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Parts of purchases, each with its lines, as one: purchases in order, lines in the order of purchases.

    Shape
        attributes   what the lines have from now on; one that was a whole number may have become a text
    """
    purchases = pl.concat([bought for bought, _ in parts]).with_row_index("row")
    lines = pl.concat([with_attributes(lines, attributes) for _, lines in parts])
    starts = np.concatenate([[0], np.cumsum(purchases.get_column("line_count").to_numpy())])
    ordered = purchases.sort(TABLES["purchases"].contract.sorted_by)
    at, counts = ordered.get_column("row").to_numpy(), ordered.get_column("line_count").to_numpy()
    first = np.cumsum(counts) - counts
    rows = np.repeat(starts[at] - first, counts) + np.arange(int(counts.sum()))
    return ordered.drop("row"), lines[rows]


def with_attributes(lines: pl.DataFrame, attributes: Mapping[str, str]) -> pl.DataFrame:
    """Lines with a column for each attribute, of its kind; empty where they had none."""
    columns = []
    for code, kind in attributes.items():
        name, type_ = f"{ATTRIBUTE_PREFIX}{code}", pl.Int64() if kind == "integer" else pl.String()
        columns.append(
            (pl.col(name) if name in lines.columns else pl.lit(None)).cast(type_).alias(name)
        )  # fmt: skip
    return lines.select(*TABLES["lines"].contract.schema.names(), *columns)
