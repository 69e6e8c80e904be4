"""Passwords and second factors: hashed by argon2id, codes by time (TOTP), and tokens with 256 random bits."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from jifen.domain.operators import RECOVERY_CODES, code_in_form, password_in_form

_HASHER: Final = PasswordHasher()  # RFC 9106's second choice: 64 MiB, three passes
_AT_ONCE: Final = 2
"""So many passwords are looked at together in a process: each takes 64 MiB and a processor for a while."""
_WAITING_MAX: Final = 32
TOTP_SECONDS: Final = 30
_STEPS: Final = (0, -1, 1)  # a phone's clock may be half a minute off
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no letter is taken for a digit
_RECOVERY_LENGTH: Final = 16
_ISSUER: Final = "Jifen"
_SESSION_TOKEN: Final = re.compile(r"([0-9a-f]{32})_[A-Za-z0-9_-]{43}")
AGENT_MAX: Final = 200


class TooManyPasswords(TimeoutError):
    """More passwords wait to be looked at than this process looks at in seconds: it is busy."""


class _Desk:
    """Where passwords wait to be looked at."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(_AT_ONCE)
        self.waiting = 0


@lru_cache(maxsize=4)
def _desk_of(_: asyncio.AbstractEventLoop) -> _Desk:
    return _Desk()


def check_room() -> None:
    """Refuse before anything is counted or looked up where too many wait already.

    Raises
        TooManyPasswords   it is busy
    """
    if _desk_of(asyncio.get_running_loop()).waiting >= _WAITING_MAX:
        raise TooManyPasswords


async def hash_password(password: str) -> str:
    """What is kept of a password."""
    return str(await _in_turn(_HASHER.hash, password_in_form(password)))


async def is_password(password: str, kept: str | None) -> bool:
    """Whether it is the password. Without one that is kept it takes as long and is not, so that nobody learns who exists."""
    found = await _in_turn(_verify, kept or _nobodys(), password_in_form(password))
    return bool(found) and kept is not None


async def _in_turn(work: object, *arguments: str) -> object:
    desk = _desk_of(asyncio.get_running_loop())
    if desk.waiting >= _WAITING_MAX:
        raise TooManyPasswords
    desk.waiting += 1
    try:
        async with desk.room:
            return await asyncio.to_thread(work, *arguments)  # type: ignore[arg-type]
    finally:
        desk.waiting -= 1


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def wants_rehash(kept: str) -> bool:
    """Whether a hash was made with other parameters than those of this release."""
    return _HASHER.check_needs_rehash(kept)


# -- tokens ---------------------------------------------------------------------------------------------------------------


def new_token() -> str:
    """256 random bits, as text for an address or a cookie."""
    return secrets.token_urlsafe(32)


def session_token(session_id: UUID) -> str:
    """What opens a session: its id, and 256 random bits."""
    return f"{session_id.hex}_{new_token()}"


def session_id_of(token: str) -> UUID | None:
    """The id that a session's token names; None when it is no token at all."""
    found = _SESSION_TOKEN.fullmatch(token)
    return UUID(found.group(1)) if found else None


def agent_kept(agent: str) -> str:
    """What is kept of how a browser names itself."""
    return "".join(one for one in agent[:AGENT_MAX] if one.isprintable())


def token_hash(token: str) -> bytes:
    """What is kept of a token: it has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token_of(token: str) -> str:
    """The token that a page sends with each write. It follows from the cookie, which no page can read, so nobody keeps it."""
    return urlsafe_b64encode(hmac.digest(token.encode(), b"jifen csrf", hashlib.sha256)).decode().rstrip("=")


# -- codes ----------------------------------------------------------------------------------------------------------------


def new_totp_secret() -> str:
    """A secret for an authenticator, as text (base32)."""
    return pyotp.random_base32()


def totp_uri(secret: str, login: str) -> str:
    """What an authenticator scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)


def step_of_code(secret: str, code: str, *, at: datetime) -> int | None:
    """The step of 30 seconds whose code this is, within one of now; None: it is none of them."""
    told, now = code_in_form(code), int(at.timestamp()) // TOTP_SECONDS
    one = pyotp.TOTP(secret)
    found = None
    for step in (now + off for off in _STEPS):
        if hmac.compare_digest(one.at(step * TOTP_SECONDS).encode(), told.encode()) and found is None:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, in groups as they are written down."""
    made = [
        "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)
    ]
    return ["-".join(one[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4)) for one in made]


def recovery_hash(code: str) -> bytes:
    """What is kept of a recovery code, however it is grouped."""
    return hashlib.sha256(b"jifen recovery" + code_in_form(code).encode()).digest()
