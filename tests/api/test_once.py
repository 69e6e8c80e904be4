"""The same request twice has one effect and one answer; the same key with another body is refused, naming the field."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.writes import ONCE, ROUTES, SHOWN_ONCE, WITH_KEY, named

TABLES = (
    "purchase",
    "purchase_return",
    "entry",
    "posting",
    "member",
    "reservation",
    "gift",
    "revision",
    "unclaimed_purchase",
    "backtest",
    "file_task",
    "api_key",
)


async def rows(api: Api) -> dict[str, int]:
    """How many rows there are."""
    async with api.ledger.pool.acquire() as connection:
        return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


@pytest.mark.parametrize("at", ONCE, ids=named)
async def test_twice_has_one_effect_and_one_answer(api: Api, at: tuple[str, str]) -> None:
    asked = await ROUTES[at](api)
    first = await api.ask(asked.method, asked.path, asked.body, key="the key")
    assert first.status_code in (200, 201, 202), first.text
    before = await rows(api)

    second = await api.ask(asked.method, asked.path, asked.body, key="the key")

    assert second.status_code == 200, second.text
    assert await rows(api) == before
    if at[1].endswith(":batch"):
        assert second.json()["answers"][0] == {**first.json()["answers"][0], "status": 200}
    else:
        hidden = {"token": None} if at in SHOWN_ONCE else {}
        assert second.json() == {**first.json(), **hidden}
        assert second.headers["idempotent-replay"] == "true"
        assert "idempotent-replay" not in first.headers


@pytest.mark.parametrize("at", [("POST", "/v1/purchases"), *WITH_KEY], ids=named)
async def test_the_same_key_with_another_body_is_refused_naming_the_field(
    api: Api, at: tuple[str, str]
) -> None:
    asked = await ROUTES[at](api)
    if asked.changed is None:
        pytest.skip("this route has no body; another address is tried below")
    await api.ask(asked.method, asked.path, asked.body, key="the key")
    before = await rows(api)

    answer = await api.ask(asked.method, asked.path, {**(asked.body or {}), **asked.changed}, key="the key")

    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert answer.json()["pointer"] == asked.names
    assert await rows(api) == before


async def test_the_same_key_at_another_address_is_refused(api: Api) -> None:
    one, other = await api.a_member(), await api.a_member()
    await api.post(f"/v1/members/{one}:freeze", key="the key")
    answer = await api.post(f"/v1/members/{other}:freeze", key="the key")
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert answer.json()["pointer"] == "/headers/Idempotency-Key"


async def test_keys_are_apart_for_each_api_key_and_route(api: Api) -> None:
    asked = await ROUTES["POST", "/v1/reservations"](api)
    answers = [
        await api.post(asked.path, asked.body, key="the key", as_=who) for who in ("till", "integration")
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    held = answers[0].json()["reservation_id"]
    assert (await api.post(f"/v1/reservations/{held}:commit", key="the key", as_="till")).status_code == 200


async def test_the_order_of_fields_and_what_stands_at_its_default_make_no_other_body(api: Api) -> None:
    body = a_purchase_body(await api.a_member())
    line = {**body["lines"][0], "quantity_milli": 1000, "tags": [], "brand": None}
    turned = {**dict(reversed(body.items())), "lines": [dict(reversed(line.items()))], "payments": []}
    assert (await api.post("/v1/purchases", body)).status_code == 201
    assert (await api.post("/v1/purchases", turned)).status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"store": "main"}, "/store"),
        ({"cashier": "Li"}, "/cashier"),
        ({"tags": ["x"]}, "/tags"),
        ({"payments": [{"method": "cash", "amount_minor": 10_000}]}, "/payments"),
        ({"occurred_at": "2026-11-01T00:00:00Z"}, "/occurred_at"),
        ({"lines": [{"number": 1, "amount_minor": 10_000, "sku": "coffee"}]}, "/lines/0/sku"),
        ({"lines": [{"number": 1, "amount_minor": 9_000, "sku": "tea"}, {"number": 2, "amount_minor": 1_000}]},
         "/lines/0/amount_minor"),
        ({"amount_minor": 1, "lines": [{"number": 1, "amount_minor": 1}]}, "/amount_minor"),
        ({"member": {"card": "another"}}, "/member"),
        ({"member": None}, "/member"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_of_nobody", [False, True])
async def test_a_changed_purchase_names_the_field(
    api: Api, change: dict[str, Any], pointer: str, is_of_nobody: bool
) -> None:
    await api.a_member("another")
    body = a_purchase_body(None if is_of_nobody else await api.a_member())
    await api.post("/v1/purchases", body)
    if is_of_nobody and change == {"member": None}:
        pytest.skip("it is the same body")
    answer = await api.post("/v1/purchases", {**body, **change})
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (
        409,
        "key_reused",
        pointer,
    )
    batch = (await api.post("/v1/purchases:batch", {"purchases": [{**body, **change}]})).json()["answers"][0]
    assert (batch["status"], batch["problem"]["pointer"]) == (409, f"/purchases/0{pointer}")


@pytest.mark.parametrize("at", WITH_KEY, ids=named)
async def test_a_write_needs_its_key(api: Api, at: tuple[str, str]) -> None:
    asked = await ROUTES[at](api)
    for key in (None, "", "x" * 201, "tab\there"):
        answer = await api.ask(asked.method, asked.path, asked.body, key=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_missing")
        assert answer.json()["pointer"] == "/headers/Idempotency-Key"


async def test_a_refusal_is_not_remembered(api: Api) -> None:
    member = await api.a_member()
    body = {"member": {"id": member}, "currency": "points", "units": 50}
    assert (await api.post("/v1/reservations", body, key="the key")).json()["code"] == "points_missing"
    adjusted = {"member": {"id": member}, "currency": "points", "units": 50, "note": "now there are"}
    await api.post("/v1/adjustments", adjusted)
    assert (await api.post("/v1/reservations", body, key="the key")).status_code == 201


async def test_twenty_at_once_have_one_effect(api: Api) -> None:
    body = a_purchase_body(await api.a_member())
    answers = await asyncio.gather(*(api.post("/v1/purchases", body) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({json.dumps(answer.json()) for answer in answers}) == 1
    assert (await rows(api))["purchase"] == 1


async def test_twenty_writes_at_once_with_one_key_have_one_effect(api: Api) -> None:
    member = await api.a_member()
    body = {"member": {"id": member}, "currency": "points", "units": 10, "note": "once"}
    answers = await asyncio.gather(*(api.post("/v1/adjustments", body, key="the key") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert (await api.get(f"/v1/members/{member}")).json()["balances"][0]["balance"] == 10
