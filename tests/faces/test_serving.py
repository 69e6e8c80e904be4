"""How screens are served: from memory, pressed, by ETag, under their policy; and what is said where they were not built."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from jifen.api import screens
from jifen.api.app import create_app
from jifen.api.screens import FACES, held_files

PAGE = b"<!doctype html><title>a console</title>"
SCRIPT = b"console.log('a script');"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A console as it is built, with a pressed page and script."""
    console = tmp_path / "console"
    (console / "assets").mkdir(parents=True)
    for name, body in (("index.html", PAGE), ("assets/index-a1b2.js", SCRIPT), ("icon.svg", b"<svg/>")):
        (console / name).write_bytes(body)
    (console / "index.html.br").write_bytes(b"brotli of the page")
    (console / "index.html.gz").write_bytes(gzip.compress(PAGE))
    (console / "assets" / "index-a1b2.js.br").write_bytes(b"brotli of the script")
    held_files.cache_clear()
    return tmp_path


def client_of(folder: Path) -> httpx.AsyncClient:
    app = FastAPI()
    screens.serve(app, folder)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://jifen.test")


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(folder) as known:
        yield known


async def test_a_name_without_a_dot_is_the_page_and_one_with_a_dot_is_a_file_or_nothing(
    client: httpx.AsyncClient,
) -> None:
    plain = {"Accept-Encoding": "identity"}
    for path in ("/console", "/console/", "/console/members", "/console/members/mbr_0123", "/console/a/b/c"):
        answer = await client.get(path, headers=plain)
        assert (answer.status_code, answer.content) == (200, PAGE), path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (await client.get("/console/assets/index-a1b2.js", headers=plain)).content == SCRIPT
    for path in ("/console/assets/index-ffff.js", "/console/../pyproject.toml", "/console/index.html.br"):
        answer = await client.get(path, headers=plain)
        assert answer.status_code == 404, path
    assert (await client.get("/console/none.js")).json()["code"] == "route_unknown"


async def test_the_page_is_asked_for_again_each_time_and_an_asset_never(client: httpx.AsyncClient) -> None:
    page = await client.get("/console")
    assert page.headers["cache-control"] == "no-cache"
    asset = await client.get("/console/assets/index-a1b2.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    known = await client.get("/console", headers={"If-None-Match": page.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    other = await client.get("/console", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


async def test_each_encoding_has_its_own_etag_and_the_best_that_is_accepted_is_sent(folder: Path) -> None:
    app = FastAPI()
    screens.serve(app, folder)
    found = {}
    for accepted, encoding in (("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None), ("", None)):
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://jifen.test"
        ) as client:
            request = client.build_request("GET", "/console", headers={"Accept-Encoding": accepted})
            answer = await client.send(request, stream=True)
            body = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["vary"] == "Accept-Encoding"
        found[accepted] = (answer.headers["etag"], body)
    assert found["gzip, deflate, br"][1] == b"brotli of the page"
    assert gzip.decompress(found["gzip"][1]) == PAGE
    assert len({etag for etag, _ in found.values()}) == 3


async def test_the_policy_lets_nothing_run_but_its_own_files(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/console")).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_only_looking_is_allowed(client: httpx.AsyncClient) -> None:
    assert (await client.post("/console")).status_code == 405
    head = await client.head("/console", headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(PAGE))


async def test_where_nothing_was_built_the_page_says_so_and_how(tmp_path: Path) -> None:
    held_files.cache_clear()
    async with client_of(tmp_path) as client:
        answer = await client.get("/console/members")
    assert answer.status_code == 503
    assert "make screens" in answer.text
    assert "尚未构建" in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_every_face_is_served_by_the_application_and_stands_not_in_its_openapi_document() -> None:
    app = create_app()
    paths = {getattr(route, "path", "") for route in app.router.routes}
    for face in FACES:
        assert f"/{face.name}" in paths
        assert not [path for path in app.openapi()["paths"] if path.startswith(f"/{face.name}")]
