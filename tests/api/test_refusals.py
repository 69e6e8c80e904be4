"""Each refusal that a route can give, given; and what happens when the database is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from starlette.requests import Request
from tests.api.conftest import Api, a_purchase_body
from tests.api.writes import DOORS, the_document

from jifen.api import errors
from jifen.domain.refusals import ProgramMissing, Refusal
from jifen.present.refusals import refusal_message

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_status_that_a_route_can_give_is_described(shared_api: Api) -> None:
    for path, item in shared_api.app.openapi()["paths"].items():
        for method, operation in item.items():
            if path in ("/v1/health", "/metrics"):
                continue
            said = set(operation["responses"])
            if (method.upper(), path) in DOORS:
                said |= {"401", "403"}  # nobody is asked who he is there
            assert {"401", "403", "422", "500", "503"} <= said, (method, path)
            if "requestBody" in operation:
                is_json = "application/json" in operation["requestBody"]["content"]
                assert {"413", "415"} <= said | (set() if is_json else {"415"}), (method, path)


async def points_missing(api: Api) -> tuple[str, dict[str, Any]]:
    member = await api.a_member_with(30)
    return "/v1/reservations", {"member": {"id": member}, "currency": "points", "units": 50}


async def currency_unknown(api: Api) -> tuple[str, dict[str, Any]]:
    member = await api.a_member()
    return "/v1/reservations", {"member": {"id": member}, "currency": "gold", "units": 50}


async def member_unknown(_: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases", a_purchase_body(None, member={"card": "nobody's"})


async def member_unknown_id(_: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases", a_purchase_body("mbr_" + "0" * 32)


async def store_unknown(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases", a_purchase_body(await api.a_member(), store="nowhere")


async def store_unknown_of_nobody(_: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases", a_purchase_body(None, store="nowhere")


async def too_early(api: Api) -> tuple[str, dict[str, Any]]:
    at = datetime.now(UTC) - timedelta(days=500)
    return "/v1/purchases", a_purchase_body(await api.a_member(), occurred_at=at.isoformat())


async def too_late(api: Api) -> tuple[str, dict[str, Any]]:
    at = datetime.now(UTC) + timedelta(hours=1)
    return "/v1/purchases", a_purchase_body(await api.a_member(), occurred_at=at.isoformat())


async def closed(api: Api) -> str:
    member = await api.a_member()
    await api.post(f"/v1/members/{member}:close")
    return member


async def member_closed(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases", a_purchase_body(await closed(api))


async def frozen(api: Api) -> str:
    member = await api.a_member_with(30)
    await api.post(f"/v1/members/{member}:freeze")
    return member


async def member_frozen(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/reservations", {"member": {"id": await frozen(api)}, "currency": "points", "units": 5}


async def giver_frozen(api: Api) -> tuple[str, dict[str, Any]]:
    receiver = await api.a_member()
    body = {
        "member": {"id": await frozen(api)},
        "receiver": {"id": receiver},
        "currency": "points",
        "units": 5,
    }
    return "/v1/gifts", body


async def _frozen(api: Api) -> str:
    member = await api.a_member_with(30)
    await api.post(f"/v1/members/{member}:freeze")
    return member


async def frozen_reserves(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/reservations", {"member": {"id": await _frozen(api)}, "currency": "points", "units": 5}


async def frozen_gives(api: Api) -> tuple[str, dict[str, Any]]:
    receiver = {"id": await api.a_member()}
    return "/v1/gifts", {
        "member": {"id": await _frozen(api)},
        "receiver": receiver,
        "currency": "points",
        "units": 5,
    }


async def receiver_closed(api: Api) -> tuple[str, dict[str, Any]]:
    giver = await api.a_member_with(30)
    body = {"member": {"id": giver}, "receiver": {"id": await closed(api)}, "currency": "points", "units": 5}
    return "/v1/gifts", body


async def receiver_unknown(api: Api) -> tuple[str, dict[str, Any]]:
    giver = await api.a_member_with(30)
    return "/v1/gifts", {"member": {"id": giver}, "receiver": {"card": "x"}, "currency": "points", "units": 5}


async def gift_to_self(api: Api) -> tuple[str, dict[str, Any]]:
    giver = await api.a_member_with(30)
    return "/v1/gifts", {"member": {"id": giver}, "receiver": {"id": giver}, "currency": "points", "units": 5}


async def key_taken(api: Api) -> tuple[str, dict[str, Any]]:
    await api.a_member("62")
    return "/v1/members", {"keys": [{"kind": "card", "value": "62"}]}


async def _bought(api: Api) -> dict[str, Any]:
    told = await api.a_purchase(await api.a_member())
    return {"id": told["purchase_id"]}


async def too_much_back(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases:return", {
        "purchase": await _bought(api),
        "lines": [{"number": 1, "quantity_milli": 1001}],
    }


async def line_unknown(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases:return", {
        "purchase": await _bought(api),
        "lines": [{"number": 9, "quantity_milli": 1}],
    }


async def purchase_unknown(_: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases:void", {"purchase": {"source": "pos", "business_no": "missing"}}


async def back_before_bought(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases:void", {"purchase": await _bought(api), "occurred_at": "2026-01-01T00:00:00Z"}


async def void_twice(api: Api) -> tuple[str, dict[str, Any]]:
    bought = await _bought(api)
    await api.post("/v1/purchases:void", {"purchase": bought})
    return "/v1/purchases:void", {"purchase": bought}


async def purchase_claimed(api: Api) -> tuple[str, dict[str, Any]]:
    told = await api.a_purchase(await api.a_member())
    member = await api.a_member()
    return "/v1/purchases:claim", {
        "member": {"id": member},
        "source": told["source"],
        "business_no": told["business_no"],
    }


async def claim_unknown(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases:claim", {
        "member": {"id": await api.a_member()},
        "source": "pos",
        "business_no": "missing",
    }


async def other_money(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/purchases", a_purchase_body(await api.a_member(), money="USD")


async def undeclared_attribute(api: Api) -> tuple[str, dict[str, Any]]:
    line = {"number": 1, "amount_minor": 10_000, "attributes": {"colour": "red"}}
    return "/v1/purchases", a_purchase_body(await api.a_member(), lines=[line])


async def program_in_the_past(api: Api) -> tuple[str, dict[str, Any]]:
    document = await the_document(api)
    document = {**document, "program": {**document["program"], "names": {"en": "Other", "zh": "其他"}}}
    return "/v1/program:apply", {"document": document, "effective_at": "2026-01-01T00:00:00Z"}


async def program_stale(api: Api) -> tuple[str, dict[str, Any]]:
    return "/v1/program:apply", {"document": await the_document(api), "expected_revision": 7}


async def program_forbidden(api: Api) -> tuple[str, dict[str, Any]]:
    document = await the_document(api)
    return "/v1/program:apply", {"document": {**document, "money": {**document["money"], "code": "USD"}}}


async def program_contradicts_itself(api: Api) -> tuple[str, dict[str, Any]]:
    document = await the_document(api)
    rules = [{**document["earn_rules"][0], "currency": "gold"}, *document["earn_rules"][1:]]
    return "/v1/program:validate", {"document": {**document, "earn_rules": rules}}


CASES = [
    (points_missing, 422, "points_missing", "/units", {"points_missing": 20, "units_available": 30}),
    (currency_unknown, 422, "currency_unknown", "/currency", {"value": "gold"}),
    (member_unknown, 422, "member_unknown", "/member", {}),
    (member_unknown_id, 422, "member_unknown", "/member", {}),
    (store_unknown, 422, "store_unknown", "/store", {"value": "nowhere"}),
    (store_unknown_of_nobody, 422, "store_unknown", "/store", {"value": "nowhere"}),
    (too_early, 422, "time_out_of_bounds", "/occurred_at", {"late_days_max": 400}),
    (too_late, 422, "time_out_of_bounds", "/occurred_at", {}),
    (member_closed, 409, "member_closed", "/member", {"status": "closed"}),
    (member_frozen, 409, "member_frozen", "/member", {"status": "frozen"}),
    (giver_frozen, 409, "member_frozen", "/member", {"status": "frozen"}),
    (frozen_reserves, 409, "member_frozen", "/member", {"status": "frozen"}),
    (frozen_gives, 409, "member_frozen", "/member", {"status": "frozen"}),
    (receiver_closed, 409, "member_closed", "/receiver", {}),
    (receiver_unknown, 422, "member_unknown", "/receiver", {}),
    (gift_to_self, 422, "gift_to_self", "/receiver", {}),
    (key_taken, 409, "key_taken", "/keys", {"kind": "card", "value": "62"}),
    (too_much_back, 422, "return_exceeds_purchase", "/lines/0/quantity_milli", {"quantity_milli_left": 1000}),
    (line_unknown, 422, "line_unknown", "/lines/0/number", {"value": 9}),
    (purchase_unknown, 422, "purchase_unknown", "/purchase", {}),
    (back_before_bought, 422, "time_out_of_bounds", "/occurred_at", {}),
    (void_twice, 422, "return_exceeds_purchase", "/lines", {"quantity_milli_left": 0}),
    (purchase_claimed, 409, "purchase_claimed", "/business_no", {}),
    (claim_unknown, 422, "purchase_unknown", "/business_no", {}),
    (other_money, 422, "field_wrong", "/money", {"value": "USD"}),
    (undeclared_attribute, 422, "field_wrong", "/lines/0/attributes/colour", {}),
    (program_in_the_past, 422, "effective_in_the_past", "/effective_at", {}),
    (program_stale, 409, "revision_stale", "", {"expected_revision": 7, "newest_revision": 1}),
    (program_forbidden, 422, "program_refused", "/document", {}),
    (program_contradicts_itself, 422, "program_refused", "/document/earn_rules/0/currency", {}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].__name__)
async def test_what_the_rules_refuse(shared_api: Api, case: Any) -> None:
    make, status, code, pointer, numbers = case
    path, body = await make(shared_api)

    answer = await shared_api.post(path, body)

    told = answer.json()
    assert (answer.status_code, told["code"], told["pointer"]) == (status, code, pointer), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["status"] == status
    assert told["type"].endswith(code)
    assert told["message"] == told["message_zh"] == refusal_message(code, "zh")
    assert {name: told["numbers"].get(name) for name in numbers} == numbers


async def test_a_quote_refuses_what_recording_would_refuse(shared_api: Api) -> None:
    for make in (
        member_unknown,
        store_unknown,
        too_early,
        too_late,
        member_closed,
        other_money,
        undeclared_attribute,
    ):
        path, body = await make(shared_api)
        quoted, recorded = await shared_api.post(f"{path}:quote", body), await shared_api.post(path, body)
        assert (quoted.status_code, quoted.json()["code"]) == (recorded.status_code, recorded.json()["code"])


@pytest.mark.parametrize(
    ("path", "code", "pointer"),
    [
        (f"/v1/members/mbr_{'0' * 32}", "member_unknown", "/path/member_id"),
        (f"/v1/members/mbr_{'0' * 32}/balances", "member_unknown", "/path/member_id"),
        (f"/v1/members/mbr_{'0' * 32}/lots", "member_unknown", "/path/member_id"),
        (f"/v1/members/mbr_{'0' * 32}/statement", "member_unknown", "/path/member_id"),
        ("/v1/members?card=nobody", "member_unknown", "/query/card"),
        ("/v1/members?external=nobody", "member_unknown", "/query/external"),
        (f"/v1/purchases/pur_{'0' * 32}", "purchase_unknown", "/path/purchase_id"),
        ("/v1/purchases?source=pos&business_no=missing", "purchase_unknown", "/query/business_no"),
        ("/v1/program/revisions/99", "revision_unknown", "/path/number"),
        ("/v1/nothing", "route_unknown", ""),
        ("/v1/members/", "route_unknown", ""),
    ],
)
async def test_what_the_address_names_and_is_not_there(
    shared_api: Api, path: str, code: str, pointer: str
) -> None:
    answer = await shared_api.get(path)
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (404, code, pointer)


@pytest.mark.parametrize("verb", ["commit", "release"])
async def test_a_reservation_that_is_unknown_or_over(shared_api: Api, verb: str) -> None:
    answer = await shared_api.post(f"/v1/reservations/rsv_{'0' * 32}:{verb}")
    assert (answer.status_code, answer.json()["code"]) == (404, "reservation_unknown")
    assert answer.json()["pointer"] == "/path/reservation_id"
    member = await shared_api.a_member_with(30)
    body = {"member": {"id": member}, "currency": "points", "units": 5}
    held = (await shared_api.post("/v1/reservations", body)).json()["reservation_id"]
    await shared_api.post(f"/v1/reservations/{held}:release")
    again = await shared_api.post(f"/v1/reservations/{held}:{verb}")
    assert (again.status_code, again.json()["code"]) == (409, "reservation_over")
    assert again.json()["numbers"] == {"status": "released"}


async def test_another_method_says_which_there_are(shared_api: Api) -> None:
    answer = await shared_api.ask("DELETE", "/v1/program")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_wrong")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("failure", errors.BUSY, ids=lambda one: one.__name__)
async def test_a_database_that_is_away_or_busy_is_503_and_never_500(
    shared_api: Api, failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = a_purchase_body(await shared_api.a_member())

    async def breaks(*_: object, **__: object) -> None:
        raise failure("the database went away")

    monkeypatch.setattr("jifen.api.lane.record_each", breaks)
    monkeypatch.setattr("jifen.api.lane.quote_purchases", breaks)
    for path in ("/v1/purchases", "/v1/purchases:quote"):
        answer = await shared_api.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert answer.headers["retry-after"] == "1"


async def test_a_real_connection_that_breaks_is_503(shared_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_cut(*_: object, **__: object) -> None:
        async with shared_api.ledger.pool.acquire() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr("jifen.api.lane.quote_purchases", is_cut)
    body = a_purchase_body(await shared_api.a_member())
    answer = await shared_api.post("/v1/purchases:quote", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (await shared_api.get("/v1/program")).status_code == 200


async def test_a_defect_is_500_in_the_same_form_and_tells_nothing(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise asyncpg.SyntaxOrAccessError("SELECT secret FROM table")

    monkeypatch.setattr("jifen.api.lane.quote_purchases", breaks)
    answer = await shared_api.post("/v1/purchases:quote", a_purchase_body())
    assert (answer.status_code, answer.json()["code"]) == (500, "defect")
    assert "secret" not in answer.text
    assert isinstance(errors.Defect(), Refusal)


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("/v1/purchases", "/occurred_at"), ("/v1/purchases:quote", "/occurred_at"), ("/v1/members", "")],
)
async def test_a_sale_before_the_programme_points_at_its_moment(path: str, pointer: str) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "path_params": {},
        "query_string": b"",
        "headers": [],
    }
    request = Request({**scope, "server": ("127.0.0.1", 80), "scheme": "http"})
    assert errors.pointer_of(ProgramMissing("the first revision takes effect later"), request) == pointer
    assert "jifen init" in ProgramMissing.title()
    assert "jifen program apply" in refusal_message(ProgramMissing.code, "zh")
