"""Who carries a message to a member's phone or e-mail: what is sent, and the few carriers that come with it (decision 0130).

A shop's SMS gateway is its own: `Http` hands each message to an address of the shop's, which hands it on.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from http.client import HTTPException
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

URL_VARIABLE: Final = "JIFEN_SEND_URL"
SECRET_VARIABLE: Final = "JIFEN_SEND_SECRET"  # noqa: S105 - the name of a setting
SMTP_VARIABLE: Final = "JIFEN_SMTP_URL"
FROM_VARIABLE: Final = "JIFEN_SMTP_FROM"
SECONDS: Final = 10
"""A carrier that takes longer has not carried it."""
KEPT: Final = 100
THREADS: Final = 4
UNDER_WAY_MAX: Final = 40


class Message(NamedTuple):
    """One message. `kind` is phone or email, `to` in its form; nothing of it is kept here."""

    kind: str
    to: str
    subject: str
    text: str
    language: str


class NotSent(Exception):
    """It did not leave; the text says why, without whom it was to."""


class Sender(Protocol):
    """What carries messages."""

    async def send(self, message: Message) -> None:
        """Carry it, or raise `NotSent`."""


class Recorder:
    """Keeps the last messages in memory instead of sending them: for tests, and for a demo, which shows them."""

    def __init__(self) -> None:
        self.sent: deque[Message] = deque(maxlen=KEPT)

    async def send(self, message: Message) -> None:
        """Keep it."""
        self.sent.append(message)


class Nobody:
    """Where nothing was set up nothing is sent, and that is said."""

    async def send(self, message: Message) -> None:
        """Say that there is no carrier for it."""
        wanted = SMTP_VARIABLE if message.kind == "email" else URL_VARIABLE
        raise NotSent(
            f"nothing carries messages to a {message.kind} here: set {wanted} (docs/members-app.md)"
        )


class _Room:
    """Threads of the carriers' own, a few: a slow one makes nobody else of the process wait."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="jifen-send")
        self._under_way = 0

    async def run(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do it, and wait no longer than `SECONDS`; the thread ends when it ends.

        Raises
            NotSent        too many are under way, or it takes too long
        """
        if self._under_way >= UNDER_WAY_MAX:
            raise NotSent(f"{UNDER_WAY_MAX} messages are under way already: the carrier is slow")
        self._under_way += 1
        done = asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        done.add_done_callback(self._over)
        try:
            await asyncio.wait_for(asyncio.shield(done), SECONDS)
        except TimeoutError:
            raise NotSent(f"the carrier took longer than {SECONDS} seconds") from None

    def _over(self, done: asyncio.Future[None]) -> None:
        self._under_way -= 1
        if not done.cancelled():
            done.exception()  # whoever waited has it; of one that came too late it is not told again


_ROOM = _Room()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is no delivery: the message would be dropped, and its signature told to somebody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""
        return None


class Http:
    """POSTs each message as JSON to one address. `Jifen-Signature` is HMAC-SHA-256 of the body under the secret, in hex."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{URL_VARIABLE} is no address of http or https")
        if not secret:
            raise ValueError(
                f"{SECRET_VARIABLE} is empty: whoever receives messages could not know that they are ours"
            )
        self._url, self._secret = url, secret.encode()

    async def send(self, message: Message) -> None:
        """Hand it over; any answer of the 200s says that it was taken, and a redirect is none."""
        told = {"kind": message.kind, "to": message.to, "text": message.text, "language": message.language}
        body = json.dumps(told, ensure_ascii=False).encode()
        signature = hmac.digest(self._secret, body, hashlib.sha256).hex()
        headers = {"Content-Type": "application/json", "Jifen-Signature": signature}
        request = urllib.request.Request(self._url, data=body, headers=headers, method="POST")  # noqa: S310
        try:
            await _ROOM.run(self._post, request)
        except urllib.error.HTTPError as error:
            raise NotSent(f"{URL_VARIABLE} answered {error.code}") from None
        except (OSError, HTTPException) as error:
            raise NotSent(f"{URL_VARIABLE} does not answer: {type(error).__name__}") from None

    @staticmethod
    def _post(request: urllib.request.Request) -> None:
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=SECONDS):
                pass
        except urllib.error.HTTPError as error:
            error.close()  # it holds the line to the carrier
            raise


class Smtp:
    """Sends e-mail by a server: smtps://user:password@host:465, or smtp://... with STARTTLS."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError(f"{SMTP_VARIABLE} is no smtp://host:port or smtps://host:port")
        if "@" not in sender:
            raise ValueError(f"{FROM_VARIABLE} names who sends: an e-mail address")
        self._parts, self._from = parts, sender

    async def send(self, message: Message) -> None:
        """Send it; the server took it, or it did not leave."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._from, message.to, message.subject
        mail["Content-Language"] = message.language
        mail.set_content(message.text)
        try:
            await _ROOM.run(self._hand_over, mail)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"the mail server did not take it: {type(error).__name__}") from None

    def _hand_over(self, mail: EmailMessage) -> None:
        parts = self._parts
        assert parts.hostname is not None, "it was looked at"
        safely = ssl.create_default_context()
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(parts.hostname, parts.port or 465, timeout=SECONDS, context=safely)
        else:
            server = smtplib.SMTP(parts.hostname, parts.port or 587, timeout=SECONDS)
        with server:
            if parts.scheme == "smtp" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
                server.starttls(context=safely)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)


class ByKind:
    """E-mail by one carrier, phones by another."""

    def __init__(self, *, phone: Sender, email: Sender) -> None:
        self._by = {"phone": phone, "email": email}

    async def send(self, message: Message) -> None:
        """By the one that there is for its kind."""
        await self._by[message.kind].send(message)


def sender_of_environment() -> Sender:
    """The carriers that the environment names.

    Raises
        ValueError   a setting cannot be
    """
    nobody = Nobody()
    url, smtp = os.environ.get(URL_VARIABLE, ""), os.environ.get(SMTP_VARIABLE, "")
    phone: Sender = Http(url, os.environ.get(SECRET_VARIABLE, "")) if url else nobody
    email: Sender = Smtp(smtp, os.environ.get(FROM_VARIABLE, "")) if smtp else phone
    return ByKind(phone=phone, email=email)
