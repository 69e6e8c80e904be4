"""What is known of persons, at the command line: told, found, seen, corrected, agreed, taken along, erased; and its keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Jifen
from typer.testing import CliRunner

from jifen.cli import app

PHONE = "138 0013 8000"


@pytest.fixture
def member(jifen: Jifen) -> str:
    """A member who told his phone, e-mail and name."""
    told = ["--phone", PHONE, "--email", "Chen@Example.com", "--name", "Chen Ming"]
    return str(jifen.data("member", "enrol", "--card", "6200001", *told)["member_id"])


def looked(jifen: Jifen) -> list[dict[str, Any]]:
    """The readings of persons in the audit."""
    return [one for one in jifen.data("audit", "list")["data"] if one["deed"] == "person.read"]


def test_a_member_is_found_by_phone_and_email_and_shown_in_part(jifen: Jifen, member: str) -> None:
    for named in (f"phone:{PHONE}", "email:chen@example.com", "card:6200001", member):
        shown = jifen.data("person", "show", named)
        assert shown["member_id"] == member
        assert shown["is_masked"] is True
    said = jifen("person", "show", f"phone:{PHONE}")
    assert "Chen Ming" not in said
    assert "13800138000" not in said
    assert "household" not in said, "there are no households yet, so nobody is at the head of one"
    assert not looked(jifen), "what is masked is read without a word"


def test_somebody_else_s_phone_finds_nobody(jifen: Jifen, member: str) -> None:
    assert jifen.data("person", "show", "phone:138 0013 8001", status=3)["code"] == "member_unknown"


def test_a_person_is_seen_in_full_with_a_reason_which_is_written_down(jifen: Jifen, member: str) -> None:
    shown = jifen.data("person", "reveal", member, "--why", "asked_by_person")
    (person,) = shown["persons"]
    assert shown["is_masked"] is False
    assert person["fields"]["name"] == "Chen Ming"
    assert {key["value"] for key in person["keys"]} >= {"+8613800138000", "chen@example.com"}
    assert [one["why"] for one in looked(jifen)] == ["asked_by_person"]


def test_a_reason_that_is_none_is_refused_and_nobody_has_looked(jifen: Jifen, member: str) -> None:
    refused = jifen.data("person", "reveal", member, "--why", "curious", status=3)
    assert refused["code"] == "field_wrong"
    assert refused["pointer"] == "--why"
    assert not looked(jifen)


def test_what_was_told_wrong_is_corrected_and_a_lost_card_finds_him_no_more(
    jifen: Jifen, member: str
) -> None:
    changed = ["--phone", "138 0013 8002", "--lost-card", "6200001", "--card", "6200099", "--forget", "name"]
    jifen("person", "correct", member, *changed)
    assert jifen.data("person", "show", "phone:138 0013 8002")["member_id"] == member
    assert jifen.data("person", "show", "card:6200099")["member_id"] == member
    for gone in (f"phone:{PHONE}", "card:6200001"):
        assert jifen.data("person", "show", gone, status=3)["code"] == "member_unknown"
    (person,) = jifen.data("person", "reveal", member, "--why", "service")["persons"]
    assert "name" not in person["fields"]


def test_of_a_household_the_person_who_is_named_is_corrected_with_attributes(
    jifen: Jifen, member: str
) -> None:
    (person,) = jifen.data("person", "show", member)["persons"]
    named = ["--person", person["person_id"], "--attribute", "shoe_size=42", "--speaks", "zh"]
    jifen("person", "correct", member, *named)
    (known,) = jifen.data("person", "reveal", member, "--why", "service")["persons"]
    assert (known["attributes"], known["fields"]["language"]) == ({"shoe_size": "42"}, "zh")
    jifen("person", "correct", member, "--attribute", "shoe size", status=2)
    jifen("person", "correct", member, "--person", "ann", "--name", "Ann", status=2)
    nobody = ["--person", "per_" + "0" * 32, "--name", "Ann"]
    assert jifen.data("person", "correct", member, *nobody, status=3)["code"] == "person_unknown"


def test_a_consent_is_recorded_and_taken_back(jifen: Jifen, member: str) -> None:
    jifen("person", "consent", member, "marketing", "--text", "2026-11", "--channel", "till")
    (person,) = jifen.data("person", "show", member)["persons"]
    (consent,) = person["consents"]
    assert (consent["purpose"], consent["is_given"], consent["channel"]) == ("marketing", True, "till")
    jifen("person", "consent", member, "marketing", "--text", "2026-11", "--take-back")
    (person,) = jifen.data("person", "show", member)["persons"]
    assert person["consents"][0]["is_given"] is False


def test_a_member_takes_everything_along_in_one_page(jifen: Jifen, member: str, tmp_path: Path) -> None:
    out = tmp_path / "mine.html"
    assert jifen.data("person", "archive", member, "--out", str(out)) == {"path": str(out)}
    page = out.read_text(encoding="utf-8")
    assert "Chen Ming" in page
    assert out.stat().st_mode & 0o077 == 0, "nobody else on the machine reads it"
    assert len(looked(jifen)) == 1


def test_an_archive_that_cannot_be_written_is_refused_before_anybody_looked(
    jifen: Jifen, member: str, tmp_path: Path
) -> None:
    taken = tmp_path / "notes.txt"
    taken.write_text("mine")
    assert jifen.data("person", "archive", member, "--out", str(taken), status=3)["code"] == "file_taken"
    assert taken.read_text() == "mine"
    jifen("person", "archive", member, "--out", str(tmp_path / "nowhere" / "mine.html"), status=2)
    assert not looked(jifen), "nothing was read, so nothing stands in the audit"

    jifen("person", "archive", member, "--out", str(taken), "--force")
    assert "Chen Ming" in taken.read_text(encoding="utf-8")
    assert taken.stat().st_mode & 0o077 == 0


def test_a_person_is_erased_only_by_who_says_the_member_once_more(jifen: Jifen, member: str) -> None:
    refused = jifen.data("person", "erase", "card:6200001", status=3)
    assert (refused["code"], refused["pointer"]) == ("field_wrong", "--confirm")
    assert member in refused["detail"]
    assert jifen.data("person", "show", member)["persons"], "he is still known"

    certificate = jifen.data("person", "erase", "card:6200001", "--confirm", member)
    assert certificate["member_id"] == member
    assert certificate["keys"] >= 3
    assert jifen.data("person", "show", "card:6200001", status=3)["code"] == "member_unknown"
    assert jifen.data("member", "show", member)["member_id"] == member, "the books stay"


def test_who_lost_his_phone_is_signed_out_by_what_finds_him(jifen: Jifen, member: str) -> None:
    done = jifen.data("person", "sign-out", "phone:13800138000")
    assert done == {"member_id": member, "sessions": 0, "phones": 0}
    assert [one["deed"] for one in jifen.data("audit", "list")["data"]].count("person.signed_out") == 1
    assert "已退出" in jifen("person", "sign-out", member, "--language", "zh")
    assert jifen.data("person", "sign-out", "card:nobody", status=3)["code"] == "member_unknown"


def test_two_cards_of_one_person_become_one_member(jifen: Jifen, member: str, tmp_path: Path) -> None:
    other = jifen.data("member", "enrol", "--card", "6200002")["member_id"]
    receipt = {
        "source": "pos", "business_no": "1", "occurred_at": datetime.now(UTC).isoformat(), "money": "CNY",
        "amount_minor": 10_000, "member": {"card": "6200002"}, "lines": [{"number": 1, "amount_minor": 10_000, "sku": "tea"}],
    }  # fmt: skip
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt), encoding="utf-8")
    assert jifen.data("purchase", "record", str(file))["recorded"] == 1
    earned = jifen.data("member", "show", "6200002")["balances"][0]["balance"]
    assert earned > 0
    refused = jifen.data("member", "merge", "6200002", "--into", "card:nobody", status=3)
    assert (refused["code"], refused["pointer"]) == ("member_unknown", "/into")

    done = jifen.data("member", "merge", "6200002", "--into", "phone:13800138000")
    assert (done["member_id"], done["into_id"]) == (other, member)
    assert done["balances"][0]["units"] == earned
    assert jifen.data("member", "show", "6200002")["member_id"] == member
    third = jifen.data("member", "enrol", "--card", "6200003")["member_id"]
    assert "已并入" in jifen("member", "merge", third, "--into", member, "--language", "zh")


def test_the_keys_are_shown_rotated_and_the_old_ones_dropped(jifen: Jifen, member: str) -> None:
    before = jifen.data("vault", "show")
    assert before["is_proven"] is True
    assert jifen.data("vault", "rotate", "--master")["persons"] == 1
    after = jifen.data("vault", "show")
    assert len(after["masters"]) == len(before["masters"]) + 1
    assert jifen.data("vault", "rotate", "--index")["keys"] >= 3
    assert set(jifen.data("vault", "renew").values()) == {0}, "nothing was left to renew"
    assert jifen.data("vault", "drop-old")["is_dropped"] is True
    (master,) = jifen.data("vault", "show")["masters"]
    assert master not in before["masters"]
    assert jifen.data("person", "show", f"phone:{PHONE}")["member_id"] == member
    assert jifen.data("vault", "forget-again") == {"persons": 0}


def test_a_rotation_names_which_key(jifen: Jifen) -> None:
    jifen("vault", "rotate", status=2)
    jifen("vault", "rotate", "--master", "--index", status=2)


@pytest.mark.parametrize(
    "command",
    [("member", "enrol", "--card", "6200001"), ("member", "show", "6200001"), ("person", "show", "6200001")],
    ids=" ".join,
)
def test_where_no_ledger_is_none_is_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    ran = CliRunner().invoke(app, [*command, "--json"], env={"JIFEN_HOME": str(home)})
    assert ran.exit_code == 1, ran.output
    assert "jifen init" in json.loads(ran.stdout)["detail"]
    assert not (home / "postgres").exists()


def test_an_id_elsewhere_comes_and_goes(jifen: Jifen) -> None:
    jifen("member", "enrol", "--card", "6200001")
    told = jifen.data("person", "correct", "card:6200001", "--external", "wechat:wx-1")
    assert told["changed"] == ["wechat"]
    assert jifen.data("member", "show", "wechat:wx-1")["member_id"] == told["member_id"]
    jifen("person", "correct", "card:6200001", "--lost-external", "wechat:wx-1")
    assert jifen.data("member", "show", "wechat:wx-1", status=3)["code"] == "member_unknown"
    jifen("person", "correct", "card:6200001", "--external", "phone:1", status=2)
