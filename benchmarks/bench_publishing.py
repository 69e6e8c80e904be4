"""How much longer a till waits while revisions are published: python benchmarks/bench_publishing.py [--revisions 40].

One process, one loop, two tills that ring without a pause, first alone and then while revisions are published in the same
process: small ones, and ones of 8,000 stores of which a rule names 1,200, by the operation and by POST /v1/program:apply. Told
are the milliseconds of a purchase, and at the end how much the longest of them are above the longest with nothing published: at
most 50. Nothing of a publish stands in a transaction of a purchase (tests/store/test_publishing.py), and nothing of a document on
the loop (tests/api/test_publishing.py); what is left is the processor that both share.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import httpx

from jifen.api.app import create_app
from jifen.cli.workers import GIVE_WAY_AFTER, look_less_often
from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.document.stored import timeline_of_published
from jifen.document.write import as_values
from jifen.domain.purchase import Line, Purchase
from jifen.embedded import throw_away
from jifen.operations.enrol_member import enrol_member
from jifen.operations.manage_keys import create_key
from jifen.operations.publish_program import publish_program
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.store.ledger import Ledger, open_pool
from jifen.store.members import MemberKey
from jifen.store.migrate import migrate
from jifen.store.once import Once

ADDED_MS_MAX = 50
"""Milliseconds that publishing may add to any purchase."""
SETTLES_SECONDS = 0.3
"""So long tills go on ringing, since a process also lays out what it has just published."""

_TEXT = """\
format: 1
program: {{code: shop, names: {{zh: 小店, en: Shop}}}}
time_zone: Asia/Shanghai
money: {{code: CNY, decimals: 2}}
{stores}
currencies:
  - {{code: points, names: {{zh: 积分, en: Points}}, kind: spendable, worth: 1}}
earn_rules:
  - code: base
    names: {{zh: 积分, en: Base}}
    currency: points
    per_amount: {{points: 1, amount_minor: 100}}
    caps: {{purchase: {cap}}}
{more}"""


def small(number: int) -> ProgramDocument:
    """One rule, any store."""
    return parse_document(_TEXT.format(stores="any_store: true", cap=100 + number, more=""), name="small")


def large(number: int) -> ProgramDocument:
    """8,000 stores, of which a rule names 1,200."""
    stores = "\n".join(f"  - {{code: s{n}, names: {{zh: 店 {n}, en: Shop {n}}}}}" for n in range(8_000))
    named = ", ".join(f"s{n}" for n in range(1_200))
    more = (
        "  - code: chosen\n    names: {zh: 指定门店, en: Chosen shops}\n    currency: points\n"
        f"    fixed: {{points: 1}}\n    when: {{fact: purchase.store, in: [{named}]}}\n"
    )
    return parse_document(
        _TEXT.format(stores="stores:\n" + stores, cap=100 + number, more=more), name="large"
    )


async def _ring(ledger: Ledger, member: UUID, waits: list[float], stop: asyncio.Event) -> None:
    while not stop.is_set():
        no = f"{member}-{len(waits)}-{time.monotonic_ns()}"
        purchase = Purchase(
            source="pos",
            business_no=no,
            occurred_at=datetime.now(UTC),
            money="CNY",
            amount_minor=10_000,
            lines=(Line(number=1, amount_minor=10_000),),
            store="s1",
        )
        request = PurchaseRequest(
            purchase=purchase, whose=member, body_hash=hashlib.sha256(no.encode()).digest()
        )
        began = time.perf_counter()
        (answer,) = await record_purchases(ledger, [request])
        waits.append(1_000 * (time.perf_counter() - began))
        if isinstance(answer, Exception):
            raise answer


async def _measure(
    ledger: Ledger, members: list[UUID], name: str, meanwhile: Callable[[], Awaitable[None]]
) -> float:
    """The longest purchase while that was done, in milliseconds."""
    waits: list[float] = []
    stop = asyncio.Event()
    tills = [asyncio.create_task(_ring(ledger, member, waits, stop)) for member in members]
    await meanwhile()
    await asyncio.sleep(SETTLES_SECONDS)
    stop.set()
    await asyncio.gather(*tills)
    waits.sort()
    at = {f"p{share}": waits[min(len(waits) - 1, len(waits) * share // 100)] for share in (50, 99)}
    told = "  ".join(f"{key} {value:6.1f}" for key, value in at.items())
    print(f"{name:<28}{len(waits):>6} purchases  {told}  most {waits[-1]:6.1f} ms")
    return waits[-1]


@asynccontextmanager
async def _console(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    """Who publishes by the API, which serves in the loop of the tills as in a serving process."""
    _, token = await create_key(ledger, name="bench", roles=["console"])
    transport = httpx.ASGITransport(app=create_app(ledger=ledger, runs_jobs=False))
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": "bench",
        "Content-Type": "application/json",
    }
    async with httpx.AsyncClient(transport=transport, base_url="http://jifen.bench", headers=headers) as it:
        yield it


async def _bench(revisions: int) -> None:
    sys.setswitchinterval(GIVE_WAY_AFTER)  # as where it serves
    look_less_often()
    with throw_away({}) as server:
        await asyncio.to_thread(migrate, server.owner)
        pool = await open_pool(server.app, size=3, least=3)
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        await publish_program(
            ledger, small(0), effective_at=datetime(2016, 1, 1, tzinfo=UTC), published_by="bench"
        )
        members = [
            UUID(
                (await enrol_member(ledger, [MemberKey("card", str(n))], Once(key=str(n), body_hash=b"")))[
                    "member_id"
                ]
            )
            for n in range(2)
        ]
        documents = [small(n) for n in range(1, revisions)]
        big, bigger = large(revisions), large(revisions + 1)
        posted = json.dumps({"document": as_values(bigger)}).encode()

        async def warm_up() -> None:
            # A purchase on a connection that has not prepared its statements yet is no slower for a publish.
            for document in (small(0), small(revisions + 2)):
                await publish_program(ledger, document, effective_at=None, published_by="bench")
                await asyncio.sleep(1)

        async def nothing() -> None:
            await asyncio.sleep(5)

        async def publish_small() -> None:
            for document in documents:
                await publish_program(ledger, document, effective_at=None, published_by="bench")

        async def publish_large() -> None:
            began = time.perf_counter()
            await publish_program(ledger, big, effective_at=None, published_by="bench")
            print(f"publishing the large one took {1_000 * (time.perf_counter() - began):.0f} ms")

        async def post_large() -> None:
            answer = await console.post("/v1/program:apply", content=posted)
            assert answer.status_code == 201, answer.text

        async def compile_large() -> None:
            # As another process does ahead of its effect.
            other = Ledger(pool, compile_timeline=timeline_of_published)
            await other.compile([revisions + 2])

        async with _console(ledger) as console:
            await _measure(ledger, members, "first purchases", warm_up)
            alone = await _measure(ledger, members, "nothing published", nothing)
            longest = [
                await _measure(ledger, members, f"{revisions - 1} small ones", publish_small),
                await _measure(ledger, members, "a large one published", publish_large),
                await _measure(ledger, members, "a large one posted", post_large),
                await _measure(ledger, members, "a large one compiled", compile_large),
            ]
        added = max(longest) - alone
        print(f"publishing adds at most {added:.1f} ms to a purchase (wanted: {ADDED_MS_MAX} at most)")
        await pool.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revisions", type=int, default=40)
    asyncio.run(_bench(parser.parse_args().revisions))
