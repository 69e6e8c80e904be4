"""The ledger as a process sees it: connections, and the timeline of revisions compiled once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import asyncpg
import msgspec

from jifen.domain.refusals import ProgramMissing
from jifen.domain.timeline import Timeline
from jifen.embedded.connection import Connection as Address
from jifen.store import revisions
from jifen.store.revisions import StoredRevision
from jifen.store.tables import SCHEMA

# asyncpg's own types stop at its pool's proxies, which stand in for connections.
Connection: TypeAlias = Any
Pool: TypeAlias = Any
Compile = Callable[[Sequence[StoredRevision]], Timeline]


class Clock(NamedTuple):
    """The database's book time, taken after the locks, and the newest revision number (0: none yet)."""

    now: datetime
    newest: int


CLOCK = """clock_timestamp() - book.shift_seconds * INTERVAL '1 second', (SELECT coalesce(max(number), 0) FROM revision)"""
"""The columns of a Clock, from the table `book`. What is read first after the locks asks for them too: one round trip less."""


async def _keep(connection: Connection) -> None:
    """No session state outlives a transaction here, so a connection goes back to the pool without a round trip."""


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode, decoder=msgspec.json.decode, format="text"
    )


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


class Patience(NamedTuple):
    """How long a connection waits before it gives up: for a lock (0: as long as it takes), and for a statement."""

    lock_seconds: int = 0
    statement_seconds: int = 60


_SETTINGS = {"search_path": SCHEMA, "timezone": "UTC", "application_name": "jifen"}


async def open_pool(address: Address, *, size: int = 8, patience: Patience | None = None) -> Pool:
    """A pool of connections to the ledger as the application role.

    Every statement here is prepared and finds its rows by key, so one plan serves all its executions. Left to itself
    PostgreSQL would plan a batch of one anew each time, which costs more than doing it.
    """
    patience = patience or Patience()
    return await asyncpg.create_pool(
        **address.arguments(),
        min_size=1,
        max_size=size,
        init=_prepare,
        reset=_keep,
        server_settings={
            **_SETTINGS,
            "plan_cache_mode": "force_generic_plan",
            "lock_timeout": f"{patience.lock_seconds}s",
        },
        command_timeout=patience.statement_seconds,
    )


async def connect(address: Address) -> Connection:
    """One connection of the same kind, for a command."""
    connection = await asyncpg.connect(
        **address.arguments(),
        server_settings=_SETTINGS,
    )
    await _prepare(connection)
    return connection


class Ledger:
    """What an operation is given: the pool, and the timeline for the newest revision that a transaction saw."""

    def __init__(self, pool: Pool, *, compile_timeline: Compile) -> None:
        self.pool = pool
        self._compile = compile_timeline
        self._timeline: Timeline | None = None

    @property
    def compiled(self) -> Timeline:
        """The timeline as last compiled here: it knows every revision that an operation of this process has seen.

        Refuses
            ProgramMissing   no operation has seen one
        """
        if self._timeline is None:
            raise ProgramMissing("no programme was published yet: jifen program apply FILE")
        return self._timeline

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection without a transaction, for an answer that one statement finds: it is of one moment by itself."""
        async with self.pool.acquire() as connection:
            try:
                yield connection
            except asyncpg.InternalClientError as broken:
                # Its server died in the middle of an answer and the driver has not noticed yet. Nobody may use it again.
                connection.terminate()
                raise asyncpg.ConnectionDoesNotExistError("the connection to the database broke") from broken

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction that commits when the block ends and leaves nothing when it raises."""
        return self._in_transaction({})

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction that changes nothing and sees one moment: what its statements read fits together."""
        return self._in_transaction({"isolation": "repeatable_read", "readonly": True})

    @asynccontextmanager
    async def _in_transaction(self, options: dict[str, Any]) -> AsyncIterator[Connection]:
        async with self.connection() as connection, connection.transaction(**options):
            yield connection

    async def clock(self, connection: Connection) -> Clock:
        """Now. Asked after the locks, so that time never runs backwards for a member."""
        row = await connection.fetchrow(f"SELECT {CLOCK} FROM book")
        assert row is not None, "the book has its one row"
        return Clock(row[0], row[1])

    async def timeline(self, connection: Connection, newest: int) -> Timeline:
        """The timeline up to a revision, compiled anew when this process holds an older one.

        Refuses
            ProgramMissing   nothing was ever published
        """
        if newest == 0:
            raise ProgramMissing("no programme was published yet: jifen program apply FILE")
        if self._timeline is None or self._timeline.newest.revision < newest:
            self._timeline = self._compile(await revisions.all_revisions(connection))
        return self._timeline
