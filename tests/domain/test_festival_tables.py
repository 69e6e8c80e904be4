"""The tables of festivals and days off against the libraries that know them (decision 0143)."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
from tyme4py.holiday import LegalHoliday
from tyme4py.solar import SolarDay

from jifen.domain.dates.festivals import FESTIVALS, Lunar, festival_day
from jifen.domain.dates.lunar import FIRST_YEAR, LAST_YEAR, lunar_day, lunar_year
from jifen.domain.dates.statutory import make_up_workdays, statutory_days, years_published

ROOT = Path(__file__).parents[2]


def test_the_tables_are_what_their_tool_makes_today() -> None:
    told = subprocess.run(
        [sys.executable, "tools/festivals.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_every_lunar_festival_has_its_day_when_the_library_is_asked_the_other_way_round() -> None:
    """The table was made from months; here each date is asked which lunar day it is."""
    for code, counted in FESTIVALS.items():
        if not isinstance(counted, Lunar):
            continue
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            day = festival_day(code, year) + timedelta(days=counted.days_before)
            lunar = SolarDay.from_ymd(day.year, day.month, day.day).get_lunar_day()
            assert (lunar.get_year(), lunar.get_month(), lunar.get_day()) == (
                year - counted.years_before,
                counted.month,
                counted.day,
            )


def test_leap_months_are_the_librarys() -> None:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        if leap := lunar_year(year).leap_month:
            day = lunar_day(year, leap, 1, in_leap_month=True)
            assert SolarDay.from_ymd(day.year, day.month, day.day).get_lunar_day().get_month() == -leap


def test_another_library_publishes_the_same_days_off() -> None:
    """The table is made from chinesecalendar; tyme4py is kept by other people, and has the weekends that adjoin."""
    for year in years_published("CN"):
        off: set[date] = set()
        worked: set[date] = set()
        day = date(year, 1, 1)
        while day.year == year:
            if told := LegalHoliday.from_ymd(day.year, day.month, day.day):
                (worked if told.is_work() else off).add(day)
            day += timedelta(days=1)
        assert off == statutory_days("CN", year), year
        assert worked == make_up_workdays("CN", year), year


def test_no_year_that_a_library_has_is_left_out() -> None:
    assert max(chinese_calendar.holidays).year == years_published("CN")[-1]
