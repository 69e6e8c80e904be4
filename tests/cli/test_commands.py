"""The command line as a person and a script meet it: from an empty database to an explained point."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Jifen, environment_of
from tests.conftest import FreshDatabase

from jifen.cli import app
from jifen.templates import template_text

ROOT = Path(__file__).parents[2]
MAIN = [sys.executable, "-c", "import sys; from jifen.cli import main; sys.argv[0] = 'jifen'; main()"]


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    """Two receipts: one of a member, one that is malformed."""
    good = {
        "source": "pos",
        "business_no": "1",
        "occurred_at": "2026-11-21T04:00:00Z",
        "money": "CNY",
        "amount_minor": 12_345,
        "member": {"card": "62"},
        "lines": [{"number": 1, "amount_minor": 10_000, "sku": "tea"}, {"number": 2, "amount_minor": 2_345}],
    }
    file = tmp_path / "receipts.json"
    file.write_text(json.dumps([good, {**good, "business_no": "2", "occurred_at": "2026-11-21T04:00:00"}]))
    return file


def test_init_makes_a_ledger_once(empty_jifen: Jifen) -> None:
    first = empty_jifen.data("init")
    assert (first["revision"], first["program"], first["is_new"]) == (1, "corner-shop", True)
    assert first["key"].startswith("jf_live_")
    again = empty_jifen.data("init")
    assert (again["revision"], again["is_new"], again["key"]) == (1, False, None)
    assert "Next: jifen serve" in empty_jifen("init")
    empty_jifen("init", "--template", "nothing", status=2)


def test_init_refuses_to_begin_a_ledger_otherwise_than_it_began(jifen: Jifen) -> None:
    assert "as it was" in jifen("init", "--at", "2020-01-01T08:00:00+08:00", "--template", "corner-shop")
    other = jifen.data("init", "--at", "2019-01-01T00:00:00Z", status=3)
    assert (other["code"], other["pointer"]) == ("conflict", "--at")
    assert "counts from 2020-01-01" in other["detail"]
    assert "programme is 'corner-shop'" in jifen("init", "--template", "grocer", status=3)
    assert jifen.data("program", "show")["number"] == 1


def test_a_ledger_that_is_not_there_is_a_failure_that_says_what_to_do(empty_jifen: Jifen) -> None:
    assert "jifen init" in empty_jifen("member", "show", "1", status=1)
    assert empty_jifen.data("member", "show", "1", status=1)["code"] == "failed"


def test_a_database_that_is_away_is_a_failure() -> None:
    away = Jifen(environment={"JIFEN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert "the database" in away("key", "list", status=1)


def test_keys(jifen: Jifen) -> None:
    made = jifen.data("key", "create", "--name", "till-7", "--role", "till", "--role", "members", "--test")
    assert made["token"].startswith("jf_test_")
    assert (made["roles"], made["is_test"]) == (["members", "till"], True)
    assert [key["name"] for key in jifen.data("key", "list")["keys"]] == ["first", "till-7"]
    listed = jifen("key", "list")
    assert made["token"] not in listed
    assert "never used" in listed
    jifen("key", "revoke", made["key_id"])
    assert "revoked" in jifen("key", "list")
    assert "jifen key roles" in jifen("key", "create", "--name", "x", "--role", "everything", status=3)
    assert "jifen key roles" in jifen("key", "create", "--name", "x", status=3)
    jifen("key", "create", "--role", "till", status=2)
    for command in ("revoke", "rotate", "renew"):
        more = ("--expires", "never") if command == "renew" else ()
        jifen("key", command, "0" * 32, *more, status=3)
        jifen("key", command, "what", *more, status=2)


def test_a_key_of_a_store_that_ends_is_renewed_and_gets_a_new_secret(jifen: Jifen) -> None:
    made = jifen.data(
        *(
            "key",
            "create",
            "--name",
            "desk",
            "--role",
            "service",
            "--permission",
            "metrics.read",
            "--store",
            "main",
        ),
        *("--expires", "90d", "--adjustment-units-max", "500"),
    )
    assert (made["permissions"], made["stores"]) == (["metrics.read"], ["main"])
    assert made["adjustment_units_max"] == 500
    line = next(one for one in jifen("key", "list").splitlines() if "desk" in one)
    for said in (
        "service,metrics.read",
        "stores main",
        "adjusts up to 500",
        f"ends {made['expires_at'][:10]}",
    ):
        assert said in line
    assert "jifen key renew" in jifen("key", "create", "--name", "y", "--role", "till", "--expires", "1d")

    renewed = jifen.data("key", "renew", made["key_id"], "--expires", "2999-12-31")
    assert renewed["expires_at"] == "2999-12-31T16:00:00+00:00"
    assert jifen.data("key", "renew", made["key_id"], "--expires", "never")["expires_at"] is None
    assert "without an end" in jifen("key", "renew", made["key_id"], "--expires", "never")
    jifen("key", "renew", made["key_id"], status=2)

    rotated = jifen.data("key", "rotate", made["key_id"], "--overlap", "7d")
    assert (rotated["key_id"], rotated["stores"]) == (made["key_id"], ["main"])
    assert rotated["token"] != made["token"]
    assert rotated["old_secret_until"] is not None
    assert "old secret until" in jifen("key", "list")
    assert rotated["token"] not in jifen("key", "list")
    jifen("key", "rotate", made["key_id"], "--overlap", "91d", status=3)

    assert "did you mean main?" in jifen(
        "key", "create", "--name", "x", "--role", "till", "--store", "mian", status=3
    )


@pytest.mark.parametrize(
    "text", ["90", "90 days", "2026-02-30", "2026-13-01T00:00:00Z", "-1d", "9999999d", ""]
)
def test_an_end_that_is_none_is_not_understood(jifen: Jifen, text: str) -> None:
    jifen("key", "create", "--name", "x", "--role", "till", "--expires", text, status=2)
    jifen("key", "rotate", "0" * 32, "--overlap", text, status=2)


def test_an_end_that_is_past_or_too_far_away_is_refused(jifen: Jifen) -> None:
    for text in ("2020-01-01", "2020-01-01T00:00:00Z", "0d", "999999d", "9999-12-31"):
        refused = jifen.data("key", "create", "--name", "x", "--role", "till", "--expires", text, status=3)
        assert (refused["code"], refused["pointer"]) == ("field_wrong", "/expires")


def test_roles_are_told_in_both_languages(jifen: Jifen) -> None:
    told = jifen.data("key", "roles")
    assert {one["role"] for one in told["roles"]} >= {"owner", "cashier", "till"}
    permission = next(one for one in told["permissions"] if one["permission"] == "units.adjust")
    assert permission == {
        "permission": "units.adjust", "sentence": "Give or take units by hand", "changes_something": True
    }  # fmt: skip
    assert "手工调整积分" in jifen("key", "roles", "--language", "zh")
    assert "Give or take units by hand" in jifen("key", "roles")


def test_a_member_buys_and_every_point_is_explained(jifen: Jifen, receipt: Path) -> None:
    member = jifen.data("member", "enrol", "--card", "62", "--external", "crm-1")["member_id"]
    assert jifen.data("member", "enrol", "--card", "62", status=3)["code"] == "key_taken"

    told = jifen.data("purchase", "record", str(receipt), status=3)
    assert (told["recorded"], told["known"], told["refused"]) == (1, 0, 1)
    assert told["answers"][1]["refusal"]["pointer"] == "/occurred_at"
    assert jifen.data("purchase", "record", str(receipt), status=3)["known"] == 1
    assert "purchase 2 (?/?) is refused" in jifen("purchase", "record", str(receipt), status=3)

    shown = jifen.data("purchase", "show", "pos/1")
    assert [one["granted"] for one in shown["reasons"]] == [100, 23]
    assert "+100 points by base" in jifen("purchase", "show", shown["purchase_id"])
    for who in (member, "card:62", "external:crm-1", "62"):
        assert jifen.data("member", "show", who)["balances"][0]["balance"] == 123
    assert "points: 123 (123 available" in jifen("member", "show", "62")
    english = jifen("explain", "62", "--language", "en")
    assert "+123 points: purchase pos/1 (2026-11-21, ¥123.45), by rule “Points for every purchase”" in english
    assert "line 2  base: 23" in english
    assert "规则「消费积分」" in jifen("explain", "pos/1")
    assert jifen.data("explain", "62")["entries"][0]["units"] == 123
    assert "没有任何分录" in jifen("explain", jifen.data("member", "enrol")["member_id"])

    jifen("member", "close", "62")
    assert jifen.data("member", "show", "62")["status"] == "closed"
    jifen("member", "show", "nobody", status=3)
    jifen("purchase", "show", "pos/missing", status=3)
    jifen("purchase", "show", "nonsense", status=2)
    jifen("explain", "62", "--language", "fr", status=2)


def test_purchases_come_from_standard_input_and_bad_files_are_told(jifen: Jifen, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    assert "no JSON" in jifen("purchase", "record", str(bad), status=3)
    assert "cannot be read" in jifen("purchase", "record", str(tmp_path / "none.json"), status=1)
    assert "0 recorded" in jifen("purchase", "record", "-", input="[]")


def test_the_programme_is_validated_planned_applied_and_pulled(jifen: Jifen, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    jifen("program", "pull", "--output", str(file))
    assert jifen.data("program", "validate", str(file))["program"] == "corner-shop"
    assert jifen.data("program", "plan", str(file))["is_empty"] is True
    assert "Nothing to do" in jifen("program", "apply", str(file))

    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("points: 1", "points: 3"), encoding="utf-8")
    assert "goes from 1 to 3" in jifen("program", "plan", str(file))
    assert "member: Member, from 0 CNY, x 1/1" in jifen("program", "show")
    assert "由 1 改为 3" in jifen("program", "plan", str(file), "--language", "zh")
    assert jifen.data("program", "apply", str(file), "--expect", "7", status=3)["code"] == "revision_stale"
    assert jifen.data("program", "apply", str(file), "--at", "2020-01-01T00:00:00Z", status=3)["code"] == (
        "effective_in_the_past"
    )
    jifen("program", "apply", str(file), "--at", "2020-01-01", status=2)
    assert jifen.data("program", "apply", str(file), "--expect", "1")["number"] == 2
    shown = jifen.data("program", "show", "--language", "zh")
    assert shown["number"] == 2
    assert "得 3 积分" in shown["rules"][0]["sentence"]
    assert "corner-shop" in jifen("program", "show", "--revision", "1")
    jifen("program", "pull", "--revision", "9", status=3)

    file.write_text(text.replace("code: corner-shop", "code: another"), encoding="utf-8")
    assert jifen.data("program", "plan", str(file), status=3)["is_refused"] is True
    assert jifen.data("program", "apply", str(file), status=3)["code"] == "program_refused"
    file.write_text(text.replace("time_zone", "tme_zone"), encoding="utf-8")
    told = jifen("program", "validate", str(file), status=3)
    assert "Did you mean 'time_zone'?" in told
    problems = jifen.data("program", "validate", str(file), status=3)["problems"]
    assert {"unknown_field", "missing_field"} <= {one["code"] for one in problems}


def test_templates_are_programmes(jifen: Jifen, tmp_path: Path) -> None:
    for name in ("corner-shop", "grocer"):
        file = tmp_path / f"{name}.yaml"
        file.write_text(template_text(name), encoding="utf-8")
        jifen("program", "validate", str(file))


def test_every_command_teaches_with_an_example() -> None:
    import typer.main

    def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        for name, one in command.commands.items():
            if hasattr(one, "commands"):
                yield from walk(f"{path} {name}", one)
            else:
                yield f"{path} {name}", one

    commands = dict(walk("jifen", typer.main.get_command(app)))
    assert {"jifen serve", "jifen init", "jifen explain", "jifen key create", "jifen program plan"} <= set(
        commands
    )
    own = ("serve", "init", "explain", "key", "program", "member", "purchase")
    for path, command in commands.items():
        if path.split()[1] in own:
            assert f"Example: {path}" in command.help, path


def test_help_loads_nothing_heavy() -> None:
    """`jifen --help` and a mistyped option answer at once: what a command needs is loaded when it runs."""
    loads = (
        "import sys, typer.main; from jifen.cli import app; typer.main.get_command(app); print(*sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", loads], check=True, capture_output=True, text=True)

    loaded = {name.partition(".")[0] for name in told.stdout.split()} - sys.stdlib_module_names

    assert loaded <= {"__main__", "jifen", "typer", "shellingham", "annotated_doc", "rich", "_distutils_hack"}


def test_status_2_for_what_is_not_understood(jifen: Jifen) -> None:
    jifen("nonsense", status=2)
    jifen("serve", "--port", "0", status=2)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serve_migrates_serves_and_stops_in_order(empty_database: FreshDatabase, how: signal.Signals) -> None:
    port = free_port()
    environment = {**os.environ, **environment_of(empty_database), "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        [*MAIN, "serve", "--port", str(port)], env=environment, stderr=subprocess.PIPE
    ) as serving:
        try:
            health = wait_for(f"http://127.0.0.1:{port}/v1/health", serving)
            assert health["status"] == "ready"
            other = subprocess.run(
                [*MAIN, "serve", "--port", str(port)], env=environment, capture_output=True, check=False
            )
            assert other.returncode == 1
            assert b"cannot be listened on" in other.stderr
        finally:
            serving.send_signal(how)
        assert serving.wait(timeout=20) == 0
        assert serving.stderr is not None
        log = serving.stderr.read().decode()
    assert "There is no programme yet" in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(line["event"] == "request" and line["route"] == "/v1/health" for line in lines)
    assert "Traceback" not in log


def wait_for(url: str, process: subprocess.Popen[bytes]) -> Any:
    """What an address answers, once it does."""
    for _ in range(200):
        assert process.poll() is None, "it ended"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError("it never answered")


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (["--home", "/x", "-c", "SELECT 1"], 2, "JIFEN_HOME"),
        (["--", "-c", "SELECT 1"], 1, "there is no ledger in"),
    ],
)
def test_psql_looks_and_makes_no_database(tmp_path: Path, given: list[str], status: int, said: str) -> None:
    home = tmp_path / "nothing"
    environment = {**os.environ, "JIFEN_HOME": str(home)}
    command = [sys.executable, "-c", "from jifen.cli import main; main()", "db", "psql", *given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, home.exists()) == (status, False)
    assert said in done.stdout + done.stderr


def test_an_exchange_that_the_programme_has_not_is_refused(jifen: Jifen) -> None:
    jifen("member", "enrol", "--card", "6200001")
    assert jifen.data("member", "exchange", "card:6200001", "boat", status=3)["code"] == "exchange_unknown"
    assert jifen.data("member", "exchange", "card:6200001", "boat", "--times", "0", status=3)["code"] == (
        "field_wrong"
    )


def test_the_ladder_and_the_exchanges_are_told(jifen: Jifen) -> None:
    told = jifen.data("tier", "show")
    assert [one["members"] for one in told["tiers"]] == [0] * len(told["tiers"])
    assert "满 3000 CNY 升级" in jifen("tier", "show", "--language", "zh")
    assert jifen.data("tier", "falling")["data"] == []
    assert "nobody would fall" in jifen("tier", "falling")
    assert jifen.data("tier", "falling", "--before", "nonsense", status=3)["code"] == "field_wrong"
    assert jifen.data("exchange", "list")["data"] == []
    assert "exchanges nothing" in jifen("exchange", "list")


def test_the_breakage_curve_is_told(jifen: Jifen) -> None:
    told = jifen.data("ledger", "breakage")
    assert (told["months"], told["open_units"], told["breakage_units"]) == ([], 0, None)
    assert "cannot be told yet" in jifen("ledger", "breakage")
    assert jifen.data("ledger", "breakage", "--currency", "moon", status=3)["code"] == "field_wrong"
