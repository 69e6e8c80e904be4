"""A key that is bound to stores writes down what is of its stores, on every road, and reads like any other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import Api, Shop, a_ledger, a_purchase_body, an_api, shop_text
from tests.api.routes import guarded
from tests.api.writes import ROUTES
from tests.conftest import create_database

from jifen.api.bodies import BatchBody
from jifen.api.events import EventsBody
from jifen.document.load import parse_document
from jifen.domain.refusals import FieldWrong
from jifen.embedded import Server
from jifen.operations.manage_keys import create_key
from jifen.operations.publish_program import publish_program

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAIN_ONLY = "stores:\n  - code: main\n    names: {zh: 总店, en: Main shop}\n"
THREE = "stores:\n" + "".join(
    f"  - code: s{no}\n    names: {{zh: 店{no}, en: Shop {no}}}\n" for no in (1, 2, 3)
)
LONG_WAY = {"content-type": "application/json; charset=utf-8"}  # what the short road leaves to the routes
roads = pytest.mark.parametrize("headers", [None, LONG_WAY], ids=["short", "long"])
OWNER_KEYS = {"everywhere": (), "s1": ("s1",), "s2": ("s2",), "s1 and s2": ("s1", "s2")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(postgres: Server, migrated_template: str) -> AsyncIterator[Api]:
    """A programme of three stores, and keys bound to some of them."""
    name = "three_stores_template"
    create_database(postgres, name, template=migrated_template)
    text = shop_text()
    assert MAIN_ONLY in text
    async with a_ledger(postgres.app.to_database(name)) as ledger:
        document = parse_document(text.replace(MAIN_ONLY, THREE), name="three-stores")
        first = datetime(2020, 1, 1, tzinfo=UTC)
        await publish_program(ledger, document, effective_at=first, published_by="test")
        tokens = {
            key: (await create_key(ledger, name=key, roles=["owner"], stores=stores))[1]
            for key, stores in OWNER_KEYS.items()
        }
    tokens["admin"] = tokens["everywhere"]
    async with an_api(postgres, Shop(template=name, tokens=tokens)) as known:
        for key in OWNER_KEYS:  # from here on they are known, so that the short road is taken
            await known.get("/v1/program", as_=key)
        yield known


def has_store(body: Any) -> bool:
    return "store" in body.model_fields or body in (BatchBody, EventsBody)


def at_store(body: dict[str, Any], store: str | None) -> dict[str, Any]:
    for several in ("purchases", "events"):
        if several in body:
            return {several: [{**one, "store": store} for one in body[several]]}
    return {**body, "store": store}


async def _ask(
    api: Api, at: tuple[str, str], store: str | None, *, as_: str, headers: dict[str, str] | None
) -> httpx.Response:
    asked = await ROUTES[at](api)
    assert asked.body is not None
    raw = json.dumps(at_store(asked.body, store)).encode()
    return await api.ask(asked.method, asked.path, raw=raw, as_=as_, headers=headers)


async def test_the_routes_that_name_a_store(api: Api) -> None:
    """The list below is made from the application: a new body with a store is tried here."""
    named = {
        (next(iter(one.methods or ())), one.path_format)
        for one in guarded(api.app)
        if one.body_field is not None and has_store(one.body_field.field_info.annotation)
    }
    assert named == set(WITH_STORE)


WITH_STORE = [
    ("POST", "/v1/purchases"),
    ("POST", "/v1/purchases:quote"),
    ("POST", "/v1/baskets:price"),
    ("POST", "/v1/purchases:batch"),
    ("POST", "/v1/events"),
    ("POST", "/v1/exchanges"),
    ("POST", "/v1/redemptions"),
    ("POST", "/v1/redemptions/{redemption_id}:hand-over"),
    ("POST", "/v1/redemptions/{redemption_id}:cancel"),
    ("POST", "/v1/rewards/{reward}:stock"),
    ("POST", "/v1/events:batch"),
    ("POST", "/v1/purchases:return"),
    ("POST", "/v1/purchases:void"),
    ("POST", "/v1/reservations"),
    ("POST", "/v1/adjustments"),
]
at_stores = pytest.mark.parametrize("at", WITH_STORE, ids=lambda at: at[1])


def _problem(answer: httpx.Response) -> dict[str, Any]:
    """The refusal, of a batch that of its one item."""
    told: dict[str, Any] = answer.json()
    if "answers" in told:
        assert answer.status_code == 200
        assert told["answers"][0]["status"] == told["answers"][0]["problem"]["status"]
        return dict(told["answers"][0]["problem"])
    assert answer.status_code == told["status"]
    return told


@roads
@at_stores
async def test_another_store_than_its_own_is_refused_on_every_road(
    api: Api, at: tuple[str, str], headers: dict[str, str] | None
) -> None:
    for key, store in (("s1", "s2"), ("s1 and s2", "s3")):
        problem = _problem(await _ask(api, at, store, as_=key, headers=headers))
        assert (problem["status"], problem["code"]) == (403, "store_not_permitted")
        assert problem["pointer"].removeprefix("/purchases/0").removeprefix("/events/0") == "/store"
        assert problem["numbers"] == {"store": store, "stores": ", ".join(OWNER_KEYS[key])}


@roads
@at_stores
async def test_a_key_of_several_stores_names_one_of_them(
    api: Api, at: tuple[str, str], headers: dict[str, str] | None
) -> None:
    problem = _problem(await _ask(api, at, None, as_="s1 and s2", headers=headers))
    assert (problem["status"], problem["code"]) == (403, "store_not_permitted")
    answer = await _ask(api, at, "s2", as_="s1 and s2", headers=headers)
    assert answer.status_code in (200, 201), answer.text
    assert not answer.json().get("answers", [{}])[0].get("problem")


@roads
@at_stores
async def test_a_key_of_one_store_need_not_name_it_and_an_unbound_one_names_any_or_none(
    api: Api, at: tuple[str, str], headers: dict[str, str] | None
) -> None:
    for key, store in (("s1", "s1"), ("s1", None), ("everywhere", "s3"), ("everywhere", None)):
        if (key, store, at[1]) == ("everywhere", None, "/v1/rewards/{reward}:stock"):
            continue  # each store has its own: somebody says which
        answer = await _ask(api, at, store, as_=key, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        assert not answer.json().get("answers", [{}])[0].get("problem")


@roads
async def test_a_purchase_stands_under_the_store_of_the_key(api: Api, headers: dict[str, str] | None) -> None:
    member = await api.a_member()
    body = a_purchase_body(member)
    told = await api.ask("POST", "/v1/purchases", raw=json.dumps(body).encode(), as_="s1", headers=headers)
    assert told.status_code == 201
    read = (await api.get(f"/v1/purchases/{told.json()['purchase_id']}")).json()
    assert read["store"] == "s1"


@roads
async def test_it_is_the_same_sale_whether_the_store_was_told_or_is_the_keys(
    api: Api, headers: dict[str, str] | None
) -> None:
    body = a_purchase_body(await api.a_member())

    async def ask(store: str | None, as_: str) -> httpx.Response:
        raw = json.dumps(at_store(body, store)).encode()
        return await api.ask("POST", "/v1/purchases", raw=raw, as_=as_, headers=headers)

    assert (await ask(None, "s1")).status_code == 201
    for store, key in ((None, "s1"), ("s1", "s1"), ("s1", "everywhere"), ("s1", "s1 and s2")):
        again = await ask(store, key)
        assert (again.status_code, again.headers.get("idempotent-replay")) == (200, "true"), (store, key)
    for key in ("s2", "everywhere"):
        other = await ask(None, key)
        assert (other.status_code, other.json()["code"], other.json()["pointer"]) == (
            409,
            "key_reused",
            "/store",
        )


@roads
async def test_in_a_batch_only_what_is_of_another_store_is_refused(
    api: Api, headers: dict[str, str] | None
) -> None:
    member = await api.a_member()
    bodies = [a_purchase_body(member, store=store) for store in ("s1", "s2", "s1")]
    raw = json.dumps({"purchases": bodies}).encode()
    answer = await api.ask("POST", "/v1/purchases:batch", raw=raw, as_="s1", headers=headers)
    told = answer.json()["answers"]
    assert [one["status"] for one in told] == [201, 403, 201]
    assert told[1]["problem"]["pointer"] == "/purchases/1/store"


@roads
async def test_a_store_is_compared_in_its_one_form(api: Api, headers: dict[str, str] | None) -> None:
    for store, status in (("s1\r", 201), ("ｓ１", 201), ("s2\r", 403)):
        raw = json.dumps(a_purchase_body(await api.a_member(), store=store)).encode()
        answer = await api.ask("POST", "/v1/purchases", raw=raw, as_="s1", headers=headers)
        assert answer.status_code == status, (store, answer.text)


async def test_a_reservation_and_an_adjustment_stand_under_the_store_of_the_key(api: Api) -> None:
    member = await api.a_member_with(100)
    about = {"member": {"id": member}, "currency": "points", "units": 10}
    for headers in (None, LONG_WAY):
        raw = json.dumps(about).encode()
        assert (
            await api.ask("POST", "/v1/reservations", raw=raw, as_="s1", headers=headers)
        ).status_code == 201
    assert (await api.post("/v1/adjustments", {**about, "note": "x"}, as_="s2")).status_code == 201
    async with api.ledger.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT store FROM entry WHERE member_id = $1 AND kind <> 'enrol' ORDER BY sequence",
            UUID(member.removeprefix("mbr_")),
        )
    assert [row[0] for row in rows] == [None, "s1", "s1", "s2"]


async def test_only_a_receipt_of_its_own_store_is_claimed_by_a_bound_key(api: Api) -> None:
    """The attack: receipts that customers of another store left behind, claimed for one's own card."""
    member = await api.a_member()
    for store, key, status in (
        ("s2", "s1", 403),
        (None, "s1", 403),
        ("s3", "s1 and s2", 403),
        ("s1", "s1", 201),
        ("s2", "s1 and s2", 201),
        ("s2", "everywhere", 201),
        (None, "everywhere", 201),
    ):
        receipt = a_purchase_body(None, store=store)
        assert (await api.post("/v1/purchases", receipt)).status_code == 201
        body = {"member": {"id": member}, "source": receipt["source"], "business_no": receipt["business_no"]}
        answer = await api.post("/v1/purchases:claim", body, as_=key)
        assert answer.status_code == status, (store, key, answer.text)
        if status == 403:
            assert (answer.json()["code"], answer.json()["pointer"]) == (
                "store_not_permitted",
                "/business_no",
            )
            assert (await api.post("/v1/purchases:claim", body)).status_code == 201, "it is there still"


async def test_goods_come_back_at_any_store_under_the_store_of_the_key(api: Api) -> None:
    bought = (await api.post("/v1/purchases", a_purchase_body(await api.a_member(), store="s2"))).json()
    body = {"purchase": {"id": bought["purchase_id"]}, "lines": [{"number": 1, "quantity_milli": 500}]}
    assert (await api.post("/v1/purchases:return", body, as_="s1")).status_code == 201
    async with api.ledger.pool.acquire() as connection:
        store = await connection.fetchval(
            "SELECT store FROM purchase_return WHERE member_id = $1",
            UUID(bought["member_id"].removeprefix("mbr_")),
        )
    assert store == "s1"


async def test_reading_is_by_permission_and_not_by_store(api: Api) -> None:
    bought = (await api.post("/v1/purchases", a_purchase_body(await api.a_member(), store="s2"))).json()
    assert (await api.get(f"/v1/purchases/{bought['purchase_id']}", as_="s1")).status_code == 200
    assert (await api.get(f"/v1/members/{bought['member_id']}/balances", as_="s1")).status_code == 200


async def test_a_key_is_bound_to_stores_that_there_are(api: Api) -> None:
    with pytest.raises(FieldWrong, match="no store 's9'"):
        await create_key(api.ledger, name="x", roles=["till"], stores=["s1", "s9"])
    key, _ = await create_key(api.ledger, name="x", roles=["till"], stores=["s2", "s1\r", "s1"])
    assert key.stores == ("s1", "s2")


OF_ALL_STORES = {
    ("POST", "/v1/program:apply"): "/document",
    ("POST", "/v1/terms"): "/version",
    ("POST", "/v1/terms/{version}:withdraw"): "/path/version",
    ("PUT", "/v1/retention/{class}"): "/path/class",
    ("POST", "/v1/imports"): "/query/what",
    ("POST", "/v1/imports/{import_id}:dry_run"): "/path/import_id",
    ("POST", "/v1/imports/{import_id}:run"): "/path/import_id",
    ("POST", "/v1/compensations"): "/members",
    ("POST", "/v1/switches:turn"): "/code",
    ("POST", "/v1/segments"): "/code",
    ("POST", "/v1/segments/{code}:add"): "/path/code",
    ("POST", "/v1/segments/{code}:remove"): "/path/code",
    ("POST", "/v1/segments/{code}:refresh"): "/path/code",
    ("POST", "/v1/segments/{code}:archive"): "/path/code",
}
"""What decides for every store, and where it says so."""


@pytest.mark.parametrize("at", OF_ALL_STORES, ids=lambda at: at[1])
async def test_what_holds_for_all_stores_is_not_decided_by_who_is_bound_to_some(
    api: Api, at: tuple[str, str]
) -> None:
    """The attack: the key of one shop sets the terms, the rules or the memory of the whole chain."""
    asked = await ROUTES[at](api)
    if at == ("POST", "/v1/switches:turn"):
        asked = replace(asked, body={"kind": "rule", "code": "base", "is_off": True})
    for key in ("s1", "s1 and s2"):
        answer = await api.ask(asked.method, asked.path, asked.body, as_=key)
        assert (answer.status_code, answer.json()["code"]) == (403, "store_not_permitted"), answer.text
        assert answer.json()["pointer"] == OF_ALL_STORES[at]
    allowed = await api.ask(asked.method, asked.path, asked.body)
    assert allowed.status_code < 300, "nothing was done before, so it can be done by who may"


@pytest.mark.parametrize("key", ["s1", "s2"])
async def test_a_member_is_one_member_in_every_shop_so_his_household_is_changed_in_any(
    api: Api, key: str
) -> None:
    member = (
        await api.post(
            "/v1/members",
            {"keys": [{"kind": "card", "value": f"house {key}"}], "person": {"name": "Ann"}},
            as_="s1",
        )
    ).json()["member_id"]
    of = f"/v1/members/{member}/household"
    added = await api.post(f"{of}/persons", {"role": "adult", "person": {"name": "Bo"}}, as_=key)
    assert added.status_code == 201, added.text
    assert len((await api.get(of, as_=key)).json()["persons"]) == 2
