"""A priced basket as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jifen.domain.program.meaning import Program
from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.rules import names_of
from jifen.present.shown import name_in, units_shown


def basket_lines(
    told: Mapping[str, Any], called: Mapping[int, str], program: Program, language: str
) -> list[str]:
    """What is paid for each line by which offers, the sum, what was not used and why, and what the next offer asks for.

    Shape
        told     as POST /v1/baskets:price answers
        called   what lines are called, by number
    """
    words, money = catalogue_of(language), names_of(program, language).amount
    names = {one["offer"]: name_in(one["names"], language) for one in (*told["used"], *told["unused"])}
    lines = []
    for line in told["lines"]:
        name = called.get(line["number"]) or words.say("basket.line_number", number=line["number"])
        paid = money(line["amount_minor"])
        if line["discount_minor"]:
            offers = words.join("items", [names[one["offer"]] for one in line["discounts"]])
            off = money(line["discount_minor"])
            lines.append(words.say("basket.line_off", name=name, paid=paid, off=off, offers=offers))
        else:
            lines.append(words.say("basket.line", name=name, paid=paid))
    paid, off, shelf = (money(told[name]) for name in ("amount_minor", "discount_minor", "shelf_minor"))
    lines.append(
        words.say("basket.total_off", paid=paid, off=off, shelf=shelf)
        if told["discount_minor"]
        else words.say("basket.total", paid=paid)
    )
    for one in told["points"]["earned"]:
        currency = next(each for each in program.currencies if each.code == one["currency"])
        unit = name_in(currency.names, language)
        lines.append(words.say("basket.points", units=units_shown(one["units"], currency.scale), unit=unit))
    for one in told["next"]:
        offer = name_in(one["names"], language)
        if one["missing_minor"]:
            missing, more = money(one["missing_minor"]), money(one["off_minor"])
            lines.append(words.say("basket.next.minor", missing=missing, off=more, offer=offer))
        elif one["item"]:
            item = name_in(one["item"], language)
            lines.append(words.say("basket.next.item", pieces=one["missing_pieces"], item=item, offer=offer))
        else:
            lines.append(words.say("basket.next.pieces", pieces=one["missing_pieces"], offer=offer))
    for one in told["unused"]:
        why = _why(one, names, words)
        lines.append(words.say("basket.unused", offer=names[one["offer"]], why=why))
    if not told["is_exact"]:
        lines.append(words.say("basket.inexact"))
    return lines


def _why(unused: Mapping[str, Any], names: Mapping[str, str], words: Catalogue) -> str:
    if unused["why"] == "stands_apart":
        return words.say(
            "basket.beside", beside=words.join("items", [names[code] for code in unused["beside"]])
        )
    return words.say(f"basket.why.{unused['why']}")
