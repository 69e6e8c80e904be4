"""How far the work on a file is, and whether it should go on: between the thread that works and the loop that tells."""

from __future__ import annotations

import threading


class Stopped(Exception):
    """It was cancelled."""


class FileTold:
    """Keeps how far a task is, for the loop that tells the database; stops the work when it was cancelled."""

    def __init__(self) -> None:
        self.is_stopped = threading.Event()
        self.stage = "reading"
        self.percent = 0

    def step(self, stage: str, done: int = 0, of: int = 0) -> None:
        """So much of this stage is done.

        Refuses
            Stopped   it was cancelled
        """
        self.stage, self.percent = stage, (100 * done // of if of else 0)
        if self.is_stopped.is_set():
            raise Stopped
