"""The short road says what the routes say: it reads the same bodies, and answers in the same words."""

from __future__ import annotations

import copy
import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.api.conftest import Api, a_purchase_body
from tests.hostile import texts as hostile_texts

from jifen.api import answers, told
from jifen.api.bodies import BatchBody, PurchaseBody, ReserveBody, canonical
from jifen.api.errors import Busy
from jifen.api.fingerprint import fingerprint_of, purchase_hash
from jifen.api.requests import hash_of
from jifen.api.strict_json import parsed_json
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import FieldWrong, Refusal

MEMBER = "mbr_" + "0" * 31 + "7"

texts = st.one_of(
    hostile_texts(),
    st.text(min_size=0, max_size=5),
    st.sampled_from(["s1", "a\u0000b", "x" * 201, "x" * 101, "\ud800", "é", '"\\\n']),
)
wholes = st.one_of(
    st.integers(-2, 5_000),
    st.sampled_from([2**31, 10**12, 10**12 + 1, 10**10 + 1, -(10**12), 2**63, -(2**63) - 1, 10**30]),
)
odd: st.SearchStrategy[Any] = st.one_of(
    texts,
    wholes,
    st.none(),
    st.booleans(),
    st.floats(),
    st.just([]),
    st.just({}),
    st.lists(texts, max_size=2),
)
moments = st.one_of(
    st.sampled_from([
        "2026-11-21T18:00:00+08:00", "2026-11-21T10:00:00Z", "2026-11-21t10:00:00.123456789z", "2026-11-21 10:00:00Z",
        "2026-11-21T10:00:00", "2026-02-30T10:00:00Z", "1969-12-31T23:59:59Z", "9001-01-01T00:00:00Z", "yesterday",
        "2026-11-21T10:00:00.5+05:45", "2026-11-21T24:00:00Z",
    ]),
    st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat),  # noqa: DTZ001
)  # fmt: skip


def _lines() -> st.SearchStrategy[list[dict[str, Any]]]:
    line = st.fixed_dictionaries(
        {"number": st.integers(0, 3), "amount_minor": st.integers(0, 500)},
        optional={
            "quantity_milli": st.sampled_from([1_000, 0, 1_500]),
            "sku": st.one_of(st.none(), hostile_texts(longest=3)),
            "name": hostile_texts(longest=3),
            "category": st.one_of(st.just("DAIRY/MILK"), hostile_texts(longest=4)),
            "discount_minor": st.sampled_from([0, 5]),
            "cost_minor": st.sampled_from([None, -5, 5]),
            "tags": st.lists(st.sampled_from(["a", "b", " a", "b\u3000", "A"]), max_size=3),
            "attributes": st.dictionaries(
                st.sampled_from(["k", "l", "k ", "ｋ", "K"]), st.one_of(hostile_texts(longest=3), st.integers(-9, 9)), max_size=2
            ),
        },
    )  # fmt: skip
    return st.lists(line, min_size=1, max_size=3)


@st.composite
def purchases(draw: st.DrawFn) -> dict[str, Any]:
    """Bodies that are mostly right."""
    lines = draw(_lines())
    amount = sum(line["amount_minor"] for line in lines)
    whose = st.sampled_from([
        None, {"id": MEMBER}, {"card": "7"}, {"external": "e"}, {"id": MEMBER, "card": None}, {"card": "７\r"},
        {"external": "N/A"}, {"card": "none"}, {"external": " \u200be"},
    ])  # fmt: skip
    body: dict[str, Any] = {
        "source": "pos",
        "business_no": draw(hostile_texts(longest=4)),
        "occurred_at": draw(moments),
        "money": draw(st.sampled_from(["CNY", "CNY", "USD", " CNY\n", "ＣＮＹ", "usd", "CN", "CNYY", "CÑY"])),
        "amount_minor": amount,
        "lines": lines,
        "member": draw(whose),
    }
    if draw(st.booleans()):
        body["payments"] = [{"method": "cash", "amount_minor": amount - draw(st.sampled_from([0, 0, 1]))}]
    for name in ("store", "till", "cashier", "channel"):
        if draw(st.booleans()):
            body[name] = draw(st.one_of(st.none(), hostile_texts(longest=3)))
    if draw(st.booleans()):
        body["tags"] = draw(st.lists(hostile_texts(longest=2), max_size=2))
    return body


@st.composite
def spoilt(draw: st.DrawFn, bodies: st.SearchStrategy[dict[str, Any]]) -> bytes:
    """Bodies as JSON, some of them with something odd put, left out or added anywhere."""
    body = copy.deepcopy(draw(bodies))
    for _ in range(draw(st.integers(0, 2))):
        where: Any = body
        while True:
            values = where.values() if isinstance(where, dict) else where
            inner = [one for one in values if isinstance(one, dict | list) and one]
            if not inner or draw(st.booleans()):
                break
            where = draw(st.sampled_from(inner))
        names = [*where, "surprise"] if isinstance(where, dict) else range(len(where))
        name = draw(st.sampled_from(names))
        if isinstance(where, dict) and draw(st.booleans()):
            where.pop(name, None)
        else:
            where[name] = draw(odd)
    return json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def _long_way(raw: bytes) -> tuple[Any, Any, bytes] | None:
    try:
        body = PurchaseBody.model_validate(parsed_json(raw))
        return body.purchase(), body.whose(), hash_of(body)
    except (ValidationError, Refusal):
        return None


@given(raw=spoilt(purchases()))
def test_a_purchase_is_read_as_the_long_way_reads_it_or_not_at_all(raw: bytes) -> None:
    short = told.read_purchase_told(raw, LOCAL)
    if short is not None:
        assert (short.purchase, short.whose, short.body_hash) == _long_way(raw)


@given(body=purchases())
def test_what_is_well_formed_takes_the_short_road(body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    long = _long_way(raw)
    short = told.read_purchase_told(raw, LOCAL)
    # A text that is too long before it is in its form goes the long way.
    if long is not None and b"\\u0000" not in raw and b"x " not in raw:
        assert short is not None
        assert short.body_hash == long[2]


def test_a_number_that_is_no_integer_is_no_amount() -> None:
    body = a_purchase_body(MEMBER)
    for amount in (1.0, 1.5, True, "1"):
        raw = json.dumps({**body, "amount_minor": amount}).encode()
        assert told.read_purchase_told(raw, LOCAL) is None
        with pytest.raises(ValidationError):
            PurchaseBody.model_validate(parsed_json(raw))


def test_json_that_is_none_is_left_to_the_long_way() -> None:
    for raw in (b"", b"{", b"[]", b"null", b"NaN", b'{"source":"\xff"}', b'{"source":"\\ud800"}'):
        assert told.read_purchase_told(raw, LOCAL) is None
        with pytest.raises((ValidationError, FieldWrong)):
            PurchaseBody.model_validate(parsed_json(raw))


def test_a_batch_with_one_that_is_malformed_is_left_to_the_long_way() -> None:
    good = a_purchase_body(MEMBER)
    assert (
        told.read_batch_told(json.dumps({"purchases": [good, {**good, "money": "x"}]}).encode(), LOCAL)
        is None
    )
    read = told.read_batch_told(
        json.dumps({"purchases": [good, {**good, "business_no": "2"}]}).encode(), LOCAL
    )
    assert read is not None
    assert [one.purchase.business_no for one in read] == [good["business_no"], "2"]
    assert told.read_batch_told(b'{"purchases":[]}', LOCAL) is None
    BatchBody.model_validate({"purchases": [good]})


reservations = st.fixed_dictionaries(
    {
        "member": st.sampled_from([{"id": MEMBER}, {"card": "7"}]),
        "currency": st.just("points"),
        "units": st.integers(1, 9),
    },
    optional={
        "lapse_seconds": st.sampled_from([900, 1, 86_400, 86_401]),
        "note": texts,
        "store": texts,
        "cashier": texts,
    },
)


@given(body=purchases(), at=st.integers(0, 3))
def test_a_body_in_another_writing_is_the_same_body(body: dict[str, Any], at: int) -> None:
    """Other blanks, another composition: the same purchase, the same member, the same hash, on both ways."""
    long = _long_way(json.dumps(body).encode())
    if long is None:
        return

    def otherwise(text: str) -> str:
        return (f" {text}\r\n", f"\u3000{text}", unicodedata.normalize("NFD", text), text)[at]

    for name in ("source", "business_no", "store", "till", "cashier", "channel", "money"):
        if body.get(name):
            body[name] = otherwise(body[name])
    for name in ("card", "external"):
        if (body["member"] or {}).get(name):
            body["member"] = {name: otherwise(body["member"][name])}
    for line in body["lines"]:
        for name in ("sku", "name", "category"):
            if line.get(name):
                line[name] = otherwise(line[name])
    raw = json.dumps(body, ensure_ascii=False).encode()
    assert _long_way(raw) == long
    short = told.read_purchase_told(raw, LOCAL)
    assert short is None or (short.purchase, short.whose, short.body_hash) == long


@given(raw=spoilt(reservations))
def test_a_reservation_is_read_as_the_long_way_reads_it_or_not_at_all(raw: bytes) -> None:
    short = told.read_reserve_told(raw)
    if short is None:
        return
    body = ReserveBody.model_validate(parsed_json(raw))
    assert short.member.whose() == body.member.whose()
    for name in ("currency", "units", "lapse_seconds", "store", "cashier", "channel", "note"):
        assert getattr(short, name) == getattr(body, name)
    assert fingerprint_of(short.values(), b"key") == fingerprint_of(canonical(body), b"key")


def test_the_hash_of_a_purchase_is_what_it_was_from_the_beginning() -> None:
    """A retry may come from before an upgrade: its hash stands in the database."""
    body = {
        "source": "pos", "business_no": "1", "occurred_at": "2026-11-21T18:00:00+08:00", "money": "CNY", "amount_minor": 3,
        "lines": [{"number": 1, "amount_minor": 3, "quantity_milli": 1_000, "tags": []}], "member": {"card": "7"}, "tags": [],
    }  # fmt: skip
    plain = {
        "amount_minor": 3, "business_no": "1", "lines": [{"amount_minor": 3, "number": 1}], "member": {"card": "7"},
        "money": "CNY", "occurred_at": "2026-11-21T10:00:00Z", "source": "pos",
    }  # fmt: skip
    short = told.read_purchase_told(json.dumps(body).encode(), LOCAL)
    assert short is not None
    assert short.body_hash == purchase_hash(plain) == hash_of(PurchaseBody.model_validate(body))


LONG_WAY = {"content-type": "application/json; charset=utf-8"}  # what the short road leaves to the routes


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/v1/purchases", "/v1/purchases:quote"])
async def test_both_ways_answer_a_purchase_in_the_same_words(shared_api: Api, path: str) -> None:
    await shared_api.get("/v1/program")  # the key is remembered from here on
    found = []
    for headers in (None, LONG_WAY):
        member = await shared_api.a_member()
        raw = json.dumps(a_purchase_body(member)).encode()
        answer = await shared_api.ask("POST", path, raw=raw, headers=headers)
        assert answer.status_code == (201 if path == "/v1/purchases" else 200), answer.text
        told_ = answer.json()
        assert answers.PurchaseAnswer.model_validate(told_).model_dump(mode="json") == told_
        found.append({
            **told_, "purchase_id": None, "member_id": None, "business_no": "", "occurred_at": "", "recorded_at": ""
        })  # fmt: skip
    assert found[0] == found[1]
    assert found[0]["earned"]


@pytest.mark.asyncio(loop_scope="module")
async def test_both_ways_answer_balances_and_reservations_in_the_same_words(shared_api: Api) -> None:
    member = await shared_api.a_member()
    await shared_api.post(
        "/v1/adjustments", {"member": {"id": member}, "currency": "points", "units": 100, "note": "x"}
    )
    short = (await shared_api.get(f"/v1/members/{member}/balances")).json()
    long = (await shared_api.get(f"/v1/members/{member}/balances?unused=1")).json()
    assert {**short, "as_of": ""} == {**long, "as_of": ""}
    assert answers.BalancesAnswer.model_validate(short).model_dump(mode="json") == short

    asked = json.dumps({"member": {"id": member}, "currency": "points", "units": 10}).encode()
    first = await shared_api.ask("POST", "/v1/reservations", raw=asked, key="one")
    again = await shared_api.ask("POST", "/v1/reservations", raw=asked, key="one", headers=LONG_WAY)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotent-replay"] == "true"
    assert first.json() == again.json()
    assert answers.ReservationAnswer.model_validate(first.json()).model_dump(mode="json") == first.json()

    address = f"/v1/reservations/{first.json()['reservation_id']}:commit"
    ended = await shared_api.ask("POST", address, key="two")
    again = await shared_api.ask("POST", address, key="two", headers=LONG_WAY)
    assert (ended.status_code, again.status_code) == (200, 200)
    assert (ended.json()["status"], ended.json()) == ("committed", again.json())
    assert answers.ReservationAnswer.model_validate(ended.json()).model_dump(mode="json") == ended.json()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_refusal_on_the_short_road_is_told_by_the_routes(shared_api: Api) -> None:
    member = await shared_api.a_member()
    body = a_purchase_body(member)
    assert (await shared_api.post("/v1/purchases", body)).status_code == 201
    replay = await shared_api.post("/v1/purchases", body)
    assert (replay.status_code, replay.headers["idempotent-replay"]) == (200, "true")
    other = {**body, "channel": "online"}
    refused = await shared_api.post("/v1/purchases", other)
    assert (refused.status_code, refused.json()["pointer"]) == (409, "/channel")
    batch = await shared_api.post("/v1/purchases:batch", {"purchases": [body, other]})
    assert [item["status"] for item in batch.json()["answers"]] == [200, 409]
    assert batch.json()["answers"][1]["problem"]["pointer"] == "/purchases/1/channel"
    answers.BatchAnswer.model_validate(batch.json())


@pytest.mark.asyncio(loop_scope="module")
async def test_a_full_lane_is_busy_at_once_and_nothing_is_lost(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await shared_api.a_member()
    body = a_purchase_body(member)
    assert (await shared_api.get(f"/v1/members/{member}/balances")).status_code == 200
    with monkeypatch.context() as full:
        full.setattr("jifen.api.lane.WAITING_MAX", 0)
        refused = await shared_api.post("/v1/purchases", body)
    assert (refused.status_code, refused.json()["code"]) == (503, Busy.code)
    assert refused.headers["retry-after"] == "1"
    assert (await shared_api.post("/v1/purchases", body)).status_code == 201
