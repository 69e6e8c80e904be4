"""Numbers so large that products of them pass 64 bits: NumPy wraps silently, so they are compared another way or refused."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.backtest.snapshots import a_snapshot
from tests.builders import a_document, a_line, document_text
from tests.conftest import FreshDatabase
from tests.machine.till import a_till, days

from jifen.document.load import parse_document
from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.hits import backs_of
from jifen.insight.backtest.sides import BacktestRefused
from jifen.insight.backtest.tally import is_richer


@given(
    rows=st.lists(st.tuples(st.integers(1, 10**17), st.integers(0, 10**12)), min_size=1, max_size=20),
    bps=st.integers(1, 10_000),
    parts=st.sampled_from((1, 3, 1_000, 10**9, 10**12)),
)
@example(rows=[(333_333_333, 5_000_000)], bps=2_000, parts=10**9)  # the right side passes 2^63
@example(rows=[(2_000, 10_000), (2_001, 10_000), (1_999, 10_000)], bps=2_000, parts=1)
@example(
    rows=[(10**17, 5 * 10**8), (10**17 - 1, 5 * 10**8)], bps=2_000, parts=10**9
)  # equal, and a hair less
def test_a_basket_is_rich_when_it_earns_more_than_the_share_whatever_its_size(
    rows: list[tuple[int, int]], bps: int, parts: int
) -> None:
    earned, paid = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    found = is_richer(earned, paid, bps=bps, parts=parts)
    assert found.tolist() == [one * 10_000 > bps * parts * other for one, other in rows]


async def test_a_past_that_a_programme_would_not_take_is_refused(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """Its rules are proven to stay within 64 bits only up to its own limit of a purchase."""
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann = await till.enrol()
        await till.buy(ann, lines=[a_line(1, 10_000_000)])
    past = await a_snapshot(fresh_database, tmp_path / "s")
    text = document_text().replace("limits:\n", "limits:\n  purchase_amount_minor_max: 400000\n")
    draft = parse_document(text, name="draft.yaml")

    with pytest.raises(BacktestRefused, match=r"10000000.*400000"):
        compare(past, draft)
    assert compare(past, a_document()).draft.currencies[0].granted_units == 100_000


def test_what_came_back_of_a_large_line_is_exact() -> None:
    """Ten million pieces for ten million: both within what a till may send, their product in thousandths past 64 bits."""
    lines = pl.DataFrame(
        {"number": [1, 2], "amount_minor": [10**9, 700], "quantity_milli": [10**10, 3_000]},
        schema_overrides={"number": pl.Int32},
    )
    returns = pl.DataFrame(
        {"line_numbers": [[1, 2], [1]], "line_quantities": [[4 * 10**9, 1_000], [6 * 10**9]]}
    )

    backs = backs_of(returns, np.array([0, 0]), lines, np.array([0, 2]))

    assert backs.amount.tolist() == [4 * 10**8, 233, 6 * 10**8]


async def test_what_a_large_return_took_back_is_told_by_category(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann = await till.enrol()
        lines = [
            a_line(1, 990_000_000, quantity_milli=9_900_000_000, category="GRAIN"),
            a_line(2, 10_000_000, quantity_milli=100_000_000, category="TEA"),
        ]
        await till.buy(ann, lines=lines, no="large")
        await till.bring_back("large", [(1, 9_800_000_000), (2, 60_000_000)])
    past = await a_snapshot(fresh_database, tmp_path / "s")

    by_category = {
        row.group.code: row.returned_units for row in compare(past, a_document()).draft.by_category
    }

    assert by_category == {"GRAIN": 9_800_000, "TEA": 60_000}
