"""Tiers and stores of a snapshot: what is the same for every member, worked out from the revisions and the purchases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from jifen.document.stored import Published, timeline_of_published
from jifen.insight.snapshot.contracts import STORES, TIERS


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
            "ladder": at,
            "counts": ladder.counts,
            "reach": tier.reach,
            "keep": tier.kept_by,
            "window": ladder.window.kind.name.lower(),
            "window_days": ladder.window.days,
            "keeps": ladder.keeps.name.lower(),
            "keeps_for": ladder.keeps_for,
            "grace_days": ladder.grace_days,
            "downgrade": ladder.downgrade.name.lower(),
            "multiplier_numerator": tier.multiplier[0],
            "multiplier_denominator": tier.multiplier[1],
            "effective_at": program.effective_at,
        }
        for program in timeline_of_published(revisions).programs
        for at, ladder in enumerate(program.ladders)
        for rank, tier in enumerate(ladder.tiers)
    ]
    return pl.DataFrame(rows, schema=TIERS.schema).sort(TIERS.sorted_by)


def stores_of(revisions: Sequence[Published], counted: pl.DataFrame) -> pl.DataFrame:
    """Every store that a revision names or where something was bought, as the contract of `stores` says.

    Shape
        counted   as `bought_at` gives it
    """
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
    columns = {name: type_ for name, type_ in STORES.schema.items() if name != "purchases"}
    return (
        pl.DataFrame(list(named.values()), schema=columns)
        .join(counted, on="code", how="full", coalesce=True)
        .with_columns(
            pl.col("time_zone").fill_null(timeline.newest.time_zone), pl.col("purchases").fill_null(0)
        )
        .select(STORES.schema.names())
        .sort("code")
    )


def bought_at(purchases: pl.LazyFrame) -> pl.DataFrame:
    """How many purchases each store has: code, purchases. Purchases without a store are left out."""
    return (
        purchases.filter(pl.col("store").is_not_null())
        .group_by(code="store")
        .agg(purchases=pl.len().cast(pl.Int64))
        .collect()
    )


def together(counts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Several of `bought_at` as one."""
    every = [pl.DataFrame(schema={"code": pl.String(), "purchases": pl.Int64()}), *counts]
    return pl.concat(every).group_by("code").agg(pl.col("purchases").sum())
