"""Whoever dies or stands still in the middle of what happens by itself: another does it, once (law 14)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar
from unittest.mock import patch
from uuid import UUID

import httpx
import psutil
import pytest
from tests.crash.serving import Shop, a_served_shop, free_port
from tests.machine.till import Till

from jifen.document.stored import timeline_of_published
from jifen.operations import give_units as giving
from jifen.present.ids import unprefixed
from jifen.store.ledger import Ledger, open_pool

T = TypeVar("T")
PATIENCE_SECONDS = 60
"""A lease of 15 seconds, what is locked for 10, and a slow machine."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_served_shop() as one:
        for n in range(3):
            body = one.a_purchase(f"first-{n}")
            assert httpx.post(one.url("/v1/purchases"), json=body, headers=one.headers()).status_code == 201
        yield one


def _at(shop: Shop, work: Callable[[Till], Awaitable[T]]) -> T:
    """What the work returns, done at the shop's database beside those who serve."""

    async def do() -> T:
        pool = await open_pool(shop.address, size=2)
        try:
            return await work(Till(Ledger(pool, compile_timeline=timeline_of_published)))
        finally:
            await pool.close()

    return asyncio.run(do())


def _ask(shop: Shop, query: str, *arguments: object) -> Any:
    return _at(shop, lambda till: till.fetchval(query, *arguments))


def _until(shop: Shop, holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, f"{what}\n{shop.log.read_text(errors='replace')[-3_000:]}"
        time.sleep(0.1)


def _gift_half_given(shop: Shop) -> UUID:
    """A gift of which whoever gave it died between its two halves."""

    async def nothing(*_: object) -> None: ...

    async def give(till: Till) -> UUID:
        giver, receiver = (unprefixed("mbr", member) for member in shop.members[:2])
        assert giver is not None
        assert receiver is not None
        with patch.object(giving, "receive_gift", nothing):
            return UUID((await till.give(giver, receiver, 5))["gift_id"])

    return _at(shop, give)


def _has_arrived(shop: Shop, gift_id: UUID) -> bool:
    return bool(_ask(shop, "SELECT status = 'received' FROM gift WHERE gift_id = $1", gift_id))


def _holder(shop: Shop) -> psutil.Process | None:
    """The process that has the duty, if it is one of those who serve here."""
    pid = _ask(shop, "SELECT held_by FROM duty WHERE held_until > clock_timestamp()")
    return next((worker for worker in shop.workers() if worker.pid == pid), None)


def _watcher(shop: Shop) -> psutil.Process:
    assert shop.process is not None
    return psutil.Process(shop.process.pid)


def _assert_all_is_well(shop: Shop) -> None:
    assert shop.defects() == ""
    _at(shop, lambda till: till.assert_laws_in_sql())


@contextmanager
def _stopped(processes: list[psutil.Process]) -> Iterator[None]:
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


@pytest.mark.slow
def test_one_of_two_has_the_duty_and_the_other_takes_it_when_it_dies_or_stands_still(shop: Shop) -> None:
    _until(shop, lambda: _holder(shop) is not None, "nobody took the duty")
    first = _holder(shop)
    assert first is not None
    time.sleep(6)
    assert _holder(shop) == first, "it keeps the duty"

    first.kill()
    gift = _gift_half_given(shop)
    _until(shop, lambda: _holder(shop) not in (None, first), "nobody took the duty of one that was killed")
    _until(shop, lambda: _has_arrived(shop, gift), "its part was not done")

    second = _holder(shop)
    assert second is not None
    with _stopped([_watcher(shop), second]):  # who watches over them would end one that stands still
        gift = _gift_half_given(shop)
        _until(
            shop, lambda: _holder(shop) not in (None, second), "nobody took the duty of one that stands still"
        )
        _until(shop, lambda: _has_arrived(shop, gift), "its part was not done")
        third = _holder(shop)
    time.sleep(6)
    assert _holder(shop) == third, "who wakes up late has lost it"
    _assert_all_is_well(shop)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_who_is_killed_or_stands_still_in_the_middle_of_an_effect_leaves_it_to_another(
    shop: Shop, how: str
) -> None:
    receiver = unprefixed("mbr", shop.members[1])
    other = replace(shop, port=free_port(), process=None)

    async def while_held(till: Till) -> tuple[UUID, list[psutil.Process]] | None:
        """The effect cannot go on, as somebody holds its receiver: it is picked, and waits."""
        # Held after it was given: a transaction that began before would keep the feeder from seeing it.
        gift = await asyncio.to_thread(_gift_half_given, shop)
        async with till.ledger.transaction() as connection:
            await connection.execute("SELECT FROM member WHERE member_id = $1 FOR UPDATE", receiver)
            status = await connection.fetchval("SELECT status FROM gift WHERE gift_id = $1", gift)
            if status != "in_transit":
                return None  # a round of the feeder fell just between
            async with asyncio.timeout(PATIENCE_SECONDS):
                # Whoever waits for the lock is in the middle of it; he would give up after two seconds.
                while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    await asyncio.sleep(0.02)
            workers = [_watcher(shop), *shop.workers()] if how == "stopped" else shop.workers()
            for worker in workers:
                worker.kill() if how == "killed" else worker.suspend()
            assert await connection.fetchval("SELECT status::text FROM jifen_queue.pgqueuer") == "picked"
            return gift, workers

    while (held := _at(shop, while_held)) is None:
        pass
    gift, workers = held
    if how == "stopped":
        try:
            other.serve()
            _until(shop, lambda: _has_arrived(shop, gift), "nobody else did it")
            assert all(worker.status() == psutil.STATUS_STOPPED for worker in workers)
            for worker in workers:
                worker.resume()
            shop.wait_until_it_answers()
        finally:
            if other.process is not None:
                other.kill_the_api()
    _until(shop, lambda: _has_arrived(shop, gift), "nobody else did it")
    _until(
        shop, lambda: _ask(shop, "SELECT count(*) FROM jifen_queue.pgqueuer") == 0, "it stays in the queue"
    )
    assert _ask(shop, "SELECT count(*) FROM entry WHERE gift_id = $1 AND kind = 'gift_in'", gift) == 1
    assert _ask(shop, "SELECT count(*) FROM parked") == 0
    _assert_all_is_well(shop)
