"""`jifen backtest` as a shop's manager and a nightly script meet it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.conftest import Jifen, environment_of
from tests.cli.test_commands import MAIN
from tests.conftest import FreshDatabase
from tests.machine.till import a_till
from tests.snapshot.shop import Lives, a_shop_document

from jifen.document.write import as_values
from jifen.insight.backtest.result import from_json
from jifen.insight.snapshot import open_snapshot
from jifen.jobs.backtest import backtest_folder

# A test run in the background of a shell is deaf to Ctrl-C, and so would its children be.
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "


def a_draft(folder: Path, **change: Any) -> str:
    """The shop's own programme as a file, with what is changed."""
    values = {**as_values(a_shop_document()), **change}
    file = folder / "draft.yaml"
    file.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return str(file)


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> Jifen:
    """The command line at a shop with some history, and a folder of its own."""
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = Lives(till, seed=7)
        await lives.enrol(4)
        await lives.go_on(30)
    return Jifen(environment={**environment_of(fresh_database), "JIFEN_HOME": str(tmp_path / "home")})


def test_a_draft_that_is_what_was_live_changes_nothing_and_the_reports_agree(
    shop: Jifen, tmp_path: Path
) -> None:
    files = [tmp_path / f"report.{form}" for form in ("html", "xlsx", "json")]
    reports = [word for file in files for word in ("--report", str(file))]

    said = shop("backtest", a_draft(tmp_path), *reports)

    assert "would have cost the same" in said
    assert "Baseline" in said
    assert all(f"Report: {file}" in said for file in files)
    result = from_json(files[2].read_text())
    assert result.compared.purchases > 0
    assert result.draft.cost_minor == result.baseline.cost_minor
    assert files[0].read_text().startswith("<!DOCTYPE html>")
    assert files[1].read_bytes()[:2] == b"PK"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], (
        "nothing is left half written"
    )


def test_json_is_the_result_and_nothing_else(shop: Jifen, tmp_path: Path) -> None:
    told = shop.data("backtest", a_draft(tmp_path), "--sample", "50%", "--seed", "3", "--elasticity", "0.5")
    assert told["compared"]["sample"] == [1, 2]
    assert told["compared"]["seed"] == 3
    assert told["compared"]["draft"]["label"] == "draft.yaml"
    assert any(one["is_stated"] for one in told["sensitivity"]) or told["compared"]["sales_minor"] <= 0


def test_redemptions_are_replayed_or_drawn_and_every_form_says_which(shop: Jifen, tmp_path: Path) -> None:
    draft, page = a_draft(tmp_path), tmp_path / "report.html"
    for option, code, is_drawn, words in (
        ((), "spends_as_balances_allow", False, "按过去的时间与数量重放"),
        (("--redemptions", "drawn", "--seed", "5"), "redemptions_drawn", True, "同一种子 5 抽取"),
    ):
        told = shop.data("backtest", draft, *option, "--report", str(page), "--force", "--language", "zh")
        assert {one["code"] for one in told["assumptions"]} >= {code}
        how = {row["is_drawn"] for row in told["draft"]["replayed"] if row["verb"] == "reserve"}
        assert how == {is_drawn}
        assert words in page.read_text()


def test_it_speaks_chinese(shop: Jifen, tmp_path: Path) -> None:
    said = shop("backtest", a_draft(tmp_path), "--language", "zh")
    assert "草案的积分成本与基准相同" in said
    assert "销售额" in said


def test_another_document_is_the_baseline(shop: Jifen, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(Path(a_draft(tmp_path)).read_text())
    told = shop.data("backtest", a_draft(tmp_path), "--against", str(other))
    assert told["compared"]["baseline"]["label"] == "other.yaml"
    assert told["draft"]["cost_minor"] == told["baseline"]["cost_minor"]


def test_its_own_snapshot_is_brought_up_to_now_and_taken_anew_when_damaged(
    shop: Jifen, tmp_path: Path
) -> None:
    draft = a_draft(tmp_path)
    first = shop.data("backtest", draft)
    (folder,) = backtest_folder(tmp_path / "home").glob("snapshot-*")
    assert shop.data("backtest", draft)["compared"]["purchases"] == first["compared"]["purchases"]
    assert open_snapshot(folder).manifest.runs == 2
    file = folder / open_snapshot(folder).manifest.files_of("purchases")[0].path
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    said = shop("backtest", draft)

    assert "taken anew" in said
    assert "another checksum" in said
    assert open_snapshot(folder, checksums=True).manifest.runs == 1


def test_a_named_snapshot_that_fails_its_checksums_is_refused(shop: Jifen, tmp_path: Path) -> None:
    folder, draft = tmp_path / "s", a_draft(tmp_path)
    told = shop.data("backtest", draft, "--snapshot", str(folder))
    shop.environment["JIFEN_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    again = shop.data("backtest", draft, "--snapshot", str(folder), "--no-refresh")
    assert again["draft"]["cost_minor"] == told["draft"]["cost_minor"]
    file = folder / open_snapshot(folder).manifest.files_of("lines")[0].path
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)
    report = tmp_path / "kept.html"
    report.write_text("the one before")

    refused = shop.data(
        "backtest",
        draft,
        "--snapshot",
        str(folder),
        "--no-refresh",
        "--report",
        str(report),
        "--force",
        status=1,
    )

    assert refused["code"] == "snapshot_file_differs"
    assert "jifen snapshot" in refused["detail"] or "take a new snapshot" in refused["detail"]
    assert report.read_text() == "the one before"


def test_what_cannot_be_answered_is_refused_with_the_way_out(shop: Jifen, tmp_path: Path) -> None:
    draft = a_draft(tmp_path)
    refused = shop.data("backtest", draft, "--from", "2030-02-01", "--to", "2030-01-01", status=3)
    assert (refused["code"], refused["pointer"]) == ("field_wrong", "/from_on")
    refused = shop.data("backtest", draft, "--to", "1999-01-01", status=3)
    assert (refused["code"], refused["pointer"]) == ("backtest_refused", "/to_on")
    assert refused["numbers"]["history_from"] in refused["detail"]
    refused = shop.data("backtest", draft, "--stores", "nowhere", status=3)
    assert (refused["code"], refused["numbers"]["store"]) == ("store_unknown", "nowhere")
    wrong = a_draft(tmp_path, earn_rules=[{"code": "x"}])
    assert shop.data("backtest", wrong, status=3)["code"] == "program_refused"
    assert shop.data("backtest", str(tmp_path / "gone.yaml"), status=3)["code"] == "program_refused"


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--from", "1.1.2026", "write it as 2026-01-31"),
        ("--sample", "0", "write it as 10%"),
        ("--sample", "many", "is no number"),
        ("--engine", "abacus", "local or spark"),
        ("--redemptions", "guessed", "replayed or drawn"),
        ("--language", "fr", "zh or en"),
        ("--report", "report.pdf", ".html"),
        ("--report", "no/such/folder/report.html", "not there"),
    ],
)
def test_what_was_not_understood_is_said_before_any_work(
    tmp_path: Path, option: str, value: str, says: str
) -> None:
    said = Jifen(environment={})("backtest", a_draft(tmp_path), option, value, status=2)
    assert says in " ".join(said.replace("│", " ").split())


def test_an_empty_history_is_told(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    jifen = Jifen(environment={**environment_of(fresh_database), "JIFEN_HOME": str(tmp_path / "home")})
    jifen("init")
    refused = jifen.data("backtest", a_draft(tmp_path), status=3)
    assert refused["code"] == "backtest_refused"
    assert "jifen import purchases" in refused["detail"]


def test_a_fact_that_no_purchase_tells_is_told_before_it_runs(shop: Jifen, tmp_path: Path) -> None:
    values = as_values(a_shop_document())
    rule = {
        "code": "early-tea", "names": {"zh": "早茶", "en": "Early tea"}, "currency": "points", "fixed": {"points": 5},
        "when": {"fact": "line.brand", "is": "Nobody's"},
    }  # fmt: skip
    said = shop("backtest", a_draft(tmp_path, earn_rules=[*values["earn_rules"], rule]))
    assert "“Early tea” asks for" in said
    assert "of the purchases do not tell" in said


def test_ctrl_c_ends_it_with_the_status_of_shells_and_leaves_nothing_half_written(
    shop: Jifen, tmp_path: Path
) -> None:
    """It waits for another back-test here, so that the moment of the signal is certain."""
    import fcntl

    report = tmp_path / "report.html"
    folder = backtest_folder(tmp_path / "home")
    folder.mkdir(parents=True)
    with (folder / "lock").open("a+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "-c", HEARS + MAIN[2], "backtest", a_draft(tmp_path), "--report", str(report)],
            env={**os.environ, **shop.environment}, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + 60
        while not _has_open(process.pid, folder / "lock"):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "Interrupted: nothing was written" in said
    assert not report.exists()
    assert [path.name for path in folder.iterdir()] == ["lock"]


def _has_open(pid: int, file: Path) -> bool:
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(descriptor.readlink())
    return file in found


def test_spark_without_pyspark_says_how_to_get_it(
    shop: Jifen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark = pytest.importorskip("jifen.insight.backtest.spark")
    monkeypatch.setattr(spark, "find_spec", lambda _: None)
    refused = shop.data("backtest", a_draft(tmp_path), "--engine", "spark", status=3)
    assert refused["code"] == "backtest_refused"
    assert "jifen[spark]" in refused["detail"]


def test_the_example_is_a_draft_for_the_demo() -> None:
    from jifen.document.load import load_program_file

    example = Path(__file__).parents[2] / "examples" / "backtest" / "grocer-draft.yaml"
    assert load_program_file(example).program.code == "grocer"
    assert json.dumps(as_values(load_program_file(example)))
