"""Many clients at once on few members, from two processes: nothing is lost, nothing overshoots, nothing locks for ever."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document, a_line, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.scarce import DRAWN, MOMENTS, with_stars
from tests.machine.till import Till, a_key, a_till, another_till, request_of

from jifen.domain.refusals import Refusal
from jifen.jobs.loop import do_effects
from jifen.operations.advance_members import advance_members
from jifen.operations.handle_reservations import commit_reservation, release_reservation
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.record_purchases import record_purchases
from jifen.store.once import Once

CLIENTS = 24
BUDGET = 51
SEED = int(os.environ.get("JIFEN_TEST_SEED", "20260101"))
ROUNDS = int(os.environ.get("JIFEN_TEST_ROUNDS", "12"))
EXPECTED = {
    "points_missing", "return_exceeds_purchase", "reservation_over", "purchase_claimed", "purchase_unknown",
    "key_reused",
}  # fmt: skip


class Client:
    """One of many who do the same things to the same few members, often twice."""

    def __init__(self, till: Till, members: list[UUID], start: datetime, seed: str) -> None:
        self.till = till
        self.start = start
        self.members = members
        self.random = random.Random(seed)
        self.said: Counter[str] = Counter()

    async def work(self, rounds: int) -> None:
        for _ in range(rounds):
            actions = [
                self.buy,
                self.buy,
                self.buy_of_nobody,
                self.batch,
                self.bring_back,
                self.give,
                self.give,
            ]
            actions += [self.reserve, self.adjust, self.jobs, self.claim]
            action = self.random.choice(actions)
            await action()

    async def _ask(self, work: Awaitable[Any]) -> Any:
        """Any exception but a refusal is a defect and ends the test."""
        try:
            answer = await work
        except Refusal as refusal:
            self.said[refusal.code] += 1
            return None
        self.said["done"] += 1
        return answer

    def one(self) -> UUID:
        return self.random.choice(self.members)

    def number(self) -> str:
        return f"n-{self.random.randrange(60)}"

    async def buy(self) -> None:
        no = self.number()
        # The same number is always the same purchase of the same member: twins are replays.
        whose = self.members[int(no[2:]) % len(self.members)]
        await self._ask(self.till.buy(whose, 1_000 + int(no[2:]) * 37, no=no, at=self.start))

    async def buy_of_nobody(self) -> None:
        no = f"nobody-{self.random.randrange(20)}"
        await self._ask(self.till.buy(None, 3_000, no=no, at=self.start))

    async def batch(self) -> None:
        numbers = self.random.sample(range(100, 140), 6)
        batch = [
            request_of(
                a_purchase(at=self.start, no=f"b-{n}", lines=[a_line(1, 900 + n), a_line(2, 70)]),
                self.members[n % len(self.members)] if n % 5 else None,
            )
            for n in numbers
        ]
        for answer in await record_purchases(self.till.ledger, batch):
            self.said[answer.code if isinstance(answer, Refusal) else "done"] += 1

    async def bring_back(self) -> None:
        lines = self.random.choice((None, [(1, 300)], [(1, 250)]))
        key = Once(key=f"return-{self.random.randrange(30)}", body_hash=b"return")
        no = self.random.choice((self.number(), f"nobody-{self.random.randrange(20)}"))
        await self._ask(self.till.bring_back(no, lines, key=key))

    async def claim(self) -> None:
        await self._ask(self.till.claim(self.one(), f"nobody-{self.random.randrange(20)}"))

    async def give(self) -> None:
        giver, receiver = self.random.sample(self.members, 2)
        await self._ask(self.till.give(giver, receiver, self.random.randrange(1, 40)))

    async def reserve(self) -> None:
        answer = await self._ask(self.till.reserve(self.one(), self.random.randrange(1, 30)))
        if answer:
            end = self.random.choice((commit_reservation, release_reservation))
            await self._ask(end(self.till.ledger, UUID(answer["reservation_id"]), a_key()))

    async def adjust(self) -> None:
        await self._ask(self.till.adjust(self.one(), self.random.choice((-25, 10))))

    async def jobs(self) -> None:
        await self._ask(advance_members(self.till.ledger))
        await self._ask(do_effects(self.till.ledger))


@pytest.mark.parametrize("shards", [1, 8])
async def test_many_clients_of_two_processes_leave_whole_books(
    fresh_database: FreshDatabase, shards: int
) -> None:
    document = with_stars(
        a_document(
            caps="{day: 400}", debt="{policy: allow, limit_units: 100}", expiry="{days: 30}", pending_days=0
        ),
        budget=BUDGET,
        ahead=30,
    )
    async with (
        a_till(fresh_database, document, pool_size=10, shards=shards) as till,
        another_till(fresh_database, pool_size=10) as other,
    ):
        members = [await till.enrol() for _ in range(4)]
        start = await till.now() - timedelta(minutes=1)
        clients = [Client(till if i % 2 else other, members, start, f"{SEED}-{i}") for i in range(CLIENTS)]

        async with asyncio.timeout(120):
            reading = asyncio.create_task(_reconcile_meanwhile(other))
            await asyncio.gather(*(client.work(ROUNDS) for client in clients))
            assert not reading.done() or not reading.exception(), reading.exception()
            reading.cancel()

        said = sum((client.said for client in clients), Counter[str]())
        assert set(said) <= {"done", *EXPECTED}, f"seed {SEED}: {said}"
        assert said["done"] > CLIENTS * ROUNDS // 3, f"seed {SEED}: {said}"
        await do_effects(till.ledger)
        await till.assert_laws()
        # Every point that purchases, adjustments, returns and rewards left in the world is with one of the four.
        world = await till.fetchval(
            """SELECT sum(CASE WHEN is_credit THEN units ELSE -units END) FROM posting
               WHERE account <> 'in_transit' AND currency = 0"""
        )
        assert sum(await till.points(*members)) == world
        most = await till.fetchval(
            """SELECT max(granted) FROM (SELECT sum(units) AS granted FROM posting
               WHERE verb = 'earn' AND currency = 0 GROUP BY member_id) g"""
        )
        clawed = await till.fetchval(
            """SELECT coalesce(sum((hits::bigint[])[i + 3]), 0)
               FROM purchase_return, generate_series(1, cardinality(hits::bigint[]), 6) i"""
        )
        assert most <= 400 + clawed
        # More was bought than the budget has, so what is left of it now is what processes hold.
        drawn = await till.fetchval(DRAWN)
        assert drawn <= BUDGET
        assert drawn + await till.fetchval("SELECT sum(leased)::bigint FROM pool") >= BUDGET
        assert await till.fetchval(MOMENTS) >= len(members), (
            "points that expire in a month are told of at once"
        )


async def _reconcile_meanwhile(till: Till) -> None:
    """The proof reads one snapshot, so it never blocks and never sees half an entry."""
    while True:
        books = await reconcile_books(till.ledger)
        assert books.are_kept, [v for v in books.verdicts if v.verdict == "broken"]
        await asyncio.sleep(0.2)
