"""A key that is revoked stops in every process that serves, by the clock on the wall."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack

import httpx
from tests.crash.serving import WORKERS, Shop, a_served_shop

from jifen.api.doorkeeper import CACHE_SECONDS
from jifen.document.stored import timeline_of_published
from jifen.operations.manage_keys import create_key, revoke_key
from jifen.store.api_keys import ApiKey
from jifen.store.ledger import Ledger, open_pool

CONNECTIONS = 24


def test_a_revoked_key_stops_in_every_process_that_serves() -> None:
    with a_served_shop() as shop, ExitStack() as stack:
        assert len(shop.workers()) == WORKERS == 2
        key, token = asyncio.run(_made(shop))
        headers = {"Authorization": f"Bearer {token}"}
        # Connections that stay open, so that each goes on talking to the process that took it.
        clients = [stack.enter_context(httpx.Client(headers=headers)) for _ in range(CONNECTIONS)]

        def ask() -> list[int]:
            path = shop.url(f"/v1/members/{shop.members[0]}/balances")
            return [client.get(path).status_code for client in clients]

        for _ in range(3):
            assert ask() == [200] * CONNECTIONS
        connected = [_connections(one.pid, shop.port) for one in shop.workers()]
        assert all(connected), f"each process serves some of them: {connected}"

        asyncio.run(_revoked(shop, key))
        until = time.monotonic() + CACHE_SECONDS
        while time.monotonic() < until:
            ask()  # a busy key is asked for again before it is forgotten
            time.sleep(0.2)  # who opens nothing is soon told to wait, and here shall be told why
        assert ask() == [401] * CONNECTIONS


def _connections(pid: int, port: int) -> int:
    import psutil

    return sum(
        one.status == psutil.CONN_ESTABLISHED and bool(one.laddr) and one.laddr.port == port
        for one in psutil.Process(pid).net_connections("tcp")
    )


async def _made(shop: Shop) -> tuple[ApiKey, str]:
    pool = await open_pool(shop.address, size=1)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        return await create_key(ledger, name="leaver", roles=["till"])
    finally:
        await pool.close()


async def _revoked(shop: Shop, key: ApiKey) -> None:
    pool = await open_pool(shop.address, size=1)
    try:
        await revoke_key(Ledger(pool, compile_timeline=timeline_of_published), key.key_id)
    finally:
        await pool.close()
