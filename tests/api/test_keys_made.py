"""Keys that are made, rotated and renewed over the API: a secret is told once, and nobody rises by way of a key."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.api.conftest import Api
from tests.api.people import a_person

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def make(api: Api, *, key: str = "new", **more: Any) -> dict[str, Any]:
    answer = await api.post("/v1/keys", {"name": "till-9", "roles": ["till"], **more}, key=key)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def opens(api: Api, token: str) -> bool:
    return (await api.get("/v1/program", as_=token)).status_code == 200


async def test_a_key_is_made_and_its_token_is_told_once(shared_api: Api) -> None:
    told = await make(
        shared_api, key="made once", stores=[], expires_on="2999-12-31", requests_per_minute=600
    )
    assert await opens(shared_api, told["token"])
    assert told["key"]["needs_code"], "a till's key needs a code unless somebody says otherwise"
    assert told["key"]["requests_per_minute"] == 600
    assert told["key"]["expires_at"].startswith("2999-12-31T16:00:00")
    again = await shared_api.post(
        "/v1/keys",
        {"name": "till-9", "roles": ["till"], "stores": [], "expires_on": "2999-12-31", "requests_per_minute": 600},
        key="made once",
    )  # fmt: skip
    assert (again.status_code, again.json()["token"]) == (200, None)
    assert again.json()["key"]["key_id"] == told["key"]["key_id"]
    async with shared_api.ledger.pool.acquire() as connection:
        for table in ("request_key", "audit", "api_key"):
            kept = await connection.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert told["token"].rpartition("_")[2] not in kept, "a secret stands nowhere"


async def test_two_clients_at_once_make_one_key(shared_api: Api) -> None:
    body = {"name": "twins", "roles": ["till"]}
    answers = await asyncio.gather(*(shared_api.post("/v1/keys", body, key="twins") for _ in range(5)))
    assert len({one.json()["key"]["key_id"] for one in answers}) == 1
    assert [one.json()["token"] is not None for one in answers].count(True) == 1


async def test_a_rotated_key_opens_by_both_secrets_until_the_overlap_ends(shared_api: Api) -> None:
    told = await make(shared_api, name="rotated")
    path = f"/v1/keys/{told['key']['key_id']}"
    rotated = (await shared_api.post(f"{path}:rotate", {"overlap_hours": 24})).json()
    assert rotated["token"] != told["token"]
    assert rotated["key"]["old_secret_until"] is not None
    assert await opens(shared_api, rotated["token"])
    assert await opens(shared_api, told["token"])
    at_once = (await shared_api.post(f"{path}:rotate", {"overlap_hours": 0})).json()
    assert at_once["key"]["key_id"] == told["key"]["key_id"]
    assert await opens(shared_api, at_once["token"])


async def test_a_key_is_renewed_without_its_token(shared_api: Api) -> None:
    told = await make(shared_api, name="renewed", expires_on="2998-01-31")
    path = f"/v1/keys/{told['key']['key_id']}:renew"
    renewed = (await shared_api.post(path, {"expires_on": None})).json()
    assert (renewed["token"], renewed["key"]["expires_at"]) == (None, None)
    past = await shared_api.post(path, {"expires_on": "2020-01-31"})
    assert (past.status_code, past.json()["code"]) == (422, "field_wrong")


async def test_nobody_rises_by_way_of_a_key(shared_api: Api) -> None:
    """The attack: who manages keys makes one that may do everything, or has the secret of one told to him."""
    who = await a_person(shared_api, permissions=["keys.manage", "units.adjust"], stores=["main"], limit=100)
    mighty = await make(shared_api, name="mighty", roles=["owner"])
    attacks: list[tuple[str, dict[str, Any]]] = [
        ("/v1/keys", {"name": "a", "roles": ["owner"], "stores": ["main"]}),
        ("/v1/keys", {"name": "b", "permissions": ["persons.reveal"], "stores": ["main"]}),
        ("/v1/keys", {"name": "c", "permissions": ["keys.manage"]}),
        ("/v1/keys", {"name": "d", "permissions": ["units.adjust"], "stores": ["main"], "adjustment_units_max": 101}),
        (f"/v1/keys/{mighty['key']['key_id']}:rotate", {"overlap_hours": 1}),
        (f"/v1/keys/{mighty['key']['key_id']}:renew", {"expires_on": None}),
    ]  # fmt: skip
    for path, body in attacks:
        answer = await who.ask(shared_api, "POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), (path, body)
    body = {"name": "e", "permissions": ["units.adjust"], "stores": ["main"], "adjustment_units_max": 100}
    assert (await who.ask(shared_api, "POST", "/v1/keys", body)).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"roles": []}, "/roles"),
        ({"roles": ["tiller"]}, "/roles"),
        ({"permissions": ["moon.fly"]}, "/permissions"),
        ({"stores": ["nowhere"]}, "/stores"),
        ({"name": "opr_1"}, "/name"),
        ({"expires_on": "2020-01-01"}, "/expires_on"),
        ({"requests_per_minute": 0}, "/requests_per_minute"),
    ],
)
async def test_what_is_wrong_is_named(shared_api: Api, wrong: dict[str, Any], pointer: str) -> None:
    answer = await shared_api.post("/v1/keys", {"name": "x", "roles": ["till"], **wrong})
    assert answer.status_code == 422, answer.text
    assert answer.json()["pointer"].startswith(pointer)
