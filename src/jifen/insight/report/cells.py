"""A table of a report: its columns and typed cells, which the page writes as words and the workbook as numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from jifen.insight.report.tongue import Tongue


@dataclass(frozen=True, slots=True)
class Figure:
    """A whole number with what it counts. `decimals` is of units; money has its own."""

    number: int
    kind: Literal["count", "units", "money", "share"] = "count"
    decimals: int = 0
    is_change: bool = False  # then a plus stands before it

    def changed_from(self, before: Figure) -> Figure:
        """What it is more or less than another figure of the same kind."""
        assert (self.kind, self.decimals) == (before.kind, before.decimals), (
            "changes are of one kind of figure"
        )
        return Figure(self.number - before.number, self.kind, self.decimals, is_change=True)

    def said(self, tongue: Tongue) -> str:
        """The figure as a person reads it."""
        if self.kind == "share":
            return tongue.share_change(self.number) if self.is_change else tongue.share(self.number)
        if self.is_change:
            return tongue.signed(self.number, self._write(tongue))
        return self._write(tongue)(self.number)

    def _write(self, tongue: Tongue) -> Callable[[int], str]:
        if self.kind == "money":
            return tongue.money
        if self.kind == "units":
            return lambda number: tongue.scaled(number, self.decimals)
        return tongue.whole


Cell = Figure | str | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: a sheet of the workbook, and perhaps a folded table of the page."""

    key: str  # of `words.py`: table.<key> is its title
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        wrong = [row for row in self.rows if len(row) != len(self.columns)]
        assert not wrong, f"{self.key}: a row has {len(wrong[0])} cells for {len(self.columns)} columns"


def a_table(tongue: Tongue, key: str, columns: str, rows: list[tuple[Cell, ...]]) -> Table:
    """A table whose columns are given as keys of `words.py` (column.<key>) with spaces between."""
    return Table(
        key=key, title=tongue.say(f"table.{key}"), columns=tuple(tongue.say(f"column.{one}") for one in columns.split()),
        rows=tuple(rows),
    )  # fmt: skip


def money(minor: int, *, is_change: bool = False) -> Figure:
    """A figure of money."""
    return Figure(minor, "money", is_change=is_change)


def share(bps: int, *, is_change: bool = False) -> Figure:
    """A figure that is a share."""
    return Figure(bps, "share", is_change=is_change)


def units(number: int, decimals: int, *, is_change: bool = False) -> Figure:
    """A figure of units of a currency with so many decimals."""
    return Figure(number, "units", decimals, is_change)
