"""`jifen ledger export`: the journal of some days as files."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

from tests.api.conftest import a_ledger
from tests.cli.conftest import Jifen
from tests.conftest import FreshDatabase

from jifen.domain.principal import LOCAL
from jifen.operations.export_journal import ask_export
from jifen.store.once import Once


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


def test_an_export_that_somebody_asked_for_at_a_screen_is_called_off(
    jifen: Jifen, fresh_database: FreshDatabase
) -> None:
    async def ask(number: int) -> str:
        async with a_ledger(fresh_database.app) as ledger:
            request = Once(key=f"export {number}", body_hash=b"")
            told = await ask_export(
                ledger, from_on=None, to_on=None, language="en", request=request, by=LOCAL
            )
        return "exp_" + str(told["export_id"]).replace("-", "")

    first, second = asyncio.run(ask(1)), asyncio.run(ask(2))
    assert jifen.data("ledger", "cancel-export", first) == {"export_id": first, "state": "cancelled"}
    assert jifen.data("ledger", "cancel-export", first)["state"] == "cancelled", "asked again it stays so"
    assert first in jifen("ledger", "cancel-export", first)
    assert second in jifen("ledger", "cancel-export", second, "--language", "zh")
    unknown = jifen.data("ledger", "cancel-export", "exp_" + "0" * 32, status=3)
    assert unknown["code"] == "export_unknown"
    jifen("ledger", "cancel-export", "mbr_" + "0" * 32, status=2)


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
