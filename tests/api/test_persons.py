"""Persons over HTTP: what a retry is told once somebody was erased, and where a wrong name stands."""

from __future__ import annotations

import pytest
from tests.api.conftest import Api

TOLD = {"keys": [{"kind": "card", "value": "6200444001"}], "person": {"phone": "+86 138 0013 8444"}}


async def test_a_retry_of_an_enrolment_is_told_what_finds_the_member_now(api: Api) -> None:
    first = await api.post("/v1/members", TOLD, key="enrol")
    again = await api.post("/v1/members", TOLD, key="enrol")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert {one["kind"] for one in first.json()["keys"]} == {"card", "phone"}

    member = first.json()["member_id"]
    lost = {"remove": TOLD["keys"]}
    assert (await api.post(f"/v1/members/{member}/persons:correct", lost, key="lost")).status_code == 200
    assert [one["kind"] for one in (await api.post("/v1/members", TOLD, key="enrol")).json()["keys"]] == [
        "phone"
    ]
    gone = await api.post(f"/v1/members/{member}/persons:erase", {"confirm": member}, key="erase")
    assert gone.status_code == 200, gone.text
    assert (await api.post("/v1/members", TOLD, key="enrol")).json()["keys"] == []


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("phone=%2B8613800138999", 404, "/query/phone"),
        ("phone=12", 422, "/query/phone"),
        ("email=nobody@example.com", 404, "/query/email"),
        ("email=nobody", 422, "/query/email"),
        ("wechat=nobody", 404, "/query/wechat"),
        ("phone=%2B8613800138999&email=a@example.com", 422, "/query/phone"),
        ("", 422, "/query/card"),
    ],
)
async def test_whoever_is_not_found_is_named_as_he_was_asked_for(
    api: Api, query: str, status: int, pointer: str
) -> None:
    answer = await api.get(f"/v1/members?{query}")
    assert (answer.status_code, answer.json()["pointer"]) == (status, pointer)
    assert "138001389" not in answer.text, "and what was asked for is not repeated"


async def test_a_correction_answers_kinds_and_no_names_of_attributes(api: Api) -> None:
    member = await api.a_member()
    answer = await api.post(
        f"/v1/members/{member}/persons:correct", {"attributes": {"zed": "1"}, "name": "Ann"}
    )
    assert answer.json()["changed"] == ["attribute", "name"]


async def test_a_correction_is_refused_at_its_field_and_repeats_no_value(api: Api) -> None:
    other = await api.post(
        "/v1/members", {"person": {"phone": "+86 138 0013 8555", "email": "a@example.com"}}
    )
    assert other.status_code == 201
    of = f"/v1/members/{await api.a_member()}/persons:correct"
    for body, code, pointer in (
        ({"phone": "12"}, "field_wrong", "/phone"),
        ({"birthday": "1990-02-30"}, "field_wrong", "/birthday"),
        ({"attributes": {"size": "\u202e"}}, "field_wrong", "/attributes/size"),
        ({"phone": "138 0013 8555"}, "key_taken", "/phone"),
        ({"email": "A@example.com"}, "key_taken", "/email"),
        ({"add": [{"kind": "card", "value": "6200444009"}]}, "key_taken", "/add"),
        ({"forget": ["shoes"]}, "field_wrong", "/forget"),
        ({"person_id": "per_" + "0" * 32, "name": "Ann"}, "person_unknown", "/person_id"),
    ):
        if pointer == "/add":
            await api.a_member("6200444009")
        answer = await api.post(of, body)
        assert (answer.json()["code"], answer.json()["pointer"]) == (code, pointer), body
        assert "8555" not in answer.text
        assert "example.com" not in answer.text


async def test_of_a_household_the_one_who_is_named_is_corrected_and_nobody_elses(api: Api) -> None:
    member, other = await api.a_member(), await api.a_member()
    for one in (member, other):
        await api.post(f"/v1/members/{one}/persons:correct", {"name": "Head"})
    added = await api.post(
        f"/v1/members/{member}/household/persons", {"role": "adult", "person": {"name": "Second"}}
    )
    second = added.json()["person_id"]
    told = {"person_id": second, "name": "Second Again"}
    assert (await api.post(f"/v1/members/{member}/persons:correct", told)).json()["person_id"] == second
    names = [
        one["fields"]["name"]
        for one in (await api.post(f"/v1/members/{member}/persons:reveal", {"why": "service"})).json()[
            "persons"
        ]
    ]
    assert names == ["Head", "Second Again"]
    refused = await api.post(f"/v1/members/{other}/persons:correct", told)
    assert (refused.status_code, refused.json()["code"]) == (422, "person_unknown")


async def test_no_number_of_corrections_makes_more_attributes_than_a_person_may_have(api: Api) -> None:
    of = f"/v1/members/{await api.a_member()}/persons:correct"
    assert (await api.post(of, {"attributes": {f"a{at}": "1" for at in range(20)}})).status_code == 200
    assert (await api.post(of, {"attributes": {"a0": "2"}})).status_code == 200, (
        "one that is there is changed"
    )
    refused = await api.post(of, {"attributes": {"b": "1"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "too_much")
    assert refused.json()["pointer"] == "/attributes"
    instead = {"attributes": {"b": "1"}, "forget": ["attribute.a0"]}
    assert (await api.post(of, instead)).status_code == 200
