"""Festivals: one table from a code to how its day is found, by the calendar of Beijing.

Their names stand in the catalogues (`festival.CODE`), their dates of some years in docs/reference/festivals.md. They are
counted for `FIRST_YEAR` to `LAST_YEAR` (decision 0143).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from jifen.domain.dates.lunar import FIRST_YEAR, LAST_YEAR, lunar_day, lunar_year, year_not_counted
from jifen.domain.dates.recurring import nth_weekday
from jifen.domain.dates.refusals import FestivalUnknown


class Solar(NamedTuple):
    """A day of the calendar that everybody uses."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """Its date in a year."""
        return date(year, self.month, self.day)


class Weekday(NamedTuple):
    """The nth of a weekday (Monday is 1) in a month, or some days after it."""

    month: int
    nth: int
    weekday: int
    days_after: int = 0

    def in_year(self, year: int) -> date:
        """Its date in a year."""
        day = nth_weekday(year, self.month, self.weekday, self.nth)
        assert day is not None, "a festival stands on a weekday that not every month has"
        return day + timedelta(days=self.days_after)


class Lunar(NamedTuple):
    """A day of the lunar year that begins in the year (`years_before` 1: of the one before), or some days before it."""

    month: int
    day: int
    days_before: int = 0
    years_before: int = 0

    def in_year(self, year: int) -> date:
        """Its date of a year."""
        return lunar_day(year - self.years_before, self.month, self.day) - timedelta(days=self.days_before)


class Qingming(NamedTuple):
    """The solar term Qingming, 4 to 6 April."""

    def in_year(self, year: int) -> date:
        """Its date in a year."""
        return date(year, 4, lunar_year(year).qingming)


class WinterSolstice(NamedTuple):
    """The solar term of the winter solstice, 21 to 23 December."""

    def in_year(self, year: int) -> date:
        """Its date in a year."""
        return date(year, 12, lunar_year(year).winter_solstice)


Counted = Solar | Weekday | Lunar | Qingming | WinterSolstice

_SUNDAY, _THURSDAY = 7, 4

FESTIVALS: Mapping[str, Counted] = MappingProxyType(
    {
        # In the order of a year that begins with the lunar calendar's last month.
        "laba": Lunar(12, 8, years_before=1),
        "spring_festival_eve": Lunar(1, 1, days_before=1),
        "spring_festival": Lunar(1, 1),
        "lantern_festival": Lunar(1, 15),
        "longtaitou": Lunar(2, 2),
        "qingming": Qingming(),
        "dragon_boat": Lunar(5, 5),
        "qixi": Lunar(7, 7),
        "zhongyuan": Lunar(7, 15),
        "mid_autumn": Lunar(8, 15),
        "double_ninth": Lunar(9, 9),
        "winter_solstice": WinterSolstice(),
        "new_years_day": Solar(1, 1),
        "valentines_day": Solar(2, 14),
        "womens_day": Solar(3, 8),
        "labour_day": Solar(5, 1),
        "youth_day": Solar(5, 4),
        "may_twentieth": Solar(5, 20),
        "mothers_day": Weekday(5, 2, _SUNDAY),
        "childrens_day": Solar(6, 1),
        "fathers_day": Weekday(6, 3, _SUNDAY),
        "june_eighteenth": Solar(6, 18),
        "teachers_day": Solar(9, 10),
        "national_day": Solar(10, 1),
        "halloween": Solar(10, 31),
        "singles_day": Solar(11, 11),
        "thanksgiving": Weekday(11, 4, _THURSDAY),
        "black_friday": Weekday(11, 4, _THURSDAY, days_after=1),
        "double_twelve": Solar(12, 12),
        "christmas_eve": Solar(12, 24),
        "christmas": Solar(12, 25),
        "last_day_of_year": Solar(12, 31),
    }
)


@lru_cache(maxsize=4096)
def festival_day(code: str, year: int) -> date:
    """The day of a festival of a year.

    A year has each once. Laba, of the last lunar month, is the one before the year's Spring Festival: that of 2023 was 30
    December 2022, and of the days of 2023 none was Laba. `next_festival` and `festivals_on` go by the days themselves.

    Refuses
        FestivalUnknown   there is no such code
        YearNotCounted    the year is not from FIRST_YEAR to LAST_YEAR
    """
    if code not in FESTIVALS:
        raise FestivalUnknown(f"there is no festival `{code[:50]}`", value=code[:50], known=list(FESTIVALS))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise year_not_counted(year)
    return FESTIVALS[code].in_year(year)


def next_festival(code: str, *, since: date) -> date | None:
    """The first day of a festival on a day or after it; None: there is none up to the last year that is counted.

    Refuses
        FestivalUnknown   there is no such code
        YearNotCounted    the day is before the first year
    """
    festival_day(code, FIRST_YEAR)
    if since.year < FIRST_YEAR:
        raise year_not_counted(since.year)
    # Of two years ahead too: no day of 2023 is Laba, and that of 2023 was over by the last of 2022.
    for year in range(since.year, min(since.year + 2, LAST_YEAR) + 1):
        if (day := festival_day(code, year)) >= since:
            return day
    return None


def festivals_on(day: date) -> tuple[str, ...]:
    """The codes of the festivals that fall on a day, in the order of the table; none in years that are not counted."""
    return _by_day(day.year).get(day, ())


@lru_cache(maxsize=128)
def _by_day(year: int) -> Mapping[date, tuple[str, ...]]:
    found: dict[date, tuple[str, ...]] = {}
    if FIRST_YEAR <= year <= LAST_YEAR:
        for code in FESTIVALS:
            # Laba of the next year may be one of this year's days.
            for of in range(year, min(year + 1, LAST_YEAR) + 1):
                day = festival_day(code, of)
                if day.year == year:
                    found[day] = (*found.get(day, ()), code)
    return MappingProxyType(found)
