"""One import that a screen asked for: from the uploaded file and the mapping to the ledger, the rejects, and numbers.

It does what `jifen import` does, by the same functions; killed and begun again it goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl

from jifen.document.stored import timeline_of_published
from jifen.domain.principal import EVERYTHING, Principal
from jifen.embedded.connection import Connection as Address
from jifen.insight.read_opening import OpeningMapping, read_opening
from jifen.insight.read_purchases import FileRefused, Mapping, MappingRefused, read_purchases
from jifen.insight.read_purchases.mapping_file import mapping_as
from jifen.insight.read_purchases.reasons import reason_languages
from jifen.insight.rejects import write_rejects
from jifen.insight.write_whole import PRIVATE, write_whole
from jifen.jobs.file_told import FileTold
from jifen.jobs.import_opening import OpeningImported, import_opening, opening_known_of
from jifen.jobs.import_purchases import Imported, import_purchases, known_of
from jifen.store.file_tasks import FileTask
from jifen.store.ledger import Ledger, open_pool
from jifen.store.task_files import folder_of, source_of
from jifen.vault import Vault

ACTOR = "import"
REJECTS_OF_EACH = 20
POOL = 3


class FileGone(Exception):
    """Its file is not in the folder of this machine."""


def work(address: Address, home: Path, task: FileTask, told: FileTold) -> dict[str, Any]:
    """What the import came to, in numbers. Runs in a thread.

    Refuses
        MappingRefused, FileRefused   what was uploaded or said cannot be used
        FileGone                      the file is not here
        Refusal                       the ledger says no
        Stopped                       it was cancelled
    """
    source = source_of(home, task.task_id)
    if source is None:
        raise FileGone
    mapping = _mapping(task, source)
    imported = asyncio.run(_imported(address, home, task, source, mapping, told))
    rejects = imported.rejects.with_columns(file=pl.lit(task.question["name"]))
    _keep_rejects(folder_of(home, task.task_id), rejects)
    by_code = rejects.group_by("code").len().sort("len", "code", descending=[True, False])
    return {
        "is_dry_run": task.question["mode"] == "dry_run",
        **_numbers(imported),
        "rejected_rows": rejects.select("file", "row").n_unique(),
        "reasons": [{"code": code, "rows": rows} for code, rows in by_code.iter_rows()],
    }


def _mapping(task: FileTask, source: Path) -> Mapping | OpeningMapping:
    written = {
        **task.question["mapping"],
        "format": "parquet" if source.suffix == ".parquet" else "csv",
    }
    if task.kind == "purchases":
        return mapping_as(Mapping, written)
    return mapping_as(OpeningMapping, written)


async def _imported(
    address: Address,
    home: Path,
    task: FileTask,
    source: Path,
    mapping: Mapping | OpeningMapping,
    told: FileTold,
) -> Imported | OpeningImported:
    how = _How(task_id=task.task_id, is_dry_run=task.question["mode"] == "dry_run", by=_asker(task))
    pool = await open_pool(address, size=POOL)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(home))
        told.step("reading")
        if isinstance(mapping, OpeningMapping):
            read = read_opening([source], mapping, known=await opening_known_of(ledger))
            told.step("checking")
            return await import_opening(
                ledger, read, actor=ACTOR, is_dry_run=how.is_dry_run, by=how.by, import_id=how.task_id,
                say=lambda at: told.step("writing", at.members_done, at.members),
            )  # fmt: skip
        loaded = read_purchases([source], mapping, known=await known_of(ledger))
        told.step("checking")
        return await import_purchases(
            ledger, loaded, actor=ACTOR, is_dry_run=how.is_dry_run, by=how.by, import_id=how.task_id,
            say=lambda at: told.step("writing", at.purchases_done, at.purchases),
        )  # fmt: skip
    finally:
        await pool.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    task_id: UUID
    is_dry_run: bool
    by: Principal


def _asker(task: FileTask) -> Principal:
    """Who asked for it, as the audit names him. What he may was asked when he asked."""
    by = task.question["by"]
    return Principal(
        kind=by["kind"],
        id=UUID(by["id"]) if by["id"] else None,
        name=by["name"],
        permissions=EVERYTHING,
        came_from=by["came_from"],
    )


def _numbers(imported: Imported | OpeningImported) -> dict[str, Any]:
    if isinstance(imported, Imported):
        return {
            "found": imported.purchases,
            "added": imported.added,
            "added_lines": imported.added_lines,
            "known": imported.known,
            "refused": imported.refused,
            "new_members": imported.new_members,
            "of_nobody": imported.unclaimed,
        }
    return {
        "found": imported.members,
        "added": imported.added,
        "added_lots": imported.lots,
        "known": imported.known,
        "refused": imported.refused,
        "new_members": imported.new_members,
        "units": imported.units,
        "units_forever": imported.units_forever,
    }


def _keep_rejects(folder: Path, rejects: pl.DataFrame) -> None:
    """All of them for a spreadsheet, the first of each reason for the screen."""
    for name in ("rejects.csv", "rejects.json"):
        (folder / name).unlink(missing_ok=True)
    if not rejects.height:
        return
    write_rejects(rejects, to=folder / "rejects.csv", over=True)
    first = rejects.filter(pl.int_range(pl.len()).over("code") < REJECTS_OF_EACH)
    listed = [
        {
            "row": row["row"], "column": row["column"], "value": row["value"], "code": row["code"],
            "reasons": {language: row[f"reason_{language}"] for language in reason_languages()},
        }
        for row in first.iter_rows(named=True)
    ]  # fmt: skip
    text = json.dumps(listed, ensure_ascii=False).encode()
    write_whole(folder / "rejects.json", lambda stream: stream.write(text), over=True, mode=PRIVATE)


def failure_of(failure: BaseException, name: str) -> dict[str, Any] | None:
    """Why it failed: code, detail, messages by language; None: it is a defect.

    Shape
        name   what the file is called by who uploaded it
    """
    if isinstance(failure, FileGone):
        return {"code": "import_file_gone", "detail": "the file is not in this machine's folder"}
    if isinstance(failure, MemoryError):
        return {"code": "import_out_of_memory", "detail": "it ran out of memory: import the file in parts"}
    if isinstance(failure, FileRefused):
        refused = FileRefused(failure.code, name, detail=failure.detail, row=failure.row)
        messages = {language: refused.message(language) for language in reason_languages()}
        return {"code": failure.code, "detail": messages["en"], "messages": messages}
    if isinstance(failure, MappingRefused):
        problems = [
            {
                "path": problem.path.removeprefix("$").removeprefix("."),
                "messages": {language: problem.message(language) for language in reason_languages()},
            }
            for problem in failure.problems[:50]
        ]
        return {
            "code": "mapping_refused",
            "detail": "; ".join(problem.text() for problem in failure.problems[:5]),
            "problems": problems,
        }
    return None
