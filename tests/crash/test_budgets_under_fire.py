"""A budget of 10,000 is paid exactly: 500 buy at once, one who serves is killed, another stopped past its lease and woken."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

import httpx
import psutil
import pytest
from tests.builders import a_document
from tests.crash.serving import JIFEN, Shop, a_served_shop, free_port

from jifen.document.model import ProgramDocument
from jifen.document.stored import timeline_of_published
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Ledger, open_pool
from jifen.store.pools import LEASE_SECONDS

BUDGET = 10_000
EACH = 9  # it does not divide the budget: somebody gets the rest
AT_ONCE = 500


def _program() -> ProgramDocument:
    document = a_document().model_dump(mode="json", exclude_none=True)
    document["earn_rules"].append(
        {
            "code": "opening", "names": {"zh": "开业", "en": "Opening"}, "currency": "points",
            "fixed": {"points": EACH}, "budget": BUDGET,
        }
    )  # fmt: skip
    return ProgramDocument.model_validate_json(json.dumps(document))


class _Buyers:
    """Who buys until the budget is used up, at whichever of two processes answers, and asks again when the line is dead."""

    def __init__(self, shop: Shop, ports: list[int]) -> None:
        self.shop = shop
        self.ports = ports
        self.granted: dict[str, int] = {}  # by receipt, as acknowledged
        self.sent: dict[str, dict[str, Any]] = {}

    async def buy(self, client: httpx.AsyncClient, no: str, at: int) -> int | None:
        """Units that a purchase got of the budget; None: nobody answered."""
        body = self.sent.setdefault(
            no, self.shop.a_purchase(no, self.shop.members[at % len(self.shop.members)])
        )
        try:
            url = f"http://127.0.0.1:{self.ports[at % len(self.ports)]}/v1/purchases"
            answer = await client.post(url, json=body, headers=self.shop.headers())
        except httpx.HTTPError:
            return None
        if answer.status_code == 503:
            return None
        assert answer.status_code in (200, 201), answer.text
        units: int = sum(
            reason["granted"]
            for earned in answer.json()["earned"]
            for reason in earned["reasons"]
            if reason["rule"] == "opening"
        )
        assert self.granted.setdefault(no, units) == units, "the same answer, before and after"
        return units

    async def many(self, name: str, count: int) -> None:
        """So many at once."""
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(timeout=20, limits=limits) as client:
            await asyncio.gather(*(self.buy(client, f"{name}-{n}", n) for n in range(count)))


@pytest.mark.slow
def test_a_budget_is_paid_to_the_last_unit_and_never_beyond() -> None:
    with a_served_shop(document=_program()) as shop:
        other = free_port()
        with (shop.home / "other.log").open("ab") as log:
            arguments = ["serve", "--home", str(shop.home), "--port", str(other), "--workers", "1"]
            process = subprocess.Popen(
                [sys.executable, "-c", JIFEN, *arguments], stdout=subprocess.DEVNULL, stderr=log
            )
        try:
            asyncio.run(_under_fire(shop, other, process.pid))
        finally:
            for one in (*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)):
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGCONT)
                    one.kill()
            process.wait()


async def _under_fire(shop: Shop, other: int, stopped: int) -> None:
    buyers = _Buyers(shop, [shop.port, other])
    async with asyncio.timeout(240):
        while True:
            with suppress(httpx.HTTPError):
                async with httpx.AsyncClient() as client:
                    if (await client.get(f"http://127.0.0.1:{other}/v1/health")).status_code == 200:
                        break
            await asyncio.sleep(0.1)
        # 500 at once; in the middle of it one of those who serve is killed, and the other process is stopped where it is.
        buying = asyncio.create_task(buyers.many("first", AT_ONCE))
        while len(buyers.granted) < 50:
            assert not buying.done(), buying.exception()
            await asyncio.sleep(0.01)
        shop.kill_a_worker()
        tree = [psutil.Process(stopped), *psutil.Process(stopped).children(recursive=True)]
        for one in tree:
            one.suspend()
        slept = time.monotonic()
        buyers.ports = [shop.port]
        await buying
        # The others go on buying past the end of what the stopped one held, until the budget is used up.
        at, dry = 0, 0
        async with httpx.AsyncClient(timeout=20) as client:
            while time.monotonic() < slept + LEASE_SECONDS + 3 or dry < 20:
                answers = await asyncio.gather(
                    *(buyers.buy(client, f"more-{at + n}", 2 * n) for n in range(20))
                )
                at += 20
                told = [units for units in answers if units is not None]
                dry = 0 if any(told) else dry + len(told)
                if sum(buyers.granted.values()) >= BUDGET - AT_ONCE * EACH:
                    await asyncio.sleep(0.25)
        # It wakes: what it had under way is there once or not at all, and its lease gives nothing any more.
        for one in tree:
            one.resume()
        buyers.ports = [other, shop.port]
        await buyers.many("woken", 60)
        for _ in range(40):
            if await _paid(shop) == BUDGET:
                break
            await buyers.many(f"last-{_}", 10)
            await asyncio.sleep(0.5)
        # Whoever has no answer asks again, and is told the same as the books.
        async with httpx.AsyncClient(timeout=20) as client:
            for n, no in enumerate(list(buyers.sent)):
                if no not in buyers.granted:
                    assert await buyers.buy(client, no, n) is not None
    assert sum(buyers.granted.values()) == BUDGET
    await _prove(shop)


async def _paid(shop: Shop) -> int:
    pool = await open_pool(shop.address, size=1)
    try:
        async with pool.acquire() as connection:
            return int(await connection.fetchval("SELECT coalesce(sum(units), 0)::bigint FROM pool_use"))
    finally:
        await pool.close()


async def _prove(shop: Shop) -> None:
    assert await _paid(shop) == BUDGET
    pool = await open_pool(shop.address, size=2)
    try:
        books = await reconcile_books(Ledger(pool, compile_timeline=timeline_of_published))
        assert books.are_kept, [v for v in books.verdicts if v.verdict == "broken"]
    finally:
        await pool.close()
