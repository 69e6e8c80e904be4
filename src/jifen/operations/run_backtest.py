"""Ask for a back-test: it waits in the database, and a process of its own runs it.

The serving process never computes one: it starts `python -m jifen.jobs.backtest_process`, which works off what waits, one
at a time whatever the number of serving processes, and ends. Its password comes by a pipe, not by the list of processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import LOCAL, Principal
from jifen.domain.refusals import BacktestUnknown, ProgramMissing, TooMuch
from jifen.embedded.connection import Connection as Address
from jifen.store.audit import note_act
from jifen.store.backtests import (
    add_backtest,
    cancel_backtest,
    fail_orphans,
    find_backtest,
    is_left_waiting,
    prune_backtests,
    waiting_backtests,
)
from jifen.store.ids import new_id
from jifen.store.ledger import Connection, Ledger
from jifen.store.long_work import start_process
from jifen.store.once import Once, once

WAITING_MAX = 20
PROCESS = "jifen.jobs.backtest_process"


async def ask_backtest(
    ledger: Ledger,
    question: Mapping[str, Any],
    *,
    asked_by: str,
    request: Once,
    by: Principal = LOCAL,
) -> dict[str, Any]:
    """A back-test that waits from now on: backtest_id, state, asked_at. Call `look_after_backtests` after it.

    Refuses
        ProgramMissing   nothing was ever published
        TooMuch          too many wait
        KeyReused        the key came before with another body
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        clock = await ledger.clock(connection)
        waiting = await waiting_backtests(connection)
        if clock.newest == 0:
            raise ProgramMissing("no programme was published yet: jifen program apply FILE")
        if waiting >= WAITING_MAX:
            raise TooMuch(
                f"{waiting} back-tests wait already; cancel some or come back later", limit=WAITING_MAX
            )

        backtest_id = new_id()

        await prune_backtests(connection)
        at = await add_backtest(connection, backtest_id, question, asked_by=asked_by)
        await _noted(connection, by, Deed.BACKTEST_ASKED, backtest_id)

        return {"backtest_id": str(backtest_id), "state": "waiting", "asked_at": at.isoformat()}

    return await once(ledger, request, effect)


async def stop_backtest(
    ledger: Ledger, backtest_id: UUID, request: Once, *, by: Principal = LOCAL
) -> dict[str, Any]:
    """Cancel it, unless it is over: backtest_id and the state that it has then. Its process stops within seconds.

    Refuses
        BacktestUnknown   there is none
        KeyReused         the key came before with another body
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        await fail_orphans(connection)
        await cancel_backtest(connection, backtest_id)
        found = await find_backtest(connection, backtest_id)
        if found is None:
            raise BacktestUnknown(pointer="/path/backtest_id")
        await _noted(connection, by, Deed.BACKTEST_CANCELLED, backtest_id)
        return {"backtest_id": str(backtest_id), "state": found.state, "asked_at": found.asked_at.isoformat()}

    return await once(ledger, request, effect)


async def _noted(connection: Connection, by: Principal, deed: Deed, backtest_id: UUID) -> None:
    await note_act(connection, by, Act(deed=deed, about=(about(About.BACKTEST, backtest_id),)))


async def look_after_backtests(ledger: Ledger, address: Address, home: Path | None = None) -> None:
    """Start a process where some wait and nobody works them off: they are the first, or that process was killed.

    Shape
        home   where back-tests keep what is theirs; None: where the process itself would look (JIFEN_HOME)
    """
    async with ledger.transaction() as connection:
        is_left = await is_left_waiting(connection)
    if is_left:
        start_process(PROCESS, address, home)
