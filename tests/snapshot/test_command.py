"""`jifen snapshot` as an operator and a nightly script meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Jifen, environment_of
from tests.conftest import FreshDatabase
from tests.machine.till import a_till
from tests.snapshot.shop import Lives, a_shop_document

from jifen.insight.snapshot.folder import locked_folder
from jifen.insight.snapshot.manifest import read_manifest


@pytest.fixture
async def shop(fresh_database: FreshDatabase) -> Jifen:
    """The command line at a shop with some history."""
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = Lives(till, seed=11)
        await lives.enrol(3)
        await lives.go_on(20)
    return Jifen(environment=environment_of(fresh_database))


def test_a_nightly_run_tells_what_came_new(shop: Jifen, tmp_path: Path) -> None:
    first = shop.data("snapshot", str(tmp_path / "s"), "--buckets", "2")
    assert first["rows"]["purchases"] == first["new"]["purchases"] > 0
    assert first["bytes"] >= first["written_bytes"] > 0
    again = shop.data("snapshot", "take", str(tmp_path / "s"))
    assert set(again["new"].values()) == {0}
    assert again["rows"] == first["rows"]
    assert again["runs"] == 2
    said = shop("snapshot", str(tmp_path / "s"))
    assert "purchases" in said
    assert "came new" in said


def test_the_default_folder_lies_in_jifens_own(shop: Jifen, tmp_path: Path) -> None:
    shop.environment["JIFEN_HOME"] = str(tmp_path)
    said = shop.data("snapshot")
    assert said["folder"] == str(tmp_path / "snapshot")
    assert read_manifest(tmp_path / "snapshot").runs == 1


def test_verify_needs_no_database_and_ends_with_a_status(shop: Jifen, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shop("snapshot", str(folder))
    shop.environment["JIFEN_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    assert "is whole" in shop("snapshot", "verify", str(folder))
    path = folder / read_manifest(folder).files_of("lots")[0].path
    path.write_bytes(path.read_bytes()[:-4])

    damaged = shop.data("snapshot", "verify", str(folder), status=1)
    assert damaged["whole"] is False
    assert [finding["check"] for finding in damaged["findings"]] == ["file"]
    assert "DAMAGED" in shop("snapshot", "verify", str(folder), status=1)
    assert _code(shop, "snapshot", "verify", str(tmp_path / "nowhere"), status=3) == "not_a_snapshot"


def test_a_refusal_has_a_code_and_its_status(shop: Jifen, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shop("snapshot", str(folder))
    with locked_folder(folder):
        assert _code(shop, "snapshot", str(folder), status=3) == "snapshot_busy"
    assert _code(shop, "snapshot", str(tmp_path), status=3) == "snapshot_folder_taken"
    assert _code(shop, "snapshot", str(folder), "--buckets", "3", status=3) == "snapshot_of_other_buckets"
    path = folder / read_manifest(folder).files_of("lots")[0].path
    path.unlink()
    assert _code(shop, "snapshot", str(folder), status=1) == "snapshot_file_gone"
    assert "refused" in shop("snapshot", str(tmp_path), status=3)


def test_without_a_programme_there_is_nothing_to_take(jifen_empty: Jifen, tmp_path: Path) -> None:
    assert _code(jifen_empty, "snapshot", str(tmp_path / "s"), status=3) == "program_missing"


@pytest.fixture
def jifen_empty(fresh_database: FreshDatabase) -> Jifen:
    """A ledger in which nothing was published."""
    return Jifen(environment=environment_of(fresh_database))


def _code(jifen: Jifen, *arguments: str, status: int) -> Any:
    from typer.testing import CliRunner

    from jifen.cli import app

    ran = CliRunner().invoke(app, [*arguments, "--json"], env=jifen.environment)
    assert ran.exit_code == status, ran.output
    return json.loads(ran.stdout)["code"]
