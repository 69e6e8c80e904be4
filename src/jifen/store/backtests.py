"""Back-tests that the API was asked for: their state, and their reports.

Who runs one holds the turn and the lock of that very back-test (`store/long_work.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.store import long_work

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

TURN = 0x6A666274  # "jfbt"
KEEPS_DAYS = 30
GONE = {
    "code": "backtest_process_gone",
    "detail": "the process that ran it is gone: stopped with its database, killed, or out of memory; ask for it again",
}
_COLUMNS = """backtest_id, state, question, asked_by, asked_at, started_at, ended_at, stage, percent, seconds_left, missing,
    failure"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBacktest:
    """A back-test as it stands.

    Shape
        question   as the API was asked, with the documents
        missing    [{code, level, numbers, sentence}], once it was looked at
        failure    {code, detail} of a failed one, with message_zh where the code alone does not say it
    """

    backtest_id: UUID
    state: str
    question: Mapping[str, Any]
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    stage: str | None
    percent: int
    seconds_left: int | None
    missing: list[dict[str, Any]] | None
    failure: dict[str, Any] | None


async def add_backtest(
    connection: Connection, backtest_id: UUID, question: Mapping[str, Any], *, asked_by: str
) -> datetime:
    """Keep a back-test that waits; answers when it was asked for."""
    at = await connection.fetchval(
        """INSERT INTO backtest (backtest_id, state, question, asked_by) VALUES ($1, 'waiting', $2, $3)
           RETURNING asked_at""",
        backtest_id,
        question,
        asked_by,
    )
    assert isinstance(at, datetime), "the database tells the time"
    return at


async def find_backtest(connection: Connection, backtest_id: UUID) -> StoredBacktest | None:
    """The back-test; None: there is none."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM backtest WHERE backtest_id = $1", backtest_id)
    return StoredBacktest(**row) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBacktest:
    """A back-test as a list shows it: without its documents, and without what it answers."""

    backtest_id: UUID
    state: str
    label: str | None
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    stage: str | None
    percent: int
    seconds_left: int | None
    failure: dict[str, Any] | None


async def page_of_backtests(
    connection: Connection, *, before: UUID | None, limit: int
) -> list[ListedBacktest]:
    """At most so many back-tests, the newest first. Their ids tell when they were asked for, so an id is the cursor.

    Shape
        before   only those whose id is lower; None: from the newest on
    """
    rows = await connection.fetch(
        """SELECT backtest_id, state, question ->> 'label' AS label, asked_by, asked_at, started_at, ended_at, stage, percent,
                  seconds_left, failure
           FROM backtest WHERE $1::uuid IS NULL OR backtest_id < $1 ORDER BY backtest_id DESC LIMIT $2""",
        before,
        limit,
    )
    return [ListedBacktest(**row) for row in rows]


async def waiting_backtests(connection: Connection) -> int:
    """How many wait."""
    return int(await connection.fetchval("SELECT count(*) FROM backtest WHERE state = 'waiting'"))


async def is_left_waiting(connection: Connection) -> bool:
    """Whether some wait and nobody has the turn. Within a transaction."""
    return await waiting_backtests(connection) > 0 and await long_work.is_turn_free(connection, TURN)


async def prune_backtests(connection: Connection) -> None:
    """Remove what ended long ago, reports first."""
    await connection.execute(
        """WITH old AS (DELETE FROM backtest WHERE ended_at < clock_timestamp() - $1 * INTERVAL '1 day'
                        RETURNING backtest_id)
           DELETE FROM backtest_report r USING old WHERE r.backtest_id = old.backtest_id""",
        KEEPS_DAYS,
    )


async def fail_orphans(connection: Connection) -> int:
    """Say of every run whose process is gone that it failed; answers how many. Within a transaction."""
    rows = await connection.fetch(
        "SELECT backtest_id FROM backtest WHERE state = 'running' FOR UPDATE SKIP LOCKED"
    )
    gone = await long_work.without_process(connection, [row[0] for row in rows])
    if gone:
        await connection.execute(
            """UPDATE backtest SET state = 'failed', ended_at = clock_timestamp(), failure = $2
               WHERE backtest_id = ANY($1::uuid[])""",
            gone,
            GONE,
        )
    return len(gone)


async def cancel_backtest(connection: Connection, backtest_id: UUID) -> None:
    """Cancel what is not over. Its process finds out and stops."""
    await connection.execute(
        """UPDATE backtest SET state = 'cancelled', ended_at = clock_timestamp()
           WHERE backtest_id = $1 AND state IN ('waiting', 'running')""",
        backtest_id,
    )


# -- for the process that runs them ---------------------------------------------------------------------------------


async def take_turn(connection: Connection) -> bool:
    """Whether this connection may run back-tests now. The turn ends with the connection, or by `leave_turn`."""
    return await long_work.take_turn(connection, TURN)


async def leave_turn(connection: Connection) -> None:
    """Let another process take the turn."""
    await long_work.leave_turn(connection, TURN)


async def begin_next(connection: Connection) -> StoredBacktest | None:
    """The back-test that has waited longest, running from now on by this connection; None: none waits."""
    while True:
        found = await connection.fetchval(
            "SELECT backtest_id FROM backtest WHERE state = 'waiting' ORDER BY asked_at, backtest_id LIMIT 1"
        )
        if found is None:
            return None
        await long_work.hold(connection, found)
        row = await connection.fetchrow(
            f"""UPDATE backtest SET state = 'running', started_at = clock_timestamp()
                WHERE backtest_id = $1 AND state = 'waiting' RETURNING {_COLUMNS}""",
            found,
        )
        if row:
            return StoredBacktest(**row)
        await leave_run(connection, found)


async def leave_run(connection: Connection, backtest_id: UUID) -> None:
    """This connection no longer runs it."""
    await long_work.let_go(connection, backtest_id)


async def still_runs(
    connection: Connection,
    backtest_id: UUID,
    *,
    stage: str | None,
    percent: int,
    seconds_left: int | None,
    missing: Sequence[Mapping[str, Any]] | None,
) -> bool:
    """Write how far it is; answers whether it should go on: False once it was cancelled."""
    updated = await connection.fetchval(
        """UPDATE backtest SET stage = $2, percent = $3, seconds_left = $4, missing = $5
           WHERE backtest_id = $1 AND state = 'running' RETURNING true""",
        backtest_id,
        stage,
        percent,
        seconds_left,
        missing,
    )
    return bool(updated)


async def end_done(
    connection: Connection, backtest_id: UUID, reports: Sequence[tuple[str, str, bytes]]
) -> bool:
    """Keep (form, language, content) and say that it is done, in one transaction; False: it was cancelled meanwhile."""
    async with connection.transaction():
        done = await connection.fetchval(
            """UPDATE backtest SET state = 'done', ended_at = clock_timestamp(), percent = 100, seconds_left = NULL
               WHERE backtest_id = $1 AND state = 'running' RETURNING true""",
            backtest_id,
        )
        if done:
            await connection.executemany(
                "INSERT INTO backtest_report VALUES ($1, $2, $3, $4)",
                [(backtest_id, *report) for report in reports],
            )
    return bool(done)


async def end_failed(connection: Connection, backtest_id: UUID, failure: Mapping[str, Any]) -> None:
    """Say that it failed and why, unless it was cancelled."""
    await connection.execute(
        """UPDATE backtest SET state = 'failed', ended_at = clock_timestamp(), failure = $2
           WHERE backtest_id = $1 AND state = 'running'""",
        backtest_id,
        failure,
    )


async def find_report(connection: Connection, backtest_id: UUID, form: str, language: str) -> bytes | None:
    """A report; None: there is none."""
    content: bytes | None = await connection.fetchval(
        "SELECT content FROM backtest_report WHERE backtest_id = $1 AND form = $2 AND language = $3",
        backtest_id,
        form,
        language,
    )
    return content
