"""A commit whose answer is lost: nobody is told that nothing was changed, and the same key finds out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.conftest import a_purchase_body
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till

from jifen.api.app import create_app
from jifen.document.stored import timeline_of_published
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import OutcomeUnknown
from jifen.embedded.connection import Connection
from jifen.operations.adjust_units import adjust_units
from jifen.operations.give_units import give_units
from jifen.operations.manage_keys import create_key
from jifen.store.ledger import Ledger, open_pool


class Line:
    """Between the driver and PostgreSQL: cut behind the next commit, so that it goes through and its answer is lost."""

    def __init__(self, to: Connection) -> None:
        self._to = to
        self.is_cut_behind_a_commit = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        there, back = await asyncio.open_unix_connection(f"{self._to.host}/.s.PGSQL.{self._to.port}")
        sent_commit = asyncio.Event()

        async def out() -> None:
            while data := await reader.read(65_536):
                back.write(data)
                if self.is_cut_behind_a_commit and b"COMMIT" in data:
                    sent_commit.set()
            back.close()

        async def home() -> None:
            while data := await there.read(65_536):
                if sent_commit.is_set():
                    self.is_cut_behind_a_commit = False
                    break
                writer.write(data)
            writer.close()

        with suppress(ConnectionError):
            await asyncio.gather(out(), home())


@asynccontextmanager
async def a_line(to: Connection, folder: Path) -> AsyncIterator[tuple[Line, Connection]]:
    """A line to a database, and the address at this end of it."""
    line = Line(to)
    server = await asyncio.start_unix_server(line.carry, folder / f".s.PGSQL.{to.port}")
    async with server:
        yield line, replace(to, host=str(folder))


@asynccontextmanager
async def a_ledger_over(address: Connection) -> AsyncIterator[Ledger]:
    pool = await open_pool(address, size=2)
    try:
        yield Ledger(pool, compile_timeline=timeline_of_published)
    finally:
        pool.terminate()


@pytest.mark.parametrize("verb", ["adjust", "give"])
async def test_an_unknown_outcome_says_so_and_the_same_key_finds_out(
    fresh_database: FreshDatabase, tmp_path: Path, verb: str
) -> None:
    async with (
        a_till(fresh_database) as till,
        a_line(fresh_database.app, tmp_path) as (line, address),
        a_ledger_over(address) as ledger,
    ):
        giver, friend = await till.enrol(), await till.enrol()
        await till.buy(giver, 10_000)
        key = a_key("once")
        asked: dict[str, Callable[[], Awaitable[Any]]] = {
            "adjust": lambda: adjust_units(
                ledger, giver, currency="points", units=-60, note="a test", request=key, principal=LOCAL
            ),
            "give": lambda: give_units(ledger, giver, friend, currency="points", units=60, request=key),
        }
        line.is_cut_behind_a_commit = True
        with pytest.raises(OutcomeUnknown):
            await asked[verb]()
        assert await till.points(giver) == [40]
        again = await asked[verb]()
        assert again["is_replay"]
        assert await till.points(giver, friend) == [40, 60 if verb == "give" else 0]
        await till.assert_laws()


@pytest.mark.parametrize("path", ["/v1/purchases", "/v1/purchases:batch"])
async def test_the_api_never_says_that_nothing_was_changed_when_it_does_not_know(
    fresh_database: FreshDatabase, tmp_path: Path, path: str
) -> None:
    async with (
        a_till(fresh_database) as till,
        a_line(fresh_database.app, tmp_path) as (line, address),
        a_ledger_over(address) as ledger,
    ):
        member = await till.enrol("6200001")
        token = (await create_key(till.ledger, name="till", roles=["owner"]))[1]
        body: Any = a_purchase_body(member={"card": "6200001"})
        body = {"purchases": [body]} if path.endswith("batch") else body
        transport = httpx.ASGITransport(app=create_app(ledger=ledger, runs_jobs=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://jifen.test") as client:

            async def ask() -> httpx.Response:
                return await client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})

            await client.get("/v1/program", headers={"Authorization": f"Bearer {token}"})
            line.is_cut_behind_a_commit = True
            answer = await ask()
            told = answer.json()
            if path.endswith("batch"):
                (one,) = told["answers"]
                assert (one["status"], one["problem"]["code"]) == (503, "outcome_unknown")
                ((status, again),) = [
                    (one["status"], one["purchase"]) for one in (await ask()).json()["answers"]
                ]
            else:
                assert (answer.status_code, told["code"]) == (503, "outcome_unknown")
                assert answer.headers["retry-after"] == "1"
                status, again = (await ask()).status_code, told
            assert (status, bool(again)) == (200, True)
        assert await till.points(member) == [100]
        await _one_purchase(till)


async def _one_purchase(till: Till) -> None:
    assert await till.fetchval("SELECT count(*) FROM purchase") == 1
    await till.assert_laws()
