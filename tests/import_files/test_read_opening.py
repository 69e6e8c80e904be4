"""Files of opening balances: every lot exactly, every member whole, and a reason for what is not taken."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jifen.insight.read_opening import (
    Columns,
    Constants,
    CurrencyKnown,
    Dates,
    OpeningKnown,
    OpeningMapping,
    OpeningRead,
    Units,
    read_opening,
    read_opening_mapping,
)
from jifen.insight.read_purchases import FileRefused, MappingRefused

GUIDE = Path(__file__).parents[2] / "docs" / "import.md"
KNOWN = OpeningKnown(
    today=date(2026, 11, 27),
    currencies={"points": CurrencyKnown(0, 0), "money": CurrencyKnown(1, 2)},
)
HEADER = "card,units,until,earned,lot\n"


def mapping(**changes: Any) -> OpeningMapping:
    """The mapping of HEADER."""
    told = {
        "columns": {
            "member_ref": "card", "units": "units", "expires_on": "until", "earned_on": "earned", "reference": "lot",
        },
        "constants": {"currency": "points", "member_ref_kind": "card"},
    }  # fmt: skip
    return OpeningMapping.model_validate(told | changes)


def read(folder: Path, rows: str, *, by: OpeningMapping | None = None, header: str = HEADER) -> OpeningRead:
    """What a file of these rows tells."""
    file = folder / "points.csv"
    file.write_text(header + rows, encoding="utf-8")
    return read_opening([file], by or mapping(), known=KNOWN)


def codes(found: OpeningRead) -> list[tuple[int, str | None, str]]:
    """Row, column and code of each reject."""
    return [tuple(row) for row in found.rejects.select("row", "column", "code").iter_rows()]


def lots(found: OpeningRead) -> list[tuple[Any, ...]]:
    """Whose, how many and until when."""
    return list(found.lots.select("member_ref", "units", "expires_on").iter_rows())


def test_each_lot_keeps_its_day_and_an_empty_one_is_never(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "c1,100,2026-12-31,2025-12-01,a\nc1,50,2027-06-30,,\n６２ 1,7,,,\nc3,5,9999-12-31,,\nc4,0,2026-12-31,,\n",
    )
    assert lots(found) == [
        ("c1", 100, date(2026, 12, 31)),
        ("c1", 50, date(2027, 6, 30)),
        ("621", 7, None),
        ("c3", 5, None),
    ]
    assert found.lots.get_column("earned_on").to_list()[0] == date(2025, 12, 1)
    assert (found.rows_read, found.empty_rows, found.rejects.height, found.rejected_members) == (5, 1, 0, 0)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (",1,,,", "card", "missing"),
        ("NULL,1,,,", "card", "missing"),
        ("c1,,,,", "units", "missing"),
        ("c1,1.5,,,", "units", "too_many_decimals"),
        ("c1,-3,,,", "units", "units_negative"),
        ("c1,1000000001,,,", "units", "number_too_large"),
        ("c1,1000000000000,,,", "units", "number_too_large"),
        ("c1,many,,,", "units", "not_a_number"),
        ("c1,1,31.12.2026,,", "until", "not_a_date"),
        ("c1,1,2026-02-29,,", "until", "not_a_date"),
        ("c1,1,2026-12-31 10:00:00,,", "until", "not_a_date"),
        ("c1,1,1026-12-31,,", "until", "time_too_old"),
        ("c1,1,2026-12-31,2026-11-28,", "earned", "earned_in_future"),
        ("c1,1,2026-12-31,2027-11-28,", "until", "expires_before_earned"),
        ("c1,1,,,\u202ea", "lot", "unprintable"),
        ("c1,1", None, "cells_count"),
    ],
)
def test_what_is_wrong_is_named_and_the_member_comes_not_in_part(
    tmp_path: Path, row: str, column: str | None, code: str
) -> None:
    found = read(tmp_path, f"c0,1,,,\n{row}\nc1,9,,,\n")
    assert (3, column, code) in codes(found)
    is_named = row.startswith("c1")
    assert ((4, None, "member_refused") in codes(found)) == is_named
    assert [lot[0] for lot in lots(found)] == (["c0"] if is_named else ["c0", "c1"])
    is_of_nobody = code == "missing" and column == "card"
    assert found.rejected_members == int(is_named or is_of_nobody)
    for reason in (*found.rejects.get_column("reason_en"), *found.rejects.get_column("reason_zh")):
        assert reason


def test_a_reference_that_comes_again_is_a_copy_or_a_contradiction(tmp_path: Path) -> None:
    found = read(tmp_path, "c1,1,,,a\nc1,1,,,a\nc2,1,,,a\nc2,2,,,a\nc2,3,,,b\nc3,5,,,\nc3,5,,,\n")
    assert lots(found) == [("c1", 1, None), ("c3", 5, None), ("c3", 5, None)]
    assert found.doubled_rows == 1
    assert codes(found) == [
        (4, "lot", "reference_repeated"),
        (5, "lot", "reference_repeated"),
        (6, None, "member_refused"),
    ]


def test_units_have_the_decimals_of_their_currency(tmp_path: Path) -> None:
    by = mapping(
        columns={"member_ref": "card", "units": "units", "currency": "until", "expires_on": "earned"},
        constants={},
    )
    found = read(
        tmp_path,
        "c1,12.5,money,,\nc1,3,points,,\nc2,0.005,money,,\nc3,1.5,points,,\nc4,1,gold,,\nc5,1,,,\n",
        by=by,
    )
    assert found.lots.select("currency", "units").rows() == [(1, 1_250), (0, 3)]
    assert [code for _, _, code in codes(found)] == [
        "too_many_decimals", "too_many_decimals", "currency_unknown", "missing",
    ]  # fmt: skip
    smallest = by.model_copy(update={"units": Units(unit="minor")})
    assert read(tmp_path, "c1,1250,money,,\n", by=smallest).lots.get_column("units").to_list() == [1_250]


def test_without_days_of_expiry_the_day_of_earning_is_needed(tmp_path: Path) -> None:
    by = mapping(columns={"member_ref": "card", "units": "units", "earned_on": "earned"})
    found = read(tmp_path, "c1,1,,2026-01-31,\nc2,1,,,\n", by=by)
    assert not found.tells_expiry
    assert codes(found) == [(3, "earned", "missing")]
    assert found.lots.get_column("earned_on").to_list() == [date(2026, 1, 31)]


def test_parquet_tells_the_same(tmp_path: Path) -> None:
    file = tmp_path / "points.parquet"
    pl.DataFrame(
        {
            "card": ["c1", "c2", "c3", "c4"],
            "units": [Decimal("1"), Decimal("2"), Decimal("3"), None],
            "until": [datetime(2026, 12, 31), None, datetime(2026, 12, 31, 5), None],  # noqa: DTZ001
            "earned": [date(2025, 1, 1), None, None, None],
            "lot": ["a", None, None, None],
        }
    ).write_parquet(file)
    found = read_opening([file], mapping(), known=KNOWN)
    assert lots(found) == [("c1", 1, date(2026, 12, 31)), ("c2", 2, None)]
    assert codes(found) == [(3, "until", "not_a_date"), (4, "units", "missing")]


def test_days_are_read_in_the_formats_that_are_named(tmp_path: Path) -> None:
    by = mapping(dates={"format": ["%d.%m.%Y", "%Y%m%d %H:%M:%S"]})
    found = read(tmp_path, "c1,1,31.12.2026,,\nc2,1,20261230 23:59:59,,\nc3,1,2026-12-29,,\n", by=by)
    assert lots(found) == [("c1", 1, date(2026, 12, 31)), ("c2", 1, date(2026, 12, 30))]
    assert codes(found) == [(4, "until", "not_a_date")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("columns: {member_ref: card, units: u, expires_on: e}\n", "currency"),
        ("columns: {member_ref: card, units: u}\nconstants: {currency: points}\n", "expires_on"),
        (
            "columns: {member_ref: card, units: u, expires_on: e}\nconstants: {curency: points}\n",
            "extra_forbidden",
        ),
        (
            "columns: {member_ref: card, units: u, expires_on: e, currency: c}\nconstants: {currency: p}\n",
            "twice",
        ),
        ("columns: {member_ref: c, units: u, expires_on: e, currency: p}\ndates: {format: '%H'}\n", "format"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why_in_each_language(
    tmp_path: Path, text: str, code: str
) -> None:
    file = tmp_path / "opening.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MappingRefused) as refused:
        read_opening_mapping(file)
    assert code in [problem.code for problem in refused.value.problems]
    for problem in refused.value.problems:
        assert problem.text("en") != problem.text("zh")


def test_a_mapping_names_a_currency_of_the_programme_and_columns_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(MappingRefused, match="it has points, money"):
        read(tmp_path, "", by=mapping(constants={"currency": "gold"}))
    with pytest.raises(FileRefused, match="'until'"):
        read(tmp_path, "c1,1,,\n", header="card,units,utill,earned,lot\n")


def test_the_guide_explains_every_key_of_the_mapping() -> None:
    guide = GUIDE.read_text(encoding="utf-8").partition("## Opening balances")[2]
    models = (OpeningMapping, Columns, Constants, Dates, Units)
    for word in [name for model in models for name in model.model_fields]:
        assert re.search(rf"(`|\.|^){word}(`|:|\.)", guide, re.MULTILINE), (
            f"docs/import.md does not explain {word}"
        )
