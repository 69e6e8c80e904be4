"""Snapshots that a benchmark keeps from run to run (`--keep`): found again only by the Jifen that would make the same.

An older one is of other columns or other numbers, and fails in the middle, or measures something else.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from jifen.domain import verbs
from jifen.insight.snapshot.contracts import EVERY
from jifen.insight.snapshot.manifest import FORMAT
from jifen.insight.write_whole import write_whole
from jifen.templates import template_text

NAME = "kept.json"


class KeptOtherwise(Exception):
    """The folder holds snapshots that this run would not make so."""


def mark_of(households: int | None) -> dict[str, str]:
    """What snapshots of this Jifen are known by: their form, the numbers in them, the programme, and how much of the demo."""
    form = [
        FORMAT,
        [
            (name, [(column.name, str(column.type)) for column in one.contract.columns])
            for name, one in EVERY.items()
        ],
    ]
    numbers = [verbs.KINDS, verbs.POSTS, verbs.WAYS]
    return {
        "form": _hash(form),
        "numbers": _hash(numbers),
        "programme": _hash(template_text("grocer")),
        "households": str(households or "all"),
    }


def _hash(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def check_kept(folder: Path, *, households: int | None) -> None:
    """Let a folder be used that holds nothing of a benchmark, or what this run would make; and mark it.

    Refuses
        KeptOtherwise   its snapshots are of another Jifen, or of another number of households
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = mark_of(households)
    there = sorted(
        one.name for one in folder.iterdir() if one.name == "demo" or one.name.startswith("generated-")
    )
    if there and (differs := _differing(folder / NAME, wanted)):
        named = " and ".join(str(folder / name) for name in there)
        raise KeptOtherwise(
            f"{folder} holds snapshots that this run would make otherwise ({differs}). "
            f"Remove {named}, and they are made anew; or name another folder by --keep."
        )
    write_whole(folder / NAME, lambda stream: stream.write(json.dumps(wanted).encode()), over=True)


def _differing(path: Path, wanted: dict[str, str]) -> str:
    """What is otherwise; "" where nothing is."""
    try:
        told = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        told = None
    if not isinstance(told, dict):
        return "an older Jifen made them"
    said = {
        "form": "their files have another form", "numbers": "verbs have other numbers in them",
        "programme": "the template has changed", "households": f"of {told.get('households')} households",
    }  # fmt: skip
    return ", ".join(said[name] for name, value in wanted.items() if told.get(name) != value)
