"""A purchase as a terminal shows it: its lines, what each earned by which rule, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.shown import units_shown


def purchase_lines(told: Mapping[str, Any], scales: Mapping[str, int], language: str) -> list[str]:
    """The lines of a terminal, in a language; `told` is what the API answers, `scales` the decimals by currency."""
    words = catalogue_of(language)
    head = words.say(
        "purchase_shown.head",
        receipt=f"{told['source']}/{told['business_no']}",
        at=told["occurred_at"],
        amount=told["amount_minor"],
        money=told["money"],
        member=told["member_id"] or words.say("purchase_shown.of_nobody"),
    )
    lines = [head]
    for line in told["lines"]:
        lines += _line(line, told["reasons"], scales, words)
    lines += [
        words.say("purchase_shown.earned", units=_units(one["units"], one["currency"], scales))
        for one in told["earned"]
    ]
    lines += [
        words.say(
            "purchase_shown.return",
            number=one["return_id"],
            day=one["occurred_at"][:10],
            amount=one["amount_minor"],
        )
        for one in told["returns"]
    ]
    return lines


def _units(units: int, currency: str, scales: Mapping[str, int]) -> str:
    return f"{units_shown(units, scales[currency])} {currency}"


def _line(
    line: Mapping[str, Any], reasons: Any, scales: Mapping[str, int], words: Catalogue
) -> Iterator[str]:
    """A line of the receipt, and what it earned."""
    what = " ".join(str(line[name]) for name in ("sku", "name", "category") if line[name])
    parts = {
        "number": line["number"],
        "amount": line["amount_minor"],
        "quantity": line["quantity_milli"],
        "what": what,
    }
    if line["returned_milli"]:
        yield words.say("purchase_shown.line_came_back", back=line["returned_milli"], **parts)
    else:
        yield words.say("purchase_shown.line", **parts)
    for one in reasons:
        if one["line"] != line["number"]:
            continue
        granted = _units(one["granted"], one["currency"], scales)
        if one["desired"] == one["granted"]:
            yield words.say("purchase_shown.by_rule", units=granted, rule=one["rule"])
        else:
            desired = units_shown(one["desired"], scales[one["currency"]])
            yield words.say("purchase_shown.limited", units=granted, rule=one["rule"], desired=desired)
