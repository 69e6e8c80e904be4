"""Ids as they are shown: a prefix says what an id names (`mbr_`, `pur_` ...) and 32 hexadecimal digits say which."""

from __future__ import annotations

import re
from uuid import UUID

_HEX = re.compile(r"[0-9a-f]{32}")


def prefixed(prefix: str, value: UUID) -> str:
    """The id as it is shown: `mbr_01a2...`."""
    return f"{prefix}_{value.hex}"


def unprefixed(prefix: str, text: str) -> UUID | None:
    """The id without its prefix; None when the text is no such id."""
    head, _, digits = text.partition("_")
    return UUID(digits) if head == prefix and _HEX.fullmatch(digits) else None
