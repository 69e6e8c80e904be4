"""Households at the command line: shown, added to, parted; merges undone, and members who may be one; in both languages."""

from __future__ import annotations

from tests.cli.conftest import Jifen


def test_a_household_is_shown_added_to_changed_and_parted(jifen: Jifen) -> None:
    member = str(jifen.data("member", "enrol", "--card", "6200001", "--name", "Chen Ming")["member_id"])
    young = ["--role", "child", "--name", "Xiao", "--birthday", "2020-05-01"]
    refused = jifen.data("member", "household", "add", "card:6200001", *young, status=3)
    assert refused["code"] == "guardian_needed"
    child = jifen.data("member", "household", "add", "card:6200001", *young, "--guardian-text", "2026-11")
    adult = jifen.data("member", "household", "add", "card:6200001", "--name", "Li Na")
    assert (child["role"], adult["role"], adult["member_id"]) == ("child", "adult", member)

    said = jifen("member", "household", "show", "card:6200001")
    assert "a guardian has agreed" in said
    assert "Li Na" not in said, "names are masked"
    assert "户主" in jifen("member", "household", "show", "card:6200001", "--language", "zh")
    no = jifen.data("member", "household", "role", "card:6200001", child["person_id"], "adult", status=3)
    assert no["code"] == "guardian_needed"
    assert jifen.data("member", "household", "rules")["guardian_age"] == 14
    jifen("member", "household", "rules", "--guardian-age", "5", "--invitation-hours", "24")
    assert jifen.data("member", "household", "rules") == {"guardian_age": 5, "invitation_hours": 24}
    assert (
        jifen.data("member", "household", "rules", "--guardian-age", "99", status=3)["code"] == "field_wrong"
    )
    jifen("member", "household", "role", "card:6200001", child["person_id"], "adult")

    few = jifen.data("member", "household", "leave", member, adult["person_id"], "--units", "5", status=3)
    assert few["code"] == "points_missing"
    left = jifen.data("member", "household", "leave", member, adult["person_id"])
    assert left["new_member_id"] != member
    assert len(jifen.data("member", "household", "show", member)["persons"]) == 2
    assert "32 hexadecimal" in jifen("member", "household", "leave", member, "per_nobody", status=2)


def test_two_who_are_alike_are_merged_parted_again_and_told_apart(jifen: Jifen) -> None:
    person = ["--name", "Zhou Jie", "--birthday", "1991-02-03"]
    first, second = (
        str(jifen.data("member", "enrol", "--card", card, *person)["member_id"])
        for card in ("6200001", "6200002")
    )
    (pair,) = jifen.data("member", "duplicates")["data"]
    assert (pair["first_id"], pair["second_id"], pair["alike"]) == (first, second, ["name_birthday"])
    assert "the same name and birthday" in jifen("member", "duplicates", "card:6200001")
    assert "姓名和生日相同" in jifen("member", "duplicates", "--language", "zh")
    jifen("member", "merge", second, "--into", first)
    (merge,) = jifen.data("member", "household", "show", first)["merges"]
    assert merge["member_id"] == second
    assert f"jifen member unmerge {second}" in jifen("member", "household", "show", first)
    undone = jifen.data("member", "unmerge", second, "--note", "two persons after all")
    assert jifen.data("member", "show", "card:6200002")["member_id"] == undone["new_member_id"]
    assert jifen.data("member", "unmerge", second, status=3)["code"] == "merge_stands"
    assert "not shown as a pair" in jifen("member", "tell-apart", "card:6200001", "card:6200002")
    assert jifen.data("member", "duplicates")["data"] == []
    assert "No two members" in jifen("member", "duplicates")
