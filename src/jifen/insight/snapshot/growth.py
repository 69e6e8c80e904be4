"""Has a bucket grown as a ledger grows? Held before a run's manifest stands, so that a snapshot is of one history.

For each member the new entries are numbered on from the last one known, without a gap or a double, up to the last one that the
cache knows; who has no new entry stands as before. A database that was put back to an older state, went on from there and is
read again does not pass.
"""

from __future__ import annotations

import polars as pl

from jifen.insight.snapshot.refusals import HistoryDiffers

_STANDING = (
    pl.col("sequence").alias("sequence"),
    # Sums: a new currency lengthens the lists by noughts, with no entry.
    pl.col("balances").list.sum().alias("units"),
    pl.col("debts").list.sum().alias("owed"),
)


def check_growth(before: pl.DataFrame, after: pl.DataFrame, events: pl.DataFrame, *, bucket: int) -> None:
    """Hold the members of a bucket to their entries that came new.

    Shape
        before   MEMBERS as the snapshot before left them
        after    MEMBERS as of now
        events   member, sequence: purchases, returns and entries that came new
    Refuses
        HistoryDiffers   naming the first member that does not fit
    """
    new = events.group_by("member").agg(
        came=pl.len().cast(pl.Int64),
        distinct=pl.col("sequence").n_unique().cast(pl.Int64),
        first=pl.col("sequence").min(),
        last=pl.col("sequence").max(),
    )
    joined = (
        before.select("member", was=pl.struct(*_STANDING))
        .join(
            after.select("member", "member_id", now=pl.struct(*_STANDING)),
            on="member",
            how="full",
            coalesce=True,
        )
        .join(new, on="member", how="full", coalesce=True)
        .with_columns(pl.col("came", "distinct").fill_null(0))
    )
    told = pl.col("was").struct.field("sequence").fill_null(0)
    is_there = pl.col("member_id").is_not_null()
    stands = (pl.col("came") == 0) & (pl.col("was").is_null() | (pl.col("was") == pl.col("now")))
    counts = pl.col("now").struct.field("sequence") - told == pl.col("came")
    runs_on = (
        (pl.col("came") > 0)
        & (pl.col("first") == told + 1)
        & (pl.col("distinct") == pl.col("came"))
        & (pl.col("last") == pl.col("now").struct.field("sequence"))
    )
    fits = is_there & counts & (stands | runs_on)
    wrong = joined.filter(~fits.fill_null(value=False)).sort("member")
    if wrong.height:
        row = wrong.row(0, named=True)
        known = (row["was"] or {}).get("sequence", 0)
        now = row["now"]["sequence"] if row["now"] else "gone"
        raise HistoryDiffers(
            f"{wrong.height:,} members of bucket {bucket} do not go on from where this snapshot left them: member "
            f"{row['member']} ({row['member_id']}) had {known} entries, has {now}, and {row['came']} came new. Was the "
            "database restored? The snapshot before still stands; take a new one in an empty folder."
        )
