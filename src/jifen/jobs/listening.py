"""How the queue's library reaches the database: by the pool, one connection of which listens."""

from __future__ import annotations

import asyncio

from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.ports.driver import NotifyCallback

from jifen.store.ledger import Pool


class Listening(AsyncpgPoolDriver):
    """The library's own driver, which also says at once when the connection that listens is lost: the library would find that out
    after twenty seconds, and its way out would raise over whatever ended it, a cancellation too."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.lost = asyncio.Event()

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Listen, and hear of the end."""
        await super().add_listener(channel, callback)
        assert self._listener_connection is not None, "it listens by a connection of its own"
        self._listener_connection.add_termination_listener(lambda _: self.lost.set())

    async def __aexit__(self, *why: object) -> None:
        if self.lost.is_set():
            self._listener_connection = None  # it went back to the pool by itself as it broke
        await super().__aexit__(*why)
