"""What comes in is whole and says each thing once, whichever road it takes; otherwise it is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.test_once import rows

from jifen.api import observe
from jifen.api.lane import Lanes

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHORT, LONG = b"application/json", b"application/json; charset=utf-8"
ROADS = pytest.mark.parametrize("kind", [SHORT, LONG], ids=["short", "long"])
Headers = list[tuple[bytes, bytes]]


async def _call(
    api: Api,
    path: str,
    messages: list[dict[str, Any]],
    more: Headers,
    *,
    kind: bytes,
    whose: Headers | None = None,
) -> tuple[int, dict[str, Any]]:
    """Status and answer of a request as a server hands it over, message by message."""
    own = [(b"authorization", f"Bearer {api.tokens['admin']}".encode())] if whose is None else whose
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "server": ("test", 80), "client": ("test", 1),
        "headers": [(b"content-type", kind), *own, *more],
    }  # fmt: skip
    sent: list[Any] = []
    coming = iter([*messages, *([{"type": "http.disconnect"}] * 3)])

    async def receive() -> Any:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    await api.app(scope, receive, send)
    body = b"".join(one.get("body", b"") for one in sent[1:])
    return sent[0]["status"], json.loads(body)


def _whole(raw: bytes) -> tuple[list[dict[str, Any]], Headers]:
    return [{"type": "http.request", "body": raw, "more_body": False}], [
        (b"content-length", str(len(raw)).encode())
    ]


async def _bodies(api: Api) -> dict[str, dict[str, Any]]:
    member = await api.a_member_with(500)
    return {
        "/v1/purchases": a_purchase_body(member),
        "/v1/purchases:quote": a_purchase_body(member),
        "/v1/purchases:batch": {"purchases": [a_purchase_body(member)]},
        "/v1/reservations": {"member": {"id": member}, "currency": "points", "units": 1},
        "/v1/adjustments": {"member": {"id": member}, "currency": "points", "units": 1, "note": "x"},
    }


@ROADS
async def test_a_body_that_was_cut_short_is_not_recorded(shared_api: Api, kind: bytes) -> None:
    await shared_api.get("/v1/program")  # the key is remembered from here on
    bodies = await _bodies(shared_api)
    before = await rows(shared_api)
    for path, body in bodies.items():
        raw = json.dumps(body).encode()
        for came, announced in (
            ([raw], len(raw) + 10),  # whole JSON, and yet not all that was announced
            ([raw[:40], raw[40:]], len(raw) + 1),
            ([raw[:40]], len(raw)),
            ([], len(raw)),
        ):
            messages = [{"type": "http.request", "body": part, "more_body": True} for part in came]
            more = [(b"content-length", str(announced).encode()), (b"idempotency-key", b"cut")]
            status, answer = await _call(shared_api, path, messages, more, kind=kind)
            assert (status, answer["code"]) == (400, "body_cut_short"), path
            assert answer["numbers"] == {
                "bytes_announced": announced, "bytes_came": sum(map(len, came))
            }  # fmt: skip
        # Without an announcement, and with one that a careless server does not hold to.
        open_end = [{"type": "http.request", "body": raw, "more_body": True}]
        status, answer = await _call(shared_api, path, open_end, [(b"idempotency-key", b"cut")], kind=kind)
        assert (status, answer["code"]) == (400, "body_cut_short"), path
        ended, _ = _whole(raw)
        more = [(b"content-length", str(len(raw) + 3).encode()), (b"idempotency-key", b"cut")]
        assert (await _call(shared_api, path, ended, more, kind=kind))[1]["code"] == "body_cut_short", path
    assert await rows(shared_api) == before
    for path, body in bodies.items():
        messages, length = _whole(json.dumps(body).encode())
        more = [*length, (b"idempotency-key", f"whole {path} {kind.decode()}".encode())]
        assert (await _call(shared_api, path, messages, more, kind=kind))[0] in (200, 201), path


@ROADS
@pytest.mark.parametrize("name", ["Authorization", "Idempotency-Key", "Jifen-Version"])
async def test_a_header_that_comes_twice_is_refused_by_name(shared_api: Api, kind: bytes, name: str) -> None:
    await shared_api.get("/v1/program")
    bodies = await _bodies(shared_api)
    before = await rows(shared_api)
    own = (b"authorization", f"Bearer {shared_api.tokens['admin']}".encode())
    other = (b"authorization", f"Bearer {shared_api.tokens['test']}".encode())
    twice: dict[str, Headers] = {
        "Authorization": [own, other],
        "Idempotency-Key": [own, (b"idempotency-key", b"b")],
        "Jifen-Version": [own, (b"jifen-version", b"2026-11-21"), (b"jifen-version", b"2026-11-21")],
    }
    for path, body in bodies.items():
        messages, length = _whole(json.dumps(body).encode())
        more = [*length, (b"idempotency-key", b"a")]
        status, answer = await _call(shared_api, path, messages, more, kind=kind, whose=twice[name])
        assert (status, answer["code"], answer["pointer"]) == (422, "field_wrong", f"/headers/{name}"), path
        assert name in answer["detail"]
    assert await rows(shared_api) == before


TWICE = [
    ("/v1/purchases", '"store":"s1","store":"s2"', "/store"),
    ("/v1/purchases", '"store":"main" , "store" :"main"', "/store"),
    ("/v1/purchases", '"tags":[],"tags"\n:[]', "/tags"),
    ("/v1/purchases", '"payments":[{"method":"cash","amount_minor":10000,"method":"cash"}]', "/payments/0/method"),
    ("/v1/purchases", '"till":"\\":","amount_minor" :10000', "/amount_minor"),
    ("/v1/purchases:quote", '"amount_minor":10000', "/amount_minor"),
    ("/v1/reservations", '"units":1', "/units"),
    ("/v1/adjustments", '"units":1', "/units"),
    ("/v1/members", '"keys":[],"keys":[]', "/keys"),
    ("/v1/program:validate", '"document":{"a":{"b":[{"c~/":1,"c~/":1}]}}', "/document/a/b/0/c~0~1"),
]  # fmt: skip


@ROADS
@pytest.mark.parametrize(("path", "added", "pointer"), TWICE, ids=lambda value: str(value)[:30])
async def test_a_key_that_stands_twice_is_refused_by_name(
    shared_api: Api, kind: bytes, path: str, added: str, pointer: str
) -> None:
    await shared_api.get("/v1/program")
    body = (await _bodies(shared_api)).get(path, {})
    before = await rows(shared_api)
    raw = json.dumps(body, separators=(",", ":"))[:-1] + ("," if body else "") + added + "}"

    messages, length = _whole(raw.encode())
    status, answer = await _call(
        shared_api, path, messages, [*length, (b"idempotency-key", b"twice")], kind=kind
    )

    assert (status, answer["code"], answer["pointer"]) == (422, "field_wrong", pointer), raw
    assert "stands twice" in answer["detail"]
    assert await rows(shared_api) == before


@ROADS
@pytest.mark.parametrize(
    ("was", "becomes", "pointer"),
    [
        ('"sku":"tea"', '"sku":"tea","sku":"milk"', "/lines/0/sku"),
        ('"sku":"tea"', '"name":"\\ud83d"', "/lines/0/name"),
        ('"sku":"tea"', '"attributes":{"a\\udc00":"x"}', "/lines/0/attributes/a?"),
        ('"source":"pos"', '"source":"\\ud83d\\ud83d\\ude00"', "/source"),
    ],
)
async def test_in_a_batch_only_the_item_with_the_fault_is_refused(
    shared_api: Api, kind: bytes, was: str, becomes: str, pointer: str
) -> None:
    await shared_api.get("/v1/program")
    member = await shared_api.a_member()
    items = [json.dumps(a_purchase_body(member), separators=(",", ":")) for _ in range(3)]
    raw = '{"purchases":[' + ",".join([items[0], items[1].replace(was, becomes), items[2]]) + "]}"
    assert becomes in raw

    messages, length = _whole(raw.encode())
    status, answer = await _call(shared_api, "/v1/purchases:batch", messages, length, kind=kind)

    assert status == 200
    assert [one["status"] for one in answer["answers"]] == [201, 422, 201]
    problem = answer["answers"][1]["problem"]
    assert (problem["code"], problem["pointer"]) == ("field_wrong", f"/purchases/1{pointer}")
    messages, length = _whole(raw.replace('{"purchases"', '{"x":"\\ud83d","purchases"').encode())
    status, answer = await _call(shared_api, "/v1/purchases:batch", messages, length, kind=kind)
    assert (status, answer["pointer"]) == (422, "/x")


async def test_a_defect_on_either_road_is_logged_with_its_route_and_caller(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shared_api.get("/v1/program")
    lines: list[dict[str, Any]] = []

    class Log:
        def error(self, _: str, **line: Any) -> None:
            lines.append(line)

        info = error

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a defect")

    monkeypatch.setattr(observe, "log", Log())
    monkeypatch.setattr(Lanes, "__getattribute__", broken)
    for kind in (SHORT, LONG):
        messages, length = _whole(json.dumps(a_purchase_body(None)).encode())
        status, answer = await _call(shared_api, "/v1/purchases", messages, length, kind=kind)
        assert (status, answer["code"]) == (500, "defect")
        line = lines.pop()
        assert (line["route"], line["key"], line["status"]) == ("/v1/purchases", "admin-key", 500)
        assert isinstance(line["exc_info"], RuntimeError)
