"""Files that are no tables, names that are paths: refused and told, and nobody is harmed."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.api.conftest import Api
from tests.api.writes import an_upload

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        pytest.param(b"", "a.csv", "file_empty", id="nothing"),
        pytest.param(b"\n\n", "a.csv", "file_empty", id="blank lines"),
        pytest.param("编号,时间\n一,二\n".encode("utf-16"), "a.csv", "encoding_wrong", id="utf-16"),
        pytest.param(b"PK\x03\x04" + b"\0" * 500, "a.csv", "file_unreadable", id="a workbook"),
        pytest.param(os.urandom(5_000), "a.csv", "file_unreadable", id="noise"),
        pytest.param(b"a" * 2**21, "a.csv", "file_unreadable", id="one line without end"),
        pytest.param(b",".join([b"c"] * 5_000) + b"\n", "a.csv", "file_unreadable", id="too many columns"),
        pytest.param(b"PAR1 but no more", "a.parquet", "file_unreadable", id="no parquet"),
    ],
)
async def test_what_is_no_table_is_refused_and_told(
    shared_api: Api, content: bytes, name: str, reason: str
) -> None:
    told = await shared_api.ask("POST", f"/v1/imports?what=purchases&name={name}", raw=content)
    assert told.status_code == 201, told.text
    answer = await shared_api.get(f"/v1/imports/{told.json()['import_id']}/rows")
    assert (answer.status_code, answer.json()["code"]) == (422, "file_unusable"), answer.text
    assert answer.json()["numbers"]["reason"] == reason
    assert answer.json()["detail"]


async def test_an_encoding_is_guessed_and_a_wrong_one_is_told(shared_api: Api) -> None:
    path = await an_upload(
        shared_api, "小票号;交易时间;金额\nA1;2026/03/01 10:00;1.234,50\n".encode("gb18030")
    )
    seen = (await shared_api.get(f"{path}/rows")).json()
    assert (seen["encoding"], seen["separator"], seen["header"]) == (
        "gb18030",
        ";",
        ["小票号", "交易时间", "金额"],
    )
    assert seen["mapping"]["time"] == {"format": "%Y/%m/%d %H:%M"}
    assert seen["mapping"]["amounts"] == {"decimal": ",", "thousands": "."}
    answer = await shared_api.get(f"{path}/rows?encoding=utf-8")
    assert answer.json()["numbers"]["reason"] == "encoding_wrong"


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "..\\..\\x.csv", "a\u202eb.csv", "\0.csv"])
async def test_a_name_is_no_path(shared_api: Api, name: str) -> None:
    answer = await shared_api.ask("POST", f"/v1/imports?what=purchases&name={quote(name)}", raw=b"a,b\n1,2\n")
    if answer.status_code == 201:
        told = (await shared_api.get(f"/v1/imports/{answer.json()['import_id']}")).json()
        assert "/" not in told["name"]
        assert "\\" not in told["name"]
    else:
        assert answer.json()["code"] == "field_wrong"
    home: Path = shared_api.app.state.home
    assert not list(home.rglob("passwd*"))
