"""Writing a report to a file: whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from jifen.insight.backtest.result import Result, to_json
from jifen.insight.report.excel import excel_bytes
from jifen.insight.report.page import html_page

SUFFIXES = (".html", ".xlsx", ".json")


class UnknownReport(ValueError):
    """A report is written as .html, .xlsx or .json."""


def write_report(result: Result, path: Path, *, language: str) -> None:
    """The report in the form that the name of `path` asks for; what stood there is replaced when all is on disk.

    Refuses
        UnknownReport   the name ends otherwise.
        OSError         the file could not be written; then the old one is still there, and no half of a new one.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UnknownReport(f"{path.name}: a report ends in {', '.join(SUFFIXES)}")
    if path.suffix.lower() == ".xlsx":
        content = excel_bytes(result, language=language)
    elif path.suffix.lower() == ".html":
        content = html_page(result, language=language).encode()
    else:
        content = to_json(result).encode()

    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
