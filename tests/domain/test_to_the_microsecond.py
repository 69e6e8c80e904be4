"""Moments are kept and told to the microsecond: nothing happens up to a second too early, or too late."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import (
    SOMEBODY,
    a_ladder,
    a_member,
    a_moment,
    a_program,
    a_purchase,
    a_rule,
    a_tier,
    a_timeline,
    bought,
    units_granted,
)
from tests.domain.worlds import examples

from jifen.api.render import reservation_answer
from jifen.domain import fold
from jifen.domain.calendar import epoch_micros, moment_of_micros
from jifen.domain.decide import decide_advance, decide_reservation_end, decide_units
from jifen.domain.decision import Decision
from jifen.domain.member import Member
from jifen.domain.refusals import PointsMissing, ReservationOver
from jifen.domain.timeline import Timeline

A_MICROSECOND = timedelta(microseconds=1)
moments = st.integers(epoch_micros(a_moment(2)), epoch_micros(a_moment(700))).map(moment_of_micros)
lapsing = pytest.mark.parametrize(
    "lapses_at",
    [
        a_moment(3) + timedelta(microseconds=1),
        a_moment(3) + timedelta(microseconds=500_000),
        a_moment(3) + timedelta(microseconds=999_999),
        a_moment(3),
        a_moment(3, hour=0),  # the first moment of a day
        a_moment(3, hour=0) - A_MICROSECOND,
    ],
)


def with_everything_reserved(timeline: Timeline, lapses_at: datetime) -> Decision:
    member = decide_units(
        timeline, a_member(timeline), fold.ADJUST_UP, currency=0, units=100, now=a_moment()
    ).after
    return decide_units(
        timeline, member, fold.RESERVE, currency=0, units=100, now=a_moment(1), lapses_at=lapses_at
    )


@lapsing
def test_a_reservation_stands_until_the_microsecond_before_it_lapses(lapses_at: datetime) -> None:
    timeline = a_timeline()
    reserved = with_everything_reserved(timeline, lapses_at)
    now = lapses_at - A_MICROSECOND

    assert not decide_advance(timeline, reserved.after, now=now).has_effect
    with pytest.raises(PointsMissing):
        decide_units(timeline, reserved.after, fold.REDEEM, currency=0, units=1, now=now)
    committed = decide_reservation_end(
        timeline, reserved.after, reservation=reserved.sequence, is_committed=True, now=now
    )
    assert committed.after.balance(0) == 0


@lapsing
def test_a_reservation_is_over_at_the_microsecond_at_which_it_lapses(lapses_at: datetime) -> None:
    timeline = a_timeline()
    reserved = with_everything_reserved(timeline, lapses_at)

    with pytest.raises(ReservationOver):
        decide_reservation_end(
            timeline, reserved.after, reservation=reserved.sequence, is_committed=True, now=lapses_at
        )
    lapsed = decide_advance(timeline, reserved.after, now=lapses_at)
    assert (lapsed.after.lots[0].left, lapsed.after.holds) == (100, [])
    redeemed = decide_units(timeline, reserved.after, fold.REDEEM, currency=0, units=100, now=lapses_at)
    assert redeemed.after.balance(0) == 0


def test_of_two_reservations_that_lapse_a_microsecond_apart_one_is_over() -> None:
    timeline = a_timeline()
    lapses_at = a_moment(3)
    member = decide_units(
        timeline, a_member(timeline), fold.ADJUST_UP, currency=0, units=100, now=a_moment()
    ).after
    for later in (0, 1):
        member = decide_units(
            timeline, member, fold.RESERVE, currency=0, units=50, now=a_moment(1),
            lapses_at=lapses_at + later * A_MICROSECOND,
        ).after  # fmt: skip

    after = decide_advance(timeline, member, now=lapses_at).after

    assert (after.lots[0].left, after.lots[0].held) == (50, 50)
    assert after.scalars[fold.NEXT_LAPSE_AT] == epoch_micros(lapses_at + A_MICROSECOND)


@examples(100)
@given(moments)
def test_what_is_told_of_a_reservation_is_the_microsecond_at_which_it_lapses(lapses_at: datetime) -> None:
    held = with_everything_reserved(a_timeline(), lapses_at).after.holds[fold.HOLD_LAPSES_AT]
    answer = {
        "reservation_id": str(UUID(int=1)), "member_id": str(SOMEBODY), "sequence": 2, "currency": "points", "units": 100,
        "status": "open", "lapses_at": lapses_at.isoformat(), "balance_after": 100,
    }  # fmt: skip

    told = reservation_answer(answer)["lapses_at"]

    assert epoch_micros(datetime.fromisoformat(told)) == held == epoch_micros(lapses_at)
    assert moment_of_micros(held) == lapses_at


# -- tiers -----------------------------------------------------------------------------------------------------------------

_LADDER = a_ladder(a_tier(), a_tier(1, reach=300_000, multiplier=(2, 1)))


def lifted(timeline: Timeline, at: datetime) -> Member:
    """Somebody whom a purchase lifts at a moment, and who tells of it much later."""
    return bought(timeline, a_member(timeline), a_purchase(300_000, at=at), now=at + timedelta(hours=1)).after


@examples(60)
@given(moments, st.sampled_from((-1, 0, 1)))
def test_a_late_purchase_is_judged_by_the_tier_of_its_own_microsecond(at: datetime, later: int) -> None:
    timeline = a_timeline(a_program(a_rule(by_tier=True), ladder=_LADDER))
    member = lifted(timeline, at)

    late = bought(
        timeline,
        member,
        a_purchase(10_000, at=at + later * A_MICROSECOND, no="late"),
        now=at + timedelta(hours=2),
    )

    assert units_granted(late) == (100 if later < 0 else 200)


@examples(60)
@given(moments)
def test_a_tier_is_held_from_the_microsecond_that_its_purchase_told(at: datetime) -> None:
    member = lifted(a_timeline(a_program(ladder=_LADDER)), at)

    row = member.history[-fold.HISTORY_WIDTH :]

    assert row[fold.HISTORY_TIER] == 1
    assert row[fold.HISTORY_AT] == epoch_micros(datetime.fromisoformat(at.isoformat())) == epoch_micros(at)
    assert row[fold.HISTORY_CAUSE] == member.sequence
