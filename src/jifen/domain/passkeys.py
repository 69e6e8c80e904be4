"""Passkeys of operators (WebAuthn): how many, how long a challenge lasts, and a counter that must not go back (decision 0115)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Final
from unicodedata import normalize

from jifen.domain.refusals import FieldWrong

PASSKEYS_MAX: Final = 10
NAME_MAX: Final = 60
CREDENTIAL_BYTES_MAX: Final = 1_023  # WebAuthn level 2, 5.1
CHALLENGE_BYTES: Final = 32
CHALLENGE_LASTS: Final = timedelta(minutes=5)
FREE_CHALLENGES: Final = 30
"""So many that nobody answered cost no wait: those of a shop share an address."""
WAIT_MAX_OF_CHALLENGES: Final = timedelta(minutes=15)
CHALLENGE_PREFIX: Final = "chl"
_BLANKS = re.compile(r"\s+")


def passkey_name_in_form(text: str, *, pointer: str = "/name") -> str:
    """What an operator calls a passkey: one line, blanks folded.

    Refuses
        FieldWrong   not 1 to 60 printable characters
    """
    name = _BLANKS.sub(" ", normalize("NFC", text)).strip()
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        detail = f"a passkey is called by 1 to {NAME_MAX} printable characters, such as Laptop"
        raise FieldWrong(detail, pointer=pointer, value=text[:50])
    return name


def went_back(kept: int, told: int) -> bool:
    """Whether a counter says that the key was copied: it counts at all, and did not go on (WebAuthn level 2, 7.2 step 21)."""
    return (kept > 0 or told > 0) and told <= kept


def bytes_as_text(told: bytes) -> str:
    """Bytes as a browser's page and WebAuthn write them: base64url without padding."""
    return urlsafe_b64encode(told).decode().rstrip("=")
