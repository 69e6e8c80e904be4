"""A column of texts has the forms that its texts have one by one, and what is missing stays missing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hostile import texts
from tests.import_files.builders import a_row, codes, known, mapping, read

from jifen.domain.texts import (
    BLANKS,
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
)
from jifen.insight.read_purchases import cells as columns
from jifen.insight.read_purchases import read_purchases
from jifen.insight.read_purchases.reasons import CODE_OF

FAULTS = {"text_too_long": "too_long", "unprintable": "unprintable", "tags_too_many": "too_many"}


def one_by_one(text: str | None, form: Form) -> tuple[str | None, str | None]:
    """The value and the fault of one cell."""
    if text is None:
        return None, None
    try:
        return canonical(text, form), None
    except TextRefused as refused:
        return None, None if refused.fault in ("empty", "means_nothing") else refused.fault


def told(cells: columns.Cells) -> list[tuple[str | None, str | None]]:
    """Values and faults of a column."""
    faults = [FAULTS[CODE_OF[number]] if number else None for number in cells.problems]
    return list(zip(cells.values.to_list(), faults, strict=True))


def is_shortened(text: str | None) -> bool:
    return bool(text) and "e" in str(text).lower() and str(text)[0].isdigit()


@given(
    column=st.lists(st.one_of(st.none(), texts()).filter(lambda text: not is_shortened(text)), max_size=12),
    form=st.sampled_from([KEY, CODE, ITEM, WORDS, TAG, CATEGORY, NOTE]),
    is_encoded=st.booleans(),
)
def test_a_column_is_what_its_texts_are(column: list[str | None], form: Form, is_encoded: bool) -> None:
    series = pl.Series("c", column, dtype=pl.String)
    if is_encoded:
        series = series.cast(pl.Categorical)
    assert told(columns.texts(series, form, file="f")) == [one_by_one(text, form) for text in column]


@given(column=st.lists(st.one_of(st.none(), st.lists(texts(), max_size=5)), max_size=6))
def test_lists_of_tags_are_what_their_texts_are(column: list[list[str] | None]) -> None:
    def said(tags: list[str] | None) -> tuple[str | None, bool]:
        try:
            kept = canonical_tags([tag for tag in tags or [] if tag.strip(BLANKS)])
        except TextRefused:
            return None, True
        return "\x1f".join(kept) or None, False

    series = pl.Series("c", column, dtype=pl.List(pl.String))
    found = told(columns.tags(series, separator="|", file="f"))
    assert [(value, bool(fault)) for value, fault in found] == [said(tags) for tags in column]


@pytest.mark.parametrize("nothing", ["NULL", "None", "n/a", "N/A", "NaN", "\\N", "  ", "\u3000"])
def test_a_word_for_nothing_is_nobody(tmp_path: Path, nothing: str) -> None:
    loaded = read(tmp_path, [a_row(member=nothing), a_row(no="R2", member=" C1\r")])
    assert loaded.rejects.is_empty()
    assert sorted(loaded.purchases["member_ref"], key=str) == ["C1", None]


def test_no_receipt_is_numbered_null(tmp_path: Path) -> None:
    assert codes(read(tmp_path, [a_row(no="NULL"), a_row(no="null")])) == [
        (2, "no", "missing"),
        (3, "no", "missing"),
    ]


def test_one_receipt_in_two_writings_is_one(tmp_path: Path) -> None:
    rows = [a_row(no="N1"), a_row(no="Ｎ１\u3000", line="2"), a_row(no='"N1  "'.strip('"'), line="3")]
    loaded = read(tmp_path, rows)
    assert loaded.purchases["business_no"].to_list() == ["N1"]
    assert loaded.lines.height == 3


@pytest.mark.parametrize("kind", ["csv", "text", "decimal", "integer", "float", "null"])
def test_what_is_missing_is_never_zero(tmp_path: Path, kind: str) -> None:
    """Quantity, discount, cost and an integer attribute, empty in one row and told in another."""
    by = mapping(
        columns={"cost": "name", "attributes": {"grams": "category"}, "name": None, "category": None}
    )
    knowing = known(line_attributes={"grams": "integer"})
    empty = {"qty": "", "discount": "", "name": "", "category": ""}
    full = {"qty": "2", "discount": "1", "name": "-3", "category": "-4"}
    rows = [a_row(no="R1", **empty), a_row(no="R2", **full)]
    if kind == "csv":
        loaded = read(tmp_path, rows, by=by, knowing=knowing)
    else:
        types: dict[str, Any] = {
            "text": pl.String, "decimal": pl.Decimal(20, 2), "integer": pl.Int64, "float": pl.Float64, "null": pl.Null,
        }  # fmt: skip
        if kind == "null":
            rows = rows[:1]
        table = pl.DataFrame(rows).with_columns([
            pl.Series(name, [_typed(row[name], kind) for row in rows], dtype=types[kind]) for name in empty
        ])  # fmt: skip
        table.write_parquet(tmp_path / "sales.parquet")
        loaded = read_purchases([tmp_path / "sales.parquet"], by, known=knowing)
    assert loaded.rejects.is_empty()
    found = loaded.lines.select("quantity_milli", "discount_minor", "cost_minor", "attribute.grams").rows()
    assert found[0] == (1_000, 0, None, None)
    assert found[1:] == ([] if kind == "null" else [(2_000, 100, -300, -4)])


def _typed(text: str, kind: str) -> Any:
    if kind == "text":
        return text
    if kind == "float":
        return float(text) if text else float("nan")
    return None if not text else Decimal(text) if kind == "decimal" else int(text)


def test_a_needed_number_that_is_empty_is_missing_in_parquet_too(tmp_path: Path) -> None:
    for type_ in (pl.String, pl.Decimal(20, 2), pl.Float64):
        table = pl.DataFrame([a_row()]).with_columns(pl.lit(None, type_).alias("amount"))
        table.write_parquet(tmp_path / "sales.parquet")
        assert codes(read_purchases([tmp_path / "sales.parquet"], mapping(), known=known())) == [
            (1, "amount", "missing")
        ]
