"""A member merged into another: nothing is lost, nothing comes twice, and and nobody gains by it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from tests.builders import a_document, a_line
from tests.conftest import FreshDatabase
from tests.machine.test_attacks import all_of, codes
from tests.machine.till import Till, a_key, a_till, another_till, days

from jifen.domain import fold
from jifen.domain.person import MemberKey
from jifen.domain.refusals import (
    EntryNotReversible,
    MemberClosed,
    MemberFrozen,
    MergeIntoSelf,
    UnitsReserved,
)
from jifen.jobs.loop import do_effects
from jifen.operations import give_units as giving
from jifen.operations import reverse_entry as reversing
from jifen.operations.change_member_status import change_member_status
from jifen.operations.find_member import find_member
from jifen.operations.handle_reservations import release_reservation
from jifen.operations.read_member import read_member
from jifen.operations.read_statement import read_lot_story, read_statement
from jifen.present.statements import lot_story, statement_entry

LADDER = """  - code: first
    names: {en: A first time}
    currency: points
    fixed: {points: 1000}
    when: {fact: member.purchases_before, eq: 0}
tiers:
  by: points
  window_days: 60
  keeps_days: 30
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: silver, names: {en: Silver}, reach: 1200, multiplier: "2"}
"""


async def _told(till: Till, member: UUID, language: str = "en") -> list[str]:
    """The sentences of a member's statement, newest first."""
    statement = await read_statement(till.ledger, member)
    return [statement_entry(line, statement.timeline, language)["sentence"] for line in statement.lines]


async def test_everything_goes_over_with_its_days_and_what_came_of_it(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_document(expiry="{days: 30}")) as till:
        now = await till.now()
        await till.set_now(now - days(40))
        goes, stays = await till.enrol("goes"), await till.enrol("stays")
        await till.buy(goes, 10_000, no="old")
        await till.set_now(now - days(20))
        await till.buy(goes, 5_000, no="new")
        await till.buy(stays, 2_000, no="own")
        await till.adjust(goes, -30)

        answer = await till.merge(goes, stays)

        assert answer["balances"] == [{"currency": "points", "units": 140}]
        assert await till.points(goes, stays) == [0, 140]
        assert await find_member(till.ledger, MemberKey("card", "goes")) == stays
        with pytest.raises(MemberClosed):
            await till.buy(goes, 100)
        await till.assert_laws()
        # The 70 that were left of the older purchase expire as they would have.
        await till.set_now(now - days(9))
        assert await till.points(goes, stays) == [0, 70]
        await till.assert_laws()
        # What he bought can come back: of the newer all its 50 are taken from the very lot.
        back = await till.bring_back("new")
        assert (back["member_id"], back["units"][0]["units_taken"]) == (str(stays), 50)
        assert await till.points(stays) == [20]
        # Of the older 30 were spent before he went, which others pay; 70 have expired.
        back = await till.bring_back("old")
        (units,) = back["units"]
        assert (units["units_earned"], units["units_taken"], units["units_forgiven"]) == (100, 20, 10)
        assert units["units_expired_before"] == 70
        await till.assert_laws()
        assert all(await _told(till, stays))
        assert "merged into member" in (await _told(till, goes))[0]
        assert "并入" in (await _told(till, goes, "zh"))[0]
        assert "from purchase pos/old" in next(s for s in await _told(till, stays) if "its last day" in s)
        story = await read_lot_story(till.ledger, stays, 2)
        first = lot_story(story, "en")["first"]
        assert first is not None
        assert (first["number"], story.moves[0].kind) == (1, "carry_in")


async def test_merging_is_no_pump(fresh_database: FreshDatabase) -> None:
    document = a_document(caps="{day: 150}", debt="{policy: allow, limit_units: 500}")
    async with a_till(fresh_database, document) as till:
        goes, stays = await till.enrol(), await till.enrol()
        await till.buy(goes, 10_000, no="1")
        await till.merge(goes, stays)
        await till.buy(stays, 10_000, no="2")
        assert await till.points(stays) == [150]
        # What comes back of his purchase gives room in the limit of its day.
        await till.bring_back("1")
        await till.buy(stays, 10_000, no="3")
        assert await till.points(stays) == [50 + 100]
        # A debt goes with him, and is paid from what the other has.
        other = await till.enrol()
        await till.adjust(other, -70)
        await till.merge(other, stays)
        assert await till.points(stays) == [80]
        await till.assert_laws()


async def test_a_first_time_a_tier_and_its_end_go_over(fresh_database: FreshDatabase) -> None:
    document = a_document(by_tier=True, more=LADDER, debt="{policy: allow, limit_units: 5000}")
    async with a_till(fresh_database, document) as till:
        now = await till.now()
        await till.set_now(now - days(100))
        goes, stays = await till.enrol(), await till.enrol()
        await till.buy(goes, 30_000, no="1")  # 300, and 1,000 for the first time: silver
        await till.merge(goes, stays)
        bought = await till.buy(stays, 10_000, no="2")
        assert [reason.granted for reason in bought.reasons] == [200]
        # A void of what he bought takes the tier, as if it had never been.
        await till.bring_back("1")
        assert [reason.granted for reason in (await till.buy(stays, 10_000, no="3")).reasons] == [100]
        await till.assert_laws()
        # A tier that he holds ends when it would have ended.
        other, last = await till.enrol(), await till.enrol()
        await till.buy(other, 30_000, no="4")
        await till.merge(other, last)
        assert (await read_member(till.ledger, last)).member.tier == 1
        await till.set_now(now)
        assert (await read_member(till.ledger, last)).member.tier == 0
        await till.assert_laws()


async def test_a_purchase_follows_from_one_to_the_next(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_document(caps="{day: 1000}")) as till:
        members = [await till.enrol() for _ in range(4)]
        lines = [a_line(1, 6_000, quantity_milli=3_000), a_line(2, 4_000, quantity_milli=2_000)]
        await till.buy(members[0], no="1", lines=lines)
        await till.bring_back("1", [(1, 1_000)])
        for goes, stays in pairwise(members):
            await till.merge(goes, stays)
            await till.bring_back("1", [(1, 1_000)] if goes is members[0] else [(2, 1_000)])
            await till.assert_laws()
        assert await till.points(*members) == [0, 0, 0, 20]
        # A late one finds what the first had earned on its day.
        at = await till.now() - days(2)
        await till.buy(members[3], 99_000, no="2", at=at)
        assert (await till.points(members[3])) == [20 + 990]
        await till.assert_laws()


async def test_who_may_not_be_merged(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        goes, stays = await till.enrol(), await till.enrol()
        await till.buy(goes, 10_000)
        with pytest.raises(MergeIntoSelf):
            await till.merge(goes, goes)
        reserved = await till.reserve(goes, 40)
        with pytest.raises(UnitsReserved):
            await till.merge(goes, stays)
        await release_reservation(till.ledger, UUID(reserved["reservation_id"]), a_key())
        for one in (goes, stays):
            await change_member_status(till.ledger, one, "frozen", a_key())
            with pytest.raises(MemberFrozen):
                await till.merge(goes, stays)
            await change_member_status(till.ledger, one, "active", a_key())
        key = a_key()
        answer = await till.merge(goes, stays, key=key)
        assert await till.merge(goes, stays, key=key) == {**answer, "is_replay": True}
        for more in ((goes, stays), (stays, goes)):
            with pytest.raises(MemberClosed):
                await till.merge(*more)
        with pytest.raises(MemberClosed):
            await change_member_status(till.ledger, goes, "active", a_key())
        assert await till.points(goes, stays) == [0, 100]
        await till.assert_laws()


async def test_gifts_find_the_one_who_stands_for_a_merged_member(fresh_database: FreshDatabase) -> None:
    """One that is on its way when its receiver is merged, and one that goes back to a giver who was."""
    async with a_till(fresh_database) as till:
        giver, receiver, heir = [await till.enrol() for _ in range(3)]
        await till.buy(giver, 10_000)
        with patch.object(giving, "receive_gift", _nothing):
            await till.give(giver, receiver, 40)
        await till.merge(receiver, heir)
        assert await do_effects(till.ledger) == 1
        assert await till.points(giver, receiver, heir) == [60, 0, 40]
        given = await till.give(giver, heir, 30)
        with patch.object(reversing, "finish_going_back", _nothing):
            await till.reverse(giver, given["sequence"])
        await till.merge(giver, receiver := await till.enrol())
        assert await do_effects(till.ledger) == 1
        assert await till.points(giver, receiver, heir) == [0, 60, 40]
        await till.assert_laws()
        # What was given by somebody who has gone is not reversed any more.
        with pytest.raises(EntryNotReversible, match="by hand"):
            await till.reverse(giver, 3)


async def _nothing(*_: object) -> None:
    """A process that died before the second half."""


@pytest.mark.parametrize("seed", range(3))
async def test_merges_returns_and_purchases_at_once(fresh_database: FreshDatabase, seed: int) -> None:
    document = a_document(caps="{day: 500}", debt="{policy: allow, limit_units: 100}")
    async with a_till(fresh_database, document) as till, another_till(fresh_database) as other:
        members = [await till.enrol() for _ in range(4)]
        for at, member in enumerate(members):
            await till.buy(member, 10_000, no=f"first-{at}")
        tills = (till, other)
        now = await till.now() - timedelta(seconds=5)
        work: list[Any] = [
            tills[i % 2].merge(members[(i + seed) % 4], members[(i * 3 + 1 + seed) % 4]) for i in range(12)
        ]
        work += [tills[i % 2].bring_back(f"first-{i}", [(1, 1_000)]) for i in range(4)]
        work += [tills[i % 2].buy(members[i % 4], 1_000, no=f"more-{i}", at=now) for i in range(12)]
        async with asyncio.timeout(60):
            answers = await all_of(*work)
        said = codes(answers)
        assert set(said) <= {"done", "member_closed", "merge_into_self"}
        assert said["done"] > 4
        await till.assert_laws()
        total = await till.fetchval(
            "SELECT sum(CASE WHEN is_credit THEN units ELSE -units END) FROM posting WHERE account <> 'carried'"
        )
        assert sum(await till.points(*members)) == total


SILVER = """tiers:
  by: spend
  window_days: {window}
  keeps_days: {keeps}
  list:
    - {{code: member, names: {{en: Member}}, reach: 0}}
    - {{code: silver, names: {{en: Silver}}, reach: 10000, multiplier: "2"}}
"""


async def test_the_void_of_what_began_a_year_of_ups_and_downs_before_a_merge(
    fresh_database: FreshDatabase,
) -> None:
    """Silver on every tenth day and no more three days later: each is lifted and judged again, by days."""
    document = a_document(more=SILVER.format(window=5, keeps=3))
    async with a_till(fresh_database, document) as till:
        now = await till.now()
        goes, stays = await till.enrol(), await till.enrol()
        for bought in range(36):
            await till.set_now(now - days(370 - 10 * bought))
            await till.buy(goes, 20_000, no=str(bought))
        await till.set_now(now - days(5))
        await till.merge(goes, stays)
        before = await till.fetchval(
            "SELECT cardinality(tier_history) FROM member WHERE member_id = $1", stays
        )
        await till.set_now(now)
        await till.bring_back("0")
        after = await till.fetchval(
            "SELECT cardinality(tier_history) FROM member WHERE member_id = $1", stays
        )
        assert after > before + 35 * 2 * fold.HISTORY_WIDTH - fold.HISTORY_WIDTH * 4
        await till.assert_laws()


async def test_two_purchases_of_one_moment_that_went_over_are_told_apart(
    fresh_database: FreshDatabase,
) -> None:
    """Tills tell whole seconds: what came back of one is not what came back of the other."""
    document = a_document(more=SILVER.format(window=60, keeps=30))
    async with a_till(fresh_database, document) as till:
        now = await till.now()
        goes, stays = await till.enrol(), await till.enrol()
        at = (now - days(20)).replace(microsecond=0)
        await till.set_now(at + timedelta(seconds=5))
        await till.buy(goes, 500, no="1", at=at)
        await till.buy(goes, 9_000, no="2", at=at)
        await till.set_now(now - days(15))
        await till.merge(goes, stays)
        for ago, amount, no in ((12, 300, "3"), (10, 1_100, "4")):
            await till.set_now(now - days(ago))
            await till.buy(stays, amount, no=no)
        await till.set_now(now - days(9))
        await till.bring_back("2", [(1, 1_000)])
        for ago, no in ((6, "1"), (3, "3")):
            await till.set_now(now - days(ago))
            await till.bring_back(no)
            await till.assert_laws()
