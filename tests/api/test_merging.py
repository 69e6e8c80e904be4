"""A member is merged into another: by the API, and what found him finds the other."""

from __future__ import annotations

import asyncio

import pytest
from tests.api.conftest import Api
from tests.api.people import a_phone_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_units_cards_phones_and_the_session_go_over(shared_api: Api) -> None:
    told = await shared_api.post(
        "/v1/members",
        {"keys": [{"kind": "card", "value": "merged-1"}], "person": {"phone": "13811112222"}},
    )
    goes, stays = told.json()["member_id"], await shared_api.a_member_with(70)
    await shared_api.a_purchase(goes, of=10_000)
    earned = (await shared_api.get(f"/v1/members/{goes}/balances")).json()["balances"][0]["balance"]
    who = await a_phone_of(shared_api, "13811112222")

    body = {"into": {"id": stays}, "note": "one person"}
    merged = [await shared_api.post(f"/v1/members/{goes}:merge", body, key="merge-1") for _ in range(2)]
    assert [one.status_code for one in merged] == [200, 200], merged[0].text
    assert merged[0].json()["balances"][0] == {"currency": "points", "units": 70 + earned}
    for named in ("card=merged-1", "phone=13811112222"):
        assert (await shared_api.get(f"/v1/members?{named}")).json()["member_id"] == stays
    assert (await who.ask(shared_api, "GET", "/v1/me")).json()["member_id"] == stays

    again = await shared_api.post(f"/v1/members/{goes}:merge", body)
    assert again.status_code in (409, 404), again.text


async def test_both_ways_at_once_is_one_merge_and_no_unit_is_lost(shared_api: Api) -> None:
    one, other = await shared_api.a_member_with(30), await shared_api.a_member_with(40)
    answers = await asyncio.gather(
        shared_api.post(f"/v1/members/{one}:merge", {"into": {"id": other}}),
        shared_api.post(f"/v1/members/{other}:merge", {"into": {"id": one}}),
    )
    assert sorted(one.status_code for one in answers)[0] == 200
    assert [one.status_code for one in answers].count(200) == 1, [one.text for one in answers]
    (done,) = [one for one in answers if one.status_code == 200]
    assert done.json()["balances"][0]["units"] == 70


async def test_a_member_into_himself_and_into_nobody_is_refused(shared_api: Api) -> None:
    one = await shared_api.a_member()
    himself = await shared_api.post(f"/v1/members/{one}:merge", {"into": {"id": one}})
    assert (himself.status_code, himself.json()["code"]) == (422, "merge_into_self")
    nobody = await shared_api.post(f"/v1/members/{one}:merge", {"into": {"card": "no-such-card"}})
    assert (nobody.status_code, nobody.json()["pointer"]) == (422, "/into")
