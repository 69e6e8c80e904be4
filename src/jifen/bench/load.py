"""A load generator: many connections, one process, as little of its own as Python allows.

Run as `python -m jifen.bench.load`, it reads a JSON order on standard input and writes a JSON result. It goes to
127.0.0.1 only and stops by itself. Closed loop: each connection sends its next request when it has its answer. Open
loop (`rate`): requests are due at fixed moments and their latency counts from the moment they were due, so a server that
stalls is charged for every request that had to wait (coordinated omission).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast
from uuid import UUID

HOST = "127.0.0.1"
CATEGORIES = (
    "GROCERY/FLUID MILK PRODUCTS/MILK", "GROCERY/SOUP/CONDENSED SOUP", "PRODUCE/CITRUS/ORANGES", "MEAT/BEEF/GROUND",
    "DELI/CHEESES/SLICED", "PASTRY/BREAD/WHITE", "DRUG GM/CANDY/GUM", "FUEL/GASOLINE/REGULAR",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What load to put on."""

    kind: str  # purchase | batch | quote | balance | spend
    port: int
    token: str
    seconds: float
    connections: int
    members: int  # how many there are: ids are `member_id(i)`
    only: int = 0  # hammer only the first so many; 0: all, uniformly
    ids: str = ""  # a file that names the members instead, an id in hex a line
    rate: float = 0  # requests a second; 0: closed loop
    batch: int = 100
    seed: int = 1
    run: str = "r"  # begins every business number and idempotency key, so that runs never meet


@dataclass(slots=True)
class Tally:
    """What came of it."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    items: int = 0


def member_id(i: int) -> UUID:
    """The id of the i-th member of a benchmark: scattered, and known to whoever made them."""
    return UUID(bytes=hashlib.md5(str(i).encode()).digest())  # noqa: S324


class Line(NamedTuple):
    """A line of a basket, as the API names its fields."""

    number: int
    sku: str
    category: str
    brand: str
    quantity_milli: int
    amount_minor: int


def baskets_of_lines(rng: random.Random, count: int = 500) -> list[tuple[int, list[Line]]]:
    """(amount, lines) of purchases of five lines."""
    found = []
    for _ in range(count):
        lines = [
            Line(
                n + 1,
                str(rng.randrange(100_000)),
                rng.choice(CATEGORIES),
                rng.choice(("National", "Private")),
                1_000 * rng.randrange(1, 4),
                rng.randrange(50, 2_500),
            )
            for n in range(5)
        ]
        found.append((sum(line.amount_minor for line in lines), lines))
    return found


def baskets(rng: random.Random, count: int = 500) -> list[tuple[int, str]]:
    """The same, lines as JSON text."""
    return [
        (amount, json.dumps([line._asdict() for line in lines], separators=(",", ":")))
        for amount, lines in baskets_of_lines(rng, count)
    ]


class Maker:
    """Makes requests."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.rng = random.Random(order.seed)  # noqa: S311
        self.baskets = baskets(self.rng)
        self.made = 0
        self.now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 2))
        self.ids = Path(order.ids).read_text(encoding="ascii").split() if order.ids else None
        self.members = order.only or (len(self.ids) if self.ids else order.members)
        self.head = (
            f"Host: {HOST}\r\nAuthorization: Bearer {order.token}\r\nContent-Type: application/json\r\n"
        )

    def member(self) -> str:
        """A member, uniformly, as the API names him."""
        at = self.rng.randrange(self.members)
        return "mbr_" + (self.ids[at] if self.ids else member_id(at).hex)

    def purchase(self) -> str:
        """The body of a new purchase."""
        self.made += 1
        amount, lines = self.baskets[self.made % len(self.baskets)]
        return (
            f'{{"source":"bench","business_no":"{self.order.run}-{self.order.seed}-{self.made}",'
            f'"member":{{"id":"{self.member()}"}},"occurred_at":"{self.now}","money":"USD","store":"s1","channel":"store",'
            f'"amount_minor":{amount},"lines":{lines}}}'
        )

    def post(self, path: str, body: str, *, key: str = "") -> bytes:
        """A POST as it goes over the wire."""
        idempotency = f"Idempotency-Key: {key}\r\n" if key else ""
        return f"POST {path} HTTP/1.1\r\n{self.head}{idempotency}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def request(self) -> bytes:
        """The next request of the order's kind (spends are made by `spends`)."""
        kind = self.order.kind
        if kind == "purchase":
            return self.post("/v1/purchases", self.purchase())
        if kind == "quote":
            return self.post("/v1/purchases:quote", self.purchase())
        if kind == "batch":
            purchases = ",".join(self.purchase() for _ in range(self.order.batch))
            return self.post("/v1/purchases:batch", f'{{"purchases":[{purchases}]}}')
        assert kind == "balance", kind
        return f"GET /v1/members/{self.member()}/balances HTTP/1.1\r\n{self.head}\r\n".encode()

    def spend(self) -> bytes:
        """A reservation of one point."""
        self.made += 1
        body = f'{{"member":{{"id":"{self.member()}"}},"currency":"points","units":1,"lapse_seconds":600}}'
        return self.post("/v1/reservations", body, key=f"{self.order.run}-{self.order.seed}-{self.made}")

    def commit(self, reservation: str) -> bytes:
        """The commit of a reservation."""
        return self.post(f"/v1/reservations/{reservation}:commit", "", key=f"c-{reservation}")


class Wire(asyncio.Protocol):
    """One connection: sends a request, gives the answer to whoever waits."""

    def __init__(self, answered: Callable[[Wire, int, bytes], None]) -> None:
        self.answered = answered
        self.buffer = b""
        self.began = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def send(self, request: bytes, *, due: float) -> None:
        """Send; the latency counts from `due`."""
        self.began = due
        assert self.transport is not None
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Answers may come in pieces."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        at = self.buffer.lower().find(b"content-length:", 0, end)
        length = int(self.buffer[at + 15 : self.buffer.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        status = int(self.buffer[9:12])
        body = self.buffer[end + 4 : end + 4 + length]
        self.buffer = self.buffer[end + 4 + length :]
        self.answered(self, status, body)


class Load:
    """The run of one order."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.maker = Maker(order)
        self.tally = Tally()
        self.until = 0.0
        self.idle: deque[Wire] = deque()
        self.late: deque[float] = deque()  # moments that were due and found no idle connection
        self.pending: dict[Wire, str] = {}  # spends whose reservation stands
        self.open = 0
        self.over = asyncio.Event()

    async def run(self) -> dict[str, Any]:
        """Put the load on; return what came of it."""
        loop = asyncio.get_running_loop()
        wires = []
        for _ in range(self.order.connections):
            _, wire = await loop.create_connection(lambda: Wire(self.answered), HOST, self.order.port)
            wires.append(wire)
        began = time.perf_counter()
        cpu = _cpu()
        self.until = began + self.order.seconds
        if self.order.rate:
            self.idle.extend(wires)
            await self._open_loop(began)
        else:
            for wire in wires:
                self.open += 1
                self._send(wire, due=time.perf_counter())
        await asyncio.wait_for(self.over.wait(), timeout=self.order.seconds + 60)
        took = time.perf_counter() - began
        spent = _cpu() - cpu
        for wire in wires:
            assert wire.transport is not None
            wire.transport.close()
        found = sorted(self.tally.latencies)
        return {
            "seconds": took,
            "requests": len(found),
            "items": self.tally.items,
            "rate": self.tally.items / took,
            "p50_ms": _percentile(found, 0.50),
            "p99_ms": _percentile(found, 0.99),
            "max_ms": found[-1] * 1_000 if found else None,
            "statuses": self.tally.statuses,
            "cpu_seconds": spent,
        }

    async def _open_loop(self, began: float) -> None:
        for due in self._moments(began):
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            if self.idle:
                self.open += 1
                self._send(self.idle.popleft(), due=due)
            else:
                self.late.append(due)
        if self.open == 0:
            self.over.set()

    def _moments(self, began: float) -> Iterator[float]:
        for i in range(int(self.order.rate * self.order.seconds)):
            yield began + i / self.order.rate

    def _send(self, wire: Wire, *, due: float) -> None:
        request = self.maker.spend() if self.order.kind == "spend" else self.maker.request()
        wire.send(request, due=due)

    def answered(self, wire: Wire, status: int, body: bytes) -> None:
        """An answer is in: count it, and go on."""
        now = time.perf_counter()
        if self.order.kind == "spend" and wire not in self.pending and status == 201:
            reservation = json.loads(body)["reservation_id"]
            self.pending[wire] = reservation
            wire.send(self.maker.commit(reservation), due=wire.began)
            return
        self.pending.pop(wire, None)
        self.tally.latencies.append(now - wire.began)
        name = str(status)
        self.tally.statuses[name] = self.tally.statuses.get(name, 0) + 1
        self.tally.items += (self.order.batch if self.order.kind == "batch" else 1) if status < 300 else 0
        if self.late:
            self._send(wire, due=self.late.popleft())
        elif not self.order.rate and now < self.until:
            self._send(wire, due=now)
        else:
            self.open -= 1
            self.idle.append(wire)
            if self.open == 0 and now >= self.until - 1 / max(self.order.rate, 1):
                self.over.set()


def _percentile(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000 if ordered else None


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Read the order, run it, write the result."""
    import uvloop

    order = Order(**json.load(sys.stdin))

    async def run() -> dict[str, Any]:
        return await Load(order).run()

    json.dump(uvloop.run(run()), sys.stdout)


if __name__ == "__main__":
    main()
