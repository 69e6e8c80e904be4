"""What commands write, and what they say when the database is away."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.conftest import Jifen
from typer.testing import CliRunner

from jifen.cli import app
from jifen.templates import template_text

SALES = "no,at,amount\n1,2026-01-02T03:04:05Z,1.00\n2,2026-01-02T03:04:05Z,much\n"
MAPPING = "columns: {business_no: no, occurred_at: at, amount: amount}\nconstants: {source: pos}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with sales of which a row is refused, and how they are to be read."""
    (tmp_path / "sales.csv").write_text(SALES)
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "shop.yaml").write_text(template_text("corner-shop"), encoding="utf-8")
    (tmp_path / "shop.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path


def _import(folder: Path, *more: str) -> list[str]:
    return [
        "import",
        "purchases",
        str(folder / "sales.csv"),
        "--mapping",
        str(folder / "mapping.yaml"),
        *more,
    ]


@pytest.mark.parametrize("named", ["sales.csv", "mapping.yaml", "link.csv", "other/../sales.csv"])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_what_an_import_reads_is_never_overwritten(
    jifen: Jifen, folder: Path, named: str, force: tuple[str, ...]
) -> None:
    (folder / "other").mkdir()
    (folder / "link.csv").symlink_to(folder / "sales.csv")

    refused = jifen.data(*_import(folder, "--rejects", str(folder / named), *force), status=3)

    assert refused["code"] == "file_is_read"
    assert refused["message_zh"]
    assert (folder / "sales.csv").read_text() == SALES
    assert (folder / "mapping.yaml").read_text() == MAPPING
    assert jifen.data(*_import(folder))["added"] == 1, "nothing had been imported"


def test_rejects_overwrite_a_file_only_on_purpose(jifen: Jifen, folder: Path) -> None:
    notes = folder / "notes.txt"
    refused = jifen.data(*_import(folder, "--rejects", str(notes)), status=3)
    assert refused["code"] == "file_taken"
    assert "--force" in refused["detail"]
    assert notes.read_text() == "mine"

    told = jifen.data(*_import(folder, "--rejects", str(notes), "--force"))
    assert (told["added"], told["refused"], told["rejects"]) == (1, 1, str(notes))
    assert "much" in notes.read_text(encoding="utf-8")


def test_an_import_that_is_run_again_leaves_the_rejects_of_before(jifen: Jifen, folder: Path) -> None:
    first, again = (jifen.data(*_import(folder)) for _ in range(2))
    assert first["rejects"] == str(folder / "sales.rejects.csv")
    assert again["rejects"] == str(folder / "sales.rejects-2.csv")
    assert (again["added"], again["known_already"], again["refused"]) == (0, 1, 1)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_file_whose_only_row_is_refused_says_so(jifen: Jifen, folder: Path) -> None:
    (folder / "sales.csv").write_text("no,at,amount\n,2026-01-02T03:04:05Z,1.00\n")
    assert "0 known already, 1 refused; reasons in" in jifen(*_import(folder))
    (folder / "sales.csv").write_text("no,at,amount\n,,\n,x,\n7,x,1\n7,x,1\n")
    assert jifen.data(*_import(folder))["refused"] == 2


def test_rejects_that_cannot_be_written_are_told_before_the_import(jifen: Jifen, folder: Path) -> None:
    jifen(*_import(folder, "--rejects", str(folder / "none" / "r.csv")), status=2)
    jifen(*_import(folder, "--rejects", str(folder)), status=2)
    assert jifen.data(*_import(folder))["added"] == 1


def test_a_pulled_programme_overwrites_a_file_only_on_purpose(jifen: Jifen, folder: Path) -> None:
    notes = folder / "notes.txt"
    assert jifen.data("program", "pull", "--output", str(notes), status=3)["code"] == "file_taken"
    assert notes.read_text() == "mine"
    jifen("program", "pull", "--output", str(notes), "--force")
    assert jifen.data("program", "validate", str(notes))["program"] == "corner-shop"


def test_a_report_never_overwrites_the_draft_and_another_file_only_on_purpose(folder: Path) -> None:
    draft, page = folder / "shop.json", folder / "page.html"
    page.write_text("mine")
    jifen = Jifen(environment={})
    refused = jifen.data("backtest", str(draft), "--report", str(draft), "--force", status=3)
    assert refused["code"] == "file_is_read"
    yaml = str(folder / "shop.yaml")
    refused = jifen.data(
        "backtest", yaml, "--against", str(draft), "--report", str(draft), "--force", status=3
    )
    assert refused["code"] == "file_is_read"
    assert jifen.data("backtest", yaml, "--report", str(page), status=3)["code"] == "file_taken"
    assert (draft.read_text(), page.read_text()) == ("{}", "mine")


AWAY = "postgresql://nobody:secret@127.0.0.1:1/none"
COMMANDS = [
    ["member", "show", "1"], ["member", "enrol", "--card", "1"], ["purchase", "show", "pos/1"], ["explain", "1"],
    ["key", "list"],
    ["purchase", "record", "FOLDER/empty.json"], ["program", "plan", "FOLDER/shop.yaml"],
    ["program", "apply", "FOLDER/shop.yaml"],
    ["program", "pull"], ["program", "show"], ["import", "completejourney", "--households", "1"],
    ["import", "purchases", "FOLDER/sales.csv", "--mapping", "FOLDER/mapping.yaml"], ["reconcile"], ["init"],
    ["snapshot", "FOLDER/snapshot"], ["backtest", "FOLDER/shop.yaml"], ["db", "migrate"], ["demo", "--no-serve"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_any_command_says_in_one_line_that_the_database_is_away(folder: Path, command: list[str]) -> None:
    (folder / "empty.json").write_text("[]")
    arguments = [part.replace("FOLDER", str(folder)) for part in command]
    environment = {
        "JIFEN_DATABASE_URL": AWAY,
        "JIFEN_DATABASE_OWNER_URL": AWAY,
        "JIFEN_HOME": str(folder / "home"),
    }

    ran = CliRunner().invoke(app, arguments, env=environment)

    assert ran.exit_code == 1
    assert isinstance(ran.exception, SystemExit), "not a traceback"
    (line,) = [line for line in ran.output.splitlines() if "the database" in line]
    assert "127.0.0.1:1/none cannot be used: ConnectionRefusedError" in line
    assert "JIFEN_DATABASE_URL" in line
    assert "secret" not in ran.output

    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"], env=environment).stdout)
    assert told["code"] == "failed"
    assert "127.0.0.1:1/none" in told["message_zh"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_a_password_that_is_wrong_is_told_as_plainly(
    jifen: Jifen, folder: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncpg

    async def refused(*_: object, **__: object) -> None:
        raise asyncpg.InvalidPasswordError('password authentication failed\nfor user "jifen_app"')

    (folder / "empty.json").write_text("[]")
    monkeypatch.setattr(asyncpg, "connect", refused)
    monkeypatch.setattr(asyncpg, "create_pool", refused)
    arguments = [part.replace("FOLDER", str(folder)) for part in command]
    ran = CliRunner().invoke(app, arguments, env={**jifen.environment, "JIFEN_HOME": str(folder / "home")})
    assert ran.exit_code == 1
    assert isinstance(ran.exception, SystemExit), "not a traceback"
    (line,) = [line for line in ran.output.splitlines() if "the database" in line]
    assert 'InvalidPasswordError: password authentication failed for user "jifen_app". Start that' in line


def test_a_file_that_is_not_there_is_no_fault_of_the_database(jifen: Jifen, folder: Path) -> None:
    gone = folder / "gone.yaml"
    said = jifen("import", "purchases", str(folder / "sales.csv"), "--mapping", str(gone), status=3)
    assert str(gone) in said
    assert "database" not in said
    assert os.listdir(folder).count("sales.rejects.csv") == 0
