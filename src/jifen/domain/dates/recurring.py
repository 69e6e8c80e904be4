"""Days that come again: of a month, by weekday, birthdays and anniversaries.

A day that a month lacks is its last, here as in `calendar.expires_on`: the 31st in April is the 30th, and whoever was born on 29
February has his birthday on the 28th where there is no 29th, within his month (decision 0144).
"""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, MINYEAR, date, timedelta

from jifen.domain.refusals import FieldWrong

LEAP_YEAR = 2000
"""A year in which every day of a month that there is can be found."""
LAST = -1
"""As `nth` of a weekday: the month's last."""


def day_of_month(year: int, month: int, day: int) -> date:
    """The day of a month, or the month's last where it has none of that number: `day` 31 is the last of every month."""
    _within("year", year, MINYEAR, MAXYEAR)
    _within("month", month, 1, 12)
    _within("day", day, 1, 31)
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def birthday_in(year: int, month: int, day: int) -> date:
    """When a birthday falls in a year; 29 February falls on the 28th where there is no 29th.

    Refuses
        FieldWrong   nobody is born on that day, as on 30 February
    """
    found = day_of_month(year, month, day)
    _within("day", day, 1, calendar.monthrange(LEAP_YEAR, month)[1])
    return found


def next_birthday(month: int, day: int, *, since: date) -> date | None:
    """The first birthday on a day or after it; None: after the last year there is."""
    this_year = birthday_in(since.year, month, day)
    if this_year >= since:
        return this_year
    return birthday_in(since.year + 1, month, day) if since.year < MAXYEAR else None


def anniversary(begun_on: date, years: int) -> date:
    """The day on which so many years are full; of 29 February it is the 28th where there is no 29th."""
    _within("years", years, 1, MAXYEAR - begun_on.year)
    return birthday_in(begun_on.year + years, begun_on.month, begun_on.day)


def anniversary_in(year: int, begun_on: date) -> date | None:
    """When an anniversary falls in a year; None: none does, because it began in that year or has not begun."""
    return anniversary(begun_on, year - begun_on.year) if year > begun_on.year else None


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    """The first (1) to fifth (5), or the last (-1), of a weekday in a month; None: the month has no fifth.

    Units
        weekday   Monday is 1, Sunday is 7, as a condition on the weekday has it
    """
    days = weekdays_of_month(year, month, weekday)
    if nth == LAST:
        return days[-1]
    _within("nth", nth, 1, 5)
    return days[nth - 1] if nth <= len(days) else None


def weekdays_of_month(year: int, month: int, weekday: int) -> tuple[date, ...]:
    """Every day of a month that falls on a weekday, in order: four or five."""
    _within("weekday", weekday, 1, 7)
    first = day_of_month(year, month, 1)
    day = 1 + (weekday - first.isoweekday()) % 7
    days_of_month = calendar.monthrange(year, month)[1]
    return tuple(first + timedelta(days=at - 1) for at in range(day, days_of_month + 1, 7))


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise FieldWrong(
            f"{name} is {value}; it is from {least} to {most}", value=value, least=least, most=most
        )
