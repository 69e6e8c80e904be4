"""Look at a programme's document in a process of its own, which has so much time and memory and no more.

A document is a program: one of a megabyte may take a minute to be looked at, and the interpreter's lock lets nobody else work
meanwhile. So it is looked at elsewhere, one at a time for each serving process (decision 0151).
"""

from __future__ import annotations

import asyncio
import atexit
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, Final, cast

from jifen.document.model import ProgramDocument
from jifen.document.problems import DocumentRefused
from jifen.domain.refusals_of_programs import DocumentTooHeavy

PROCESS: Final = "jifen.jobs.document_process"
SECONDS_MAX: Final = 5
"""Of processor time. Twenty thousand stores, or five hundred rules, take a tenth of it."""
WALL_SECONDS_MAX: Final = 120
"""On a machine that has no time for it; then the process is ended from outside."""
HEAD_BYTES: Final = 8

_one_at_a_time = ThreadPoolExecutor(1, thread_name_prefix="documents")


async def check_document(written: object, *, seconds: float = SECONDS_MAX) -> ProgramDocument:
    """The checked document of plain values, such as the body of a request.

    Refuses
        DocumentTooHeavy   it took more time or memory than a document may
    Raises
        DocumentRefused    with every problem found, by path only
    """
    asked = pickle.dumps((written, seconds))
    wanted = threading.Event()
    wanted.set()
    looking = asyncio.get_running_loop().run_in_executor(_one_at_a_time, _process.ask, asked, wanted)
    try:
        told = await looking
    except asyncio.CancelledError:
        _process.cut_off(wanted)
        raise
    answer: tuple[str, Any] = ("heavy", None)
    if told is not None:
        answer = await asyncio.to_thread(pickle.loads, told)
    kind, found = answer
    if kind == "refused":
        raise DocumentRefused(found)
    if kind == "heavy":
        detail = f"looking at the document took more than {seconds:g} seconds, or too much memory"
        raise DocumentTooHeavy(detail, pointer="/document", seconds_max=max(1, round(seconds)))
    return cast("ProgramDocument", found)


class _Process:
    """The process, begun when there is something to look at. Asked by one thread; any may cut it off."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None
        self._looks_for: threading.Event | None = None
        self._changing = threading.Lock()

    def ask(self, asked: bytes, wanted: threading.Event) -> bytes | None:
        """What it answers; None: it ended over it, or nobody wants it now. One that has ended for want of work is begun again."""
        try:
            return self._asked(asked, wanted)
        finally:
            with self._changing:
                self._looks_for = None

    def cut_off(self, wanted: threading.Event) -> None:
        """Nobody wants it any more: it is not looked at, or no longer."""
        with self._changing:
            wanted.clear()
            if self._looks_for is wanted and self._running is not None:
                self._running.kill()

    def _asked(self, asked: bytes, wanted: threading.Event) -> bytes | None:
        for _ in range(2):
            is_new = self._running is None
            process = self._running or _begun()
            with self._changing:
                self._running, self._looks_for = process, wanted
                if not wanted.is_set():
                    return None
            ending = threading.Timer(WALL_SECONDS_MAX, process.kill)
            ending.start()
            try:
                told = _exchanged(process, asked)
            finally:
                ending.cancel()
            if told is not None:
                return told
            self.end()
            if is_new or not wanted.is_set():
                break
        return None

    def end(self) -> None:
        """Let it end now."""
        process, self._running = self._running, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    cast("IO[bytes]", pipe).close()


def _begun() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _exchanged(process: subprocess.Popen[bytes], asked: bytes) -> bytes | None:
    to, back = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    try:
        to.write(len(asked).to_bytes(HEAD_BYTES, "big") + asked)
        to.flush()
        head = back.read(HEAD_BYTES)
        told = back.read(int.from_bytes(head, "big"))
    except OSError:
        return None
    return told if len(head) == HEAD_BYTES and len(told) == int.from_bytes(head, "big") else None


_process = _Process()
atexit.register(_process.end)
