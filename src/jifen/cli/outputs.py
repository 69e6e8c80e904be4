"""Files that a command writes: one that is there is overwritten only on purpose, one that the command reads never."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from jifen.cli.at_ledger import tell_failure
from jifen.cli.show import FAILED, REFUSED, say, show_data

Force = Annotated[
    bool, typer.Option("--force", help="Overwrite what is there; what the command reads never.")
]


def check_outputs(
    paths: Sequence[Path], *, option: str, reads: Sequence[Path] = (), force: bool, as_json: bool
) -> None:
    """Say before the work that a file cannot be written, or may not be (status 3).

    Refuses
        file_is_read   the command reads that very file, by whatever name
        file_taken     it is there, and `--force` was not said
    """
    for path in paths:
        if path.is_dir() or not path.parent.is_dir():
            what = "is a folder" if path.is_dir() else f"lies in {path.parent}, which is not there"
            raise typer.BadParameter(f"{path} {what}", param_hint=option)
        if not os.access(path.parent, os.W_OK):
            raise typer.BadParameter(f"{path.parent} cannot be written by this user", param_hint=option)
        if any(_is_same(path, one) for one in reads):
            _refuse(
                "file_is_read",
                f"{path} is what this command reads, and is never overwritten: give {option} another name.",
                f"{path} 是本命令读取的文件，绝不覆盖：请为 {option} 另取文件名。",
                as_json=as_json,
            )
        if os.path.lexists(path) and not force:
            _refuse(
                "file_taken",
                f"{path} is there already, and nothing was done: give {option} another name, or say --force to overwrite it.",
                f"{path} 已存在，未做任何操作：请为 {option} 另取文件名，或用 --force 覆盖。",
                as_json=as_json,
            )


@contextmanager
def told_if_unwritten(path: Path, *, as_json: bool) -> Iterator[None]:
    """A file that could not be written after all, told as a sentence and status 1."""
    try:
        yield
    except OSError as failure:
        tell_failure(f"{path} could not be written: {failure.strerror or failure}", as_json=as_json)
        sys.exit(FAILED)


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there
        return path.absolute() == other.absolute()


def _refuse(code: str, detail: str, message_zh: str, *, as_json: bool) -> None:
    if as_json:
        show_data({"code": code, "detail": detail, "message_zh": message_zh})
    else:
        say(f"refused: {detail} [{code}]")
    sys.exit(REFUSED)
