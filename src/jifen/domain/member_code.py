"""The member code: twenty digits on a phone that change every 30 seconds, made offline and proven by the ledger (decision 0122).

    0042117306  682818562  9
    number of the device   proof of this half minute   check digit

The number is drawn by lot and belongs to no member on its face; it changes whenever the app asks for another one. The proof is
HMAC-SHA-256 over number and half minute under the device's own key, cut to nine digits as RFC 6238 cuts its passwords. The key
comes from a secret that lies outside of the database, so nobody who steals a dump can make a code.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from jifen.domain.check_digits import CardCheck, is_right, with_check
from jifen.domain.refusals import CodeWrong

STEP: Final = timedelta(seconds=30)
DRIFT_STEPS: Final = 2
"""A phone's clock may be a minute ahead or behind."""
NUMBER_DIGITS: Final = 10
PROOF_DIGITS: Final = 9
DIGITS: Final = NUMBER_DIGITS + PROOF_DIGITS + 1
SECRET_BYTES: Final = 32
KEPT_OFFLINE: Final = timedelta(hours=72)
"""A till that was offline may bring a code so much later."""
CHECKOUT: Final = timedelta(minutes=10)
"""A code that opened a checkout serves it for so long."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Shown(NamedTuple):
    """What a code says: which device it claims to be of, and its proof."""

    number: int
    proof: str


def root_id(root: bytes) -> str:
    """By what name a row says which secret its key comes from; it tells nothing of the secret."""
    return hmac.digest(root, b"jifen member code root", "sha256").hex()[:8]


def device_key(root: bytes, number: int, device_id: UUID) -> bytes:
    """The key of one number of one device: 32 bytes."""
    assert len(root) >= SECRET_BYTES, "a secret of fewer bytes could be guessed"
    return hmac.digest(root, b"jifen member code key 1" + number.to_bytes(8) + device_id.bytes, "sha256")


def step_at(moment: datetime) -> int:
    """The half minute of a moment, counted from 1970."""
    return (moment - _EPOCH) // STEP


def code_at(key: bytes, number: int, moment: datetime) -> str:
    """The code that a phone shows at a moment: what the app computes, and tests."""
    digits = f"{number:0{NUMBER_DIGITS}}{_proof(key, number, step_at(moment))}"
    return with_check(digits, CardCheck.LUHN)


def read_code(text: str) -> Shown:
    """What a scanned or typed code says.

    Refuses
        CodeWrong   it is no twenty digits of which the last one fits
    """
    if len(text) != DIGITS or not is_right(text, CardCheck.LUHN):
        raise CodeWrong(f"a code has {DIGITS} digits, and these are no code", pointer="/member/code")
    return Shown(int(text[:NUMBER_DIGITS]), text[NUMBER_DIGITS:-1])


def proven_step(key: bytes, shown: Shown, moment: datetime) -> int | None:
    """The half minute that a code proves, of those that a phone may show at this moment; None: it proves none."""
    now = step_at(moment)
    proven = None
    # All are tried, and each in constant time: how long it takes tells nothing.
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(_proof(key, shown.number, step), shown.proof):
            proven = step
    return proven


def _proof(key: bytes, number: int, step: int) -> str:
    told = b"jifen member code 1" + number.to_bytes(8) + step.to_bytes(8)
    cut = int.from_bytes(hmac.digest(key, told, hashlib.sha256)[:8])
    return f"{cut % 10**PROOF_DIGITS:0{PROOF_DIGITS}}"
