"""Exchanges, from the document to their meaning: what they take and give, in which order they run, and circles that they must
not make."""

from __future__ import annotations

from collections.abc import Iterator

from jifen.document.codes import unknown
from jifen.document.lives import terms_code
from jifen.document.model import ExchangePart, ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.domain.program.meaning import Exchange, Given
from jifen.domain.program.numbering import Numbering
from jifen.present.said import Said


def exchanges_of(document: ProgramDocument, numbering: Numbering) -> tuple[Exchange, ...]:
    """The exchanges in the order in which they run: what gives a currency before what takes it, else as the document has them."""
    smallest = {part.code: 10**part.scale for part in document.currencies}
    return tuple(
        Exchange(
            number=numbering.number("exchange", part.code),
            code=part.code,
            names=part.names,
            currency=numbering.number("currency", part.takes.currency),
            units=part.takes.units * smallest[part.takes.currency],
            gives=tuple(
                Given(
                    currency=numbering.number("currency", one.currency),
                    terms=numbering.number("terms", terms_code(one.currency, one.terms)),
                    units=one.units * smallest[one.currency],
                )
                for one in part.gives
            ),
            at_once=part.at_once,
        )
        for part in _in_order(document.exchanges)
    )


def _in_order(parts: tuple[ExchangePart, ...]) -> list[ExchangePart]:
    left, ordered = list(parts), []
    while left:
        given = {one.currency: part for part in left if part.at_once for one in part.gives}
        ready = next((part for part in left if part.takes.currency not in given), left[0])
        left.remove(ready)
        ordered.append(ready)
    return ordered


UNITS_ONCE_MAX = 1_000_000_000_000
"""No exchange takes or gives more smallest units at once, and no redemption takes more."""


def exchange_findings(document: ProgramDocument) -> Iterator[Finding]:
    """What is wrong with exchanges: currencies and terms that are not there, and circles of those that run by themselves."""
    terms = {part.code: [one.code for one in part.terms] for part in document.currencies}
    smallest = {part.code: 10**part.scale for part in document.currencies}
    is_known = True
    for at, part in enumerate(document.exchanges):
        here: Steps = ("exchanges", at)
        if part.takes.currency not in terms:
            is_known = False
            yield unknown((*here, "takes", "currency"), part.takes.currency, list(terms), "currency")
        for which, one in enumerate(part.gives):
            there: Steps = (*here, "gives", which)
            if one.currency not in terms:
                is_known = False
                yield unknown((*there, "currency"), one.currency, list(terms), "currency")
            elif one.terms is not None and one.terms not in terms[one.currency]:
                is_known = False
                yield unknown((*there, "terms"), one.terms, terms[one.currency], "terms")
            elif one.currency == part.takes.currency:
                yield Finding(
                    code="exchange_gives_what_it_takes", steps=(*there, "currency"), value=one.currency,
                    said=Said("problem.exchange_gives_what_it_takes.said", currency=repr(one.currency)),
                    out=Said("problem.exchange_gives_what_it_takes.out"),
                )  # fmt: skip
        for steps, currency, units in (
            (("takes",), part.takes.currency, part.takes.units),
            *((("gives", which), one.currency, one.units) for which, one in enumerate(part.gives)),
        ):
            if units * smallest.get(currency, 1) > UNITS_ONCE_MAX:
                yield Finding(
                    code="exchange_too_large", steps=(*here, *steps, "units"), value=units,
                    said=Said("problem.exchange_too_large.said", units=UNITS_ONCE_MAX),
                    out=Said("problem.exchange_too_large.out"),
                )  # fmt: skip
    if is_known:
        yield from _circle(document.exchanges)


def _circle(parts: tuple[ExchangePart, ...]) -> Iterator[Finding]:
    """The first circle of currencies through exchanges that nobody has to ask for."""
    ways: dict[str, dict[str, int]] = {}
    for at, part in enumerate(parts):
        if part.at_once:
            for one in part.gives:
                if one.currency != part.takes.currency:
                    ways.setdefault(part.takes.currency, {}).setdefault(one.currency, at)
    done: set[str] = set()

    def walk(currency: str, path: list[str]) -> list[str] | None:
        if currency in path:
            return [*path[path.index(currency) :], currency]
        if currency in done:
            return None
        for following in ways.get(currency, {}):
            if (found := walk(following, [*path, currency])) is not None:
                return found
        done.add(currency)
        return None

    for begins in ways:
        circle = walk(begins, [])
        if circle is not None:
            yield Finding(
                code="exchanges_in_a_circle",
                steps=("exchanges", ways[circle[-2]][circle[-1]]),
                value=circle[-2],
                said=Said("problem.exchanges_in_a_circle.said", path=" -> ".join(circle)),
                out=Said("problem.exchanges_in_a_circle.out"),
            )
            return
