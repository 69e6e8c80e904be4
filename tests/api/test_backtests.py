"""Back-tests over the API: run by a process of their own, one at a time, surviving whoever dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.api.conftest import Api, Shop
from tests.api.writes import a_done_backtest, the_document
from tests.conftest import create_database
from tests.third_language import a_third_language

from jifen.api.app import create_app
from jifen.embedded import Connection, Server
from jifen.embedded.server import run_sql
from jifen.operations import run_backtest
from jifen.operations.run_backtest import WAITING_MAX, look_after_backtests
from jifen.store.backtests import (
    begin_next,
    end_done,
    end_failed,
    leave_run,
    leave_turn,
    still_runs,
    take_turn,
)
from jifen.store.ledger import connect

NOBODY = "bkt_" + "0" * 32


async def ask(api: Api, **more: Any) -> str:
    """A back-test that waits."""
    answer = await api.post("/v1/backtests", {"document": await the_document(api), **more})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["backtest_id"])


async def state(api: Api, backtest: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/backtests/{backtest}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@asynccontextmanager
async def a_worker(api: Api) -> AsyncIterator[Any]:
    """The connection of a process that runs back-tests; leaving the block is its death."""
    async with api.ledger.pool.acquire() as one:
        name = await one.fetchval("SELECT current_database()")
    connection = await connect(api.app.state.worker_address.to_database(name))
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
def _worker_address(request: pytest.FixtureRequest, postgres: Server) -> None:
    if "api" in request.fixturenames:
        request.getfixturevalue("api").app.state.worker_address = postgres.app


@asynccontextmanager
async def served(address: Connection, shop: Shop, home: Path) -> AsyncIterator[Api]:
    """The application as it is served: it knows its address and its folder, and starts processes."""
    app = create_app(address, home=home)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://jifen.test") as client:
            yield Api(app=app, ledger=app.state.ledger, client=client, tokens=shop.tokens)


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A language that is a file, for this process and the one that compares."""
    with a_third_language(monkeypatch, tmp_path) as language:
        yield language


async def test_a_process_of_its_own_runs_it_and_its_report_is_fetched(
    postgres: Server, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, third: str
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("JIFEN_HOME", str(tmp_path / "another"))
    create_database(postgres, "backtested", template=shop.template)
    async with served(postgres.app.to_database("backtested"), shop, home) as api:
        for _ in range(3):
            await api.a_purchase(await api.a_member(), of=20_000)
        document = await the_document(api)
        document["earn_rules"][0]["per_amount"]["points"] *= 2
        backtest = await ask(api, document=document, label="twice the points", redemptions="drawn", seed=5)
        refused = await ask(api, stores=["nowhere"])

        # A clean checkout compiles first, beside whatever else runs.
        async with asyncio.timeout(600):
            while (await state(api, refused))["state"] in ("waiting", "running"):
                await asyncio.sleep(0.1)

        told = await state(api, backtest)
        assert (told["state"], told["percent"], told["failure"]) == ("done", 100, None)
        assert told["started_at"] <= told["ended_at"]
        assert told["result"]["compared"]["purchases"] == 3
        assert told["result"]["compared"]["draft"]["label"] == "twice the points"
        assert "redemptions_drawn" in {one["code"] for one in told["result"]["assumptions"]}
        assert told["result"]["draft"]["cost_minor"] > told["result"]["baseline"]["cost_minor"] > 0
        path = f"/v1/backtests/{backtest}/report"
        page = await api.get(f"{path}?language=zh")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="zh-CN"' in page.text
        bracketed = (await api.get(f"{path}?language={third}")).text
        assert f'<html lang="{third}"' in bracketed
        assumed = next(one for one in told["result"]["assumptions"] if one["code"] == "purchases_unchanged")[
            "sentence"
        ]
        assert assumed["others"][third] == f"⟦{assumed['en']}⟧"
        assert assumed["others"][third] in bracketed
        assert (await api.get(path, headers={"Accept-Language": third})).text == bracketed
        assert (await api.get(f"{path}?language=fr")).json()["pointer"] == "/query/language"
        assert (await api.get(f"{path}?format=xlsx")).content[:2] == b"PK"
        assert (await api.get(f"{path}?format=json")).json() == told["result"]

        told = await state(api, refused)
        assert (told["state"], told["failure"]["code"], told["result"]) == ("failed", "store_unknown", None)
        snapshots = [one.name for one in (home / "backtest").glob("snapshot-*")]
        assert len(snapshots) == 1
        assert not (tmp_path / "another").exists(), "it was told which folder is its own"
    run_sql(postgres.admin, "DROP DATABASE backtested WITH (FORCE)", bin=postgres.bin)


async def test_one_at_a_time_in_the_order_of_asking(api: Api) -> None:
    first, second = await ask(api), await ask(api)
    async with a_worker(api) as one, a_worker(api) as other:
        assert await take_turn(one)
        assert not await take_turn(other)
        running = await begin_next(one)
        assert running is not None
        assert f"bkt_{running.backtest_id.hex}" == first
        assert [(await state(api, which))["state"] for which in (first, second)] == ["running", "waiting"]
        await end_failed(one, running.backtest_id, {"code": "c", "detail": "d", "message_zh": "z"})
        await leave_run(one, running.backtest_id)
        following = await begin_next(one)
        assert following is not None
        assert f"bkt_{following.backtest_id.hex}" == second
        assert (await state(api, first))["failure"] == {
            "code": "c", "detail": "d", "message": "z", "message_zh": "z",
        }  # fmt: skip
        await leave_turn(one)
        assert await take_turn(other)


async def test_a_run_whose_process_is_gone_has_failed(api: Api) -> None:
    backtest, waiting = await ask(api), await ask(api)
    async with a_worker(api) as process:
        await begin_next(process)
        assert (await state(api, backtest))["state"] == "running"
    told = await state(api, backtest)
    assert (told["state"], told["failure"]["code"]) == ("failed", "backtest_process_gone")
    assert told["ended_at"] is not None
    assert (await state(api, waiting))["state"] == "waiting"


async def test_what_waits_is_worked_off_when_nobody_does(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, Connection, Path | None]] = []
    monkeypatch.setattr(run_backtest, "start_process", lambda *told: started.append(told))
    address, home = api.app.state.worker_address, Path("/var/lib/a-shop")
    await look_after_backtests(api.ledger, address)
    assert not started, "nothing waits"
    await ask(api)
    async with a_worker(api) as process:
        assert await take_turn(process)
        await look_after_backtests(api.ledger, address, home)
        assert not started, "somebody works them off"
    await look_after_backtests(api.ledger, address, home)
    assert started == [(run_backtest.PROCESS, address, home)]


async def test_how_far_it_is_is_told(api: Api) -> None:
    backtest = await ask(api)
    missing = [
        {"code": "fact_missing", "level": "note", "numbers": {}, "sentence": {"zh": "缺", "en": "gone"}}
    ]
    async with a_worker(api) as process:
        running = await begin_next(process)
        assert running is not None
        assert await still_runs(
            process, running.backtest_id, stage="comparing", percent=40, seconds_left=7, missing=missing
        )
        told = await state(api, backtest)
    assert (told["state"], told["stage"], told["percent"], told["seconds_left"]) == (
        "running",
        "comparing",
        40,
        7,
    )
    assert told["missing"] == missing


async def test_cancelled_it_stops_and_keeps_no_report(api: Api) -> None:
    backtest, waiting = await ask(api), await ask(api)
    async with a_worker(api) as process:
        running = await begin_next(process)
        assert running is not None
        for which in (backtest, waiting):
            answer = await api.post(f"/v1/backtests/{which}:cancel")
            assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        goes_on = await still_runs(
            process, running.backtest_id, stage="comparing", percent=1, seconds_left=None, missing=None
        )
        assert not goes_on
        assert not await end_done(process, running.backtest_id, [("json", "", b"{}")])
        assert await begin_next(process) is None, "what waited was cancelled too"
    answer = await api.get(f"/v1/backtests/{backtest}/report")
    assert (answer.status_code, answer.json()["code"]) == (409, "backtest_unfinished")
    assert answer.json()["numbers"]["state"] == "cancelled"


async def test_what_is_done_stays_done(api: Api) -> None:
    backtest = await a_done_backtest(api)
    answer = await api.post(f"/v1/backtests/{backtest}:cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert (await api.get(f"/v1/backtests/{backtest}/report?format=json")).content == b"{}"


async def test_it_is_removed_thirty_days_after_its_end(api: Api) -> None:
    old, kept = await a_done_backtest(api), await a_done_backtest(api)
    async with api.ledger.pool.acquire() as connection:
        for backtest, days in ((old, 31), (kept, 29)):
            at = datetime.now(UTC) - timedelta(days=days)
            await connection.execute(
                "UPDATE backtest SET ended_at = $1 WHERE backtest_id = $2", at, UUID(backtest[4:])
            )
        await ask(api)
        left = await connection.fetch("SELECT DISTINCT backtest_id FROM backtest_report")
    assert [f"bkt_{row[0].hex}" for row in left] == [kept]
    for path in (f"/v1/backtests/{old}", f"/v1/backtests/{old}/report"):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "backtest_unknown")


async def test_too_many_may_not_wait(api: Api) -> None:
    waiting = [await ask(api) for _ in range(WAITING_MAX)]
    body = {"document": await the_document(api)}
    answer = await api.post("/v1/backtests", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_much")
    await api.post(f"/v1/backtests/{waiting[-1]}:cancel")
    assert (await api.post("/v1/backtests", body)).status_code == 202


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"from_on": "2026-02-01", "to_on": "2026-01-31"}, "field_wrong", "/from_on"),
        ({"from_on": "2026-02-30"}, "field_wrong", "/from_on"),
        ({"from_on": 5}, "field_wrong", "/from_on"),
        ({"sample_bps": 0}, "field_wrong", "/sample_bps"),
        ({"sample_bps": 0.5}, "field_wrong", "/sample_bps"),
        ({"stores": [""]}, "field_wrong", "/stores/0"),
        ({"redemptions": "guessed"}, "field_wrong", "/redemptions"),
        ({"against": {"format": 1}}, "program_refused", "/against/program"),
        ({"document": {"format": 1}}, "program_refused", "/document/program"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_at_once(
    api: Api, change: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await api.post("/v1/backtests", {"document": await the_document(api), **change})
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (422, code, pointer)


async def test_one_that_is_not_there_is_unknown(api: Api) -> None:
    for answer in (
        await api.get(f"/v1/backtests/{NOBODY}"),
        await api.get(f"/v1/backtests/{NOBODY}/report"),
        await api.post(f"/v1/backtests/{NOBODY}:cancel"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "backtest_unknown")


async def test_the_list_is_newest_first_page_by_page(api: Api) -> None:
    assert (await api.get("/v1/backtests")).json() == {"data": [], "next_cursor": None}
    done = await a_done_backtest(api)
    asked = [done, *[await ask(api, label=f"draft {at}") for at in range(4)]]

    found: list[dict[str, Any]] = []
    following = ""
    for size in (2, 2, 1):
        page = (await api.get(f"/v1/backtests?limit=2{following}")).json()
        assert len(page["data"]) == size
        assert (page["next_cursor"] is None) == (size == 1)
        found += page["data"]
        following = f"&before={page['next_cursor']}"

    assert [one["backtest_id"] for one in found] == asked[::-1]
    assert [one["label"] for one in found] == ["draft 3", "draft 2", "draft 1", "draft 0", "draft"]
    assert [one["state"] for one in found] == ["waiting"] * 4 + ["done"]
    assert not {"result", "question", "document", "missing"} & set(found[0])
    one = await state(api, done)
    assert {name: one[name] for name in found[-1] if name != "label"} == {
        name: value for name, value in found[-1].items() if name != "label"
    }
    whole = (await api.get("/v1/backtests?limit=5")).json()
    assert (whole["data"], whole["next_cursor"]) == (found, None)


async def test_the_list_says_of_a_run_whose_process_is_gone_that_it_failed(api: Api) -> None:
    backtest = await ask(api)
    async with a_worker(api) as process:
        await begin_next(process)
        (one,) = (await api.get("/v1/backtests")).json()["data"]
        assert (one["backtest_id"], one["state"]) == (backtest, "running")
    (one,) = (await api.get("/v1/backtests")).json()["data"]
    assert (one["state"], one["failure"]["code"]) == ("failed", "backtest_process_gone")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "before=1", "before=mbr_" + "0" * 32])
async def test_a_page_of_back_tests_has_a_limit_and_a_cursor_of_its_own(api: Api, query: str) -> None:
    answer = await api.get(f"/v1/backtests?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "field_wrong")


async def test_asking_costs_a_till_nothing(api: Api) -> None:
    began = time.perf_counter()
    await ask(api)
    assert time.perf_counter() - began < 2, "nothing is computed while somebody waits for the answer"
