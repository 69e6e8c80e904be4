"""Read the back-tests that were asked for, one of them, and its report."""

from __future__ import annotations

from uuid import UUID

from jifen.domain.refusals import BacktestUnfinished, BacktestUnknown
from jifen.store.backtests import (
    ListedBacktest,
    StoredBacktest,
    fail_orphans,
    find_backtest,
    find_report,
    page_of_backtests,
)
from jifen.store.ledger import Ledger

PAGE_MAX = 200


async def list_backtests(
    ledger: Ledger, *, before: UUID | None, limit: int
) -> tuple[list[ListedBacktest], UUID | None]:
    """A page of them, the newest first, and the cursor of the next page; None at the end.

    One whose process is gone has failed.
    """
    assert 1 <= limit <= PAGE_MAX, "a page has a limit"
    async with ledger.transaction() as connection:
        found = await page_of_backtests(connection, before=before, limit=limit + 1)
        if any(one.state == "running" for one in found) and await fail_orphans(connection):
            found = await page_of_backtests(connection, before=before, limit=limit + 1)
    page = found[:limit]
    return page, page[-1].backtest_id if len(found) > limit else None


async def read_backtest(ledger: Ledger, backtest_id: UUID) -> StoredBacktest:
    """The back-test as it stands; one whose process is gone has failed.

    Refuses
        BacktestUnknown   there is none (any more)
    """
    async with ledger.transaction() as connection:
        found = await find_backtest(connection, backtest_id)
        if found is not None and found.state == "running" and await fail_orphans(connection):
            found = await find_backtest(connection, backtest_id)
    if found is None:
        raise BacktestUnknown(pointer="/path/backtest_id")
    return found


async def read_report(ledger: Ledger, backtest_id: UUID, *, form: str, language: str) -> bytes:
    """Its report as html, xlsx or json; json has no language.

    Refuses
        BacktestUnknown      there is none (any more)
        BacktestUnfinished   it is not done, or never will be
    """
    async with ledger.transaction() as connection:
        content = await find_report(connection, backtest_id, form, "" if form == "json" else language)
    if content is None:
        state = (await read_backtest(ledger, backtest_id)).state
        raise BacktestUnfinished(f"the back-test is {state}", state=state)
    return content
