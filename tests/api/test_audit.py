"""The audit by the API and the command line: who did it, from where, found and read on; and nothing personal in it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.writes import ROUTES, WRITES

from jifen.api import audit as audit_api
from jifen.domain.principal import LOCAL
from jifen.operations.manage_keys import create_key


async def test_what_is_done_by_the_api_names_the_key_and_where_it_was_asked_from(api: Api) -> None:
    asked = await ROUTES["POST", "/v1/program:apply"](api)
    assert (await api.post(asked.path, asked.body, as_="owner")).status_code == 201
    page = (await api.get("/v1/audit?deed=program.published&limit=1&language=en", as_="auditor")).json()
    row = page["data"][0]
    assert (row["principal_kind"], row["principal"], row["came_from"]) == ("key", "owner-key", "127.0.0.1")
    assert row["about"] == ["rev_2"]
    assert row["sentence"] == "published a revision"
    assert page["next_cursor"]
    older = (await api.get(f"/v1/audit?deed=program.published&before={page['next_cursor']}")).json()
    assert [one["about"] for one in older["data"]] == [["rev_1"]]
    assert older["next_cursor"] is None
    chinese = (await api.get("/v1/audit?deed=program.published&language=zh")).json()
    assert chinese["data"][0]["sentence"] == "发布版本"


async def test_a_write_that_is_sent_again_is_written_down_once(api: Api) -> None:
    asked = await ROUTES["POST", "/v1/program:apply"](api)
    for _ in range(2):
        assert (await api.post(asked.path, asked.body, key="the same")).status_code in (200, 201)
    page = (await api.get("/v1/audit?about=rev_2")).json()
    assert [one["deed"] for one in page["data"]] == ["program.published"]


async def test_bad_questions_are_refused_by_the_field(api: Api) -> None:
    for query, pointer in (
        ("about=Zhang", "/query/about"),
        ("deed=key.eaten", "/query/deed"),
        ("since=yesterday", "/query/since"),
        ("before=adt_1", "/query/before"),
        ("limit=0", "/query/limit"),
    ):
        answer = await api.get(f"/v1/audit?{query}")
        assert (answer.status_code, answer.json()["pointer"]) == (422, pointer), query


async def test_nothing_that_a_till_or_a_member_tells_is_in_the_audit(api: Api) -> None:
    """Every write of the API, then every column of the audit."""
    for at in WRITES:
        asked = await ROUTES[at](api)
        await api.post(asked.path, asked.body)
    body = a_purchase_body(await api.a_member("62001380013800"), till="secret-till", cashier="secret-cashier")
    await api.post("/v1/purchases", body)
    async with api.ledger.pool.acquire() as connection:
        kept = [str(dict(row)) for row in await connection.fetch("SELECT * FROM audit")]
    assert len(kept) > 50
    for personal in (
        "secret",
        "62001380013800",
        "a card",
        "another reason",
        "a gift of the house",
        "it was a mistake",
    ):
        assert not [row for row in kept if personal in row], personal


async def test_the_audit_is_taken_along_as_one_file_whatever_pages_there_are(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_api, "AT_ONCE", 2)
    await create_key(api.ledger, name="a till", roles=["till"], by=replace(LOCAL, name="=1+1"))
    all_ids: list[str] = []
    cursor = ""
    while True:
        page = (await api.get(f"/v1/audit?limit=3{cursor}", as_="auditor")).json()
        all_ids += [one["audit_id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&before={page['next_cursor']}"
    answer = await api.get("/v1/audit/file?language=zh", as_="auditor")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["audit_id"] for row in rows] == all_ids
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")], "no formula"
    assert (await api.get("/v1/audit?deed=audit.read")).json()["data"][0]["principal"] == "auditor-key"
    some = await api.get("/v1/audit/file?deed=key.made", as_="auditor")
    assert {row["deed"] for row in csv.DictReader(io.StringIO(some.content.decode("utf-8-sig")))} == {
        "key.made"
    }
