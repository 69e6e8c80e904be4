"""The queue from the shelf (pgqueuer, decision 0103), in a schema of its own in the same database.

What waits there is a name in a class: (member, sequence, part) of an effect. Nothing but the feeder and who works it off touches
its tables. The library is loaded by those alone: a command that only counts goes without.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.store.parked import Which

if TYPE_CHECKING:
    from pgqueuer.adapters.persistence.queries import Queries
    from pgqueuer.domain.settings import DBSettings
    from pgqueuer.ports.driver import Driver

    from jifen.store.ledger import Connection

QUEUE_SCHEMA = "jifen_queue"
LOG_DAYS = 7
"""How long the queue's own log tells what was done."""

WAITS_AS = "{0}.member_id || ':' || {0}.sequence || ':' || {0}.part"
"""SQL: the name under which an effect waits, of a row by its alias."""


@lru_cache(maxsize=1)
def queue_settings() -> DBSettings:
    """The names of the library's objects. Each is given, so that no variable of the environment changes one."""
    from pgqueuer.domain.settings import DBSettings, Durability
    from pgqueuer.domain.types import Channel

    return DBSettings(
        prefix="",
        db_schema=QUEUE_SCHEMA,
        channel=Channel(QUEUE_SCHEMA),
        function="fn_pgqueuer_changed",
        statistics_table="pgqueuer_statistics",
        queue_status_type="pgqueuer_status",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        trigger="tg_pgqueuer_changed",
        schedules_table="pgqueuer_schedules",
        durability=Durability.durable,
        widen_id=True,
    )


def queries_on(driver: Driver) -> Queries:
    """The library's statements over our names."""
    from pgqueuer.adapters.persistence import qb
    from pgqueuer.adapters.persistence.queries import Queries

    settings = queue_settings()
    return Queries(
        driver,
        qbe=qb.QueryBuilderEnvironment(settings=settings),
        qbq=qb.QueryQueueBuilder(settings=settings),
        qbs=qb.QuerySchedulerBuilder(settings=settings),
    )


def queries_within(connection: Connection) -> Queries:
    """The same within a transaction."""
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

    return queries_on(AsyncpgDriver(connection))


def name_of(which: Which) -> str:
    """The name under which an effect waits; as `WAITS_AS`."""
    member_id, sequence, part = which
    return f"{member_id}:{sequence}:{part}"


def named(name: bytes | None) -> Which:
    """Which effect a name names."""
    assert name is not None, "what waits has a name"
    member_id, sequence, part = name.decode().split(":")
    return UUID(member_id), int(sequence), int(part)


async def enqueue(connection: Connection, waiting: Sequence[tuple[str, Which]]) -> int:
    """Let effects wait in their classes, in the caller's transaction; return how many did not wait already."""
    if not waiting:
        return 0
    names = [name_of(which) for _, which in waiting]
    added = await queries_within(connection).enqueue(
        [class_ for class_, _ in waiting],
        [name.encode() for name in names],
        [0] * len(names),
        dedupe_key=list(names),
        on_conflict="skip",
    )
    return sum(one is not None for one in added)


async def let_wait_again(connection: Connection) -> int:
    """What the library put aside, because its end could not be told to the database, waits again: doing it twice has one effect.
    Return how many."""
    aside: list[int] = [
        row[0]
        for row in await connection.fetch(
            f"SELECT id FROM {QUEUE_SCHEMA}.pgqueuer WHERE status = 'failed' ORDER BY id LIMIT 1000"
        )
    ]
    if aside:
        from pgqueuer.domain.types import JobId

        await queries_within(connection).requeue_jobs([JobId(one) for one in aside])
    return len(aside)


async def count_waiting(connection: Connection) -> dict[str, int]:
    """How many wait or are being worked on, by class."""
    rows = await connection.fetch(
        f"SELECT entrypoint, count(*) FROM {QUEUE_SCHEMA}.pgqueuer GROUP BY entrypoint"
    )
    return dict(rows)


async def prune_log(connection: Connection) -> int:
    """Forget what the queue's log has told for long enough; return how many lines."""
    done: str = await connection.execute(
        f"DELETE FROM {QUEUE_SCHEMA}.pgqueuer_log WHERE created < clock_timestamp() - $1 * INTERVAL '1 day'",
        LOG_DAYS,
    )
    return int(done.rpartition(" ")[2])
