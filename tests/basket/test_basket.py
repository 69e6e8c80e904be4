"""The best price of a basket, against every combination, and the numbers of each kind of offer as a shop would reckon them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.basket.drawn import drawn_candidates, drawn_lines, every_combination, priced_with

from jifen.domain.basket import Candidate, Priced, Unused, in_order, price_basket
from jifen.domain.deals import Missing, Sight, taken_off
from jifen.domain.program.conditions import ALWAYS
from jifen.domain.program.offers import (
    AmountOff,
    Bundle,
    BundleItem,
    Deal,
    FixedPrice,
    LastOfGroup,
    Offer,
    OfferClass,
    PercentOff,
    Steps,
    Threshold,
)
from jifen.domain.purchase import Line


def lines_of(*told: tuple[int, int]) -> list[Line]:
    """Lines by shelf price and pieces."""
    return [
        Line(number=at, amount_minor=minor, quantity_milli=pieces * 1_000, sku=f"s{at}")
        for at, (minor, pieces) in enumerate(told, start=1)
    ]


def an_offer(deal: Deal, code: str = "a", **more: object) -> Offer:
    return Offer(code=code, names={"en": code}, deal=deal, **more)  # type: ignore[arg-type]


def seeing_all(lines: list[Line], *offers: Offer) -> list[Candidate]:
    return [Candidate(offer, Sight(tuple(range(len(lines))))) for offer in offers]


@given(st.randoms(use_true_random=False))
def test_up_to_eight_offers_are_combined_as_well_as_every_combination(random: Random) -> None:
    lines = drawn_lines(random)
    candidates = drawn_candidates(random, lines)
    priced = price_basket(lines, candidates)
    chosen = tuple(used.candidate for used in priced.used)
    assert (priced.minor, len(chosen), chosen) == every_combination(lines, candidates)
    assert priced.is_exact
    assert {used.candidate for used in priced.used} | {left.candidate for left in priced.left} == set(
        range(len(candidates))
    )


@given(st.randoms(use_true_random=False))
def test_what_is_taken_off_adds_up_to_the_last_cent_and_leaves_no_price_below_zero(random: Random) -> None:
    lines = drawn_lines(random, most=12)
    candidates = drawn_candidates(random, lines, most=12)
    priced = price_basket(lines, candidates)
    off = [0] * len(lines)
    for used in priced.used:
        assert used.taken.minor == sum(minor for _, minor in used.taken.by_line) > 0
        for at, minor in used.taken.by_line:
            off[at] += minor
    assert [line.amount_minor - minor for line, minor in zip(lines, off, strict=True)] == list(priced.prices)
    assert min(priced.prices) >= 0
    assert priced_with(lines, candidates, tuple(used.candidate for used in priced.used)) == list(
        priced.prices
    )


@given(st.randoms(use_true_random=False))
def test_no_deal_takes_off_more_where_there_is_less(random: Random) -> None:
    lines = drawn_lines(random)
    shelf = [line.amount_minor for line in lines]
    less = [random.randint(0, minor) for minor in shelf]
    for offer, sight, _ in drawn_candidates(random, lines):
        kept = {place for place in sight.lines if random.random() < 0.7}
        items = tuple(tuple(place for place in item if place in kept) for item in sight.items)
        fewer = Sight(tuple(place for place in sight.lines if place in kept), items)
        most = taken_off(offer, lines, shelf, sight).minor
        assert taken_off(offer, lines, less, sight).minor <= most
        assert taken_off(offer, lines, shelf, fewer).minor <= most


A_LUNCH = Bundle(
    minor=1_500,
    items=(
        BundleItem(names={"en": "bun"}, pieces=1, lines=ALWAYS),
        BundleItem(names={"en": "milk"}, pieces=1, lines=ALWAYS),
    ),
)


@pytest.mark.parametrize(
    ("deal", "told", "paid"),
    [
        (AmountOff(minor=500, each_piece=False), [(1_000, 1), (2_000, 1)], [833, 1_667]),
        (AmountOff(minor=5_000, each_piece=False), [(1_000, 1)], [0]),
        (AmountOff(minor=300, each_piece=True), [(1_000, 2), (200, 1)], [400, 0]),
        (PercentOff(bps=1_000), [(999, 1)], [900]),  # 99.9 off, rounded down
        (PercentOff(bps=3_333), [(100, 1), (100, 1), (100, 1)], [67, 67, 67]),
        (FixedPrice(minor=990), [(2_400, 2), (900, 1)], [1_980, 900]),
        (LastOfGroup(pieces=2, last=1, off_bps=5_000, alike=False), [(1_000, 1), (600, 1)], [812, 488]),
        (LastOfGroup(pieces=2, last=1, off_bps=5_000, alike=False), [(3_000, 3)], [2_500]),
        (LastOfGroup(pieces=2, last=1, off_bps=5_000, alike=True), [(1_000, 1), (600, 1)], [1_000, 600]),
        (LastOfGroup(pieces=3, last=1, off_bps=10_000, alike=False), [(900, 3), (400, 3)], [600, 267]),
        (Threshold(spend_minor=20_000, off_minor=3_000, repeats=False), [(25_000, 1), (20_000, 1)], [23_333, 18_667]),
        (Threshold(spend_minor=20_000, off_minor=3_000, repeats=True), [(25_000, 1), (20_000, 1)], [21_667, 17_333]),
        (Threshold(spend_minor=20_000, off_minor=3_000, repeats=True), [(19_999, 1)], [19_999]),
        (Steps(steps=((10_000, 1_000), (20_000, 3_000))), [(10_000, 1)], [9_000]),
        (Steps(steps=((10_000, 1_000), (20_000, 3_000))), [(20_000, 1)], [17_000]),
    ],
)  # fmt: skip
def test_a_kind_of_offer(deal: Deal, told: list[tuple[int, int]], paid: list[int]) -> None:
    lines = lines_of(*told)
    assert list(price_basket(lines, seeing_all(lines, an_offer(deal))).prices) == paid


def test_what_is_weighed_makes_no_pieces_and_has_a_price_a_measure() -> None:
    lines = [Line(number=1, amount_minor=3_000, quantity_milli=1_500)]
    second = an_offer(LastOfGroup(pieces=2, last=1, off_bps=5_000, alike=False))
    assert price_basket(lines, seeing_all(lines, second)).minor == 3_000
    assert price_basket(lines, seeing_all(lines, an_offer(FixedPrice(minor=1_599)))).minor == 2_399  # 2398.5


def a_lunch_of(lines: list[Line], *items: tuple[int, ...], times_most: int = -1) -> Priced:
    sight = Sight(tuple(sorted({at for item in items for at in item})), items)
    return price_basket(lines, [Candidate(an_offer(A_LUNCH, times_most=times_most), sight)])


def test_a_bundle_takes_the_dearest_of_each_place_as_often_as_it_takes_something_off() -> None:
    lines = lines_of((2_400, 2), (1_000, 2), (300, 1))  # buns at 12, milk at 5 and at 3
    assert list(a_lunch_of(lines, (0,), (1, 2)).prices) == [2_118, 882, 300]
    assert a_lunch_of(lines, (0,), (1, 2), times_most=1).minor == 1_500 + 1_200 + 500 + 300


def test_a_line_that_fits_two_places_stands_where_it_makes_the_set() -> None:
    lines = lines_of((1_200, 1), (1_000, 1))
    both = a_lunch_of(lines, (0, 1), (0,))  # only the first is a milk: the second has to be the bun
    assert both.minor == 1_500


def test_a_bundle_says_which_place_is_short() -> None:
    lines = lines_of((1_200, 1))
    (left,) = a_lunch_of(lines, (0,), ()).left
    assert (left.why, left.missing) == (Unused.NOT_REACHED, Missing(pieces=1, item=1))


def test_the_ceiling_of_a_purchase_is_shared_out_too() -> None:
    lines = lines_of((10_000, 1), (5_000, 1))
    priced = price_basket(lines, seeing_all(lines, an_offer(PercentOff(bps=5_000), most_minor=1_000)))
    assert list(priced.prices) == [9_333, 4_667]


ITEM, ORDER = OfferClass(code="item"), OfferClass(code="order", is_one=False)


def test_classes_come_one_after_the_other_at_what_those_before_have_left() -> None:
    lines = lines_of((20_000, 1))
    tenth = an_offer(PercentOff(bps=1_000), "tenth", stands=ITEM)
    off = an_offer(Threshold(spend_minor=18_000, off_minor=3_000, repeats=False), "off", stands=ORDER)
    assert [one.code for one in in_order([off, tenth], ["item", "order"])] == ["tenth", "off"]
    assert price_basket(lines, seeing_all(lines, tenth, off)).minor == 15_000
    higher = an_offer(Threshold(spend_minor=18_001, off_minor=3_000, repeats=False), "off", stands=ORDER)
    priced = price_basket(lines, seeing_all(lines, tenth, higher))
    assert priced.minor == 17_000, "without the tenth off the sum is reached, and more is taken off"
    assert [(one.candidate, one.why) for one in priced.left] == [(0, Unused.WORSE)]


def test_of_a_class_one_is_used_for_a_line_and_the_other_for_the_rest() -> None:
    lines = lines_of((1_000, 1), (3_000, 1))
    half = an_offer(PercentOff(bps=5_000), "half", stands=ITEM)
    off = an_offer(Threshold(spend_minor=3_000, off_minor=1_600, repeats=False), "off", stands=ITEM)
    priced = price_basket(lines, [Candidate(half, Sight((0,))), Candidate(off, Sight((0, 1)))])
    assert list(priced.prices) == [500, 1_400]


def test_classes_that_do_not_stand_together_share_no_line_whichever_of_them_says_so() -> None:
    lines = lines_of((10_000, 1))
    one = OfferClass(code="order", is_one=False, not_with=frozenset({"item"}))
    tenth = an_offer(PercentOff(bps=1_000), "tenth", stands=ITEM)
    off = an_offer(AmountOff(minor=900, each_piece=False), "off", stands=one)
    priced = price_basket(lines, seeing_all(lines, tenth, off))
    assert priced.minor == 9_000
    assert [(left.candidate, left.why, left.beside) for left in priced.left] == [
        (1, Unused.STANDS_APART, (0,))
    ]


def test_what_is_exclusive_is_used_alone_where_that_is_less_to_pay() -> None:
    lines = lines_of((10_000, 1), (10_000, 1))
    alone = an_offer(AmountOff(minor=1_500, each_piece=False), "alone", is_exclusive=True)
    first, second = (an_offer(AmountOff(minor=800, each_piece=False), code, stands=ORDER) for code in "ab")
    one = Candidate(alone, Sight((0, 1)))
    assert price_basket(lines, [one, Candidate(first, Sight((0,)))]).minor == 18_500
    priced = price_basket(lines, [one, Candidate(first, Sight((0,))), Candidate(second, Sight((1,)))])
    assert priced.minor == 18_400
    assert priced.left[0].why is Unused.STANDS_APART


def test_what_leaves_lines_to_another_of_its_class_is_not_taken_for_one_that_takes_all() -> None:
    lines = lines_of((1_000, 1), (50, 1))
    nearly = an_offer(PercentOff(bps=9_200), "nearly")  # 966 off both
    cheap = an_offer(FixedPrice(minor=60), "cheap")  # 940 off the first, and leaves the second
    off = an_offer(Threshold(spend_minor=50, off_minor=40, repeats=False), "off")
    priced = price_basket(lines, seeing_all(lines, nearly, cheap, off))
    assert list(priced.prices) == [60, 10]
    assert priced.is_exact


def test_what_is_missing_for_the_next_discount() -> None:
    lines = lines_of((18_580, 1))
    off = an_offer(Threshold(spend_minor=20_000, off_minor=3_000, repeats=False))
    (left,) = price_basket(lines, seeing_all(lines, off)).left
    assert left.missing == Missing(minor=1_420, off_minor=3_000)
    bands = an_offer(Steps(steps=((10_000, 1_000), (20_000, 3_000))))
    (used,) = price_basket(lines, seeing_all(lines, bands)).used
    assert used.taken.missing == Missing(minor=1_420, off_minor=2_000)
    second = an_offer(LastOfGroup(pieces=2, last=1, off_bps=5_000, alike=False))
    (left,) = price_basket(lines, seeing_all(lines, second)).left
    assert left.missing == Missing(pieces=1)


def test_nothing_is_promised_where_reaching_it_would_take_something_away() -> None:
    lines = lines_of((18_580, 1))
    tenth = an_offer(PercentOff(bps=1_000), "tenth")
    off = an_offer(Threshold(spend_minor=20_000, off_minor=3_000, repeats=False), "off")
    (left,) = price_basket(lines, seeing_all(lines, tenth, off)).left
    assert (left.why, left.missing) == (Unused.NOT_REACHED, None)


def test_among_equals_the_fewest_offers_are_used_and_then_those_that_stand_earlier() -> None:
    lines = lines_of((1_000, 1), (1_000, 1))
    first, second = (an_offer(AmountOff(minor=100, each_piece=False), code) for code in "ab")
    both = an_offer(AmountOff(minor=200, each_piece=False), "c", is_exclusive=True)
    apart = [Candidate(first, Sight((0,))), Candidate(second, Sight((1,)))]
    assert [one.candidate for one in price_basket(lines, [*apart, Candidate(both, Sight((0, 1)))]).used] == [
        2
    ]
    twins = [Candidate(first, Sight((0,)), "one"), Candidate(first, Sight((0,)), "another")]
    assert [one.candidate for one in price_basket(lines, twins).used] == [0], (
        "two rights to the same: the earlier"
    )


def test_beyond_what_is_looked_at_the_best_that_was_seen_is_told_as_such() -> None:
    random = Random(5)
    lines = drawn_lines(random, most=1) + lines_of(*((random.randint(500, 3_000), 2) for _ in range(29)))
    offers = [
        an_offer(
            Threshold(spend_minor=9_000 + 700 * at, off_minor=800 + 90 * at, repeats=False),
            f"o{at}",
            stands=ORDER,
        )
        for at in range(25)
    ]
    priced = price_basket(lines, seeing_all(lines, *offers))
    assert not priced.is_exact
    greedy = priced_with(lines, seeing_all(lines, *offers), tuple(one.candidate for one in priced.used))
    assert greedy == list(priced.prices)
