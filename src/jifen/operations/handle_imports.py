"""Imports that somebody asks for at a screen: a file is uploaded, tried, imported or called off, and what came of it is read.

The serving process keeps the file and a row; `python -m jifen.jobs.file_process` reads it (decision 0133).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, Why, about
from jifen.domain.file_refusals import ImportBusy, ImportOver, ImportUnknown
from jifen.domain.principal import Principal
from jifen.domain.refusals import ProgramMissing, TooMuch
from jifen.store.audit import note_act
from jifen.store.compiled import begun_again
from jifen.store.file_tasks import (
    IMPORTS,
    FileTask,
    add_task,
    cancel_task,
    count_open,
    find_task,
    let_wait,
    page_of_tasks,
    prune_tasks,
    resume_orphans,
)
from jifen.store.ids import new_id
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.task_files import folder_of, keep_source, remove_folder, source_of

OPEN_MAX = 200
PAGE_MAX = 200
What = Literal["purchases", "opening"]
Mode = Literal["dry_run", "run"]


async def keep_upload(
    ledger: Ledger,
    home: Path,
    uploaded: Path,
    *,
    what: What,
    name: str,
    size: int,
    sha256: str,
    request: Once,
    by: Principal,
) -> dict[str, Any]:
    """An uploaded file becomes an import that is ready: import_id, state, asked_at. What was kept before is not kept again.

    Refuses
        ProgramMissing   nothing was ever published
        TooMuch          too many are open
        KeyReused        the key came before with another file
        StoreNotPermitted   who asks is bound to stores: a file names what it likes
    """
    by.check_unbound(pointer="/query/what")
    import_id = new_id()

    async def effect(connection: Connection) -> dict[str, Any]:
        if (await ledger.clock(connection)).newest == 0:
            raise ProgramMissing("no programme was published yet: jifen program apply FILE")
        if await count_open(connection, IMPORTS) >= OPEN_MAX:
            raise TooMuch(f"{OPEN_MAX} imports are open already; run or cancel some", limit=OPEN_MAX)

        question = {"name": name, "bytes": size, "sha256": sha256, "mode": None, "mapping": None}
        await prune_tasks(connection)
        at = await add_task(
            connection, import_id, kind=what, state="ready", question=question, asked_by=by.actor()
        )
        details: dict[str, Any] = {"what": what, "megabytes": size >> 20, "file": f"sha256:{sha256}"}
        await _noted(connection, by, Deed.IMPORT_UPLOADED, import_id, **details)
        # The file first: a row whose file never came could not be imported, a folder without a row is swept up.
        keep_source(home, import_id, uploaded, is_parquet=name.lower().endswith(".parquet"))
        return {"import_id": str(import_id), "state": "ready", "asked_at": at.isoformat()}

    try:
        answer = await once(ledger, request, effect)
    except BaseException:
        remove_folder(home, import_id)
        raise
    if answer["is_replay"]:
        remove_folder(home, import_id)
    return answer


async def ask_import(
    ledger: Ledger,
    home: Path,
    import_id: UUID,
    *,
    mode: Mode,
    mapping: Mapping[str, Any],
    request: Once,
    by: Principal,
) -> dict[str, Any]:
    """Let it be tried or run with this mapping: import_id, state, asked_at. See to it that a process works on it after that.

    Refuses
        ImportUnknown   there is none (any more)
        ImportBusy      it waits or runs
        ImportOver      it was imported or cancelled, or its file is not here
        KeyReused       the key came before with another mapping
        StoreNotPermitted   who asks is bound to stores: a file names what it likes
    """
    by.check_unbound(pointer="/path/import_id")

    async def effect(connection: Connection) -> dict[str, Any]:
        await resume_orphans(connection)
        found = await find_task(connection, import_id, kinds=IMPORTS, locked=True)
        if found is None:
            raise ImportUnknown(pointer="/path/import_id")
        if found.state in ("waiting", "running"):
            raise ImportBusy(f"the import is {found.state}", state=found.state)
        if found.state in ("done", "cancelled") or source_of(home, import_id) is None:
            raise ImportOver(f"the import is {found.state}", state=found.state)

        who = {"kind": by.kind, "id": by.id and str(by.id), "name": by.name, "came_from": by.came_from}
        await let_wait(
            connection, import_id, {**found.question, "mode": mode, "mapping": dict(mapping), "by": who}
        )
        if mode == "dry_run":
            await _noted(connection, by, Deed.IMPORT_TRIED, import_id, what=found.kind)
        return {
            "import_id": str(import_id),
            "state": "waiting",
            "asked_at": found.asked_at.isoformat(),
        }

    return await once(ledger, request, effect)


async def cancel_import(
    ledger: Ledger, home: Path, import_id: UUID, request: Once, *, by: Principal
) -> dict[str, Any]:
    """Call it off, unless it is over: import_id and the state that it has then. What was taken by then stays taken.

    Refuses
        ImportUnknown   there is none (any more)
        KeyReused       the key came before for another one
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        await cancel_task(connection, import_id)
        found = await find_task(connection, import_id, kinds=IMPORTS)
        if found is None:
            raise ImportUnknown(pointer="/path/import_id")
        await _noted(connection, by, Deed.IMPORT_CANCELLED, import_id, what=found.kind)
        return {
            "import_id": str(import_id),
            "state": found.state,
            "asked_at": found.asked_at.isoformat(),
        }

    answer = await once(ledger, request, effect)
    if answer["state"] == "cancelled":
        remove_folder(home, import_id)
    return answer


async def list_imports(
    ledger: Ledger, *, before: UUID | None, limit: int
) -> tuple[list[FileTask], UUID | None]:
    """A page of them, the newest first, and the cursor of the next page; None at the end."""
    assert 1 <= limit <= PAGE_MAX, "a page has a limit"
    async with ledger.transaction() as connection:
        await resume_orphans(connection)
        found = await page_of_tasks(connection, kinds=IMPORTS, before=before, limit=limit + 1)
    page = found[:limit]
    return page, page[-1].task_id if len(found) > limit else None


async def read_import(ledger: Ledger, import_id: UUID) -> FileTask:
    """The import as it stands.

    Refuses
        ImportUnknown   there is none (any more)
    """
    async with ledger.transaction() as connection:
        await resume_orphans(connection)
        found = await find_task(connection, import_id, kinds=IMPORTS)
    if found is None:
        raise ImportUnknown(pointer="/path/import_id")
    return found


@begun_again
async def line_attributes(ledger: Ledger) -> list[str]:
    """The codes of the attributes that the newest revision declares for lines, in their order.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.connection() as connection:
        clock = await ledger.clock(connection)
        return sorted((await ledger.timeline(connection, clock.newest)).newest.line_attributes)


async def first_rejects(
    ledger: Ledger, home: Path, import_id: UUID, *, by: Principal
) -> list[dict[str, Any]]:
    """The first rows that were not taken, of each reason some. They quote what stood there, so who reads them is written down.

    Refuses
        ImportUnknown   there is none (any more)
    """
    await note_look(ledger, import_id, by=by)
    path = folder_of(home, import_id) / "rejects.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return found


async def rejects_file(ledger: Ledger, home: Path, import_id: UUID, *, by: Principal) -> Path | None:
    """All rows that were not taken, as CSV; None: there are none (any more).

    Refuses
        ImportUnknown   there is none (any more)
    """
    await note_look(ledger, import_id, by=by)
    path = folder_of(home, import_id) / "rejects.csv"
    return path if path.is_file() else None


async def note_look(ledger: Ledger, import_id: UUID, *, by: Principal) -> FileTask:
    """The import, of whose rows somebody sees some from now on.

    Refuses
        ImportUnknown   there is none (any more)
    """
    async with ledger.transaction() as connection:
        found = await find_task(connection, import_id, kinds=IMPORTS)
        if found is None:
            raise ImportUnknown(pointer="/path/import_id")
        act = Act(deed=Deed.IMPORT_READ, about=(about(About.IMPORT, import_id),), why=Why.MAINTENANCE)
        await note_act(connection, by, act)
    return found


async def _noted(connection: Connection, by: Principal, deed: Deed, import_id: UUID, **details: Any) -> None:
    await note_act(connection, by, Act(deed=deed, about=(about(About.IMPORT, import_id),), details=details))
