"""A person objects to profiling: on his phone, at the desk; it is recorded with its moment, and whoever judges persons asks."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.people import a_phone_of

from jifen.store.ids import new_id
from jifen.store.persons import may_profile

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def profiled(api: Api, *members: str) -> set[str]:
    """Of these members those about whom facts may be worked out."""
    ids = [UUID(one.removeprefix("mbr_")) for one in members]
    async with api.ledger.reading() as connection:
        return {f"mbr_{one.hex}" for one in await may_profile(connection, ids)}


async def test_an_objection_is_kept_with_its_moment_told_and_withdrawn(shared_api: Api) -> None:
    api = shared_api
    made = await api.post("/v1/members", {"person": {"phone": "13900007001"}})
    member, other = made.json()["member_id"], await api.a_member()
    nobody = f"mbr_{new_id().hex}"
    assert await profiled(api, member, other, nobody) == {member, other}
    me = await a_phone_of(api, "13900007001")
    body = {"purpose": "profiling", "is_given": False, "text_version": "2026-11"}
    assert (await me.ask(api, "POST", "/v1/me/consents", body)).status_code == 201
    assert await profiled(api, member, other) == {other}
    known = (await me.ask(api, "GET", "/v1/me/person")).json()["persons"][0]
    assert known["objects_to_profiling"] is True
    assert [one["purpose"] for one in known["consents"]] == ["profiling"]
    looks = (await me.ask(api, "GET", "/v1/me/looks?language=en")).json()["data"]
    assert any(one["deed"] == "person.objected" for one in looks)
    earns = await api.post("/v1/purchases", a_purchase_body(member))
    assert earns.status_code == 201, "points go on"
    at_desk = {**body, "is_given": True, "channel": "phone"}
    assert (await api.post(f"/v1/members/{member}/consents", at_desk)).status_code == 201
    assert await profiled(api, member) == {member}
    told = (await api.get(f"/v1/members/{member}/persons")).json()["persons"][0]
    assert told["objects_to_profiling"] is False
