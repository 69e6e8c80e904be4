"""Ladders over years and revisions that change them in the middle: voids, late purchases, merges, and who is looked at, on real
books."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till
from tests.publishing import put_in_force

from jifen.domain import fold
from jifen.operations.read_member import read_member

OPENING = datetime(2019, 12, 20, 4, tzinfo=UTC)  # noon in Shanghai, before a leap year
LIVES = 10


def ladder(how: str) -> str:
    """Three tiers by money, of which two are kept by less than they ask."""
    return f"""tiers:
  by: spend
  {{{how}}}
  list:
    - {{code: member, names: {{en: Member}}, reach: 0}}
    - {{code: silver, names: {{en: Silver}}, reach: 20000, keep: 10000}}
    - {{code: gold, names: {{en: Gold}}, reach: 40000, keep: 30000}}
"""


def tiers(how: str) -> str:
    """The ladder with its fields in a line."""
    fields = "\n  ".join(part.strip() for part in how.split(";"))
    return ladder("").replace("{}", fields)


CHANGES = {
    "days of grace come and go": [
        "window: calendar_year; keeps_until: {year_ends: 2}; grace_days: 0",
        "window: calendar_year; keeps_until: {year_ends: 2}; grace_days: 30",
        "window: calendar_year; keeps_until: {year_ends: 2}; grace_days: 0",
        "window: calendar_year; keeps_until: {year_ends: 1}; grace_days: 30; downgrade: one_level",
    ],
    "the window becomes another": [
        "window_days: 60; keeps_days: 40",
        "window: membership_year; keeps_until: {anniversaries: 1}; grace_days: 20",
        "window: life; keeps_until: {month_ends: 2}; downgrade: base",
        "window: calendar_year; keeps_until: {year_ends: 1}",
    ],
    "what never fell falls": [
        "window: calendar_year; keeps_until: {year_ends: 1}; downgrade: none",
        "window: calendar_year; keeps_until: {year_ends: 1}; downgrade: base",
        "window: membership_year; keeps_until: {anniversaries: 1}; downgrade: none; grace_days: 10",
        "window_days: 30; keeps_days: 60; downgrade: one_level; grace_days: 10",
    ],
}
BEGIN = (0, 390, 700, 1_100)  # days after the opening on which each is published
LOOKS = (0.4, 12, 45, 200, 370)


class Step(NamedTuple):
    """What happens to a life, so many days after the opening."""

    at: float
    what: str
    number: int
    occurred: float = 0
    amount: int = 0


def a_life(choose: random.Random) -> list[Step]:
    """Purchases around the ends of years, anniversaries and revisions, some told late, and two voids."""
    story: list[Step] = []
    near = (
        12,
        13,
        377,
        378,
        379,
        388,
        391,
        395,
        699,
        701,
        743,
        744,
        745,
        760,
        1_099,
        1_101,
        1_108,
        1_109,
        1_120,
    )
    for number in range(12):
        occurred = choose.choice(near) + choose.choice((0.0, 0.1, 0.45, 0.6, 3, 9))
        told = occurred + choose.choice((0.0, 0.0, 0.02, 1, 6, 20, 35))
        story.append(Step(told, "buy", number, occurred, choose.choice((5_000, 10_000, 20_000, 30_000))))
    for number in choose.sample(range(12), 3):
        bought = story[number].at
        story.append(Step(bought + choose.choice((0.01, 1, 15, 40, 300)), "void", number))
    return sorted(story)


async def stands(till: Till, member: UUID) -> tuple[int, int]:
    """Tier and day of review."""
    told = (await read_member(till.ledger, member)).member
    return told.tier, told.ladders[fold.STANDS_REVIEW_DAY]


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
async def test_over_years_of_other_ladders_a_void_leaves_nothing_and_who_looks_changes_nothing(
    fresh_database: FreshDatabase, changes: list[str]
) -> None:
    """Of three with one life one voids, one never bought what is voided, and one is looked at now and then."""
    async with a_till(fresh_database, a_document(more=tiers(changes[0]))) as till:
        to_do: list[tuple[float, int, int, Step | None]] = []
        for row, day in enumerate(BEGIN[1:], start=1):
            to_do.append((day, -1, row, None))
        await till.set_now(OPENING - timedelta(days=10))
        trios: list[list[UUID]] = []
        voided: list[set[int]] = []
        for life in range(LIVES):
            await till.set_now(OPENING - timedelta(days=10 - life))
            trios.append([await till.enrol() for _ in range(3)])
            story = a_life(random.Random(f"{life}{changes}"))
            voided.append({one.number for one in story if one.what == "void"})
            to_do += [(one.at, 0, life, one) for one in story]
            last = max(one.at for one in story if one.what == "void")
            to_do += [(last + more, 1, life, None) for more in LOOKS]
        for at, order, which, one in sorted(to_do, key=lambda step: step[:3]):
            await till.set_now(OPENING + timedelta(days=at))
            if order < 0:
                await put_in_force(till.ledger, a_document(more=tiers(changes[which])))
                continue
            if one is None:
                found = [await stands(till, member) for member in trios[which]]
                assert found[0] == found[1] == found[2], (which, at, found)
                await till.adjust(trios[which][2], 1)
                continue
            for twin, member in enumerate(trios[which]):
                if twin == 1 and one.number in voided[which]:
                    continue
                no = f"{which}-{twin}-{one.number}"
                if one.what == "buy":
                    await till.buy(member, one.amount, no=no, at=OPENING + timedelta(days=one.occurred))
                else:
                    await till.bring_back(no)
        await till.assert_laws()
