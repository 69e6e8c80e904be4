"""Watch over the embedded PostgreSQL: one that dies is started again, and nobody runs a command."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jifen.embedded.failures import PostgresUnavailable
from jifen.embedded.server import EmbeddedPostgres

LOOK_SECONDS = 1.0
PAUSE_SECONDS_MAX = 15.0
"""Between two tries: whatever kept it from starting, half a minute after that ends it runs again."""

Tell = Callable[[str, str], None]
"""Hears what happened (died, runs again, does not start), and why."""


@contextmanager
def watched(postgres: EmbeddedPostgres, *, tell: Tell) -> Iterator[None]:
    """While this lasts, a server that has died is started again: at once, then with growing pauses. One that somebody stopped on
    purpose stays so until somebody starts it."""
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(postgres, tell, ended), daemon=True, name="watch")
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _watch(postgres: EmbeddedPostgres, tell: Tell, ended: threading.Event) -> None:
    pause = LOOK_SECONDS
    while not ended.wait(pause):
        pause = LOOK_SECONDS if _look(postgres, tell) else min(2 * pause, PAUSE_SECONDS_MAX)


def _look(postgres: EmbeddedPostgres, tell: Tell) -> bool:
    """Whether all is well; a failure is told and tried again."""
    try:
        if postgres.is_down() and postgres.revive():
            tell("postgresql had died and runs again", "")
    except (PostgresUnavailable, OSError) as failure:
        tell("postgresql does not start", str(failure))
        return False
    return True
