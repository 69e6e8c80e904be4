"""What entries cause reaches the queue once, whoever dies in between; what cannot be done is parked and told (law 14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till

from jifen.domain import fold
from jifen.domain.decide import decide_advance
from jifen.domain.effects import OWED
from jifen.jobs import effects as doing
from jifen.jobs.duty import DUTY
from jifen.jobs.loop import do_effects, once_through
from jifen.jobs.worker import ROOMS, work_off, work_on
from jifen.operations import give_units as giving
from jifen.operations import reverse_entry as reversing
from jifen.operations.advance_members import advance_members
from jifen.operations.feed_queue import feed_queue, prune_queue
from jifen.operations.retry_parked import Jobs, read_jobs, retry_parked
from jifen.store import effects
from jifen.store.duties import leave_duty, take_duty
from jifen.store.ids import new_id
from jifen.store.overview import read_health
from jifen.store.parked import Parked
from jifen.store.queue import enqueue, queries_within


@pytest.fixture
async def till(fresh_database: FreshDatabase) -> AsyncIterator[Till]:
    async with a_till(fresh_database) as one:
        yield one


async def _nothing(*_: object) -> None:
    """A process that dies between the two halves."""


async def _gifts_under_way(till: Till, count: int = 1) -> tuple[UUID, list[UUID]]:
    """A giver, and those to whom so many gifts of ten points are under way."""
    giver = await till.enrol()
    friends = [await till.enrol() for _ in range(count)]
    await till.buy(giver, 10_000 * count)
    with patch.object(giving, "receive_gift", _nothing):
        for friend in friends:
            await till.give(giver, friend, 10)
    return giver, friends


async def _jobs(till: Till) -> Jobs:
    return await read_jobs(till.ledger, DUTY)


async def _tear(database: FreshDatabase, member_id: UUID) -> None:
    """A hold on a lot that is not there, past its end: nothing that the ledger itself does leaves one."""
    lapsed = int((datetime.now(UTC) - timedelta(days=1)).timestamp() * 1_000_000)
    await _by_force(
        database,
        f"""UPDATE jifen.member SET holds = ARRAY[2, 99999, 5, {lapsed}, {lapsed // fold.DAY_MICROS}], next_lapse_at = {lapsed},
            next_due_at = clock_timestamp() - INTERVAL '1 hour' WHERE member_id = '{member_id}'""",
    )


async def _mend(database: FreshDatabase, member_id: UUID, next_lapse_at: int) -> None:
    await _by_force(
        database,
        f"UPDATE jifen.member SET holds = '{{}}', next_lapse_at = {next_lapse_at} WHERE member_id = '{member_id}'",
    )


async def _by_force(database: FreshDatabase, statement: str) -> None:
    admin = await asyncpg.connect(**database.admin.arguments())
    await admin.execute(statement)
    await admin.close()


async def test_the_tables_of_the_queue_are_what_its_library_asks_for(fresh_database: FreshDatabase) -> None:
    owner = await asyncpg.connect(**fresh_database.owner.arguments())
    plan = await queries_within(owner).plan_upgrade()
    await owner.close()
    assert (plan.statements, plan.notes) == ((), ())


async def test_the_library_may_do_what_it_needs_as_the_application_and_no_more(
    fresh_database: FreshDatabase,
) -> None:
    app = await asyncpg.connect(**fresh_database.app.arguments())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("DROP TABLE jifen_queue.pgqueuer")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("UPDATE jifen.effect SET part = 0")
    await app.close()


async def test_an_entry_causes_nothing_that_is_done_at_once(till: Till) -> None:
    """The second half right after the first stays; the queue hears of nothing."""
    giver, friend = await till.enrol(), await till.enrol()
    await till.buy(giver, 10_000)
    await till.give(giver, friend, 10)
    assert await feed_queue(till.ledger) == 0
    assert (await _jobs(till)).waiting == {}
    assert await till.fetchval("SELECT count(*) FROM effect") == 1
    await till.assert_laws()


async def test_a_purchase_writes_no_row_more(till: Till) -> None:
    await till.buy(await till.enrol(), 10_000)
    assert await till.fetchval("SELECT count(*) FROM effect") == 0


async def test_both_halves_of_giving_and_taking_back_reach_their_end(till: Till) -> None:
    giver, (friend,) = await _gifts_under_way(till)
    assert await till.points(giver, friend) == [90, 0]
    assert await do_effects(till.ledger) == 1
    assert await till.points(giver, friend) == [90, 10]
    with patch.object(reversing, "finish_going_back", _nothing):
        await till.reverse(giver, 3)
    assert await till.points(giver, friend) == [90, 0]
    await till.assert_laws()
    assert await do_effects(till.ledger) == 1
    assert await till.points(giver, friend) == [100, 0]
    assert await do_effects(till.ledger) == 0
    await till.assert_laws()


async def test_a_feeder_that_dies_has_put_nothing_into_the_queue_and_moved_nothing(till: Till) -> None:
    await _gifts_under_way(till, 2)

    async def dies(*_: object) -> None:
        raise ConnectionError("the process is gone")

    with patch.object(effects, "move", dies), pytest.raises(ConnectionError):
        await feed_queue(till.ledger)
    assert (await _jobs(till)).waiting == {}
    assert await feed_queue(till.ledger) == 2
    assert await feed_queue(till.ledger) == 0
    assert (await _jobs(till)).waiting == {OWED: 2}


async def test_a_feeder_that_begins_again_puts_nothing_there_twice(till: Till) -> None:
    """As after a move by logical means, where every transaction has another number."""
    giver, friends = await _gifts_under_way(till, 3)
    assert await feed_queue(till.ledger) == 3
    await till.fetchval("UPDATE checkpoint SET below_xid = 0 WHERE name = 'effect' RETURNING 1")
    assert await feed_queue(till.ledger) == 0
    assert await do_effects(till.ledger) == 3
    await till.fetchval("UPDATE checkpoint SET below_xid = 0 WHERE name = 'effect' RETURNING 1")
    assert await do_effects(till.ledger) == 0
    assert await till.points(giver, *friends) == [270, 10, 10, 10]
    await till.assert_laws()


async def test_more_than_a_slice_is_fed_at_once(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "_SLICE", 2)
    await _gifts_under_way(till, 5)
    assert await feed_queue(till.ledger) == 5
    assert await do_effects(till.ledger) == 5


async def test_an_entry_that_commits_late_is_fed_all_the_same(
    fresh_database: FreshDatabase, till: Till
) -> None:
    """It began before others that were fed long ago."""
    giver, friend = await till.enrol(), await till.enrol()
    await till.buy(giver, 10_000)
    late = await asyncpg.connect(**fresh_database.app.arguments())
    transaction = late.transaction()
    await transaction.start()
    await late.execute("SELECT pg_current_xact_id()")
    with patch.object(giving, "receive_gift", _nothing):
        await till.give(giver, friend, 10)
    assert await feed_queue(till.ledger) == 0, "a reader waits for whoever may still write"
    await transaction.rollback()
    await late.close()
    assert await feed_queue(till.ledger) == 1


async def test_what_the_library_puts_aside_waits_again(till: Till) -> None:
    """It does so where an end could not be told to the database: just when that was away."""
    await _gifts_under_way(till)
    await feed_queue(till.ledger)

    async def away(*_: object) -> None:
        raise asyncpg.ConnectionDoesNotExistError("the database is away")

    with patch.dict(doing.DOES, dict.fromkeys(doing.DOES, away)):
        await work_off(till.ledger, OWED, doing.do_effect)
    assert await till.fetchval("SELECT status::text FROM jifen_queue.pgqueuer") == "failed"
    assert (await _jobs(till)).parked == {}, "nobody is to blame"
    await till.assert_laws_in_sql()
    assert await do_effects(till.ledger) == 1
    await till.assert_laws()


async def test_a_process_that_is_stopped_leaves_what_it_works_on_to_another(till: Till) -> None:
    await _gifts_under_way(till)
    await feed_queue(till.ledger)
    begun = asyncio.Event()

    async def for_ever(*_: object) -> None:
        begun.set()
        await asyncio.sleep(3_600)

    working = asyncio.create_task(work_on(till.ledger, OWED, for_ever))
    async with asyncio.timeout(20):
        await begun.wait()
        working.cancel()  # asked to stop, it ends what it has begun
        await asyncio.sleep(0.2)
        assert not working.done()
        working.cancel()  # and now at once
        await asyncio.gather(working, return_exceptions=True)
    assert await till.fetchval("SELECT status::text FROM jifen_queue.pgqueuer") == "queued"
    assert await do_effects(till.ledger) == 1
    await till.assert_laws()


async def test_what_is_slow_takes_no_room_of_another_class(till: Till) -> None:
    """A class is worked off by rooms of its own, however much waits in others and however long it takes."""
    _, friends = await _gifts_under_way(till, 3)
    async with till.ledger.transaction() as connection:
        await enqueue(connection, [("slow", (friends[0], 1, part)) for part in range(50)])
    slow = 0

    async def takes_long(*_: object) -> None:
        nonlocal slow
        slow += 1
        await asyncio.sleep(3_600)

    working = [
        asyncio.create_task(work_on(till.ledger, "slow", takes_long)),
        asyncio.create_task(work_on(till.ledger, OWED, doing.do_effect)),
    ]
    async with asyncio.timeout(20):
        while slow < ROOMS:
            await asyncio.sleep(0.05)
        await feed_queue(till.ledger)
        while await till.fetchval("SELECT count(*) FROM gift WHERE status = 'in_transit'"):
            await asyncio.sleep(0.05)
        assert slow == ROOMS, "and no more of it at once"
        for task in working:
            task.cancel()
        await asyncio.sleep(0.2)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def test_a_worker_whose_connections_die_goes_on_and_loses_none(
    fresh_database: FreshDatabase, till: Till
) -> None:
    _, friends = await _gifts_under_way(till, 3)
    cut = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND usename = 'jifen_app'"""
    working = asyncio.create_task(work_on(till.ledger, OWED, doing.do_effect))
    try:
        async with asyncio.timeout(100):
            for _ in range(till.ledger.pool.get_max_size() + 2):
                await asyncio.sleep(0.3)
                await _by_force(fresh_database, cut)
            while sum(await _calmly(till.points(*friends))) < 30:
                await _calmly(feed_queue(till.ledger))
                await asyncio.sleep(0.2)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert till.ledger.pool.get_size() == till.ledger.pool.get_idle_size()
    await till.assert_laws()


async def _calmly(asked: Awaitable[Any]) -> Any:
    """What is answered; while connections that are dead are found out, nothing."""
    try:
        return await asked
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError):
        return [0]


async def test_a_gift_that_cannot_arrive_is_parked_and_told_and_stops_nobody(
    fresh_database: FreshDatabase, till: Till
) -> None:
    giver, friends = await _gifts_under_way(till, 3)
    torn, late = friends[0], await till.enrol()
    await till.adjust(late, 5)
    before = await till.fetchval("SELECT next_lapse_at FROM member WHERE member_id = $1", torn)
    await _tear(fresh_database, torn)
    await _by_force(
        fresh_database, f"UPDATE jifen.member SET next_due_at = enrolled_at WHERE member_id = '{late}'"
    )

    done = await once_through(till.ledger)

    assert done["effects"] == 3
    assert await till.points(*friends[1:]) == [10, 10]
    due = "SELECT next_due_at <= enrolled_at FROM member WHERE member_id = $1"
    assert not await till.fetchval(due, late), "his time went on in the same round"
    jobs = await _jobs(till)
    assert (jobs.waiting, jobs.parked) == ({}, {"gift_arrives": 1, "time": 1})
    parked = _gift_of(jobs)
    assert (parked.member_id, parked.to_member, parked.tries) == (giver, torn, 1)
    assert "no lot" in parked.failure
    async with till.ledger.connection() as connection:
        health = await read_health(connection)
    assert (health.effects_parked, health.members_parked, health.oldest_due_at) == (1, 1, None)
    assert await do_effects(till.ledger) == 0, "it waits a minute before it is tried again"

    assert await retry_parked(till.ledger, [giver]) == 1
    assert await do_effects(till.ledger) == 1
    parked = _gift_of(await _jobs(till))
    assert parked.tries == 2
    assert (parked.next_try_at - datetime.now(UTC)).total_seconds() > 90, "the pauses grow"

    await _mend(fresh_database, torn, before)
    assert await retry_parked(till.ledger, None) == 2
    assert (await once_through(till.ledger))["effects"] == 1
    assert (await _jobs(till)).parked == {}
    assert await till.points(torn) == [10]
    await till.assert_laws()


def _gift_of(jobs: Jobs) -> Parked:
    (parked,) = [one for one in jobs.longest if one.about is not None]
    return parked


async def test_a_gift_that_cannot_go_back_holds_up_no_other(
    fresh_database: FreshDatabase, till: Till
) -> None:
    givers, friend = [await till.enrol() for _ in range(3)], await till.enrol()
    with patch.object(reversing, "finish_going_back", _nothing):
        for giver in givers:
            await till.buy(giver, 10_000)
            given = await till.give(giver, friend, 10)
            await till.reverse(giver, given["sequence"])
    await _tear(fresh_database, givers[0])
    assert await do_effects(till.ledger) == 3
    assert await till.points(*givers[1:]) == [100, 100]
    assert (await _jobs(till)).parked == {"gift_goes_back": 1}


@pytest.mark.parametrize("failure", [RuntimeError("a defect"), asyncpg.LockNotAvailableError("held")])
async def test_one_member_whom_anything_fails_for_stops_nobodys_time(till: Till, failure: Exception) -> None:
    """Also what a turn does not know to be of one: it would fail for all who take their turn with him, round after round."""
    members = [await till.enrol() for _ in range(4)]
    for member in members:
        await till.adjust(member, 5)
    await till.fetchval("UPDATE member SET next_due_at = enrolled_at - INTERVAL '1 day' RETURNING 1")

    def fails_for_one(timeline: Any, member: Any, **more: Any) -> Any:
        if member.member_id == members[1]:
            raise failure
        return decide_advance(timeline, member, **more)

    with patch("jifen.operations.advance_members.decide_advance", fails_for_one):
        assert await advance_members(till.ledger) == 4
        assert await advance_members(till.ledger) == 0, "he is left out"
    (parked,) = (await _jobs(till)).longest
    assert (parked.member_id, parked.kind, parked.failure_class) == (
        members[1],
        "time",
        type(failure).__name__,
    )
    assert await till.fetchval("SELECT count(*) FROM member WHERE next_due_at < enrolled_at") == 1
    await retry_parked(till.ledger, [members[1]])
    assert await advance_members(till.ledger) == 1
    assert (await _jobs(till)).parked == {}


async def test_nobody_is_parked_because_the_database_is_away(till: Till) -> None:
    member = await till.enrol()
    await till.fetchval("UPDATE member SET next_due_at = enrolled_at - INTERVAL '1 day' RETURNING 1")

    def away(*_: Any, **__: Any) -> Any:
        raise asyncpg.ConnectionDoesNotExistError("the database is away")

    with (
        patch("jifen.operations.advance_members.decide_advance", away),
        pytest.raises(asyncpg.ConnectionDoesNotExistError),
    ):
        await advance_members(till.ledger)
    assert (await _jobs(till)).parked == {}
    assert await advance_members(till.ledger) == 1, member


async def test_one_process_has_the_duty_and_another_takes_it_when_its_time_is_over(till: Till) -> None:
    one, other = new_id(), new_id()

    async def take(who: UUID, seconds: int = 60) -> bool:
        async with till.ledger.transaction() as connection:
            return await take_duty(connection, DUTY, who, process=1, seconds=seconds)

    assert [await take(one), await take(other), await take(one)] == [True, False, True]
    assert await take(one, seconds=0), "its holder says nothing more"
    assert [await take(other), await take(one)] == [True, False]
    async with till.ledger.transaction() as connection:
        await leave_duty(connection, DUTY, one)
    assert not await take(one), "only its holder can leave it"
    async with till.ledger.transaction() as connection:
        await leave_duty(connection, DUTY, other)
    assert await take(one)


async def test_the_queues_log_is_kept_short(till: Till) -> None:
    await _gifts_under_way(till)
    await do_effects(till.ledger)
    assert await prune_queue(till.ledger) == 0
    await till.fetchval(
        "UPDATE jifen_queue.pgqueuer_log SET created = created - INTERVAL '8 days' RETURNING 1"
    )
    assert await prune_queue(till.ledger) > 0
    assert await till.fetchval("SELECT count(*) FROM jifen_queue.pgqueuer_log") == 0
