"""What a programme exchanges, and how a member stands to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from jifen.domain.events import EXCHANGES_AT_ONCE
from jifen.domain.program.meaning import Exchange, Program


class Offered(NamedTuple):
    """An exchange, and how a member stands to it."""

    exchange: Exchange
    available: int  # smallest units of what it takes
    times: int  # how often it can be made now
    missing: int  # units to the first time; 0: they are there


def offered(program: Program, available: Mapping[int, int], *, may_spend: bool) -> tuple[Offered, ...]:
    """Every exchange of a programme in its order, by the units of each currency that can be used now."""
    found = []
    for exchange in program.exchanges:
        have = available.get(exchange.currency, 0)
        times = min(have // exchange.units, EXCHANGES_AT_ONCE) if may_spend else 0
        found.append(Offered(exchange, have, times, max(exchange.units - have, 0)))
    return tuple(found)
