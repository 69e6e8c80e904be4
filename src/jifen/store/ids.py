"""Ids: UUIDv7, made by the application, so that rows written together stand together."""

from __future__ import annotations

import os
import time
from datetime import datetime
from uuid import UUID

from asyncpg.pgproto import pgproto


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562 sections 5.7 and 6.2, method 3): 48 bits of milliseconds and 12 of their fraction, so that those
    made one after the other stand in their order; then random."""
    millis, rest = divmod(time.time_ns(), 1_000_000)
    value = int.from_bytes(os.urandom(8)) | (rest << 12) // 1_000_000 << 64 | millis << 80
    # As those that come out of the database: made and told in C.
    made: UUID = pgproto.UUID((value & _KEPT | _SET).to_bytes(16))
    return made


def first_id_since(moment: datetime) -> UUID:
    """The lowest id of what was made at that moment or later. Clocks differ: a minute is taken off."""
    millis = int(moment.timestamp() * 1_000) - 60_000
    return UUID(int=max(millis, 0) << 80)


_KEPT = ~(0xF << 76 | 0x3 << 62)
_SET = 0x7 << 76 | 0x2 << 62  # version 7, variant 10
