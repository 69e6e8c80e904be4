"""Stories as a shop owner reads them: a programme, then a table of days; read from the pages that people read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "stories"
COLUMNS = ["day", "member", "what happens", "points", "balance", "usable", "owed by the shop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that happens, and how the member stands after it."""

    place: str  # file and line, for messages
    day: date
    member: str
    happens: str
    points: int
    balance: int
    usable: int
    liability_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A page: its title, the programme as YAML, and what happens."""

    title: str
    programme: str
    rows: tuple[Row, ...]


def stories() -> list[Path]:
    """Every page that tells a story."""
    return sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def read_story(path: Path) -> Story:
    """The story on a page. Whatever cannot be read is a mistake on the page."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    programme = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert programme, f"{path.name} has no programme"
    at = next(i for i, line in enumerate(lines) if _cells(line) == COLUMNS)
    rows = []
    for number, line in enumerate(lines[at + 2 :], start=at + 3):
        if not line.startswith("|"):
            break
        rows.append(_row(f"{path.name}:{number}", _cells(line)))
    assert rows, f"{path.name} has no rows"
    return Story(title=lines[0].removeprefix("# "), programme=programme[1], rows=tuple(rows))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(place: str, cells: list[str]) -> Row:
    assert len(cells) == len(COLUMNS), place
    day, member, happens, points, balance, usable, liability = cells
    return Row(
        place=place,
        day=date.fromisoformat(day),
        member=member,
        happens=happens,
        points=whole(points),
        balance=whole(balance),
        usable=whole(usable),
        liability_minor=minor(liability),
    )


def whole(text: str) -> int:
    """`+100`, `−33` or nothing at all."""
    return int(text.replace("−", "-").replace("+", "").replace(",", "") or "0")


def minor(text: str) -> int:
    """Yuan with two decimals as fen."""
    yuan, _, fen = text.removeprefix("¥").replace(",", "").partition(".")
    return int(yuan) * 100 + int((fen + "00")[:2])
