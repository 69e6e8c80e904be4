"""The workbook: a sheet for each table, real numbers and dates, frozen headers (decision 0066)."""

from __future__ import annotations

import io
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

from jifen.insight.backtest.result import Result
from jifen.insight.report.cells import Cell, Figure, Table
from jifen.insight.report.markup import plain
from jifen.insight.report.tables import tables_of
from jifen.insight.report.tongue import Tongue
from jifen.present.shown import SIGNS

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32_767
MOST_ROWS = 1_048_575
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NEVER_IN_A_SHEETS_NAME = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def excel_bytes(result: Result, *, language: str) -> bytes:
    """The workbook (.xlsx) in `zh` or `en`. Every text is a text, whatever it begins with; empty tables keep their headers.

    Units
        Numbers are in points and in major units of money, as a person reads them; shares are fractions shown as percentages.
    """
    from xlsxwriter.workbook import Workbook

    told = result.compared
    tongue = Tongue(language=language, money_code=told.money, money_decimals=told.money_decimals)
    file = io.BytesIO()
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(file, {"in_memory": True, **never}) as book:
        book.set_properties({
            "title": tongue.say("eyebrow"), "comments": tongue.say("foot"),
            "created": told.made_at.astimezone(UTC).replace(tzinfo=None),
        })  # fmt: skip
        styles = _Styles(book, tongue)
        for table in tables_of(result, tongue).values():
            _sheet(book.add_worksheet(table.title.translate(_NEVER_IN_A_SHEETS_NAME)[:31]), table, styles)
    return file.getvalue()


class _Styles:
    """The formats of cells, made once each."""

    def __init__(self, book: Workbook, tongue: Tongue) -> None:
        self.book, self.tongue = book, tongue
        self.made: dict[tuple[str, int, bool], Any] = {}
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.text = book.add_format({"valign": "top"})
        self.long = book.add_format({"valign": "top", "text_wrap": True})
        self.quoted = book.add_format({"valign": "top", "quote_prefix": True})
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"})

    def of(self, figure: Figure) -> Any:
        """The format of a figure: thousands apart, as many decimals as it has, a plus before a change."""
        decimals = self.decimals(figure)
        key = (figure.kind, decimals, figure.is_change)
        if key not in self.made:
            number = "#,##0" + (f".{'0' * decimals}" if decimals else "")
            if figure.kind == "share":
                number = "0.00%"
            if figure.kind == "money":
                sign = SIGNS.get(self.tongue.money_code, "")
                number = f'"{sign}"{number}' if sign else f'{number} "{self.tongue.money_code}"'
            said = f"+{number};-{number};{number}" if figure.is_change else f"{number};-{number}"
            self.made[key] = self.book.add_format({"num_format": said, "valign": "top"})
        return self.made[key]

    def decimals(self, figure: Figure) -> int:
        """How many decimals stand behind the figure's whole number."""
        if figure.kind == "share":
            return 4
        return self.tongue.money_decimals if figure.kind == "money" else figure.decimals


def _sheet(sheet: Worksheet, table: Table, styles: _Styles) -> None:
    for at, title in enumerate(table.columns):
        sheet.write_string(0, at, plain(title)[:LONGEST_TEXT], styles.head)
        sheet.set_column(at, at, _width(title, [row[at] for row in table.rows[:200]], styles.tongue))
    for number, row in enumerate(table.rows[:MOST_ROWS], start=1):
        for at, cell in enumerate(row):
            _write(sheet, number, at, cell, styles)
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write(sheet: Worksheet, row: int, at: int, cell: Cell, styles: _Styles) -> None:
    if isinstance(cell, Figure):
        sheet.write_number(row, at, cell.number / 10 ** styles.decimals(cell), styles.of(cell))
    elif isinstance(cell, date):
        sheet.write_datetime(row, at, cell, styles.day)
    elif cell:
        text = plain(cell)[:LONGEST_TEXT]
        style = (
            styles.quoted
            if text.startswith(_BEGINS_A_FORMULA)
            else styles.long
            if len(text) > 60
            else styles.text
        )
        sheet.write_string(row, at, text, style)


def _width(title: str, cells: list[Cell], tongue: Tongue) -> int:
    """A column's width in characters: wide enough for what is in it, never so wide that the next is out of sight."""
    longest = max((_wide(cell, tongue) for cell in cells), default=0)
    return min(max(longest, min(_wide(title, tongue), 16), 8) + 2, 70)


def _wide(cell: Cell, tongue: Tongue) -> int:
    text = (
        cell.said(tongue)
        if isinstance(cell, Figure)
        else "2025-01-01"
        if isinstance(cell, date)
        else cell or ""
    )
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text[:80])
