"""The command line in a language that is a file in a folder, and no line of code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.conftest import Jifen
from tests.cli.test_explained import scaled
from tests.third_language import a_third_language, in_english, unsaid

__all__ = ["scaled"]
NO_WORDS = re.compile(r"[\s\d#=.,:\-\[\]>|·/]*")


def test_a_statement_and_a_lot_are_told_in_a_third_language(
    scaled: Jifen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = [
        ("explain", "62", "--limit", "2"),
        ("explain", "62", "--before", "1"),
        ("explain", "62", "--lot", "1"),
    ]
    english = [scaled(*one, "--language", "en") for one in asked]
    with a_third_language(monkeypatch, tmp_path) as third:
        told = [scaled(*one, "--language", third) for one in asked]
    assert [in_english(one) for one in told] == english
    assert all(NO_WORDS.fullmatch(unsaid(one)) for one in told), [unsaid(one) for one in told]


def test_the_programme_is_told_in_a_third_language(
    scaled: Jifen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    english = scaled.data("program", "show", "--language", "en")
    with a_third_language(monkeypatch, tmp_path) as third:
        told = scaled.data("program", "show", "--language", third)
    assert [in_english(rule["sentence"]) for rule in told["rules"]] == [
        rule["sentence"] for rule in english["rules"]
    ]
    assert [unsaid(rule["sentence"]) for rule in told["rules"]] == ["" for _ in told["rules"]]
    assert told["name"] == english["name"], "what the document does not name in it falls back to English"


def test_a_language_that_no_file_has_is_refused_with_those_that_there_are(
    jifen: Jifen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "choose zh or en" in jifen("explain", "62", "--language", "fr", status=2)
    with a_third_language(monkeypatch, tmp_path) as third:
        assert f"choose zh or en or {third}" in jifen("explain", "62", "--language", "fr", status=2)


def test_a_refusal_is_told_in_the_language_of_the_command(
    jifen: Jifen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    english = jifen("explain", "card:nobody", "--language", "en", status=3)
    assert "没有这位会员。" in jifen("explain", "card:nobody", "--language", "zh", status=3)
    assert (
        jifen.data("explain", "card:nobody", "--language", "en", status=3)["message"]
        == "There is no such member."
    )
    with a_third_language(monkeypatch, tmp_path) as third:
        told = jifen("explain", "card:nobody", "--language", third, status=3)
    assert told == english + "⟦There is no such member.⟧\n"
