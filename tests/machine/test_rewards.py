"""Rewards: what is taken, kept, handed over, cancelled, comes back or lapses, by whom and how often; stocks never oversell."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import FreshDatabase
from tests.machine.rewards import a_reward, ended, left, redeemed, stands, stocked, taken_back, with_rewards
from tests.machine.till import Till, a_key, a_till, another_till, days
from tests.publishing import put_in_force

from jifen.domain.calendar import local_date
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import EntryReversed, MemberFrozen, PointsMissing, Refusal
from jifen.domain.refusals_of_rewards import (
    RedemptionOver,
    RewardConditionUnmet,
    RewardLimitUsedUp,
    RewardNotHere,
    RewardNotKept,
    RewardNotNow,
    RewardPriceDiffers,
    RewardSwitchedOff,
    RewardUnknown,
    SoldOut,
    StockTooLow,
    TierMissing,
)
from jifen.domain.switches import SwitchKind
from jifen.operations.advance_members import advance_members
from jifen.operations.change_member_status import change_member_status
from jifen.operations.manage_segments import change_list, make_segment
from jifen.operations.redeem_reward import redeem_reward
from jifen.operations.turn_switches import turn_switch
from jifen.store import pools
from jifen.store.laws import LAWS, findings_of
from jifen.store.pools import settle_leases

TIERS = """tiers:
  by: spend
  window_days: 365
  keeps_days: 365
  list:
    - {code: member, names: {zh: 会员, en: Member}, reach: 0}
    - {code: silver, names: {zh: 银卡, en: Silver}, reach: 100000000}
"""


async def rich(till: Till, units: int = 1_000) -> UUID:
    """A member with some units."""
    member = await till.enrol()
    await till.adjust(member, units)
    return member


async def test_what_is_kept_holds_units_is_handed_over_once_and_comes_back_to_the_very_lots(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared"))) as till:
        member = await rich(till)
        assert await stocked(till, 5) == 5

        waits = await redeemed(till, member, pieces=2)

        assert (waits["status"], waits["units"], waits["balance_after"]) == ("waiting", 200, 1_000)
        assert (await till.balance(member)).held == 200
        assert len(waits["code"]) == 10
        assert await left(till) == 3
        done = await ended(till, waits, is_handed_over=True)
        assert (done["status"], done["balance_after"]) == ("handed_over", 800)
        with pytest.raises(RedemptionOver) as over:
            await ended(till, waits, is_handed_over=True)
        assert over.value.numbers["status"] == "handed_over"
        await till.assert_laws()

        await taken_back(till, waits)

        assert await stands(till, waits) == "returned"
        assert (await till.balance(member)).available == 1_000
        assert await left(till) == 5
        with pytest.raises(EntryReversed):
            await taken_back(till, waits)
        await till.assert_laws()


async def test_what_is_handed_over_at_once_and_comes_back_broken_is_in_no_stock(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared", waits_days=0))) as till:
        member = await rich(till)
        await stocked(till, 5)

        done = await redeemed(till, member, is_kept=False)

        assert (done["status"], done["code"], done["balance_after"]) == ("handed_over", None, 900)
        await taken_back(till, done, is_in_stock=False)
        assert await left(till) == 4
        with pytest.raises(RewardNotKept):
            await redeemed(till, member)
        await till.assert_laws()


async def test_what_is_cancelled_and_what_nobody_picks_up_frees_units_and_pieces(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared", waits_days=3))) as till:
        began = await till.now()
        await till.set_now(began - days(30))
        member = await rich(till)
        await stocked(till, 2)
        called_off, forgotten = await redeemed(till, member), await redeemed(till, member)
        with pytest.raises(SoldOut) as sold:
            await redeemed(till, member)
        assert sold.value.numbers["left"] == 0

        await ended(till, called_off, is_handed_over=False)
        await till.set_now(began - days(20))
        await advance_members(till.ledger)

        assert (await stands(till, called_off), await stands(till, forgotten)) == ("cancelled", "lapsed")
        assert await left(till) == 2
        with pytest.raises(RedemptionOver) as over:
            await ended(till, forgotten, is_handed_over=True)
        assert over.value.numbers["status"] == "lapsed"
        assert (await till.balance(member)).available == 1_000
        await till.assert_laws()


async def test_the_same_key_takes_one_reward_and_another_answer_is_refused(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared"))) as till:
        member = await rich(till)
        await stocked(till, 9)

        answers = await asyncio.gather(*(redeemed(till, member, key=a_key("twice")) for _ in range(8)))

        assert len({one["redemption_id"] for one in answers}) == 1
        assert await left(till) == 8
        await till.assert_laws()


async def test_200_at_once_from_two_processes_take_exactly_the_50_that_there_are(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LEASE_SECONDS", 2)
    async with (
        a_till(fresh_database, with_rewards(a_reward(stock="shared"))) as till,
        another_till(fresh_database) as other,
    ):
        members = [await rich(till, 5_000) for _ in range(20)]
        await stocked(till, 50)

        async def claim(of: int) -> bool:
            try:
                await redeemed((till, other)[of % 2], members[of % 20], is_kept=of % 3 > 0)
            except SoldOut:
                return False
            return True

        got = sum(await asyncio.gather(*(claim(of) for of in range(200))))

        assert got <= 50
        for of in range(400):
            if got == 50:
                break
            await settle_leases(till.ledger)
            got += await claim(of)
            await asyncio.sleep(0.05)
        assert got == 50
        assert await left(till) == 0
        assert not await claim(0)
        await till.assert_laws()


async def test_one_member_gets_what_his_units_pay_and_no_more_however_many_ask_at_once(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward())) as till:
        member = await rich(till, 1_050)

        short: list[object] = []

        async def claim() -> bool:
            try:
                await redeemed(till, member, is_kept=False)
            except PointsMissing as missing:
                short.append(missing.numbers["points_missing"])
                return False
            return True

        assert sum(await asyncio.gather(*(claim() for _ in range(20)))) == 10
        assert short == [50] * 10
        await till.assert_laws()


async def test_caps_count_pieces_by_period_also_at_once_and_what_was_cancelled_counts_no_more(
    fresh_database: FreshDatabase,
) -> None:
    caps = {"once": 2, "day": 3, "life": 4}
    async with a_till(fresh_database, with_rewards(a_reward(caps=caps))) as till:
        now = await till.now()
        await till.set_now(now - days(3))
        member = await rich(till)
        with pytest.raises(RewardLimitUsedUp) as once:
            await redeemed(till, member, pieces=3)
        assert (once.value.numbers["period"], once.value.numbers["limit"]) == ("once", 2)

        answers = await asyncio.gather(*(redeemed(till, member) for _ in range(6)), return_exceptions=True)

        assert sum(isinstance(one, dict) for one in answers) == 3
        with pytest.raises(RewardLimitUsedUp) as day:
            await redeemed(till, member)
        assert (day.value.numbers["period"], day.value.numbers["taken"]) == ("day", 3)
        assert day.value.numbers["again_on"] is not None
        await till.set_now(now - days(1))
        await redeemed(till, member)
        with pytest.raises(RewardLimitUsedUp) as life:
            await redeemed(till, member)
        assert (life.value.numbers["period"], life.value.numbers["again_on"]) == ("life", None)
        first = next(one for one in answers if isinstance(one, dict))
        await ended(till, first, is_handed_over=False)
        await redeemed(till, member)
        await till.assert_laws()


async def test_who_is_merged_into_another_brings_what_he_took(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_rewards(a_reward(caps={"life": 1}, waits_days=0))) as till:
        one, other = await rich(till), await rich(till)
        await redeemed(till, one, is_kept=False)

        await till.merge(one, other)

        with pytest.raises(RewardLimitUsedUp):
            await redeemed(till, other, is_kept=False)
        await till.assert_laws()


async def test_stores_days_tiers_and_conditions_say_who_gets_it_where_and_when(
    fresh_database: FreshDatabase,
) -> None:
    today = local_date(datetime.now(UTC), "Asia/Shanghai").isoformat()
    document = with_rewards(
        a_reward("later", first="2090-01-01"),
        a_reward("over", last="2020-01-01"),
        a_reward("today", first=today, last=today, waits_days=0),
        a_reward("silver", tiers=["silver"]),
        a_reward("cheap", tier_prices=[{"tier": "member", "units": 7}]),
        a_reward("here", stock="by_store"),
        a_reward("newcomers", when={"fact": "member.purchases_before", "eq": 0}),
        more=TIERS,
    )
    async with a_till(fresh_database, document) as till:
        member = await rich(till)
        for code, no in (
            ("later", RewardNotNow),
            ("over", RewardNotNow),
            ("silver", TierMissing),
            ("none", RewardUnknown),
        ):
            with pytest.raises(no):
                await redeemed(till, member, code)
        await redeemed(till, member, "today", is_kept=False)
        assert (await redeemed(till, member, "cheap"))["units"] == 7
        with pytest.raises(RewardNotHere):
            await redeemed(till, member, "here")
        await stocked(till, 1, "here", store="S1")
        with pytest.raises(SoldOut) as sold:
            await redeemed(till, member, "here", store="S2")
        assert sold.value.numbers["stores"] == ["S1"]
        await redeemed(till, member, "here", store="S1")
        await redeemed(till, member, "newcomers")
        await till.buy(member, 100)
        with pytest.raises(RewardConditionUnmet):
            await redeemed(till, member, "newcomers")
        await till.assert_laws()


async def test_who_is_frozen_takes_and_is_handed_over_nothing_and_what_is_off_nobody_gets(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward())) as till:
        member, other = await rich(till), await rich(till)
        waits = await redeemed(till, member)
        await change_member_status(till.ledger, member, "frozen", a_key())
        with pytest.raises(MemberFrozen):
            await redeemed(till, member)
        with pytest.raises(MemberFrozen):
            await ended(till, waits, is_handed_over=True)
        await ended(till, waits, is_handed_over=False)

        await turn_switch(
            till.ledger, SwitchKind.REWARD, "mug", is_off=True, request=a_key(), principal=LOCAL
        )

        with pytest.raises(RewardSwitchedOff):
            await redeemed(till, other)
        await turn_switch(
            till.ledger, SwitchKind.REWARD, "mug", is_off=False, request=a_key(), principal=LOCAL
        )
        await redeemed(till, other)
        await till.assert_laws()


async def test_a_stock_is_counted_and_corrected_and_never_below_what_is_promised(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared"))) as till:
        member = await rich(till)
        await stocked(till, 10)
        await redeemed(till, member, pieces=4)
        assert await stocked(till, 6, is_count=True) == 6
        assert await stocked(till, 9, is_count=True) == 9

        with pytest.raises(StockTooLow) as low:
            await stocked(till, -10)

        assert low.value.numbers["left"] == 9
        await till.assert_laws()


async def test_a_refused_redemption_leaves_its_pieces_and_no_neighbour_takes_them(
    fresh_database: FreshDatabase,
) -> None:
    """Two in one turn: the poor one is refused after its pieces could have been drawn; the next draws none."""
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared"), a_reward("free", 1))) as till:
        poor, other = await till.enrol(), await rich(till)
        await stocked(till, 3)

        answers = await asyncio.gather(
            redeemed(till, poor), redeemed(till, other, "free"), return_exceptions=True
        )

        assert isinstance(answers[0], Refusal)
        assert await left(till) == 3
        await till.assert_laws()


BREAKAGES = {
    "a redemption is what its entry says": "UPDATE jifen.redemption SET pieces = pieces + 1 WHERE status = 'waiting'",
    "a redemption stands where the journal has it": "UPDATE jifen.redemption SET status = 'cancelled' WHERE status = 'waiting'",
    "what a redemption drew of a stock is its pieces, and is there again only where it is over": (
        "UPDATE jifen.pool_use SET units = units + 1"
    ),
    "what is there again in a stock was drawn from it": "UPDATE jifen.pool_back SET units = units + 1",
    "no stock gives more than it has": "UPDATE jifen.stock_change SET pieces = 1",
}


@pytest.mark.parametrize("check", BREAKAGES)
async def test_a_redemption_that_is_broken_by_force_is_named(
    fresh_database: FreshDatabase, check: str
) -> None:
    async with a_till(fresh_database, with_rewards(a_reward(stock="shared"))) as till:
        member = await rich(till)
        await stocked(till, 9)
        await ended(till, await redeemed(till, member), is_handed_over=False)
        await ended(till, await redeemed(till, member), is_handed_over=True)
        await redeemed(till, member, pieces=2)
        law = next(law for law in LAWS if law.number == 12)
        async with till.ledger.transaction() as connection:
            assert await findings_of(connection, law) == []

        admin = await asyncpg.connect(**fresh_database.admin.arguments())
        await admin.execute(BREAKAGES[check])
        await admin.close()

        async with till.ledger.transaction() as connection:
            assert check in {finding.check for finding in await findings_of(connection, law)}


async def test_a_reward_may_ask_for_a_segment_and_for_what_was_spent_in_a_window(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(2))
        member, other = await rich(till), await rich(till)
        await make_segment(till.ledger, "friends", {"en": "Friends"}, None, request=a_key(), principal=LOCAL)
        await change_list(till.ledger, "friends", [member], takes_out=False, request=a_key(), principal=LOCAL)
        document = with_rewards(
            a_reward("friends", when={"fact": "member.segments", "has": "friends"}),
            a_reward("spent", when={"fact": "member.spend_minor", "window_days": 30, "ge": 5_000}),
        )
        await put_in_force(till.ledger, document)

        await redeemed(till, member, "friends")
        with pytest.raises(RewardConditionUnmet):
            await redeemed(till, other, "friends")
        with pytest.raises(RewardConditionUnmet):
            await redeemed(till, other, "spent")
        await till.buy(other, 5_000)
        await redeemed(till, other, "spent")
        await till.assert_laws()


async def test_what_was_told_is_what_is_taken_or_nothing(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_rewards(a_reward())) as till:
        member = await rich(till)

        with pytest.raises(RewardPriceDiffers) as differs:
            await redeem_reward(
                till.ledger, member, reward="mug", pieces=2, is_kept=True, units_told=100, request=a_key()
            )

        assert differs.value.numbers["units"] == 200
        assert await till.points(member) == [1_000]
        await redeem_reward(
            till.ledger, member, reward="mug", pieces=2, is_kept=True, units_told=200, request=a_key()
        )
        await till.assert_laws()
