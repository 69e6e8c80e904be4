"""The process that works off the back-tests that the API was asked for: `python -m jifen.jobs.backtest_process`.

The database's address and Jifen's folder come as JSON by standard input. One such process at a time works for a database;
another one ends at once. It yields to everybody else on its machine (nice), and ends when its database is gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg
import structlog

from jifen.embedded.connection import Connection as Address
from jifen.store.backtests import (
    StoredBacktest,
    begin_next,
    end_done,
    end_failed,
    leave_run,
    leave_turn,
    still_runs,
    take_turn,
    waiting_backtests,
)
from jifen.store.ledger import Connection, connect

NICE = 10
TELLS_EVERY_SECONDS = 0.5

log = structlog.get_logger("jifen.backtest")


async def work_off(address: Address, home: Path | None = None) -> int:
    """Run what waits, one after another, until nothing does; answers how many it ran."""
    ran = 0
    connection = await connect(address)
    try:
        # One may come to wait just before the turn is left, and find it taken: so look once more after it.
        while await waiting_backtests(connection) and await take_turn(connection):
            while (one := await begin_next(connection)) is not None:
                await _run(connection, address, home, one)
                await leave_run(connection, one.backtest_id)
                ran += 1
            await leave_turn(connection)
    finally:
        await connection.close()
    return ran


async def _run(connection: Connection, address: Address, home: Path | None, one: StoredBacktest) -> None:
    """Run one, tell how far it is, and keep its reports or why there are none."""
    # Polars and Numba are loaded by who has the turn: one that finds it taken has cost little.
    from jifen.jobs.backtest_asked import EXPECTED, Stopped, Told, failure_document, work

    told = Told()
    working = asyncio.create_task(asyncio.to_thread(work, address, home, one.question, told))
    while not working.done():
        await asyncio.wait([working], timeout=TELLS_EVERY_SECONDS)
        if not await still_runs(connection, one.backtest_id, **told.now()):
            told.is_stopped.set()
            await asyncio.wait([working])
    failure = working.exception()
    if failure is None:
        await end_done(connection, one.backtest_id, working.result())
    elif not isinstance(failure, Stopped):
        if not isinstance(failure, EXPECTED):
            log.error(
                "backtest failed", backtest_id=str(one.backtest_id), error=repr(failure), exc_info=failure
            )
        await end_failed(connection, one.backtest_id, failure_document(failure))


def main() -> None:
    """Read the address and work."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    told = json.load(sys.stdin)
    home = Path(told["home"]) if told["home"] else None
    os.nice(NICE)
    asyncio.run(_work_while_it_can(Address(**told["address"]), home))


async def _work_while_it_can(address: Address, home: Path | None) -> None:
    try:
        await work_off(address, home)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as gone:
        log.warning("the database is gone; what ran has failed", error=repr(gone))
        # A thread may still compute what nobody can be told any more.
        os._exit(1)


if __name__ == "__main__":
    main()
