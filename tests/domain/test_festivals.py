"""Festivals against dates that others publish, and what holds in every year."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jifen
from jifen.domain.dates.festivals import FESTIVALS, festival_day, festivals_on, next_festival
from jifen.domain.dates.lunar import FIRST_YEAR, LAST_YEAR, lunar_day, lunar_year
from jifen.domain.dates.refusals import FestivalUnknown, YearNotCounted
from jifen.domain.refusals import FieldWrong

YEARS = range(FIRST_YEAR, LAST_YEAR + 1)

# The Gregorian-Lunar Calendar Conversion Tables of the Hong Kong Observatory (www.hko.gov.hk/en/gts/time/conversion.htm), with
# which the Purple Mountain Observatory's almanac agrees; written down apart from any library.
PUBLISHED = {
    #                    2024     2025     2026     2027     2028     2029     2030
    "laba":             "01-18    01-07    01-26    01-15    01-04    01-22    01-11",
    "spring_festival":  "02-10    01-29    02-17    02-06    01-26    02-13    02-03",
    "lantern_festival": "02-24    02-12    03-03    02-20    02-09    02-27    02-17",
    "longtaitou":       "03-11    03-01    03-20    03-09    02-26    03-16    03-05",
    "qingming":         "04-04    04-04    04-05    04-05    04-04    04-04    04-05",
    "dragon_boat":      "06-10    05-31    06-19    06-09    05-28    06-16    06-05",
    "qixi":             "08-10    08-29    08-19    08-08    08-26    08-16    08-05",
    "zhongyuan":        "08-18    09-06    08-27    08-16    09-03    08-24    08-13",
    "mid_autumn":       "09-17    10-06    09-25    09-15    10-03    09-22    09-12",
    "double_ninth":     "10-11    10-29    10-18    10-08    10-26    10-16    10-05",
    "winter_solstice":  "12-21    12-21    12-22    12-22    12-21    12-21    12-22",
    # By the calendar on the wall: the second Sunday of May, the third of June, the fourth Thursday of November.
    "mothers_day":      "05-12    05-11    05-10    05-09    05-14    05-13    05-12",
    "fathers_day":      "06-16    06-15    06-21    06-20    06-18    06-17    06-16",
    "thanksgiving":     "11-28    11-27    11-26    11-25    11-23    11-22    11-28",
}  # fmt: skip


@pytest.mark.parametrize("code", PUBLISHED)
def test_a_festival_falls_on_the_day_that_the_almanacs_publish(code: str) -> None:
    published = [
        f"{year}-{day}" for year, day in zip(range(2024, 2031), PUBLISHED[code].split(), strict=True)
    ]
    assert [str(festival_day(code, year)) for year in range(2024, 2031)] == published


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("new_years_day", "01-01"),
        ("valentines_day", "02-14"),
        ("womens_day", "03-08"),
        ("labour_day", "05-01"),
        ("childrens_day", "06-01"),
        ("teachers_day", "09-10"),
        ("national_day", "10-01"),
        ("singles_day", "11-11"),
        ("double_twelve", "12-12"),
        ("christmas", "12-25"),
    ],
)
def test_what_has_a_date_of_its_own_falls_on_it(code: str, day: str) -> None:
    assert {str(festival_day(code, year))[5:] for year in YEARS} == {day}


def test_the_eve_is_the_day_before_whether_its_month_has_29_days_or_30() -> None:
    assert festival_day("spring_festival_eve", 2024) == date(2024, 2, 9)  # month 12 of 2023 had 30 days
    assert festival_day("spring_festival_eve", 2025) == date(2025, 1, 28)  # that of 2024 had 29: no 30th
    assert [lunar_year(year).months[-1] for year in (2023, 2024)] == ["1", "0"]
    assert all(
        festival_day("spring_festival", year) - festival_day("spring_festival_eve", year) == timedelta(days=1)
        for year in YEARS
    )


def test_black_friday_is_the_day_after_thanksgiving_even_where_november_begins_with_a_friday() -> None:
    assert festival_day("black_friday", 2024) == date(2024, 11, 29)  # the fifth Friday of that November


# -- leap months -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "month", "begins", "ends"),
    [
        (2023, 2, date(2023, 3, 22), date(2023, 4, 19)),
        (2025, 6, date(2025, 7, 25), date(2025, 8, 22)),
        (2028, 5, date(2028, 6, 23), date(2028, 7, 21)),
    ],
)
def test_a_leap_month_follows_the_month_whose_number_it_repeats(
    year: int, month: int, begins: date, ends: date
) -> None:
    assert lunar_year(year).leap_month == month
    assert lunar_day(year, month, 1, in_leap_month=True) == begins
    assert lunar_day(year, month + 1, 1) == ends + timedelta(days=1)
    assert lunar_day(year, month, 30, in_leap_month=True) == ends


def test_a_festival_is_not_kept_again_in_a_leap_month() -> None:
    again = lunar_day(2028, 5, 5, in_leap_month=True)
    assert again == date(2028, 6, 27)
    assert "dragon_boat" not in festivals_on(again)
    assert festivals_on(date(2028, 5, 28)) == ("dragon_boat",)


def test_2033_has_its_leap_month_after_the_eleventh() -> None:
    """The problem of 2033: many calendars of the last century had a leap month 7, and with it every festival from Mid-Autumn on a
    month late. The rule since 1645 (GB/T 33661-2017) counts from solstice to solstice: leap month 11."""
    assert lunar_year(2033).leap_month == 11
    assert festival_day("mid_autumn", 2033) == date(2033, 9, 8)
    assert festival_day("double_ninth", 2033) == date(2033, 10, 1)
    assert lunar_day(2033, 11, 1, in_leap_month=True) == date(2033, 12, 22)
    assert festival_day("spring_festival", 2034) == date(2034, 2, 19)


# -- what others say of the whole century ---------------------------------------------------------------------------------


def test_the_latest_and_the_earliest_mid_autumn_are_those_that_the_observatory_tells_of() -> None:
    """Wang Kechao of the Purple Mountain Observatory, Xinhua, 5 October 2025: 6 October in 2006, 2025, 2063 and 2082, none
    later in the century; 7 September once, none earlier."""
    days = {year: str(festival_day("mid_autumn", year))[5:] for year in range(2001, 2101)}
    assert [year for year, day in days.items() if day == "10-06"] == [2006, 2025, 2063, 2082]
    assert max(days.values()) == "10-06"
    assert min(days.values()) == "09-07"
    assert list(days.values()).count("09-07") == 1


def test_where_folk_calendars_differ_the_observatories_are_followed() -> None:
    """Hong Kong Observatory, "Which day is the Tuen Ng Festival for this year (2013)?": two days circulated, and will for the
    first day of 2030."""
    assert festival_day("dragon_boat", 2013) == date(2013, 6, 12)
    assert festival_day("spring_festival", 2030) == date(2030, 2, 3)


def test_new_moons_close_to_midnight_are_taken_as_they_are_computed_now() -> None:
    """The three of which the Hong Kong Observatory says that its tables may be a day off. The first is here a day later than in
    tables of the last century."""
    assert lunar_day(2057, 9, 1) == date(2057, 9, 29)
    assert lunar_day(2089, 8, 1) == date(2089, 9, 4)
    assert lunar_day(2097, 7, 1) == date(2097, 8, 7)


# -- every year ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", FESTIVALS)
def test_a_festival_comes_once_a_year_and_about_a_year_after_the_last(code: str) -> None:
    days = [festival_day(code, year) for year in YEARS]
    assert all(353 <= (later - day).days <= 385 for day, later in pairwise(days))
    if code != "laba":
        assert [day.year for day in days] == list(YEARS)


def test_lunar_festivals_stay_in_their_season() -> None:
    for year in YEARS:
        assert date(year, 1, 21) <= festival_day("spring_festival", year) <= date(year, 2, 21)
        assert date(year, 5, 26) <= festival_day("dragon_boat", year) <= date(year, 6, 25)
        assert date(year, 9, 7) <= festival_day("mid_autumn", year) <= date(year, 10, 8)
        assert date(year, 4, 4) <= festival_day("qingming", year) <= date(year, 4, 6)
        assert date(year, 12, 21) <= festival_day("winter_solstice", year) <= date(year, 12, 23)


def test_a_lunar_year_is_as_long_as_its_months_and_its_winter_solstice_lies_in_its_eleventh() -> None:
    for year in YEARS[:-1]:
        of = lunar_year(year)
        assert lunar_day(year, 1, 1) + timedelta(
            days=29 * len(of.months) + of.months.count("1")
        ) == lunar_day(year + 1, 1, 1)
        assert len(of.months) == (13 if of.leap_month else 12)
        solstice = date(year, 12, of.winter_solstice)
        last = lunar_day(year, 11, 30)
        assert lunar_day(year, 11, 1) <= solstice <= last


def test_leap_months_are_seven_in_nineteen_years() -> None:
    counts = {
        sum(lunar_year(year).leap_month > 0 for year in range(first, first + 19))
        for first in range(2000, 2082)
    }
    assert counts <= {7, 8}
    assert 7 in counts


# -- by the day -----------------------------------------------------------------------------------------------------------


@given(st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 1, 1)), st.sampled_from(list(FESTIVALS)))
def test_the_next_is_the_first_day_on_which_it_is(since: date, code: str) -> None:
    found = next_festival(code, since=since)
    assert found is not None
    assert since <= found <= since + timedelta(days=385)
    day = since
    while code not in festivals_on(day):
        day += timedelta(days=1)
    assert found == day


def test_laba_may_come_twice_in_the_days_of_a_year_and_then_not_at_all() -> None:
    assert next_festival("laba", since=date(2022, 1, 1)) == date(2022, 1, 10)
    assert next_festival("laba", since=date(2022, 1, 11)) == date(2022, 12, 30)
    assert next_festival("laba", since=date(2022, 12, 31)) == date(2024, 1, 18)
    assert festival_day("laba", 2023) == date(2022, 12, 30)
    assert festivals_on(date(2022, 12, 30)) == ("laba",)


def test_several_may_fall_on_one_day() -> None:
    assert festivals_on(date(2020, 10, 1)) == ("mid_autumn", "national_day")
    assert festivals_on(date(2026, 11, 28)) == ()


def test_beyond_the_table_there_is_a_no_and_no_guess() -> None:
    assert next_festival("christmas", since=date(2100, 12, 26)) is None
    assert next_festival("christmas", since=date(2105, 1, 1)) is None
    assert festivals_on(date(2101, 1, 1)) == ()
    assert festivals_on(date(1999, 12, 25)) == ()
    for year in (1999, 2101, 0, -1, 10**9):
        with pytest.raises(YearNotCounted) as told:
            festival_day("spring_festival", year)
        assert told.value.numbers == {"year": year, "least": 2000, "most": 2100}
        assert str(year) in told.value.detail
    with pytest.raises(YearNotCounted):
        next_festival("christmas", since=date(1999, 12, 25))


@pytest.mark.parametrize("code", ["", "new_years_eve", "SPRING_FESTIVAL", "x" * 5_000])
def test_a_code_that_there_is_none_of_is_refused_by_name(code: str) -> None:
    """`new_years_eve` too: of the two calendars' it would be a guess which."""
    asks: list[Callable[[], object]] = [
        lambda: festival_day(code, 2026),
        lambda: next_festival(code, since=date(2026, 1, 1)),
    ]
    for ask in asks:
        with pytest.raises(FestivalUnknown) as told:
            ask()
        assert told.value.numbers["value"] == code[:50]
        assert len(told.value.detail) < 200
        known = told.value.numbers["known"]
        assert isinstance(known, list)
        assert "spring_festival_eve" in known


@pytest.mark.parametrize(("month", "day"), [(0, 1), (13, 1), (1, 0), (1, 31)])
def test_a_lunar_day_that_there_is_none_of_is_refused(month: int, day: int) -> None:
    with pytest.raises(FieldWrong):
        lunar_day(2025, month, day)
    with pytest.raises(FieldWrong, match="2025 has no such month: 5"):
        lunar_day(2025, 5, 1, in_leap_month=True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_festival_has_a_name_and_every_name_a_festival(language: str) -> None:
    path = Path(jifen.__file__).parent / "present" / "catalogues" / f"{language}.toml"
    names = tomllib.loads(path.read_text(encoding="utf-8"))["festival"]
    assert list(names) == list(FESTIVALS)
    assert len(set(names.values())) == len(names)
