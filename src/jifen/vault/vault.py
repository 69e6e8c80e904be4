"""Sealing and finding.

Each person has a key of his own (AES-256-GCM), wrapped by a master key. What is sealed under it is bound to the person and to
the name of the field, so that a ciphertext moved to another row does not open. Erasing a person destroys his wrapped key. What
finds a person (a phone in E.164, an e-mail, a card) stands as HMAC-SHA-256 under an index key: equal values are equal, and
without that key nobody can try all numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jifen.domain.refusals import VaultClosed
from jifen.vault import keyfile
from jifen.vault.keyfile import KEY_BYTES, KeyFile, KeyFileTorn

_VERSION = b"\x01"
_NONCE = 12
LOOKS_EVERY_SECONDS = 1
"""So often it is seen whether the file of keys was replaced."""


class SealTorn(ValueError):
    """What is sealed does not open: another key, another row or field, or a changed byte."""


class PersonKey(NamedTuple):
    """The key of a person as it is kept: wrapped, and under which master key."""

    wrapped: bytes
    master: str


class Sealer:
    """The opened key of one person: seals and opens his fields."""

    __slots__ = ("_cipher", "_person")

    def __init__(self, person_id: UUID, key: bytes) -> None:
        self._person = person_id.bytes
        self._cipher = AESGCM(key)

    def seal(self, field: str, text: str) -> bytes:
        """A value of a field as it is kept."""
        return closed(self._cipher, text.encode(), self._bound(field))

    def open(self, field: str, sealed: bytes) -> str:
        """The value again.

        Raises
            SealTorn   it is not this person's, not this field's, or changed
        """
        return opened(self._cipher, sealed, self._bound(field)).decode()

    def _bound(self, field: str) -> bytes:
        return b"field\0" + self._person + field.encode()


class Vault:
    """The keys of a ledger, read when they are first asked for."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or keyfile.default_path()
        self._keys: KeyFile | None = None
        self._seen: tuple[int, int] = (0, 0)  # of the file that was read: its inode and when it was written
        self._look_at = 0.0

    @classmethod
    def at(cls, home: Path | None) -> Vault:
        """That of an installation whose folder was named; JIFEN_MASTER_KEYS comes first."""
        if home is None or os.environ.get("JIFEN_MASTER_KEYS"):
            return cls()
        return cls(home.absolute() / keyfile.FILE)

    @property
    def keys(self) -> KeyFile:
        """The keys, read anew within a second where the file was replaced: a process that serves learns of a rotation so. While
        it cannot be read they are as they were. Raises FileNotFoundError, KeyFileTorn."""
        if self._keys is None:
            self._read()
        elif (now := time.monotonic()) >= self._look_at:
            self._look_at = now + LOOKS_EVERY_SECONDS
            with suppress(OSError, KeyFileTorn):
                if self._stands() != self._seen:
                    self._read()
        assert self._keys is not None, "they were read"
        return self._keys

    def _read(self) -> None:
        seen = self._stands()
        self._keys, self._seen = keyfile.read(self.path), seen
        self._look_at = time.monotonic() + LOOKS_EVERY_SECONDS

    def _stands(self) -> tuple[int, int]:
        file = self.path.stat()
        return file.st_ino, file.st_mtime_ns

    def make(self) -> None:
        """Read the file of keys, made now where there is none."""
        if self._keys is None:
            keyfile.read_or_make(self.path)
            self._read()

    def look_again(self) -> None:
        """Read the file anew: it may have been rotated."""
        self._keys = None

    def proof(self) -> bytes:
        """What a ledger keeps to know its file of keys again."""
        return hmac.digest(self.keys.ledger, b"proof\0", hashlib.sha256)

    def blind(self, kind: str, value: str) -> bytes:
        """Under what a value of a kind is kept, 32 bytes."""
        return _blind(self.keys.indexes[self.keys.newest_index], kind, value)

    def blinds(self, kind: str, value: str) -> list[bytes]:
        """Under what it may be kept, while index keys are rotated; the newest first."""
        return [_blind(key, kind, value) for key in self.keys.indexes.values()]

    def likeness(self, kind: str, value: str) -> bytes:
        """Under what is kept what may make two persons alike. The ledger's own key is never rotated, so this is not either."""
        return _blind(self.keys.ledger, f"likeness.{kind}", value)

    def new_person(self, person_id: UUID) -> tuple[PersonKey, Sealer]:
        """A key for a person who has none."""
        key = os.urandom(KEY_BYTES)
        return self._wrapped(person_id, key), Sealer(person_id, key)

    def person(self, person_id: UUID, kept: PersonKey) -> Sealer:
        """The opened key of a person.

        Raises
            VaultClosed   his master key is not in the file
            SealTorn      it is not his, or changed
        """
        return Sealer(person_id, self._unwrapped(person_id, kept))

    def rewrapped(self, person_id: UUID, kept: PersonKey) -> PersonKey:
        """The same key under the newest master key."""
        return self._wrapped(person_id, self._unwrapped(person_id, kept))

    def _wrapped(self, person_id: UUID, key: bytes) -> PersonKey:
        master = self.keys.newest_master
        bound = b"person\0" + person_id.bytes + master.encode()
        return PersonKey(closed(AESGCM(self.keys.masters[master]), key, bound), master)

    def _unwrapped(self, person_id: UUID, kept: PersonKey) -> bytes:
        master = self.keys.masters.get(kept.master)
        if master is None:
            raise VaultClosed(f"{self.path} lacks the master key {kept.master!r}: put it back into the file")
        return opened(AESGCM(master), kept.wrapped, b"person\0" + person_id.bytes + kept.master.encode())


def closed(cipher: AESGCM, plain: bytes, bound: bytes) -> bytes:
    """What is sealed: how, a nonce of 12 bytes, the ciphertext with its tag. It opens only with what it is bound to."""
    nonce = os.urandom(_NONCE)
    return _VERSION + nonce + cipher.encrypt(nonce, plain, bound)


def opened(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """What was sealed.

    Raises
        SealTorn   another key, another thing that it was bound to, or a changed byte
    """
    if sealed[:1] != _VERSION:
        raise SealTorn("what is sealed has no form that is known here")
    try:
        return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], bound)
    except (InvalidTag, ValueError):  # a nonce that was cut off is no nonce
        raise SealTorn("what is sealed does not open: another key, another row, or a changed byte") from None


def _blind(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, kind.encode() + b"\0" + value.encode(), hashlib.sha256)
