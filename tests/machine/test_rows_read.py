"""What a verb reads of a member's journal does not grow with how much he ever bought."""

from __future__ import annotations

from tests.builders import a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, days, request_of

from jifen.operations.record_purchases import record_purchases

BOUGHT = 3_000
BATCH = 250
ROWS_MAX = 200
"""Far fewer than he bought; a scan or a sort of all his purchases reads thousands."""


async def _rows_read(till: Till) -> int:
    """Rows that were read of the journal so far; every connection tells what it has not told yet."""
    async with till.ledger.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
    async with till.ledger.connection() as connection:
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        rows: int = await connection.fetchval(
            """SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables
               WHERE relname IN ('purchase', 'purchase_return', 'posting', 'entry')"""
        )
        return rows


async def test_a_void_of_what_was_just_bought_reads_a_few_rows_of_a_long_journal(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, pool_size=1) as till:
        member = await till.enrol()
        now = await till.now()
        for first in range(0, BOUGHT, BATCH):
            asked = [
                request_of(a_purchase(100, at=now - days(1), no=f"n{at}"), member)
                for at in range(first, first + BATCH)
            ]
            await record_purchases(till.ledger, asked)
        for no in ("before", "last"):
            await till.buy(member, 10_000, no=no)
        async with till.ledger.connection() as connection:
            await connection.execute("ANALYZE purchase, purchase_return, posting, entry")
        before = await _rows_read(till)
        await till.bring_back("last")
        assert await _rows_read(till) - before < ROWS_MAX
        await till.assert_laws()
