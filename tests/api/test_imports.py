"""Imports over the API: a file is uploaded, looked at, tried, imported by a process of its own, and told row by row."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.api.conftest import Api, Shop
from tests.api.test_backtests import served
from tests.api.writes import MAPPING, UPLOAD, an_upload
from tests.conftest import create_database

from jifen.api import uploads
from jifen.embedded import Connection, Server
from jifen.embedded.server import run_sql
from jifen.jobs.file_process import work_off
from jifen.operations import look_after_files
from jifen.store.file_tasks import TRIES_MAX, begin_next
from jifen.store.ledger import connect

EXAMPLES = Path(__file__).parents[2] / "examples" / "import"
COLUMNS = {
    "business_no": "小票号", "line_number": "行号", "occurred_at": "交易时间", "member_ref": "会员卡号", "store": "门店",
    "till": "收银台", "sku": "商品编码", "name": "商品名称", "category": "类别", "brand": "品牌", "quantity": "数量",
    "amount": "实收金额", "discount": "优惠金额", "purchase_amount": "小票金额", "payment_method": "支付方式",
}  # fmt: skip


@pytest.fixture
async def address(api: Api, postgres: Server) -> Connection:
    """Where the ledger of `api` is, for a process."""
    async with api.ledger.pool.acquire() as one:
        return postgres.app.to_database(await one.fetchval("SELECT current_database()"))


def home_of(api: Api) -> Path:
    home: Path = api.app.state.home
    return home


async def told_of(api: Api, path: str) -> dict[str, Any]:
    answer = await api.get(path)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def ask(api: Api, path: str, mode: str, mapping: dict[str, Any] = MAPPING) -> httpx.Response:
    return await api.post(f"{path}:{mode}", {"mapping": mapping})


async def deeds(api: Api) -> list[str]:
    told = (await api.get("/v1/audit?limit=100")).json()["data"]
    return [one["deed"] for one in reversed(told) if one["deed"].startswith("import.")]


async def test_the_whole_way_of_a_file(api: Api, address: Connection) -> None:
    path = await an_upload(api, (EXAMPLES / "sales.csv").read_bytes())
    told = await told_of(api, path)
    assert (told["state"], told["name"], told["what"], told["has_file"]) == (
        "ready",
        "sales.csv",
        "purchases",
        True,
    )

    seen = (await api.get(f"{path}/rows")).json()
    assert (seen["format"], seen["encoding"], seen["separator"]) == ("csv", "utf-8", ",")
    assert seen["header"][:3] == ["小票号", "行号", "交易时间"]
    assert len(seen["rows"]) == 13
    guessed = seen["mapping"]["columns"]
    assert {field: guessed.get(field) for field in COLUMNS if field != "till"} == {
        field: column for field, column in COLUMNS.items() if field != "till"
    }
    assert seen["needs_zone"]

    mapping = {
        **seen["mapping"], "columns": {**COLUMNS}, "category_separator": ">",
        "constants": {"source": "pos", "member_ref_kind": "card"}, "time": {"format": "iso", "zone": "Asia/Shanghai"},
    }  # fmt: skip
    mapping["columns"].pop("store")  # the shop's one store is another
    assert (await ask(api, path, "dry_run", mapping)).status_code == 202
    assert await work_off(address, home_of(api)) == 1
    told = await told_of(api, path)
    assert (told["state"], told["counts"]["is_dry_run"], told["counts"]["added"]) == ("ready", True, 5)
    assert await purchases(api) == 0, "a dry run changes nothing"
    rejects = (await api.get(f"{path}/rejects?language=en")).json()["data"]
    assert {one["code"] for one in rejects} == {one["code"] for one in told["counts"]["reasons"]}
    wrong = next(one for one in rejects if one["code"] == "not_a_number")
    assert (wrong["row"], wrong["column"], wrong["value"]) == (8, "实收金额", "12.9O")
    assert wrong["reason"]

    assert (await ask(api, path, "run", mapping)).status_code == 202
    assert await work_off(address, home_of(api)) == 1
    told = await told_of(api, path)
    assert (told["state"], told["counts"]["is_dry_run"], told["counts"]["added"]) == ("done", False, 5)
    assert not told["has_file"], "what was imported is not kept"
    assert await purchases(api) == 5
    file = await api.get(f"{path}/rejects.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert "attachment" in file.headers["content-disposition"]
    assert "sales.csv" in file.text
    assert "source.csv" not in file.text
    assert "12.9O" in file.text
    assert (await ask(api, path, "run", mapping)).json()["code"] == "import_over"

    again = await an_upload(api, (EXAMPLES / "sales.csv").read_bytes())
    await ask(api, again, "run", mapping)
    await work_off(address, home_of(api))
    counts = (await told_of(api, again))["counts"]
    assert (counts["added"], counts["known"]) == (0, 5)
    listed = (await api.get("/v1/imports?limit=1")).json()
    assert f"/v1/imports/{listed['data'][0]['import_id']}" == again
    following = (await api.get(f"/v1/imports?before={listed['next_cursor']}")).json()["data"]
    assert [f"/v1/imports/{one['import_id']}" for one in following] == [path]
    assert await deeds(api) == [
        "import.uploaded", "import.read", "import.tried", "import.read", "import.begun", "import.ended", "import.read",
        "import.uploaded", "import.begun", "import.ended",
    ]  # fmt: skip


async def purchases(api: Api) -> int:
    async with api.ledger.pool.acquire() as one:
        return int(
            await one.fetchval(
                "SELECT (SELECT count(*) FROM purchase) + (SELECT count(*) FROM unclaimed_purchase)"
            )
        )


async def test_opening_balances_come_in_the_same_way(api: Api, address: Connection) -> None:
    uploaded = await api.ask(
        "POST", "/v1/imports?what=opening&name=points.csv", raw=(EXAMPLES / "opening.csv").read_bytes()
    )
    path = f"/v1/imports/{uploaded.json()['import_id']}"
    seen = (await api.get(f"{path}/rows")).json()
    assert seen["mapping"]["columns"] == {
        "member_ref": "card", "units": "points", "expires_on": "valid_until", "earned_on": "earned", "reference": "lot",
    }  # fmt: skip
    constants = {"member_ref_kind": "card", "currency": "points"}
    await ask(api, path, "run", {**seen["mapping"], "constants": constants})
    await work_off(address, home_of(api))
    told = await told_of(api, path)
    assert told["state"] == "done", told["failure"]
    counts = told["counts"]
    assert (counts["added"], counts["added_lots"], counts["units"], counts["units_forever"]) == (
        2, 3, {"points": 175}, {"points": 15},
    )  # fmt: skip
    assert [one["code"] for one in counts["reasons"]] == ["member_refused", "units_negative"]
    assert (await api.get("/v1/members?card=62000101")).status_code == 200


async def test_a_process_of_its_own_works_and_one_that_is_killed_is_followed(
    postgres: Server, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_database(postgres, "imported", template=shop.template)
    address = postgres.app.to_database("imported")
    rows = "".join(f"N{at},2026-03-01T10:00:00Z,12.30\n" for at in range(3_000))
    async with served(address, shop, tmp_path) as api:
        path = await an_upload(api, f"no,at,paid\n{rows}".encode())
        await ask(api, path, "run")
        async with asyncio.timeout(300):
            while (told := await told_of(api, path))["stage"] != "writing" or not told["percent"]:
                assert told["state"] in ("waiting", "running"), told
                await asyncio.sleep(0.02)
            async with api.ledger.pool.acquire() as one:
                await one.execute("SELECT 1")
            for process in _processes_of(address):
                os.kill(process, signal.SIGKILL)
            while (told := await told_of(api, path))["state"] in ("waiting", "running"):
                await look_after_files.look_after_files(api.ledger, address, tmp_path)
                await asyncio.sleep(0.2)
        assert told["state"] == "done", told
        assert told["counts"]["found"] == 3_000
        assert told["counts"]["added"] + told["counts"]["known"] == 3_000
        assert await purchases(api) == 3_000, "what was taken before is not doubled, and nothing is missing"
    run_sql(postgres.admin, "DROP DATABASE imported WITH (FORCE)", bin=postgres.bin)


def _processes_of(address: Connection) -> list[int]:
    """The processes that work on files and were begun by this one."""
    me = os.getpid()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            status = (folder / "status").read_text()
        except OSError:
            continue
        if b"jifen.jobs.file_process" in command and f"\nPPid:\t{me}\n" in status:
            found.append(int(folder.name))
    return found


async def test_what_kills_its_process_each_time_is_given_up(api: Api, address: Connection) -> None:
    path = await an_upload(api)
    await ask(api, path, "run")
    for _ in range(TRIES_MAX):
        assert (await told_of(api, path))["state"] == "waiting"
        connection = await connect(address)
        assert await begin_next(connection) is not None
        assert (await told_of(api, path))["state"] == "running"
        await connection.close()
    told = await told_of(api, path)
    assert (told["state"], told["failure"]["code"]) == ("failed", "import_process_gone")
    assert told["has_file"], "another mapping, or another day, may do"
    assert (await ask(api, path, "run")).status_code == 202


async def test_what_is_cancelled_never_runs_and_its_file_is_gone(api: Api, address: Connection) -> None:
    path = await an_upload(api)
    await ask(api, path, "run")
    assert (await ask(api, path, "run")).json()["code"] == "import_busy"
    assert (await api.post(f"{path}:cancel")).json()["state"] == "cancelled"
    assert await work_off(address, home_of(api)) == 0
    told = await told_of(api, path)
    assert (told["state"], told["has_file"]) == ("cancelled", False)
    assert (await ask(api, path, "run")).json()["code"] == "import_over"
    assert await purchases(api) == 0


async def test_a_file_that_is_not_in_this_folder_is_told(
    api: Api, address: Connection, tmp_path: Path
) -> None:
    path = await an_upload(api)
    await ask(api, path, "run")
    await work_off(address, tmp_path)
    assert (await told_of(api, path))["failure"]["code"] == "import_file_gone"


async def test_a_mapping_that_cannot_be_is_told_field_by_field(api: Api, address: Connection) -> None:
    path = await an_upload(api)
    wrong = {"columns": {"business_no": "no", "occured_at": "at"}, "time": {"zone": "Shanghai"}}
    await ask(api, path, "dry_run", wrong)
    await work_off(address, home_of(api))
    failure = (await told_of(api, path))["failure"]
    assert failure["code"] == "mapping_refused"
    assert {one["path"] for one in failure["problems"]} >= {
        "columns.occured_at",
        "columns.amount",
        "time.zone",
    }
    assert all(one["message"] for one in failure["problems"])
    missing = {**MAPPING, "columns": {**MAPPING["columns"], "amount": "sum"}}
    assert (await ask(api, path, "dry_run", missing)).status_code == 202, "corrected, it is tried again"
    await work_off(address, home_of(api))
    failure = (await told_of(api, path))["failure"]
    assert failure["code"] == "column_missing"
    assert "sales.csv" in failure["message"]


# -- hostile files -----------------------------------------------------------------------------------------------------


def a_parquet(table: pa.Table, **more: Any) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(table, stream, **more)
    return stream.getvalue()


def a_bomb() -> bytes:
    """Some kilobytes that swell to 32 GB of text."""
    megabyte = pa.array(["x" * 2**20])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 32_000, pa.int32()), megabyte)
    return a_parquet(pa.table({"no": column, "at": column, "paid": column}), compression="zstd")


async def test_a_bomb_ends_no_server_and_is_told(api: Api, address: Connection) -> None:
    told = await api.ask("POST", "/v1/imports?what=purchases&name=a.parquet", raw=a_bomb())
    path = f"/v1/imports/{told.json()['import_id']}"
    seen = (await api.get(f"{path}/rows")).json()
    assert len(seen["rows"][0][0]) == 200, "a look shows no more of a cell than a person reads"
    assert (await ask(api, path, "dry_run")).status_code == 202
    async with asyncio.timeout(300):
        while (found := await told_of(api, path))["state"] in ("waiting", "running"):
            await look_after_files.look_after_files(api.ledger, address, home_of(api))
            await asyncio.sleep(0.2)
    assert found["state"] == "failed"
    assert found["failure"]["code"] in (
        "file_unreadable",
        "file_too_large",
        "import_out_of_memory",
        "import_process_gone",
    )


def asgi_upload(api: Api, headers: dict[str, str], messages: list[dict[str, Any]]) -> Any:
    """A request as the server hands it on, with a body that comes as `messages` say."""
    sent: list[dict[str, Any]] = []
    path, _, query = UPLOAD.partition("?")
    everything = {"authorization": f"Bearer {api.tokens['admin']}", "idempotency-key": "the key", **headers}
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in everything.items()], "http_version": "1.1",
        "scheme": "http", "server": ("jifen.test", 80), "client": ("127.0.0.1", 1), "root_path": "", "state": {},
    }  # fmt: skip
    coming = iter(messages)

    async def receive() -> dict[str, Any]:
        for message in coming:
            return message
        await asyncio.Event().wait()  # nothing more comes
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def go() -> int:
        await api.app(scope, receive, send)  # type: ignore[arg-type]
        return int(sent[0]["status"])

    return go()


async def test_an_upload_that_is_cut_short_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    part = {"type": "http.request", "body": b"no,at", "more_body": True}
    gone = {"type": "http.disconnect"}
    assert await asgi_upload(api, {"content-length": str(2**30)}, [part, gone]) == 400
    end = {"type": "http.request", "body": b"", "more_body": False}
    assert await asgi_upload(api, {"content-length": str(2**30)}, [part, end]) == 400
    monkeypatch.setattr(uploads, "SILENT_SECONDS_MAX", 0.05)
    assert await asgi_upload(api, {}, [part]) == 400, "a line that stands still"
    monkeypatch.setattr(uploads, "UPLOAD_BYTES_MAX", 8)
    assert await asgi_upload(api, {"content-length": "9"}, []) == 413, "nothing of it is read"
    assert await asgi_upload(api, {}, [part, part, end]) == 413
    assert not [one for one in (home_of(api) / "imports").rglob("*") if one.is_file()]
    assert (await api.get("/v1/imports")).json()["data"] == []


async def test_a_full_disk_takes_no_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LEFT_FREE_BYTES", 2**60)
    answer = await api.ask("POST", UPLOAD, raw=b"no,at,paid\n")
    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")


async def test_the_files_are_closed_to_others(api: Api) -> None:
    await an_upload(api)
    (source,) = home_of(api).rglob("source.csv")
    assert source.stat().st_mode & 0o077 == 0
    assert source.parent.stat().st_mode & 0o077 == 0


async def test_what_nobody_wants_any_more_is_swept_up(api: Api, address: Connection) -> None:
    path = await an_upload(api)
    incoming = home_of(api) / "imports" / "incoming"
    for name, age in (("left by a process that was killed", 2 * 86_400), ("coming in just now", 0)):
        (incoming / name).write_bytes(b"half")
        os.utime(incoming / name, (incoming.stat().st_mtime - age,) * 2)
    forgotten = home_of(api) / "imports" / ("0" * 32)
    forgotten.mkdir()
    await ask(api, path, "dry_run")
    await work_off(address, home_of(api))
    assert [one.name for one in incoming.iterdir()] == ["coming in just now"]
    assert not forgotten.exists()
    assert (await told_of(api, path))["has_file"], "what is wanted stays"
