"""What is wrong with how a document names days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from jifen.document.codes import unknown
from jifen.document.model import DayPart, ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.domain.dates.festivals import FESTIVALS
from jifen.domain.dates.published import PUBLISHED
from jifen.present.said import Said

WAYS = ("dates", "span", "yearly", "day_of_month", "weekday", "festival", "days_off")


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
        if part.festival is not None and part.festival not in FESTIVALS:
            yield unknown((*here, "festival"), part.festival, list(FESTIVALS), "festival")
        if part.days_off is not None and part.days_off not in PUBLISHED:
            yield unknown((*here, "days_off"), part.days_off, list(PUBLISHED), "country")
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
