"""PostgreSQL killed, paused, out of connections, out of disk under a served ledger with tills ringing: health tells it, and once
the cause has ended the service answers again by itself."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from tests.crash.serving import JIFEN, Shop, a_served_shop, free_port

BACK_SECONDS = 30
DISK_MB = 320


@contextmanager
def killed(shop: Shop) -> Iterator[None]:
    """kill -9 of the postmaster."""
    shop.kill_postgres()
    yield


@contextmanager
def paused(shop: Shop) -> Iterator[None]:
    """Every process of PostgreSQL stands still."""
    postmaster = psutil.Process(shop.postgres.status().pid)
    stopped = [postmaster, *postmaster.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def out_of_connections(shop: Shop) -> Iterator[None]:
    """Somebody else holds every connection, and a process that serves has to begin anew."""
    held: list[Any] = []
    loop = asyncio.new_event_loop()

    async def take() -> None:
        with suppress(asyncpg.TooManyConnectionsError):
            while True:
                held.append(await asyncpg.connect(**shop.address.arguments()))

    async def give_back() -> None:
        for connection in held:
            await connection.close()

    loop.run_until_complete(take())
    for worker in shop.workers():
        worker.kill()
    loop.run_until_complete(asyncio.sleep(0.2))
    loop.run_until_complete(take())  # what they held
    try:
        yield
    finally:
        loop.run_until_complete(give_back())
        loop.close()


@contextmanager
def disk_full(shop: Shop) -> Iterator[None]:
    """Not a page is left on the disk."""
    filler = shop.home.parent / "filler"
    with filler.open("wb") as file:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
                    os.fsync(file.fileno())
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def a_small_disk() -> Iterator[Path]:
    """A file system of its own, in memory."""
    folder = Path(tempfile.mkdtemp(prefix="jifen-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip(
            f"NO DISK CAN BE MADE HERE, so nobody looked what a full one does: {mounted.stderr.strip()}"
        )
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def _health(shop: Shop) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = httpx.get(shop.url("/v1/health"), timeout=8).json()
    except httpx.HTTPError:
        return None
    return told


async def _ring_meanwhile(shop: Shop, cause: Callable[[Shop], AbstractContextManager[None]]) -> list[Any]:
    """What health said while the cause lasted. Tills ring all the time."""
    ringing = asyncio.create_task(shop.ring(random.Random(1), time.monotonic_ns()))
    await asyncio.sleep(0.5)
    told = []
    trouble = cause(shop)
    await asyncio.to_thread(trouble.__enter__)
    try:
        for _ in range(6):
            told.append(await asyncio.to_thread(_health, shop))
            await asyncio.sleep(0.5)
    finally:
        await asyncio.to_thread(trouble.__exit__, None, None, None)
    ringing.cancel()
    with suppress(asyncio.CancelledError):
        await ringing
    return told


def _comes_back(shop: Shop, cause: Callable[[Shop], AbstractContextManager[None]], *, part: str) -> None:
    told = asyncio.run(_ring_meanwhile(shop, cause))
    ended = time.monotonic()
    assert any(one is not None and (one["status"], one[part]) == ("not_ready", False) for one in told), told
    shop.wait_until_it_answers()
    shop.wait_until_it_says(200, "/v1/health")
    assert time.monotonic() - ended < BACK_SECONDS
    asyncio.run(shop.send_again())
    asyncio.run(shop.prove())


@pytest.mark.slow
@pytest.mark.parametrize("cause", [killed, paused, out_of_connections])
def test_the_service_comes_back_by_itself(cause: Callable[[Shop], AbstractContextManager[None]]) -> None:
    with a_served_shop() as shop:
        _comes_back(shop, cause, part="is_database_reachable")
        shop.ask_to_stop()


@pytest.mark.slow
def test_a_full_disk_is_told_and_a_freed_one_serves_on() -> None:
    with a_small_disk() as disk, a_served_shop(disk) as shop:
        _comes_back(shop, disk_full, part="is_writable")
        shop.ask_to_stop()


@pytest.mark.slow
def test_more_connections_than_the_server_takes_are_refused_by_name() -> None:
    with a_served_shop() as shop:
        asked = [
            "serve",
            "--home",
            str(shop.home),
            "--port",
            str(free_port()),
            "--workers",
            "4",
            "--pool-size",
            "20",
        ]
        told = subprocess.run(
            [sys.executable, "-c", JIFEN, *asked], check=False, capture_output=True, text=True, timeout=60
        )
        assert told.returncode == 1
        assert "--pool-size 20 want 80 connections" in told.stderr
        assert "Try: --pool-size" in told.stderr
