"""The Chinese lunar calendar as dates: by the table of its months, which the standard GB/T 33661-2017 rules.

A lunar year bears the number of the year in which it begins: the eighth day of month 12 of 2025 falls in January 2026. A leap
month repeats the number of the month before it, and no festival is kept in it.
"""

from __future__ import annotations

from datetime import date, timedelta

from jifen.domain.dates.lunar_years import LUNAR_YEARS, LunarYear
from jifen.domain.dates.refusals import YearNotCounted
from jifen.domain.refusals import FieldWrong

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""The years whose festivals are counted; the table begins one before them, for what falls before the first Spring Festival."""


def lunar_day(year: int, month: int, day: int, *, in_leap_month: bool = False) -> date:
    """The date of a day of a lunar year; day 30 of a month that has 29 is its last.

    Refuses
        YearNotCounted   the table does not reach that far
        FieldWrong       there is no such month, or no such day in any month
    """
    of = lunar_year(year)
    if not 1 <= month <= 12 or (in_leap_month and month != of.leap_month):
        raise FieldWrong(f"lunar year {year} has no such month: {month}", value=month)
    if not 1 <= day <= 30:
        raise FieldWrong(f"a lunar month has 29 or 30 days, not {day}", value=day)
    before = month - 1 + (in_leap_month or (0 < of.leap_month < month))
    days = sum(_days(length) for length in of.months[:before])
    first = date(year, of.begins // 100, of.begins % 100)
    return first + timedelta(days=days + min(day, _days(of.months[before])) - 1)


def lunar_year(year: int) -> LunarYear:
    """What the table has of a lunar year."""
    if year not in LUNAR_YEARS:
        raise year_not_counted(year)
    return LUNAR_YEARS[year]


def year_not_counted(year: int) -> YearNotCounted:
    """The refusal that names the year and those that there are."""
    return YearNotCounted(
        f"festivals are counted from {FIRST_YEAR} to {LAST_YEAR}, and not for {year}",
        year=year,
        least=FIRST_YEAR,
        most=LAST_YEAR,
    )


def _days(length: str) -> int:
    return 30 if length == "1" else 29
