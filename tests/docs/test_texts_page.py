"""The page of texts says of each field the form that it has in code."""

from __future__ import annotations

import re
from pathlib import Path

from jifen.domain.texts import (
    CARD,
    CATEGORY,
    CODE,
    ITEM,
    KEY,
    LINE_FORMS,
    NOTE,
    NOTHING,
    PURCHASE_FORMS,
    TAG,
    TAGS_MAX,
    WORDS,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "texts.md"
FIELDS = {
    **PURCHASE_FORMS, **LINE_FORMS, "card": CARD, "external": KEY, "method": CODE, "currency": CODE, "tags": TAG,
    "attributes": WORDS, "note": NOTE, "label": WORDS,
}  # fmt: skip


def test_the_table_tells_form_and_length_of_every_field() -> None:
    rows = re.findall(r"^\| (.+?) \| (\w+).*? \| (\d+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: (form, int(most)) for fields, form, most in rows for name in re.findall(r"`(\w+)`", fields)}
    assert told == {name: (form.name, form.longest) for name, form in FIELDS.items()}
    assert {form for form, _ in told.values()} == {
        form.name for form in (KEY, CARD, CODE, ITEM, WORDS, TAG, CATEGORY, NOTE)
    }


def test_it_names_the_limit_of_tags_and_words_for_nothing() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"at most {TAGS_MAX}, each once" in text
    named = re.findall(r"`([^`]+)`", re.search(r"there is nothing \((.*?)\)", text, re.DOTALL)[1])  # type: ignore[index]
    assert len(named) > 5
    assert {word.lower() for word in named} <= NOTHING
