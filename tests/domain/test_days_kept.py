"""Days for windows: packed in one way only, and no more of them kept than the next occasions ask for."""

from __future__ import annotations

import random

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
    as_kept,
    bought,
)
from tests.domain.worlds import examples

from jifen.domain import fold
from jifen.domain.member import days_asked_from
from jifen.domain.packing import DaysTorn, packed, unpacked

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
