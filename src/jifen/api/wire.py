"""How answers and lines of the log leave the process: what is written in one turn of the loop leaves in one system call.

uvicorn writes the head of an answer and then its body, and a batch answers many requests in one turn. Each write would be
a system call, and at the other end of the connection a wake-up: they cost more than making the answer.
"""

from __future__ import annotations

import asyncio
import atexit
from datetime import UTC, datetime
from io import RawIOBase
from typing import Any, BinaryIO, ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jifen.domain.texts import one_line


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol, over a transport that waits for the end of the turn."""

    def connection_made(self, transport: Any) -> None:
        """Take a connection."""
        super().connection_made(_Transport(transport))  # type: ignore[arg-type]


class _Transport:
    """A transport whose writes of one turn leave together. All else it is asked goes to the transport itself."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._held: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)

    def _flush(self) -> None:
        held, self._held = self._held, []
        if held:
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class LinesTogether:
    """A logger for structlog: lines of one turn of the loop are written together; where no loop runs, each at once."""

    lost: ClassVar[int] = 0  # lines that this process could not write, of every log

    def __init__(self, file: BinaryIO | RawIOBase) -> None:
        self._file = file
        self._held: list[bytes] = []
        atexit.register(self._flush)

    def msg(self, line: bytes) -> None:
        """Take one line, with its end."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write([line])
            return
        if not self._held:
            loop.call_soon(self._flush)
        self._held.append(line)

    debug = info = warning = error = critical = exception = log = msg

    def _flush(self) -> None:
        held, self._held = self._held, []
        if held:
            self._write(held)

    def _write(self, lines: list[bytes]) -> None:
        """Where they cannot be written they are dropped and counted: a line about it would be another that cannot be."""
        left = memoryview(b"".join(lines))
        try:
            while left:
                written = self._file.write(left)
                if not written:
                    raise OSError("the log takes nothing")  # it would block; nobody who serves waits for it
                left = left[written:]
            self._file.flush()
        except (OSError, ValueError):
            LinesTogether.lost += len(lines)


def line_of(_: Any, level: str, event: Any) -> bytes:
    """A line of JSON. What structlog's processors for level, time and JSON do, in a third of their time: there is one for
    each request. What JSON lets through and a terminal would obey (U+007F to U+009F, U+202E ...) stands there by its number."""
    event["level"] = level
    event["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = msgspec.json.encode(event, enc_hook=str)
    if not line.isascii() or b"\x7f" in line:
        line = one_line(line.decode()).encode()
    return line + b"\n"
