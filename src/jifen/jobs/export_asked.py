"""One export that a screen or a command asked for: files of the journal, and a workbook where they fit into one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from jifen.document.stored import timeline_of_published
from jifen.embedded.connection import Connection as Address
from jifen.insight.report.journal_book import write_journal_book
from jifen.jobs.file_told import FileTold, Stopped
from jifen.operations.export_journal import Exported, export_journal
from jifen.store.file_tasks import FileTask
from jifen.store.ledger import Ledger, open_pool
from jifen.store.task_files import PRIVATE, folder_of
from jifen.vault import Vault

LOOKS_EVERY_SECONDS: Final = 0.2
T = TypeVar("T")
_PERCENT = {"entries": 10, "postings": 35, "workbook": 65}


def work(address: Address, home: Path, task: FileTask, told: FileTold) -> dict[str, Any]:
    """What the export holds, in numbers. Runs in a thread; begun again it begins anew.

    Refuses
        Refusal   the ledger says no
        Stopped   it was cancelled
    """
    folder = folder_of(home, task.task_id, room="exports")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=PRIVATE)
    asked = task.question

    def say(stage: str) -> None:
        told.step(stage, _PERCENT[stage], 100)

    def day(name: str) -> date | None:
        return date.fromisoformat(asked[name]) if asked[name] else None

    try:
        exported, has_workbook = asyncio.run(
            _unless_stopped(
                told, _exported(address, home, folder, day("from_on"), day("to_on"), asked["language"], say)
            )
        )
    except Stopped:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return {
        "entries": exported.entries,
        "postings": exported.postings,
        "totals": [one._asdict() for one in exported.totals],
        "has_workbook": has_workbook,
    }


async def _unless_stopped(told: FileTold, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; it is broken off where it stands, in the middle of a file too, once it was cancelled."""
    working = asyncio.create_task(work)
    while not working.done():
        await asyncio.wait([working], timeout=LOOKS_EVERY_SECONDS)
        if told.is_stopped.is_set() and not working.done():
            working.cancel()
            await asyncio.wait([working])
            raise Stopped
    return working.result()


async def _exported(
    address: Address,
    home: Path,
    folder: Path,
    from_on: date | None,
    to_on: date | None,
    language: str,
    say: Callable[[str], None],
) -> tuple[Exported, bool]:
    pool = await open_pool(address, size=1)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(home))
        return await export_into(ledger, folder, from_on=from_on, to_on=to_on, language=language, say=say)
    finally:
        await pool.close()


async def export_into(
    ledger: Ledger,
    folder: Path,
    *,
    from_on: date | None,
    to_on: date | None,
    language: str,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Exported, bool]:
    """Write the files of a period into a folder that is there; whether the workbook is among them."""
    exported = await export_journal(ledger, folder, from_on=from_on, to_on=to_on, say=say)
    say("workbook")
    rows = (exported.entries, exported.postings, len(exported.totals))
    has_workbook = await asyncio.to_thread(
        write_journal_book, folder, folder / "journal.xlsx", rows=rows, language=language
    )
    return exported, has_workbook
