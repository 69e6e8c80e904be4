"""What a purchase, a quote, a balance and a spend cost in batches of fixed sizes, to hold two commits against each other.

Under load batches become larger where a server is slower, which hides what one costs. Here one process asks its one connection
for batch after batch; of forty rounds the quicker half counts, in microseconds of processor time an item: of this process, and of
the backend of PostgreSQL (Linux tells it in `/proc`). WAL is counted in bytes after a checkpoint and a warm-up.

Run it by hand, with the older and the newer sources in turn, and compare the middle of some pairs:

    PYTHONPATH=older/src python benchmarks/bench_fixed_batches.py
    PYTHONPATH=newer/src python benchmarks/bench_fixed_batches.py
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
import json
import os
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import UUID

from jifen.bench.load import baskets_of_lines, member_id
from jifen.bench.machine import Machine, a_machine
from jifen.cli.workers import look_less_often
from jifen.document.stored import timeline_of_published
from jifen.domain.purchase import Line, Purchase
from jifen.operations.adjust_units import adjust_units
from jifen.operations.handle_reservations import EndRequest, ReserveRequest, handle_reservations
from jifen.operations.quote_purchase import quote_purchases
from jifen.operations.read_member import read_standings
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.store.ledger import Ledger, open_pool
from jifen.store.once import Once

MEMBERS = 20_000
SPENDERS = 400
ROUNDS = 40
SIZES = {"purchase": (100, 8, 1), "quote": (16,), "balance": (16,), "spend": (8, 1)}


class Shop:
    """Batches of each kind of work, ever new."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.numbers = itertools.count(1)
        self.members = itertools.cycle(UUID(str(member_id(i))) for i in range(MEMBERS - SPENDERS))
        self.spending = [UUID(str(member_id(i))) for i in range(MEMBERS - SPENDERS, MEMBERS)]
        self.spenders = itertools.cycle(self.spending)
        self.baskets = itertools.cycle(baskets_of_lines(random.Random(5)))

    def once(self) -> Once:
        return Once(key=f"fixed-{next(self.numbers)}", body_hash=os.urandom(32))

    def a_purchase(self) -> Purchase:
        amount, lines = next(self.baskets)
        return Purchase(
            source="pos",
            business_no=f"fixed-{next(self.numbers)}",
            occurred_at=datetime.now(UTC),
            money="USD",
            amount_minor=amount,
            lines=tuple(Line(**line._asdict()) for line in lines),
        )

    async def purchase(self, batch: int) -> Callable[[], Awaitable[Any]]:
        asked = [
            PurchaseRequest(purchase=self.a_purchase(), whose=next(self.members), body_hash=os.urandom(32))
            for _ in range(batch)
        ]
        return lambda: record_purchases(self.ledger, asked)

    async def quote(self, batch: int) -> Callable[[], Awaitable[Any]]:
        asked = [(self.a_purchase(), next(self.members)) for _ in range(batch)]
        return lambda: quote_purchases(self.ledger, asked)

    async def balance(self, batch: int) -> Callable[[], Awaitable[Any]]:
        asked = [next(self.members) for _ in range(batch)]
        return lambda: read_standings(self.ledger, asked)

    async def spend(self, batch: int) -> Callable[[], Awaitable[Any]]:
        asked = [
            ReserveRequest(
                whose=next(self.spenders), currency="points", units=10, lapse_seconds=600, once=self.once()
            )
            for _ in range(batch)
        ]
        ends = [self.once() for _ in range(batch)]

        async def both() -> None:
            held: list[Any] = await handle_reservations(self.ledger, asked)
            ended = [
                EndRequest(reservation_id=UUID(one["reservation_id"]), is_committed=True, once=end)
                for one, end in zip(held, ends, strict=True)
            ]
            await handle_reservations(self.ledger, ended)

        return both

    async def give(self) -> None:
        """Let everybody who spends have something to spend."""
        asked: dict[str, Any] = {"currency": "points", "units": 100_000, "note": "bench"}
        if "principal" in inspect.signature(adjust_units).parameters:  # older sources do not ask who asks
            asked["principal"] = importlib.import_module("jifen.domain.principal").LOCAL
        for whose in self.spending:
            await adjust_units(self.ledger, whose, **asked, request=self.once())


def _backend_us(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1_000


async def _again(shop: Shop, kind: str, batch: int, rounds: int = ROUNDS) -> None:
    for _ in range(rounds):
        await (await getattr(shop, kind)(batch))()


async def _measured(machine: Machine) -> dict[str, dict[str, float]]:
    look_less_often()
    pool = await open_pool(machine.server.app, size=1)
    shop = Shop(Ledger(pool, compile_timeline=timeline_of_published))
    pid: int = await pool.fetchval("SELECT pg_backend_pid()")
    await shop.give()
    found: dict[str, dict[str, float]] = {}
    for kind, sizes in SIZES.items():
        for batch in sizes:
            ours, theirs = [], []
            for at in range(ROUNDS + 3):
                work = await getattr(shop, kind)(batch)
                before, began = _backend_us(pid), time.process_time_ns()
                await work()
                if at >= 3:  # the first few prepare statements
                    ours.append((time.process_time_ns() - began) / 1_000 / batch)
                    theirs.append((_backend_us(pid) - before) / batch)
            own = found[f"{kind}, {batch} at once"] = {
                "serving": round(mean(sorted(ours)[: ROUNDS // 2]), 1),
                "postgresql": round(mean(sorted(theirs)[: ROUNDS // 2]), 1),
            }
            if kind in ("purchase", "spend"):
                machine._run("psql", "-X", "-q", "-d", "jifen", "-c", "CHECKPOINT")
                # Pages are written whole the first time: everybody who spends comes once.
                await _again(shop, kind, batch, max(ROUNDS, SPENDERS // batch) if kind == "spend" else ROUNDS)
                written = machine.wal_bytes()
                await _again(shop, kind, batch)
                own["wal_bytes"] = round((machine.wal_bytes() - written) / ROUNDS / batch)
    await pool.close()
    return found


def main() -> None:
    """Print the figures as JSON."""
    with a_machine(members=MEMBERS, say=lambda _: None) as machine:
        print(json.dumps(asyncio.run(_measured(machine)), indent=1))


if __name__ == "__main__":
    main()
