"""Days as numbers: how calendars enter the fold.

A day number counts the days since 1970-01-01 in the programme's time zone; a month number is year * 12 + month - 1.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jifen.domain.fold import FAR, FAR_AT
from jifen.domain.program.meaning import Expiry, Period, Terms, Until
from jifen.domain.program.select import Moment

_EPOCH = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name, as the `tzdata` package knows it.

    Not as the machine does: two machines of a ledger, and the columns of an import, must see the same days (decision 0094). A
    name that the package lacks stands only in a revision from before the list of zones, and is the machine's.
    """
    kept = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not kept.is_file():
        return ZoneInfo(name)
    with kept.open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def date_of(day: int) -> date | None:
    """The date of a day number; None for the day that never comes."""
    return None if day >= FAR else date.fromordinal(day + _EPOCH)


def day_or_never(day: date | None) -> int:
    """The day number of a date; None is the day that never comes."""
    return FAR if day is None else day_number(day)


class Shown(NamedTuple):
    """What calendar and clock of a zone show at a moment."""

    date: date
    day: int  # day number
    month: int  # month number
    moment: Moment


def local_date(at: datetime, time_zone: str) -> date:
    """The calendar date of a moment in a zone."""
    return shown_at(epoch_second(at), time_zone).date


@lru_cache(maxsize=8192)
def shown_at(second: int, time_zone: str) -> Shown:
    """What a zone shows in a second (`epoch_second`). At the till the same few are asked for again and again."""
    local = (_UNIX + timedelta(seconds=second)).astimezone(zone(time_zone))
    day = local.date()
    moment = Moment(local.isoweekday(), local.hour, local.year * 10_000 + local.month * 100 + local.day)
    return Shown(day, day_number(day), month_number(day), moment)


def epoch_second(at: datetime) -> int:
    """Whole seconds since 1970-01-01 UTC, rounded down."""
    since = at - _UNIX
    return since.days * 86_400 + since.seconds


def epoch_micros(at: datetime) -> int:
    """Microseconds since 1970-01-01 UTC: a moment as the fold compares it."""
    since = at - _UNIX
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of_micros(at: int) -> datetime:
    """The moment of a number of microseconds, as UTC."""
    return _UNIX + timedelta(microseconds=at)


_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


def next_due_at(day: int, lapse_at: int, time_zone: str) -> datetime | None:
    """The moment from which a job should look at the member; None: nothing is ahead."""
    due_on = date_of(day)
    due_at = None if due_on is None else start_of_day(due_on, time_zone)
    if lapse_at >= FAR_AT:
        return due_at
    lapses_at = moment_of_micros(lapse_at)
    return lapses_at if due_at is None else min(due_at, lapses_at)


def month_number(day: date) -> int:
    """year * 12 + month - 1."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=8192)
def start_of_day(day: date, time_zone: str) -> datetime:
    """The first moment of a day in a zone, as UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(time_zone)).astimezone(UTC)


def moment_in(at: datetime, time_zone: str) -> Moment:
    """Weekday, hour and date that a clock in a zone shows."""
    return shown_at(epoch_second(at), time_zone).moment


def days_of_period(period: Period, day: date) -> tuple[date, date]:
    """The first and the last day of the period of a limit that a day lies in; the twin of `fold.period_of`."""
    if period is Period.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if period is Period.MONTH:
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if period is Period.YEAR:
        return date(day.year, 1, 1), date(day.year, 12, 31)
    if period is Period.LIFE:
        return date.min, date.max
    return day, day


def expires_on(occurred_on: date, expiry: Expiry | None) -> date | None:
    """The last day of use of what is earned on a day; None: never.

    A month is added by the calendar; where the day does not exist (31 January plus one month) it is the month's last.
    """
    if expiry is None:
        return None
    month = month_number(occurred_on) + expiry.months
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    day = date(year, month + 1, min(occurred_on.day, last)) + timedelta(days=expiry.days)
    if expiry.on:
        days = (_in_month(year, *one) for year in (day.year, day.year + 1) for one in expiry.on)
        return min(one for one in days if one >= day)
    if expiry.until is Until.ITSELF:
        return day
    months = {Until.MONTH_END: 1, Until.QUARTER_END: 3, Until.YEAR_END: 12}[expiry.until]
    return _in_month(day.year, -(-day.month // months) * months, 31)


def usable_from(occurred_on: date, terms: Terms) -> date:
    """The first day of use of what is earned on a day."""
    day = occurred_on + timedelta(days=terms.pending_days)
    if terms.pending_to_day:
        this = _in_month(day.year, day.month, terms.pending_to_day)
        later = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        day = (
            this
            if this >= day and this > occurred_on
            else _in_month(later.year, later.month, terms.pending_to_day)
        )
    return max(day, terms.pending_until or day)


def life_of(occurred_on: date, terms: Terms) -> tuple[date, date | None]:
    """The first and the last day of use (None: for ever) of what is earned on a day. What waits for a day of the calendar expires
    so long after that day."""
    first = usable_from(occurred_on, terms)
    waits = terms.pending_until is not None or terms.pending_to_day
    return first, expires_on(first if waits else occurred_on, terms.expiry)


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
