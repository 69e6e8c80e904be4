"""Where the files of tasks stand: in Jifen's folder, a folder a task, readable by its owner only.

HOME/imports/<id>/source.csv    what was uploaded; removed when it has been imported or called off
HOME/imports/<id>/rejects.csv   the rows that were not taken, each with its reason; rejects.json the first of them
HOME/exports/<id>/...           what was exported

They may hold keys of members, so they stand outside the database and its backup, and go seven days after the last act.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

PRIVATE: Final = 0o700
LEFT_SECONDS: Final = 86_400
SOURCES: Final = ("source.csv", "source.parquet")


def folder_of(home: Path, task_id: UUID, *, room: str = "imports") -> Path:
    """The folder of a task, whether it is there or not."""
    return home / room / task_id.hex


def incoming_folder(home: Path) -> Path:
    """Where a file stands while it is being uploaded; made where it is not there."""
    folder = home / "imports" / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    return folder


def source_of(home: Path, task_id: UUID) -> Path | None:
    """The uploaded file; None: it is not in this folder (any more)."""
    folder = folder_of(home, task_id)
    return next((folder / name for name in SOURCES if (folder / name).is_file()), None)


def keep_source(home: Path, task_id: UUID, uploaded: Path, *, is_parquet: bool) -> None:
    """Put an uploaded file into the folder of its task, where it does not stand already."""
    folder = folder_of(home, task_id)
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    if uploaded.exists():
        uploaded.rename(folder / SOURCES[is_parquet])


def remove_source(home: Path, task_id: UUID) -> None:
    """Remove the uploaded file and leave what was made of it."""
    for name in SOURCES:
        (folder_of(home, task_id) / name).unlink(missing_ok=True)


def remove_folder(home: Path, task_id: UUID, *, room: str = "imports") -> None:
    """Remove all files of a task."""
    shutil.rmtree(folder_of(home, task_id, room=room), ignore_errors=True)


def sweep(home: Path, wanted: Iterable[UUID]) -> None:
    """Remove the folders of tasks that are not wanted any more, and uploads that a process left a day ago when it was killed."""
    left = time.time() - LEFT_SECONDS
    for upload in (home / "imports" / "incoming").glob("*"):
        with suppress(FileNotFoundError):  # it has come in whole meanwhile
            if upload.stat().st_mtime < left:
                upload.unlink()
    kept = {one.hex for one in wanted}
    for room in ("imports", "exports"):
        for folder in (home / room).glob("*"):
            if folder.is_dir() and len(folder.name) == 32 and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
