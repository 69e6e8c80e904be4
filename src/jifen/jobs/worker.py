"""Working off the queue (decision 0103): each serving process has a few rooms for each class.

pgqueuer leases a job to a process by the database's clock and renews that while it works on it; a job whose process died or
stands still is leased to another. Done twice has one effect, so a process that wakes up late does no harm.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeAlias

import structlog
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueExecutionMode

from jifen.domain.effects import OWED
from jifen.jobs.effects import do_effect
from jifen.jobs.listening import Listening
from jifen.store.ledger import Ledger
from jifen.store.parked import Which
from jifen.store.queue import named, queries_on, queue_settings

LEASE_SECONDS = 15
"""After so long without a sign of life another process takes the job. It is renewed twice in that time."""
LOOK_EVERY_SECONDS = 10
"""Who puts something into the queue wakes those who work it off; this often they look anyway."""
BATCH = 2
ROOMS = 2 * BATCH
"""So many of a class does one process do at once: the pool is for the tills. The library wants room for two batches."""
PAUSES_SECONDS = (1, 2, 4, 8, 15)

Work: TypeAlias = Callable[[Ledger, Which], Awaitable[None]]

CLASSES: dict[str, Work] = {OWED: do_effect}
"""Every class, and what does what waits in it."""

log = structlog.get_logger("jifen.jobs")


async def work_on(ledger: Ledger, class_: str, work: Work) -> None:
    """Work off a class until cancelled. While the database is away it waits, ever longer."""
    failures = 0
    while True:
        began = time.monotonic()
        driver = Listening(ledger.pool)
        manager = _manager(driver, class_, partial(work, ledger))
        listens = asyncio.create_task(_end_when_lost(driver, manager))
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=LOOK_EVERY_SECONDS),
                batch_size=BATCH,
                max_concurrent_tasks=ROOMS,
                heartbeat_timeout=timedelta(seconds=LEASE_SECONDS),
                log_aggregation_interval=timedelta(0),
            )
        except Exception as failure:
            log.warning("the queue cannot be worked off", queue=class_, failure=repr(failure))
        finally:
            listens.cancel()
        _unless_cancelled()
        failures = 0 if time.monotonic() - began > LEASE_SECONDS else failures
        await asyncio.sleep(PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)])
        failures += 1


async def _end_when_lost(driver: Listening, manager: QueueManager) -> None:
    await driver.lost.wait()
    manager.shutdown.set()


def _unless_cancelled() -> None:
    """Go on, unless this task is to end: a failure on the way out may have covered that."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def work_off(ledger: Ledger, class_: str, work: Work) -> int:
    """Do all that waits in a class now; return how much. For commands and tests: who serves does it all the time."""
    done = 0

    async def counted(which: Which) -> None:
        nonlocal done
        await work(ledger, which)
        done += 1

    await _manager(Listening(ledger.pool), class_, counted).run(
        batch_size=BATCH,
        max_concurrent_tasks=ROOMS,
        mode=QueueExecutionMode.drain,
        heartbeat_timeout=timedelta(seconds=LEASE_SECONDS),
        log_aggregation_interval=timedelta(0),
    )
    return done


def _manager(driver: Listening, class_: str, do: Callable[[Which], Awaitable[None]]) -> QueueManager:
    manager = QueueManager(queries_on(driver), channel=queue_settings().channel)

    # `hold`: what ends with an error stays in the queue, and the feeder lets it wait again.
    @manager.entrypoint(class_, accepts_context=False, on_failure="hold")
    async def _(job: Job) -> None:
        try:
            await do(named(job.payload))
        except asyncio.CancelledError:
            # The library takes what is cancelled for done with. It is not: another process shall do it.
            raise RetryRequested(reason="the process that worked on it was stopped") from None

    return manager
