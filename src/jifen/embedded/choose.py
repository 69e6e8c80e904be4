"""Which database: the one that JIFEN_DATABASE_URL names, or the embedded one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jifen.embedded.connection import Connection
from jifen.embedded.home import home_folder
from jifen.embedded.server import EmbeddedPostgres, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """How to reach the database to serve (`app`) and to migrate (`owner`); `embedded` is None for a server of
    one's own.
    """

    app: Connection
    owner: Connection
    embedded: Server | None
    folder: Path  # of this installation


def is_own_server_named() -> bool:
    """True when JIFEN_DATABASE_URL names a server that the operator runs."""
    return bool(os.environ.get("JIFEN_DATABASE_URL"))


@contextmanager
def connections(home: Path | None = None, *, say: Callable[[str], None] | None = None) -> Iterator[Database]:
    """The database, reachable for as long as the block lasts.

    JIFEN_DATABASE_URL is the application's role; JIFEN_DATABASE_OWNER_URL the one that migrates (the same, when it is
    not given: a server where one role does both holds law 4 less strictly, which `jifen doctor` says). Whether a named
    server answers is found out by the first query, not here.
    """
    url = os.environ.get("JIFEN_DATABASE_URL")
    if url:
        owner_url = os.environ.get("JIFEN_DATABASE_OWNER_URL") or url
        yield Database(
            app=Connection.of_url(url, named="JIFEN_DATABASE_URL"),
            owner=Connection.of_url(owner_url, named="JIFEN_DATABASE_OWNER_URL"),
            embedded=None,
            folder=home or home_folder(),
        )
        return
    starter = EmbeddedPostgres(home, say=say) if say else EmbeddedPostgres(home)
    with starter.running() as server:
        yield Database(app=server.app, owner=server.owner, embedded=server, folder=server.home.folder)
