"""See to it that files that are to come in or go out are worked on, by a process of their own."""

from __future__ import annotations

from pathlib import Path

from jifen.embedded.connection import Connection as Address
from jifen.store.file_tasks import is_left_waiting, resume_orphans
from jifen.store.ledger import Ledger
from jifen.store.long_work import start_process

PROCESS = "jifen.jobs.file_process"


async def look_after_files(ledger: Ledger, address: Address, home: Path | None = None) -> None:
    """Start a process where some wait and nobody works them off: they are the first, or that process was killed."""
    async with ledger.transaction() as connection:
        await resume_orphans(connection)
        is_left = await is_left_waiting(connection)
    if is_left:
        start_process(PROCESS, address, home)
