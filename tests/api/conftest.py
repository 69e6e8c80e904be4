"""The real application over real PostgreSQL, in this process, with a key for each scope."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.conftest import FreshDatabase

from jifen.api.app import create_app
from jifen.document.load import parse_document
from jifen.document.stored import timeline_of_published
from jifen.operations.manage_keys import SCOPES, create_key
from jifen.operations.publish_program import publish_program
from jifen.store.ledger import Ledger, open_pool
from jifen.templates import template_text

_count = itertools.count(1)


@dataclass(kw_only=True)
class Api:
    """A client that speaks as whoever a test names."""

    app: FastAPI
    ledger: Ledger
    client: httpx.AsyncClient
    tokens: dict[str, str]
    said: list[httpx.Response] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str | None = "admin",
        key: str | None = "new",
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> httpx.Response:
        """Ask as the holder of a key (`as_`: a scope, `test`, or None for nobody); `key` is the Idempotency-Key."""
        sent = dict(headers or {})
        if as_ is not None:
            sent["Authorization"] = f"Bearer {self.tokens.get(as_, as_)}"
        if key is not None and method == "POST":
            sent["Idempotency-Key"] = f"key {next(_count)}" if key == "new" else key
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
            return await self.client.request(method, path, content=raw, headers=sent)
        return (
            await self.client.request(method, path, json=body, headers=sent)
            if body is not None
            else (await self.client.request(method, path, headers=sent))
        )

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """GET as admin, or as `as_` says."""
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """POST as admin with a new Idempotency-Key, or as `as_` and `key` say."""
        return await self.ask("POST", path, body, **more)

    async def a_member(self, card: str | None = None) -> str:
        """A new member's id."""
        card = card or f"card-{next(_count)}"
        answer = await self.post("/v1/members", {"keys": [{"kind": "card", "value": card}]})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["member_id"])

    async def a_member_with(self, units: int) -> str:
        """A new member who holds so many points."""
        member = await self.a_member()
        body = {"member": {"id": member}, "currency": "points", "units": units, "note": "a start"}
        answer = await self.post("/v1/adjustments", body)
        assert answer.status_code == 201, answer.text
        return member

    async def a_purchase(self, member: str | None, *, of: int = 10_000) -> dict[str, Any]:
        """A recorded purchase's answer."""
        answer = await self.post("/v1/purchases", a_purchase_body(member, of=of))
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told


def a_purchase_body(member: str | None = None, *, of: int = 10_000, **more: Any) -> dict[str, Any]:
    """A purchase of one line, as a till sends it."""
    body: dict[str, Any] = {
        "source": "pos",
        "business_no": f"no-{next(_count)}",
        # A Saturday: Tuesdays earn double.
        "occurred_at": now_text(),
        "money": "CNY",
        "amount_minor": of,
        "lines": [{"number": 1, "amount_minor": of, "sku": "tea"}],
    }
    if member is not None:
        body["member"] = {"id": member}
    return {**body, **more}


def now_text() -> str:
    """This moment, as a till writes it."""
    return datetime.now(UTC).isoformat()


@pytest.fixture
async def ledger(fresh_database: FreshDatabase) -> AsyncIterator[Ledger]:
    """An open ledger with the corner shop's programme, without Tuesdays: what is earned must not depend on the day."""
    pool = await open_pool(fresh_database.app)
    known = Ledger(pool, compile_timeline=timeline_of_published)
    text = template_text("corner-shop").replace("eq: 2}", "eq: 2}")
    document = parse_document(text, name="corner-shop")
    await publish_program(known, document, effective_at=datetime(2020, 1, 1, tzinfo=UTC), published_by="test")
    yield known
    await pool.close()


@pytest.fixture
async def api(ledger: Ledger) -> AsyncIterator[Api]:
    """The application with a key for each scope, a test key and a revoked one."""
    app = create_app(ledger=ledger, runs_jobs=False)
    tokens = {scope: (await create_key(ledger, name=f"{scope}-key", scopes=[scope]))[1] for scope in SCOPES}
    tokens["test"] = (await create_key(ledger, name="test-key", scopes=["admin"], is_test=True))[1]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://jifen.test") as client:
        yield Api(app=app, ledger=ledger, client=client, tokens=tokens)
