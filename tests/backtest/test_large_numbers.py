"""Numbers so large that products of them pass 64 bits: NumPy wraps silently, so they are compared another way or refused."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

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
