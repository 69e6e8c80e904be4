"""Intervals of a sample cover the full answer as often as they claim, or are not given."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import polars as pl
import pytest

from jifen.domain.sharing import share_out
from jifen.insight.backtest.intervals import Z, ratio_of, too_few, total_of
from jifen.insight.backtest.question import is_sampled
from jifen.insight.backtest.sums import share_by_category

MEMBERS = 1_000_000
SEEDS = 200


@pytest.fixture(scope="module")
def million() -> tuple[np.ndarray, np.ndarray]:
    """A million members: what they spend (log-normal, most of them little) and what a change of rules costs for each."""
    chance = np.random.default_rng(20_261_122)
    sales = np.rint(np.exp(chance.normal(9.0, 0.8, MEMBERS))).astype(np.int64)
    cost = sales * chance.integers(5, 25, MEMBERS) // 1_000
    return sales, cost


def test_intervals_cover_a_million_members_as_often_as_they_claim(
    million: tuple[np.ndarray, np.ndarray],
) -> None:
    sales, cost = million
    members = pl.Series(np.arange(MEMBERS))
    better = cost > 100
    hits = {"total": 0, "share": 0, "count": 0}
    for seed in range(SEEDS):
        own = is_sampled(members, Fraction(1, 200), seed).to_numpy()
        for what, estimate, truth in (
            ("total", total_of(cost[own].astype(float), MEMBERS), cost.sum()),
            (
                "share",
                ratio_of(cost[own].astype(float), sales[own].astype(float), MEMBERS),
                cost.sum() / sales.sum(),
            ),
            ("count", total_of(better[own].astype(float), MEMBERS), better.sum()),
        ):
            assert estimate.why_not is None
            hits[what] += abs(estimate.value - truth) <= Z * estimate.error
    # 95 % of 200 are 190; three standard deviations of chance are 9.2.
    low = 0.95 * SEEDS - 3 * sqrt(SEEDS * 0.95 * 0.05)
    assert all(low <= count <= SEEDS for count in hits.values()), hits
    assert min(hits.values()) < SEEDS, "intervals that always cover are too wide"


def test_a_total_that_few_members_make_up_has_no_interval() -> None:
    values = np.zeros(5_000)
    values[:3] = 1_000_000

    said = too_few(values, len(values))

    assert said is not None
    assert "A few members" in said.en
    assert too_few(np.ones(40), 40) is not None
    assert too_few(np.arange(500.0), 500) is None


def test_a_sample_is_the_share_it_says_and_a_larger_one_holds_a_smaller() -> None:
    members = pl.Series(np.arange(100_000))
    small, large = (is_sampled(members, Fraction(n, 100), 7) for n in (1, 10))

    assert 900 < small.sum() < 1_100
    assert 9_500 < large.sum() < 10_500
    assert (small & ~large).sum() == 0
    assert (is_sampled(members, Fraction(1, 100), 8) & small).sum() < 50


@pytest.mark.parametrize("member", [0, 1, 2, 4_711, 2**40])
def test_no_member_belongs_to_more_samples_than_others(member: int) -> None:
    one, seeds = pl.Series([member]), 4_000
    drawn = sum(int(is_sampled(one, Fraction(1, 10), seed).sum()) for seed in range(seeds))

    # A tenth of the seeds; four standard deviations of chance are 76.
    assert abs(drawn - seeds / 10) < 76


def test_under_no_small_seed_a_small_sample_holds_the_first_members_whatever_it_is() -> None:
    first = pl.Series(np.arange(3))

    assert not any(is_sampled(first, Fraction(1, 10**6), seed).any() for seed in range(200))


def test_grants_are_shared_over_categories_as_over_lines() -> None:
    chance = np.random.default_rng(5)
    for _ in range(500):
        n = int(chance.integers(1, 9))
        sizes = chance.choice([0, 1, 7, 99, 1_000], n)
        units = int(chance.integers(0, 60))
        category = chance.integers(0, 3, n).astype(np.int32)
        table = np.zeros(3, dtype=np.int64)
        share_by_category(
            units, 0, n, sizes, np.arange(n), np.zeros(n, dtype=np.int64), category, table, 1, 0
        )
        wanted = np.zeros(3, dtype=np.int64)
        np.add.at(wanted, category, share_out(units, [int(size) for size in sizes]))
        if sizes.sum() == 0 and units:
            assert table.sum() == units
        assert table.tolist() == wanted.tolist()
