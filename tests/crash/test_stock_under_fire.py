"""A stock of 50 is given exactly 50 times: 200 claim at once, one who serves is killed in the middle, and claims go on."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from tests.builders import a_document
from tests.crash.serving import Shop, a_served_shop

from jifen.document.model import ProgramDocument
from jifen.document.stored import timeline_of_published
from jifen.domain.principal import LOCAL
from jifen.domain.rewards import StockReason
from jifen.operations.change_stock import change_stock
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Ledger, open_pool
from jifen.store.once import Once
from jifen.store.pools import LEASE_SECONDS

STOCK = 50
AT_ONCE = 200


def _program() -> ProgramDocument:
    told = a_document().model_dump(mode="json", exclude_none=True)
    told["rewards"] = [
        {
            "code": "mug", "names": {"zh": "马克杯", "en": "Mug"}, "price": {"currency": "points", "units": 1}, "stock": "shared",
        }
    ]  # fmt: skip
    return ProgramDocument.model_validate_json(json.dumps(told))


class _Claims:
    """Who claims under keys of their own, and asks again under the same key when the line was dead."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.got: dict[str, str] = {}  # redemption by key
        self.refused: set[str] = set()

    async def claim(self, client: httpx.AsyncClient, key: str, at: int) -> bool | None:
        """Whether it got one; None: nobody answered."""
        body = {
            "member": {"id": self.shop.members[at % len(self.shop.members)]}, "reward": "mug", "is_kept": at % 2 == 0,
        }  # fmt: skip
        try:
            answer = await client.post(
                f"http://127.0.0.1:{self.shop.port}/v1/redemptions",
                json=body,
                headers={**self.shop.headers(), "Idempotency-Key": key},
            )
        except httpx.HTTPError:
            return None
        if answer.status_code == 503:
            return None
        told: dict[str, Any] = answer.json()
        if answer.status_code == 409:
            assert told["code"] == "sold_out", told
            self.refused.add(key)
            return False
        assert answer.status_code in (200, 201), told
        assert self.got.setdefault(key, told["redemption_id"]) == told["redemption_id"], "one key, one mug"
        return True


@pytest.mark.slow
def test_a_stock_is_given_to_the_last_piece_and_never_beyond() -> None:
    with a_served_shop(document=_program()) as shop:
        asyncio.run(_under_fire(shop))


async def _under_fire(shop: Shop) -> None:
    pool = await open_pool(shop.address, size=2)
    ledger = Ledger(pool, compile_timeline=timeline_of_published)
    try:
        await change_stock(
            ledger, "mug", pieces=STOCK, is_count=False, reason=StockReason.DELIVERED, principal=LOCAL,
            request=Once(key="stock", body_hash=b""),
        )  # fmt: skip
        claims = _Claims(shop)
        async with (
            asyncio.timeout(180),
            httpx.AsyncClient(timeout=20, limits=httpx.Limits(max_connections=60)) as client,
        ):
            for at in range(len(shop.members) * 6):
                body = shop.a_purchase(f"seed-{at}", shop.members[at % len(shop.members)])
                answer = await client.post(
                    f"http://127.0.0.1:{shop.port}/v1/purchases", json=body, headers=shop.headers()
                )
                assert answer.status_code in (200, 201), answer.text
            claiming = asyncio.gather(*(claims.claim(client, f"first-{at}", at) for at in range(AT_ONCE)))
            while len(claims.got) < STOCK // 5:
                assert not claiming.done(), "nobody was killed in the middle"
                await asyncio.sleep(0.005)
            shop.kill_a_worker()
            killed = time.monotonic()
            await claiming
            assert await _given(ledger) <= STOCK
            # Whoever had no answer asks again; then others go on until what the dead one held is there again.
            for at in range(AT_ONCE):
                key = f"first-{at}"
                while key not in claims.got and key not in claims.refused:
                    await claims.claim(client, key, at)
            at = 0
            while len(claims.got) < STOCK or time.monotonic() < killed + LEASE_SECONDS:
                await claims.claim(client, f"more-{at}", at)
                at += 1
                await asyncio.sleep(0.2)
            for at in range(20):
                assert not await claims.claim(client, f"late-{at}", at)
        assert len(set(claims.got.values())) == STOCK
        assert await _given(ledger) == STOCK
        books = await reconcile_books(ledger)
        assert books.are_kept, [v for v in books.verdicts if v.verdict == "broken"]
    finally:
        await pool.close()


async def _given(ledger: Ledger) -> int:
    async with ledger.pool.acquire() as connection:
        return int(await connection.fetchval("SELECT coalesce(sum(units), 0)::bigint FROM pool_use"))
