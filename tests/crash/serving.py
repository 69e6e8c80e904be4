"""A shop in a home of its own that is really served, tills that really call it, and somebody who pulls plugs."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from tests.builders import a_document
from tests.machine.till import LONG_AGO, Till

from jifen.document.model import ProgramDocument
from jifen.document.stored import timeline_of_published
from jifen.embedded import Connection, EmbeddedPostgres, Home, PostgresUnavailable
from jifen.jobs.loop import do_effects
from jifen.operations.manage_keys import create_key
from jifen.operations.publish_program import publish_program
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Ledger, open_pool
from jifen.store.migrate import migrate

SETTINGS = {"shared_buffers": "64MB", "min_wal_size": "80MB"}
TILLS = 6
WORKERS = 2
MEMBERS = 4
POINTS_EACH = 10
PATIENCE_SECONDS = 30
START_SECONDS = 90
"""For a first start on a machine that does other things too: three processes load what they need."""
JIFEN = "import sys; from jifen.cli import main; sys.argv[0] = 'jifen'; main()"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Shop:
    """The home, who serves it, and what was sent and acknowledged so far."""

    home: Path
    address: Connection
    token: str
    members: list[str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)  # purchases by number, gifts by key
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What the API said."""
        return self.home / "api.log"

    def defects(self) -> str:
        """What the API wrote down as its own fault."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(line for line in lines if '"status":500' in line)[-5_000:]

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The starter of this home, as a new process would have it."""
        return EmbeddedPostgres(self.home, settings=SETTINGS)

    def serve(self) -> None:
        """Start `jifen serve` and wait until it answers."""
        arguments = ["serve", "--home", str(self.home), "--port", str(self.port), "--workers", str(WORKERS)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", JIFEN, *arguments], stdout=subprocess.DEVNULL, stderr=log
            )
        self.wait_until_it_answers(seconds=START_SECONDS)

    def wait_until_it_answers(self, *, seconds: int = PATIENCE_SECONDS) -> None:
        """Wait for a purchase to be quoted: the API is up and its database too."""
        until = time.monotonic() + seconds
        said = "nothing"
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, f"jifen serve ended with {self.process.returncode}"
            with suppress(httpx.HTTPError):
                body = self.a_purchase("quoted")
                answer = httpx.post(self.url("/v1/purchases:quote"), json=body, headers=self.headers())
                said = answer.text
                if answer.status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the API did not answer in time; it said {said}")

    def wait_until_it_says(self, status: int, path: str) -> None:
        """Wait for an answer of that status."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, f"jifen serve ended with {self.process.returncode}"
            with suppress(httpx.HTTPError):
                if httpx.get(self.url(path)).status_code == status:
                    return
            time.sleep(0.05)
        raise AssertionError(f"it never said {status}")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def headers(self, key: str | None = None) -> dict[str, str]:
        said = {"Authorization": f"Bearer {self.token}"}
        return said | ({"Idempotency-Key": key} if key else {})

    def a_purchase(self, no: str, member: str | None = None) -> dict[str, Any]:
        """A purchase of ten yuan."""
        amount = POINTS_EACH * 100
        return {
            "source": "pos", "business_no": no, "occurred_at": datetime.now(UTC).isoformat(), "money": "CNY",
            "amount_minor": amount, "lines": [{"number": 1, "amount_minor": amount}],
            "member": {"id": member or self.members[0]},
        }  # fmt: skip

    def kill_the_api(self) -> None:
        """kill -9 of whoever serves, and of the process that watches over them."""
        assert self.process is not None
        workers = self.workers()
        self.process.kill()
        self.process.wait()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        psutil.wait_procs(workers, timeout=PATIENCE_SECONDS)

    def ask_to_stop(self) -> None:
        """As an operator stops it: whoever was let in is answered first."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(PATIENCE_SECONDS) == 0

    def kill_a_worker(self) -> None:
        """kill -9 of one of those who serve; another takes its place."""
        self.workers()[0].kill()

    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        assert self.process is not None
        found = []
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # a zombie is one too
                if "spawn_main" in " ".join(one.cmdline()):
                    found.append(one)
        return found

    def kill_postgres(self) -> None:
        """kill -9 of the postmaster; its children die by themselves."""
        pid = self.postgres.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    async def ring(self, chance: random.Random, round_no: int) -> None:
        """Tills ring until they are stopped, whatever answers or does not."""
        async with httpx.AsyncClient(timeout=10) as client:
            await asyncio.gather(
                *(
                    self._one_till(client, random.Random(chance.random()), f"{round_no}-{n}")
                    for n in range(TILLS)
                )
            )

    async def _one_till(self, client: httpx.AsyncClient, chance: random.Random, name: str) -> None:
        for n in itertools.count(1):
            if chance.random() < 0.25:
                giver, receiver = chance.sample(self.members, 2)
                body: dict[str, Any] = {
                    "member": {"id": giver}, "receiver": {"id": receiver}, "currency": "points",
                    "units": chance.randrange(1, 20),
                }  # fmt: skip
                await self.send(client, f"gift-{name}-{n}", body)
            else:
                no = f"{name}-{n}"
                await self.send(client, no, self.a_purchase(no, chance.choice(self.members)))

    async def send(self, client: httpx.AsyncClient, name: str, body: dict[str, Any]) -> None:
        """Send a purchase or a gift, and remember what was acknowledged."""
        self.sent[name] = body
        is_gift = name.startswith("gift-")
        path = "/v1/gifts" if is_gift else "/v1/purchases"
        try:
            answer = await client.post(
                self.url(path), json=body, headers=self.headers(name if is_gift else None)
            )
        except httpx.HTTPError:
            await asyncio.sleep(0.02)  # the line is dead
            return
        if answer.status_code in (200, 201):
            told = answer.json()
            before = self.acknowledged.setdefault(name, told)
            # The same request is told the same answer, before the crash and after it.
            assert before.get("sequence") == told.get("sequence")
        else:
            if answer.status_code != 503 and not (is_gift and answer.status_code in (409, 422)):
                await asyncio.sleep(0.5)  # the log's line follows the answer
                raise AssertionError(f"{answer.text}\n{self.defects()}")
            if answer.status_code in (409, 422):
                assert answer.json()["code"] == "points_missing", answer.text
                del self.sent[name]

    async def send_again(self) -> None:
        """Every till sends once more whatever it has no answer to."""
        async with httpx.AsyncClient(timeout=30) as client:
            for name, body in list(self.sent.items()):
                if name not in self.acknowledged:
                    await self.send(client, name, body)
        assert self.sent.keys() == self.acknowledged.keys()

    async def prove(self) -> None:
        """Everything acknowledged is in the books once, nothing else is, and every law holds."""
        pool = await open_pool(self.address, size=2)
        try:
            ledger = Ledger(pool, compile_timeline=timeline_of_published)
            await self._wait_for_gifts(ledger)
            async with ledger.transaction() as connection:
                purchases = await connection.fetch("SELECT business_no, count(*) FROM purchase GROUP BY 1")
                units = await connection.fetchval(
                    "SELECT coalesce(sum(units), 0) FROM posting WHERE verb = 'earn'"
                )
                gifts = await connection.fetch("SELECT gift_id, status FROM gift")
                balances = await connection.fetchval("SELECT sum(balances[1]) FROM member")
            assert all(count == 1 for _, count in purchases)
            there = {no for no, _ in purchases}
            bought = {name for name in self.sent if not name.startswith("gift-")}
            assert {name for name in bought if name in self.acknowledged} <= there <= bought
            assert units == POINTS_EACH * len(there)
            assert balances == units
            given = [gift["gift_id"].hex for gift in gifts]
            known = {
                told["gift_id"].rpartition("_")[2]
                for name, told in self.acknowledged.items()
                if name.startswith("gift-")
            }
            assert known <= set(given)
            assert all(gift["status"] == "received" for gift in gifts)
            books = await reconcile_books(ledger)
            assert books.are_kept, [v for v in books.verdicts if v.verdict == "broken"]
        finally:
            await pool.close()

    async def _wait_for_gifts(self, ledger: Ledger) -> None:
        """Until none is under way any more: whoever was killed held his jobs for some seconds."""
        until = time.monotonic() + 2 * PATIENCE_SECONDS
        while True:
            await do_effects(ledger)
            async with ledger.transaction() as connection:
                left = await connection.fetch(
                    "SELECT gift_id FROM gift WHERE status IN ('in_transit', 'going_back')"
                )
                parked = await connection.fetch("SELECT * FROM parked")
            assert not parked, parked
            if not left:
                return
            assert time.monotonic() < until, f"gifts stay under way: {left}"
            await asyncio.sleep(0.5)


@contextmanager
def a_served_shop(on: Path | None = None, *, document: ProgramDocument | None = None) -> Iterator[Shop]:
    """A shop with a few members whose API is up, perhaps on a disk of its own."""
    home = Path(tempfile.mkdtemp(prefix="jifen-", dir=on))
    home.chmod(0o711)  # PostgreSQL's own user must come through when root runs the tests
    with ExitStack() as stack:
        stack.callback(_remove, home)
        server = stack.enter_context(EmbeddedPostgres(home, settings=SETTINGS).running())
        migrate(server.owner)
        shop = asyncio.run(_open(home, server.app, document or a_document()))
        stack.callback(_end, shop)
        shop.serve()
        yield shop


async def _open(home: Path, address: Connection, document: ProgramDocument) -> Shop:
    pool = await open_pool(address, size=2)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        await publish_program(ledger, document, effective_at=LONG_AGO, published_by="test")
        _, token = await create_key(ledger, name="till", roles=["owner"])
        till = Till(ledger)
        members = [f"mbr_{(await till.enrol()).hex}" for _ in range(MEMBERS)]
    finally:
        await pool.close()
    return Shop(home=home, address=address, token=token, members=members)


def _end(shop: Shop) -> None:
    if shop.process is not None and shop.process.poll() is None:
        shop.kill_the_api()


def _remove(home: Path) -> None:
    with suppress(PostgresUnavailable):
        EmbeddedPostgres(home).stop(even_if_used=True)
    folder = Home(home).socket_folder
    shutil.rmtree(home, ignore_errors=True)
    if not folder.is_relative_to(home):
        shutil.rmtree(folder, ignore_errors=True)
