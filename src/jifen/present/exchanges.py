"""An exchange as a sentence, and how often it was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from jifen.domain.program.meaning import Exchange, Program
from jifen.present.catalogue import catalogue_of
from jifen.present.rules import names_of
from jifen.present.shown import name_in


def exchange_sentence(exchange: Exchange, program: Program, language: str) -> str:
    """What it takes and gives, and whether somebody has to ask for it."""
    names, words = names_of(program, language), catalogue_of(language)
    currencies = {one.number: one for one in program.currencies}

    def said(number: int, units: int) -> str:
        currency = currencies[number]
        shown = names.units(units, currency.code)
        return words.say(
            "exchange.units", units=shown, unit=words.unit(name_in(currency.names, language), shown)
        )

    given = words.join("items", [said(one.currency, one.units) for one in exchange.gives])
    key = "exchange.at_once" if exchange.at_once else "exchange.asked"
    return words.say(key, taken=said(exchange.currency, exchange.units), given=given)


class _Span(Protocol):
    @property
    def from_on(self) -> date: ...
    @property
    def until_on(self) -> date: ...


class _Sum(Protocol):
    @property
    def exchange(self) -> int: ...
    @property
    def month(self) -> date | None: ...
    @property
    def times(self) -> int: ...
    @property
    def times_undone(self) -> int: ...
    @property
    def members(self) -> int: ...


def exchange_figures_shown(
    program: Program, months: Sequence[date], span: _Span, sums: Sequence[_Sum] | None, language: str
) -> dict[str, Any]:
    """What a programme exchanges and how often that was made, as data: `ExchangesUsed` of the API."""
    codes = {one.number: one.code for one in program.currencies}
    whole = {one.exchange: one for one in sums or () if one.month is None}
    by_month = {(one.exchange, one.month): one.times for one in sums or ()}
    shown = []
    for one in program.exchanges:
        made = whole.get(one.number)
        used: dict[str, Any] = dict.fromkeys(("times", "times_undone", "members", "by_month"))
        if sums is not None:
            used = {
                "times": made.times if made else 0,
                "times_undone": made.times_undone if made else 0,
                "members": made.members if made else 0,
                "by_month": [by_month.get((one.number, month), 0) for month in months],
            }
        shown.append(
            {
                "exchange": one.code,
                "names": dict(one.names),
                "sentence": exchange_sentence(one, program, language),
                "takes": {"currency": codes[one.currency], "units": one.units},
                "gives": [{"currency": codes[given.currency], "units": given.units} for given in one.gives],
                "at_once": one.at_once,
                **used,
            }
        )
    return {
        "from_on": span.from_on.isoformat(),
        "to_on": (span.until_on - timedelta(days=1)).isoformat(),
        "months": [month.isoformat() for month in months],
        "data": shown,
    }


def exchange_figures_lines(shown: dict[str, Any], language: str) -> list[str]:
    """The same as a terminal shows it."""
    words = catalogue_of(language)
    lines = []
    for one in shown["data"]:
        lines.append(words.say("exchange_shown.line", exchange=one["exchange"], said=one["sentence"]))
        if one["times"] is None:
            lines.append(words.say("exchange_shown.too_long"))
            continue
        lines.append(
            words.say(
                "exchange_shown.used",
                count=one["times"],
                members=one["members"],
                undone=one["times_undone"],
                since=shown["from_on"],
                until=shown["to_on"],
            )
        )
    return lines or [words.say("exchange_shown.none")]
