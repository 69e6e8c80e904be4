"""The processes that serve: one, or several that share a port, and start again when one dies.

uvicorn watches over them. What is ours: how one is made where it runs, that it ends when its parent is gone, and that
their meters are counted together.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jifen.domain.service_address import ServiceAddress
    from jifen.embedded.connection import Connection as Address

_METERS: Final = "meters-"
WORKERS_MAX: Final = 4
"""More than so many are not started unless asked for: PostgreSQL wants processors too."""
COLLECT_AFTER: Final = (50_000, 20, 20)
GIVE_WAY_AFTER: Final = 0.0005
"""Seconds after which a thread that compiles a revision gives way to the loop that serves: a tenth of Python's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Makes the application in the process that serves it. It travels there by pickle."""

    address: Address
    runs_jobs: bool
    pool_size: int
    home: Path | None = None  # Jifen's folder, when it is not its own
    processes: int = 1  # that serve together
    requests_per_minute: int | None = None  # of a key for which nothing else was said
    service_address: ServiceAddress | None = None  # where browsers find it
    parent: int | None = None  # the process that watches over it; None: nobody does

    def __call__(self) -> FastAPI:
        """The application, its logs, and a collector that looks less often."""
        from jifen.api.app import create_app
        from jifen.cli.serve import configure_logs

        configure_logs()
        if self.parent is not None:
            threading.Thread(target=_end_with, args=(self.parent,), daemon=True).start()
        app = create_app(
            self.address,
            runs_jobs=self.runs_jobs,
            pool_size=self.pool_size,
            home=self.home,
            processes=self.processes,
            requests_per_minute=self.requests_per_minute,
            service_address=self.service_address,
        )
        sys.setswitchinterval(GIVE_WAY_AFTER)
        look_less_often()
        return app


def look_less_often() -> None:
    """Let the collector be: what stands now stays, so it need not look at it again and again; and what a request leaves
    behind is freed by counting, only rings of references wait for the collector."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _end_with(parent: int) -> None:
    """Stop in order when the parent has died, so that nobody keeps the port."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def worker_count(asked: int) -> int:
    """How many processes serve: as asked, or one for each processor (at most 4)."""
    return asked or min(os.cpu_count() or 1, WORKERS_MAX)


@contextmanager
def common_meters(count: int, home: Path) -> Iterator[None]:
    """Where several processes count together: a folder that lives as long as they do (prometheus_client's own way). It lies in
    the home, where nobody clears away what was not used for days. What those left who were killed goes."""
    if count == 1:
        yield
        return
    import psutil

    for left in home.glob(f"{_METERS}*"):
        if not psutil.pid_exists(int(left.name.removeprefix(_METERS))):
            shutil.rmtree(left, ignore_errors=True)
    folder = home / f"{_METERS}{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        shutil.rmtree(folder, ignore_errors=True)
