"""The folder of a snapshot: one writer at a time, and nothing stays that no manifest names.

FOLDER/snapshot.lock     says that the folder is ours; held while a run writes
FOLDER/.spill-PID/       rows on their way, of a run that goes on or was killed
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jifen.insight.snapshot.contracts import EVERY
from jifen.insight.snapshot.manifest import NAME, Manifest
from jifen.insight.snapshot.refusals import DiskFull, FolderClosed, FolderTaken, SnapshotBusy

LOCK = "snapshot.lock"
SPILL = ".spill-"
REVISIONS = "revisions-"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """The folder, made when need be and ours alone while the block lasts. The lock dies with its process.

    Refuses
        FolderTaken    it holds something that is no snapshot
        FolderClosed   it cannot be made or written
        SnapshotBusy   another run holds it
    """
    if folder.is_dir():
        others = sorted(p.name for p in folder.iterdir())
        if others and LOCK not in others:
            raise FolderTaken(
                f"{folder} holds {others[0]!r} and no snapshot. Name an empty folder, or a new one."
            )
    elif folder.exists():
        raise FolderTaken(f"{folder} is not a folder. Name an empty folder, or a new one.")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = (folder / LOCK).open("a+b")
    except (PermissionError, NotADirectoryError) as closed:
        raise FolderClosed(
            f"{folder} cannot be written ({closed.strerror}). Name another folder."
        ) from closed
    except OSError as failure:
        if failure.errno != errno.EROFS:
            raise
        raise FolderClosed(f"{folder} lies on a disk that is read only. Name another folder.") from failure
    with held as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SnapshotBusy(
                f"another run is writing the snapshot in {folder}. Wait until it is done."
            ) from None
        yield


def clean(folder: Path, manifest: Manifest | None) -> int:
    """Remove what no manifest names: what killed runs left, and the cache of the snapshot before. Returns how many files.

    Only the holder of the lock may do it. Files of the manifest that stands are never touched, so that whoever reads it now,
    even while the next run writes, reads to the end.
    """
    named = set() if manifest is None else {manifest.revisions.path, *(f.path for f in manifest.files)}
    removed = 0
    for spill in folder.glob(f"{SPILL}*"):
        shutil.rmtree(spill)
        removed += 1
    candidates = [*folder.glob(f"{REVISIONS}*"), folder / f".{NAME}.tmp", *folder.glob(f".{REVISIONS}*")]
    for table in EVERY:
        candidates += (folder / table).rglob("*.parquet*")
    for path in candidates:
        if path.is_file() and path.relative_to(folder).as_posix() not in named:
            path.unlink()
            removed += 1
    return removed


@contextmanager
def room_told(folder: Path) -> Iterator[None]:
    """Turn a full disk into its refusal."""
    try:
        yield
    except OSError as failure:
        if failure.errno not in _FULL:
            raise
        free = shutil.disk_usage(folder).free
        raise DiskFull(
            f"there is no room for the snapshot in {folder} ({free:,} bytes are free). "
            "The snapshot before still stands. Make room and run again."
        ) from failure


def spill_folder(folder: Path) -> Path:
    """A new folder for rows on their way."""
    spill = folder / f"{SPILL}{os.getpid()}"
    spill.mkdir()
    return spill
