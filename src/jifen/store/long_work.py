"""Work that takes long and has a process of its own: who may do it, whose process is gone, and how one is started.

Who works holds two locks of PostgreSQL's own for as long as its connection lives: the turn of its kind (one piece of work at a
time for a database), and the lock of that very piece. So what stands as running and whose lock can be taken is known at once,
and without a clock, to have no process any more. Why so: docs/decisions/0069-a-back-test-is-a-process-with-a-lock.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.embedded.connection import Connection as Address

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


async def take_turn(connection: Connection, turn: int) -> bool:
    """Whether this connection may do such work now. The turn ends with the connection, or by `leave_turn`."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", turn))


async def leave_turn(connection: Connection, turn: int) -> None:
    """Let another process take the turn."""
    await connection.execute("SELECT pg_advisory_unlock($1)", turn)


async def is_turn_free(connection: Connection, turn: int) -> bool:
    """Whether nobody has the turn. Within a transaction, which holds it to its end."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", turn))


async def hold(connection: Connection, work_id: UUID) -> None:
    """Hold the lock of a piece of work. It comes before the state: what runs without a lock has no process any more."""
    await connection.execute("SELECT pg_advisory_lock($1)", _lock_of(work_id))


async def let_go(connection: Connection, work_id: UUID) -> None:
    """This connection no longer does it."""
    await connection.execute("SELECT pg_advisory_unlock($1)", _lock_of(work_id))


async def without_process(connection: Connection, running: Iterable[UUID]) -> list[UUID]:
    """Those of what stands as running whose process is gone. Within a transaction, which holds their locks to its end."""
    return [
        one
        for one in running
        if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _lock_of(one))
    ]


def _lock_of(work_id: UUID) -> int:
    """A whole number of 64 bits with a sign, from the random bits of the id."""
    return int.from_bytes(work_id.bytes[8:], "big", signed=True)


def start_process(module: str, address: Address, home: Path | None) -> None:
    """Start a process that works off what waits; where one does so already, the new one ends at once.

    Shape
        home   Jifen's folder; None: where the process itself would look (JIFEN_HOME)
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # A Ctrl-C at the server's terminal is the server's; with a database that outlives it the run goes on.
        start_new_session=True,
    )
    assert process.stdin is not None, "a pipe was asked for"
    with process.stdin:
        # The password comes by a pipe, not by the list of processes.
        told = {"address": asdict(address), "home": None if home is None else str(home.absolute())}
        process.stdin.write(json.dumps(told).encode())
    threading.Thread(target=process.wait, daemon=True).start()
