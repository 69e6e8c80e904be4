"""What is kept of a body that came with an Idempotency-Key: enough to tell another body, and to name the field.

32 bytes are the SHA-256 of the whole; then come, for each field at the top, 4 bytes of the hash of its name and 4 of the
hash of its value. Nothing of the body itself can be read from it but by guessing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

WHOLE = 32
PART = 4


def whole_hash(values: Mapping[str, Any] | msgspec.Struct) -> bytes:
    """The first 32 bytes of a fingerprint: what is kept of a purchase, which can be read back and compared itself."""
    return hash_of_json(msgspec.json.encode(values, order="sorted"))


def hash_of_json(json: bytes) -> bytes:
    """The same of values that are JSON already, with their keys in order."""
    return hashlib.sha256(json).digest()


def fingerprint_of(values: Mapping[str, Any]) -> bytes:
    """The fingerprint of a body's canonical values: the order of keys does not matter."""
    parts = [whole_hash(values)]
    for name in sorted(values):
        parts += (_of_name(name), _short(values[name]))
    return b"".join(parts)


def field_that_differs(kept: bytes, values: Mapping[str, Any], *, names: Iterable[str]) -> str | None:
    """The first field (of `names`, in order) by which a body differs from the one whose fingerprint was kept."""
    before = {
        kept[at : at + PART]: kept[at + PART : at + 2 * PART] for at in range(WHOLE, len(kept), 2 * PART)
    }
    for name in names:
        now = _short(values[name]) if name in values else None
        if before.get(_of_name(name)) != now:
            return name
    return None


@lru_cache(maxsize=256)
def _of_name(name: str) -> bytes:
    return _short(name)


def _short(value: Any) -> bytes:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).digest()[:PART]
