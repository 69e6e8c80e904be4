"""Baskets and documents that are made to be slow: how often it is looked is counted, so that nothing depends on the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from jifen.domain import deals
from jifen.domain.basket import Candidate, price_basket
from jifen.domain.deals import Missing, Sight, taken_off
from jifen.domain.program.conditions import ALWAYS
from jifen.domain.program.offers import Bundle, BundleItem, Offer, OfferClass
from jifen.domain.purchase import Line

LINES = 1_000


def lines_of_pairs() -> list[Line]:
    """As many lines as a basket has at most, of two pieces each, all at different prices."""
    return [
        Line(number=at + 1, amount_minor=10_001 + 7 * at, quantity_milli=2_000, sku=f"s{at}")
        for at in range(LINES)
    ]


def a_set(*pieces: int, code: str = "set") -> Offer:
    """A bundle with so many pieces at each of its places, whose offers all stand together."""
    items = tuple(BundleItem(names={"en": "x"}, pieces=one, lines=ALWAYS) for one in pieces)
    stands = OfferClass(code="sets", is_one=False)
    return Offer(code=code, names={"en": code}, deal=Bundle(minor=1, items=items), stands=stands)


@contextmanager
def calls_counted(name: str) -> Iterator[list[int]]:
    """How often a function of the deals is called."""
    found = [0]

    def count(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        found[0] += event == "call" and code.co_name == name and code.co_filename == deals.__file__

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield found
    finally:
        sys.setprofile(before)


def test_a_bundle_that_a_thousand_lines_fit_but_for_one_place_looks_at_each_line_a_few_times() -> None:
    lines, every = lines_of_pairs(), tuple(range(LINES))
    sight = Sight(every, tuple([every] * 9 + [(LINES - 1,)]))
    short = a_set(*[20] * 9, 3)

    with calls_counted("put") as calls:
        taken = taken_off(short, lines, [line.amount_minor for line in lines], sight)

    assert (taken.minor, taken.missing) == (0, Missing(pieces=1, item=9))
    assert calls[0] < 10 * LINES


class _NotLookedThrough(tuple[int, ...]):
    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        raise AssertionError("the lines of a place are looked through for each line")


def test_the_lines_of_a_place_are_not_looked_through_for_each_line() -> None:
    lines, every = lines_of_pairs(), _NotLookedThrough(range(LINES))
    sets = [a_set(*[2] * 10, code=f"o{at}") for at in range(3)]

    priced = price_basket(lines, [Candidate(one, Sight(tuple(every), tuple([every] * 10))) for one in sets])

    assert priced.minor == 5, (
        "the first makes fifty sets of twenty pieces for a cent each, the next less of what is left"
    )
