"""Rejects as a file: whole or not there, readable in Excel, harmless."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.import_files.builders import a_row, read

from jifen.domain.texts import one_line
from jifen.insight.frames import LINES, PURCHASES, REJECTS, FrameContractBroken
from jifen.insight.rejects import _harmless, rejects_beside, write_rejects
from jifen.insight.write_whole import FileTaken


def a_reject(value: str | None) -> pl.DataFrame:
    row = ("sales.csv", 2, "amount", value, "not_a_number", "It is none.", "不是数字。")
    return pl.DataFrame([row], schema=REJECTS.schema, orient="row")


def test_it_opens_in_excel_and_reads_back(tmp_path: Path) -> None:
    loaded = read(tmp_path, [a_row(amount='1,"2"'), a_row(no="R2", line="x")])
    path = write_rejects(loaded.rejects, to=rejects_beside(tmp_path / "sales.csv"))
    assert path == tmp_path / "sales.rejects.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["row"], row["column"], row["value"]) for row in rows] == [
        ("2", "amount", '1,"2"'),
        ("3", "line", "x"),
    ]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((value, f"'{value}") for value in ("=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u3000=1", "＝1")),
        ("\t=1", "\\u0009=1"),
        ("\r=1", "\\u000d=1"),
        ("\n=1", "\\u000a=1"),
        ("\x1c \x01@A", "\\u001c \\u0001@A"),
        ("\x1b]0;owned\x07", "\\u001b]0;owned\\u0007"),
        ("\x9b31m\u202e", "\\u009b31m\\u202e"),
    ],
)
def test_formulas_and_escapes_are_disarmed(tmp_path: Path, value: str, shown: str) -> None:
    path = write_rejects(a_reject(value), to=tmp_path / "r.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream))[1][3] == shown


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_begins_a_formula_and_only_those_change(value: str) -> None:
    shown = a_reject(value).select(_harmless(pl.col("value"))).item()
    assert shown.lstrip()[:1] not in tuple("=+-@＝＋－＠")
    assert shown in (one_line(value), "'" + one_line(value))


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    write_rejects(a_reject("old"), to=path)
    with pytest.raises(FrameContractBroken, match=r"rejects\.code: it is missing"):
        write_rejects(a_reject("new").drop("code"), to=path, over=True)
    with pytest.raises(FileTaken):
        write_rejects(a_reject("new"), to=path)
    assert "old" in path.read_text(encoding="utf-8")
    assert rejects_beside(tmp_path / "r.xlsx") == tmp_path / "r.rejects.csv"
    write_rejects(REJECTS.empty(), to=path, over=True)
    assert path.read_text(encoding="utf-8-sig").splitlines() == [
        '"file","row","column","value","code","reason_en","reason_zh"'
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["r.csv"]
    with pytest.raises(FileNotFoundError):
        write_rejects(a_reject("x"), to=tmp_path / "none" / "r.csv")


def test_contracts_name_the_column_that_breaks_them() -> None:
    lines = LINES.empty()
    assert LINES.check(lines.with_columns(pl.lit("x").alias("attribute.shelf"))).width == lines.width + 1
    for broken, words in (
        (lines.drop("sku"), r"lines\.sku: it is missing"),
        (
            lines.with_columns(pl.col("number").cast(pl.Int64)),
            r"lines\.number: Int64; the contract says Int32",
        ),
        (lines.with_columns(pl.lit(1.5).alias("attribute.x")), r"attribute\.x: Float64"),
        (lines.with_columns(pl.lit("x").alias("colour")), r"colour: it is there"),
        (a_line(amount_minor=None), r"amount_minor: 1 empty"),
    ):
        with pytest.raises(FrameContractBroken, match=words):
            LINES.check(broken)
    assert PURCHASES.check(PURCHASES.empty()).is_empty()


def a_line(**changes: object) -> pl.DataFrame:
    row = dict.fromkeys(LINES.schema.names(), None) | {"purchase": 0, "number": 1, "quantity_milli": 1}
    return pl.DataFrame([row | {"discount_minor": 0} | changes], schema=LINES.schema)
