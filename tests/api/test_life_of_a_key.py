"""A key ends when it says, is renewed, gets a new secret, and tells when it was used last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests.api.conftest import Api, a_purchase_body

from jifen.api.app import PATIENCE, create_app
from jifen.api.doorkeeper import CACHE_SECONDS, Doorkeeper
from jifen.domain.principal import EVERYTHING
from jifen.domain.refusals import FieldWrong, NotAuthenticated
from jifen.operations.manage_keys import (
    create_key,
    list_keys,
    note_use,
    principal_of,
    read_key,
    renew_key,
    revoke_key,
    rotate_key,
)
from jifen.store.api_keys import ApiKey
from jifen.store.ledger import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def a_key(api: Api, **more: object) -> tuple[ApiKey, str]:
    """A key for everything."""
    return await create_key(api.ledger, name="a key", roles=["owner"], **more)  # type: ignore[arg-type]


async def kept(api: Api, key_id: UUID) -> ApiKey:
    """The key as it stands."""
    return next(one for one in await list_keys(api.ledger) if one.key_id == key_id)


async def asked(api: Api, token: str, path: str) -> tuple[int, str]:
    """Status and code of the answer."""
    answer = await api.get(path, as_=token)
    return answer.status_code, answer.json().get("code", "")


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """What the serving process remembers is so much older."""
    at = time.monotonic() + seconds
    monkeypatch.setattr("jifen.api.doorkeeper.time.monotonic", lambda: at)


# -- its end ------------------------------------------------------------------------------------------------------------


async def test_a_key_ends_on_time_though_it_is_remembered_for_longer(shared_api: Api) -> None:
    path = f"/v1/members/{await shared_api.a_member()}/balances"
    key, token = await a_key(shared_api, expires=timedelta(seconds=1.5))
    assert key.expires_at is not None
    for where in (path, path, f"{path}?long=way"):  # the second by the short road
        assert await asked(shared_api, token, where) == (200, "")
    assert CACHE_SECONDS > 1.5
    await asyncio.sleep(1.6)
    for where in (path, f"{path}?long=way"):
        assert await asked(shared_api, token, where) == (401, "key_expired")


async def test_an_end_says_how_to_go_on_and_only_to_whoever_has_the_secret(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, token = await a_key(shared_api, expires=timedelta(milliseconds=1))
    await asyncio.sleep(0.01)
    answer = await shared_api.get("/v1/program", as_=token)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (401, "key_expired")
    assert f"jifen key renew {key.key_id.hex}" in told["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer")
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert await asked(shared_api, other, "/v1/program") == (401, "not_authenticated")

    await renew_key(shared_api.ledger, key.key_id, expires=timedelta(days=90))
    later(monkeypatch, CACHE_SECONDS + 1)
    assert await asked(shared_api, token, "/v1/program") == (200, "")


async def test_an_end_may_be_a_day_in_the_programmes_zone(shared_api: Api) -> None:
    key, _ = await a_key(shared_api, expires=date(2999, 12, 31))
    assert key.expires_at == datetime(3000, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    key, _ = await a_key(shared_api, expires=datetime(2999, 1, 1, 8, tzinfo=UTC))
    assert key.expires_at == datetime(2999, 1, 1, 8, tzinfo=UTC)
    key = await renew_key(shared_api.ledger, key.key_id, expires=None)
    assert key.expires_at is None


@pytest.mark.parametrize(
    "expires", [date(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC), timedelta(0), timedelta(days=40_000)]
)
async def test_no_key_is_made_or_renewed_that_would_have_ended(
    shared_api: Api, expires: date | datetime | timedelta
) -> None:
    before = len(await list_keys(shared_api.ledger))
    with pytest.raises(FieldWrong) as refused:
        await a_key(shared_api, expires=expires)
    assert refused.value.pointer == "/expires"
    assert len(await list_keys(shared_api.ledger)) == before
    key, _ = await a_key(shared_api)
    with pytest.raises(FieldWrong):
        await renew_key(shared_api.ledger, key.key_id, expires=expires)
    assert (await kept(shared_api, key.key_id)).expires_at is None


async def test_a_revoked_key_is_neither_renewed_nor_rotated(shared_api: Api) -> None:
    key, _ = await a_key(shared_api)
    await revoke_key(shared_api.ledger, key.key_id)
    with pytest.raises(FieldWrong):
        await renew_key(shared_api.ledger, key.key_id, expires=None)
    with pytest.raises(FieldWrong):
        await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta())


@asynccontextmanager
async def two_processes(api: Api) -> AsyncIterator[tuple[Api, Api]]:
    """The same ledger served twice: nothing of what a process remembers is shared."""
    app = create_app(ledger=api.ledger, runs_jobs=False)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://jifen.test") as client:
        yield api, Api(app=app, ledger=api.ledger, client=client, tokens=api.tokens)


@pytest.mark.parametrize("road", ["", "?long=way"], ids=["short", "long"])
async def test_a_revoked_key_stops_in_every_process_within_the_time_it_is_remembered(
    shared_api: Api, road: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/members/{await shared_api.a_member()}/balances{road}"
    key, token = await a_key(shared_api)
    async with two_processes(shared_api) as processes:
        for one in processes:
            for _ in range(3):
                assert await asked(one, token, path) == (200, "")
        await revoke_key(shared_api.ledger, key.key_id)
        later(monkeypatch, CACHE_SECONDS)
        for one in processes:
            assert await asked(one, token, path) == (401, "not_authenticated")


# -- its secret ---------------------------------------------------------------------------------------------------------


async def test_a_new_secret_opens_at_once_and_the_old_one_for_the_overlap(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/members/{await shared_api.a_member()}/balances"
    key, old = await a_key(shared_api)
    assert await asked(shared_api, old, path) == (200, "")
    rotated, new = await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta(seconds=1.5))
    assert new != old
    later(monkeypatch, CACHE_SECONDS)
    for where in (path, path, f"{path}?long=way"):
        assert await asked(shared_api, old, where) == (200, "")
        assert await asked(shared_api, new, where) == (200, "")
    assert rotated.old_secret_until is not None
    monkeypatch.undo()
    await asyncio.sleep(1.6)
    later(monkeypatch, 3 * CACHE_SECONDS)
    for where in (path, f"{path}?long=way"):
        assert await asked(shared_api, new, where) == (200, "")
        answer = await shared_api.get(where, as_=old)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert "use the newer token" in answer.json()["detail"]


async def test_a_new_secret_opens_where_the_old_one_is_remembered(shared_api: Api) -> None:
    """Another process gave it: this one has not forgotten what it read a moment ago."""
    path = f"/v1/members/{await shared_api.a_member()}/balances"
    key, old = await a_key(shared_api)
    for where in (path, f"{path}?long=way"):
        assert await asked(shared_api, old, where) == (200, "")
        _, new = await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta(days=7))
        assert await asked(shared_api, new, where) == (200, "")
        assert await asked(shared_api, new[:-3] + "aaa", where) == (401, "not_authenticated")
        old = new


async def test_what_was_read_before_a_change_is_not_remembered_after_it(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of the database is slow: while it is on its way this process ends the key."""
    key, token = await a_key(shared_api)
    has_read, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow(ledger: Ledger, key_id: UUID) -> ApiKey | None:
        read = await read_key(ledger, key_id)
        has_read.set()
        await may_go_on.wait()
        return read

    door = Doorkeeper(lambda: shared_api.ledger)
    monkeypatch.setattr("jifen.api.doorkeeper.read_key", slow)
    first = asyncio.create_task(door.principal(f"Bearer {token}"))
    await has_read.wait()
    await revoke_key(shared_api.ledger, key.key_id)
    door.forget(key.key_id)
    may_go_on.set()
    assert (await first).id == key.key_id, "it asked before"
    assert door.remembered(f"Bearer {token}") is None
    with pytest.raises(NotAuthenticated):
        await door.principal(f"Bearer {token}")


async def test_the_old_secret_ends_on_time_though_it_is_remembered_for_longer(shared_api: Api) -> None:
    path = f"/v1/members/{await shared_api.a_member()}/balances"
    key, old = await a_key(shared_api)
    await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta(seconds=1.5))
    for _ in range(3):
        assert await asked(shared_api, old, path) == (200, "")
    await asyncio.sleep(1.6)
    assert await asked(shared_api, old, path) == (401, "not_authenticated")


async def test_nothing_else_of_a_key_changes_when_its_secret_does(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, old = await a_key(shared_api, expires=timedelta(days=9), adjustment_units_max=7, stores=["main"])
    enrolment = await shared_api.ask("POST", "/v1/members", {}, as_=old, key="the same")
    rotated, new = await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta())
    assert principal_of(rotated) == principal_of(key)
    assert (rotated.created_at, rotated.name) == (key.created_at, key.name)
    later(monkeypatch, CACHE_SECONDS)
    again = await shared_api.ask("POST", "/v1/members", {}, as_=new, key="the same")
    assert (again.status_code, again.json()) == (200, enrolment.json()), "it is the same who asks"
    assert await asked(shared_api, old, "/v1/program") == (401, "not_authenticated")


async def test_of_two_rotations_only_the_newer_old_secret_lives_on(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, first = await a_key(shared_api)
    _, second = await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta(days=1))
    _, third = await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta(days=1))
    found = [(await asked(shared_api, token, "/v1/program"))[0] for token in (first, second, third)]
    assert found == [401, 200, 200]
    with pytest.raises(FieldWrong):
        await rotate_key(shared_api.ledger, key.key_id, overlap=timedelta(days=91))
    with pytest.raises(FieldWrong):
        await rotate_key(shared_api.ledger, UUID(int=7), overlap=timedelta())


# -- its last use -------------------------------------------------------------------------------------------------------


async def _used(api: Api, key_id: UUID) -> datetime | None:
    """The last use, once what keeps it beside the requests has run."""
    doorkeepers = [api.app.state.doorkeeper]
    await asyncio.gather(*(task for one in doorkeepers for _, task in one._noted.values()))
    return (await kept(api, key_id)).last_used_at


async def test_the_last_use_is_kept_within_the_hour(shared_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    key, token = await a_key(shared_api)
    assert await _used(shared_api, key.key_id) is None
    before = datetime.now(UTC)
    body = a_purchase_body(await shared_api.a_member())
    assert (await shared_api.post("/v1/purchases", body, as_=token)).status_code == 201
    first = await _used(shared_api, key.key_id)
    assert first is not None
    assert before - timedelta(seconds=5) <= first <= datetime.now(UTC) + timedelta(seconds=5)

    async with shared_api.ledger.pool.acquire() as connection:
        version = "SELECT xmin::text FROM api_key WHERE key_id = $1"
        written = await connection.fetchval(version, key.key_id)
        for seconds in range(0, 60, 4):  # asked for again and again
            later(monkeypatch, seconds)
            assert (await shared_api.get("/v1/program", as_=token)).status_code == 200
            await _used(shared_api, key.key_id)
        assert await connection.fetchval(version, key.key_id) == written, "one write an hour"
        await connection.execute(
            "UPDATE api_key SET last_used_at = last_used_at - INTERVAL '61 minutes' WHERE key_id = $1",
            key.key_id,
        )
    later(monkeypatch, 120)
    assert (await shared_api.get("/v1/program", as_=token)).status_code == 200
    last = await _used(shared_api, key.key_id)
    assert last is not None
    assert last >= first


async def test_of_many_processes_one_keeps_the_use_of_an_hour(shared_api: Api) -> None:
    key, _ = await a_key(shared_api)
    await note_use(shared_api.ledger, key.key_id)
    version = "SELECT xmin::text FROM api_key WHERE key_id = $1"
    async with shared_api.ledger.pool.acquire() as connection:
        written = await connection.fetchval(version, key.key_id)
        await asyncio.gather(*(note_use(shared_api.ledger, key.key_id) for _ in range(5)))
        assert await connection.fetchval(version, key.key_id) == written


async def test_keeping_a_use_holds_no_request_up(shared_api: Api) -> None:
    key, token = await a_key(shared_api)
    body = a_purchase_body(await shared_api.a_member())
    async with shared_api.ledger.transaction() as connection:
        await connection.execute("SELECT 1 FROM api_key WHERE key_id = $1 FOR UPDATE", key.key_id)
        async with asyncio.timeout(PATIENCE.lock_seconds):
            assert (await shared_api.post("/v1/purchases", body, as_=token)).status_code == 201
        await asyncio.gather(*(task for _, task in shared_api.app.state.doorkeeper._noted.values()))
    assert (await kept(shared_api, key.key_id)).last_used_at is None, "it gave up, and nobody noticed"


async def test_whoever_lacks_the_secret_uses_nothing(shared_api: Api) -> None:
    key, token = await a_key(shared_api)
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert (await asked(shared_api, other, "/v1/program"))[0] == 401
    assert await _used(shared_api, key.key_id) is None


# -- what it may --------------------------------------------------------------------------------------------------------


async def test_a_key_has_what_its_roles_have_and_what_it_was_given_besides(shared_api: Api) -> None:
    key, _ = await create_key(
        shared_api.ledger, name="x", roles=["till"], permissions=["metrics.read"], adjustment_units_max=5
    )
    principal = principal_of(key)
    assert (principal.kind, principal.id, principal.adjustment_units_max) == ("key", key.key_id, 5)
    assert "metrics.read" in principal.permissions
    assert "purchases.record" in principal.permissions
    assert "units.adjust" not in principal.permissions
    test, _ = await create_key(shared_api.ledger, name="x", roles=["owner"], is_test=True)
    assert principal_of(test).permissions == {one for one in EVERYTHING if not one.changes_something}


@pytest.mark.parametrize(
    ("more", "pointer", "says"),
    [
        ({}, "/roles", "jifen key roles"),
        ({"roles": ["cashiers"]}, "/roles", "Did you mean cashier?"),
        ({"permissions": ["unit.adjust"]}, "/permissions", "Did you mean units.adjust?"),
        ({"permissions": ["units.adjust"], "is_test": True}, "/permissions", "only looks"),
        ({"roles": ["till"], "adjustment_units_max": -1}, "/adjustment_units_max", "from 0"),
        ({"roles": ["till"], "stores": ["a\x00b"]}, "/stores", ""),
        ({"roles": ["till"], "stores": ["mian"]}, "/stores", "did you mean main?"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused_with_the_way_out(
    shared_api: Api, more: dict[str, object], pointer: str, says: str
) -> None:
    with pytest.raises(FieldWrong) as refused:
        await create_key(shared_api.ledger, name="x", **more)  # type: ignore[arg-type]
    assert refused.value.pointer == pointer
    assert says in str(refused.value)


async def test_above_its_limit_a_key_only_proposes_to_adjust_and_to_undo_an_adjustment(
    shared_api: Api,
) -> None:
    _, token = await create_key(shared_api.ledger, name="careful", roles=["service"], adjustment_units_max=50)
    member = await shared_api.a_member_with(1_000)  # by its entry 2

    async def adjust(units: int) -> httpx.Response:
        body = {"member": {"id": member}, "currency": "points", "units": units, "note": "x"}
        return await shared_api.post("/v1/adjustments", body, as_=token)

    for units in (51, -51):
        waits = await adjust(units)
        assert waits.status_code == 202, waits.text
        assert waits.json()["proposal"].startswith("prp_")
    small = await adjust(50)
    assert small.status_code == 201
    undo = f"/v1/members/{member}/entries/{{}}:reverse"
    waits = await shared_api.post(undo.format(2), {"note": "x"}, as_=token)
    assert waits.status_code == 202, waits.text
    known = (await shared_api.get(f"/v1/members/{member}/balances")).json()["balances"]
    assert known[0]["balance"] == 1_050, "what waits has done nothing"
    own = await shared_api.post(undo.format(small.json()["sequence"]), {"note": "x"}, as_=token)
    assert own.status_code == 201, own.text
    assert (await shared_api.post(undo.format(2), {"note": "x"})).status_code == 201
