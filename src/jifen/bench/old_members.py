"""Members of three years, as the benchmark's: two visits a week in five lines, points earned, spent and expired."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import polars as pl

from jifen.bench.load import baskets_of_lines
from jifen.domain.timeline import Timeline
from jifen.embedded import Server
from jifen.insight import frames
from jifen.insight.frames import Loaded

YEARS = 3
VISITS_A_WEEK = 2
_SEED = 3


async def add_old_members(server: Server, count: int) -> list[str]:
    """Bring in the lives of so many members up to yesterday; their ids, as hex."""
    from jifen.document.stored import timeline_of_published
    from jifen.insight.simulate_spending import simulated_spending
    from jifen.jobs.import_purchases import import_purchases
    from jifen.store.ledger import Ledger, open_pool

    until = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)

    def spending(purchases: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
        return simulated_spending(purchases, timeline, seed=_SEED, until=until)

    pool = await open_pool(server.app, size=2)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        done = await import_purchases(ledger, lives(count, until=until), actor="bench", extra=spending)
        assert done.new_members == count, f"{done.refused} purchases were refused"
        async with ledger.connection() as connection:
            rows = await connection.fetch("SELECT member_id FROM member_key")  # nobody else has one
    finally:
        await pool.close()
    return sorted(row[0].hex for row in rows)


def lives(count: int, *, until: datetime) -> Loaded:
    """Purchases of so many members: on a weekday of each one's own and three days later, every week of three years."""
    rng = random.Random(_SEED)  # noqa: S311
    baskets = baskets_of_lines(rng)
    purchases: list[tuple[object, ...]] = []
    lines: list[tuple[object, ...]] = []
    first = until - timedelta(days=365 * YEARS)
    visits = [
        timedelta(days=7 * week + 3 * visit)
        for week in range(365 * YEARS // 7 - 1)
        for visit in range(VISITS_A_WEEK)
    ]
    for member in range(count):
        begins = first + timedelta(days=rng.randrange(7), seconds=rng.randrange(40_000))
        for visit in visits:
            number = len(purchases)
            amount, basket = baskets[rng.randrange(len(baskets))]
            purchases.append((number, f"{member}-{visit.days}", f"old-{member}", begins + visit, amount))
            lines += [(number, *line) for line in basket]
    told = pl.DataFrame(
        purchases,
        schema={"purchase": pl.Int64, "business_no": pl.String, "member_ref": pl.String,
                "occurred_at": pl.Datetime("us", "UTC"), "amount_minor": pl.Int64},
        orient="row",
    )  # fmt: skip
    told = told.with_columns(
        source=pl.lit("bench-past"), member_ref_kind=pl.lit("card"), store=pl.lit("s1"), channel=pl.lit("store"),
        money=pl.lit("USD"), row_first=pl.col("purchase") + 1, file=pl.lit("bench"),
    )  # fmt: skip
    inside = pl.DataFrame(
        lines,
        schema={"purchase": pl.Int64, "number": pl.Int32, "sku": pl.String, "category": pl.String, "brand": pl.String,
                "quantity_milli": pl.Int64, "amount_minor": pl.Int64},
        orient="row",
    ).with_columns(discount_minor=pl.lit(0, dtype=pl.Int64))  # fmt: skip
    counts = frames.Counts(
        rows_read=inside.height, purchases=told.height, lines=inside.height, doubled_rows=0, rejected_rows=0,
        rejected_purchases=0, spend_minor=int(told["amount_minor"].sum()),
    )  # fmt: skip
    return Loaded(
        purchases=_whole(told, frames.PURCHASES), lines=_whole(inside, frames.LINES), rejects=frames.REJECTS.empty(),
        counts=counts,
    )  # fmt: skip


def _whole(frame: pl.DataFrame, contract: frames.Contract) -> pl.DataFrame:
    """The columns of a contract, empty where the benchmark tells nothing."""
    missing = {
        name: pl.lit(None, dtype=type_)
        for name, type_ in contract.schema.items()
        if name not in frame.columns
    }
    return contract.check(frame.with_columns(**missing).select(contract.schema.names()))
