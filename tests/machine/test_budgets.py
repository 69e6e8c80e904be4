"""A rule's budget is paid to the last unit and never beyond, whoever buys at once, and whoever dies or stops with a lease."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, another_till, request_of
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain.refusals import OutcomeUnknown, Refusal
from jifen.operations.quote_purchase import quote_purchases
from jifen.operations.record_purchases import record_purchases
from jifen.store import pools
from jifen.store.laws import LAWS, findings_of
from jifen.store.pools import prune_leases, settle_leases
from jifen.store.turn import Turn


def with_budget(units: int | None, **more: Any) -> ProgramDocument:
    """One point for each yuan; and ten points a purchase, until so many have been given to all."""
    document = a_document(**more).model_dump(mode="json", exclude_none=True)
    document["earn_rules"] += [
        {
            "code": "welcome", "names": {"zh": "开业", "en": "Opening"}, "currency": "points", "fixed": {"points": 10},
            **({"budget": units} if units else {}),
        }
    ]  # fmt: skip
    return ProgramDocument.model_validate_json(json.dumps(document))


async def drawn(till: Till) -> int:
    """Units that entries drew from pools."""
    return int(await till.fetchval("SELECT coalesce(sum(units), 0)::bigint FROM pool_use"))


async def end_leases(till: Till) -> None:
    """The end of every lease is past."""
    async with till.ledger.transaction() as connection:
        await connection.execute(
            "UPDATE lease SET taken_at = taken_at - INTERVAL '1 hour', ends_at = ends_at - INTERVAL '1 hour'"
        )


async def everybody_buys(tills: list[Till], members: list[UUID], count: int) -> None:
    """So many purchases at once, in batches as a serving process makes them."""
    at = await tills[0].now()

    async def batch(of: int) -> None:
        till = tills[of % len(tills)]
        requests = [
            request_of(a_purchase(100, at=at, no=f"b-{of}-{n}"), members[(of * 10 + n) % len(members)])
            for n in range(10)
        ]
        for answer in await record_purchases(till.ledger, requests):
            if isinstance(answer, Refusal):
                raise answer

    await asyncio.gather(*(batch(of) for of in range(count // 10)))


async def until_spent(till: Till, member: UUID, units: int) -> int:
    """Buy, one purchase after the other, until a budget is used up; return how many it took."""
    taken = 0
    while await drawn(till) < units:
        assert taken < 400, f"the budget's rest cannot be had: {await drawn(till)} of {units}"
        await till.buy(member, 100)
        await settle_leases(till.ledger)
        taken += 1
        await asyncio.sleep(0.05)
    return taken


async def test_of_500_purchases_at_once_from_two_processes_a_budget_pays_exactly_what_it_has(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LEASE_SECONDS", 2)
    async with a_till(fresh_database, with_budget(1_003)) as till, another_till(fresh_database) as other:
        members = [await till.enrol() for _ in range(40)]

        await everybody_buys([till, other], members, 500)

        assert await drawn(till) <= 1_003
        await until_spent(till, members[0], 1_003)
        for _ in range(5):
            await till.buy(members[1], 100)
        assert await drawn(till) == 1_003
        await till.assert_laws()


async def test_a_purchase_whose_rule_finds_its_budget_used_up_says_so_and_earns_the_rest(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_budget(14)) as till:
        member = await till.enrol()

        first, second, third = [await till.buy(member, 10_000) for _ in range(3)]

        assert [reason.granted for reason in first.reasons] == [100, 10]
        assert [reason.granted for reason in second.reasons] == [100, 4]
        assert [(r.desired, r.granted) for r in third.reasons] == [(100, 100), (10, 0)]
        assert await till.points(member) == [314]
        assert await till.fetchval("SELECT count(*) FROM pool_use") == 2
        await till.assert_laws()


async def test_a_quote_says_what_the_purchase_would_get_of_what_is_left(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_budget(14)) as till:
        member = await till.enrol()
        await till.buy(member, 100)
        asked = a_purchase(100, at=await till.now(), no="quoted")

        (quoted,) = await quote_purchases(till.ledger, [(asked, member)])
        before = await drawn(till)
        (bought,) = await record_purchases(till.ledger, [request_of(asked, member)])

        assert not isinstance(quoted, Refusal)
        assert not isinstance(bought, Refusal)
        assert before == 10
        assert quoted.reasons == bought.reasons
        assert [reason.granted for reason in bought.reasons] == [1, 4]


async def test_what_comes_back_does_not_free_a_budget_and_a_void_takes_all_of_it(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_budget(10)) as till:
        member = await till.enrol()
        await till.buy(member, 10_000, no="first")

        await till.bring_back("first")

        assert await till.points(member) == [0]
        assert [r.granted for r in (await till.buy(member, 10_000)).reasons] == [100, 0]
        await till.assert_laws()


async def test_what_a_turn_drew_that_was_rolled_back_is_given_to_others(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, with_budget(10)) as till:
        member = await till.enrol()

        with pytest.raises(ZeroDivisionError):
            async with _failing(monkeypatch, ZeroDivisionError()):
                await till.buy(member, 100, no="fails")

        assert [r.granted for r in (await till.buy(member, 100)).reasons] == [1, 10]
        await till.assert_laws()


async def test_what_was_drawn_by_a_turn_of_unknown_outcome_is_given_to_nobody_before_its_lease_ends(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, with_budget(10)) as till:
        member = await till.enrol()

        with pytest.raises(OutcomeUnknown):
            async with _failing(monkeypatch, OutcomeUnknown()):
                await till.buy(member, 100, no="unknown")
        (at_once,) = [r.granted for r in (await till.buy(member, 100)).reasons][1:]

        assert at_once == 0
        await end_leases(till)
        await until_spent(till, member, 10)
        await till.assert_laws()


@asynccontextmanager
async def _failing(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> AsyncIterator[None]:
    """Turns within fail once everything is decided, before anything is written."""

    async def write(_: Turn) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(Turn, "write", write)
        yield


async def test_a_lease_whose_process_is_gone_comes_back_once_its_end_is_past(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_budget(1_600)) as till:
        member = await till.enrol()
        async with another_till(fresh_database) as gone:
            await gone.buy(member, 100)
        assert await till.fetchval("SELECT sum(units)::bigint FROM lease") == 100

        await end_leases(till)
        await settle_leases(till.ledger)
        await settle_leases(till.ledger)

        assert await till.fetchval("SELECT used FROM lease") == 10
        assert await till.fetchval("SELECT (leased, used) = (0, 10) FROM pool")
        await till.assert_laws()
        assert await prune_leases(till.ledger) == 0
        async with till.ledger.transaction() as connection:
            await connection.execute("UPDATE lease SET settled_at = settled_at - INTERVAL '8 days'")
        assert await prune_leases(till.ledger) == 1
        await till.assert_laws()


async def test_a_turn_that_locked_before_a_lease_ended_is_waited_for(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped in the middle of its turn wakes and commits: what it drew is counted, and nobody else's."""
    async with a_till(fresh_database, with_budget(10)) as till, another_till(fresh_database) as other:
        member, else_ = await till.enrol(), await till.enrol()
        stopped, go_on = asyncio.Event(), asyncio.Event()
        write = Turn.write

        async def stop_and_write(turn: Turn) -> None:
            if turn.members.keys() == {member}:
                stopped.set()
                await go_on.wait()
            await write(turn)

        monkeypatch.setattr(Turn, "write", stop_and_write)
        asleep = asyncio.create_task(till.buy(member, 100))
        await stopped.wait()
        await end_leases(other)
        for _ in range(3):
            await settle_leases(other.ledger)

        meanwhile = await other.buy(else_, 100)
        go_on.set()
        assert [r.granted for r in meanwhile.reasons] == [1, 0]
        assert [r.granted for r in (await asleep).reasons] == [1, 10]
        for _ in range(2):
            await settle_leases(other.ledger)
        await asyncio.sleep(pools.DRY_SECONDS)
        assert [r.granted for r in (await other.buy(else_, 100)).reasons] == [1, 0]
        await till.assert_laws()


async def test_a_budget_may_be_raised_and_then_pays_the_difference(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_budget(10)) as till:
        await till.set_now((await till.now()) - timedelta(days=2))
        member = await till.enrol()
        await till.buy(member, 100)
        assert [r.granted for r in (await till.buy(member, 100)).reasons] == [1, 0]

        await put_in_force(till.ledger, with_budget(15))
        await asyncio.sleep(pools.DRY_SECONDS)

        assert [r.granted for r in (await till.buy(member, 100)).reasons] == [1, 5]
        await till.assert_laws()


async def test_a_budget_that_is_lowered_pays_nothing_more_also_out_of_what_is_leased(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_budget(1_600)) as till:
        await till.set_now((await till.now()) - timedelta(days=2))
        member = await till.enrol()
        for _ in range(3):
            await till.buy(member, 100)
        before = await till.now()

        await put_in_force(till.ledger, with_budget(20))

        assert [(await till.buy(member, 100)).reasons[1].granted for _ in range(3)] == [0, 0, 0]
        assert (await till.buy(member, 100, at=before)).reasons[1].granted == 10, (
            "it is judged by its own revision"
        )
        assert [(await till.buy(member, 100)).reasons[1].granted for _ in range(3)] == [0, 0, 0]
        await till.assert_laws()


async def test_who_waits_for_a_busy_member_does_not_ask_for_more_of_an_empty_pool_again_and_again(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_budget(10)) as till, another_till(fresh_database) as other:
        member, else_ = await till.enrol(), await till.enrol()
        await till.buy(else_, 100)
        async with other.ledger.transaction() as connection:
            await connection.execute("SELECT FROM member WHERE member_id = $1 FOR UPDATE", member)
            waiting = asyncio.create_task(till.buy(member, 100))
            await asyncio.sleep(1)
        bought = await waiting

        assert [reason.granted for reason in bought.reasons] == [1, 0]
        assert await till.fetchval("SELECT count(*) FROM lease") == 1


async def test_a_receipt_that_is_claimed_draws_when_it_becomes_somebodys(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_budget(10)) as till:
        member = await till.enrol()
        await till.buy(None, 10_000, no="nobodys")
        assert await drawn(till) == 0

        await till.claim(member, "nobodys")

        assert await till.points(member) == [110]
        assert await drawn(till) == 10
        await till.assert_laws()


BREAKAGES = {
    "a budget pays no more than it has": "UPDATE jifen.pool_use SET units = units + 1000",
    "what a rule with a budget granted was drawn from its pool": "DELETE FROM jifen.pool_use",
    "a lease gave no more than it had, and one that is settled gave what it says": "UPDATE jifen.pool_use SET units = units + 5",
    "what of a pool is leased and used is what its leases say": "UPDATE jifen.pool SET leased = leased + 1",
}


@pytest.mark.parametrize("check", BREAKAGES)
async def test_a_pool_that_is_broken_by_force_is_named(fresh_database: FreshDatabase, check: str) -> None:
    async with a_till(fresh_database, with_budget(14)) as till:
        member = await till.enrol()
        await till.buy(member, 100)
        law = next(law for law in LAWS if law.number == 12)
        async with till.ledger.transaction() as connection:
            assert await findings_of(connection, law) == []

        admin = await asyncpg.connect(**fresh_database.admin.arguments())
        await admin.execute(BREAKAGES[check])
        await admin.close()

        async with till.ledger.transaction() as connection:
            assert check in {finding.check for finding in await findings_of(connection, law)}
