"""What a decision is: postings with reasons, movements of lots, what became of every hit, the member before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from jifen.domain import fold
from jifen.domain.events import Leg, Slice
from jifen.domain.member import Lot, Member
from jifen.domain.program.select import Hit
from jifen.domain.verbs import Verb


class Reason(NamedTuple):
    """Why units moved: the rule (0: no rule), what it desired and what was granted."""

    rule: int
    desired: int
    granted: int


class HitResult(NamedTuple):
    """What became of a hit: also where nothing was granted, and why not. Of a return: what was taken, and what forgiven."""

    rule: int  # position in the revision that judged
    amount: int
    quantity: int
    desired: int
    granted: int
    why: int  # `verbs.Why`; of a return the units forgiven


HIT_KEPT_WIDTH = len(HitResult._fields)
"""Numbers that the journal keeps of a hit."""


OFF = -1
"""The room of a rule that is switched off (`fold.room_told`)."""


def rooms_told(kept: Sequence[int]) -> dict[int, int]:
    """What pools had for the hits of an occasion, as the journal keeps them: by position, where that was less than desired; and
    `OFF` where the rule was switched off."""
    found = {}
    for at in range(0, len(kept), HIT_KEPT_WIDTH):
        if kept[at + 5] == fold.POOLED:
            found[kept[at]] = kept[at + 4]
        elif kept[at + 5] == fold.SWITCHED_OFF:
            found[kept[at]] = OFF
    return found


class Posting(NamedTuple):
    """One movement between the member and the programme. Reasons add up to its units."""

    currency: int
    verb: Verb
    units: int
    balance_after: int
    terms: int
    lot: int | None
    due_on: date | None  # None: at the moment of the entry
    reasons: tuple[Reason, ...]


class Decision(NamedTuple):
    """What is to be written for one event of one member."""

    sequence: int
    row: int  # of the timeline: the revision that judged
    postings: tuple[Posting, ...]
    moves: list[int]  # rows of fold.MOVE_WIDTH: every movement of every lot
    before: Member
    after: Member
    lots_changed: tuple[Lot, ...]
    masks: tuple[int, ...] = ()
    results: tuple[HitResult, ...] = ()  # one for each hit, those that granted nothing too
    forgiven: Mapping[int, int] = MappingProxyType({})  # by currency; returns only
    slices: tuple[Slice, ...] = ()  # gifts only
    legs: tuple[Leg, ...] = ()  # purchases only: what is paid with units
    carried: tuple[
        int, ...
    ] = ()  # of a member who leaves everything to another: that, as `fold.py` lays it out

    @property
    def judged_tier(self) -> int:
        """The tier of the first ladder that the last occasion was judged by."""
        return self.after.ladders[fold.STANDS_JUDGED]

    @property
    def has_effect(self) -> bool:
        """Whether anything but the clock moved."""
        return bool(self.moves) or (
            self.before.history != self.after.history or self.before.ladders != self.after.ladders
        )

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What select saw; of a return, what came back."""
        return tuple([Hit(*result[:3]) for result in self.results])
