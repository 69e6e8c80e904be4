"""An event that names a lot that is not there is answered with LOT_MISSING before anything but time has had its effect."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest
from tests.builders import (
    a_currency,
    a_member,
    a_moment,
    a_past,
    a_program,
    a_purchase,
    a_rule,
    a_terms,
    a_timeline,
    earned_of,
)

from jifen.domain import fold
from jifen.domain.decide import (
    decide_gift_received,
    decide_purchase,
    decide_return,
    decide_reversal,
    decide_units,
)
from jifen.domain.decision import Decision
from jifen.domain.events import Leg, Slice
from jifen.domain.member import Member
from jifen.domain.program.meaning import Expiry
from jifen.domain.purchase import ReturnedLine, returned_after

TIMELINE = a_timeline(
    a_program(
        a_rule(),
        a_rule(2, terms=1, rate=(1, 50)),
        currencies=[
            a_currency(expiry=Expiry(days=30), debt_limit=1_000, more_terms=[a_terms(1, "points/bonus")])
        ],
    )
)
PURCHASE = a_purchase()
EVERYTHING = returned_after(PURCHASE.lines, {}, [ReturnedLine(number=1, quantity_milli=1_000)])
LATER = a_moment(60)  # a lot of thirty days is over by then: time has something to do first


@dataclass
class Seen:
    """The last call of the fold: its code, what it left, and what time alone would have left."""

    code: int = -1
    left: tuple[object, ...] = ()
    by_time_alone: tuple[object, ...] = ()
    calls: list[int] = field(default_factory=list)


def asking(call: Callable[[], Decision]) -> Seen:
    """What the fold answers to a decision that stops on it."""
    seen = Seen()
    real = fold.apply

    def apply(state: fold.State, asked: fold.Asked, numbers: fold.Numbers, out: fold.Out) -> int:
        event = asked.event
        timed, timed_asked, timed_out = deepcopy((state, asked, out))
        fold.advance(timed, numbers, timed_out, event[fold.EVENT_RECORDED_DAY], event[fold.EVENT_RECORDED_AT])
        seen.code = real(state, asked, numbers, out)
        seen.left = (state, asked, out)
        seen.by_time_alone = (timed, timed_asked, timed_out)
        return seen.code

    with patch.object(fold, "apply", apply), pytest.raises(AssertionError, match="no room or no lot"):
        call()
    return seen


def without(member: Member, number: int) -> Member:
    """Torn books: one lot is gone."""
    assert any(lot.number == number for lot in member.lots)
    return member._replace(lots=tuple(lot for lot in member.lots if lot.number != number))


def begun() -> tuple[Member, Decision]:
    """Somebody with a lot of his own, and a purchase that opened two."""
    member = decide_units(
        TIMELINE, a_member(TIMELINE), fold.ADJUST_UP, currency=0, units=40, now=a_moment()
    ).after
    bought = decide_purchase(TIMELINE, member, PURCHASE, now=a_moment(hour=13))
    assert [lot.origin for lot in bought.after.lots] == [1, 2, 2]
    return bought.after, bought


@pytest.mark.parametrize("is_void", [False, True], ids=["return", "void"])
@pytest.mark.parametrize("number", [2, 3])
def test_a_return_that_misses_one_lot_of_its_purchase_takes_nothing_of_the_others(
    number: int, is_void: bool
) -> None:
    member, bought = begun()
    earned = earned_of(TIMELINE, bought, PURCHASE, {})

    seen = asking(
        lambda: decide_return(
            TIMELINE,
            without(member, number),
            earned,
            EVERYTHING,
            now=LATER,
            past=a_past(TIMELINE, (bought, PURCHASE)) if is_void else None,
        )
    )

    assert seen.code == fold.LOT_MISSING
    assert seen.left == seen.by_time_alone


def _redeemed(member: Member) -> Decision:
    return decide_units(TIMELINE, member, fold.REDEEM, currency=0, units=340, now=a_moment(1))


def _brought(member: Member) -> Decision:
    return decide_units(TIMELINE, member, fold.ADJUST_UP, currency=0, units=7, now=a_moment(1))


def _charged(member: Member) -> Decision:
    return decide_units(TIMELINE, member, fold.ADJUST_DOWN, currency=0, units=400, now=a_moment(1))


def _given(member: Member) -> Decision:
    return decide_units(TIMELINE, member, fold.GIFT_OUT, currency=0, units=340, now=a_moment(1))


def _received(member: Member) -> Decision:
    slices = [Slice(0, fold.FAR, 5), Slice(1, fold.FAR, 6)]
    return decide_gift_received(TIMELINE, member, currency=0, slices=slices, now=a_moment(1))


@pytest.mark.parametrize(
    ("entry", "kind", "numbers"),
    [
        (_redeemed, fold.REDEEM, (1, 2, 3)),
        (_brought, fold.ADJUST_UP, (4,)),
        (_charged, fold.ADJUST_DOWN, (1, 2, 3)),
        (_given, fold.GIFT_OUT, (1, 2, 3)),
        (_received, fold.GIFT_IN, (4, 5)),
    ],
)
def test_a_reversal_that_misses_one_lot_of_its_entry_undoes_nothing_of_the_others(
    entry: Callable[[Member], Decision], kind: int, numbers: tuple[int, ...]
) -> None:
    done = entry(begun()[0])
    moved = {lot for lot in done.moves[fold.MOVE_LOT :: fold.MOVE_WIDTH] if lot}
    assert moved == set(numbers)

    for number in numbers:
        torn = without(done.after, number)
        seen = asking(
            lambda torn=torn: decide_reversal(  # type: ignore[misc]
                TIMELINE, torn, origin=done.sequence, undoes=kind, moves=done.moves, units=10**6, now=LATER
            )
        )
        assert seen.code == fold.LOT_MISSING, number
        assert seen.left == seen.by_time_alone, number


def test_a_leg_that_names_a_lot_that_is_not_there_takes_nothing_of_the_legs_before_it() -> None:
    member, _ = begun()
    legs = [Leg(fold.REDEEMED, 0, lot=3, units=10), Leg(fold.REDEEMED, 0, lot=9, units=10)]

    seen = asking(
        lambda: decide_purchase(TIMELINE, member, a_purchase(no="2", at=LATER), now=LATER, legs=legs)
    )

    assert seen.code == fold.LOT_MISSING
    assert seen.left == seen.by_time_alone


@pytest.mark.parametrize("way", [fold.W_SPENT, fold.W_COMMITTED, fold.W_OPENED])
@pytest.mark.parametrize("number", [0, -3, 99])
def test_a_reversal_of_a_movement_of_no_lot_writes_over_none(way: int, number: int) -> None:
    """Only what was owed was of no lot."""
    member, _ = begun()

    seen = asking(
        lambda: decide_reversal(
            TIMELINE, member, origin=1, undoes=fold.REDEEM, moves=[0, number, way, 5], units=5, now=LATER
        )
    )

    assert seen.code == fold.LOT_MISSING
    assert seen.left == seen.by_time_alone


def test_a_leg_that_names_its_lot_comes_before_those_that_may_draw_it() -> None:
    member, _ = begun()
    named, free = Leg(fold.REDEEMED, 0, lot=1, units=30), Leg(fold.REDEEMED, 0, units=300)
    purchase = a_purchase(no="2", at=a_moment(1))

    seen = asking(lambda: decide_purchase(TIMELINE, member, purchase, now=a_moment(1), legs=[free, named]))

    assert seen.code == fold.LEG_WRONG
    assert seen.left == seen.by_time_alone
    paid = decide_purchase(TIMELINE, member, purchase, now=a_moment(1), legs=[named, free])
    assert (
        paid.after.balance(0) == member.balance(0) - 330 + paid.results[0].granted + paid.results[1].granted
    )


def test_a_leg_brings_units_under_terms_of_its_own_currency() -> None:
    two = a_timeline(a_program(currencies=[a_currency(), a_currency(1, "stars")]))
    other = two.numbers.currencies[fold.CURRENCY_WIDTH + fold.CURRENCY_TERMS]

    seen = asking(
        lambda: decide_gift_received(
            two, a_member(two), currency=0, slices=[Slice(other, fold.FAR, 5)], now=a_moment()
        )
    )

    assert seen.code == fold.LEG_WRONG
    assert seen.left == seen.by_time_alone
