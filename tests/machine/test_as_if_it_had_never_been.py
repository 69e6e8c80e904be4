"""Fault of the kind "undo leaves traces", in real books: a void reads what was told since, and no more."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till
from tests.voided_lives import Happens, a_voided_life

from jifen.domain import fold
from jifen.operations.read_member import read_member

TIERS = """tiers:
  by: spend
  window_days: {window}
  keeps_days: 15
  list:
    - {{code: member, names: {{en: Member}}, reach: 0}}
    - {{code: silver, names: {{en: Silver}}, reach: 20000}}
    - {{code: gold, names: {{en: Gold}}, reach: 40000}}
"""
LIVES = 14
LOOKS = (0.3, 3, 7, 12, 20)


async def test_from_the_last_void_on_a_member_stands_where_he_would_stand_without_what_was_voided(
    fresh_database: FreshDatabase,
) -> None:
    """Late purchases, returns and reviews in between, in fourteen lives; each is lived by two, of whom one never bought
    what the other voids."""
    async with a_till(fresh_database, a_document(more=TIERS.format(window=20))) as till:
        opening = await till.now() - timedelta(days=300)
        to_do: list[tuple[float, int, int, Happens | None]] = []
        voided: dict[int, frozenset[int]] = {}
        members: dict[int, tuple[UUID, UUID]] = {}
        await till.set_now(opening - timedelta(days=1))
        for life in range(LIVES):
            story, voided[life] = a_voided_life(random.Random(life).choice, soonest=0.01)
            members[life] = await till.enrol(), await till.enrol()
            last = max(one.at for one in story if one.what == "void")
            to_do += [(one.at, 0, life, one) for one in story]
            to_do += [(last + more, 1, life, None) for more in LOOKS]
        for at, _, life, one in sorted(to_do, key=lambda step: step[:3]):
            await till.set_now(opening + timedelta(days=at))
            he, who_never = members[life]
            if one is None:
                assert await stands(till, he) == await stands(till, who_never), (life, at)
                continue
            for which, member in enumerate((he, who_never)):
                if which and one.number in voided[life]:
                    continue
                no = f"{life}-{which}-{one.number}"
                if one.what == "purchase":
                    occurred_at = opening + timedelta(days=one.occurred)
                    await till.buy(member, one.amount, no=no, at=occurred_at)
                else:
                    await till.bring_back(no, [(1, one.quantity)] if one.what == "return" else None)
        await till.assert_laws()


async def stands(till: Till, member: UUID) -> tuple[int, int]:
    """Tier and day of review."""
    told = (await read_member(till.ledger, member)).member
    return told.tier, told.ladders[fold.STANDS_REVIEW_DAY]


MERGED = {
    "what was bought before a merge, on the day on which a review had taken the tier": (
        10,
        [(0.5, 20_000, 0), (15.5, 0, 1_000), (16.5, 0, 0), (17.5, 0, -1)],
        (17.6, 24, 31),
    ),
    "what was bought after a merge of two of one tier": (
        8,
        [(0.5, 20_000, 0), (10.5, -20_000, 0), (12.5, 0, 0), (13.5, 0, 100), (14.5, 0, -1)],
        (14.6, 16.5, 20.5, 26.5, 41),
    ),
}
"""The window; days after the opening: what the member buys (below zero: what the other does), what is bought to be voided (-1:
its void), nothing of both: the other is merged into him; and when he is looked at."""


@pytest.mark.parametrize(("window", "story", "looks"), MERGED.values(), ids=MERGED)
async def test_a_void_after_a_merge_leaves_the_reviews_that_were_held_and_that_are_ahead(
    fresh_database: FreshDatabase, window: int, story: list[tuple[float, int, int]], looks: tuple[float, ...]
) -> None:
    async with a_till(fresh_database, a_document(more=TIERS.format(window=window))) as till:
        # The opening is a midnight of the shop, so that reviews fall between what happens.
        opening = (await till.now()).replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=120)
        await till.set_now(opening)
        pairs = [(await till.enrol(), await till.enrol()) for _ in range(2)]
        for day, amount, wrong in story:
            await till.set_now(opening + timedelta(days=day))
            for which, (member, other) in enumerate(pairs):
                if amount:
                    await till.buy(member if amount > 0 else other, abs(amount))
                elif wrong and which == 0:
                    if wrong > 0:
                        await till.buy(member, wrong, no="wrong")
                    else:
                        await till.bring_back("wrong")
                elif not wrong:
                    await till.merge(other, member)
        for day in looks:
            await till.set_now(opening + timedelta(days=day))
            assert await stands(till, pairs[0][0]) == await stands(till, pairs[1][0]), day
        await till.assert_laws()
