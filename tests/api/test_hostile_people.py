"""Attacks on people and their units: all at once, from two phones, by who decides twice, by made-up addresses."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
import pytest
from tests.api.conftest import Api
from tests.api.people import PASSWORD, OnPhone, a_login, a_person, a_phone_of, person_of, sign_in_as
from tests.api.test_four_eyes import changed, decide
from tests.api.test_four_eyes_of_members import merging

from jifen.jobs.loop import do_effects
from jifen.operations import give_units as giving
from jifen.operations.reconcile_books import reconcile_books

pytestmark = pytest.mark.asyncio(loop_scope="module")
_phones = itertools.count(13_700_100_000)


async def on_a_phone(api: Api, units: int = 0, **person: str) -> tuple[OnPhone, str]:
    """A member with so many points who is signed in, and his phone."""
    phone = str(next(_phones))
    made = await api.post("/v1/members", {"person": {"phone": phone, **person}})
    assert made.status_code == 201, made.text
    if units:
        body = {
            "member": {"id": made.json()["member_id"]},
            "currency": "points",
            "units": units,
            "note": "a start",
        }
        assert (await api.post("/v1/adjustments", body)).status_code == 201
    return await a_phone_of(api, phone), phone


async def held(api: Api, member: str) -> int:
    """What a member holds."""
    told: int = (await api.get(f"/v1/members/{member}/balances")).json()["balances"][0]["balance"]
    return told


async def assert_the_books(api: Api) -> None:
    """Every law."""
    books = await reconcile_books(api.ledger, replays=False)
    assert books.are_kept, [(one.law.number, one.findings) for one in books.verdicts if one.findings]


# -- units ----------------------------------------------------------------------------------------------------------------


async def test_of_twenty_gifts_at_once_from_a_balance_for_ten_ten_arrive(shared_api: Api) -> None:
    giver, phone = await on_a_phone(shared_api, 100)
    second = await a_phone_of(shared_api, phone)
    receivers = [await shared_api.a_member(f"gift-{one}") for one in range(20)]

    async def give(at: int) -> tuple[int, str]:
        body = {"receiver": {"card": f"gift-{at}"}, "currency": "points", "units": 10}
        answer = await (giver, second)[at % 2].ask(shared_api, "POST", "/v1/me/gifts", body)
        return answer.status_code, answer.json().get("code", "")

    answers = await asyncio.gather(*(give(at) for at in range(20)))

    assert sorted(answers) == [(201, "")] * 10 + [(422, "points_missing")] * 10
    assert await held(shared_api, giver.member_id) == 0
    assert sorted([await held(shared_api, one) for one in receivers]) == [0] * 10 + [10] * 10
    await assert_the_books(shared_api)


async def test_one_gift_with_one_key_from_two_phones_at_once_is_one_gift(shared_api: Api) -> None:
    giver, phone = await on_a_phone(shared_api, 100)
    second = await a_phone_of(shared_api, phone)
    receiver = await shared_api.a_member("gift-once")
    body = {"receiver": {"card": "gift-once"}, "currency": "points", "units": 10}
    answers = await asyncio.gather(
        *(
            (giver, second)[at % 2].ask(shared_api, "POST", "/v1/me/gifts", body, key="one")
            for at in range(12)
        )
    )
    assert sorted(one.status_code for one in answers) == [200] * 11 + [201]
    assert (await held(shared_api, giver.member_id), await held(shared_api, receiver)) == (90, 10)


# -- merging --------------------------------------------------------------------------------------------------------------


async def _nothing(*_: object) -> None:
    """A process that died before the second half."""


async def test_a_member_with_a_reservation_a_gift_on_its_way_and_a_return_to_come_is_merged(
    shared_api: Api,
) -> None:
    goes, stays = await shared_api.a_member_with(100), await shared_api.a_member()
    giver = await shared_api.a_member_with(50)
    bought = await shared_api.a_purchase(goes, of=10_000)
    earned = await held(shared_api, goes) - 100
    reserving = {"member": {"id": goes}, "currency": "points", "units": 40}
    reserved = (await shared_api.post("/v1/reservations", reserving)).json()["reservation_id"]
    gift = {"member": {"id": giver}, "receiver": {"id": goes}, "currency": "points", "units": 30}
    with patch.object(giving, "receive_gift", _nothing):
        assert (await shared_api.post("/v1/gifts", gift)).status_code == 201

    merge = {"into": {"id": stays}}
    refused = await shared_api.post(f"/v1/members/{goes}:merge", merge)
    assert (refused.status_code, refused.json()["code"]) == (409, "units_reserved")
    answers = await asyncio.gather(
        shared_api.post(f"/v1/reservations/{reserved}:release"),
        *(shared_api.post(f"/v1/members/{goes}:merge", merge) for _ in range(4)),
        *(shared_api.post("/v1/reservations", reserving) for _ in range(4)),
    )
    assert all(one.status_code < 500 for one in answers), [one.text for one in answers]
    for one in answers[5:]:
        if one.status_code == 201:
            await shared_api.post(f"/v1/reservations/{one.json()['reservation_id']}:release")
    await shared_api.post(f"/v1/members/{goes}:merge", merge)
    assert (await shared_api.get(f"/v1/members/{goes}")).json()["status"] == "merged"
    late = await shared_api.post(f"/v1/reservations/{reserved}:commit")
    assert late.status_code in (404, 409, 422), late.text

    await do_effects(shared_api.ledger)
    assert await held(shared_api, goes) == 0
    assert await held(shared_api, stays) == 100 + earned + 30, "the gift finds who stands for him"
    back = {"purchase": {"id": bought["purchase_id"]}, "lines": [{"number": 1, "quantity_milli": 1_000}]}
    assert (await shared_api.post("/v1/purchases:return", back)).status_code == 201
    assert await held(shared_api, stays) == 130, "what comes back is taken from who has it now"
    await assert_the_books(shared_api)


# -- who decides twice ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["merge", "publication"])
async def test_a_proposal_that_several_approve_at_once_is_done_once(shared_api: Api, kind: str) -> None:
    author, *others = [await a_person(shared_api, roles=["owner"]) for _ in range(4)]
    goes, stays = await shared_api.a_member_with(30), await shared_api.a_member_with(40)
    before = (await shared_api.get("/v1/program")).json()["newest"]["number"]
    if kind == "merge":
        asked = await merging(shared_api, author, goes, stays)
    else:
        body = {"document": await changed(shared_api, "Approved by many")}
        asked = await author.ask(shared_api, "POST", "/v1/program:apply", body)
    assert asked.status_code == 202, asked.text
    answers = await asyncio.gather(*(decide(shared_api, one, asked.json()["proposal"]) for one in others * 3))
    assert [one.status_code for one in answers] == [200] * 9, [one.text for one in answers]
    assert len({str(one.json()["result"]) for one in answers}) == 1
    assert len({one.json()["decided_by"]["id"] for one in answers}) == 1
    if kind == "merge":
        assert [await held(shared_api, goes), await held(shared_api, stays)] == [0, 70]
    else:
        assert (await shared_api.get("/v1/program")).json()["newest"]["number"] == before + 1


async def test_who_is_bound_to_a_store_neither_proposes_a_programme_nor_decides_one(shared_api: Api) -> None:
    author, bound = (
        await a_person(shared_api, roles=["owner"]),
        await a_person(shared_api, roles=["owner"], stores=["main"]),
    )
    body = {"document": await changed(shared_api, "Of one shop")}
    proposal = (await author.ask(shared_api, "POST", "/v1/program:apply", body)).json()["proposal"]
    for answer in (
        await bound.ask(
            shared_api, "POST", "/v1/program:apply", {"document": await changed(shared_api, "Of mine")}
        ),
        await decide(shared_api, bound, proposal),
        await decide(shared_api, bound, proposal, "refuse", reason="not mine"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "store_not_permitted"), answer.text


async def test_approved_and_refused_at_once_it_is_one_of_both(shared_api: Api) -> None:
    author, yes, no = [await a_person(shared_api, roles=["owner"]) for _ in range(3)]
    goes, stays = await shared_api.a_member_with(30), await shared_api.a_member_with(40)
    proposal = (await merging(shared_api, author, goes, stays)).json()["proposal"]
    answers = await asyncio.gather(
        decide(shared_api, yes, proposal), decide(shared_api, no, proposal, "refuse", reason="not the same")
    )
    done = [one for one in answers if one.status_code == 200]
    assert len(done) == 1, [one.text for one in answers]
    is_merged = done[0].json()["state"] == "approved"
    assert await held(shared_api, stays) == (70 if is_merged else 40)


# -- erased in the middle of it ----------------------------------------------------------------------------------------------

PERSONAL = ("Unmistakable Name", "Nowhere Street 77", "said in the very moment", "given in the very moment")


def _asks(who: OnPhone, api: Api, at: int) -> list[Any]:
    """What a phone asks in the moment its owner is erased: reading, and every write that keeps a word of his."""
    said = {"kind": "units_missing", "said": f"said in the very moment {at}"}
    gift = {
        "receiver": {"card": "erased-gift"},
        "currency": "points",
        "units": 1,
        "note": f"given in the very moment {at}",
    }
    agreed = {"purpose": "marketing", "is_given": True, "text_version": "2026-11"}
    return [
        who.ask(api, "GET", "/v1/me"),
        who.ask(api, "GET", "/v1/me/person"),
        who.ask(api, "POST", "/v1/me/questions", said),
        who.ask(api, "POST", "/v1/me/gifts", gift),
        who.ask(api, "POST", "/v1/me/person:correct", {"address": f"Nowhere Street 77-{at}"}),
        who.ask(api, "POST", "/v1/me/consents", agreed),
        who.ask(api, "POST", "/v1/me/device"),
        who.ask(api, "POST", "/v1/me/household/invitations", {"role": "adult"}),
    ]


@pytest.mark.parametrize("by", ["the shop", "himself"])
async def test_who_is_erased_while_two_phones_of_his_ask_leaves_nothing_behind(
    shared_api: Api, by: str
) -> None:
    who, phone = await on_a_phone(shared_api, 100, name="Unmistakable Name")
    other = await a_phone_of(shared_api, phone)
    await shared_api.post("/v1/members", {"keys": [{"kind": "card", "value": "erased-gift"}]})
    confirm = {"confirm": who.member_id}

    async def erased() -> httpx.Response:
        await asyncio.sleep(0)
        if by == "himself":
            return await who.ask(shared_api, "POST", "/v1/me/person:erase", confirm)
        return await shared_api.post(f"/v1/members/{who.member_id}/persons:erase", confirm)

    asked = [one for at in range(6) for phone_of in (who, other) for one in _asks(phone_of, shared_api, at)]
    half = len(asked) // 2
    answers = await asyncio.gather(*asked[:half], erased(), erased(), *asked[half:])
    certificates = [one for one in answers[half : half + 2] if one.status_code == 200]
    assert len(certificates) == 1, [one.text for one in answers[half : half + 2]]
    assert all(one.status_code < 500 for one in answers), {
        one.text for one in answers if one.status_code >= 500
    }

    for one in (who, other):
        after = await asyncio.gather(*_asks(one, shared_api, 99))
        assert {answer.status_code for answer in after} == {401}, [answer.text for answer in after]
    member = UUID(who.member_id.removeprefix("mbr_"))
    async with shared_api.ledger.pool.acquire() as connection:
        left = {
            table: await connection.fetchval(f"SELECT count(*) FROM {table} WHERE member_id = $1", member)
            for table in ("person", "member_key", "note", "device")
        }
        texts = await connection.fetchval("SELECT count(*) FROM question_text WHERE member_id = $1", member)
        whole = ""
        for table in ("question_text", "note", "person_field", "proposal"):
            rows = await connection.fetch(f"SELECT to_jsonb(t)::text FROM {table} t")
            whole += "".join(row[0] for row in rows)
    assert left == dict.fromkeys(left, 0)
    assert texts == 0
    assert not [one for one in PERSONAL if one in whole]
    assert (await shared_api.get(f"/v1/members/{who.member_id}/persons")).status_code == 404
    await assert_the_books(shared_api)


# -- from where somebody says he comes ---------------------------------------------------------------------------------------


async def _sessions(api: Api, who: Any) -> list[str]:
    return [one["address"] for one in (await who.ask(api, "GET", "/v1/sessions")).json()["data"]]


async def test_whoever_comes_by_no_proxy_of_ours_is_where_he_is_whatever_he_says(shared_api: Api) -> None:
    """Made-up addresses neither spread his guesses over many, nor stand in the audit or among somebody's sessions."""
    login = await a_login(shared_api)
    try:
        shared_api.comes_from("203.0.113.50")
        said = [f"198.51.100.{one}" for one in range(30)]
        answers = []
        for one in said:
            headers = {"X-Forwarded-For": f"{one}, 127.0.0.1", "X-Forwarded-Proto": "https", "X-Real-IP": one}
            answers.append(await sign_in_as(shared_api, login, "wrong password", headers=headers))
        assert 429 in [one.status_code for one in answers], "the address waits, as one"
        shared_api.comes_from("203.0.113.51")
        owner = await a_login(shared_api)
        came_in = await sign_in_as(shared_api, owner, headers={"X-Forwarded-For": "127.0.0.1"})
        assert "secure" not in came_in.headers["set-cookie"].lower(), "nor by https"
        who = person_of(came_in)
        assert await _sessions(shared_api, who) == ["203.0.113.51"]
        member = await shared_api.a_member()
        headers = {"X-Forwarded-For": "192.0.2.99"}
        await shared_api.post(f"/v1/members/{member}/persons:reveal", {"why": "service"}, headers=headers)
        rows = (await shared_api.get(f"/v1/audit?about={member}&deed=person.read")).json()["data"]
        rows += (await shared_api.get("/v1/audit?deed=person.read&limit=5")).json()["data"]
        assert {one["came_from"] for one in rows if one["why"] == "service"} >= {"203.0.113.51"}
        assert "192.0.2.99" not in str(rows)
    finally:
        shared_api.comes_from("127.7.7.8")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([("X-Forwarded-For", "192.0.2.1, 203.0.113.60")], "203.0.113.60"),
        ([("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "203.0.113.61")], "203.0.113.61"),
        ([("X-Forwarded-For", "127.0.0.1, 203.0.113.62, 127.0.0.1")], "203.0.113.62"),
        ([("X-Forwarded-For", "192.0.2.1, <script>, 203.0.113.63")], "203.0.113.63"),
        ([("X-Forwarded-For", "nowhere")], ""),
        ([("Forwarded", "for=192.0.2.1"), ("X-Real-IP", "192.0.2.2")], "127.7.7.7"),
    ],
    ids=[
        "made up before",
        "a header more",
        "by way of two",
        "no address among them",
        "none",
        "other headers",
    ],
)
async def test_of_what_a_proxy_forwards_only_its_own_word_counts_wherever_an_address_is_kept(
    shared_api: Api, sent: list[tuple[str, str]], kept: str
) -> None:
    shared_api.comes_from("127.7.7.7")
    login = await a_login(shared_api)
    body = {"login": login, "password": PASSWORD}
    headers = [*sent, ("Content-Type", "application/json")]
    answer = await shared_api.client.post("/v1/session", json=body, headers=headers)
    shared_api.client.cookies.clear()
    assert await _sessions(shared_api, person_of(answer)) == [kept]
    tried = await shared_api.client.post(
        "/v1/session", json={**body, "password": "another one"}, headers=headers
    )
    assert tried.status_code in (401, 429)
    member = await shared_api.a_member()
    revealing = [*sent, ("Authorization", f"Bearer {shared_api.tokens['admin']}")]
    await shared_api.client.post(
        f"/v1/members/{member}/persons:reveal", json={"why": "authority"}, headers=revealing
    )
    rows = (await shared_api.get("/v1/audit?deed=person.read&limit=1")).json()["data"]
    assert [one["came_from"] for one in rows] == [kept or None]
