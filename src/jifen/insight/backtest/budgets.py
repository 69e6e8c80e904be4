"""Budgets over a past: what all members share, settled in two passes, because a back-test walks members apart.

The first pass walks every life as if a budget had no end and sums by the hour what its rule would have granted. The hour in
which the budget is used up is cut by its share; the second pass, which is the back-test itself, grants nothing from that moment
on. So what is paid may differ from the budget by part of what one hour gives: the answer says that it is approximate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from jifen.domain import fold
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.sides import Side

HOUR_MICROS = 3_600_000_000
THREADS = 2


class Cut(NamedTuple):
    """When a pool is used up, and what would have been granted out of it after that."""

    pool: int
    budget: int  # units, in a sample its share
    at_micros: int
    wanted_after: int

    @property
    def at(self) -> datetime:
        """The moment."""
        return datetime.fromtimestamp(self.at_micros // 1_000_000, UTC)


def settle_budgets(
    side: Side, *, buckets: int, granted_of: Callable[[int], Counter[tuple[int, int]]], share: tuple[int, int]
) -> tuple[Cut, ...]:
    """When the budgets of a side are used up; those that are not are not among them.

    Shape
        granted_of   by bucket: units by (pool, hour since 1970) as if no budget had an end
        share        of all members that are looked at, as a fraction
    """
    budgets = {
        rule.budget.pool: rule.budget.units for pooled in side.timeline.pooled for rule in pooled.values() if rule.budget
    }  # fmt: skip
    if not budgets:
        return ()
    granted: Counter[tuple[int, int]] = Counter()
    with ThreadPoolExecutor(max_workers=THREADS) as workers:
        for found in workers.map(granted_of, range(buckets)):
            granted.update(found)
    cuts = []
    for pool, budget in sorted(budgets.items()):
        own = sorted((hour, units) for (which, hour), units in granted.items() if which == pool)
        cut = _cut(pool, budget * share[0] // share[1], own)
        if cut is not None:
            cuts.append(cut)
    return tuple(cuts)


def _cut(pool: int, budget: int, hours: Sequence[tuple[int, int]]) -> Cut | None:
    total = sum(units for _, units in hours)
    paid = 0
    for hour, units in hours:
        if paid + units > budget:
            within = (budget - paid) * HOUR_MICROS // units
            return Cut(pool, budget, hour * HOUR_MICROS + within, total - budget)
        paid += units
    return None


def granted_by_hour(
    side: Side, purchases: pl.DataFrame, rows: Integers, start: Integers, rule: Integers, results: Integers
) -> Counter[tuple[int, int]]:
    """What a bucket's purchases were granted by rules that draw from pools, by (pool, hour in which they were recorded).

    Shape
        rows          of the timeline, by purchase
        start, rule   the hits of each purchase, and their positions
        results       by hit, as the fold left them
    """
    found: Counter[tuple[int, int]] = Counter()
    for pool, mask, hours in _pooled(side, purchases, rows, start, rule):
        units = results[: len(rule), fold.GRANTED][mask]
        for hour in np.unique(hours[mask]).tolist():
            found[pool, hour] += int(units[hours[mask] == hour].sum())
    return found


def close_pools(
    hits: Integers,
    side: Side,
    cuts: Sequence[Cut],
    purchases: pl.DataFrame,
    rows: Integers,
    start: Integers,
    rule: Integers,
) -> None:
    """Leave no room to the hits of purchases that were recorded once their pool was used up."""
    at: Mapping[int, int] = {cut.pool: cut.at_micros for cut in cuts}
    moments = _recorded(purchases)
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    for pool, mask, _ in _pooled(side, purchases, rows, start, rule):
        if pool in at:
            mask &= rows[owner] >= side.published
            hits[: len(rule)][mask & (moments[owner] >= at[pool]), fold.HIT_ROOM] = fold.room_told(0)


def _recorded(purchases: pl.DataFrame) -> Integers:
    moments: Integers = purchases.get_column("recorded_at").dt.epoch("us").to_numpy()
    return moments


def _pooled(
    side: Side, purchases: pl.DataFrame, rows: Integers, start: Integers, rule: Integers
) -> list[tuple[int, Integers, Integers]]:
    """For each rule that draws from a pool: the pool, which hits are its own, and the hour of every hit."""
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    hours = _recorded(purchases)[owner] // HOUR_MICROS
    return [
        (one.budget.pool, (rows[owner] == row) & (rule == position), hours)
        for row, pooled in enumerate(side.timeline.pooled)
        for position, one in pooled.items()
        if one.budget is not None
    ]
