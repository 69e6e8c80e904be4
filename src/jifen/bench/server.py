"""A server of a benchmark's own, with keys of personal data of its own: gone when the block ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from jifen.embedded import Server, throw_away


@contextmanager
def a_server() -> Iterator[Server]:
    """The server. Processes that are started meanwhile find the same keys."""
    before = os.environ.get("JIFEN_MASTER_KEYS")
    with throw_away() as server:
        os.environ["JIFEN_MASTER_KEYS"] = str(server.home.folder / "master.keys")
        try:
            yield server
        finally:
            del os.environ["JIFEN_MASTER_KEYS"]
            if before is not None:
                os.environ["JIFEN_MASTER_KEYS"] = before
