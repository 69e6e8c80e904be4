"""How every file that a person asked for is written: whole or not at all, and over another only on purpose."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
SHARED = 0o666  # less what the user's umask takes


class FileTaken(FileExistsError):
    """There is a file of that name, and nobody said that it may be overwritten."""


def write_whole(path: Path, write: Callable[[BinaryIO], object], *, over: bool, mode: int = SHARED) -> None:
    """Put what `write` writes into a new file at `path`; with `over`, in place of what stands there.

    It is written beside and gets its name when all is on disk, so that a full disk or a kill leaves what was there, and no half
    of a new one.

    Refuses
        FileTaken   something of that name is there and `over` was not said; whoever made it first keeps it
        OSError     it cannot be written
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if over:
            beside.replace(path)
        else:
            _name_new(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    _keep_name(path.parent)


def _name_new(beside: Path, path: Path) -> None:
    """A link fails where the name is taken, also by another process a moment ago; a rename would not."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise FileTaken(f"{path} is there already") from None
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileTaken(f"{path} is there already") from None
        beside.replace(path)


def _keep_name(folder: Path) -> None:
    """The new name survives a crash too, where the system can promise it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
