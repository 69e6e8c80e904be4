"""A segment that the history itself gives: members by what they paid in the period, in five equal groups.

The programme has no segments of its own yet. Why these: docs/decisions/0078-segments-by-what-was-paid.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from jifen.insight.backtest.result_side import Name, name_of_said
from jifen.present.said import Said

FIFTHS = ("bought_most", "bought_second", "bought_third", "bought_fourth", "bought_least")
NOTHING = "bought_nothing"


def segment_name(code: str) -> Name:
    return name_of_said(code, Said(f"backtest.segment.{code}"))


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
    for code, rows in zip(FIFTHS, np.array_split(np.arange(bought.height), len(FIFTHS)), strict=True):
        yield segment_name(code), bought[int(rows[0]) : int(rows[-1]) + 1]
    rest = members.filter(pl.col("purchases") == 0)
    if rest.height:
        yield segment_name(NOTHING), rest
