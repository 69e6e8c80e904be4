"""The report of a back-test that was really run: what the page and the workbook say is what the engine counted."""

from __future__ import annotations

import random
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.backtest.snapshots import a_snapshot
from tests.backtest.worlds import CHANGED, FIRST, a_script, play
from tests.conftest import FreshDatabase
from tests.machine.till import a_till, days
from tests.report.test_excel import book_of
from tests.report.test_page import in_minor, parsed, read, the_table

from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.result import from_json
from jifen.insight.report import write_report


async def test_a_random_past_is_reported_as_it_was_counted(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, FIRST) as till:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(400)
        await till.set_now(start)
        members = [await till.enrol() for _ in range(12)]
        await play(till, members, a_script(random.Random(11), start, members=12, steps=150))
    snapshot = await a_snapshot(fresh_database, tmp_path / "snapshot")

    result = compare(snapshot, CHANGED[1], label="draft.yaml")
    for name in ("report.html", "report.xlsx", "report.json"):
        write_report(result, tmp_path / name, language="en")

    assert from_json((tmp_path / "report.json").read_bytes()) == result
    ET.parse(tmp_path / "report.html")
    page = parsed(result, "en")
    assert "draft.yaml against the live programme" in read(page)
    bars = the_table(page, "pairs", "Rules")
    # A rule's cost is rounded once: rows may differ from the total by less than one minor unit a row.
    assert abs(sum(in_minor(row[3]) for row in bars) - result.draft.cost_minor) < len(bars)
    matrix = the_table(page, "matrix", "Tier moves")
    assert (
        sum(in_minor(cell.lstrip("▲▼ ")) for row in matrix for cell in row[1:])
        == result.compared.members
        == 12
    )

    book = book_of((tmp_path / "report.xlsx").read_bytes())
    assert (
        book["Liability by day"].rows[-1][2] == result.draft.owed_minor / 10**result.compared.money_decimals
    )
    head, *rows = book["Rules"].rows
    granted = head.index("Draft granted")
    assert sum(row[granted] or 0 for row in rows) == sum(  # type: ignore[misc]
        row.granted_units for row in result.draft.by_rule
    )
