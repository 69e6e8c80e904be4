"""A member with a purchase that was voided stands, from then on, where he would stand had it never been."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import (
    a_ladder,
    a_member,
    a_moment,
    a_program,
    a_purchase,
    a_tier,
    a_timeline,
    bought,
    earned_of,
)
from tests.domain.worlds import examples
from tests.voided_lives import Happens, a_voided_life

from jifen.domain import fold
from jifen.domain.calendar import local_date
from jifen.domain.decide import decide_advance, decide_return
from jifen.domain.decision import Decision
from jifen.domain.past import PastEntry, past_of
from jifen.domain.purchase import Purchase
from jifen.domain.timeline import Timeline

OPENING = a_moment(0)
WHOLE = {1: 1_000}
LOOKS = (0.3, 1, 3, 7, 12, 20, 40)  # days after the void


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Happens], int]:
    """A life with a void, and the purchase that is voided."""
    return a_voided_life(lambda options: draw(st.sampled_from(options)))


def stands(timeline: Timeline, story: list[Happens], looks: list[float]) -> Iterator[tuple[int, int, int]]:
    """Tier, day of review and day of the last purchase at each look."""
    member = a_member(timeline)
    told: dict[int, tuple[Decision, Purchase]] = {}
    past: list[PastEntry] = []
    happens = [(one.at, one) for one in story] + [(at, None) for at in looks]
    for at, one in sorted(happens, key=lambda pair: (pair[0], pair[1] is None)):
        now = OPENING + timedelta(days=at)
        if one is None:
            member = decide_advance(timeline, member, now=now).after
            yield member.tier, member.ladders[fold.STANDS_REVIEW_DAY], member.last_purchase_day
            continue
        if one.what == "purchase":
            purchase = a_purchase(one.amount, at=OPENING + timedelta(days=one.occurred), no=str(one.number))
            decision = bought(timeline, member, purchase, now=now)
            told[one.number] = decision, purchase
            entry = PastEntry(
                decision.sequence, fold.PURCHASE, decision.row, purchase.occurred_at, now, one.amount, decision.results
            )  # fmt: skip
            past.append(entry)
        else:
            first, purchase = told[one.number]
            others = [bought.occurred_at for number, (_, bought) in told.items() if number != one.number]
            decision = decide_return(
                timeline, member, earned_of(timeline, first, purchase, {}), WHOLE, now=now,
                past=past_of(timeline, past) if one.what == "void" else None,
                previous_on=local_date(max(others), timeline.time_zone) if others else None,
            )  # fmt: skip
            back = PastEntry(
                decision.sequence, fold.RETURN, decision.row, purchase.occurred_at, now, purchase.amount_minor,
                decision.results, of=first.sequence, is_whole=True,
            )  # fmt: skip
            past.append(back)
        member = decision.after


@pytest.mark.parametrize("keeps_days", [15, 30])
@examples(300)
@given(lives())
def test_from_a_void_on_a_member_stands_where_he_would_stand_without_the_purchase(
    keeps_days: int, life: tuple[list[Happens], int]
) -> None:
    steps = (a_tier(0), a_tier(1, reach=20_000), a_tier(2, reach=40_000))
    timeline = a_timeline(a_program(ladder=a_ladder(*steps, window_days=20, keeps_days=keeps_days)))
    story, voided = life
    void = next(one for one in story if one.what == "void")
    looks = [void.at + more for more in LOOKS]

    never = list(stands(timeline, [one for one in story if one.number != voided], looks))

    assert list(stands(timeline, story, looks)) == never
