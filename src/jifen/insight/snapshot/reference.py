"""Tiers and stores of a snapshot: what is the same for every member, worked out from the revisions and the purchases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from jifen.document.stored import Published, timeline_of_published
from jifen.insight.snapshot.contracts import PURCHASES, STORES, TIERS
from jifen.insight.snapshot.manifest import File


def tiers_of(revisions: Sequence[Published]) -> pl.DataFrame:
    """Every tier of every revision, as the contract of `tiers` says."""
    rows = [
        {
            "revision": program.revision,
            "number": tier.number,
            "code": tier.code,
            "name_zh": tier.names.get("zh"),
            "name_en": tier.names.get("en"),
            "rank": rank,
            "currency": program.ladder.currency,
            "reach": tier.reach,
            "window_days": program.ladder.window_days,
            "keeps_days": program.ladder.keeps_days,
            "multiplier_numerator": tier.multiplier[0],
            "multiplier_denominator": tier.multiplier[1],
            "effective_at": program.effective_at,
        }
        for program in timeline_of_published(revisions).programs
        for rank, tier in enumerate(program.ladder.tiers)
    ]
    return pl.DataFrame(rows, schema=TIERS.schema).sort(TIERS.sorted_by)


def stores_of(revisions: Sequence[Published], purchases: pl.LazyFrame) -> pl.DataFrame:
    """Every store that a revision names or where something was bought, as the contract of `stores` says."""
    timeline = timeline_of_published(revisions)
    named = {
        store.code: {
            "code": store.code,
            "name_zh": store.names.get("zh"),
            "name_en": store.names.get("en"),
            "time_zone": store.time_zone,
            "revision": program.revision,
        }
        for program in timeline.programs
        for store in program.stores.values()
    }
    counted = (
        purchases.filter(pl.col("store").is_not_null())
        .group_by(code="store")
        .agg(purchases=pl.len().cast(pl.Int64))
        .collect()
    )
    declared = pl.DataFrame(
        list(named.values()),
        schema={name: type_ for name, type_ in STORES.schema.items() if name != "purchases"},
    )
    return (
        declared.join(counted, on="code", how="full", coalesce=True)
        .with_columns(
            pl.col("time_zone").fill_null(timeline.newest.time_zone), pl.col("purchases").fill_null(0)
        )
        .select(STORES.schema.names())
        .sort("code")
    )


def scan_files(folder: Path, files: Iterable[File]) -> pl.LazyFrame:
    """The stores of purchases in files that no manifest names yet."""
    paths = [folder / file.path for file in files]
    if not paths:
        return pl.LazyFrame(schema=PURCHASES.schema)
    return pl.scan_parquet(paths, hive_partitioning=False, glob=False)
