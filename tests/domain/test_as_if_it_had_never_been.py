"""A member with a purchase that was voided stands, from then on, where he would stand had it never been."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

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
from jifen.domain.program.meaning import BY_VISITS
from jifen.domain.purchase import Purchase
from jifen.domain.timeline import Timeline

OPENING = a_moment(0)
LOOKS = (0.3, 1, 3, 7, 12, 20, 40)  # days after the last void


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Happens], frozenset[int]]:
    """A life with voids, and the purchases that are voided."""
    return a_voided_life(lambda options: draw(st.sampled_from(options)))


class Living:
    """A member as he is told, and what a void asks of his journal."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.member = a_member(timeline)
        self.told: dict[int, tuple[Decision, Purchase]] = {}
        self.returned: dict[int, int] = {}  # by number of purchase
        self.past: list[PastEntry] = []

    def buy(self, one: Happens, now: datetime) -> None:
        purchase = a_purchase(one.amount, at=OPENING + timedelta(days=one.occurred), no=str(one.number))
        decision = bought(self.timeline, self.member, purchase, now=now)
        self.told[one.number] = decision, purchase
        self._remember(fold.PURCHASE, decision, purchase, now, one.amount)

    def bring_back(self, one: Happens, now: datetime) -> None:
        first, purchase = self.told[one.number]
        was = self.returned.get(one.number, 0)
        after = self.returned[one.number] = 1_000 if one.what == "void" else one.quantity
        is_void = one.what == "void"
        others = [other.occurred_at for number, (_, other) in self.told.items() if number != one.number]
        decision = decide_return(
            self.timeline, self.member, earned_of(self.timeline, first, purchase, {1: was} if was else {}), {1: after},
            now=now, past=past_of(self.timeline, self.past) if is_void else None,
            previous_on=local_date(max(others), self.timeline.time_zone) if others else None,
        )  # fmt: skip
        if is_void:
            del self.told[one.number]
            self.past = [entry for entry in self.past if first.sequence not in {entry.sequence, entry.of}]
            self.member = decision.after
        else:
            amount = purchase.amount_minor * after // 1_000 - purchase.amount_minor * was // 1_000
            is_whole = after == 1_000
            self._remember(fold.RETURN, decision, purchase, now, amount, of=first.sequence, is_whole=is_whole)

    def _remember(
        self,
        kind: int,
        decision: Decision,
        purchase: Purchase,
        now: datetime,
        amount: int,
        *,
        of: int = 0,
        is_whole: bool = False,
    ) -> None:
        entry = PastEntry(
            decision.sequence, kind, decision.row, purchase.occurred_at, now, amount, decision.results, of, is_whole
        )  # fmt: skip
        self.past.append(entry)
        self.member = decision.after


def stands(timeline: Timeline, story: list[Happens], looks: list[float]) -> Iterator[tuple[list[int], int]]:
    """Tier and day of review on each ladder, and the day of the last purchase, at each look."""
    living = Living(timeline)
    happens = [(one.at, one) for one in story] + [(at, None) for at in looks]
    for at, one in sorted(happens, key=lambda pair: (pair[0], pair[1] is None)):
        now = OPENING + timedelta(days=at)
        if one is None:
            living.member = decide_advance(timeline, living.member, now=now).after
            ladders = living.member.ladders
            tiers, reviews = (
                ladders[:: fold.STANDS_WIDTH],
                ladders[fold.STANDS_REVIEW_DAY :: fold.STANDS_WIDTH],
            )
            yield [*tiers, *reviews], living.member.last_purchase_day
        elif one.what == "purchase":
            living.buy(one, now)
        else:
            living.bring_back(one, now)


def a_shop(keeps_days: int, *, second_on: float | None) -> Timeline:
    """Two ladders, by money and by visits; perhaps a second revision, within a day, with other steps and another time kept."""
    visits = a_ladder(a_tier(4), a_tier(5, reach=2), currency=BY_VISITS, window_days=9, keeps_days=keeps_days)
    first = (a_tier(0), a_tier(1, reach=20_000), a_tier(2, reach=40_000))
    programs = [
        a_program(ladder=a_ladder(*first, window_days=20, keeps_days=keeps_days), more_ladders=[visits])
    ]
    if second_on is not None:
        then = (a_tier(0), a_tier(1, reach=15_000), a_tier(2, reach=52_000))
        ladder = a_ladder(*then, window_days=30, keeps_days=keeps_days + 4)
        at = OPENING + timedelta(days=second_on)
        programs.append(a_program(ladder=ladder, more_ladders=[visits], revision=2, effective_at=at))
    return a_timeline(*programs)


@pytest.mark.parametrize("second_on", [None, 13.05])
@pytest.mark.parametrize("keeps_days", [15, 30])
@examples(200)
@given(lives())
def test_from_the_last_void_on_a_member_stands_where_he_would_stand_without_what_was_voided(
    keeps_days: int, second_on: float | None, life: tuple[list[Happens], frozenset[int]]
) -> None:
    timeline = a_shop(keeps_days, second_on=second_on)
    story, voided = life
    last = max(one.at for one in story if one.what == "void")
    looks = [last + more for more in LOOKS]

    never = list(stands(timeline, [one for one in story if one.number not in voided], looks))

    assert list(stands(timeline, story, looks)) == never


def test_a_lift_that_was_judged_by_the_revision_of_the_day_before_keeps_its_review() -> None:
    """Told on the afternoon of a new revision, it lifted by the one of its moment: a void does not ask the newer one."""
    steps = (a_tier(0), a_tier(1, reach=20_000))
    programs = [
        a_program(
            ladder=a_ladder(*steps, window_days=60, keeps_days=keeps), revision=revision, effective_at=at
        )
        for revision, keeps, at in (
            (1, 15, OPENING - timedelta(days=9)),
            (2, 40, OPENING + timedelta(days=10.5)),
        )
    ]
    story = [
        Happens(10.4, "purchase", 1, 10.4, 10_000),
        Happens(10.8, "purchase", 2, 9.5, 10_000),
        Happens(11.5, "purchase", 3, 11.5, 1_000),
        Happens(12.5, "void", 3),
    ]
    looks = [13.0, 24.0, 26.0, 51.0]

    never = list(stands(a_timeline(*programs), [one for one in story if one.number != 3], looks))

    assert list(stands(a_timeline(*programs), story, looks)) == never
