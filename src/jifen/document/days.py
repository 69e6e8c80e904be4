"""Days that a document names: which they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from jifen.document.model import DayPart
from jifen.domain.dates.festivals import festival_day
from jifen.domain.dates.recurring import day_of_month, nth_weekday, weekdays_of_month
from jifen.domain.dates.statutory import statutory_days, years_published

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""What is said of every month or year holds in these years."""


def dates_of(part: DayPart) -> frozenset[int]:
    """The days of a part that was found right, as yyyymmdd."""
    around = [timedelta(days=at) for at in range(-part.before, part.after + 1)]
    days = {one + by for one in _days(part) for by in around}
    return frozenset(one.year * 10_000 + one.month * 100 + one.day for one in days)


def _days(part: DayPart) -> Iterator[date]:
    if part.dates is not None:
        yield from (date.fromisoformat(one) for one in part.dates)
    elif part.span is not None:
        first, last = date.fromisoformat(part.span.first), date.fromisoformat(part.span.last)
        yield from (first + timedelta(days=at) for at in range((last - first).days + 1))
    elif part.yearly is not None:
        month, day = map(int, part.yearly.split("-"))
        yield from (day_of_month(year, month, day) for year in range(FIRST_YEAR, LAST_YEAR + 1))
    elif part.festival is not None:
        yield from (festival_day(part.festival, year) for year in range(FIRST_YEAR, LAST_YEAR + 1))
    elif part.days_off is not None:
        for year in years_published(part.days_off):
            yield from statutory_days(part.days_off, year)
    else:
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            for month in range(1, 13):
                if part.day_of_month is not None:
                    yield day_of_month(year, month, part.day_of_month)
                elif part.weekday is not None and part.weekday.nth is None:
                    yield from weekdays_of_month(year, month, part.weekday.weekday)
                elif part.weekday is not None and part.weekday.nth is not None:
                    day_found = nth_weekday(year, month, part.weekday.weekday, part.weekday.nth)
                    yield from [day_found] if day_found else []
