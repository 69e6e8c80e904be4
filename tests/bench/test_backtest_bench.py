"""The back-test's benchmark measures what it says, on a small past."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jifen.bench.backtest import growing, members_of
from jifen.bench.backtest_work import a_draft, draft_text, most_memory
from jifen.bench.groups import GROUPS
from jifen.bench.kept import KeptOtherwise, check_kept
from jifen.cli import app
from jifen.document.load import parse_document
from jifen.templates import template_text


def test_growth_is_told_at_one_ten_thirty_and_a_hundred_million_lines() -> None:
    assert growing(100_000_000) == [1_000_000, 10_000_000, 30_000_000, 100_000_000]
    members, purchases = members_of(100_000_000)
    assert members == pytest.approx(1_000_000, rel=0.01)
    assert purchases == pytest.approx(10_600_000, rel=0.01)


def test_the_draft_is_the_template_changed_in_each_of_its_places() -> None:
    template = template_text("grocer")
    changed = [
        1
        for before, after in zip(template.splitlines(), draft_text().splitlines(), strict=True)
        if before != after
    ]
    assert len(changed) == 5
    live = parse_document(template, name="grocer.yaml")
    assert len(live.earn_rules) == len(a_draft().earn_rules) == 12
    assert live.tiers is not None
    assert len(live.tiers.list) == 4


def test_the_memory_told_is_this_processes_own() -> None:
    assert 10 < most_memory() < 24_000


def test_kept_snapshots_are_found_by_whoever_would_make_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    check_kept(folder, households=40)
    (folder / "demo").mkdir()
    check_kept(folder, households=40)
    with pytest.raises(KeptOtherwise, match="of 40 households"):
        check_kept(folder, households=None)

    mark = folder / "kept.json"
    mark.write_text(json.dumps(json.loads(mark.read_text()) | {"numbers": "0"}))
    with pytest.raises(KeptOtherwise, match="other numbers"):
        check_kept(folder, households=40)
    assert (folder / "demo").is_dir()


@pytest.mark.parametrize("kept", ["demo", "generated-1000"])
def test_an_older_kept_snapshot_is_refused_before_anything_is_measured(tmp_path: Path, kept: str) -> None:
    (tmp_path / kept).mkdir()
    ran = CliRunner().invoke(app, ["bench", "backtest", "--keep", str(tmp_path)])
    assert ran.exit_code == 3, ran.output
    assert f"Remove {tmp_path / kept}" in ran.output
    assert "or name another folder by --keep" in ran.output
    assert "Traceback" not in ran.output


@pytest.mark.slow
def test_a_small_run_tells_every_figure() -> None:
    assert "backtest" in GROUPS
    done = subprocess.run(
        [sys.executable, "-c", "from jifen.cli import main; main()", "bench", "backtest", "--lines", "20000",
         "--households", "40", "--rounds", "1", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # 1: a figure missed its goal on this machine
    figures = {one["name"]: one for one in json.loads(done.stdout)["figures"]}
    assert list(figures) == ["demo_year", "equals_books", "big", "big_memory", "vs_live", "vs_pandas"]
    assert figures["equals_books"]["value"] == 0
    assert figures["equals_books"]["detail"]["rows"]["postings"] > 1_000
    growth = figures["big"]["detail"]["growth"]
    assert [one["lines"] for one in growth] == sorted(one["lines"] for one in growth)
    # So few are drawn from forty households, whose order their random ids decide.
    assert 0.6 * 20_000 < growth[-1]["lines"] < 1.4 * 20_000
    assert set(growth[-1]["thread_seconds"]) == {"read", "select", "fold", "tally"}
    assert figures["big"]["detail"]["granted"][0] != figures["big"]["detail"]["granted"][1]
    assert figures["vs_live"]["ratio"] > 0
    assert (
        figures["vs_pandas"]["detail"]["ours"]["points"]
        == figures["vs_pandas"]["detail"]["pandas"]["points"]
        > 0
    )
