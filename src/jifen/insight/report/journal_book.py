"""The workbook of a journal's export: what it comes to, its entries, its postings; made from the CSV, row by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from jifen.insight.report.excel import MOST_ROWS
from jifen.present.catalogue import catalogue_of

SHEETS: Final = ("totals", "entries", "postings")
_NUMBER = re.compile(r"-?\d{1,15}")
_TEXTS: Final = frozenset(
    {"member", "source", "store", "channel", "funder", "currency", "line", "verb", "account"}
)


def write_journal_book(folder: Path, to: Path, *, rows: Iterable[int], language: str) -> bool:
    """Write the workbook of totals.csv, entries.csv and postings.csv in a folder; False: a sheet does not hold so many rows.

    Shape
        rows   how many rows the files have, each
    """
    if max(rows) > MOST_ROWS:
        return False
    from xlsxwriter.workbook import Workbook

    words = catalogue_of(language)
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(str(to), {"constant_memory": True, **never}) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        for name in SHEETS:
            sheet = book.add_worksheet(words.say(f"journal_export.sheet.{name}")[:31])
            sheet.freeze_panes(1, 0)
            with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
                lines = csv.reader(stream)
                columns = next(lines)
                sheet.set_column(0, len(columns) - 1, 16)
                for at, column in enumerate(columns):
                    sheet.write_string(0, at, words.say(f"journal_export.column.{column}"), head)
                for row, cells in enumerate(lines, start=1):
                    for at, cell in enumerate(cells):
                        if _NUMBER.fullmatch(cell) and columns[at] not in _TEXTS:
                            sheet.write_number(row, at, int(cell))
                        elif cell:
                            sheet.write_string(row, at, cell)
    return True
