"""The workbook, read back as the XML that it is: a sheet a table, numbers as numbers, never a formula."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest
from tests.report.results import CASES, a_year, hostile, many_rules

from jifen.insight.backtest.result import Result, from_json, to_json
from jifen.insight.backtest.segments import FIFTHS
from jifen.insight.report import excel_bytes
from jifen.insight.report.tables import tables_of
from jifen.insight.report.tongue import Tongue

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass
class Sheet:
    """One sheet as it was written: rows of texts, numbers and None."""

    rows: list[list[str | float | None]]
    root: ET.Element


def book_of(content: bytes) -> dict[str, Sheet]:
    """The sheets by name, in order."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        read = {name: packed.read(name) for name in packed.namelist()}
    shared = [
        "".join(part.text or "" for part in one.iter(f"{MAIN}t"))
        for one in ET.fromstring(read["xl/sharedStrings.xml"])
    ]
    sheets = {}
    for number, sheet in enumerate(ET.fromstring(read["xl/workbook.xml"]).iter(f"{MAIN}sheet"), start=1):
        root = ET.fromstring(read[f"xl/worksheets/sheet{number}.xml"])
        rows = []
        for row in root.iter(f"{MAIN}row"):
            cells: dict[int, str | float | None] = {}
            for cell in row:
                value = cell.find(f"{MAIN}v")
                at = column_of(cell.attrib["r"])
                if value is not None and value.text is not None:
                    cells[at] = shared[int(value.text)] if cell.attrib.get("t") == "s" else float(value.text)
            rows.append([cells.get(at) for at in range(max(cells, default=-1) + 1)])
        sheets[sheet.attrib["name"]] = Sheet(rows=rows, root=root)
    return sheets


def column_of(place: str) -> int:
    at = 0
    for letter in place.rstrip("0123456789"):
        at = at * 26 + ord(letter) - 64
    return at - 1


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("language", ["zh", "en"])
def test_there_is_a_sheet_for_each_table_with_frozen_headers(
    case: Callable[[], Result], language: str
) -> None:
    result = case()
    tables = tables_of(result, Tongue(language=language, money_code="CNY", money_decimals=2))
    book = book_of(excel_bytes(result, language=language))
    assert list(book) == [table.title for table in tables.values()]
    for sheet, table in zip(book.values(), tables.values(), strict=True):
        assert len(sheet.rows) == len(table.rows) + 1
        pane = sheet.root.find(f".//{MAIN}pane")
        assert pane is not None
        assert pane.attrib["state"] == "frozen"
        assert pane.attrib["ySplit"] == "1"
        assert not list(sheet.root.iter(f"{MAIN}f")), "no cell is a formula"
        assert not list(sheet.root.iter(f"{MAIN}hyperlink"))


def test_the_numbers_are_those_of_the_result() -> None:
    result = a_year()
    book = book_of(excel_bytes(result, language="en"))
    head, *rows = book["Rules"].rows
    at = [head.index(title) for title in ("Code", "Draft cost", "Draft granted", "Draft purchases")]
    assert [[row[place] for place in at] for row in rows] == [
        [one.rule.code, one.cost_minor / 100, float(one.granted_units), float(one.purchases)]
        for one in result.draft.by_rule
    ]
    days = book["Liability by day"].rows[1:]
    assert len(days) == len(result.draft.liability) == 365
    assert days[-1][2] == result.draft.owed_minor / 100
    assert days[0][0] == 45_658.0, "1 Jan 2025 as Excel counts days"
    assert sum(row[1] for row in book["Tier moves"].rows[1:] if isinstance(row[1], float)) > 0


def test_the_workbook_has_the_fifths_as_the_json_has_them() -> None:
    result = a_year()
    for language, by in (("en", "Segment"), ("zh", "分群")):
        tongue = Tongue(language=language, money_code="CNY", money_decimals=2)
        rows = book_of(excel_bytes(result, language=language))[tongue.say("table.shares")].rows[1:]
        shown = [tuple(row[1:7]) for row in rows if row[0] == by]
        assert shown == [
            (
                tongue.name(one.group),
                *map(float, (one.members, one.better, one.worse, one.unchanged, one.total)),
            )
            for one in from_json(to_json(result)).change.shares
            if one.by == "segment"
        ]
        assert len(shown) >= len(FIFTHS)


def test_what_would_be_a_formula_is_a_quoted_text() -> None:
    for name in (
        "=1+1",
        '=HYPERLINK("x")',
        "+1",
        "-2+3",
        "@SUM(A1)",
        "\tx",
        "https://evil.example",
        "=cmd|' /C calc'!A0",
    ):
        content = excel_bytes(hostile(name), language="en")
        book = book_of(content)
        assert book["Rules"].rows[1][0] == name
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            assert not any(
                "hyperlink" in packed.read(one).decode("utf-8") for one in packed.namelist() if "rels" in one
            )
            styles = packed.read("xl/styles.xml").decode("utf-8")
        quoted = [
            at for at, one in enumerate(re.findall(r"<xf [^>]*xfId[^>]*>", styles)) if "quotePrefix" in one
        ]
        first = book["Rules"].root.find(f".//{MAIN}c[@r='A2']")
        assert first is not None
        assert (int(first.attrib["s"]) in quoted) == (not name.startswith("https"))


def test_the_same_result_gives_the_same_workbook() -> None:
    result = many_rules()
    assert excel_bytes(result, language="zh") == excel_bytes(result, language="zh")


def test_a_text_that_no_sheet_can_hold_is_cut_and_cleaned() -> None:
    book = book_of(excel_bytes(hostile("\x00" + "長" * 40_000), language="zh"))
    text = book["规则"].rows[1][0]
    assert isinstance(text, str)
    assert text.startswith("\ufffd長")
    assert len(text) == 32_767
