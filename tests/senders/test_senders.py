"""What carries messages: handed over signed, or said not to have left; not to another host, and no longer than it may."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jifen import senders
from jifen.senders import Http, Message, Nobody, NotSent, sender_of_environment

MESSAGE = Message(kind="phone", to="+8613800138000", subject="a code", text="123456", language="en")


@contextmanager
def a_carrier(answer: bytes, *, waits: threading.Event | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """One that answers every request so; its address, and what it was sent."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        is_over = threading.Event()

        def serve() -> None:
            while not is_over.is_set():
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                with caller:
                    caller.settimeout(5)
                    read = caller.recv(65_536)
                    while b"\r\n\r\n" not in read or len(read.partition(b"\r\n\r\n")[2]) < 40:
                        more = caller.recv(65_536)
                        if not more:
                            break
                        read += more
                    got.append(read)
                    if waits is not None:
                        waits.wait(20)
                    caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/send", got
        finally:
            if waits is not None:
                waits.set()
            is_over.set()
            thread.join()


OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


async def test_a_message_is_handed_over_signed() -> None:
    with a_carrier(OK) as (url, got):
        await Http(url, "a secret").send(MESSAGE)
    head, _, body = got[0].partition(b"\r\n\r\n")
    assert hmac.digest(b"a secret", body, hashlib.sha256).hex().encode() in head
    assert b"+8613800138000" in body


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://localhost:1/login\r\nContent-Length: 0\r\n\r\n",
        b"garbage\r\n\r\n",
        b"",
    ],
    ids=["500", "redirect", "garbage", "nothing"],
)
async def test_what_did_not_leave_is_said_so_without_whom_it_was_for(answer: bytes) -> None:
    with a_carrier(answer) as (url, got), pytest.raises(NotSent) as no:
        await Http(url, "a secret").send(MESSAGE)
    assert len(got) == 1
    assert "138" not in str(no.value)


async def test_a_carrier_that_is_slow_is_waited_for_so_long_and_makes_nobody_else_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(senders, "SECONDS", 0.3)
    monkeypatch.setattr(senders, "UNDER_WAY_MAX", 6)
    with a_carrier(OK, waits=threading.Event()) as (url, _):
        sending = [asyncio.create_task(Http(url, "a secret").send(MESSAGE)) for _ in range(8)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "elsewhere"), 5) == "elsewhere"
        told = await asyncio.gather(*sending, return_exceptions=True)
    assert all(isinstance(one, NotSent) for one in told)
    assert sum("under way" in str(one) for one in told) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"JIFEN_SEND_URL": "ftp://somewhere", "JIFEN_SEND_SECRET": "x"},
        {"JIFEN_SEND_URL": "http://127.0.0.1:1/"},
        {"JIFEN_SMTP_URL": "http://mail", "JIFEN_SMTP_FROM": "a@b.cn"},
        {"JIFEN_SMTP_URL": "smtps://mail"},
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="JIFEN_"):
        sender_of_environment()


async def test_where_nothing_is_set_up_the_setting_is_named() -> None:
    with pytest.raises(NotSent, match="JIFEN_SEND_URL"):
        await Nobody().send(MESSAGE)
    with pytest.raises(NotSent, match="JIFEN_SMTP_URL"):
        await Nobody().send(MESSAGE._replace(kind="email"))
