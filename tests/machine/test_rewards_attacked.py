"""Rewards under attack: what time has decided and nobody has noted, merged members, stores that have none, revisions between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.backtest.snapshots import a_snapshot
from tests.backtest.test_compare import assert_adds_up
from tests.conftest import FreshDatabase
from tests.machine.rewards import a_reward, ended, left, redeemed, stands, stocked, taken_back, with_rewards
from tests.machine.till import Till, a_till, another_till, days

from jifen.domain.refusals import TooMuch
from jifen.domain.refusals_of_rewards import RedemptionOver, RewardLimitUsedUp, SoldOut
from jifen.domain.rewards import Asked, offered
from jifen.insight.backtest.compare import compare
from jifen.insight.snapshot.verifying import verify_snapshot
from jifen.operations import redeem_reward as redeeming
from jifen.operations.advance_members import advance_members
from jifen.operations.publish_program import publish_program
from jifen.operations.read_member import read_member
from jifen.operations.read_rewards import read_shelf


async def rich(till: Till, units: int = 1_000) -> UUID:
    """A member with some units."""
    member = await till.enrol()
    await till.adjust(member, units)
    return member


async def test_what_nobody_came_for_counts_no_more_before_anybody_has_noted_it(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redeeming, "WAITING_MAX", 1)
    async with a_till(fresh_database, with_rewards(a_reward(caps={"life": 1}, waits_days=3))) as till:
        began = await till.now()
        await till.set_now(began - days(30))
        member = await rich(till)
        forgotten = await redeemed(till, member)
        with pytest.raises(TooMuch):
            await redeemed(till, member)
        await till.set_now(began - days(20))
        assert await stands(till, forgotten) == "waiting"

        again = await redeemed(till, member)

        assert (await stands(till, forgotten), await stands(till, again)) == ("lapsed", "waiting")
        with pytest.raises(RewardLimitUsedUp):
            await redeemed(till, member, is_kept=False)
        await till.assert_laws()


async def test_one_code_at_fifty_tills_of_two_processes_is_handed_over_once(
    fresh_database: FreshDatabase,
) -> None:
    async with (
        a_till(fresh_database, with_rewards(a_reward(stock="shared"))) as till,
        another_till(fresh_database) as other,
    ):
        member = await rich(till)
        await stocked(till, 2)
        waits = await redeemed(till, member)

        answers = await asyncio.gather(
            *(ended((till, other)[at % 2], waits, is_handed_over=at % 5 > 0) for at in range(50)),
            return_exceptions=True,
        )

        (done,) = (one for one in answers if isinstance(one, dict))
        assert sum(isinstance(one, RedemptionOver) for one in answers) == 49
        assert await stands(till, waits) == done["status"]
        assert await left(till) == (1 if done["status"] == "handed_over" else 2)
        await till.assert_laws()


async def test_time_hands_and_callings_off_at_one_moment_end_it_once(fresh_database: FreshDatabase) -> None:
    """The hold lapses, its lots expire, somebody calls off, somebody hands over, and the job comes by, all at once."""
    document = with_rewards(a_reward(stock="shared", waits_days=3))
    async with a_till(fresh_database, document) as till, another_till(fresh_database) as other:
        began = await till.now()
        await till.set_now(began - days(30))
        members = [await till.enrol() for _ in range(4)]
        for member in members:
            await till.open(member, (1, 150), (5, 50))
        await stocked(till, 4)
        waits = [await redeemed(till, member) for member in members]
        await till.set_now(began - days(20))

        await asyncio.gather(
            *(ended(till, one, is_handed_over=True) for one in waits),
            *(ended(other, one, is_handed_over=False) for one in waits),
            advance_members(till.ledger),
            advance_members(other.ledger),
            return_exceptions=True,
        )

        await advance_members(till.ledger)
        assert {await stands(till, one) for one in waits} == {"lapsed"}
        assert await left(till) == 4
        assert await till.points(*members) == [0] * 4
        await till.assert_laws()


async def test_a_stock_that_a_revision_counts_otherwise_or_at_other_stores_gives_and_promises_nothing(
    fresh_database: FreshDatabase,
) -> None:
    by_store = a_reward(stock="by_store", stores=["S1", "S2"])
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared"))) as till:
        await till.set_now(await till.now() - days(9))
        member = await rich(till)
        await stocked(till, 7)
        waits = await redeemed(till, member)
        await revised(till, by_store)
        await stocked(till, 3, store="S3")
        await stocked(till, 2, store="S2")
        with pytest.raises(SoldOut) as sold:
            await redeemed(till, member, store="S1")
        assert sold.value.numbers["stores"] == ["S2"]
        assert await offer_of(till, member) == (2, [("S2", 2)])

        await revised(till, {**by_store, "stores": ["S1"]})
        assert await offer_of(till, member) == (0, [])
        await ended(till, waits, is_handed_over=False)
        assert await left(till) == 7
        await till.assert_laws()


async def revised(till: Till, *rewards: dict[str, Any]) -> None:
    """Another revision, and a day later, on which it is in force."""
    now = await till.now()
    document = with_rewards(*rewards)
    await publish_program(till.ledger, document, effective_at=now + timedelta(hours=1), published_by="test")
    await till.set_now(now + days(1))


async def offer_of(till: Till, member: UUID) -> tuple[int | None, list[tuple[str, int]]]:
    """What is left of the first reward as a member sees it, and at which stores."""
    view = await read_member(till.ledger, member)
    program = view.timeline.programs[view.timeline.row_at(view.now)]
    shelf = await read_shelf(till.ledger, member, program, view.now)
    (one,) = offered(
        program, view.member, Asked(), now=view.now, available={0: 1_000}, taken=shelf.taken,
        stocks={number: {one.store: one.left for one in stands} for number, stands in shelf.stands.items()}, off=shelf.off,
    )  # fmt: skip
    return one.left, list(one.stores)


async def test_books_with_redemptions_are_in_the_snapshot_replay_and_are_walked_again(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    document = with_rewards(a_reward(stock="shared", waits_days=3))
    async with a_till(fresh_database, document) as till:
        began = await till.now()
        await till.set_now(began - days(30))
        member, other = await till.enrol(), await till.enrol()
        for who in (member, other):
            await till.buy(who, 100_000)
        await stocked(till, 20)
        kept, called_off, over, lapses = [await redeemed(till, member) for _ in range(4)]
        at_once = await redeemed(till, other, is_kept=False)
        await ended(till, kept, is_handed_over=True)
        await ended(till, called_off, is_handed_over=False)
        await ended(till, over, is_handed_over=True)
        await taken_back(till, over)
        await taken_back(till, at_once, is_in_stock=False)
        await till.set_now(began - days(2))
        await advance_members(till.ledger)
        assert [await stands(till, one) for one in (kept, called_off, over, lapses, at_once)] == [
            "handed_over", "cancelled", "returned", "lapsed", "returned",
        ]  # fmt: skip
        assert await left(till) == 18
        await till.assert_laws()

    past = await a_snapshot(fresh_database, tmp_path / "s")

    assert verify_snapshot(tmp_path / "s").is_whole
    for how in ("replayed", "drawn"):
        result = compare(past, document, redemptions=how)
        assert result.draft == result.baseline
        assert_adds_up(result)
