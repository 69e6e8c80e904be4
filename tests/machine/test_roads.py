"""The road decides nothing: the same purchases in one order come to the same points, tiers and counters by every road."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.import_files.builders import a_row, known, mapping, read
from tests.machine.scarce import with_stars
from tests.machine.till import Till, a_till, request_of

from jifen.domain.packing import unpacked
from jifen.domain.person import MemberKey
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import Refusal
from jifen.jobs.import_purchases import import_purchases
from jifen.operations.advance_members import advance_members
from jifen.operations.find_member import find_member
from jifen.operations.record_purchases import record_purchases

DAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # a Monday, 09:00 in Shanghai

# A tier that doubles, caps by day and month, a first purchase, a multiple: all that depends on what came before.
PROGRAMME = a_document(
    by_tier=True,
    caps="{day: 9000, month: 15000}",
    more="""
  - {code: welcome, names: {en: Welcome}, currency: points, fixed: {points: 100},
     when: {fact: member.purchases_before, eq: 0}}
  - {code: often, names: {en: Often}, multiple: {of: base, by: "3/2"},
     when: {fact: member.spend_minor, window_days: 7, ge: 50000}}
tiers:
  by: spend
  window_days: 365
  keeps_days: 365
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: silver, names: {en: Silver}, reach: 100000, multiplier: "3/2"}
    - {code: gold, names: {en: Gold}, reach: 300000, multiplier: "2"}
""",
)


def a_life(seed: int) -> list[tuple[int, datetime]]:
    """Amounts and moments, oldest first: on one day or on several, and often at the edge of a tier."""
    draw = random.Random(seed)
    at, life = DAY, []
    for _ in range(draw.randint(2, 7)):
        life.append((draw.choice([100, 999, 10_000, 49_999, 50_000, 100_000, 200_000, 300_000, 400_000]), at))
        at += draw.choice([timedelta(seconds=1), timedelta(minutes=30), timedelta(days=1), timedelta(days=8)])
    return life


def purchases_of(life: list[tuple[int, datetime]], road: str) -> list[Purchase]:
    """The life's purchases, numbered for one road."""
    return [a_purchase(amount, at=at, no=f"{road}-{n}", store="S01") for n, (amount, at) in enumerate(life)]


async def by_single_calls(till: Till, purchases: list[Purchase]) -> UUID:
    """One call after the other."""
    member = await till.enrol()
    for purchase in purchases:
        (answer,) = await record_purchases(till.ledger, [request_of(purchase, member)])
        assert not isinstance(answer, Refusal), answer
    return member


async def by_batch(till: Till, purchases: list[Purchase]) -> UUID:
    """All in one call."""
    member = await till.enrol()
    answers = await record_purchases(till.ledger, [request_of(one, member) for one in purchases])
    assert not [one for one in answers if isinstance(one, Refusal)]
    return member


async def by_batch_and_again(till: Till, purchases: list[Purchase]) -> UUID:
    """As a till that was offline and loses the answer: half of it, then everything."""
    member = await till.enrol()
    requests = [request_of(one, member) for one in purchases]
    await record_purchases(till.ledger, requests[: len(requests) // 2])
    answers = await record_purchases(till.ledger, requests)
    assert not [one for one in answers if isinstance(one, Refusal)]
    return member


async def by_claims(till: Till, purchases: list[Purchase]) -> UUID:
    """Receipts of nobody, claimed afterwards."""
    member = await till.enrol()
    await record_purchases(till.ledger, [request_of(one, None) for one in purchases])
    for one in purchases:
        await till.claim(member, one.business_no)
    return member


async def by_import_calls(till: Till, purchases: list[Purchase]) -> UUID:
    """As a file brings them to a member who has a life already: recorded when they occurred."""
    member = await till.enrol()
    for purchase in purchases:
        (answer,) = await record_purchases(till.ledger, [request_of(purchase, member)], is_import=True)
        assert not isinstance(answer, Refusal), answer
    return member


async def by_file(till: Till, purchases: list[Purchase], folder: Path, card: str) -> UUID:
    """A file for a card that nobody knows."""
    rows = [
        a_row(
            no=one.business_no, member=card, qty="1", discount="0", amount=f"{one.amount_minor / 100:.2f}",
            at=f"{one.occurred_at + timedelta(hours=8):%Y-%m-%d %H:%M:%S}",
        )
        for one in purchases
    ]  # fmt: skip
    loaded = read(folder, rows, by=mapping(), knowing=known(stores=None, now=datetime.now(UTC)))
    told = await import_purchases(till.ledger, loaded, actor="import")
    assert (told.added, told.refused) == (len(purchases), 0)
    return await find_member(till.ledger, MemberKey("external", card))


async def came_to(till: Till, member: UUID) -> dict[str, Any]:
    """What the member's purchases came to, and what he is now: without the moments of recording."""
    async with till.ledger.transaction() as connection:
        purchases = await connection.fetch(
            """SELECT split_part(business_no, '-', 2) AS n, sequence, hits, judged_tiers, tiers_after, balances_after
               FROM purchase WHERE member_id = $1 ORDER BY sequence""",
            member,
        )
        own = await connection.fetchrow(
            """SELECT sequence, purchases, last_purchase_day, balances, debts, ladders, days, tier_history, counters
               FROM member WHERE member_id = $1""",
            member,
        )
    told = dict(own)
    counters = told.pop("counters")
    told["days"] = unpacked(told["days"])[0]  # the day from which they are complete follows the clock
    return {
        "purchases": [dict(row) for row in purchases],
        "member": told,
        "counters": sorted(zip(counters[::3], counters[1::3], counters[2::3], strict=True)),
    }


@pytest.mark.parametrize("seeds", [range(6), range(6, 12)])
async def test_every_road_comes_to_the_same(
    fresh_database: FreshDatabase, tmp_path: Path, seeds: range
) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        for seed in seeds:
            life = a_life(seed)
            roads: dict[str, UUID] = {}
            for name, road in (
                ("single", by_single_calls), ("batch", by_batch), ("again", by_batch_and_again), ("claims", by_claims),
                ("calls", by_import_calls),
            ):  # fmt: skip
                roads[name] = await road(till, purchases_of(life, f"{name}{seed}"))
            roads["file"] = await by_file(till, purchases_of(life, f"file{seed}"), tmp_path, f"C{seed}")
            first = await came_to(till, roads.pop("single"))
            for name, member in roads.items():
                assert await came_to(till, member) == first, f"seed {seed}: {name} and single calls: {life}"
        await till.assert_laws()


async def test_an_offline_sync_in_any_order_comes_to_the_same_by_call_batch_and_claim(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        for seed in range(20, 28):
            life = a_life(seed)
            random.Random(seed).shuffle(life)
            told = [
                await came_to(till, await road(till, purchases_of(life, f"{name}{seed}")))
                for name, road in (("single", by_single_calls), ("batch", by_batch), ("claims", by_claims))
            ]
            assert told[1:] == [told[0]] * 2, f"seed {seed}: {life}"
        await till.assert_laws()


async def test_gold_reached_by_a_late_purchase_doubles_what_occurred_after_it_by_every_road(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """A of 4,000.00 at 09:00, B of 100.00 at 09:30, both arriving later: 4,200 by every road."""
    document = a_document(
        by_tier=True,
        more="""
tiers:
  by: spend
  window_days: 365
  keeps_days: 365
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: gold, names: {en: Gold}, reach: 300000, multiplier: "2"}
""",
    )
    life = [(400_000, DAY), (10_000, DAY + timedelta(minutes=30))]
    async with a_till(fresh_database, document) as till:
        members = [
            await by_single_calls(till, purchases_of(life, "single")),
            await by_batch(till, purchases_of(life, "batch")),
            await by_claims(till, purchases_of(life, "claims")),
            await by_import_calls(till, purchases_of(life, "calls")),
            await by_file(till, purchases_of(life, "file"), tmp_path, "C1"),
        ]
        assert await till.points(*members) == [4_200] * 5


async def at_the_time(till: Till, purchases: list[Purchase]) -> UUID:
    """Each at the till when it occurred."""
    await till.set_now(purchases[0].occurred_at)
    member = await till.enrol()
    for purchase in purchases:
        await till.set_now(purchase.occurred_at + timedelta(seconds=1))
        (answer,) = await record_purchases(till.ledger, [request_of(purchase, member)])
        assert not isinstance(answer, Refusal), answer
    return member


async def test_moments_fall_due_on_the_same_days_and_a_budget_pays_the_same_by_every_road(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    document = with_stars(a_document(expiry="{days: 30}"), budget=1_000, ahead=7)
    life = [
        (amount, DAY + timedelta(days=days))
        for amount, days in ((10_000, 0), (5_000, 20), (100, 26), (9_900, 70))
    ]
    async with a_till(fresh_database, document) as till:
        members = {"at the time": await at_the_time(till, purchases_of(life, "time"))}
        await till.set_now(DAY + timedelta(days=71))
        members["calls"] = await by_import_calls(till, purchases_of(life, "calls"))
        members["file"] = await by_file(till, purchases_of(life, "file"), tmp_path, "C1")
        await till.set_now(DAY + timedelta(days=120))
        while await advance_members(till.ledger):
            pass

        told = {}
        for name, member in members.items():
            async with till.ledger.transaction() as connection:
                days = await connection.fetch(
                    """SELECT (occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day, hits FROM entry
                       WHERE member_id = $1 AND kind = 'moment' ORDER BY sequence""",
                    member,
                )
                own = await connection.fetchrow(
                    "SELECT balances, debts, sequence, counters FROM member WHERE member_id = $1", member
                )
            told[name] = ([(row["day"] - DAY.date()).days for row in days], dict(own))
        assert told["at the time"][0] == [23, 43, 49, 93]
        assert told["at the time"][1]["balances"][1] == 2 * 4 + 4
        for name in ("calls", "file"):
            assert told[name][0] == told["at the time"][0], name
            assert told[name][1]["balances"] == told["at the time"][1]["balances"], name
        await till.assert_laws()
