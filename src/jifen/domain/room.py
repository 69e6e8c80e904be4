"""How much room the fold needs: computed here and nowhere else, from everything that can fill it.

Till, import, replay and back-test all ask here about postings, movements, lots, holds and tiers held; a day or a limit's period
has a row where something occurred in it. `fold.apply` answers TORN when there was too little for what is put down here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from jifen.domain import fold


class Size(NamedTuple):
    """What fills the tables of one member, or of a whole life: rows that are there, and what an event can add."""

    lots: int  # there before, and those that can be opened
    holds: int
    hits: int
    legs: int
    moves: int  # movements that are to be undone, and lots that another member leaves
    currencies: int
    terms: int
    events: int = 1


def lots_opened(size: Size) -> int:
    """Lots that events can open: one for each terms of what is earned, one for each leg and each movement undone."""
    return size.events * size.terms + size.legs + size.moves


def postings(size: Size) -> int:
    """Rows of `posted`.

    Each lot expires once, and once more for each hold that comes back to it after its time; each is earned or received
    once; each terms has a posting for each leg and each return; each movement that is undone has one and may expire again.
    """
    return 2 * size.lots + size.holds + size.terms * (size.legs + 2 * size.events) + 3 * size.moves + 4


def movements(size: Size) -> int:
    """Rows of `moved`.

    Of each lot: opened, drawn, expired, taken back in three parts, owed; each hold is put there, spent or let go; what
    comes back to a lot or is opened can repay debt, in as many parts as there are lots or debts.
    """
    return (
        8 * size.lots
        + 3 * size.holds
        + 4 * size.hits
        + 4 * size.legs
        + 5 * size.moves
        + 2 * size.currencies
        + 8
    )


def holds(size: Size) -> int:
    """Rows of `holds` for one event: those that are there, and one for each lot that a leg can draw from."""
    return size.holds + size.legs * size.lots


class Rows(NamedTuple):
    """Rows that one event needs."""

    lots_opened: int
    postings: int
    movements: int
    holds: int


class Brought(NamedTuple):
    """Rows that another member leaves."""

    lots: int = 0
    days: int = 0
    counters: int = 0


NOTHING = Brought()


def brought(carried: Sequence[int]) -> Brought:
    """The same of what is carried in; nothing is no rows."""
    if not len(carried):
        return NOTHING
    rows = (fold.CARRIED_LOTS, fold.CARRIED_DAYS, fold.CARRIED_COUNTERS)
    return Brought(*(int(carried[row]) for row in rows))


def handed_over(brought: Brought, *, ladders: int, currencies: int) -> int:
    """Numbers of `carried` for a member who leaves so many rows to another."""
    return (
        fold.CARRIED_WIDTH
        + ladders * fold.LEFT_WIDTH
        + currencies
        + brought.lots * fold.BROUGHT_WIDTH
        + brought.days * (fold.DAYS_COUNTED + ladders)
        + brought.counters * fold.COUNTER_WIDTH
    )


def tiers_held(lifts: int, tiers: int, ladders: int) -> int:
    """Rows of `history` that so many lifts can add on each ladder, and the reviews between: each takes a rank at least of what
    stood or was lifted; and where a late one ends, one that goes on as before."""
    return (lifts + 1) * (tiers + 2) * ladders


def past(entries: int, ladders: int) -> int:
    """Numbers of `past` for so many entries, and one more."""
    return 1 + (entries + 1) * (fold.PAST_COUNTED + ladders)


@lru_cache(maxsize=4096)
def rows_of_one(
    lots: int, holds_there: int, hits: int, legs: int, moves: int, currencies: int, terms: int
) -> Rows:
    """The same for one event, of what `Size` names: at the till the same few sizes come again and again."""
    size = Size(lots, holds_there, hits, legs, moves, currencies, terms)
    opened = lots_opened(size)
    full = size._replace(lots=size.lots + opened)
    return Rows(opened, postings(full), movements(full), holds(size))
