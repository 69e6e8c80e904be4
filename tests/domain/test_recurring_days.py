"""Days that come again: what a month lacks, leap days, weekdays."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jifen.domain.calendar import expires_on
from jifen.domain.dates.recurring import (
    LAST,
    anniversary,
    anniversary_in,
    birthday_in,
    day_of_month,
    next_birthday,
    nth_weekday,
    weekdays_of_month,
)
from jifen.domain.program.meaning import Expiry
from jifen.domain.refusals import FieldWrong

YEARS = st.integers(1900, 2200)
MONTHS = st.integers(1, 12)


def test_the_31st_is_the_last_of_every_month() -> None:
    assert [day_of_month(2026, month, 31).day for month in range(1, 13)] == [
        31,
        28,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ]
    assert day_of_month(2028, 2, 30) == date(2028, 2, 29)
    assert day_of_month(2100, 2, 29) == date(2100, 2, 28)  # a century without a leap day
    assert day_of_month(2026, 2, 28) == date(2026, 2, 28)


def test_whoever_was_born_on_29_february_has_his_birthday_on_the_28th_in_other_years() -> None:
    assert [birthday_in(year, 2, 29).isoformat() for year in (2024, 2025, 2026, 2027, 2028, 2100)] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
        "2100-02-28",
    ]


def test_the_next_birthday_may_be_today_or_next_year() -> None:
    assert next_birthday(2, 29, since=date(2026, 2, 28)) == date(2026, 2, 28)
    assert next_birthday(2, 29, since=date(2027, 3, 1)) == date(2028, 2, 29)
    assert next_birthday(12, 31, since=date(2026, 12, 31)) == date(2026, 12, 31)
    assert next_birthday(1, 1, since=date(2026, 12, 31)) == date(2027, 1, 1)
    assert next_birthday(1, 1, since=date(9999, 1, 2)) is None


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), YEARS)
def test_a_birthday_comes_once_a_year_and_stays_in_its_month(born_on: date, year: int) -> None:
    falls = birthday_in(year, born_on.month, born_on.day)
    assert (falls.year, falls.month) == (year, born_on.month)
    assert born_on.day - falls.day in (0, 1)
    assert next_birthday(born_on.month, born_on.day, since=falls) == falls
    assert next_birthday(born_on.month, born_on.day, since=falls + timedelta(days=1)) == birthday_in(
        year + 1, born_on.month, born_on.day
    )


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(1, 100))
def test_an_anniversary_falls_as_an_expiry_of_so_many_years_does(begun_on: date, years: int) -> None:
    expected = expires_on(begun_on, Expiry(months=12 * years))
    assert anniversary(begun_on, years) == expected
    assert anniversary_in(begun_on.year + years, begun_on) == expected


def test_there_is_no_anniversary_in_the_year_of_joining_or_before() -> None:
    assert anniversary_in(2026, date(2026, 3, 1)) is None
    assert anniversary_in(2025, date(2026, 3, 1)) is None
    assert anniversary_in(2027, date(2026, 3, 1)) == date(2027, 3, 1)


# -- by weekday ----------------------------------------------------------------------------------------------------------


def test_the_second_tuesday_of_each_month() -> None:
    days = [nth_weekday(2026, month, 2, 2) for month in range(1, 13)]
    assert [day.day for day in days if day] == [13, 10, 10, 14, 12, 9, 14, 11, 8, 13, 10, 8]


def test_a_fifth_that_the_month_has_not_is_none_and_never_next_months() -> None:
    assert nth_weekday(2026, 2, 7, 5) is None
    assert nth_weekday(2026, 3, 7, 5) == date(2026, 3, 29)
    assert nth_weekday(2026, 2, 7, LAST) == date(2026, 2, 22)


@given(st.integers(1, 9999), MONTHS, st.integers(1, 7))
def test_the_weekdays_of_a_month_are_all_and_only_those(year: int, month: int, weekday: int) -> None:
    days_of_month = calendar.monthrange(year, month)[1]
    every = [date(year, month, day) for day in range(1, days_of_month + 1)]
    found = weekdays_of_month(year, month, weekday)
    assert list(found) == [day for day in every if day.isoweekday() == weekday]
    assert nth_weekday(year, month, weekday, LAST) == found[-1]
    assert [nth_weekday(year, month, weekday, nth) for nth in range(1, len(found) + 1)] == list(found)


# -- what there is not -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: day_of_month(2026, 13, 1), "month"),
        (lambda: day_of_month(2026, 0, 1), "month"),
        (lambda: day_of_month(2026, 1, 0), "day"),
        (lambda: day_of_month(2026, 1, 32), "day"),
        (lambda: day_of_month(0, 1, 1), "year"),
        (lambda: day_of_month(10_000, 1, 1), "year"),
        (lambda: birthday_in(2028, 2, 30), "day"),
        (lambda: birthday_in(2028, 4, 31), "day"),
        (lambda: nth_weekday(2026, 1, 0, 1), "weekday"),
        (lambda: nth_weekday(2026, 1, 8, 1), "weekday"),
        (lambda: nth_weekday(2026, 1, 1, 0), "nth"),
        (lambda: nth_weekday(2026, 1, 1, 6), "nth"),
        (lambda: nth_weekday(2026, 1, 1, -2), "nth"),
        (lambda: anniversary(date(2026, 1, 1), 0), "years"),
        (lambda: anniversary(date(2026, 1, 1), 8_000), "years"),
    ],
)
def test_a_day_that_there_is_none_of_is_refused_with_what_there_is(
    ask: Callable[[], object], name: str
) -> None:
    with pytest.raises(FieldWrong, match=rf"^{name} is -?\d+; it is from") as told:
        ask()
    assert set(told.value.numbers) == {"value", "least", "most"}
