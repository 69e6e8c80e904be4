"""What is written in one turn of the loop leaves together, in order, and nothing stays behind."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

from jifen.api.wire import LinesTogether, _Transport, line_of


class Written:
    """A transport that remembers each write, and what else it is asked."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.writes.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        self.writes.append(b"(pause)")

    def resume_reading(self) -> None:
        self.writes.append(b"(resume)")

    def get_extra_info(self, name: str) -> Any:
        return f"info of {name}"


def test_writes_of_one_turn_leave_in_one_and_in_order() -> None:
    async def main() -> list[bytes]:
        under = Written()
        transport = _Transport(under)
        transport.write(b"head ")
        transport.write(b"body")
        assert under.writes == []
        await asyncio.sleep(0)
        transport.write(b"next")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return under.writes

    assert asyncio.run(main()) == [b"head body", b"next"]


def test_closing_sends_what_was_written_before() -> None:
    async def main() -> Written:
        under = Written()
        transport = _Transport(under)
        transport.write(b"last words")
        transport.close()
        await asyncio.sleep(0)
        assert transport.is_closing()
        return under

    under = asyncio.run(main())

    assert (under.writes, under.is_closed) == ([b"last words"], True)


def test_all_else_is_asked_of_the_transport_itself() -> None:
    async def main() -> tuple[list[bytes], Any]:
        under = Written()
        transport = _Transport(under)
        transport.pause_reading()
        transport.resume_reading()
        return under.writes, transport.get_extra_info("peername")

    assert asyncio.run(main()) == ([b"(pause)", b"(resume)"], "info of peername")


class Log(io.BytesIO):
    """A file that counts its writes."""

    writes = 0

    def write(self, data: Any) -> int:
        self.writes += 1
        return super().write(data)


def test_lines_of_one_turn_are_written_together() -> None:
    file = Log()
    log = LinesTogether(file)

    async def main() -> None:
        log.info(b"one\n")
        log.error(b"two\n")
        await asyncio.sleep(0)
        log.info(b"three\n")
        await asyncio.sleep(0)

    asyncio.run(main())

    assert (file.getvalue(), file.writes) == (b"one\ntwo\nthree\n", 2)


def test_without_a_loop_a_line_is_written_at_once() -> None:
    file = Log()

    LinesTogether(file).info(b"one\n")

    assert file.getvalue() == b"one\n"


class Full(io.BytesIO):
    """A file on a disk that is full, until it is not."""

    is_full = True
    tries = 0

    def write(self, data: Any) -> int:
        self.tries += 1
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_lines_that_cannot_be_written_are_dropped_and_counted_and_the_loop_goes_on() -> None:
    """The fault: one line that could not be written was told of in the log, and so on: 3,338 times in a second."""
    file = Full()
    log = LinesTogether(file)
    before = LinesTogether.lost
    told: list[Any] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        log.info(b"one\n")
        log.info(b"two\n")
        for _ in range(100):
            await asyncio.sleep(0)
        file.is_full = False
        log.info(b"three\n")
        await asyncio.sleep(0)

    asyncio.run(main())

    assert told == []
    assert file.tries == 2
    assert LinesTogether.lost == before + 2
    assert file.getvalue() == b"three\n"


def test_a_line_of_the_log_is_one_line_that_no_terminal_obeys() -> None:
    said = "/v1/\x9b31m\x1b[2J\n\u2028\u202e\x7f牛奶"
    line = line_of(None, "info", {"route": said})
    assert json.loads(line)["route"] == said
    text = line.decode()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    assert not any(one in text for one in "\x9b\x1b\u2028\u202e\x7f")
    assert "牛奶" in text
