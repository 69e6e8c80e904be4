"""The ledger as a process sees it: connections, and each revision compiled once, outside every lock and transaction."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import asyncpg
import msgspec

from jifen.domain.refusals import OutcomeUnknown, ProgramMissing, VaultClosed
from jifen.domain.switches import NO_SWITCHES, Switches
from jifen.domain.timeline import Timeline
from jifen.embedded.connection import Connection as Address
from jifen.store import revisions
from jifen.store.columns import SCHEMA
from jifen.store.compiled import (
    Compiled,
    RevisionNotCompiled,
    is_compiled,
    need_compiled,
    timeline_with_holes,
)
from jifen.store.pools import Pools
from jifen.store.revisions import StoredRevision
from jifen.store.switches import all_switches
from jifen.vault import KeyFileTorn, Vault

# asyncpg's own types stop at its pool's proxies, which stand in for connections.
Connection: TypeAlias = Any
Pool: TypeAlias = Any
Compile = Callable[[Sequence[StoredRevision]], Timeline]

NEAR = timedelta(seconds=5)
"""So near its effect a revision counts as in force for whoever has not compiled it: a member's clock may be a little ahead."""


class Clock(NamedTuple):
    """The database's book time, taken after the locks, the newest revision number (0: none yet), its true time, by which
    leases end, and the number of the last turn of a switch (0: none yet)."""

    now: datetime
    newest: int
    true_now: datetime
    switched: int


CLOCK_WIDTH = len(Clock._fields)


BOOK_NOW = "clock_timestamp() - book.shift_seconds * INTERVAL '1 second'"
CLOCK = f"""{BOOK_NOW}, (SELECT coalesce(max(number), 0) FROM revision), clock_timestamp(),
    (SELECT coalesce(max(number), 0) FROM switch)"""
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
    """How long a connection waits before it gives up: for a lock (0: as long as it takes), and for a statement; and the server
    for a process that is silent in the middle of a transaction (0: for ever), whose locks others wait for."""

    lock_seconds: int = 0
    statement_seconds: int = 60
    silent_seconds: int = 0


_SETTINGS = {"search_path": SCHEMA, "timezone": "UTC", "application_name": "jifen"}


async def open_pool(
    address: Address, *, size: int = 8, least: int = 1, patience: Patience | None = None
) -> Pool:
    """A pool of connections to the ledger as the application role. With `least` 0 it opens though nobody answers there yet.

    Every statement here is prepared and finds its rows by key, so one plan serves all its executions. Left to itself
    PostgreSQL would plan a batch of one anew each time, which costs more than doing it.
    """
    patience = patience or Patience()
    return await asyncpg.create_pool(
        **address.arguments(),
        min_size=least,
        max_size=size,
        init=_prepare,
        reset=_keep,
        server_settings={
            **_SETTINGS,
            "plan_cache_mode": "force_generic_plan",
            "lock_timeout": f"{patience.lock_seconds}s",
            "idle_in_transaction_session_timeout": f"{patience.silent_seconds}s",
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


_UNTOLD = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What ends a commit without saying whether it went through: the connection broke, or the server is going down. Any other
error is the server's own word that it did not."""


_OF_THE_DATABASE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    OutcomeUnknown,
)
_OF_WHAT_WAS_ASKED = (asyncpg.QueryCanceledError, TimeoutError, ValueError)


def is_database_away(failure: BaseException) -> bool:
    """Whether a failure says that nobody is served now, and nothing of what was asked for: the database is away, full or changes
    hands. What takes too long says that only where others go through."""
    return isinstance(failure, _OF_THE_DATABASE) and not isinstance(failure, _OF_WHAT_WAS_ASKED)


async def _undone(transaction: Any) -> None:
    """Roll back; where the connection is broken, the server does so by itself."""
    with suppress(*_UNTOLD):
        await transaction.rollback()


class Ledger:
    """What an operation is given: the pool, and the timeline of the revisions that this process has compiled.

    A revision is compiled once, in a thread: ahead of its effect when a transaction of this process has seen its number,
    else when an operation asks for it, which is then begun again (`store/compiled.py`).
    """

    def __init__(self, pool: Pool, *, compile_timeline: Compile, vault: Vault | None = None) -> None:
        self.pool = pool
        self._vault = vault or Vault()
        self._vault_is_ours = False
        self._compile_timeline = compile_timeline
        self._compiled: dict[int, Compiled] = {}
        self._timeline: Timeline | None = None
        self._switches = NO_SWITCHES
        self._compiling = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None
        self.pools = Pools()
        self.shards: int | None = None  # over how many the members are spread; None: not asked yet
        self._failed = 0  # the newest revision that could not be compiled ahead

    @property
    def compiled(self) -> Timeline:
        """The timeline as last compiled here.

        Refuses
            ProgramMissing   no operation has seen a revision
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

    async def vault(self, connection: Connection, *, writes: bool = False) -> Vault:
        """The keys of personal data, once it is seen that they are this ledger's. Who `writes` first makes them so.

        Refuses
            VaultClosed   they are not there, or are another ledger's
        """
        if not self._vault_is_ours:
            kept: bytes | None = await connection.fetchval("SELECT vault_proof FROM book")
            self._vault_is_ours = await self._opens_by(connection, kept, writes=writes)
        return self._vault

    async def _opens_by(self, connection: Connection, kept: bytes | None, *, writes: bool) -> bool:
        """Whether the keys are known to be the ledger's from now on; no keys are until something is sealed under them."""
        vault = self._vault
        try:
            if kept is None:
                vault.make()
            proof = vault.proof()
        except (OSError, KeyFileTorn) as failure:
            raise VaultClosed(str(failure)) from failure
        was_kept = kept is not None
        if kept is None and writes:
            kept = await connection.fetchval(
                "UPDATE book SET vault_proof = coalesce(vault_proof, $1) RETURNING vault_proof", proof
            )
        if kept is not None and kept != proof:
            raise VaultClosed(
                f"{vault.path} holds the keys of another ledger: name the file of this one by JIFEN_MASTER_KEYS"
            )
        return was_kept

    @property
    def has_sealed(self) -> bool:
        """Whether something is known to be sealed under the keys of personal data."""
        return self._vault_is_ours

    async def own_key(self) -> bytes:
        """What keys the fingerprints of what is asked, and whatever else only this ledger can make: once it is seen, outside of
        any transaction, that the file of keys is its own. Only a ledger that never had one makes one.

        Refuses
            VaultClosed   the keys are not there, or are another ledger's
        """
        if not self._vault_is_ours:
            async with self.transaction() as connection:
                await self.vault(connection, writes=True)
            self._vault_is_ours = True
        return self._vault.keys.ledger

    async def secret_for(self, purpose: bytes) -> bytes:
        """32 bytes that only who has the keys can make, for a purpose of its own.

        Refuses
            VaultClosed   the keys are not there, or are another ledger's
        """
        return hmac.digest(await self.own_key(), b"secret\0" + purpose, "sha256")

    async def learn_shards(self) -> None:
        """Ask over how many shards members are spread: once, for that is decided when a book is made."""
        async with self.connection() as connection:
            self.shards = await connection.fetchval("SELECT shards FROM book")

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction that commits when the block ends and leaves nothing when it raises.

        Refuses
            OutcomeUnknown   the commit was sent, and its answer never came
        """
        return self._in_transaction({})

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction that changes nothing and sees one moment: what its statements read fits together."""
        return self._in_transaction({"isolation": "repeatable_read", "readonly": True})

    @asynccontextmanager
    async def _in_transaction(self, options: dict[str, Any]) -> AsyncIterator[Connection]:
        async with self.connection() as connection:
            transaction = connection.transaction(**options)
            await transaction.start()
            try:
                yield connection
            except BaseException:
                await _undone(transaction)
                raise
            if connection.is_closed():
                raise asyncpg.ConnectionDoesNotExistError(
                    "the connection to the database broke before the commit"
                )
            try:
                await transaction.commit()
            except _UNTOLD as lost:
                if options.get("readonly"):
                    raise
                raise OutcomeUnknown from lost

    async def clock(self, connection: Connection) -> Clock:
        """Now. Asked after the locks, so that time never runs backwards for a member."""
        row = await connection.fetchrow(f"SELECT {CLOCK} FROM book")
        assert row is not None, "the book has its one row"
        return Clock(*row)

    async def switches(self, connection: Connection, newest: int) -> Switches:
        """Every turn of a switch up to the last, whose number the clock told: read again only where there is a newer one."""
        if self._switches.newest < newest:
            self._switches = await all_switches(connection)
        return self._switches

    async def timeline(self, connection: Connection, newest: int) -> Timeline:
        """The timeline as this process has compiled it, good for a decision at this moment. Nothing is compiled here.

        A newer revision than it knows, whose effect is still ahead, is compiled meanwhile.

        Refuses
            ProgramMissing   nothing was ever published
        Raises
            RevisionNotCompiled   a newer one takes effect, and is not compiled here: `begun_again` sees to it
        """
        if newest == 0:
            raise ProgramMissing("no programme was published yet: jifen program apply FILE")
        timeline = self._timeline
        if timeline is None:
            raise RevisionNotCompiled([newest])
        if timeline.newest.revision < newest:
            left = await revisions.time_until_effect(connection, after=timeline.newest.revision)
            if left <= NEAR:
                raise RevisionNotCompiled([newest])
            self._begin_compiling(newest)
        return timeline

    async def whole_timeline(self, connection: Connection, newest: int) -> Timeline:
        """The timeline without a hole, for who walks through all of history.

        Refuses
            ProgramMissing   nothing was ever published
        Raises
            RevisionNotCompiled   some are not compiled here yet
        """
        timeline = await self.timeline(connection, newest)
        need_compiled(timeline, range(1, newest + 1))
        return timeline

    async def compile(self, numbers: Collection[int]) -> None:
        """Compile these revisions, each once, and know them from now on. Never called within a transaction."""
        async with self._compiling:
            for number in sorted(set(numbers) - self._compiled.keys()):
                async with self.connection() as connection:
                    revision = await revisions.revision_numbered(connection, number)
                self._compiled[number] = await asyncio.to_thread(self.compile_one, revision)
            if self._lacks(numbers):
                async with self.connection() as connection:
                    outlines = await revisions.outlines(connection)
                self._timeline = await asyncio.to_thread(timeline_with_holes, outlines, dict(self._compiled))

    def compile_one(self, revision: StoredRevision) -> Compiled:
        """What one document becomes. Takes its time: for a thread."""
        timeline = self._compile_timeline([revision])
        return Compiled(timeline.programs[0], timeline.selects[0])

    def publishing(self) -> AbstractAsyncContextManager[object]:
        """While this process commits a revision and adopts it, nobody here compiles: who saw it committed would do so once more.
        Nothing that may compile is awaited within."""
        return self._compiling

    def adopt(self, compiled: Compiled) -> None:
        """Keep what this process compiled to publish it."""
        self._compiled.setdefault(compiled.program.revision, compiled)

    def _lacks(self, numbers: Collection[int]) -> bool:
        """Whether the timeline was laid out without some of these."""
        timeline = self._timeline
        return timeline is None or not all(is_compiled(timeline, number) for number in numbers)

    def _begin_compiling(self, newest: int) -> None:
        """Compile ahead what is published and not yet in force; one task at a time."""
        if newest > self._failed and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.create_task(self._compile_ahead(newest))

    async def _compile_ahead(self, newest: int) -> None:
        known = 0 if self._timeline is None else self._timeline.newest.revision
        try:
            async with self.connection() as connection:
                ahead = await revisions.numbers_ahead(connection, after=known)
            if ahead:
                await self.compile(ahead)
        except Exception:
            # Not tried again for every purchase: from its moment of effect on whoever needs it compiles it, and tells why not.
            self._failed = newest
