"""What is kept of a body that came with an Idempotency-Key: enough to tell another body, and to name the field.

32 bytes are the HMAC-SHA-256 of the whole under the ledger's own key; then come, for each field at the top, 4 bytes of that of
its name and 4 of that of its value. Whoever has not the key (`jifen.vault`) cannot try what a body may have said: a card
or a phone.

Of a purchase, which can be read back and compared itself, the SHA-256 of all that was told is kept, and of its member only
whether one was named.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

WHOLE = 32
PART = 4


def purchase_hash(values: Mapping[str, Any]) -> bytes:
    """What is kept of a purchase's canonical values."""
    named = {**values, "member": True} if "member" in values else values
    return hash_of_json(msgspec.json.encode(named, order="sorted"))


def hash_of_json(json: bytes) -> bytes:
    """The same of values that are JSON already, with their keys in order."""
    return hashlib.sha256(json).digest()


def fingerprint_of(values: Mapping[str, Any], key: bytes) -> bytes:
    """The fingerprint of a body's canonical values under a key: the order of fields does not matter."""
    parts = [_mac(values, key)]
    for name in sorted(values):
        parts += (_of_name(name, key), _short(values[name], key))
    return b"".join(parts)


def field_that_differs(
    kept: bytes, values: Mapping[str, Any], key: bytes, *, names: Iterable[str]
) -> str | None:
    """The first field (of `names`, in order) by which a body differs from the one whose fingerprint was kept."""
    before = {
        kept[at : at + PART]: kept[at + PART : at + 2 * PART] for at in range(WHOLE, len(kept), 2 * PART)
    }
    for name in names:
        now = _short(values[name], key) if name in values else None
        if before.get(_of_name(name, key)) != now:
            return name
    return None


@lru_cache(maxsize=256)
def _of_name(name: str, key: bytes) -> bytes:
    return _short(name, key)


def _short(value: Any, key: bytes) -> bytes:
    return _mac(value, key)[:PART]


def _mac(value: Any, key: bytes) -> bytes:
    return hmac.digest(key, msgspec.json.encode(value, order="sorted"), "sha256")
