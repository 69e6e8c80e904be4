"""The duty: what one serving process does for all the others too, as long as it gives signs of life."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress

import structlog

from jifen.store.duties import leave_duty, take_duty
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger

DUTY = "jobs"
LEASE_SECONDS = 15
RENEW_EVERY_SECONDS = 4
LEAVE_SECONDS = 2

log = structlog.get_logger("jifen.jobs")


class Duty:
    """One process's part in who has the duty."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._holder = new_id()
        self._until = 0.0  # by this process's steady clock, from before the database was asked: never later than it says
        self._change = asyncio.Event()

    @property
    def is_held(self) -> bool:
        """Whether it is this process's. One that was stopped meanwhile knows by its own clock that it may not be any more."""
        return time.monotonic() < self._until

    async def keep(self) -> None:
        """Take the duty when nobody has it, and keep it, until cancelled; then leave it to another."""
        try:
            while True:
                await self._take()
                await asyncio.sleep(RENEW_EVERY_SECONDS)
        finally:
            if self.is_held:
                self._until = 0.0
                with suppress(Exception):  # it ends by itself
                    async with asyncio.timeout(LEAVE_SECONDS), self._ledger.transaction() as connection:
                        await leave_duty(connection, DUTY, self._holder)

    async def held(self) -> None:
        """Return once it is this process's."""
        while not self.is_held:
            await self._change.wait()

    async def _take(self) -> None:
        asked, was_held = time.monotonic(), self.is_held
        try:
            async with asyncio.timeout(LEASE_SECONDS), self._ledger.transaction() as connection:
                is_taken = await take_duty(
                    connection, DUTY, self._holder, process=os.getpid(), seconds=LEASE_SECONDS
                )
        except Exception as failure:
            log.warning("the duty could not be asked for", failure=repr(failure))
            return
        self._until = asked + LEASE_SECONDS if is_taken else 0.0
        if is_taken and not was_held:
            log.info("this process has the duty")
            self._change.set()
            self._change.clear()
