"""What became of the units of each month, as data and as lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

from jifen.domain.breakage import Expected
from jifen.domain.program.meaning import Currency
from jifen.present.catalogue import catalogue_of
from jifen.present.shown import shown_instant, units_shown


class _Month(Protocol):
    @property
    def month(self) -> date: ...
    @property
    def opened(self) -> int: ...
    @property
    def used(self) -> int: ...
    @property
    def expired(self) -> int: ...
    @property
    def returned(self) -> int: ...
    @property
    def left(self) -> int: ...


class BreakageRead(Protocol):
    """Units of a currency by the month in which they were opened."""

    @property
    def currency(self) -> Currency: ...
    @property
    def now(self) -> datetime: ...
    @property
    def today(self) -> date: ...
    @property
    def months(self) -> Sequence[_Month] | None: ...
    @property
    def expected(self) -> Expected | None: ...


def breakage_shown(found: BreakageRead) -> dict[str, Any]:
    """As data: `BreakageAnswer` of the API."""
    expected, months = found.expected, found.months
    open_units = None if months is None else sum(one.left for one in months)
    broken = None if expected is None else expected.units
    return {
        "as_of": shown_instant(found.now),
        "currency": found.currency.code,
        "months": None if months is None else [_month(one, found.today) for one in months],
        "open_units": open_units,
        "open_minor": _worth(open_units, found.currency),
        "ended_units": None if expected is None else expected.ended,
        "ended_expired_units": None if expected is None else expected.ended_expired,
        "breakage_units": broken,
        "breakage_minor": _worth(broken, found.currency),
    }


def _month(one: _Month, today: date) -> dict[str, Any]:
    is_older = one.month == date.min
    return {
        "month": None if is_older else one.month.isoformat(),
        "age_months": None
        if is_older
        else (today.year - one.month.year) * 12 + today.month - one.month.month,
        "opened": one.opened,
        "used": one.used,
        "expired": one.expired,
        "returned": one.returned,
        "open": one.left,
    }


def _worth(units: int | None, currency: Currency) -> int | None:
    if units is None or currency.worth_minor is None:
        return None
    return units * currency.worth_minor[0] // currency.worth_minor[1]


def breakage_lines(found: BreakageRead, language: str) -> list[str]:
    """As a terminal shows it."""
    words, shown, scale = catalogue_of(language), breakage_shown(found), found.currency.scale
    if shown["months"] is None:
        return [words.say("breakage.too_long")]
    lines = [
        words.say(
            "breakage.older" if one["month"] is None else "breakage.month",
            **({} if one["month"] is None else {"month": one["month"][:7], "age": one["age_months"]}),
            **{name: units_shown(one[name], scale) for name in ("opened", "used", "expired", "returned")},
            left=units_shown(one["open"], scale),
        )
        for one in shown["months"]
    ]
    if shown["breakage_units"] is None:
        return [*lines, words.say("breakage.not_known", ended=units_shown(shown["ended_units"], scale))]
    said = words.say(
        "breakage.expected",
        units=units_shown(shown["breakage_units"], scale),
        left=units_shown(shown["open_units"], scale),
        expired=units_shown(shown["ended_expired_units"], scale),
        ended=units_shown(shown["ended_units"], scale),
    )
    return [*lines, said]
