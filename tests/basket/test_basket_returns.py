"""Lines of a priced basket come back in any order and split: exactly what was paid is given back."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.basket.drawn import drawn_candidates, drawn_lines
from tests.basket.test_basket import an_offer, lines_of, seeing_all

from jifen.domain.basket import price_basket
from jifen.domain.basket_returns import GivenBack, brought_by, give_back
from jifen.domain.open_offers import lines_at
from jifen.domain.program.offers import OnReturn, Steps, Threshold
from jifen.domain.purchase import ReturnedLine, whole_quantity


@given(st.randoms(use_true_random=False))
def test_what_comes_back_in_any_order_and_split_gives_back_what_was_paid(random: Random) -> None:
    lines = drawn_lines(random)
    candidates = drawn_candidates(random, lines)
    priced = price_basket(lines, candidates)
    sold, brought = lines_at(lines, priced.prices), brought_by(lines, candidates, priced)
    assert {line.number: line.discount_minor for line in sold} == {
        line.number: sum(one.off.get(line.number, 0) for one in brought) for line in lines
    }
    returned: dict[int, int] = {}
    given_minor = 0
    while left := {
        line.number: rest for line in sold if (rest := whole_quantity(line) - returned.get(line.number, 0))
    }:
        number = random.choice(sorted(left))
        quantity = random.choice([left[number], random.randint(1, left[number])])
        back = give_back(
            sold, brought, returned, given_minor, [ReturnedLine(number=number, quantity_milli=quantity)]
        )
        assert back.minor >= 0
        given_minor += back.minor
        returned[number] = returned.get(number, 0) + quantity
        assert given_minor <= back.share_minor, "never more than what was paid for what has come back"
    assert given_minor == priced.minor


@given(st.randoms(use_true_random=False))
def test_where_discounts_are_kept_split_and_order_change_nothing_on_the_way_either(random: Random) -> None:
    lines = drawn_lines(random)
    candidates = [one for one in drawn_candidates(random, lines) if one.offer.on_return is OnReturn.KEEP]
    priced = price_basket(lines, candidates)
    sold, brought = lines_at(lines, priced.prices), brought_by(lines, candidates, priced)
    line = random.choice(sold)
    whole = whole_quantity(line)
    first = random.randint(1, whole)
    parts = [part for part in (first, whole - first) if part]
    given_minor = 0
    returned: dict[int, int] = {}
    for part in parts:
        back = give_back(
            sold, brought, returned, given_minor, [ReturnedLine(number=line.number, quantity_milli=part)]
        )
        given_minor += back.minor
        returned = {line.number: returned.get(line.number, 0) + part}
    assert given_minor == line.amount_minor


def a_return(deal: Threshold | Steps, on_return: OnReturn, *numbers: int) -> list[GivenBack]:
    """A basket of 150 and 60, of which lines come back one after the other."""
    lines = lines_of((15_000, 1), (6_000, 1))
    candidates = seeing_all(lines, an_offer(deal, on_return=on_return))
    priced = price_basket(lines, candidates)
    sold, brought = lines_at(lines, priced.prices), brought_by(lines, candidates, priced)
    told: list[GivenBack] = []
    returned: dict[int, int] = {}
    given_minor = 0
    for number in numbers:
        back = give_back(
            sold, brought, returned, given_minor, [ReturnedLine(number=number, quantity_milli=1_000)]
        )
        given_minor += back.minor
        returned[number] = 1_000
        told.append(back)
    return told


SPEND_200 = Threshold(spend_minor=20_000, off_minor=3_000, repeats=False)
TWO_BANDS = Steps(steps=((10_000, 1_000), (20_000, 3_000)))


@pytest.mark.parametrize(
    ("deal", "on_return", "given_back", "taken_back"),
    [
        (SPEND_200, OnReturn.KEEP, 5_143, []),  # its share of 60 less 8.57 of the 30
        (SPEND_200, OnReturn.TAKE_BACK_DISCOUNT, 3_000, [2_143]),  # 150 is kept and to be paid in full
        (TWO_BANDS, OnReturn.TAKE_BACK_DISCOUNT, 4_000, [1_143]),  # 150 is kept and has 10 off
    ],
)
def test_a_sum_that_is_not_reached_any_more(
    deal: Threshold | Steps, on_return: OnReturn, given_back: int, taken_back: list[int]
) -> None:
    (back,) = a_return(deal, on_return, 2)
    assert (back.minor, [one.minor for one in back.taken_back]) == (given_back, taken_back)
    first, rest = a_return(deal, on_return, 2, 1)
    assert (first.minor + rest.minor, rest.taken_back) == (18_000, ())


def test_what_is_owed_is_held_back_and_never_asked_for() -> None:
    lines = lines_of((20_000, 1), (100, 1))
    off = an_offer(
        Threshold(spend_minor=20_050, off_minor=3_000, repeats=False), on_return=OnReturn.TAKE_BACK_DISCOUNT
    )
    candidates = seeing_all(lines, off)
    priced = price_basket(lines, candidates)
    sold, brought = lines_at(lines, priced.prices), brought_by(lines, candidates, priced)
    back = give_back(sold, brought, {}, 0, [ReturnedLine(number=2, quantity_milli=1_000)])
    assert (back.minor, back.held_minor) == (0, 2_900)
    assert [(one.minor, one.kept_minor) for one in back.taken_back] == [(2_985, 20_000)]
    rest = give_back(sold, brought, {2: 1_000}, 0, [ReturnedLine(number=1, quantity_milli=1_000)])
    assert (rest.minor, rest.held_minor) == (17_100, 0)
