"""Days for windows: packed in one way only, and no more of them kept than the next occasions ask for."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import (
    a_ladder,
    a_member,
    a_moment,
    a_past,
    a_program,
    a_purchase,
    a_tier,
    a_timeline,
    as_kept,
    bought,
    earned_of,
)
from tests.domain.worlds import examples

from jifen.domain import fold
from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.decide import decide_return
from jifen.domain.member import days_asked_from, days_of_past_from
from jifen.domain.packing import DaysTorn, packed, unpacked
from jifen.domain.past import first_day

NUMBERS = st.one_of(st.integers(0, 3), st.integers(-300, 70_000), st.integers(-(1 << 62), 1 << 62))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], int]:
    """Rows in order of day, in any width; columns that are alike, or the same all over, are drawn often."""
    width = draw(st.integers(4, 7))
    n = draw(st.integers(0, 40))
    columns: list[list[int]] = [sorted(draw(st.sets(st.integers(-500, 90_000), min_size=n, max_size=n)))]
    for _ in range(1, width):
        alike = draw(st.integers(0, 3))
        if alike == 0 and n:
            columns.append([draw(NUMBERS)] * n)
        elif alike == 1:
            columns.append(list(draw(st.sampled_from(columns))))
        else:
            columns.append(draw(st.lists(NUMBERS, min_size=n, max_size=n)))
    return [number for row in zip(*columns, strict=True) for number in row], width


@examples(150)
@given(tables(), st.integers(-fold.FAR, fold.FAR))
def test_what_is_packed_is_unpacked_and_packs_to_the_same_bytes(
    table: tuple[list[int], int], first_day: int
) -> None:
    rows, width = table
    data = packed(rows, width, first_day)
    assert unpacked(data) == (rows, first_day)
    assert packed(unpacked(data)[0], width, first_day) == data


@examples(60)
@given(tables(), st.data())
def test_bytes_that_are_cut_off_are_refused_by_name(
    table: tuple[list[int], int], data: st.DataObject
) -> None:
    whole = packed(*table, 0)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(DaysTorn):
        unpacked(cut)


def test_two_visits_a_week_through_the_longest_window_take_little_room() -> None:
    draw = random.Random(3)
    rows: list[int] = []
    for day in range(20_000, 20_000 + 365 + fold.LATE_DAYS, 7):
        for visit in (day, day + 3):
            spent = draw.randrange(500, 60_000)
            rows += (visit, spent, 1, spent)
    assert len(rows) // 4 == 114
    assert len(packed(rows, 4, 20_000)) < 800


def test_a_row_keeps_the_longest_window_and_a_month_of_lateness() -> None:
    timeline = a_timeline(a_program(ladder=a_ladder(a_tier(0), a_tier(1, reach=10**9), window_days=30)))
    member = a_member(timeline)
    for day in range(0, 200, 5):
        member = bought(timeline, member, a_purchase(at=a_moment(day), no=str(day)), now=a_moment(day)).after
    width = fold.DAYS_COUNTED + 1
    today = member.days[-width]

    kept = as_kept(member, timeline)

    assert len(member.days) // width == 40
    assert kept.days_from == today - 30 - fold.LATE_DAYS + 1
    assert min(kept.days[::width]) >= kept.days_from
    assert kept.days == member.days[-len(kept.days) :]
    assert len(kept.days) // width == 13
    on_time, late, later = (
        days_asked_from(
            kept, timeline, row=0, on=today - days, today=today, now_at=kept.scalars[fold.CLOCK_AT]
        )
        < kept.days_from
        for days in (0, fold.LATE_DAYS, fold.LATE_DAYS + 1)
    )
    assert (on_time, late, later) == (False, False, True)


@st.composite
def years(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Purchases at most some weeks apart: the day, how many days later it arrives, the amount. Often one that lifts is last."""
    apart = draw(st.lists(st.sampled_from((7, 21, 30, 45)), min_size=3, max_size=25))
    late, amount = st.sampled_from((0, 0, 0, 2, 40)), st.sampled_from((5_000, 30_000, 70_000, 70_000))
    bought_on = [(day, draw(late), draw(amount)) for day in accumulate(apart)]
    day, arrives, _ = bought_on[-1]
    return [*bought_on[:-1], (day, arrives, draw(st.sampled_from((5_000, 260_000, 260_000))))]


@examples(400)
@given(years(), st.data(), st.booleans())
def test_a_void_asks_for_every_day_that_can_judge_the_member_again(
    bought_on: list[tuple[int, int, int]], data: st.DataObject, is_short: bool
) -> None:
    window, keeps = (60, 90) if is_short else (365, 365)
    steps = (a_tier(0), a_tier(1, reach=60_000), a_tier(2, reach=250_000))
    ladder = a_ladder(*steps, window_days=window, keeps_days=keeps)
    longer = a_ladder(*steps, window_days=2 * window, keeps_days=keeps)
    timeline = a_timeline(
        a_program(ladder=ladder), a_program(ladder=longer, revision=2, effective_at=a_moment(500))
    )
    member = a_member(timeline)
    done = []
    for number, (day, late, amount) in enumerate(sorted(bought_on, key=lambda one: one[0] + one[1])):
        purchase = a_purchase(amount, at=a_moment(day), no=str(number))
        decision = bought(timeline, member, purchase, now=a_moment(day + late, minute=number))
        member = decision.after
        done.append((decision, purchase))
    voided, purchase = data.draw(st.sampled_from([done[-1], *done]))
    last = max(day + late for day, late, _ in bought_on)
    now = a_moment(last + 1 + data.draw(st.sampled_from((0, 5, 80, 400))))
    earned = earned_of(timeline, voided, purchase, {})
    today = day_number(local_date(now, timeline.time_zone))
    past = a_past(timeline, *done)
    # What was told before the voided one, and before anything since then occurred, is not judged again: no till reads it.
    since = done.index((voided, purchase))
    while True:
        moment = min(epoch_micros(one.occurred_at) for _, one in done[since:])
        earlier = [
            at for at, (one, _) in enumerate(done[:since]) if one.after.scalars[fold.CLOCK_AT] >= moment
        ]
        if not earlier:
            break
        since = earlier[0]
    part = a_past(timeline, *done[since:])
    asked = min(
        days_of_past_from(timeline, on=first_day(part, timeline), today=today),
        days_asked_from(
            member, timeline, row=timeline.row_at(now), on=today, today=today, now_at=epoch_micros(now)
        ),
    )
    width = fold.DAYS_COUNTED + timeline.n_ladders
    kept = [
        n
        for at in range(0, len(member.days), width)
        if member.days[at] >= asked
        for n in member.days[at : at + width]
    ]
    whole = {line.number: line.quantity_milli for line in purchase.lines}

    with_all, with_asked = (
        decide_return(timeline, one, earned, whole, now=now, past=told).after
        for one, told in ((member, past), (member._replace(days=kept), part))
    )

    assert with_asked.ladders == with_all.ladders
    assert with_asked.history == with_all.history
    assert with_asked.scalars == with_all.scalars


def test_the_void_of_what_lifted_leaves_the_tier_and_the_review_that_were_there_before_it() -> None:
    """Silver since the first day and kept four times; gold for a day: without it the member is silver, as if never gold."""
    ladder = a_ladder(
        a_tier(0), a_tier(1, reach=60_000), a_tier(2, reach=250_000), window_days=60, keeps_days=90
    )
    timeline = a_timeline(a_program(ladder=ladder))
    member = a_member(timeline)
    for day in range(0, 390, 30):
        member = bought(timeline, member, a_purchase(70_000, at=a_moment(day), no=str(day))).after
    wrong = a_purchase(250_000, at=a_moment(400), no="wrong")
    gold = bought(timeline, member, wrong)
    assert gold.after.tier == 2
    earned, whole = earned_of(timeline, gold, wrong, {}), {line.number: 1_000 for line in wrong.lines}
    past = a_past(timeline, (gold, wrong))

    back = decide_return(timeline, gold.after, earned, whole, now=a_moment(401), past=past).after

    assert (back.ladders[:2], back.history) == (member.ladders[:2], member.history)
    on = first_day(past, timeline)
    assert days_of_past_from(timeline, on=on, today=on + 1) == on - 60 + 1
