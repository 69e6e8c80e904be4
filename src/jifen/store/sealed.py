"""Secrets of operators at rest: sealed by AES-256-GCM under keys made from the ledger's own (`jifen.vault`), which no
database holds. Whoever has a dump and not the file of keys reads no sealed secret.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jifen.domain.refusals import VaultClosed

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

_FORM: Final = b"\x01"  # AES-256-GCM: this byte, 12 bytes of nonce, the sealed text with its tag
_NONCE_BYTES: Final = 12


class Sealer:
    """Seals and opens with keys made from one key, apart for each purpose."""

    def __init__(self, key: bytes) -> None:
        self._of = key

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self._of, b"jifen:" + purpose.encode(), hashlib.sha256)

    def seal(self, secret: bytes, *, purpose: str, about: str) -> bytes:
        """The secret as it is kept; it opens only for the same purpose and the same thing."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORM + nonce + AESGCM(self._key(purpose)).encrypt(nonce, secret, about.encode())

    def unseal(self, sealed: bytes, *, purpose: str, about: str) -> bytes:
        """What was sealed.

        Refuses
            VaultClosed   other keys sealed it, or it was sealed for something else
        """
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if not sealed.startswith(_FORM):
                raise InvalidTag
            return AESGCM(self._key(purpose)).decrypt(nonce, text, about.encode())
        except InvalidTag:
            detail = f"what is kept for {purpose} was sealed under other keys: put back the file (JIFEN_MASTER_KEYS)"
            raise VaultClosed(detail) from None

    def mark(self, text: str, *, purpose: str) -> bytes:
        """A mark that only who has the keys can make."""
        return hmac.digest(self._key(purpose), text.encode(), hashlib.sha256)


async def sealer_of(ledger: Ledger) -> Sealer:
    """The sealer of this ledger.

    Refuses
        VaultClosed   the keys are not there
    """
    return Sealer(await ledger.own_key())
