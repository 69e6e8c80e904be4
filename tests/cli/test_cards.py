"""`jifen card`: numbers with a check character, what new cards need, codes that wait for a person."""

from __future__ import annotations

from tests.cli.conftest import Jifen

from jifen.domain.check_digits import CardCheck, is_right


def test_new_cards_have_a_check_digit_and_are_all_different(jifen: Jifen) -> None:
    cards = jifen("card", "new", "--count", "50", "--prefix", "6200", "--length", "16").split()
    assert len(set(cards)) == 50
    assert all(
        card.startswith("6200") and len(card) == 16 and is_right(card, CardCheck.LUHN) for card in cards
    )
    told = jifen.data("card", "new", "--check", "mod_37_36", "--prefix", "VIP", "--length", "12")
    assert is_right(told["cards"][0], CardCheck.MOD_37_36)


def test_numbers_that_could_be_guessed_are_not_made(jifen: Jifen) -> None:
    for arguments in (
        ("--count", "50", "--prefix", "620000", "--length", "9"),
        ("--prefix", "VIP"),
        ("--length", "5"),
        ("--length", "41"),
    ):
        assert "field_wrong" in jifen("card", "new", *arguments, status=3)
    jifen("card", "new", "--check", "md5", status=2)


def test_old_cards_without_a_check_digit_are_taken_until_somebody_wants_one(jifen: Jifen) -> None:
    jifen("member", "enrol", "--card", "6200001")
    jifen("card", "need", "luhn")
    refused = jifen.data("member", "enrol", "--card", "6200003", status=3)
    assert (refused["code"], refused["pointer"]) == ("check_digit_wrong", "/keys/0/value")
    assert "nobody's card" in jifen("card", "check", "6200003", status=3)
    # The old one finds its member still, and an id of another system is no card.
    assert jifen.data("card", "check", "6200 001")["is_known"]
    jifen("member", "show", "card:6200001")
    jifen("member", "enrol", "--external", "6200003")
    right = jifen("card", "new").strip()
    jifen("member", "enrol", "--card", right)
    assert jifen.data("card", "need", "none")["before"] == "luhn"
    jifen("member", "enrol", "--card", "6200003")
    rows = jifen.data("audit", "list", "--deed", "setting.changed")["data"]
    assert [row["details"]["after"] for row in rows] == ["none", "luhn"]


def test_flags_are_listed_and_settled_by_name(jifen: Jifen) -> None:
    assert "No code waits" in jifen("card", "flagged")
    jifen("card", "settle", "nonsense", status=2)
    assert "flag_unknown" in jifen("card", "settle", "flg_" + "0" * 32, status=3)


def test_a_tills_key_needs_the_code_unless_it_is_told_otherwise(jifen: Jifen) -> None:
    made = jifen.data("key", "create", "--name", "till-1", "--role", "till")
    assert made["needs_code"]
    assert not jifen.data("key", "create", "--name", "till-2", "--role", "till", "--no-needs-code")[
        "needs_code"
    ]
    assert not jifen.data("key", "create", "--name", "shop", "--role", "integration")["needs_code"]
    changed = jifen.data("key", "change", made["key_id"], "--no-needs-code", "--requests-per-minute", "600")
    assert (changed["needs_code"], changed["requests_per_minute"]) == (False, 600)
    assert (
        jifen.data("key", "change", made["key_id"], "--requests-per-minute", "0")["requests_per_minute"]
        is None
    )
    jifen("key", "change", made["key_id"], status=2)
