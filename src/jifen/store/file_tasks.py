"""Files that come in and go out at somebody's wish: the state of each. What a file holds stands in Jifen's folder, never here.

Who works on one holds the turn and the lock of that very task (`store/long_work.py`). One whose process is gone waits again:
an import goes on where it stopped, an export begins anew. Why so: docs/decisions/0133-an-import-is-a-file-in-the-folder.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from jifen.store import long_work

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

TURN: Final = 0x6A666674  # "jfft"
IMPORTS: Final = ("purchases", "opening")
EXPORTS: Final = ("journal",)
KEEPS_DAYS: Final = 30
TRIES_MAX: Final = 3
FAILURES: Final = frozenset({
    "import_process_gone", "import_out_of_memory", "import_file_gone", "mapping_refused", "export_process_gone",
})  # fmt: skip
"""Codes of failures that are no refusal; others are those of a refusal, a file or a defect."""
_COLUMNS = "task_id, kind, state, question, answer, failure, asked_by, asked_at, started_at, ended_at, stage, percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTask:
    """A task as it stands.

    Shape
        state      ready: its file is there and nothing is wanted of it; waiting, running, done, failed, cancelled
        question   what is wanted
        answer     numbers and codes of what came of it, or of the last try
        failure    {code, detail} of a failed one, with messages by language where the code alone does not say it
    """

    task_id: UUID
    kind: str
    state: str
    question: dict[str, Any]
    answer: dict[str, Any] | None
    failure: dict[str, Any] | None
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    stage: str | None
    percent: int


async def add_task(
    connection: Connection,
    task_id: UUID,
    *,
    kind: str,
    state: str,
    question: Mapping[str, Any],
    asked_by: str,
) -> datetime:
    """Keep a task; answers when it was asked for."""
    at = await connection.fetchval(
        """INSERT INTO file_task (task_id, kind, state, question, asked_by) VALUES ($1, $2, $3, $4, $5) RETURNING asked_at""",
        task_id,
        kind,
        state,
        question,
        asked_by,
    )
    assert isinstance(at, datetime), "the database tells the time"
    return at


async def find_task(
    connection: Connection, task_id: UUID, *, kinds: Sequence[str], locked: bool = False
) -> FileTask | None:
    """The task of one of these kinds; None: there is none. `locked` holds it to the end of the transaction."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM file_task WHERE task_id = $1 AND kind = ANY($2::text[])"
        f"{' FOR UPDATE' if locked else ''}",
        task_id,
        list(kinds),
    )
    return FileTask(**row) if row else None


async def page_of_tasks(
    connection: Connection, *, kinds: Sequence[str], before: UUID | None, limit: int
) -> list[FileTask]:
    """At most so many tasks, the newest first. Their ids tell when they were made, so an id is the cursor."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM file_task
            WHERE kind = ANY($1::text[]) AND ($2::uuid IS NULL OR task_id < $2) ORDER BY task_id DESC LIMIT $3""",
        list(kinds),
        before,
        limit,
    )
    return [FileTask(**row) for row in rows]


async def count_open(connection: Connection, kinds: Sequence[str]) -> int:
    """How many of these kinds are not over."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM file_task WHERE kind = ANY($1::text[]) AND state IN ('ready', 'waiting', 'running')",
            list(kinds),
        )
    )


async def let_wait(connection: Connection, task_id: UUID, question: Mapping[str, Any]) -> None:
    """The task waits from now on, with what is wanted of it."""
    await connection.execute(
        """UPDATE file_task SET state = 'waiting', question = $2, failure = NULL, started_at = NULL, ended_at = NULL,
                  stage = NULL, percent = 0, tries = 0 WHERE task_id = $1""",
        task_id,
        question,
    )


async def cancel_task(connection: Connection, task_id: UUID) -> None:
    """Cancel what is not over. Its process finds out and stops."""
    await connection.execute(
        """UPDATE file_task SET state = 'cancelled', ended_at = clock_timestamp(), failure = NULL
           WHERE task_id = $1 AND state IN ('ready', 'waiting', 'running', 'failed')""",
        task_id,
    )


async def resume_orphans(connection: Connection) -> None:
    """Let what runs without a process wait again; after so many tries it has failed. Within a transaction."""
    rows = await connection.fetch(
        "SELECT task_id FROM file_task WHERE state = 'running' FOR UPDATE SKIP LOCKED"
    )
    gone = await long_work.without_process(connection, [row[0] for row in rows])
    if gone:
        await connection.execute(
            """UPDATE file_task SET
                   state = CASE WHEN tries < $2 THEN 'waiting' ELSE 'failed' END,
                   ended_at = CASE WHEN tries < $2 THEN NULL ELSE clock_timestamp() END,
                   failure = CASE WHEN tries < $2 THEN NULL
                       ELSE jsonb_build_object(
                           'code', CASE kind WHEN 'journal' THEN 'export' ELSE 'import' END || '_process_gone',
                           'detail', 'its process was killed again and again') END
               WHERE task_id = ANY($1::uuid[])""",
            gone,
            TRIES_MAX,
        )


async def is_left_waiting(connection: Connection) -> bool:
    """Whether some wait and nobody has the turn. Within a transaction."""
    return await _waits(connection) and await long_work.is_turn_free(connection, TURN)


async def prune_tasks(connection: Connection) -> None:
    """Remove what nobody touched for long."""
    await connection.execute(
        """DELETE FROM file_task WHERE coalesce(ended_at, asked_at) < clock_timestamp() - $1 * INTERVAL '1 day'
           AND state NOT IN ('waiting', 'running')""",
        KEEPS_DAYS,
    )


async def _waits(connection: Connection) -> bool:
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM file_task WHERE state = 'waiting')"))


# -- for the process that works on them ------------------------------------------------------------------------------


async def begin_next(connection: Connection) -> FileTask | None:
    """The task that has waited longest, running from now on by this connection; None: none waits."""
    while True:
        async with connection.transaction():
            await resume_orphans(connection)
        found = await connection.fetchval(
            "SELECT task_id FROM file_task WHERE state = 'waiting' ORDER BY asked_at, task_id LIMIT 1"
        )
        if found is None:
            return None
        await long_work.hold(connection, found)
        row = await connection.fetchrow(
            f"""UPDATE file_task SET state = 'running', started_at = coalesce(started_at, clock_timestamp()), tries = tries + 1
                WHERE task_id = $1 AND state = 'waiting' RETURNING {_COLUMNS}""",
            found,
        )
        if row:
            return FileTask(**row)
        await long_work.let_go(connection, found)


async def still_runs(connection: Connection, task_id: UUID, *, stage: str | None, percent: int) -> bool:
    """Write how far it is; answers whether it should go on: False once it was cancelled."""
    updated = await connection.fetchval(
        "UPDATE file_task SET stage = $2, percent = $3 WHERE task_id = $1 AND state = 'running' RETURNING true",
        task_id,
        stage,
        percent,
    )
    return bool(updated)


async def end_task(connection: Connection, task_id: UUID, *, state: str, answer: Mapping[str, Any]) -> bool:
    """Say what came of it: `done`, or `ready` for what was only tried. False: it was cancelled meanwhile."""
    done = await connection.fetchval(
        """UPDATE file_task SET state = $2, answer = $3, ended_at = CASE $2 WHEN 'done' THEN clock_timestamp() END, percent = 100
           WHERE task_id = $1 AND state = 'running' RETURNING true""",
        task_id,
        state,
        answer,
    )
    return bool(done)


async def end_failed(connection: Connection, task_id: UUID, failure: Mapping[str, Any]) -> None:
    """Say that it failed and why, unless it was cancelled."""
    await connection.execute(
        """UPDATE file_task SET state = 'failed', ended_at = clock_timestamp(), failure = $2
           WHERE task_id = $1 AND state = 'running'""",
        task_id,
        failure,
    )


async def tasks_with_files(connection: Connection) -> set[UUID]:
    """The tasks whose files are still wanted: what is not over, and what ended within seven days."""
    rows = await connection.fetch(
        """SELECT task_id FROM file_task WHERE state IN ('waiting', 'running')
           OR coalesce(ended_at, asked_at) > clock_timestamp() - INTERVAL '7 days'"""
    )
    return {row[0] for row in rows}
