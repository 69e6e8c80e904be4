"""An exchange as a sentence."""

from __future__ import annotations

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
        unit = name_in(currency.names, language)
        return words.say("exchange.units", units=names.units(units, currency.code), unit=unit)

    given = words.join("items", [said(one.currency, one.units) for one in exchange.gives])
    key = "exchange.at_once" if exchange.at_once else "exchange.asked"
    return words.say(key, taken=said(exchange.currency, exchange.units), given=given)
