"""Room: whoever has many lots, holds and debts and then anything at all happens to, the fold finds the room it was promised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import (
    a_currency,
    a_ladder,
    a_limit,
    a_member,
    a_moment,
    a_program,
    a_rule,
    a_terms,
    a_tier,
)
from tests.domain.life import KINDS, Life, assert_moves, assert_postings
from tests.domain.worlds import Step, examples

from jifen.domain import decide, fold, room
from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.decision import Decision
from jifen.domain.events import Leg, Slice
from jifen.domain.member import Lot, Member
from jifen.domain.program.meaning import BY_VISITS, Draw, Expiry, Grant, Period, Program, Terms
from jifen.domain.timeline import Timeline, timeline_of

# -- a shop with many currencies and rules -----------------------------------------------------------------------------------


class Shop(NamedTuple):
    """How many of everything there is."""

    currencies: int
    more_terms: int  # of each currency, beside its own
    rules: int  # for each terms
    debt_limit: int
    pending_days: int
    draw: Draw
    is_shared: bool  # all rules count against the same limits


shops = st.builds(
    Shop,
    currencies=st.integers(1, 5),
    more_terms=st.integers(0, 2),
    rules=st.integers(1, 5),
    debt_limit=st.sampled_from((0, 50, 10**6)),
    pending_days=st.sampled_from((0, 0, 4)),
    draw=st.sampled_from(Draw),
    is_shared=st.booleans(),
)


def program_of(shop: Shop) -> Program:
    """Every terms earns by several rules; two ladders."""
    currencies = []
    for c in range(shop.currencies):
        more: list[Terms] = []
        for i in range(shop.more_terms):
            number = shop.currencies + c * shop.more_terms + i
            expiry = (None, Expiry(days=7))[i]
            more.append(a_terms(number, f"terms-{number}", expiry=expiry, pending_days=i, grace_days=5 * i))
        currencies.append(
            a_currency(
                c, f"currency-{c}", expiry=(Expiry(days=20), None, Expiry(months=1))[c % 3],
                pending_days=shop.pending_days, debt_limit=shop.debt_limit, more_terms=more, draw=shop.draw,
            )
        )  # fmt: skip
    shared = [
        a_limit(400, number=900 + i, period=period)
        for i, period in enumerate((Period.PURCHASE, Period.WEEK, Period.LIFE))
    ]
    own = [(currency.number, one.number) for currency in currencies for one in currency.terms]
    rules = [
        a_rule(
            1 + at * shop.rules + i, grant=(Grant.FIXED, Grant.PER_AMOUNT)[i % 2], rate=((7, 1), (1, 100))[i % 2],
            currency=currency, terms=terms, caps=(100, 300, 900), shared=shared if shop.is_shared else (),
        )
        for at, (currency, terms) in enumerate(own)
        for i in range(shop.rules)
    ]  # fmt: skip
    return a_program(
        *rules,
        currencies=currencies,
        ladder=a_ladder(*(a_tier(i, reach=i * 10_000) for i in range(4)), window_days=10, keeps_days=1),
        more_ladders=[
            a_ladder(a_tier(4), a_tier(5, reach=2), currency=BY_VISITS, window_days=10, keeps_days=1)
        ],
    )


# -- a member with a crowd of lots ---------------------------------------------------------------------------------------------


class Crowd(NamedTuple):
    """How many lots and holds somebody has, and how they lie."""

    seed: int
    lots: int
    holds_each: int  # at most so many reservations hold of one lot
    lots_each: int  # of how many lots one reservation holds
    spread_days: int  # lots expire and mature within so many days
    owes: int


crowds = st.builds(
    Crowd,
    seed=st.integers(0, 2**32),
    lots=st.sampled_from((1, 5, 20, 60, 250, 250)),
    holds_each=st.sampled_from((4, 1, 0)),
    lots_each=st.sampled_from((1, 1, 3, 40)),
    spread_days=st.sampled_from((1, 30, 400)),
    owes=st.sampled_from((0, 0, 1, 90, 5_000)),
)


def member_of(timeline: Timeline, crowd: Crowd) -> Member:
    """Somebody to whom a lot of things happened: as the books would have him, on the day on which the shop opens."""
    draw = Random(crowd.seed)
    member, now = a_member(timeline), a_moment()
    today = day_number(local_date(now, timeline.time_zone))
    currency_of = {
        terms.number: currency.number for currency in timeline.newest.currencies for terms in currency.terms
    }
    owing = [
        draw.randint(0, min(crowd.owes, currency.debt_limit)) if draw.random() < 0.7 else 0
        for currency in timeline.newest.currencies
    ]
    lots: list[Lot] = []
    holds: list[list[int]] = []
    promised: list[tuple[int, int]] = []
    for number in range(1, crowd.lots + 1):
        terms = draw.choice(sorted(currency_of))
        currency = currency_of[terms]
        expires = today + draw.randint(-5, crowd.spread_days)
        matures = min(expires, today + draw.randint(-crowd.spread_days, crowd.spread_days // 2))
        left = draw.randint(0, 9)
        if expires < today or (owing[currency] and matures <= today):
            left = 0
        held = [draw.randint(1, 5) for _ in range(draw.randint(0, crowd.holds_each))]
        promised += [(number, units) for units in held]
        gone, expired, returned = draw.randint(0, 3), draw.randint(0, 3), draw.randint(0, 3)
        opened = left + sum(held) + gone + expired + returned
        lots.append(
            Lot(
                number,
                terms,
                currency,
                left,
                sum(held),
                gone,
                expired,
                returned,
                expires,
                matures,
                number,
                opened,
            )
        )
    draw.shuffle(promised)
    promised.sort(key=lambda one: lots[one[0] - 1].currency)  # a reservation is of one currency
    reservation = full = 0
    of = -1
    for number, units in promised:
        if full == 0 or lots[number - 1].currency != of:
            reservation, full, of = reservation + 1, crowd.lots_each, lots[number - 1].currency
        full -= 1
        lapses_at = now + timedelta(hours=1 + reservation * 37 % 700)
        day = day_number(local_date(lapses_at, timeline.time_zone))
        holds.append([reservation, number, units, epoch_micros(lapses_at), day])
    scalars = list(member.scalars)
    scalars[fold.SEQUENCE] = scalars[fold.LOTS_OPENED] = max(crowd.lots, len(holds))
    scalars[fold.CLOCK_DAY], scalars[fold.CLOCK_AT] = today, epoch_micros(now)
    scalars[fold.NEXT_LAPSE_AT] = min((hold[fold.HOLD_LAPSES_AT] for hold in holds), default=fold.FAR_AT)
    scalars[fold.NEXT_DUE_DAY] = fold.FAR
    for currency, owed in enumerate(owing):
        worth = sum(lot.left + lot.held for lot in lots if lot.currency == currency)
        b = fold.BALANCES + currency * fold.BALANCE_WIDTH
        scalars[b + fold.BALANCE], scalars[b + fold.DEBT] = worth - owed, owed
        due = [lot.matures_day for lot in lots if owed and lot.left and lot.currency == currency]
        due += [lot.expires_day + 1 for lot in lots if lot.left]
        scalars[fold.NEXT_DUE_DAY] = min([scalars[fold.NEXT_DUE_DAY], *due])
    return member._replace(
        scalars=scalars, lots=tuple(lots), holds=[number for hold in holds for number in hold]
    )


class CrowdedLife(Life):
    """A life that begins in a crowd, in all the currencies that there are."""

    def __init__(self, timeline: Timeline, crowd: Crowd) -> None:
        super().__init__(timeline)
        self.member, self.now = member_of(timeline, crowd), a_moment()
        self.reservations = sorted(set(self.member.holds[fold.HOLD_RESERVATION :: fold.HOLD_WIDTH]))

    def currency(self, step: Step) -> int:
        return step.b % self.timeline.n_currencies

    def portion(self, quarters: int, currency: int = 0) -> int:
        now = decide.decide_advance(self.timeline, self.member, now=self.now).after
        return max(1, now.available(currency, self.day) * quarters // 4)

    def paid_with(self, step: Step) -> list[Leg]:
        """Out of every currency that has something, and with what one reservation holds."""
        now = decide.decide_advance(self.timeline, self.member, now=self.now).after
        have = [now.available(currency, self.day) for currency in range(self.timeline.n_currencies)]
        legs = [
            Leg(fold.REDEEMED, c, units=max(1, units * step.b // 4))
            for c, units in enumerate(have)
            if units and step.b
        ]
        held = sorted(set(now.holds[fold.HOLD_RESERVATION :: fold.HOLD_WIDTH]))
        return legs + ([Leg(fold.SPEND_HELD, reservation=held[-1])] if held and step.b > 1 else [])

    def _units(self, step: Step) -> Decision:
        currency = self.currency(step)
        units = self.portion(step.a, currency)
        if step.what == "adjust_down" and step.a == 4:
            units += max(0, self.timeline.newest.currencies[currency].debt_limit - self.member.debt(currency))
        return decide.decide_units(
            self.timeline, self.member, KINDS[step.what], currency=currency, units=units, now=self.now
        )

    def reserve(self, step: Step) -> Decision:
        currency = self.currency(step)
        decision = decide.decide_units(
            self.timeline, self.member, fold.RESERVE, currency=currency, units=self.portion(step.a, currency),
            now=self.now, lapses_at=self.now + timedelta(hours=1 + step.b),
        )  # fmt: skip
        self.reservations.append(decision.sequence)
        return decision

    def _end(self, step: Step, *, is_committed: bool) -> Decision | None:
        now = decide.decide_advance(self.timeline, self.member, now=self.now).after
        self.reservations = (
            sorted(set(now.holds[fold.HOLD_RESERVATION :: fold.HOLD_WIDTH])) or self.reservations
        )
        return super()._end(step, is_committed=is_committed)

    def _slices(self, step: Step, currency: int) -> list[Slice]:
        own = [terms.number for terms in self.timeline.newest.currencies[currency].terms]
        return [Slice(own[i % len(own)], self.day + i % 9 - 3, 1 + i % 4) for i in range(step.a * step.a)]

    def gift_in(self, step: Step) -> Decision:
        currency = self.currency(step)
        slices = self._slices(step, currency)
        return decide.decide_gift_received(
            self.timeline, self.member, currency=currency, slices=slices, now=self.now
        )

    def opening(self, step: Step) -> Decision:
        currency = self.currency(step)
        slices = self._slices(step, currency)
        return decide.decide_opening(
            self.timeline, self.member, currency=currency, slices=slices, now=self.now
        )


@contextmanager
def room_watched() -> Iterator[list[int]]:
    """Every call of the fold in here is held against the room that it was promised; yields the kinds that happened."""
    happened: list[int] = []
    real = fold.apply

    def apply(state: fold.State, asked: fold.Asked, numbers: fold.Numbers, out: fold.Out) -> int:
        lots, holds = state.member[fold.LOTS], state.member[fold.HOLDS]
        promised = room.rows_of_one(
            lots,
            holds,
            len(asked.hits) // fold.HIT_WIDTH,
            len(asked.legs) // fold.LEG_WIDTH,
            len(asked.moves) // fold.MOVE_WIDTH + room.brought(asked.carried).lots,
            numbers.revisions[fold.REVISION_CURRENCIES],
            numbers.revisions[fold.REVISION_TERMS],
        )
        code = real(state, asked, numbers, out)
        assert code in (fold.DONE, fold.NOT_ENOUGH, fold.NOT_RESERVED)
        assert out.issues[fold.BROKEN] == 0
        assert state.member[fold.LOTS] - lots <= promised.lots_opened
        assert out.posted[0] <= promised.postings
        assert out.moved[0] <= promised.movements
        assert state.member[fold.HOLDS] <= promised.holds
        if code == fold.DONE:
            happened.append(asked.event[fold.EVENT_KIND])
        return code

    with patch.object(fold, "apply", apply):
        yield happened


# -- the property ----------------------------------------------------------------------------------------------------------------

_minutes = st.sampled_from((0, 0, 60, 1_440, 9 * 1_440, 500 * 1_440))
_lines = st.lists(
    st.tuples(st.sampled_from((0, 3_333, 25_050)), st.sampled_from((1_000, 3_000))), min_size=1, max_size=3
).map(tuple)
_back = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=3).map(tuple)
_nothing: st.SearchStrategy[tuple[tuple[int, int], ...]] = st.just(())


def _steps(
    *kinds: str, parts: st.SearchStrategy[tuple[tuple[int, int], ...]] = _nothing
) -> st.SearchStrategy[Step]:
    return st.builds(Step, _minutes, st.sampled_from(kinds), st.integers(1, 4), st.integers(0, 4), parts)


_buys = _steps("buy", parts=_lines)
_moves = _steps("redeem", "reserve", "adjust_up", "adjust_down", "gift_out", "gift_in", "opening")
_ends = st.one_of(
    _buys,
    _steps("return", "void", parts=_back),
    _steps("commit", "release"),
    _steps("reverse"),
    _steps("wait"),
    _moves,
)


@examples(70)
@given(
    shops, crowds, _buys, st.lists(_moves, min_size=1, max_size=3), st.lists(_ends, min_size=1, max_size=3)
)
def test_whatever_happens_to_somebody_with_a_crowd_of_lots_has_room(
    shop: Shop, crowd: Crowd, bought: Step, moved: list[Step], ends: list[Step]
) -> None:
    life = CrowdedLife(timeline_of([program_of(shop)]), crowd)
    with room_watched():
        for step in (bought, *moved, *ends):
            told = life.take(step)
            if told is not None:
                assert_postings(told.decision)
                assert_moves(life, told.decision)


_SHOP = Shop(
    currencies=2,
    more_terms=2,
    rules=4,
    debt_limit=10**6,
    pending_days=4,
    draw=Draw.BY_EXPIRY,
    is_shared=False,
)
_YEAR = 366 * 1_440


@pytest.mark.parametrize(
    ("crowd", "happens", "rows"),
    [
        pytest.param(
            Crowd(seed=1, lots=150, holds_each=8, lots_each=1, spread_days=1, owes=0), [Step(_YEAR, "wait")],
            (0, 300, 600), id="every hold comes back to a lot whose day is over",
        ),
        pytest.param(
            Crowd(seed=2, lots=150, holds_each=0, lots_each=1, spread_days=30, owes=5_000), [Step(_YEAR, "wait")],
            (0, 0, 60), id="each lot that matures repays a part of a debt",
        ),
        pytest.param(
            Crowd(seed=3, lots=150, holds_each=0, lots_each=1, spread_days=30, owes=0),
            [Step(0, "redeem", 4, 0), Step(_YEAR, "reverse")],
            (8, 30, 60), id="a redemption out of lots that are over is undone: some live on as new ones",
        ),
        pytest.param(
            Crowd(seed=4, lots=150, holds_each=1, lots_each=150, spread_days=400, owes=0),
            [Step(0, "adjust_down", 4, 0), Step(0, "release", 0)],
            (0, 0, 60), id="a reservation of every lot is let go into a debt",
        ),
        pytest.param(
            Crowd(seed=5, lots=1, holds_each=0, lots_each=1, spread_days=1, owes=0), [Step(0, "gift_in", 14, 0)],
            (196, 200, 260), id="a gift of many slices of which some are over",
        ),
        pytest.param(
            Crowd(seed=6, lots=150, holds_each=1, lots_each=20, spread_days=1, owes=0),
            [Step(0, "reserve", 4, 0), Step(0, "reserve", 4, 1), Step(0, "buy", 30, 4, ((25_050, 1_000),) * 3)],
            (6, 6, 6), id="a late purchase by many rules in every terms",
        ),
    ],
)  # fmt: skip
def test_what_fills_most_has_room(crowd: Crowd, happens: list[Step], rows: tuple[int, int, int]) -> None:
    """Each of these fills some table as far as anything does; `rows` are lots, postings and movements that there must be."""
    life = CrowdedLife(timeline_of([program_of(_SHOP)]), crowd)
    with room_watched():
        life.live(happens)

    assert not life.refused
    last = life.told[-1].decision
    filled = (
        len(last.after.lots) - len(last.before.lots),
        len(last.postings),
        len(last.moves) // fold.MOVE_WIDTH,
    )
    assert all(have >= least for have, least in zip(filled, rows, strict=True)), filled
