"""One form for every text that comes in."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hostile import texts

from jifen.domain.texts import (
    BLANKS,
    CARD,
    CATEGORY,
    CODE,
    ITEM,
    KEY,
    NOTE,
    TAG,
    WORDS,
    Form,
    TextRefused,
    canonical,
    canonical_tags,
    inert,
    one_line,
)

FORMS = (KEY, CARD, CODE, ITEM, WORDS, TAG, CATEGORY, NOTE)


@pytest.mark.parametrize(
    ("written", "form", "is_"),
    [
        ("6200001\r", KEY, "6200001"),
        ("\t6200001 \r\n", KEY, "6200001"),
        ("６２００００１", KEY, "6200001"),
        ("Ｎ－１　", KEY, "N-1"),
        ("N   ", KEY, "N"),
        ("6200 0010 0020", CARD, "620000100020"),
        ("６２００\u3000００１０\xa0 0020\r", CARD, "620000100020"),
        ("6200-0010", CARD, "6200-0010"),
        ("6 " * 200, CARD, "6" * 200),
        ("A  1", KEY, "A 1"),
        ("A\u30001", KEY, "A 1"),
        ("e\u0301", CODE, "é"),
        ("店（一）", CODE, "店(一)"),
        ("牛奶（1L）  ", WORDS, "牛奶（1L）"),
        ("Cre\u0300me\xa0 fraîche", WORDS, "Crème fraîche"),
        ("👨\u200d👩\u200d👧", WORDS, "👨\u200d👩\u200d👧"),
        (" 乳品 / 鲜奶/ ", CATEGORY, "乳品/鲜奶"),
        ("A // B", CATEGORY, "A/B"),
        ("A / B", WORDS, "A / B"),
        ("none", TAG, "none"),
    ],
)
def test_a_text_has_one_form(written: str, form: Form, is_: str) -> None:
    assert canonical(written, form) == is_


@pytest.mark.parametrize(
    ("written", "form", "fault"),
    [
        ("", KEY, "empty"),
        (" \r\n", NOTE, "empty"),
        (" / ", CATEGORY, "empty"),
        ("x" * 201, KEY, "too_long"),
        ("x" * 101, CODE, "too_long"),
        ("62\n01", KEY, "unprintable"),
        ("62\t01", KEY, "unprintable"),
        ("6201\x00", KEY, "unprintable"),
        ("\ufeff6201", KEY, "unprintable"),
        ("62\u200b01", KEY, "unprintable"),
        ("62\u00ad01", KEY, "unprintable"),
        ("❤\ufe0f", CODE, "unprintable"),
        ("a\nb", NOTE, "unprintable"),
        ("\x1b[2J", NOTE, "unprintable"),
        ("\u202eabc", WORDS, "unprintable"),
        ("\ud800", WORDS, "unprintable"),
        ("NULL", KEY, "means_nothing"),
        ("Ｎ/Ａ", KEY, "means_nothing"),
        ("\\N", KEY, "means_nothing"),
    ],
)
def test_what_has_no_form_is_refused(written: str, form: Form, fault: str) -> None:
    with pytest.raises(TextRefused) as refused:
        canonical(written, form)
    assert refused.value.fault == fault


@given(written=texts(), form=st.sampled_from(FORMS))
def test_a_form_is_its_own_form_and_can_be_shown(written: str, form: Form) -> None:
    try:
        text = canonical(written, form)
    except TextRefused:
        return
    assert canonical(text, form) == text
    assert 1 <= len(text) <= form.longest
    assert text == text.strip(BLANKS) == unicodedata.normalize("NFC", text)
    assert one_line(text) == text
    assert "  " not in text
    if form.is_code:
        assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp") for one in text)


@given(written=texts(), form=st.sampled_from(FORMS))
def test_blanks_and_the_way_of_composing_change_nothing(written: str, form: Form) -> None:
    for other in (
        f" \t{written}\r\n",
        f"\u3000{written}\xa0",
        unicodedata.normalize("NFD", written),
        unicodedata.normalize("NFC", written),
    ):
        assert _said(other, form) == _said(written, form)


def _said(text: str, form: Form) -> str:
    try:
        return canonical(text, form)
    except TextRefused as refused:
        return f"!{refused.fault}"


def test_no_code_holds_a_character_without_a_shape() -> None:
    """Of all of Unicode: formats, controls, separators of lines; and what the standard lets a reader ignore."""
    let_in = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if (one := chr(point)).strip(BLANKS)
        and (unicodedata.category(one) in ("Cc", "Cf", "Cs") or _is_ignorable(point))
        and not _said(f"a{one}b", CODE).startswith("!")
    ]
    assert let_in == []


def _is_ignorable(point: int) -> bool:
    """Default_Ignorable_Code_Point of Unicode 14, DerivedCoreProperties.txt."""
    return point in (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0) or any(
        low <= point <= high
        for low, high in (
            (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFFF0, 0xFFF8),
            (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
        )
    )  # fmt: skip


def test_tags_are_told_once_each() -> None:
    assert canonical_tags(["b ", "a", "b", "\u3000a"]) == ["b", "a"]
    with pytest.raises(TextRefused, match="51 tags"):
        canonical_tags([str(n) for n in range(51)])


def test_what_is_shown_forges_no_line_and_moves_no_cursor() -> None:
    assert one_line("note\n2026-01-01  #9 +1,000") == "note\\u000a2026-01-01  #9 +1,000"
    assert one_line("\x1b[2J\x9b\u202e牛奶\ud800") == "\\u001b[2J\\u009b\\u202e牛奶\\ud800"


@given(st.text())
def test_nothing_that_is_shown_leaves_its_line(text: str) -> None:
    shown = one_line(text)
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in shown)


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_what_a_spreadsheet_would_compute_is_made_plain_text(begins: str) -> None:
    assert [inert(blank + begins + "1") for blank in ("", " ", "\t", "\r")] == [
        f"'{blank}{begins}1" for blank in ("", " ", "\t", "\r")
    ]
    assert inert(f"a {begins} b") == f"a {begins} b"
