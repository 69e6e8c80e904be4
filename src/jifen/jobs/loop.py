"""What happens by itself while the API serves.

Whoever has the duty (`duty.py`: one process of all that serve) lets time do its part, feeds the queue, rolls up accounts, seals
the audit, settles leases and tidies, each in a loop of its own, so that none waits for another. Every process works off the
queue (`worker.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from jifen.jobs.birthdays import bring_birthdays
from jifen.jobs.compensations import BATCH as SHARES_AT_ONCE
from jifen.jobs.compensations import work_on_compensations
from jifen.jobs.duty import Duty
from jifen.jobs.retention import keep_retention
from jifen.jobs.worker import CLASSES, work_off, work_on
from jifen.operations.advance_members import BATCH, advance_members
from jifen.operations.answer_question import BATCH as CLOSED_AT_ONCE
from jifen.operations.answer_question import close_unappealed
from jifen.operations.apply_retention import AT_ONCE
from jifen.operations.feed_queue import feed_queue, prune_queue
from jifen.operations.manage_segments import refresh_due
from jifen.operations.roll_up_accounts import roll_up_accounts
from jifen.operations.seal_audit import seal_audit
from jifen.operations.settle_codes import forget_codes
from jifen.operations.watch_reading import watch_reading
from jifen.store.households import prune_invitations
from jifen.store.ledger import Ledger
from jifen.store.member_sessions import prune_codes_sent
from jifen.store.moments import look_ahead
from jifen.store.passkeys import prune_challenges
from jifen.store.pools import prune_leases, settle_leases
from jifen.store.sign_in_tries import prune_tries

MINUTE = 60
HOUR = 3_600

log = structlog.get_logger("jifen.jobs")


class Task(NamedTuple):
    """Something that is done again and again: one piece of it, answered by how much was done."""

    name: str
    piece: Callable[[Ledger], Awaitable[int]]
    every_seconds: int
    whole_piece: int = 0  # a piece that did so much is followed by the next one at once; 0: never


async def _seal(ledger: Ledger) -> int:
    """Seal the audit. The newest seal goes to the log too: a copy outside of the database, which holds it to that."""
    sealed, newest = await seal_audit(ledger)
    if sealed and newest is not None:
        log.info("audit sealed", seal=newest.number, hash=newest.hash.hex(), rows=sealed)
    return sealed


async def forget_invitations(ledger: Ledger) -> int:
    """Forget invitations to households that ended long ago; how many."""
    async with ledger.transaction() as connection:
        return await prune_invitations(connection)


TASKS = (
    Task("time", advance_members, every_seconds=5, whole_piece=BATCH),
    Task("moments", look_ahead, every_seconds=5),
    Task("effects", feed_queue, every_seconds=5),
    Task("accounts", roll_up_accounts, every_seconds=5),
    Task("audit", _seal, every_seconds=5),
    Task("leases", settle_leases, every_seconds=5),
    Task("compensations", work_on_compensations, every_seconds=5, whole_piece=SHARES_AT_ONCE),
    Task("birthdays", bring_birthdays, every_seconds=10 * MINUTE),
    Task("segments", refresh_due, every_seconds=5),
    Task("readings", watch_reading, every_seconds=MINUTE),
    Task("tidy", prune_queue, every_seconds=HOUR),
    Task("old questions", close_unappealed, every_seconds=HOUR, whole_piece=CLOSED_AT_ONCE),
    Task("old codes", forget_codes, every_seconds=HOUR),
    Task("old leases", prune_leases, every_seconds=HOUR),
    Task("old tries", prune_tries, every_seconds=HOUR),
    Task("retention", keep_retention, every_seconds=6 * HOUR, whole_piece=AT_ONCE),
    Task("old challenges", prune_challenges, every_seconds=HOUR),
    Task("old invitations", forget_invitations, every_seconds=HOUR),
    Task("codes sent", prune_codes_sent, every_seconds=HOUR),
)


async def run(ledger: Ledger) -> None:
    """Run the jobs until cancelled. One that fails says so and is tried again; time itself has decided already."""
    duty = Duty(ledger)
    async with asyncio.TaskGroup() as together:
        together.create_task(duty.keep())
        for task in TASKS:
            together.create_task(_again_and_again(ledger, duty, task))
        for class_, work in CLASSES.items():
            together.create_task(work_on(ledger, class_, work))


async def _again_and_again(ledger: Ledger, duty: Duty, task: Task) -> None:
    while True:
        await duty.held()
        try:
            done = await task.piece(ledger)
        except Exception as failure:
            log.warning("jobs failed", task=task.name, error=repr(failure))
            done = 0
        if not task.whole_piece or done < task.whole_piece:
            await asyncio.sleep(task.every_seconds)


async def once_through(ledger: Ledger) -> dict[str, int]:
    """Do everything that is due now, whoever has the duty; return how much of each. For commands and tests."""
    effects, members = await do_effects(ledger), 0
    await look_ahead(ledger)
    while done := await advance_members(ledger):
        members += done
        if done < BATCH:
            break
    postings = await roll_up_accounts(ledger)
    leases = await settle_leases(ledger)
    await seal_audit(ledger)
    return {"effects": effects, "members": members, "postings_rolled_up": postings, "leases": leases}


async def do_effects(ledger: Ledger) -> int:
    """Do what entries have caused until now and is not done; return how much. For commands and tests."""
    await feed_queue(ledger)
    return sum([await work_off(ledger, class_, work) for class_, work in CLASSES.items()])
