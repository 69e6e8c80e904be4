"""A report is on disk whole, or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tests.report.results import a_year

from jifen.insight.backtest.result import from_json
from jifen.insight.report import UnknownReport, write_report
from jifen.insight.write_whole import FileTaken


def test_the_name_chooses_the_form(tmp_path: Path) -> None:
    result = a_year(members=60)
    for name in ("report.html", "report.XLSX", "report.json"):
        write_report(result, tmp_path / name, language="zh")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert zipfile.is_zipfile(tmp_path / "report.XLSX")
    assert from_json((tmp_path / "report.json").read_bytes()) == result
    assert len(list(tmp_path.iterdir())) == 3


def test_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownReport, match=r"report\.pdf"):
        write_report(a_year(members=60), tmp_path / "report.pdf", language="en")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("the old one", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(a_year(members=60), path, language="en", over=True)
    assert path.read_text(encoding="utf-8") == "the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_is_there_is_overwritten_only_on_purpose(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("mine", encoding="utf-8")
    result = a_year(members=60)

    with pytest.raises(FileTaken):
        write_report(result, path, language="en")
    assert path.read_text(encoding="utf-8") == "mine"

    write_report(result, path, language="en", over=True)
    assert from_json(path.read_bytes()) == result
    assert list(tmp_path.iterdir()) == [path]
