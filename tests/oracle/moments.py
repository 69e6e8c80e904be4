"""What time brings, as docs/programme.md has it: the days on which moments fall due for one member."""

import calendar
from datetime import date, timedelta
from typing import Any

from tests.oracle.facts import Document, day_is_named
from tests.oracle.kept import Lot


def is_due(part: dict[str, Any], document: Document, day: date, joined: date, bought: date | None) -> bool:
    """Whether a moment that no units bring falls on a day, by when the member joined and last bought."""
    if "on_days" in part:
        named = [one for one in document["days"] if one["code"] in part["on_days"]]
        return any(day_is_named(one, day) for one in named)
    if "anniversary" in part:
        return day.year > joined.year and day == anniversary(joined, day.year)
    if "asleep" in part:
        return bought is not None and day == bought + timedelta(days=part["asleep"]["days"])
    if "after_joining" in part:
        return day == joined + timedelta(days=part["after_joining"]["days"])
    return False


def anniversary(joined: date, year: int) -> date:
    """The day of joining in another year; of 29 February, where there is none, the 28th."""
    if (joined.month, joined.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return joined.replace(year=year)


def last_birthday(document: Document, today: date, born: tuple[int, int]) -> date:
    """The last day, by a day, on which the birthday's event came, told so many days `before`; of 29 February the 28th too."""
    part = next(part["birthday"] for part in document["events"] if "birthday" in part)
    before = timedelta(days=part.get("before", 0))
    days = [anniversary(date(2000, *born), year) - before for year in range(today.year - 1, today.year + 2)]
    return max(day for day in days if day <= today)


def tells(part: dict[str, Any], day: date, lots: list[Lot], told_through: date | None) -> bool:
    """Whether, by a day, there are units of whose expiry a moment has not told and is to tell."""
    ahead = timedelta(days=part["expiry_ahead"]["days"])
    return any(
        lot.currency == part["expiry_ahead"]["currency"]
        and lot.left > 0
        and lot.last_day is not None
        and (told_through is None or lot.last_day > told_through)
        and lot.last_day - ahead <= day
        for lot in lots
    )
