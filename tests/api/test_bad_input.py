"""What bad input gets: a refusal with a stable code, a pointer to the field and the value; and nothing half done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.test_once import rows

BIG = 10**30

pytestmark = pytest.mark.asyncio(loop_scope="module")


def line(**more: Any) -> dict[str, Any]:
    return {"number": 1, "amount_minor": 10_000, **more}


PURCHASES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({"colour": "red"}, "/colour"),
    "an unknown field of a line": ({"lines": [line(colour="red")]}, "/lines/0/colour"),
    "a float": ({"amount_minor": 100.5}, "/amount_minor"),
    "a float that is whole": ({"amount_minor": 10000.0}, "/amount_minor"),
    "a float in a line": ({"lines": [line(quantity_milli=1.5)]}, "/lines/0/quantity_milli"),
    "a number as text": ({"amount_minor": "10000"}, "/amount_minor"),
    "a truth as a number": ({"amount_minor": True}, "/amount_minor"),
    "text as a number": ({"store": 7}, "/store"),
    "nothing where text belongs": ({"source": None}, "/source"),
    "empty text": ({"business_no": ""}, "/business_no"),
    "text that is too long": ({"business_no": "x" * 201}, "/business_no"),
    "a NUL": ({"store": "a\x00b"}, "/store"),
    "a NUL in an attribute": ({"lines": [line(attributes={"a": "\x00"})]}, "/lines/0/attributes/a"),
    "a naive time": ({"occurred_at": "2026-11-21T18:00:00"}, "/occurred_at"),
    "a date": ({"occurred_at": "2026-11-21"}, "/occurred_at"),
    "a number as a time": ({"occurred_at": 1_763_000_000}, "/occurred_at"),
    "a time that is none": ({"occurred_at": "2026-02-30T18:00:00Z"}, "/occurred_at"),
    "a time before all": ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at"),
    "a time after all": ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "/occurred_at"),
    "a negative amount": ({"amount_minor": -1}, "/amount_minor"),
    "a negative line": ({"lines": [line(amount_minor=-1)]}, "/lines/0/amount_minor"),
    "a negative quantity": ({"lines": [line(quantity_milli=-1)]}, "/lines/0/quantity_milli"),
    "a number beyond all": ({"amount_minor": BIG, "lines": [line(amount_minor=BIG)]}, "/amount_minor"),
    "a line number beyond all": ({"lines": [line(number=BIG)]}, "/lines/0/number"),
    "an attribute beyond all": ({"lines": [line(attributes={"a": BIG})]}, "/lines/0/attributes/a"),
    "no lines": ({"lines": []}, "/lines"),
    "lines that are none": ({"lines": "all"}, "/lines"),
    "a line that is none": ({"lines": [7]}, "/lines/0"),
    "a member named twice": ({"member": {"card": "1", "external": "2"}}, "/member"),
    "a member not named": ({"member": {}}, "/member"),
    "a member with another prefix": ({"member": {"id": "pur_" + "0" * 32}}, "/member/id"),
    "a member whose id is short": ({"member": {"id": "mbr_0"}}, "/member/id"),
    "money that is none": ({"money": "yuan"}, "/money"),
    "a line that stands twice": (
        {"lines": [line(amount_minor=5_000), line(amount_minor=5_000)]},
        "/lines/1/number",
    ),
}


@pytest.mark.parametrize("name", PURCHASES)
async def test_a_purchase_that_is_malformed(shared_api: Api, name: str) -> None:
    change, pointer = PURCHASES[name]
    body = {**a_purchase_body("mbr_" + "0" * 32), **change}
    before = await rows(shared_api)
    for path in ("/v1/purchases", "/v1/purchases:quote"):
        answer = await shared_api.post(path, body)
        told = answer.json()
        assert (answer.status_code, told["code"], told["pointer"]) == (422, "field_wrong", pointer), (
            answer.text
        )
    answer = await shared_api.post("/v1/purchases:batch", {"purchases": [a_purchase_body(None), body]})
    good, bad = answer.json()["answers"]
    assert (good["status"], bad["status"]) == (201, 422)
    assert bad["problem"]["pointer"] == f"/purchases/1{pointer}"
    after = await rows(shared_api)
    assert after == {**before, "unclaimed_purchase": before["unclaimed_purchase"] + 1}


@pytest.mark.parametrize(
    ("change", "pointer", "numbers"),
    [
        ({"amount_minor": 9_999}, "/amount_minor", {"expected": 10_000, "actual": 9_999}),
        (
            {"payments": [{"method": "cash", "amount_minor": 1}]},
            "/payments",
            {"expected": 10_000, "actual": 1},
        ),
    ],
)
async def test_sums_that_do_not_match(
    shared_api: Api, change: dict[str, Any], pointer: str, numbers: dict[str, int]
) -> None:
    answer = await shared_api.post(
        "/v1/purchases", {**a_purchase_body(await shared_api.a_member()), **change}
    )
    told = answer.json()
    assert (answer.status_code, told["code"], told["pointer"]) == (422, "sums_differ", pointer)
    assert told["numbers"] == numbers


async def test_more_than_a_limit_allows(shared_api: Api) -> None:
    lines = [line(number=at, amount_minor=0) for at in range(1_001)]
    answer = await shared_api.post("/v1/purchases", a_purchase_body(None, of=0, lines=lines))
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (
        422,
        "too_much",
        "/lines",
    )
    assert answer.json()["numbers"] == {"limit": 1_000}
    many = {"purchases": [a_purchase_body(None)] * 1_001}
    answer = await shared_api.post("/v1/purchases:batch", many)
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (
        422,
        "too_much",
        "/purchases",
    )


async def test_a_thousand_in_a_batch(shared_api: Api) -> None:
    member = await shared_api.a_member()
    body = {
        "purchases": [
            a_purchase_body(member, of=100, occurred_at="2026-11-21T04:00:00Z") for _ in range(1_000)
        ]
    }
    answers = (await shared_api.post("/v1/purchases:batch", body)).json()["answers"]
    assert [one["status"] for one in answers] == [201] * 1_000
    assert answers[-1]["purchase"]["balances"][0] == {"currency": "points", "balance": 1_000}


BODIES = {
    "no body": (b"", ""),
    "no JSON": (b"{", ""),
    "not a number": (b'{"amount_minor": NaN}', ""),
    "infinity": (b'{"amount_minor": Infinity}', ""),
    "a lone surrogate": (b'{"source": "\\ud800"}', "/source"),
    "a key twice": (b'{"source": "a", "source": "b"}', "/source"),
    "broken UTF-8": (b'{"source": "\xff"}', ""),
    "a byte order mark and nothing": (b"\xef\xbb\xbf", ""),
    "nested too deep": (b"[" * 100_000, ""),
    "a list": (b"[]", ""),
    "a text": (b'"purchase"', ""),
    "null": (b"null", ""),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_none(shared_api: Api, name: str) -> None:
    raw, pointer = BODIES[name]
    for path in ("/v1/purchases", "/v1/members", "/v1/program:apply"):
        answer = await shared_api.ask("POST", path, raw=raw)
        told = answer.json()
        assert (answer.status_code, told["code"], told["pointer"]) == (422, "field_wrong", pointer), (
            answer.text
        )


async def test_a_body_that_is_too_large(shared_api: Api) -> None:
    body = a_purchase_body(None)
    raw = json.dumps({**body, "note": "x" * (4 * 1024 * 1024)}).encode()
    answer = await shared_api.ask("POST", "/v1/purchases", raw=raw)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    async def in_pieces() -> Any:
        for _ in range(5):
            yield b" " * 1024 * 1024

    headers = {"Authorization": f"Bearer {shared_api.tokens['admin']}", "Content-Type": "application/json"}
    streamed = await shared_api.client.post("/v1/purchases", content=in_pieces(), headers=headers)
    assert (streamed.status_code, streamed.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_a_body_of_another_kind(shared_api: Api, kind: str | None) -> None:
    headers = {"Authorization": f"Bearer {shared_api.tokens['admin']}"} | (
        {"Content-Type": kind} if kind else {}
    )
    answer = await shared_api.client.post("/v1/purchases", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_wrong")


OTHERS = {
    "a return of nothing": (
        "/v1/purchases:return",
        {"purchase": {"id": "pur_" + "0" * 32}, "lines": []},
        "/lines",
    ),
    "a return of a negative": (
        "/v1/purchases:return",
        {"purchase": {"id": "pur_" + "0" * 32}, "lines": [{"number": 1, "quantity_milli": -1}]},
        "/lines/0/quantity_milli",
    ),
    "a return of more than counts": (
        "/v1/purchases:return",
        {"purchase": {"id": "pur_" + "0" * 32}, "lines": [{"number": 1, "quantity_milli": BIG}]},
        "/lines/0/quantity_milli",
    ),
    "a purchase named by half its key": ("/v1/purchases:void", {"purchase": {"source": "pos"}}, "/purchase"),
    "a purchase named twice": (
        "/v1/purchases:void",
        {"purchase": {"id": "pur_" + "0" * 32, "source": "pos", "business_no": "1"}},
        "/purchase",
    ),
    "no units": (
        "/v1/adjustments",
        {"member": {"card": "1"}, "currency": "points", "units": 0, "note": "x"},
        "/units",
    ),
    "too many units": (
        "/v1/adjustments",
        {"member": {"card": "1"}, "currency": "points", "units": BIG, "note": "x"},
        "/units",
    ),
    "no reason": (
        "/v1/adjustments",
        {"member": {"card": "1"}, "currency": "points", "units": 1, "note": " "},
        "/note",
    ),
    "negative units": (
        "/v1/reservations",
        {"member": {"card": "1"}, "currency": "points", "units": -1},
        "/units",
    ),
    "an endless reservation": (
        "/v1/reservations",
        {"member": {"card": "1"}, "currency": "points", "units": 1, "lapse_seconds": 86_401},
        "/lapse_seconds",
    ),
    "a key of another kind": ("/v1/members", {"keys": [{"kind": "phone", "value": "1"}]}, "/keys/0/kind"),
    "an empty key": ("/v1/members", {"keys": [{"kind": "card", "value": "  "}]}, "/keys/0/value"),
    "a key twice": ("/v1/members", {"keys": [{"kind": "card", "value": "1"}] * 2}, "/keys/1"),
    "a document that is none": ("/v1/program:plan", {"document": []}, "/document"),
    "a naive moment of effect": (
        "/v1/program:apply",
        {"document": {}, "effective_at": "2027-01-01T00:00:00"},
        "/effective_at",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_other_writes_that_are_malformed(shared_api: Api, name: str) -> None:
    path, body, pointer = OTHERS[name]
    await shared_api.post("/v1/members", {"keys": [{"kind": "card", "value": "1"}]})
    before = await rows(shared_api)
    answer = await shared_api.post(path, body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["pointer"]) == (422, "field_wrong", pointer), answer.text
    assert await rows(shared_api) == before


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/members", "/query/card"),
        ("/v1/members?card=1&external=2", "/query/card"),
        ("/v1/members?card=", "/query/card"),
        ("/v1/members?card=%00", "/query/card"),
        ("/v1/members/1", "/path/member_id"),
        ("/v1/members/mbr_%00", "/path/member_id"),
        (f"/v1/members/mbr_{'0' * 32}/statement?limit=0", "/query/limit"),
        (f"/v1/members/mbr_{'0' * 32}/statement?limit=201", "/query/limit"),
        (f"/v1/members/mbr_{'0' * 32}/statement?before={BIG}", "/query/before"),
        (f"/v1/members/mbr_{'0' * 32}/statement?language=fr", "/query/language"),
        ("/v1/purchases?source=pos", "/query/business_no"),
        (f"/v1/program/revisions/{BIG}", "/path/number"),
        ("/v1/program/revisions/one", "/path/number"),
    ],
)
async def test_an_address_that_is_malformed(shared_api: Api, path: str, pointer: str) -> None:
    answer = await shared_api.get(path)
    told = answer.json()
    assert (answer.status_code, told["code"], told["pointer"]) == (422, "field_wrong", pointer), answer.text


async def test_a_version_that_is_not_spoken(shared_api: Api) -> None:
    answer = await shared_api.get("/v1/program", headers={"Jifen-Version": "2020-01-01"})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/headers/Jifen-Version")
    assert (await shared_api.get("/v1/program", headers={"Jifen-Version": "2026-11-21"})).status_code == 200
    assert answer.headers["jifen-version"] == "2026-11-21"


async def test_a_programme_that_contradicts_itself_says_every_problem(shared_api: Api) -> None:
    answer = await shared_api.post("/v1/program:validate", {"document": {"format": 1, "colour": "red"}})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "program_refused")
    problems = told["numbers"]["problems"]
    assert {"/document/colour", "/document/money"} <= {one["pointer"] for one in problems}
    assert all(one["way_out"] and one["message_zh"] for one in problems)
