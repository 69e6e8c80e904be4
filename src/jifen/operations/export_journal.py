"""Export the journal of a period: files of its entries and postings, whose sums are those of the accounts.

Everything is read in one snapshot of the database, so that entries, postings and totals are of one instant while tills go on.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.calendar import start_of_day
from jifen.domain.file_refusals import ExportUnfinished, ExportUnknown
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, ProgramMissing, TooMuch
from jifen.store.audit import note_act
from jifen.store.compiled import begun_again
from jifen.store.file_tasks import (
    EXPORTS,
    FileTask,
    add_task,
    cancel_task,
    count_open,
    find_task,
    page_of_tasks,
    prune_tasks,
    resume_orphans,
)
from jifen.store.ids import new_id
from jifen.store.journal_export import Total, copy_entries, copy_postings, totals_of
from jifen.store.ledger import Connection, Ledger
from jifen.store.newest import newest_timeline
from jifen.store.once import Once, once
from jifen.store.task_files import folder_of, remove_folder

OPEN_MAX: Final = 100
PAGE_MAX: Final = 200
FILES: Final = ("entries.csv", "postings.csv", "totals.csv", "journal.xlsx")
FIRST: Final = date(1970, 1, 1)
LAST: Final = date(8999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: how many entries and postings, and what those come to."""

    entries: int
    postings: int
    totals: list[Total]


@begun_again
async def export_journal(
    ledger: Ledger,
    folder: Path,
    *,
    from_on: date | None,
    to_on: date | None,
    say: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Write entries.csv, postings.csv and totals.csv of what was recorded on these days of the programme's zone.

    Refuses
        ProgramMissing   nothing was ever published
        FieldWrong       the period ends before it begins
    """
    check_period(from_on, to_on)
    async with (
        ledger.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        timeline = await newest_timeline(ledger, connection)
        if timeline is None:
            raise ProgramMissing("no programme was published yet: jifen program apply FILE")
        zone = timeline.time_zone
        currencies = [one.code for one in sorted(timeline.newest.currencies, key=lambda one: one.number)]
        since, until = _moments(from_on, to_on, zone)
        totals = await totals_of(connection, since=since, until=until, currencies=currencies)
        say("entries")
        entries = await copy_entries(connection, folder / "entries.csv", since=since, until=until, zone=zone)
        say("postings")
        postings = await copy_postings(
            connection, folder / "postings.csv", since=since, until=until, zone=zone, currencies=currencies
        )

    moved = sum(one.postings for one in totals if one.line not in ("before", "after"))
    assert postings == moved, "every posting of the period is written, and counted once"
    with (folder / "totals.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(Total._fields)
        writer.writerows(totals)
    return Exported(entries=entries, postings=postings, totals=totals)


def check_period(from_on: date | None, to_on: date | None) -> None:
    """Refuse a period that ends before it begins.

    Refuses
        FieldWrong
    """
    if from_on is not None and to_on is not None and from_on > to_on:
        raise FieldWrong(f"the period ends before it begins: from {from_on} to {to_on}", pointer="/from_on")


def _moments(from_on: date | None, to_on: date | None, zone: str) -> tuple[datetime, datetime]:
    first = min(max(from_on or FIRST, FIRST), LAST)
    last = min(max(to_on or LAST, FIRST), LAST)
    return start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)


async def ask_export(
    ledger: Ledger,
    *,
    from_on: date | None,
    to_on: date | None,
    language: str,
    request: Once,
    by: Principal,
) -> dict[str, Any]:
    """An export that waits from now on: export_id, state, asked_at. See to it that a process works on it after that.

    Refuses
        ProgramMissing   nothing was ever published
        FieldWrong       the period ends before it begins
        TooMuch          too many wait
        KeyReused        the key came before with another period
    """
    check_period(from_on, to_on)

    async def effect(connection: Connection) -> dict[str, Any]:
        if (await ledger.clock(connection)).newest == 0:
            raise ProgramMissing("no programme was published yet: jifen program apply FILE")
        if await count_open(connection, EXPORTS) >= OPEN_MAX:
            raise TooMuch(f"{OPEN_MAX} exports wait already; come back later", limit=OPEN_MAX)

        export_id = new_id()
        question = {
            "from_on": from_on and from_on.isoformat(),
            "to_on": to_on and to_on.isoformat(),
            "language": language,
        }
        await prune_tasks(connection)
        at = await add_task(
            connection, export_id, kind="journal", state="waiting", question=question, asked_by=by.actor()
        )
        await _noted(connection, by, Deed.EXPORT_ASKED, export_id)
        return {"export_id": str(export_id), "state": "waiting", "asked_at": at.isoformat()}

    return await once(ledger, request, effect)


async def cancel_export(
    ledger: Ledger, home: Path, export_id: UUID, request: Once, *, by: Principal
) -> dict[str, Any]:
    """Call it off, unless it is over: export_id and the state that it has then. Its process stops within a second or so, also in
    the middle of a file, and what was written by then is removed.

    Refuses
        ExportUnknown   there is none (any more)
        KeyReused       the key came before for another one
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        found = await find_task(connection, export_id, kinds=EXPORTS, locked=True)
        if found is None:
            raise ExportUnknown(pointer="/path/export_id")
        if found.state in ("waiting", "running", "failed"):
            await cancel_task(connection, export_id)
            await _noted(connection, by, Deed.EXPORT_CANCELLED, export_id)
            found = await find_task(connection, export_id, kinds=EXPORTS)
            assert found is not None, "it is held"
        return {"export_id": str(export_id), "state": found.state, "asked_at": found.asked_at.isoformat()}

    answer = await once(ledger, request, effect)
    if answer["state"] == "cancelled":
        remove_folder(home, export_id, room="exports")
    return answer


async def list_exports(
    ledger: Ledger, *, before: UUID | None, limit: int
) -> tuple[list[FileTask], UUID | None]:
    """A page of them, the newest first, and the cursor of the next page; None at the end."""
    assert 1 <= limit <= PAGE_MAX, "a page has a limit"
    async with ledger.transaction() as connection:
        await resume_orphans(connection)
        found = await page_of_tasks(connection, kinds=EXPORTS, before=before, limit=limit + 1)
    page = found[:limit]
    return page, page[-1].task_id if len(found) > limit else None


async def read_export(ledger: Ledger, export_id: UUID) -> FileTask:
    """The export as it stands.

    Refuses
        ExportUnknown   there is none (any more)
    """
    async with ledger.transaction() as connection:
        await resume_orphans(connection)
        found = await find_task(connection, export_id, kinds=EXPORTS)
    if found is None:
        raise ExportUnknown(pointer="/path/export_id")
    return found


async def fetch_export(ledger: Ledger, home: Path, export_id: UUID, name: str, *, by: Principal) -> Path:
    """A file of an export; that it was fetched is written down.

    Refuses
        ExportUnknown      there is none (any more)
        ExportUnfinished   it is not done, is too long for a workbook, or its files went after seven days
    """
    assert name in FILES, "a file that an export has"
    found = await read_export(ledger, export_id)
    path = folder_of(home, export_id, room="exports") / name
    if found.state != "done" or not path.is_file():
        raise ExportUnfinished(f"the export is {found.state}", state=found.state)
    async with ledger.transaction() as connection:
        await _noted(connection, by, Deed.EXPORT_FETCHED, export_id)
    return path


async def _noted(connection: Connection, by: Principal, deed: Deed, export_id: UUID) -> None:
    await note_act(connection, by, Act(deed=deed, about=(about(About.EXPORT, export_id),)))
