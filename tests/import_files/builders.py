"""Files as an integrator would send them, built row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jifen.insight.frames import Loaded
from jifen.insight.read_purchases import Known, Mapping, read_purchases

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HEADER = ("no", "line", "at", "member", "store", "sku", "name", "category", "qty", "amount", "discount")
Row = dict[str, str]


def known(**changes: Any) -> Known:
    """A programme in yuan with two stores."""
    told: dict[str, Any] = {
        "now": NOW,
        "money": "CNY",
        "money_decimals": 2,
        "stores": frozenset({"S01", "S02"}),
    }
    return Known(**(told | changes))


def mapping(*, numbered: bool = True, columns: dict[str, Any] | None = None, **changes: Any) -> Mapping:
    """The mapping of HEADER, with line numbers or without."""
    told: dict[str, Any] = {
        "business_no": "no",
        "occurred_at": "at",
        "member_ref": "member",
        "store": "store",
        "sku": "sku",
        "name": "name",
        "category": "category",
        "quantity": "qty",
        "amount": "amount",
        "discount": "discount",
    }
    if numbered:
        told["line_number"] = "line"
    document: dict[str, Any] = {
        "columns": told | (columns or {}),
        "constants": {"source": "pos"},
        "time": {"format": "%Y-%m-%d %H:%M:%S", "zone": "Asia/Shanghai"},
        "category_separator": ">",
    }
    return Mapping.model_validate(document | changes)


def a_row(**changes: str) -> Row:
    """One line of receipt R1."""
    row = {
        "no": "R1",
        "line": "1",
        "at": "2026-03-01 10:00:00",
        "member": "C1",
        "store": "S01",
        "sku": "690001",
        "name": "牛奶",
        "category": "乳品>鲜奶",
        "qty": "1",
        "amount": "12.30",
        "discount": "0.50",
    }
    return row | changes


def text_of(rows: Sequence[Row], *, separator: str = ",", header: Sequence[str] = HEADER) -> str:
    """Rows as CSV; cells with a separator or a quote are quoted."""

    def cell(value: str) -> str:
        if any(mark in value for mark in (separator, '"', "\n", "\r")):
            return '"' + value.replace('"', '""') + '"'
        return value

    lines = [separator.join(header), *(separator.join(cell(row[name]) for name in header) for row in rows)]
    return "".join(line + "\r\n" for line in lines)


def a_file(folder: Path, rows: Sequence[Row], *, name: str = "sales.csv", encoding: str = "utf-8") -> Path:
    """The rows written."""
    path = folder / name
    path.write_bytes(text_of(rows).encode(encoding))
    return path


def read(
    folder: Path, rows: Sequence[Row], *, by: Mapping | None = None, knowing: Known | None = None
) -> Loaded:
    """What reading the rows comes to."""
    return read_purchases([a_file(folder, rows)], by or mapping(), known=knowing or known())


def codes(loaded: Loaded) -> list[tuple[int, str | None, str]]:
    """Row, column and code of each reject."""
    return [
        (row, column, code)
        for row, column, code in loaded.rejects.select("row", "column", "code").iter_rows()
    ]
