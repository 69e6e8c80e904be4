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
