"""What one batch, or one chain of entries, does to a member is what the same would do one after the other."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import a_till, days, request_of

from jifen.operations.record_purchases import record_purchases

SILVER = """tiers:
  by: spend
  window_days: 5
  keeps_days: 3
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: silver, names: {en: Silver}, reach: 10000, multiplier: "2"}
"""
BACK = """  - code: back
    names: {en: Back}
    currency: points
    fixed: {points: 50}
    when: {fact: member.days_since_purchase, ge: 10}
"""


async def test_a_late_lift_whose_review_is_past_leaves_the_next_of_its_batch_what_is_due(
    fresh_database: FreshDatabase,
) -> None:
    """The second purchase of the batch is decided without lots: it must not forget that there are some which expire."""
    async with a_till(fresh_database, a_document(expiry="{days: 30}", more=SILVER)) as till:
        now = await till.now() - days(60)
        await till.set_now(now - days(25))
        member = await till.enrol()
        await till.buy(member, 1_000)  # 10 points, last day in five days
        await till.set_now(now)
        late = now - days(10)
        purchases = [
            a_purchase(amount, at=late + timedelta(seconds=at), no=f"late {at}")
            for at, amount in enumerate((20_000, 500))
        ]
        await record_purchases(till.ledger, [request_of(one, member) for one in purchases])
        await till.assert_laws()
        await till.set_now(now + days(8))
        assert (await till.points(member))[0] == 205
        await till.assert_laws()


async def test_a_void_before_a_merge_did_not_see_what_the_other_had_bought(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, a_document(more=BACK)) as till:
        now = await till.now()
        goes, stays = await till.enrol(), await till.enrol()
        await till.set_now(now - days(20))
        await till.buy(stays, 1_000, no="a")
        await till.set_now(now - days(7))
        await till.buy(goes, 1_000, no="b")
        await till.set_now(now - days(5))
        await till.buy(stays, 1_000, no="x")
        await till.bring_back("x")
        await till.set_now(now)
        await till.buy(stays, 1_000, no="c")  # twenty days after his last
        await till.merge(goes, stays)
        await till.assert_laws()


async def test_who_goes_leaves_a_limit_of_which_everything_came_back(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_document(caps="{day: 100}")) as till:
        now = await till.now()
        goes, stays = await till.enrol(), await till.enrol()
        await till.set_now(now - days(2))
        await till.buy(goes, 1_000, no="1")
        await till.set_now(now - days(1))
        await till.buy(goes, 1_000, no="2")
        await till.bring_back("2")
        await till.merge(goes, stays)
        await till.assert_laws()
