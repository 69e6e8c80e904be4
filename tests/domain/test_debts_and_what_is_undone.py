"""What random lives found once, each by its smallest example: debts, reversals and voids."""

from __future__ import annotations

import pytest
from tests.builders import (
    a_currency,
    a_ladder,
    a_member,
    a_moment,
    a_past,
    a_program,
    a_purchase,
    a_rule,
    a_terms,
    a_tier,
    a_timeline,
    bought,
    earned_of,
)

from jifen.domain import decide, fold
from jifen.domain.program.meaning import Expiry, Program, Window, WindowKind
from jifen.domain.purchase import ReturnedLine, returned_after
from jifen.domain.timeline import timeline_of


def test_debt_by_an_adjustment_is_repaid_when_pending_units_mature() -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(debt_limit=50, pending_days=10)]))
    member = bought(timeline, a_member(timeline), a_purchase(1_000)).after
    member = decide.decide_units(
        timeline, member, fold.ADJUST_DOWN, currency=0, units=5, now=a_moment(1)
    ).after
    assert member.scalars[fold.NEXT_DUE_DAY] <= member.lots[0].matures_day
    later = decide.decide_advance(timeline, member, now=a_moment(30)).after
    assert (later.debt(0), later.lots[0].left) == (0, 5)


def test_no_more_of_a_lot_comes_back_than_was_opened() -> None:
    terms = a_terms(2, "points/b", expiry=Expiry(days=7), grace_days=5)
    timeline = a_timeline(
        a_program(a_rule(terms=2), currencies=[a_currency(debt_limit=50, more_terms=(terms,))])
    )
    p = a_purchase(700)
    b = bought(timeline, a_member(timeline), p)
    r = decide.decide_units(timeline, b.after, fold.REDEEM, currency=0, units=7, now=a_moment(1))
    back = returned_after(p.lines, {}, [ReturnedLine(number=1, quantity_milli=1000)])
    v = decide.decide_return(timeline, r.after, earned_of(timeline, b, p, {}), back, now=a_moment(2))
    u = decide.decide_reversal(
        timeline, v.after, origin=r.sequence, undoes=fold.REDEEM, moves=r.moves, units=7, now=a_moment(40)
    )
    assert all(lot.returned <= lot.opened for lot in u.after.lots)


def test_a_void_has_room_for_the_tiers_that_are_lifted_anew() -> None:
    segments = 4

    def prog(revision: int, day: int, reaches: list[int]) -> Program:
        ladder = a_ladder(
            *(a_tier(i, reach=r) for i, r in enumerate(reaches)),
            window=Window(kind=WindowKind.LIFE),
            keeps_days=1,
        )
        return a_program(ladder=ladder, revision=revision, effective_at=a_moment(day, hour=0))

    high = [0, *(10**6 + i for i in range(1, 6))]
    programs = [prog(1, -1, high)]
    for j in range(segments):
        programs.append(prog(2 * j + 2, 20 * (j + 1), [0, *(50 * j + 10 * i for i in range(1, 6))]))
        programs.append(prog(2 * j + 3, 20 * (j + 1) + 10, high))
    timeline = timeline_of(programs)
    x = a_purchase(10_000, at=a_moment(1), no="x")
    bx = bought(timeline, a_member(timeline), x)
    member, told = bx.after, [(bx, x)]
    for j in range(segments):
        for i in range(5):
            purchase = a_purchase(10, at=a_moment(20 * (j + 1) + 1 + i), no=f"{j}-{i}")
            told.append((bought(timeline, member, purchase), purchase))
            member = told[-1][0].after
    back = returned_after(x.lines, {}, [ReturnedLine(number=1, quantity_milli=1000)])
    decide.decide_return(
        timeline,
        member,
        earned_of(timeline, bx, x, {}),
        back,
        now=a_moment(20 * (segments + 1) + 5),
        past=a_past(timeline, *told),
        previous_on=a_moment(20 * segments + 5).date(),
    )


def test_a_piece_of_time_never_takes_the_clock_back_behind_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lots held until this evening, and an entry at noon: the first of two pieces leaves the clock at today."""
    monkeypatch.setattr(fold, "PIECE", 1)
    timeline = a_timeline(a_program(currencies=[a_currency()]))
    member = a_member(timeline)
    for number in range(2):
        member = bought(timeline, member, a_purchase(100, at=a_moment(number), no=str(number))).after
    member = decide.decide_units(
        timeline, member, fold.RESERVE, currency=0, units=2, now=a_moment(2), lapses_at=a_moment(2, hour=20)
    ).after
    today = member.scalars[fold.CLOCK_DAY]

    first = decide.decide_advance(timeline, member, now=a_moment(2, hour=21), is_piece=True).after

    assert len(first.holds) == fold.HOLD_WIDTH, "one of the two has come back"
    assert first.scalars[fold.CLOCK_DAY] == today
    second = decide.decide_advance(timeline, first, now=a_moment(2, hour=21), is_piece=True).after
    assert (second.holds, second.available(0, today)) == ([], 2)
