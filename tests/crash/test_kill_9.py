"""kill -9 under load, fifteen times: what was acknowledged is there once, what was not can be sent again, every law holds."""

from __future__ import annotations

import asyncio
import os
import random
import time

import psutil
import pytest
from tests.crash.serving import Shop, a_served_shop

ROUNDS = int(os.environ.get("JIFEN_TEST_ROUNDS", "5"))
"""Five of each in CI, fifteen in all."""
SEED = int(os.environ.get("JIFEN_TEST_SEED", str(time.time_ns() % 1_000_000)))


async def _ring_and_pull_the_plug(shop: Shop, chance: random.Random, number: int, plug: str) -> None:
    """Tills ring; some time after the first answers the plug is pulled, and they go on for a moment."""
    acknowledged = len(shop.acknowledged)
    seconds = chance.uniform(0.05, 0.7)

    async def pull() -> None:
        while len(shop.acknowledged) < acknowledged + 5:
            await asyncio.sleep(0.01)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(getattr(shop, plug))
        await asyncio.sleep(0.2)
        ringing.cancel()

    ringing = asyncio.create_task(shop.ring(chance, number))
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(pull(), ringing, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


@pytest.mark.slow
def test_kill_9_of_the_api_under_load_loses_nothing_and_repeats_nothing() -> None:
    chance = random.Random(SEED)
    try:
        with a_served_shop() as shop:
            for number in range(ROUNDS):
                asyncio.run(_ring_and_pull_the_plug(shop, chance, number, "kill_the_api"))
                asyncio.run(shop.prove())
                shop.serve()
                asyncio.run(shop.send_again())
            asyncio.run(shop.prove())
    except BaseException:
        print(f"JIFEN_TEST_SEED={SEED}")
        raise


@pytest.mark.slow
def test_kill_9_of_postgresql_under_load_loses_nothing_and_the_api_comes_back_by_itself() -> None:
    chance = random.Random(SEED)
    try:
        with a_served_shop() as shop:
            for number in range(ROUNDS):
                asyncio.run(_ring_and_pull_the_plug(shop, chance, number, "kill_postgres"))
                # Nobody runs a command: whoever serves starts PostgreSQL again, and the API was there all the time.
                shop.wait_until_it_answers()
                asyncio.run(shop.prove())
                asyncio.run(shop.send_again())
                asyncio.run(shop.prove())
    except BaseException:
        print(f"JIFEN_TEST_SEED={SEED}")
        raise


@pytest.mark.slow
def test_kill_9_of_one_worker_loses_nothing_and_another_takes_its_place() -> None:
    chance = random.Random(SEED)
    try:
        with a_served_shop() as shop:
            for number in range(ROUNDS):
                before = {worker.pid for worker in shop.workers()}
                assert len(before) == 2
                asyncio.run(_ring_and_pull_the_plug(shop, chance, number, "kill_a_worker"))
                until = time.monotonic() + 20
                while len(now := {worker.pid for worker in shop.workers()} - before) < 1:
                    assert time.monotonic() < until, "no other worker was started"
                    time.sleep(0.1)
                assert now
                shop.wait_until_it_answers()
                asyncio.run(shop.send_again())
                asyncio.run(shop.prove())
    except BaseException:
        print(f"JIFEN_TEST_SEED={SEED}")
        raise


@pytest.mark.slow
def test_processes_that_start_while_postgresql_is_away_serve_once_it_is_back() -> None:
    with a_served_shop() as shop:
        before = shop.workers()
        shop.postgres.stop(even_if_used=True)  # on purpose: nobody starts it again
        for worker in before:
            worker.kill()
        psutil.wait_procs(before, timeout=20)
        # Whoever says now that the database is away has started without it.
        shop.wait_until_it_says(503, "/v1/health")
        with shop.postgres.running():
            shop.wait_until_it_answers()
            asyncio.run(shop.prove())


@pytest.mark.slow
def test_asked_to_stop_under_load_it_answers_whoever_was_let_in() -> None:
    with a_served_shop() as shop:
        asyncio.run(_ring_and_pull_the_plug(shop, random.Random(SEED), 0, "ask_to_stop"))
        assert shop.defects() == ""
        asyncio.run(shop.prove())
        shop.serve()
        asyncio.run(shop.send_again())
        asyncio.run(shop.prove())


@pytest.mark.slow
def test_workers_end_with_the_process_that_watches_over_them() -> None:
    with a_served_shop() as shop:
        workers = shop.workers()
        assert shop.process is not None
        shop.process.kill()
        shop.process.wait()
        gone, alive = psutil.wait_procs(workers, timeout=20)
        assert (len(gone), alive) == (2, [])
        shop.serve()  # the port is free again
