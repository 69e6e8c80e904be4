"""Each route: nobody, a key without its permission, a test key, a revoked or expired key, the right key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from tests.api.conftest import Api, all_but, only
from tests.api.routes import guarded
from tests.api.writes import (
    BY_PEOPLE,
    DOORS,
    MEMBERS_OWN,
    NOT_BY_A_TEST,
    OPEN,
    ROUTES,
    SIGNED_IN,
    WRITES,
    named,
)

from jifen.api.doorkeeper import CACHE_SECONDS
from jifen.domain.principal import Permission
from jifen.operations.manage_keys import create_key, key_id_of, revoke_key

routes = pytest.mark.parametrize("at", ROUTES, ids=named)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def operations(api: Api) -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation of the OpenAPI description."""
    return {
        (method.upper(), path): operation
        for path, item in api.app.openapi()["paths"].items()
        for method, operation in item.items()
    }


async def test_every_route_is_tried_here(shared_api: Api) -> None:
    assert set(operations(shared_api)) == set(ROUTES) | OPEN | DOORS | SIGNED_IN | MEMBERS_OWN


async def test_every_route_has_a_name_of_its_own(shared_api: Api) -> None:
    """By it Idempotency-Keys are kept apart: of two routes with one name the second would be answered with the first one's."""
    names = [one.name for one in guarded(shared_api.app)]
    assert sorted(set(names)) == sorted(names)


@routes
async def test_nobody_is_asked_for_a_key(shared_api: Api, at: tuple[str, str]) -> None:
    asked = await ROUTES[at](shared_api)
    answer = await shared_api.ask(asked.method, asked.path, asked.body, as_=None)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def _permission(api: Api, at: tuple[str, str]) -> Permission:
    """What the route takes, as the application says."""
    method, path = at
    found = [one for one in guarded(api.app) if one.path_format == path and method in (one.methods or ())]
    assert len(found) == 1
    return found[0].permission


async def test_every_route_is_open_to_everybody_or_names_one_permission(shared_api: Api) -> None:
    routes = guarded(shared_api.app)
    assert {one.permission for one in routes} <= set(Permission)
    told = {at: operation.get("x-jifen-permission") for at, operation in operations(shared_api).items()}
    assert {
        at for at, permission in told.items() if permission is None
    } == OPEN | DOORS | SIGNED_IN | MEMBERS_OWN
    assert set(told.values()) - {None} == {str(one.permission) for one in routes}


@routes
async def test_a_route_opens_by_its_permission_and_by_nothing_else(
    shared_api: Api, at: tuple[str, str]
) -> None:
    permission = _permission(shared_api, at)
    asked = await ROUTES[at](shared_api)
    # Twice: by the routes, and, where there is one, by the short road, once the key is known.
    for _ in range(2):
        refused = await shared_api.ask(asked.method, asked.path, asked.body, as_=all_but(permission))
        told = refused.json()
        assert (refused.status_code, told["code"]) == (403, "not_permitted")
        assert told["numbers"]["permission"] == permission
        assert str(permission) in told["detail"]
        assert str(permission) not in told["numbers"]["permissions"].split(", ")
    for _ in range(2):
        asked = await ROUTES[at](shared_api)
        answer = await shared_api.ask(asked.method, asked.path, asked.body, as_=only(permission))
        if at in BY_PEOPLE:
            assert (answer.status_code, answer.json()["detail"]) == (
                403,
                "a key proposes, and an operator decides",
            )
            continue
        assert answer.status_code in (200, 201, 202), answer.text


@routes
async def test_a_test_key_reads_and_quotes_and_changes_nothing(shared_api: Api, at: tuple[str, str]) -> None:
    asked = await ROUTES[at](shared_api)
    answer = await shared_api.ask(asked.method, asked.path, asked.body, as_="test")
    if at in WRITES or at in NOT_BY_A_TEST:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    else:
        assert answer.status_code == 200


async def test_a_till_cannot_adjust(shared_api: Api) -> None:
    """The attack: whoever serves at the till credits his own card, or takes back what he has spent."""
    asked = await ROUTES["POST", "/v1/adjustments"](shared_api)
    undo = await ROUTES["POST", "/v1/members/{member_id}/entries/{sequence}:reverse"](shared_api)
    give = await ROUTES["POST", "/v1/gifts"](shared_api)
    for role in ("till", "cashier"):
        for one in (asked, undo, give):
            assert (await shared_api.ask("POST", one.path, one.body, as_=role)).status_code == 403


async def test_a_key_is_asked_for_before_the_body_is_read(shared_api: Api) -> None:
    answer = await shared_api.ask("POST", "/v1/purchases", raw=b"{ this is no JSON", as_=None)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer jf_live_",
        "Basic am9lOnNlY3JldA==",
        f"Bearer jf_live_{'0' * 32}_{'A' * 43}",
        "Bearer jf_live_" + "é" * 10,
        "Bearer " + "x" * 5_000,
    ],
)
async def test_what_is_no_key_opens_nothing(shared_api: Api, authorization: str) -> None:
    headers = [(b"Authorization", authorization.encode("latin-1"))]
    answer = await shared_api.client.get("/v1/program", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


async def test_a_key_with_another_secret_or_another_kind_opens_nothing(shared_api: Api) -> None:
    token = shared_api.tokens["admin"]
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token.replace("jf_live_", "jf_test_")):
        assert (await shared_api.get("/v1/program", as_=wrong)).status_code == 401


async def test_a_revoked_key_opens_nothing_once_the_cache_has_forgotten_it(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = await create_key(shared_api.ledger, name="leaver", roles=["till"])
    assert (await shared_api.get("/v1/program", as_=token)).status_code == 200
    key_id = key_id_of(token)
    assert isinstance(key_id, UUID)
    await revoke_key(shared_api.ledger, key_id)

    import time

    later = time.monotonic() + CACHE_SECONDS + 1
    monkeypatch.setattr("jifen.api.doorkeeper.time.monotonic", lambda: later)
    assert (await shared_api.get("/v1/program", as_=token)).status_code == 401


async def test_a_revoked_key_that_was_proven_on_the_short_road_opens_nothing_soon_after(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = await create_key(shared_api.ledger, name="quick leaver", roles=["till"])
    path = f"/v1/members/{await shared_api.a_member()}/balances"
    for _ in range(3):  # asked for, proven, remembered as proven
        assert (await shared_api.get(path, as_=token)).status_code == 200
    key_id = key_id_of(token)
    assert isinstance(key_id, UUID)
    await revoke_key(shared_api.ledger, key_id)

    import time

    later = time.monotonic() + CACHE_SECONDS + 1
    monkeypatch.setattr("jifen.api.doorkeeper.time.monotonic", lambda: later)
    assert (await shared_api.get(path, as_=token)).status_code == 401


async def test_a_busy_key_is_asked_for_again_before_it_is_forgotten(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = await create_key(shared_api.ledger, name="busy", roles=["till"])
    path = f"/v1/members/{await shared_api.a_member()}/balances"
    assert (await shared_api.get(path, as_=token)).status_code == 200
    key_id = key_id_of(token)
    assert isinstance(key_id, UUID)
    await revoke_key(shared_api.ledger, key_id)

    import time

    soon = time.monotonic() + CACHE_SECONDS * 0.75
    monkeypatch.setattr("jifen.api.doorkeeper.time.monotonic", lambda: soon)
    statuses = []
    for _ in range(50):
        statuses.append((await shared_api.get(path, as_=token)).status_code)
        if statuses[-1] == 401:
            break
    assert statuses[0] == 200, "it is remembered still"
    assert statuses[-1] == 401, "and was asked for again meanwhile"


async def test_only_a_hash_of_a_secret_is_kept(shared_api: Api) -> None:
    async with shared_api.ledger.pool.acquire() as connection:
        rows = await connection.fetch("SELECT * FROM api_key")
    secret = max(shared_api.tokens["admin"].split("_"), key=len)  # one may end in _ and a letter
    assert rows
    assert all(secret not in str(dict(row)) for row in rows)


async def test_the_journal_names_the_key_and_the_cashier(shared_api: Api) -> None:
    member = await shared_api.a_member_with(100)
    body = {"member": {"id": member}, "currency": "points", "units": 10, "cashier": "Li"}
    held = (await shared_api.post("/v1/reservations", body, as_="till")).json()
    await shared_api.post(f"/v1/reservations/{held['reservation_id']}:commit", as_="till")
    page = (await shared_api.get(f"/v1/members/{member}/statement?language=en")).json()
    assert page["data"][0]["actor"] == "till-key"
    async with shared_api.ledger.pool.acquire() as connection:
        actors = await connection.fetch(
            "SELECT actor FROM entry WHERE kind = 'reserve' AND member_id = $1",
            UUID(member.removeprefix("mbr_")),
        )
    assert [row[0] for row in actors] == ["till-key/Li"]
