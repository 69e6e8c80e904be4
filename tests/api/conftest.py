"""The real application over real PostgreSQL, in this process, with a key for each role and each permission."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from tests.conftest import create_database
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from jifen.api.app import PATIENCE, create_app
from jifen.document.load import parse_document
from jifen.document.stored import timeline_of_published
from jifen.domain.principal import EVERYTHING, ROLES, Permission
from jifen.embedded import Connection, Server
from jifen.embedded.server import run_sql
from jifen.operations.manage_keys import create_key
from jifen.operations.publish_program import publish_program
from jifen.senders import Recorder
from jifen.store.ledger import Ledger, open_pool
from jifen.templates import template_text

# pytest loads this file once for its fixtures and tests import it once more: two counters, so each has its own letter.
_count_places = itertools.count(1)
_count = (f"{secrets.token_hex(3)}-{number}" for number in itertools.count(1))


CODE_ROOT = bytes(range(32))
"""From this the keys of phones come, which show member codes."""


EVENTS = """
events:
  - {code: check-in, names: {zh: 签到, en: Check-in}, attributes: {note: text, steps: integer}, sent_by: [keys, members]}
  - {code: hello, names: {zh: 每日问好, en: Say hello}, sent_by: [members]}
  - {code: survey, names: {zh: 问卷, en: Survey}}
"""
"""What the shop takes beside purchases."""
EXCHANGES = """
exchanges:
  - code: to-books
    names: {zh: 换书, en: A book}
    takes: {currency: points, units: 10}
    gives: [{currency: books, units: 1}]
"""
BOOKS = """
  - {code: books, names: {zh: 图书, en: Books}, kind: spendable, worth: 100}
"""
"""What points are exchanged for."""


REWARDS = """
rewards:
  - {code: tea, names: {zh: 一杯茶, en: A cup of tea}, price: {currency: points, units: 5}, waits_days: 3}
  - code: mug
    names: {zh: 马克杯, en: Mug}
    price: {currency: points, units: 50, amount_minor: 900}
    stock: shared
    caps: {month: 2}
  - {code: cup, names: {zh: 茶杯, en: Cup}, price: {currency: points, units: 20}, stock: by_store}
"""
"""What points buy."""
OFFERS = """
offer_classes:
  - {code: items}
  - {code: order, together: all}
offers:
  - code: second-half
    names: {zh: 第二件半价, en: Second at half price}
    nth: {n: 2, pays_bps: 5000}
    lines: {fact: line.category, under: ICE}
    class: items
  - code: breakfast
    names: {zh: 早餐套餐, en: Breakfast set}
    bundle:
      price_minor: 1500
      items:
        - {names: {zh: 包子, en: bun}, lines: {fact: line.category, under: BUNS}}
        - {names: {zh: 豆浆, en: soy milk}, lines: {fact: line.sku, is: soy}}
    when: {fact: purchase.channel, is: till}
    class: items
  - code: member-day
    names: {zh: 会员价, en: Member price}
    price: {minor: 900}
    lines: {fact: line.sku, is: rice}
    when: {fact: member.tier, at_least: member}
    class: items
  - code: off-30
    names: {zh: 满 200 减 30, en: 30 off 200}
    threshold: {spend_minor: 20000, off_minor: 3000}
    lines: {fact: line.category, under: GOODS}
    class: order
"""
"""What is taken off in a basket."""


def shop_text() -> str:
    """The programme of the shop."""
    text = template_text("corner-shop")
    return text.replace("\nearn_rules:", f"{BOOKS}\nearn_rules:") + EVENTS + REWARDS + OFFERS + EXCHANGES


def only(permission: Permission) -> str:
    """Whose key has this permission and no other."""
    return f"only {permission}"


def all_but(permission: Permission) -> str:
    """Whose key has every permission but this."""
    return f"all but {permission}"


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A database to copy, and the tokens of its keys."""

    template: str
    tokens: dict[str, str]


@dataclass(kw_only=True)
class Api:
    """A client that speaks as whoever a test names."""

    app: FastAPI
    ledger: Ledger
    client: httpx.AsyncClient
    tokens: dict[str, str]

    def comes_from(self, address: str) -> None:
        """From here on whoever asks does so from this address."""
        transport = self.client._transport
        assert isinstance(transport, httpx.ASGITransport)
        transport.client = (address, 123)

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
        """Ask as whose key (`as_`: a role, `test`, `only` or `all_but` a permission, a token; None: nobody's); `key` is the
        Idempotency-Key.
        """
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


def a_purchase_body(of_member: str | None = None, *, of: int = 10_000, **more: Any) -> dict[str, Any]:
    """A purchase of one line, as a till sends it."""
    body: dict[str, Any] = {
        "source": "pos",
        "business_no": f"no-{next(_count)}",
        "occurred_at": now_text(),
        "money": "CNY",
        "amount_minor": of,
        "lines": [{"number": 1, "amount_minor": of, "sku": "tea"}],
    }
    if of_member is not None:
        body["member"] = {"id": of_member}
    return {**body, **more}


def now_text() -> str:
    """This moment, as a till writes it."""
    return datetime.now(UTC).isoformat()


@pytest.fixture(scope="session", autouse=True)
def _plain_log() -> None:
    """The log as it is served, not the coloured one of a developer's terminal, which takes seconds for a traceback."""
    from jifen.cli.serve import configure_logs

    configure_logs()


@pytest.fixture(scope="session")
def programme() -> str:
    """The document that the shop publishes."""
    return shop_text()


@pytest.fixture(scope="session")
def shop(postgres: Server, migrated_template: str, programme: str) -> Shop:
    """A database with the corner shop's programme and a key for each role and each permission, to be copied."""
    name = f"corner_shop_template_{uuid4().hex[:8]}"  # tests of screens have one of their own
    create_database(postgres, name, template=migrated_template)

    async def fill() -> dict[str, str]:
        async with a_ledger(postgres.app.to_database(name)) as ledger:
            document = parse_document(programme, name="corner-shop")
            first = datetime(2020, 1, 1, tzinfo=UTC)
            await publish_program(ledger, document, effective_at=first, published_by="test")
            # A till spends without a code here; test_codes.py has tills that need one.
            tokens = {
                role: (await create_key(ledger, name=f"{role}-key", roles=[role], needs_code=False))[1]
                for role in ROLES
            }
            for one in Permission:
                _, tokens[only(one)] = await create_key(ledger, name=only(one), permissions=[one])
                others = sorted(EVERYTHING - {one})
                _, tokens[all_but(one)] = await create_key(ledger, name=all_but(one), permissions=others)
            _, tokens["test"] = await create_key(ledger, name="test-key", roles=["owner"], is_test=True)
        return tokens

    return Shop(template=name, tokens=asyncio.run(fill()))


@asynccontextmanager
async def a_ledger(address: Connection) -> AsyncIterator[Ledger]:
    """An open ledger."""
    pool = await open_pool(address, patience=PATIENCE)
    try:
        yield Ledger(pool, compile_timeline=timeline_of_published)
    finally:
        await pool.close()


@asynccontextmanager
async def an_api(server: Server, shop: Shop) -> AsyncIterator[Api]:
    """The application over a copy of the shop's database, which is dropped afterwards."""
    name = f"api_{next(_count)}".replace("-", "_")
    create_database(server, name, template=shop.template)
    with TemporaryDirectory() as home:
        async with a_ledger(server.app.to_database(name)) as ledger:
            app = create_app(ledger=ledger, runs_jobs=False, sender=Recorder(), home=Path(home))
            app.state.code_roots = (CODE_ROOT,)
            # As `jifen serve` does: a proxy on this machine is believed about who asked.
            served: Any = ProxyHeadersMiddleware(cast("Any", app), trusted_hosts=["127.0.0.0/8", "::1"])
            transport = httpx.ASGITransport(app=served)
            async with httpx.AsyncClient(transport=transport, base_url="http://jifen.test") as client:
                yield Api(app=app, ledger=ledger, client=client, tokens=shop.tokens)
    run_sql(server.admin, f"DROP DATABASE {name} WITH (FORCE)", bin=server.bin)


@pytest.fixture
async def api(postgres: Server, shop: Shop) -> AsyncIterator[Api]:
    """The application over a shop of this test's own."""
    async with an_api(postgres, shop) as known:
        yield known


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_api(postgres: Server, shop: Shop) -> AsyncIterator[Api]:
    """The application over a shop that the tests of a module share: for those that do not mind their neighbours."""
    async with an_api(postgres, shop) as known:
        yield known


@pytest.fixture(autouse=True)
def _from_a_place_of_its_own(request: pytest.FixtureRequest) -> None:
    """What is counted by address never depends on how fast the tests before this one were."""
    if "shared_api" in request.fixturenames:
        at = next(_count_places)
        request.getfixturevalue("shared_api").comes_from(f"127.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}")
