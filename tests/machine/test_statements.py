"""How often a turn speaks with the database: each statement is a round trip while members are locked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from tests.builders import a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import a_key, a_till, request_of

from jifen.domain.principal import LOCAL
from jifen.operations.adjust_units import adjust_units
from jifen.operations.handle_reservations import EndRequest, ReserveRequest, handle_reservations
from jifen.operations.record_purchases import record_purchases


async def test_a_turn_asks_and_tells_once_whatever_it_is_about(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, pool_size=1, shards=1) as till:
        members = [await till.enrol() for _ in range(3)]
        for member in members:
            await till.buy(member, 10_000)
        now = await till.now()
        held: list[UUID] = []

        async def buy() -> None:
            asked = [request_of(a_purchase(100, at=now, no=f"n{at}"), m) for at, m in enumerate(members)]
            await record_purchases(till.ledger, asked)

        async def reserve() -> None:
            asked = [
                ReserveRequest(whose=m, currency="points", units=5, lapse_seconds=60, once=a_key())
                for m in members
            ]
            for answer in await handle_reservations(till.ledger, asked):
                assert isinstance(answer, dict)
                held.append(UUID(answer["reservation_id"]))

        async def commit() -> None:
            await handle_reservations(
                till.ledger, [EndRequest(reservation_id=one, is_committed=True, once=a_key()) for one in held]
            )

        async def adjust() -> Any:
            return await adjust_units(
                till.ledger,
                members[0],
                currency="points",
                units=1,
                note="x",
                request=a_key(),
                principal=LOCAL,
            )

        for verb in (buy, reserve, commit, adjust):
            asked = await _statements(till.ledger.pool, verb)
            # It begins, locks, reads clock, keys and lots, writes, commits.
            assert [one.split()[0].strip(";") for one in asked] == [
                "BEGIN",
                "SELECT",
                "SELECT",
                "WITH",
                "COMMIT",
            ], (verb.__name__, asked)


async def _statements(pool: Any, verb: Callable[[], Awaitable[Any]]) -> list[str]:
    asked: list[str] = []

    def hear(record: Any) -> None:
        asked.append(" ".join(record.query.split()))

    async with pool.acquire() as connection:
        connection.add_query_logger(hear)
    try:
        await verb()
        await asyncio.sleep(0)  # the driver tells a turn later
    finally:
        async with pool.acquire() as connection:
            connection.remove_query_logger(hear)
    return asked
