"""What of the units that are owed will never be claimed, by what became of months of which nothing is open any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

ENDED_UNITS_MIN: Final = 1_000
"""Of fewer units that have ended nothing is expected."""


class Month(Protocol):
    """What became of the units of a month."""

    @property
    def used(self) -> int: ...
    @property
    def expired(self) -> int: ...
    @property
    def left(self) -> int: ...


class Expected(NamedTuple):
    """What is expected of what is open, and by what. `units` is None where too little has ended to say.

    Rounding
        Down, once.
    """

    ended: int  # units that were used or expired, of months of which nothing is open
    ended_expired: int
    units: int | None  # of what is open, so much will never be claimed


def expected_breakage(months: Iterable[Month], *, open_units: int) -> Expected:
    """The share of ended months that expired, of what is open now. A month of which something is open tells too much of who is
    quick, so it is left out."""
    whole = [one for one in months if one.left == 0]
    ended = sum(one.used + one.expired for one in whole)
    expired = sum(one.expired for one in whole)
    if ended < ENDED_UNITS_MIN:
        return Expected(ended, expired, None)
    return Expected(ended, expired, open_units * expired // ended)
