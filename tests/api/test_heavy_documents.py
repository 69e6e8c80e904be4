"""A document that takes long to be looked at holds nobody up and is refused by a limit that is named; the next is looked at."""

from __future__ import annotations

import asyncio
import copy
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from tests.api.conftest import Api

from jifen.document.load import document_from
from jifen.document.problems import DocumentRefused
from jifen.domain.refusals_of_programs import DocumentTooHeavy
from jifen.operations import check_document as checking
from jifen.operations.check_document import check_document

BUDGET = 0.3


async def the_document(api: Api) -> dict[str, Any]:
    """What is published."""
    found: dict[str, Any] = (await api.get("/v1/program")).json()["newest"]["document"]
    return found


def a_bomb(document: dict[str, Any]) -> dict[str, Any]:
    """Within every limit of size, and more than ten seconds of work."""
    bomb = copy.deepcopy(document)
    rule = bomb["earn_rules"][0]
    bomb["earn_rules"] = [
        {
            **rule,
            "code": f"r{number}",
            "when": {"any": [{"fact": "line.sku", "is": f"k{number}-{one}"} for one in range(100)]},
        }
        for number in range(400)
    ]
    return bomb


@pytest.mark.parametrize(
    "path", ["/v1/program:validate", "/v1/program:plan", "/v1/program:apply", "/v1/backtests"]
)
async def test_a_bomb_is_refused_and_whoever_asks_meanwhile_is_answered(
    api: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking.check_document, "__kwdefaults__", {"seconds": BUDGET})
    document = await the_document(api)
    bomb = asyncio.create_task(api.post(path, {"document": a_bomb(document)}))
    answered = 0
    while not bomb.done():
        assert (await api.get("/v1/program")).status_code == 200
        answered += 1
        await asyncio.sleep(0)
    refused = (await bomb).json()
    assert (refused["code"], refused["pointer"]) == ("document_too_heavy", "/document"), refused
    assert refused["numbers"] == {"seconds_max": 1}
    assert answered >= 1
    # The process that looked at it is there for the next one, or another is.
    monkeypatch.undo()
    assert (await api.post("/v1/program:validate", {"document": document})).status_code == 200
    assert (await api.get("/v1/program/revisions")).json()["data"][0]["number"] == 1, "nothing was published"


async def test_what_is_found_elsewhere_is_what_is_found_here(api: Api) -> None:
    document = await the_document(api)
    assert await check_document(document) == document_from(document)
    wrong = {**document, "earn_rules": [{"code": "x"}], "money": "XXX"}
    with pytest.raises(DocumentRefused) as here:
        document_from(wrong)
    with pytest.raises(DocumentRefused) as there:
        await check_document(wrong)
    assert there.value.problems == here.value.problems


async def test_a_process_that_was_killed_is_begun_again(api: Api) -> None:
    document = await the_document(api)
    await check_document(document)
    running = checking._process._running
    assert running is not None
    running.kill()
    running.wait()
    assert await check_document(document) == document_from(document)


async def test_what_asks_for_more_memory_than_there_is_ends_nobody(api: Api) -> None:
    document = await the_document(api)
    deep: Any = {"fact": "line.sku", "is": "x"}
    for _ in range(200):
        deep = {"all": [deep]}
    values: list[Any] = [deep, [[]] * 1_000_000, {"x": "y" * 3_000_000}]
    for value in values:
        heavy = {**document, "earn_rules": [{**document["earn_rules"][0], "when": value}]}
        with pytest.raises((DocumentTooHeavy, DocumentRefused)):
            await check_document(heavy)
    assert await check_document(document) == document_from(document)


@asynccontextmanager
async def served(api: Api) -> AsyncIterator[int]:
    """The application at a port of this machine, so that there is a line that can be closed."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(api.app, lifespan="off", log_level="critical"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield int(listening.getsockname()[1])
        server.should_exit = True
        await serving


async def test_whoever_leaves_takes_his_document_with_him(api: Api) -> None:
    document = await the_document(api)
    await check_document(document)
    body = json.dumps({"document": a_bomb(document)}).encode()
    head = (
        f"POST /v1/program:validate HTTP/1.1\r\nHost: jifen.test\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {api.tokens['admin']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    async with served(api) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + body)
        await writer.drain()
        while (looked_at := checking._process._looks_for) is None:
            await asyncio.sleep(0.01)
        looking = checking._process._running
        assert looking is not None
        # Another one who waits for his turn leaves before it comes: his is never begun.
        waiting = asyncio.create_task(check_document(a_bomb(document)))
        await asyncio.sleep(0)
        waiting.cancel()
        writer.transport.abort()
        ended = await asyncio.to_thread(looking.wait, 60)
        assert ended == -signal.SIGKILL, "it was cut off, not let run to the end of its time"
        assert not looked_at.is_set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await check_document(document) == document_from(document), "the next one is looked at"
