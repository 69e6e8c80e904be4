"""Purchases from files: exact, whole, once; everything else refused with its row and reason."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.import_files.builders import Row, a_file, a_row, codes, known, mapping, read, text_of
from tests.third_language import a_third_language, in_english, unsaid

from jifen.domain.texts import BLANKS, WORDS, TextRefused, canonical
from jifen.insight.frames import Loaded
from jifen.insight.read_purchases import (
    FILE_REASONS,
    ROW_REASONS,
    FileRefused,
    MappingRefused,
    read_mapping,
    read_purchases,
)
from jifen.present.catalogue import catalogue_of

EXAMPLES = Path(__file__).parents[2] / "examples" / "import"


def adds_up(loaded: Loaded) -> bool:
    counts = loaded.counts
    return counts.rows_read == counts.lines + counts.doubled_rows + counts.rejected_rows


# What is taken --------------------------------------------------------------------------------------------------------


def test_a_purchase_of_two_lines(tmp_path: Path) -> None:
    loaded = read(
        tmp_path, [a_row(), a_row(line="2", sku="2", qty="1.245", amount="7", discount="", name="")]
    )
    purchase = loaded.purchases.row(0, named=True)
    assert loaded.rejects.is_empty()
    assert purchase["amount_minor"] == loaded.counts.spend_minor == 1930
    assert purchase["occurred_at"] == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert (purchase["source"], purchase["business_no"], purchase["member_ref"]) == ("pos", "R1", "C1")
    assert (purchase["member_ref_kind"], purchase["money"], purchase["row_first"]) == ("external", "CNY", 2)
    assert loaded.lines["category"].to_list() == ["乳品/鲜奶", "乳品/鲜奶"]
    assert loaded.lines["quantity_milli"].to_list() == [1000, 1245]
    assert loaded.lines["discount_minor"].to_list() == [50, 0]
    assert loaded.lines["name"].to_list() == ["牛奶", None]


def test_the_example_for_integrators_reads_as_its_guide_says() -> None:
    loaded = read_purchases([EXAMPLES / "sales.csv"], read_mapping(EXAMPLES / "mapping.yaml"), known=known())
    counts = loaded.counts
    assert (counts.rows_read, counts.purchases, counts.lines, counts.doubled_rows) == (13, 4, 6, 1)
    assert (counts.rejected_rows, counts.rejected_purchases, counts.spend_minor) == (6, 5, 12_305)
    assert loaded.purchases["member_ref"].to_list() == ["C100001", "C100001", "C100002", None]
    assert loaded.purchases["payments"][0] == '[{"method":"wechat","amount_minor":3825}]'
    assert set(loaded.rejects["code"]) == {
        "not_a_number",
        "purchase_refused",
        "not_a_time",
        "store_unknown",
        "sums_differ",
        "negative",
    }


def test_rows_that_are_whole_purchases_become_one_line_each(tmp_path: Path) -> None:
    by = mapping(
        numbered=False,
        rows_are="purchases",
        columns={"tags": "name", "payment_method": "category", "sku": None, "name": None, "category": None},
    )
    rows = [a_row(name="夜间| 团购 |夜间", category='微"信'), a_row(no="R2", amount="0", name="")]
    loaded = read(tmp_path, rows, by=by)
    assert loaded.purchases["tags"].to_list() == [["夜间", "团购"], None]
    assert loaded.purchases["payments"][0] == '[{"method":"微\\"信","amount_minor":1230}]'
    assert loaded.lines["number"].to_list() == [1, 1]
    assert loaded.lines["sku"].to_list() == [None, None]


def test_payments_as_json_are_kept_in_one_writing_and_must_add_up(tmp_path: Path) -> None:
    by = mapping(columns={"payments": "name", "name": None})
    good = '[ {"amount_minor": 1000, "method": "cash"}, {"method": "wechat", "amount_minor": 230} ]'
    rows = [
        a_row(name=good),
        a_row(no="R2", name='[{"method": "cash", "amount_minor": 1}]'),
        a_row(no="R3", name='[{"method": "cash", "amount_minor": 12.3}]'),
        a_row(no="R4", name="[" * 100_000),
    ]
    loaded = read(tmp_path, rows, by=by)
    assert loaded.purchases["payments"].to_list() == [
        '[{"method":"cash","amount_minor":1000},{"method":"wechat","amount_minor":230}]'
    ]
    assert codes(loaded) == [
        (3, "name", "payments_differ"),
        (4, "name", "payments_wrong"),
        (5, "name", "payments_wrong"),
    ]


def test_a_category_may_stand_in_several_columns(tmp_path: Path) -> None:
    by = mapping(columns={"category": ["category", "name"], "name": None})
    rows = [a_row(category="零食/饮料", name="水"), a_row(line="2", name="", category="水")]
    assert read(tmp_path, rows, by=by).lines["category"].to_list() == ["零食-饮料/水", "水"]


def test_declared_attributes_become_columns(tmp_path: Path) -> None:
    by = mapping(
        columns={"attributes": {"shelf": "name", "grams": "category"}, "name": None, "category": None}
    )
    knowing = known(line_attributes={"shelf": "text", "grams": "integer"})
    loaded = read(
        tmp_path, [a_row(name="A3", category="950"), a_row(no="R2", category="9.5")], by=by, knowing=knowing
    )
    assert loaded.lines["attribute.shelf"].to_list() == ["A3"]
    assert loaded.lines["attribute.grams"].to_list() == [950]
    assert codes(loaded) == [(3, "category", "too_many_decimals")]
    with pytest.raises(MappingRefused, match=r"\$\.columns\.attributes\.shelf.*attribute_unknown"):
        read(tmp_path, [a_row()], by=by)


@pytest.mark.parametrize(
    ("written", "said"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030")]
)
def test_files_of_either_encoding_read_alike(tmp_path: Path, written: str, said: str) -> None:
    path = a_file(tmp_path, [a_row()], encoding=written)
    assert read_purchases([path], mapping(encoding=said), known=known()).lines["name"].to_list() == ["牛奶"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "sales.txt"
    path.write_text(text_of([a_row(amount="1.234,50")], separator=separator), encoding="utf-8")
    by = mapping(separator=separator, amounts={"decimal": ",", "thousands": "."})
    loaded = read_purchases([path], by, known=known())
    assert codes(loaded) == [(2, "discount", "not_a_number")]  # 0.50 is no number where the comma is the mark
    by = mapping(separator=separator, amounts={"decimal": ",", "thousands": "."}, columns={"discount": None})
    assert read_purchases([path], by, known=known()).counts.spend_minor == 123_450


def test_a_header_without_rows_is_a_day_without_sales(tmp_path: Path) -> None:
    loaded = read(tmp_path, [])
    assert loaded.counts.rows_read == loaded.purchases.height == loaded.rejects.height == 0


def test_blank_rows_count_for_row_numbers_and_for_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    lines = text_of([a_row(), a_row(no="R2", amount="x")]).splitlines()
    path.write_text("\n".join([lines[0], "", lines[1], "," * 10, lines[2], "", ""]), encoding="utf-8")
    loaded = read_purchases([path], mapping(), known=known())
    assert loaded.purchases["row_first"].to_list() == [3]
    assert codes(loaded) == [(5, "amount", "not_a_number")]
    assert loaded.counts.rows_read == 2


def test_purchases_come_in_canonical_order_and_nobodys_last(tmp_path: Path) -> None:
    rows = [
        a_row(no="R1", member=""),
        a_row(no="R2", member="C2"),
        a_row(no="R4", member="C1", at="2026-03-02 10:00:00"),
        a_row(no="R3", member="C1", at="2026-03-02 10:00:00"),
        a_row(no="R5", member="C1"),
    ]
    loaded = read(tmp_path, rows)
    assert loaded.purchases["business_no"].to_list() == ["R5", "R3", "R4", "R2", "R1"]
    assert loaded.purchases["purchase"].to_list() == loaded.lines["purchase"].to_list() == [0, 1, 2, 3, 4]


# Exact numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("12.30", 1230),
        ("12.3", 1230),
        ("+12", 1200),
        (".5", 50),
        ("0", 0),
        ("-0.00", 0),
        ("12.3000", 1230),
        ("9999999999.99", 999_999_999_999),
        ("0.29", 29),
        ("1.15", 115),
        ("4.35", 435),
    ],
)
def test_money_is_read_exactly(tmp_path: Path, written: str, minor: int) -> None:
    assert read(tmp_path, [a_row(amount=written)]).lines["amount_minor"].to_list() == [minor]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("12.305", "too_many_decimals"),
        ("-1", "negative"),
        ("", "missing"),
        ("1,234.50", "not_a_number"),
        ("12.3O", "not_a_number"),
        ("¥12", "not_a_number"),
        ("1e3", "not_a_number"),
        ("１２", "not_a_number"),
        ("10000000000.01", "number_too_large"),
        ("9" * 40, "number_too_large"),
        ("NaN", "not_a_number"),
        ("1.", "not_a_number"),
        (".", "not_a_number"),
        ("--1", "not_a_number"),
        ("=1+1", "not_a_number"),
    ],
)
def test_money_that_is_not_exact_is_refused(tmp_path: Path, written: str, code: str) -> None:
    loaded = read(tmp_path, [a_row(amount=written)])
    assert codes(loaded) == [(2, "amount", code)]
    assert loaded.rejects["value"].to_list() == [written or None]


@pytest.mark.parametrize(("written", "code"), [("1.2345", "too_many_decimals"), ("-1", "negative")])
def test_quantities_are_whole_thousandths(tmp_path: Path, written: str, code: str) -> None:
    assert codes(read(tmp_path, [a_row(qty=written)])) == [(2, "qty", code)]


def test_discounts_written_below_zero(tmp_path: Path) -> None:
    by = mapping(discount_sign="negative")
    loaded = read(tmp_path, [a_row(discount="-0.50"), a_row(no="R2", discount="0.50")], by=by)
    assert loaded.lines["discount_minor"].to_list() == [50]
    assert codes(loaded) == [(3, "discount", "negative")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(st.integers(0, 10**12), min_size=1, max_size=30), decimals=st.integers(0, 4))
def test_any_amount_survives_text_decimals_and_whole_numbers(
    tmp_path: Path, amounts: list[int], decimals: int
) -> None:
    rows = [
        a_row(no=f"R{n:03}", amount=f"{Decimal(amount).scaleb(-decimals):f}", discount="")
        for n, amount in enumerate(amounts)
    ]
    knowing = known(money_decimals=decimals)
    assert read(tmp_path, rows, knowing=knowing).lines["amount_minor"].to_list() == amounts
    table = pl.DataFrame(rows).with_columns(
        amount=pl.col("amount").cast(pl.Decimal(20, decimals)), qty=pl.col("qty").cast(pl.UInt64)
    )
    path = tmp_path / "sales.parquet"
    table.write_parquet(path)
    assert read_purchases([path], mapping(), known=knowing).lines["amount_minor"].to_list() == amounts


# Times ----------------------------------------------------------------------------------------------------------------


def _times(tmp_path: Path, texts: list[str], **time: object) -> tuple[list[str], list[str]]:
    rows = [a_row(no=f"R{n}", at=text) for n, text in enumerate(texts)]
    loaded = read(tmp_path, rows, by=mapping(time=time))
    taken = loaded.purchases.sort("row_first")["occurred_at"].dt.to_string("%m-%d %H:%M:%S").to_list()
    return taken, loaded.rejects["code"].to_list()


def test_the_hour_that_comes_twice_and_the_hour_that_never_comes(tmp_path: Path) -> None:
    texts = ["2025-11-02 01:30:00", "2025-03-09 02:30:00", "2025-11-02 03:00:00"]
    zone = {"format": "%Y-%m-%d %H:%M:%S", "zone": "America/New_York"}
    assert _times(tmp_path, texts, **zone) == (["11-02 08:00:00"], ["time_repeated", "time_skipped"])
    taken, refused = _times(tmp_path, texts, **zone, clock_change="earliest")
    assert taken == ["11-02 05:30:00", "03-09 07:30:00", "11-02 08:00:00"]
    assert refused == []


def test_iso_times_with_and_without_an_offset(tmp_path: Path) -> None:
    texts = [
        "2026-03-01T10:00:00Z",
        "2026-03-01 10:00:00+08:00",
        "2026-03-01T10:00:00.250+0800",
        "2026-03-01 10:00",
    ]
    texts += ["2026-03-01", "01/03/2026 10:00", "2026-02-30 10:00:00", "2026-03-01 25:00:00", ""]
    taken, refused = _times(tmp_path, texts, zone="Asia/Shanghai")
    assert taken == ["03-01 10:00:00", "03-01 02:00:00", "03-01 02:00:00", "03-01 02:00:00"]
    assert refused == ["not_a_time"] * 4 + ["missing"]
    taken, refused = _times(tmp_path, texts[:4])
    assert taken == ["03-01 10:00:00", "03-01 02:00:00", "03-01 02:00:00"]
    assert refused == ["time_without_zone"]


def test_several_formats_and_unix_time(tmp_path: Path) -> None:
    formats = ["%d.%m.%Y %H:%M", "%Y%m%d%H%M%S", "unix_seconds"]
    taken, refused = _times(
        tmp_path, ["01.03.2026 10:00", "20260301100000", "1772330400", "soon"], format=formats, zone="UTC"
    )
    assert taken == ["03-01 10:00:00", "03-01 10:00:00", "03-01 02:00:00"]
    assert refused == ["not_a_time"]


def test_the_future_and_the_far_past_are_refused(tmp_path: Path) -> None:
    texts = ["2026-04-01 08:00:00", "2026-04-01 08:00:01", "0026-03-01 10:00:00"]
    taken, refused = _times(tmp_path, texts, format="%Y-%m-%d %H:%M:%S", zone="Asia/Shanghai")
    assert taken == ["04-01 00:00:00"]
    assert refused == ["time_in_future", "time_too_old"]


# Purchases are taken whole --------------------------------------------------------------------------------------------


def test_one_bad_line_refuses_its_purchase_and_no_other(tmp_path: Path) -> None:
    rows = [
        a_row(),
        a_row(line="2", amount="x", qty="y"),
        a_row(line="3"),
        a_row(no="R2"),
    ]
    loaded = read(tmp_path, rows)
    assert loaded.purchases["business_no"].to_list() == ["R2"]
    assert codes(loaded) == [
        (2, None, "purchase_refused"),
        (3, "qty", "not_a_number"),
        (3, "amount", "not_a_number"),
        (4, None, "purchase_refused"),
    ]
    assert "(row 3)" in loaded.rejects["reason_en"][0]
    assert "第 3 行" in loaded.rejects["reason_zh"][0]
    assert loaded.counts.rejected_purchases == 1
    assert adds_up(loaded)


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"no": ""}, "no", "missing"),
        ({"no": "1.23457E+17"}, "no", "number_shortened"),
        ({"store": "S09"}, "store", "store_unknown"),
        ({"line": "-1"}, "line", "line_number_wrong"),
        ({"line": "1.5"}, "line", "line_number_wrong"),
        ({"line": "2147483648"}, "line", "line_number_wrong"),
        ({"name": "牛" * 201}, "name", "text_too_long"),
        ({"name": "a\0b"}, "name", "unprintable"),
        ({"name": "a\nb"}, "name", "unprintable"),
        ({"name": "a\tb"}, "name", "unprintable"),
        ({"name": "\x1b[2J"}, "name", "unprintable"),
        ({"no": "R\u200b1"}, "no", "unprintable"),
        ({"member": "C\u00ad1"}, "member", "unprintable"),
        ({"qty": "10000001"}, "qty", "number_too_large"),
    ],
)
def test_a_cell_that_cannot_be(tmp_path: Path, changes: dict[str, str], column: str, code: str) -> None:
    loaded = read(tmp_path, [a_row(**changes), a_row(no="R2")])
    assert codes(loaded) == [(2, column, code)]
    assert loaded.purchases["business_no"].to_list() == ["R2"]
    assert adds_up(loaded)


@pytest.mark.parametrize(
    ("change", "column"),
    [({"member": "C2"}, "member"), ({"at": "2026-03-01 10:00:01"}, "at"), ({"store": ""}, "store")],
)
@pytest.mark.parametrize("numbered", [True, False])
def test_lines_that_disagree_refuse_their_purchase(
    tmp_path: Path, change: dict[str, str], column: str, numbered: bool
) -> None:
    loaded = read(tmp_path, [a_row(), a_row(line="2", **change)], by=mapping(numbered=numbered))
    assert codes(loaded) == [(2, None, "purchase_refused"), (3, column, "lines_disagree")]


def test_the_purchases_own_amount_must_be_the_sum_of_its_lines(tmp_path: Path) -> None:
    by = mapping(columns={"purchase_amount": "name", "name": None})
    rows = [a_row(name="20"), a_row(line="2", amount="7.70", name="20.00")]
    rows += [a_row(no="R2", name="20"), a_row(no="R2", line="2", amount="7.71", name="20.00")]
    loaded = read(tmp_path, rows, by=by)
    assert loaded.purchases["amount_minor"].to_list() == [2000]
    assert codes(loaded) == [(4, "name", "sums_differ"), (5, None, "purchase_refused")]


def test_limits_of_a_purchase(tmp_path: Path) -> None:
    many = [a_row(line=str(n), discount="") for n in range(1, 1002)]
    heavy = [a_row(no="R2", line=str(n), qty="6000000") for n in (1, 2)]
    dear = [a_row(no="R3", amount="50000.01"), a_row(no="R4", amount="50000.00")]
    loaded = read(tmp_path, many + heavy + dear, knowing=known(purchase_amount_minor_max=5_000_000))
    assert loaded.purchases["business_no"].to_list() == ["R4"]
    found = [one for one in codes(loaded) if one[2] != "purchase_refused"]
    assert found == [
        (2, None, "lines_too_many"),
        (1003, "qty", "quantity_too_large"),
        (1005, "amount", "amount_too_large"),
    ]
    assert adds_up(loaded)


def test_a_row_of_another_width_is_told_apart_and_refuses_its_purchase(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    lines = text_of([a_row(), a_row(line="2"), a_row(no="R2")]).splitlines()
    lines[2] = lines[2].replace("牛奶", "牛奶,冰")
    path.write_text("\n".join([*lines, "R3,1", "nonsense"]), encoding="utf-8")
    loaded = read_purchases([path], mapping(), known=known())
    assert codes(loaded) == [
        (2, None, "purchase_refused"),
        (3, None, "cells_count"),
        (5, None, "cells_count"),
        (6, None, "cells_count"),
    ]
    assert loaded.rejects["value"][1].startswith("R1,2,")
    assert loaded.purchases["business_no"].to_list() == ["R2"]
    assert adds_up(loaded)


def test_a_formula_is_text_like_any_other(tmp_path: Path) -> None:
    loaded = read(tmp_path, [a_row(name="=HYPERLINK(1)"), a_row(no="'; DROP TABLE purchases; --")])
    assert loaded.lines["name"].to_list() == ["牛奶", "=HYPERLINK(1)"]
    assert loaded.rejects.is_empty()


def test_quotes_inside_a_cell_are_text(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(text_of([a_row(name="NAME")]).replace("NAME", 'TV 55" OLED'), encoding="utf-8")
    assert read_purchases([path], mapping(), known=known()).lines["name"].to_list() == ['TV 55" OLED']


# Purchases are taken once ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("numbered", [True, False])
def test_the_same_purchase_again_is_kept_once(tmp_path: Path, numbered: bool) -> None:
    two = [a_row(), a_row(line="2", sku="2")]
    other = [a_row(no="R2")]
    by = mapping(numbered=numbered)
    inside = read(tmp_path, two + other + two, by=by)
    files = [a_file(tmp_path, two, name="a.csv"), a_file(tmp_path, other + two, name="b.csv")]
    across = read_purchases(files, by, known=known())
    for loaded in (inside, across):
        assert loaded.rejects.is_empty()
        assert loaded.counts.doubled_rows == 2
        assert (loaded.counts.purchases, loaded.counts.lines) == (2, 3)
        assert adds_up(loaded)
    assert across.purchases["file"].to_list() == ["a.csv", "b.csv"]


def test_the_same_item_scanned_twice_is_two_lines(tmp_path: Path) -> None:
    loaded = read(tmp_path, [a_row(), a_row()], by=mapping(numbered=False))
    assert loaded.lines["number"].to_list() == [1, 2]
    assert loaded.counts.doubled_rows == 0


def test_rows_of_a_purchase_may_stand_anywhere_when_they_carry_numbers(tmp_path: Path) -> None:
    rows = [a_row(line="2"), a_row(no="R2"), a_row(line="1", sku="1")]
    loaded = read(tmp_path, rows)
    assert loaded.rejects.is_empty()
    assert loaded.lines["sku"].to_list() == ["1", "690001", "690001"]


def test_the_same_line_number_with_other_content_refuses_the_purchase(tmp_path: Path) -> None:
    loaded = read(tmp_path, [a_row(), a_row(amount="12.31"), a_row(line="2")])
    assert codes(loaded) == [
        (2, None, "purchase_refused"),
        (3, "line", "line_number_repeated"),
        (4, None, "purchase_refused"),
    ]


@pytest.mark.parametrize("later", [[a_row(amount="12.31")], [a_row(), a_row(line="2")], [a_row(member="C2")]])
def test_the_same_purchase_with_other_content_is_a_contradiction(tmp_path: Path, later: list[Row]) -> None:
    files = [a_file(tmp_path, [a_row(), a_row(no="R2")], name="a.csv"), a_file(tmp_path, later, name="b.csv")]
    loaded = read_purchases(files, mapping(), known=known())
    assert loaded.purchases["business_no"].to_list() == ["R2"]
    assert set(loaded.rejects["code"]) == {"contradiction"}
    assert loaded.rejects["file"].to_list() == ["a.csv"] + ["b.csv"] * len(later)
    assert loaded.counts.rejected_purchases == 2
    assert adds_up(loaded)


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    files = [a_file(tmp_path / folder, [a_row(no=folder, amount="x")]) for folder in ("a", "b")]
    loaded = read_purchases([*files, files[0]], mapping(), known=known())
    assert loaded.rejects["file"].to_list() == [str(file) for file in files]
    assert loaded.counts.rejected_rows == 2


# Files that are refused as a whole ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        (b"", "file_empty", 0),
        (b"\xef\xbb\xbf \r\n", "file_empty", 0),
        (b"no,at\nR1,x\n", "column_missing", 1),
        (text_of([a_row()]).encode("utf-16"), "encoding_wrong", 1),
        (text_of([a_row()]).encode("gb18030"), "encoding_wrong", 2),
        (
            text_of([a_row()]).replace("sku", "name", 1).replace("name,name", "name,sku,name").encode(),
            "column_twice",
            1,
        ),
        (
            text_of([a_row(), a_row(line="2"), a_row(line="3")]).replace("牛奶", '"牛奶', 1).encode(),
            "quote_open",
            2,
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes, code: str, row: int) -> None:
    good = a_file(tmp_path, [a_row()], name="good.csv")
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        read_purchases([good, path], mapping(), known=known())
    assert (refused.value.code, refused.value.row, refused.value.file) == (code, row, "bad.csv")
    assert catalogue_of("zh").say(f"file.{refused.value.code}") in refused.value.message("zh")


def test_a_missing_column_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    path = a_file(tmp_path, [a_row()])
    with pytest.raises(FileRefused, match=r"sales\.csv:1: .*'ammount' \(the file has 'amount'\)"):
        read_purchases([path], mapping(columns={"amount": "ammount"}), known=known())


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sales.parquet"
    path.write_bytes(b"PAR1 is what it begins with")
    with pytest.raises(FileRefused, match="file_unreadable"):
        read_purchases([path], mapping(), known=known())
    with pytest.raises(FileRefused, match="file_missing"):
        read_purchases([tmp_path / "none.csv"], mapping(), known=known())


# Parquet --------------------------------------------------------------------------------------------------------------


def _parquet(tmp_path: Path, **columns: list[Any]) -> Path:
    path = tmp_path / "sales.parquet"
    table = pl.DataFrame([a_row(no="R1"), a_row(no="R2"), a_row(no="R3")])
    table.with_columns(**{name: pl.Series(values) for name, values in columns.items()}).write_parquet(path)
    return path


def test_parquet_floats_are_taken_only_when_they_mean_one_value(tmp_path: Path) -> None:
    path = _parquet(tmp_path, amount=[12.3, 0.1 + 0.2, 12.305], qty=[1.5, 2.0, 1.0])
    loaded = read_purchases([path], mapping(), known=known())
    assert loaded.lines["amount_minor"].to_list() == [1230, 30]
    assert codes(loaded) == [(3, "amount", "not_exact")]
    path = _parquet(tmp_path, amount=[float("nan"), float("inf"), 1e300])
    refused = read_purchases([path], mapping(), known=known()).rejects["code"].to_list()
    assert refused == ["missing", "not_a_number", "number_too_large"]


def test_parquet_integers_are_major_or_minor_as_the_mapping_says(tmp_path: Path) -> None:
    path = _parquet(tmp_path, amount=[12, 0, -1], discount=[0, 0, 0])
    loaded = read_purchases([path], mapping(), known=known())
    assert loaded.lines["amount_minor"].to_list() == [1200, 0]
    assert codes(loaded) == [(3, "amount", "negative")]
    assert read_purchases([path], mapping(amounts={"unit": "minor"}), known=known()).counts.spend_minor == 12


def test_parquet_times_with_a_zone_without_and_with_another_type(tmp_path: Path) -> None:
    local = [datetime(2026, 3, 1, 10) + timedelta(hours=n) for n in range(3)]  # noqa: DTZ001
    path = _parquet(tmp_path, at=local)
    moments = read_purchases([path], mapping(), known=known()).purchases["occurred_at"].to_list()
    assert moments[0] == datetime(2026, 3, 1, 2, tzinfo=UTC)
    with pytest.raises(FileRefused, match="zone_missing"):
        read_purchases([path], mapping(time={}), known=known())
    path = _parquet(tmp_path, at=[moment.replace(tzinfo=UTC) for moment in local])
    moments = read_purchases([path], mapping(time={}), known=known()).purchases["occurred_at"].to_list()
    assert moments[0] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    path = _parquet(tmp_path, at=[1.5, 2.5, 3.5])
    with pytest.raises(FileRefused, match="column_type"):
        read_purchases([path], mapping(), known=known())


def test_parquet_codes_may_be_whole_numbers_and_tags_lists(tmp_path: Path) -> None:
    path = _parquet(tmp_path, no=[1, 2, 3], member=[7.0, None, 1.5], name=[["a", "b", "a"], [], None])
    by = mapping(columns={"line_tags": "name", "name": None})
    loaded = read_purchases([path], by, known=known())
    assert loaded.purchases.sort("business_no")["member_ref"].to_list() == ["7", None]
    assert loaded.lines.sort("tags", nulls_last=True)["tags"].to_list() == [["a", "b"], None]
    assert codes(loaded) == [(3, "member", "not_exact")]


# Good rows beside bad ones --------------------------------------------------------------------------------------------

_cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\r\n"'), max_size=12)
_amount = st.integers(0, 10**9).map(lambda minor: f"{minor // 100}.{minor % 100:02}")


def _is_name(text: str) -> bool:
    try:
        return not text.strip(BLANKS) or bool(canonical(text, WORDS))
    except TextRefused:
        return False


@st.composite
def _good(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = []
    for n in range(draw(st.integers(0, 6))):
        head = {"no": f"G{n}", "member": draw(st.sampled_from(["", "C1", "C2"])), "store": "S01"}
        lines = draw(st.integers(1, 4))
        rows += [
            a_row(
                **head,
                line=str(line),
                amount=draw(_amount),
                name=draw(_cell.filter(_is_name)),
            )
            for line in range(1, lines + 1)
        ]
    return rows


@st.composite
def _bad(draw: st.DrawFn) -> list[Row]:
    broken = st.sampled_from(
        [("amount", "-1"), ("amount", "x"), ("at", "then"), ("store", "S9"), ("qty", "1.2345")]
    )
    rows: list[Row] = []
    for n in range(draw(st.integers(0, 6))):
        column, value = draw(broken)
        rows.append(a_row(no=f"B{n}", name=draw(_cell)) | {column: value})
        if draw(st.booleans()):
            rows.append(a_row(no=f"B{n}", line="2", name=draw(_cell)))
    return rows


@settings(max_examples=60, deadline=None)
@given(good=_good(), bad=_bad(), seed=st.randoms(use_true_random=False))
def test_bad_rows_leave_the_good_ones_as_they_are(good: list[Row], bad: list[Row], seed: Random) -> None:
    mixed = good + bad
    seed.shuffle(mixed)
    with tempfile.TemporaryDirectory() as folder:
        alone = read(Path(folder), good)
        beside = read(Path(folder), mixed)
    assert alone.rejects.is_empty()
    same = alone.purchases.drop("row_first")
    assert beside.purchases.drop("row_first").equals(same)
    assert beside.lines.equals(alone.lines)
    assert beside.counts.spend_minor == alone.counts.spend_minor
    assert adds_up(beside)
    assert beside.counts.rejected_rows == len(bad)


@settings(max_examples=60, deadline=None)
@given(cells=st.lists(st.lists(_cell, min_size=11, max_size=11), max_size=8), raw=st.binary(max_size=200))
def test_no_text_whatever_is_a_defect(cells: list[list[str]], raw: bytes) -> None:
    rows = [dict(zip(a_row(), row, strict=True)) for row in cells]
    with tempfile.TemporaryDirectory() as folder:
        assert adds_up(read(Path(folder), rows))
        path = Path(folder) / "raw.csv"
        path.write_bytes(text_of([a_row()]).encode() + raw)
        try:
            loaded = read_purchases([path], mapping(), known=known())
        except FileRefused:
            return
        assert adds_up(loaded)


def test_every_reason_is_a_sentence_in_every_language() -> None:
    for language, end in (("en", "."), ("zh", "。")):
        words = catalogue_of(language).messages
        said = [words[f"row.{code}"].text for code in ROW_REASONS] + [
            words[f"file.{code}"].text for code in FILE_REASONS
        ]
        assert all(text.endswith(end) for text in said)


def test_a_row_says_why_in_a_column_of_each_language_that_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        a_row(),
        a_row(line="2", amount="x", qty="y"),
        a_row(no="R2", at="never"),
        a_row(no="R1", name="again"),
    ]
    english = read(tmp_path, rows).rejects
    with a_third_language(monkeypatch, tmp_path) as third:
        told = read(tmp_path, rows).rejects
    assert told.columns == [*english.columns, f"reason_{third}"]
    assert english.height == told.height > 0
    for said, spoken in zip(told[f"reason_{third}"], told["reason_en"], strict=True):
        assert in_english(said) == spoken
        assert unsaid(said) == ""
