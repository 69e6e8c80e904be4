"""Days off and make-up workdays of a country: published a year at a time, never counted ahead.

China's are those of the State Council's notice for the year, with the weekends that adjoin them. A notice may reach back into
December of the year before: the last days of the last year that is known may still change.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from jifen.domain.dates.published import PUBLISHED
from jifen.domain.dates.refusals import CountryUnknown, DaysNotPublished


def statutory_days(country: str, year: int) -> frozenset[date]:
    """The days off of a year of the calendar, weekends that are part of them too.

    Refuses
        CountryUnknown     days off of that country are not kept here
        DaysNotPublished   that year's are not published, or this version does not know them
    """
    return _of_year(country, year)[0]


def make_up_workdays(country: str, year: int) -> frozenset[date]:
    """The Saturdays and Sundays of a year that are worked in return for days off; refuses as `statutory_days` does."""
    return _of_year(country, year)[1]


def is_day_off(country: str, day: date) -> bool | None:
    """Whether a day is among the days off; None: not published, or not known to this version.

    For what goes on whether anybody knows or not, as a sale does. An ordinary weekend is none of them.
    """
    return day in statutory_days(country, day.year) if day.year in years_published(country) else None


def years_published(country: str) -> range:
    """The years whose days off are known."""
    if country not in PUBLISHED:
        raise CountryUnknown(
            f"the days off of `{country[:50]}` are not known here", value=country[:50], known=list(PUBLISHED)
        )
    return range(min(PUBLISHED[country]), max(PUBLISHED[country]) + 1)


@lru_cache(maxsize=256)
def _of_year(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    years = years_published(country)
    if year not in years:
        raise DaysNotPublished(
            f"the days off of {year} are not published yet, or this version does not know them; "
            f"it knows {years[0]} to {years[-1]}",
            year=year,
            least=years[0],
            most=years[-1],
        )
    off, worked = PUBLISHED[country][year]
    return frozenset(_days(year, off)), frozenset(_days(year, worked))


def _days(year: int, text: str) -> list[date]:
    """The days of `MMDD` and `MMDD-MMDD`."""
    found = []
    for span in text.split():
        first, _, last = span.partition("-")
        day = _day(year, first)
        while day <= _day(year, last or first):
            found.append(day)
            day += timedelta(days=1)
    return found


def _day(year: int, text: str) -> date:
    return date(year, int(text[:2]), int(text[2:]))
