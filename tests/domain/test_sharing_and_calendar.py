"""Sharing out whole numbers, and days as numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.worlds import examples

from jifen.domain.calendar import (
    date_of,
    day_number,
    day_or_never,
    epoch_second,
    expires_on,
    local_date,
    month_number,
    start_of_day,
)
from jifen.domain.fold import FAR, divide
from jifen.domain.program.meaning import Expiry, Rounding, Until
from jifen.domain.sharing import share_out


@examples(300)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_shares_add_up_and_none_is_a_unit_away_from_its_proportion(units: int, weights: list[int]) -> None:
    parts = share_out(units, weights)
    assert sum(parts) == units
    assert min(parts) >= 0
    total = sum(weights)
    if total:
        assert all(
            abs(part * total - units * weight) < total for part, weight in zip(parts, weights, strict=True)
        )
        assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_what_is_left_over_goes_to_the_largest_remainder_and_among_equals_to_the_earlier_line() -> None:
    assert share_out(10, [1, 1, 1]) == [4, 3, 3]
    assert share_out(7, [50, 30, 20]) == [4, 2, 1]
    assert share_out(5, [0, 0]) == [5, 0]
    assert share_out(0, []) == []


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.DOWN, (2, 2, 2, 3)),
        (Rounding.UP, (2, 3, 3, 4)),
        (Rounding.HALF_UP, (2, 3, 3, 4)),
        (Rounding.HALF_EVEN, (2, 2, 3, 4)),
    ],
)
def test_rounding_is_what_its_name_says(rounding: Rounding, expected: tuple[int, ...]) -> None:
    assert tuple(divide(n, 10, rounding) for n in (20, 25, 26, 35)) == expected


@pytest.mark.parametrize(
    ("bought", "expiry", "last_day"),
    [
        (date(2026, 1, 31), Expiry(months=1), date(2026, 2, 28)),
        (date(2028, 1, 31), Expiry(months=1), date(2028, 2, 29)),
        (date(2028, 2, 29), Expiry(months=12), date(2029, 2, 28)),
        (date(2026, 12, 31), Expiry(months=2), date(2027, 2, 28)),
        (date(2026, 1, 15), Expiry(months=12, until=Until.MONTH_END), date(2027, 1, 31)),
        (date(2027, 2, 28), Expiry(months=12, until=Until.MONTH_END), date(2028, 2, 29)),
        (date(2026, 1, 31), Expiry(months=1, days=1), date(2026, 3, 1)),
        (date(2026, 1, 31), Expiry(months=1, days=1, until=Until.MONTH_END), date(2026, 3, 31)),
        (date(2026, 5, 4), Expiry(days=0), date(2026, 5, 4)),
    ],
)
def test_a_month_is_added_by_the_calendar(bought: date, expiry: Expiry, last_day: date) -> None:
    assert expires_on(bought, expiry) == last_day


@examples(200)
@given(st.dates(date(1990, 1, 1), date(2190, 12, 31)), st.integers(0, 40), st.integers(0, 90), st.booleans())
def test_who_buys_later_never_loses_points_earlier(
    bought: date, months: int, days: int, to_month_end: bool
) -> None:
    expiry = Expiry(months=months, days=days, until=Until.MONTH_END if to_month_end else Until.ITSELF)
    today, tomorrow = expires_on(bought, expiry), expires_on(bought + timedelta(days=1), expiry)
    assert today is not None
    assert tomorrow is not None
    assert bought <= today <= tomorrow


def test_what_never_expires_has_a_day_that_never_comes() -> None:
    assert expires_on(date(2026, 1, 1), None) is None
    assert day_or_never(None) == FAR
    assert date_of(FAR) is None


@examples(200)
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(
        ("Asia/Shanghai", "America/New_York", "Pacific/Auckland", "Africa/Cairo", "America/Havana")
    ),
)
def test_a_moment_lies_within_its_day(at: datetime, zone: str) -> None:
    day = local_date(at, zone)
    assert start_of_day(day, zone) <= at < start_of_day(day + timedelta(days=1), zone)
    assert date_of(day_number(day)) == day
    assert epoch_second(at) == int(at.timestamp() // 1)
    assert month_number(day) == day.year * 12 + day.month - 1
