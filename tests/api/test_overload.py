"""Too much at once, or a database that is slow: an answer at once, nothing lost, and nobody waits for his neighbour's trouble."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.api.conftest import Api, a_purchase_body

from jifen.api import observe
from jifen.present.ids import unprefixed


@asynccontextmanager
async def held(api: Api, statement: str, *arguments: object) -> AsyncIterator[None]:
    """Somebody else's transaction that holds what the statement locks."""
    async with api.ledger.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement, *arguments)
        try:
            yield
        finally:
            await transaction.rollback()


async def test_a_member_whom_somebody_holds_does_not_hold_up_the_others(api: Api) -> None:
    stuck, free = await api.a_member(), [await api.a_member() for _ in range(10)]
    own = a_purchase_body(stuck)
    async with held(api, "SELECT 1 FROM member WHERE member_id = $1 FOR UPDATE", unprefixed("mbr", stuck)):
        first, *others = await asyncio.gather(
            *(api.post("/v1/purchases", body) for body in (own, *map(a_purchase_body, free)))
        )
    assert (first.status_code, first.json()["code"], first.headers["retry-after"]) == (503, "busy", "1")
    assert [answer.status_code for answer in others] == [201] * 10
    assert (await api.post("/v1/purchases", own)).status_code == 201


async def test_a_database_that_hangs_is_busy_within_seconds_and_nothing_piles_up(api: Api) -> None:
    members = [await api.a_member() for _ in range(4)]
    bodies = [a_purchase_body(members[at % 4]) for at in range(40)]
    reserve = {"member": {"id": members[0]}, "currency": "points", "units": 1}
    began = time.monotonic()
    async with held(api, "LOCK TABLE member IN ACCESS EXCLUSIVE MODE"):
        answers = await asyncio.gather(
            *(api.post("/v1/purchases", body) for body in bodies[:1]),
            api.post("/v1/purchases:quote", bodies[1]),
            api.get(f"/v1/members/{members[0]}/balances"),
            api.post("/v1/reservations", reserve),
        )
    assert [answer.status_code for answer in answers] == [503] * 4
    assert time.monotonic() - began < 15
    again = await asyncio.gather(*(api.post("/v1/purchases", body) for body in bodies))
    assert [answer.status_code for answer in again] == [201] * 40


async def test_more_than_can_wait_are_told_so_at_once_and_nothing_is_lost(api: Api) -> None:
    member = await api.a_member()
    before = observe.IN_FLIGHT_MAX
    bodies = [a_purchase_body(member, of=100) for _ in range(before + 400)]
    answers = await asyncio.gather(*(api.post("/v1/purchases", body) for body in bodies))
    told = [answer.status_code for answer in answers]
    assert set(told) == {201, 503}
    assert told.count(503) >= 400
    refused = [body for body, status in zip(bodies, told, strict=True) if status == 503]
    for at in range(0, len(refused), 500):
        again = await asyncio.gather(*(api.post("/v1/purchases", body) for body in refused[at : at + 500]))
        assert {answer.status_code for answer in again} == {201}
    balances = (await api.get(f"/v1/members/{member}/balances")).json()["balances"]
    assert balances[0]["balance"] == len(bodies)
