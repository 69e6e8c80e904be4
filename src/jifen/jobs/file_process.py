"""The process that works on files which are to come in or go out: `python -m jifen.jobs.file_process`.

The database's address and Jifen's folder come as JSON by standard input. One such process at a time works for a database;
another one ends at once. It yields to everybody else on its machine (nice), takes no more memory than there is, and ends when its
database is gone. Decision 0133.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import structlog

from jifen.domain.refusals import Refusal
from jifen.embedded import home_folder
from jifen.embedded.connection import Connection as Address
from jifen.jobs.file_told import FileTold, Stopped
from jifen.jobs.look_at_file import hold_small
from jifen.store.file_tasks import (
    EXPORTS,
    IMPORTS,
    TURN,
    FileTask,
    begin_next,
    end_failed,
    end_task,
    still_runs,
    tasks_with_files,
)
from jifen.store.ledger import Connection, connect
from jifen.store.long_work import leave_turn, let_go, take_turn
from jifen.store.task_files import remove_source, sweep

NICE = 10
TELLS_EVERY_SECONDS = 0.5

log = structlog.get_logger("jifen.files")


async def work_off(address: Address, home: Path) -> int:
    """Work on what waits, one after another, until nothing does; answers on how many."""
    worked = 0
    connection = await connect(address)
    try:
        while await take_turn(connection, TURN):
            sweep(home, await tasks_with_files(connection))
            before = worked
            while (task := await begin_next(connection)) is not None:
                await _work(connection, address, home, task)
                await let_go(connection, task.task_id)
                worked += 1
            await leave_turn(connection, TURN)
            # One may come to wait just before the turn is left, and find it taken: so look once more after it.
            if worked == before:
                break
    finally:
        await connection.close()
    return worked


async def _work(connection: Connection, address: Address, home: Path, task: FileTask) -> None:
    """Work on one, tell how far it is, and keep what came of it or why nothing did."""
    # Polars and Numba are loaded by who has the turn: one that finds it taken has cost little.
    from jifen.jobs import export_asked, import_asked

    told = FileTold()
    assert task.kind in (*IMPORTS, *EXPORTS), "a kind of file that is known"
    work = import_asked.work if task.kind in IMPORTS else export_asked.work
    working = asyncio.create_task(asyncio.to_thread(work, address, home, task, told))
    while not working.done():
        await asyncio.wait([working], timeout=TELLS_EVERY_SECONDS)
        if not await still_runs(connection, task.task_id, stage=told.stage, percent=told.percent):
            told.is_stopped.set()
            await asyncio.wait([working])
    failure = working.exception()
    if failure is None:
        is_done = task.question.get("mode") != "dry_run"
        await end_task(
            connection, task.task_id, state="done" if is_done else "ready", answer=working.result()
        )
        if is_done:
            remove_source(home, task.task_id)  # of an export there is none
    elif not isinstance(failure, Stopped):
        await end_failed(connection, task.task_id, _failure(failure, task))


def _failure(failure: BaseException, task: FileTask) -> dict[str, Any]:
    from jifen.jobs.import_asked import failure_of

    known = failure_of(failure, str(task.question.get("name", "")))
    if known is not None:
        return known
    if isinstance(failure, Refusal):
        return {"code": failure.code, "detail": str(failure)}
    log.error("a file task failed", task_id=str(task.task_id), error=repr(failure), exc_info=failure)
    detail = f"something is wrong in the software; it was written down: {type(failure).__name__}"
    return {"code": "defect", "detail": detail}


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
    os.nice(NICE)
    # A file from outside that swells without measure ends this process, and not the machine.
    hold_small(max(psutil.virtual_memory().total, 4 * 1024**3))
    asyncio.run(_work_while_it_can(Address(**told["address"]), Path(told["home"] or home_folder())))


async def _work_while_it_can(address: Address, home: Path) -> None:
    try:
        await work_off(address, home)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as gone:
        log.warning("the database is gone; what was worked on waits", error=repr(gone))
        # A thread may still compute what nobody can be told any more.
        os._exit(1)


if __name__ == "__main__":
    main()
