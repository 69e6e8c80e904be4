"""The list of the erased: a file beside the keys, outside the database and its backup, of ids that mean nothing any more.

A backup from before an erasure brings the person back; whoever restores one reads the list and erases again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from jifen.vault.vault import Vault


def path_of(vault: Vault) -> Path:
    """Where the list stands."""
    return vault.path.with_name("erased.list")


def add(vault: Vault, person_ids: Sequence[UUID], *, at: datetime) -> None:
    """Write ids into the list, on disk before this returns."""
    path = path_of(vault)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
        file.write("".join(f"{one} {at.isoformat()}\n" for one in person_ids))
        file.flush()
        os.fsync(file.fileno())


def read(vault: Vault) -> list[UUID]:
    """The ids of the list; a last line that was cut off when the power went is no id, and its erasure was not done."""
    try:
        lines = path_of(vault).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(UUID(line.split(" ")[0]))
        except ValueError:
            continue
    return found
