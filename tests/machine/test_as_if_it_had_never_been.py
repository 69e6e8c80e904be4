"""Fault of the kind "undo leaves traces", in real books: a void reads what was told since, and no more."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till
from tests.voided_lives import Happens, a_voided_life

from jifen.domain import fold
from jifen.operations.read_member import read_member

TIERS = """tiers:
  by: spend
  window_days: 20
  keeps_days: 15
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: silver, names: {en: Silver}, reach: 20000}
    - {code: gold, names: {en: Gold}, reach: 40000}
"""
LIVES = 14
LOOKS = (0.3, 3, 7, 12, 20)


async def test_from_the_last_void_on_a_member_stands_where_he_would_stand_without_what_was_voided(
    fresh_database: FreshDatabase,
) -> None:
    """Late purchases, returns and reviews in between, in fourteen lives; each is lived by two, of whom one never bought
    what the other voids."""
    async with a_till(fresh_database, a_document(more=TIERS)) as till:
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
