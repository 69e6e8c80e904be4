"""The process that looks at documents: `python -m jifen.jobs.document_process`. It may not grow, nor take long over one.

A document comes by standard input and what was found goes by standard output, each with its length before it; whoever began the
process is the only one who speaks to it. It ends with him, or when nobody has asked for a while.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO

from jifen.document.load import document_from
from jifen.document.problems import DocumentRefused
from jifen.jobs.look_at_file import hold_small
from jifen.operations.check_document import HEAD_BYTES

GROWS_BYTES = 1024**3
IDLE_SECONDS = 600
NICE = 5


class TooLong(BaseException):
    """Its time is up."""


def main() -> None:
    """Look at one after another."""
    asked, told = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what is printed by mistake is no answer
    hold_small(GROWS_BYTES)
    with suppress(OSError):
        os.nice(NICE)
    signal.signal(signal.SIGPROF, _too_long)
    while (written := _next(asked)) is not None:
        found = pickle.dumps(_looked_at(*pickle.loads(written)))  # noqa: S301 - of the process that began this one
        told.write(len(found).to_bytes(HEAD_BYTES, "big") + found)
        told.flush()


def _next(asked: BinaryIO) -> bytes | None:
    ready, _, _ = select.select([asked], [], [], IDLE_SECONDS)
    head = asked.read(HEAD_BYTES) if ready else b""
    return asked.read(int.from_bytes(head, "big")) if len(head) == HEAD_BYTES else None


def _looked_at(written: object, seconds: float) -> tuple[str, Any]:
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            return "document", document_from(written)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except DocumentRefused as refused:
        return "refused", refused.problems[:PROBLEMS_MAX]
    except (TooLong, MemoryError, RecursionError):
        return "heavy", None


PROBLEMS_MAX = 1_000
"""Of hundreds of thousands of problems nobody reads more."""


def _too_long(*_: object) -> None:
    raise TooLong


if __name__ == "__main__":
    main()
