"""Secrets at rest: sealed by AES-256-GCM under keys that are made from the master key, which no database holds.

The master key is a file of 64 hexadecimal digits: `JIFEN_MASTER_KEY_FILE`, else `master.key` in Jifen's folder, made when it is
asked for first. Whoever has a dump of the database and not that file reads no sealed secret.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jifen.embedded.home import home_folder

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

FILE_VARIABLE: Final = "JIFEN_MASTER_KEY_FILE"
FILE_NAME: Final = "master.key"
_FORM: Final = b"\x01"  # AES-256-GCM: this byte, 12 bytes of nonce, the sealed text with its tag
_NONCE_BYTES: Final = 12
_HEX: Final = re.compile(r"[0-9a-f]{64}")


class MasterKeyWrong(Exception):
    """The master key cannot be used: it is no key, or not the one that sealed this."""


class Sealer:
    """Seals and opens with keys made from one master key, apart for each purpose."""

    def __init__(self, master: bytes) -> None:
        assert len(master) == 32, "a master key has 256 bits"
        self._master = master

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self._master, b"jifen:" + purpose.encode(), hashlib.sha256)

    def seal(self, secret: bytes, *, purpose: str, about: str) -> bytes:
        """The secret as it is kept; it opens only for the same purpose and the same thing."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORM + nonce + AESGCM(self._key(purpose)).encrypt(nonce, secret, about.encode())

    def unseal(self, sealed: bytes, *, purpose: str, about: str) -> bytes:
        """What was sealed.

        Raises
            MasterKeyWrong   another key sealed it, or for something else
        """
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if not sealed.startswith(_FORM):
                raise InvalidTag
            return AESGCM(self._key(purpose)).decrypt(nonce, text, about.encode())
        except InvalidTag:
            detail = f"what is kept for {purpose} was sealed with another master key: put back the file ({FILE_VARIABLE})"
            raise MasterKeyWrong(detail) from None

    def mark(self, text: str, *, purpose: str) -> bytes:
        """A mark that only who has the master key can make."""
        return hmac.digest(self._key(purpose), text.encode(), hashlib.sha256)


def sealer_of(ledger: Ledger) -> Sealer:
    """The sealer of this installation. Makes the master key where there is none.

    Raises
        MasterKeyWrong   the file holds no key
        OSError          it cannot be read or made
    """
    named = os.environ.get(FILE_VARIABLE)
    path = Path(named).expanduser() if named else (ledger.home or home_folder()) / FILE_NAME
    return _sealer_at(path.absolute())


@lru_cache(maxsize=8)
def _sealer_at(path: Path) -> Sealer:
    if not path.exists():
        _make(path)
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not _HEX.fullmatch(text):
        raise MasterKeyWrong(f"{path} holds no master key: 64 hexadecimal digits are one")
    return Sealer(bytes.fromhex(text))


def _make(path: Path) -> None:
    """A new key, readable by its owner only. Of two processes that make one at once the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600 from the start
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another was quicker
            os.link(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
