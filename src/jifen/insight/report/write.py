"""Writing a report to a file: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from jifen.insight.backtest.result import Result, to_json
from jifen.insight.report.excel import excel_bytes
from jifen.insight.report.page import html_page
from jifen.insight.write_whole import write_whole

SUFFIXES = (".html", ".xlsx", ".json")


class UnknownReport(ValueError):
    """A report is written as .html, .xlsx or .json."""


def write_report(result: Result, path: Path, *, language: str, over: bool = False) -> None:
    """The report in the form that the name of `path` asks for; with `over`, in place of what stands there.

    Refuses
        UnknownReport        the name ends otherwise.
        FileTaken, OSError   as `write_whole` does.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UnknownReport(f"{path.name}: a report ends in {', '.join(SUFFIXES)}")
    if path.suffix.lower() == ".xlsx":
        content = excel_bytes(result, language=language)
    elif path.suffix.lower() == ".html":
        content = html_page(result, language=language).encode()
    else:
        content = to_json(result).encode()

    write_whole(path, lambda stream: stream.write(content), over=over)
