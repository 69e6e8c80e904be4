"""`jifen ledger export`: the journal of some days as files."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.cli.conftest import Jifen


def test_the_journal_is_written_into_a_new_folder(jifen: Jifen, tmp_path: Path) -> None:
    member = jifen.data("member", "enrol", "--card", "6200001")["member_id"]
    told = jifen.data("ledger", "export", str(tmp_path / "all"))
    assert (told["entries"], told["postings"], told["has_workbook"]) == (1, 0, True)
    names = {one.name for one in (tmp_path / "all").iterdir()}
    assert names == {"entries.csv", "postings.csv", "totals.csv", "journal.xlsx"}
    with (tmp_path / "all" / "entries.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["member"], row["kind"]) for row in rows] == [(member, "enrol")]
    said = jifen("ledger", "export", str(tmp_path / "past"), "--to-on", "2019-12-31", "--language", "zh")
    assert "0 笔凭证" in said


def test_a_folder_that_holds_something_is_left_alone(jifen: Jifen, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert "holds something" in jifen("ledger", "export", str(tmp_path), status=3)
    wrong = jifen(
        "ledger",
        "export",
        str(tmp_path / "new"),
        "--from-on",
        "2026-02-02",
        "--to-on",
        "2026-02-01",
        status=3,
    )
    assert "ends before it begins" in wrong
