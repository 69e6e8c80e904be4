"""A segment that the history itself gives: members by what they paid in the period, in five equal groups.

The programme has no segments of its own yet. Why these: docs/decisions/0078-segments-by-what-was-paid.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from jifen.insight.backtest.result_side import Name

FIFTHS = (
    Name(code="bought_most", zh="消费最多组", en="Bought most"),
    Name(code="bought_second", zh="消费较多组", en="Second fifth"),
    Name(code="bought_third", zh="消费居中组", en="Middle fifth"),
    Name(code="bought_fourth", zh="消费较少组", en="Fourth fifth"),
    Name(code="bought_least", zh="消费最少组", en="Bought least"),
)
NOTHING = Name(code="bought_nothing", zh="期间未消费", en="Bought nothing")


def by_what_was_paid(members: pl.DataFrame) -> Iterable[tuple[Name, pl.DataFrame]]:
    """Each segment with its members, who bought most first; none at all when fewer than five bought.

    Sizes of the five differ by at most one, the larger ones first. Among members who paid the same the lower number comes
    first, so the order of the rows, hence of buckets and machines, is of no account.

    Shape
        members   one row a member: member, sales (minor money of the period, less returns), purchases (in the period), and more
    """
    bought = members.filter(pl.col("purchases") > 0).sort("sales", "member", descending=[True, False])
    if bought.height < len(FIFTHS):
        return
    for name, rows in zip(FIFTHS, np.array_split(np.arange(bought.height), len(FIFTHS)), strict=True):
        yield name, bought[int(rows[0]) : int(rows[-1]) + 1]
    rest = members.filter(pl.col("purchases") == 0)
    if rest.height:
        yield NOTHING, rest
