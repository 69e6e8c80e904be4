"""Days that a document names: which they are, and what is wrong with how they are named."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from jifen.document.model import DayPart, NthWeekday, ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.present.said import Said

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""What is said of every month or year holds in these years."""
WAYS = ("dates", "span", "yearly", "day_of_month", "weekday")


def dates_of(part: DayPart) -> frozenset[int]:
    """The days of a part that was found right, as yyyymmdd."""
    return frozenset(one.year * 10_000 + one.month * 100 + one.day for one in _days(part))


def _days(part: DayPart) -> Iterator[date]:
    if part.dates is not None:
        yield from (date.fromisoformat(one) for one in part.dates)
    elif part.span is not None:
        first, last = date.fromisoformat(part.span.first), date.fromisoformat(part.span.last)
        yield from (first + timedelta(days=at) for at in range((last - first).days + 1))
    elif part.yearly is not None:
        month, day = map(int, part.yearly.split("-"))
        yield from (_in_month(year, month, day) for year in range(FIRST_YEAR, LAST_YEAR + 1))
    else:
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            for month in range(1, 13):
                if part.day_of_month is not None:
                    yield _in_month(year, month, part.day_of_month)
                elif part.weekday is not None:
                    yield from _weekdays(year, month, part.weekday)


def _in_month(year: int, month: int, day: int) -> date:
    """A day of a month; where there is none such, the last."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def _weekdays(year: int, month: int, which: NthWeekday) -> list[date]:
    """The weekday in a month: every one, or the nth, where there is one."""
    found = [
        date(year, month, day)
        for day in range(1, monthrange(year, month)[1] + 1)
        if date(year, month, day).isoweekday() == which.weekday
    ]
    if which.nth is None:
        return found
    at = which.nth if which.nth < 0 else which.nth - 1
    return found[at : at + 1 or None] if at < len(found) else []


def day_findings(document: ProgramDocument) -> Iterator[Finding]:
    """What is wrong with the days that a document names."""
    for at, part in enumerate(document.days):
        here: Steps = ("days", at)
        written = [name for name in WAYS if getattr(part, name) is not None]
        if len(written) != 1:
            yield Finding(
                code="day_unclear", steps=here, value=", ".join(written),
                said=Said("problem.day_unclear.said", day=repr(part.code), count=len(written)),
                out=Said("problem.day_unclear.out"),
            )  # fmt: skip
            continue
        wrong = list(_not_days(part, here))
        yield from wrong
        if not wrong and part.span is not None and not 0 <= _length(part) < _LONGEST:
            yield Finding(
                code="span_wrong", steps=(*here, "span"), value=f"{part.span.first} .. {part.span.last}",
                said=Said("problem.span_wrong.said", most=_LONGEST), out=Said("problem.span_wrong.out"),
            )  # fmt: skip
        if part.weekday is not None and part.weekday.nth == 0:
            yield Finding(
                code="nth_zero", steps=(*here, "weekday", "nth"), value=0,
                said=Said("problem.nth_zero.said"), out=Said("problem.nth_zero.out"),
            )  # fmt: skip


_LONGEST = 3_660


def _length(part: DayPart) -> int:
    assert part.span is not None
    return (date.fromisoformat(part.span.last) - date.fromisoformat(part.span.first)).days


def _not_days(part: DayPart, here: Steps) -> Iterator[Finding]:
    texts: list[tuple[Steps, str, str]] = []
    if part.dates is not None:
        texts = [((*here, "dates", at), one, one) for at, one in enumerate(part.dates)]
    elif part.span is not None:
        texts = [
            ((*here, "span", name), getattr(part.span, name), getattr(part.span, name))
            for name in ("first", "last")
        ]
    elif part.yearly is not None:
        texts = [((*here, "yearly"), part.yearly, f"2000-{part.yearly}")]  # a leap year: 29 February is a day
    for steps, shown, text in texts:
        try:
            date.fromisoformat(text)
        except ValueError:
            yield Finding(
                code="no_such_day", steps=steps, value=shown,
                said=Said("problem.no_such_day.said", day=repr(shown)), out=Said("problem.no_such_day.out"),
            )  # fmt: skip
