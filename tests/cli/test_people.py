"""`jifen terms`, `retention`, `person object`, `operator passkeys`: what a person at the machine does and is told."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Jifen
from tests.conftest import FreshDatabase

from jifen.embedded import Server
from jifen.embedded.server import run_sql

PASSWORD = "several words are good\n"


def test_terms_are_published_listed_and_a_worse_version_waits(jifen: Jifen, tmp_path: Path) -> None:
    zh, en = tmp_path / "zh.txt", tmp_path / "en.txt"
    zh.write_text("积分两年有效。\n", encoding="utf-8")
    en.write_text("Points last two years.\n", encoding="utf-8")
    files = ("--zh", str(zh), "--en", str(en))
    assert "jifen terms publish" in jifen("terms", "list")
    first = jifen.data("terms", "publish", "v1", *files)
    assert (first["version"], first["number"]) == ("v1", 1)
    assert jifen.data("terms", "publish", "v1", *files, status=3)["code"] == "terms_taken"
    assert jifen.data("terms", "publish", "v2", *files, status=3)["pointer"] == "/summary/zh"
    told = ("--different-zh", "一年", "--different-en", "one year", "--worse")
    soon = jifen.data("terms", "publish", "v2", *files, *told, "--at", "2026-12-01T00:00:00Z", status=3)
    assert soon["code"] in ("notice_too_short", "effective_in_the_past")
    assert jifen.data("terms", "notice", "60") == {"notice_days": 60, "before": 30}
    jifen("terms", "publish", "v2", *files, *told)
    listed = jifen.data("terms", "list")
    assert [(one["version"], one["state"], one["is_worse"]) for one in listed["data"]] == [
        ("v2", "waiting", True),
        ("v1", "in_force", False),
    ]
    assert listed["notice_days"] == 60
    assert "不利变更" in jifen("terms", "list", "--language", "zh")
    assert jifen.data("terms", "withdraw", "v1", status=3)["code"] == "terms_begun"
    assert jifen.data("terms", "withdraw", "v2")["number"] == 2
    assert "生效前已撤回" in jifen("terms", "list", "--language", "zh")
    assert jifen.data("terms", "enrolling", "--needed") == {"needed_to_enrol": True, "before": False}
    assert jifen.data("terms", "list")["needed_to_enrol"] is True
    jifen("member", "enrol", "--card", "6200099")  # who sits at the machine is bound by none
    jifen("terms", "enrolling", "--not-needed")
    en.write_bytes(b"\xff\xfe")
    assert "UTF-8" in jifen("terms", "publish", "v3", *files, status=2)


def test_retention_is_shown_set_and_run(jifen: Jifen) -> None:
    said = jifen("retention", "show", "--language", "zh")
    assert "凭证旁的备注，1095 天" in said.replace(",", "")
    assert "长期保留" in said
    refused = jifen.data("retention", "set", "notes", "30", status=3)
    assert (refused["code"], refused["pointer"]) == ("field_wrong", "/days")
    assert jifen.data("retention", "set", "nothing", "30", status=3)["pointer"] == "/class"
    jifen("retention", "set", "notes", "soon", status=2)
    assert jifen.data("retention", "set", "notes", "730") == {"class": "notes", "days": 730, "before": 1095}
    assert jifen.data("retention", "set", "receipts", "never")["days"] is None
    counted = jifen.data("retention", "run", "--dry-run")
    assert counted["is_dry_run"] is True
    assert set(counted["counts"].values()) == {0}
    assert jifen.data("retention", "run")["counts"] == counted["counts"]
    jifen("retention", "set", "notes", "800", "--reason", "because", status=2)


def test_an_objection_is_recorded_shown_and_withdrawn(jifen: Jifen) -> None:
    jifen("member", "enrol", "--card", "6200001", "--name", "Ann Lee")
    assert "objects to profiling" in jifen("person", "object", "card:6200001", "--channel", "phone")
    shown = jifen.data("person", "show", "card:6200001")["persons"][0]
    assert shown["objects_to_profiling"] is True
    assert "反对个性化分析" in jifen("person", "show", "card:6200001", "--language", "zh")
    jifen("person", "object", "card:6200001", "--withdraw")
    assert jifen.data("person", "show", "card:6200001")["persons"][0]["objects_to_profiling"] is False


def test_a_lost_passkey_is_removed_at_the_machine(
    jifen: Jifen, fresh_database: FreshDatabase, postgres: Server
) -> None:
    jifen("operator", "add", "Li Na", "--login", "li.na", "--role", "owner", input=PASSWORD)
    assert "has no passkey" in jifen("operator", "passkeys", "li.na")
    run_sql(
        fresh_database.owner,
        """INSERT INTO jifen.passkey (passkey_id, operator_id, credential_id, public_key, sign_count, name)
           SELECT gen_random_uuid(), operator_id, 'abc', 'def', 0, 'Laptop' FROM jifen.operator""",
        bin=postgres.bin,
    )
    kept = jifen.data("operator", "passkeys", "li.na")["data"]
    assert [(one["name"], one["last_used_at"]) for one in kept] == [("Laptop", None)]
    assert jifen.data("operator", "show", "li.na")["has_second_factor"] is True
    unknown = jifen.data("operator", "passkeys", "li.na", "--remove", "pky_nothing", status=3)
    assert unknown["code"] == "passkey_unknown"
    assert "signs in no more by that passkey" in jifen(
        "operator", "passkeys", "li.na", "--remove", kept[0]["id"]
    )
    assert jifen.data("operator", "show", "li.na")["has_second_factor"] is False


def test_an_address_that_is_none_ends_serve_with_a_sentence(jifen: Jifen) -> None:
    said = jifen("serve", "--address", "http://192.0.2.7:8000", status=3)
    assert "JIFEN_ADDRESS" in said
