"""The journal as files: whole, of one instant, adding up to the accounts, naming nobody."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.test_imports import address, home_of

from jifen.embedded import Connection
from jifen.insight.report import journal_book
from jifen.jobs import export_asked
from jifen.jobs.file_process import work_off

__all__ = ["address"]


async def exported(api: Api, address: Connection, **period: Any) -> tuple[str, dict[str, Any]]:
    """The path of an export that is done, and what it says."""
    asked = await api.post("/v1/exports", period)
    assert asked.status_code == 200, asked.text
    path = f"/v1/exports/{asked.json()['export_id']}"
    assert (await api.get(f"{path}/file?name=entries.csv")).json()["code"] == "export_unfinished"
    assert await work_off(address, home_of(api)) == 1
    told: dict[str, Any] = (await api.get(path)).json()
    assert told["state"] == "done", told["failure"]
    return path, told


async def rows(api: Api, path: str, name: str) -> list[dict[str, str]]:
    answer = await api.get(f"{path}/file?name={name}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_all_of_the_journal_adds_up_to_the_accounts(api: Api, address: Connection) -> None:
    member = await api.a_member_with(100)
    told = await api.a_purchase(member, of=20_000)
    half = [{"number": 1, "quantity_milli": 500}]
    await api.post("/v1/purchases:return", {"purchase": {"id": told["purchase_id"]}, "lines": half})
    path, found = await exported(api, address)
    accounts = (await api.get("/v1/accounts")).json()["data"]
    totals = found["holds"]["totals"]
    verbs = {(one["currency"], one["line"]): one for one in totals if one["line"] not in ("before", "after")}
    assert {(one["currency"], one["verb"]): (one["postings"], one["units"]) for one in accounts} == {
        key: (one["postings"], one["units"]) for key, one in verbs.items()
    }
    balances = (await api.get(f"/v1/members/{member}/balances")).json()["balances"]
    after = {one["currency"]: one["units"] for one in totals if one["line"] == "after"}
    assert {one["currency"]: one["balance"] for one in balances}.items() <= after.items()

    postings = await rows(api, path, "postings.csv")
    assert len(postings) == found["holds"]["postings"]
    for (currency, verb), one in verbs.items():
        own = [row for row in postings if (row["currency"], row["verb"]) == (currency, verb)]
        assert (len(own), sum(int(row["units"]) for row in own)) == (one["postings"], one["units"])
    entries = await rows(api, path, "entries.csv")
    assert [row["kind"] for row in entries if row["member"] == member] == [
        "enrol",
        "adjust_up",
        "purchase",
        "return",
    ]
    assert {(row["member"], row["sequence"]) for row in postings} <= {
        (row["member"], row["sequence"]) for row in entries
    }
    assert next(one["line"] for one in totals if one["currency"] == "points") == "before"
    assert len(await rows(api, path, "totals.csv")) == len(totals)
    book = zipfile.ZipFile(io.BytesIO((await api.get(f"{path}/file?name=journal.xlsx")).content))
    assert {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"} <= set(
        book.namelist()
    )
    audit = (await api.get("/v1/audit?deed=export.fetched")).json()["data"]
    assert len(audit) == 4


async def test_a_period_begins_and_ends_with_its_days(api: Api, address: Connection) -> None:
    await api.a_member_with(100)
    path, found = await exported(api, address, to_on="2020-01-01")
    assert (found["holds"]["entries"], found["holds"]["postings"]) == (0, 0)
    assert await rows(api, path, "entries.csv") == []
    assert found["holds"]["has_workbook"], "an empty period has its headers"
    _, found = await exported(api, address, from_on="2999-01-01")
    points = {one["line"]: one["units"] for one in found["holds"]["totals"] if one["currency"] == "points"}
    assert points == {"before": 100, "after": 100}
    wrong = await api.post("/v1/exports", {"from_on": "2026-02-02", "to_on": "2026-02-01"})
    assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/from_on")


async def test_it_names_nobody_and_holds_no_formula(api: Api, address: Connection) -> None:
    card = "6200123456789"
    member = await api.a_member(card)
    body = {
        **a_purchase_body(member, of=500),
        "till": "T-9",
        "cashier": "Wang Fang",
        "channel": "=HYPERLINK(1)",
    }
    assert (await api.post("/v1/purchases", body)).status_code == 201
    path, _ = await exported(api, address)
    for name in ("entries.csv", "postings.csv", "totals.csv"):
        text = (await api.get(f"{path}/file?name={name}")).text
        for personal in (card, "Wang Fang", "T-9", body["business_no"]):
            assert personal not in text, name
        assert ",=HYPERLINK" not in text
    assert "'=HYPERLINK(1)" in (await api.get(f"{path}/file?name=entries.csv")).text


async def test_what_is_too_long_for_a_sheet_has_no_workbook(
    api: Api, address: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_book, "MOST_ROWS", 0)
    path, found = await exported(api, address)
    assert not found["holds"]["has_workbook"]
    answer = await api.get(f"{path}/file?name=journal.xlsx")
    assert (answer.status_code, answer.json()["code"]) == (409, "export_unfinished")


async def test_one_that_was_killed_begins_anew(api: Api, address: Connection, tmp_path: Path) -> None:
    await api.a_member_with(7)
    asked = await api.post("/v1/exports", {})
    folder = home_of(api) / "exports" / asked.json()["export_id"].removeprefix("exp_")
    folder.mkdir(parents=True)
    (folder / "entries.csv").write_text("half of a fi")
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE file_task SET state = 'running', tries = 1")
    assert await work_off(address, home_of(api)) == 1
    entries = await rows(api, f"/v1/exports/{asked.json()['export_id']}", "entries.csv")
    assert [row["kind"] for row in entries] == ["enrol", "adjust_up"]


async def test_one_that_runs_is_cancelled_in_the_middle_of_a_file(
    api: Api, address: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def never_ends(_: Any, folder: Path, **__: Any) -> Any:
        await asyncio.to_thread((folder / "entries.csv").write_text, "half of a fi")
        loop.call_soon_threadsafe(begun.set)
        await asyncio.Event().wait()

    monkeypatch.setattr(export_asked, "export_into", never_ends)
    path = f"/v1/exports/{(await api.post('/v1/exports', {})).json()['export_id']}"
    working = asyncio.create_task(work_off(address, home_of(api)))
    await begun.wait()
    asked = [await api.post(f"{path}:cancel", key="cancel it") for _ in range(2)]
    assert [one.json()["state"] for one in asked] == ["cancelled"] * 2
    assert await working == 1
    told = (await api.get(path)).json()
    assert (told["state"], told["has_files"], told["failure"]) == ("cancelled", False, None)
    assert not (home_of(api) / "exports" / path.rpartition("_")[2]).exists()
    monkeypatch.undo()

    waiting = f"/v1/exports/{(await api.post('/v1/exports', {})).json()['export_id']}"
    assert (await api.post(f"{waiting}:cancel")).json()["state"] == "cancelled"
    assert await work_off(address, home_of(api)) == 0, "it never begins"
    done, _ = await exported(api, address)
    assert (await api.post(f"{done}:cancel")).json()["state"] == "done", "what is over stays as it is"
    assert await rows(api, done, "entries.csv") is not None
    nothing = await api.post(f"/v1/exports/exp_{'0' * 32}:cancel")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "export_unknown")
