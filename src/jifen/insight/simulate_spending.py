"""A seeded simulation of members who spend part of their points, for data that holds purchases only.

Every event it makes is labelled in the journal as simulated. It is meant for demonstrations, never for a shop's books.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from jifen.domain import fold
from jifen.domain.timeline import Timeline
from jifen.insight.lives import EXTRA, advance_all

SPENDERS_PERMILLE = 550  # members who ever spend
VISITS_PERMILLE = 120  # of their visits that end at the reward counter
REWARDS = (
    200,
    200,
    200,
    200,
    500,
    500,
    500,
    1_000,
    1_000,
    2_000,
)  # units asked for; what cannot be paid is not bought


def simulated_spending(
    purchases: pl.DataFrame, timeline: Timeline, *, seed: int, until: datetime
) -> pl.DataFrame:
    """Redemptions that members ask for a second after some of their purchases, and then time passing up to `until`.

    Chance is a hash of the member's and the purchase's own names, so a part of the data gives a part of the same events.

    Shape
        purchases   with `member`, `member_ref`, `source`, `business_no` and `occurred_at`
        returns     EXTRA
    """
    n_members = purchases.get_column("member").n_unique()
    currency = next(c.number for c in timeline.newest.currencies if c.kind == "spendable")
    of_member = pl.col("member_ref").hash(seed) % 1_000
    of_visit = pl.concat_str("source", "business_no", separator=" ").hash(seed + 1)
    wishes = (
        purchases.with_columns(chance=of_visit)
        .filter((of_member < SPENDERS_PERMILLE) & (pl.col("chance") % 1_000 < VISITS_PERMILLE))
        .select(
            pl.col("member"),
            at=pl.col("occurred_at").dt.truncate("1s") + pl.duration(seconds=1),
            kind=pl.lit(fold.REDEEM, dtype=pl.Int64),
            currency=pl.lit(currency, dtype=pl.Int64),
            units=pl.lit(pl.Series(REWARDS, dtype=pl.Int64)).gather(pl.col("chance") // 1_000 % len(REWARDS)),
        )
    )
    return pl.concat([wishes.cast(EXTRA), advance_all(n_members, until)])
