"""Secrets of operators at rest: sealed under keys that are made from the ledger's own (`jifen.vault`), which no database holds.

Whoever has a dump and not the file of keys reads no sealed secret.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jifen.domain.refusals import VaultClosed
from jifen.vault import SealTorn
from jifen.vault.vault import closed, opened

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class Sealer:
    """Seals and opens with keys made from one key, apart for each purpose."""

    def __init__(self, key: bytes) -> None:
        self._of = key

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self._of, b"jifen:" + purpose.encode(), hashlib.sha256)

    def seal(self, secret: bytes, *, purpose: str, about: str) -> bytes:
        """The secret as it is kept; it opens only for the same purpose and the same thing."""
        return closed(AESGCM(self._key(purpose)), secret, about.encode())

    def unseal(self, sealed: bytes, *, purpose: str, about: str) -> bytes:
        """What was sealed.

        Refuses
            VaultClosed   other keys sealed it, or it was sealed for something else
        """
        try:
            return opened(AESGCM(self._key(purpose)), sealed, about.encode())
        except SealTorn:
            detail = f"what is kept for {purpose} was sealed under other keys: put back the file (JIFEN_MASTER_KEYS)"
            raise VaultClosed(detail) from None

    def mark(self, text: str, *, purpose: str) -> bytes:
        """A mark that only who has the keys can make."""
        return hmac.digest(self._key(purpose), text.encode(), hashlib.sha256)

    def is_mark(self, mark: bytes, text: str, *, purpose: str) -> bool:
        """Whether it is the mark of this text, in the same time whatever it is."""
        return hmac.compare_digest(mark, self.mark(text, purpose=purpose))


async def sealer_of(ledger: Ledger) -> Sealer:
    """The sealer of this ledger.

    Refuses
        VaultClosed   the keys are not there
    """
    return Sealer(await ledger.own_key())
