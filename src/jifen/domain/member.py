"""A member as the fold keeps it: integers in flat sequences, dressed from rows and undressed into them."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.timeline import Timeline


class Lot(NamedTuple):
    """Units earned together. opened = left + held + gone + expired + returned."""

    number: int
    currency: int
    left: int
    held: int
    gone: int
    expired: int
    returned: int
    expires_day: int
    matures_day: int
    origin: int
    opened: int


class Member(NamedTuple):
    """Everything the fold keeps of one member. The lists are never changed in place.

    `lots` may be a part: those that this decision can touch (`Decision` says which changed).
    """

    member_id: UUID
    status: str
    scalars: list[int]
    lots: list[int]
    window: list[int]
    history: list[int]
    counters: list[int]
    holds: list[int]

    @property
    def sequence(self) -> int:
        """Number of the last entry."""
        return self.scalars[fold.SEQUENCE]

    @property
    def tier(self) -> int:
        """Number of the tier held."""
        return self.scalars[fold.TIER]

    def balance(self, currency: int) -> int:
        """What is open in the lots less debt."""
        return self.scalars[fold.BALANCES + currency * fold.BALANCE_WIDTH + fold.BALANCE]

    def debt(self, currency: int) -> int:
        """What is owed."""
        return self.scalars[fold.BALANCES + currency * fold.BALANCE_WIDTH + fold.DEBT]

    @property
    def balances(self) -> list[int]:
        """The balance in each currency."""
        return self.scalars[fold.BALANCES :: fold.BALANCE_WIDTH]

    @property
    def debts(self) -> list[int]:
        """The debt in each currency."""
        return self.scalars[fold.BALANCES + 1 :: fold.BALANCE_WIDTH]

    def lot_rows(self) -> list[Lot]:
        """The lots as rows."""
        width = fold.LOT_WIDTH
        return [Lot(*self.lots[i : i + width]) for i in range(0, len(self.lots), width)]

    def is_due(self, day: int, at: int) -> bool:
        """Whether time has made something due, so that the open lots are needed."""
        return self.scalars[fold.NEXT_DUE_DAY] <= day or self.scalars[fold.NEXT_LAPSE_AT] <= at


def fresh_scalars(n_currencies: int, tier: int) -> list[int]:
    """The scalars of a member to whom nothing has happened."""
    scalars = [0] * (fold.BALANCES + n_currencies * fold.BALANCE_WIDTH)
    scalars[fold.TIER] = tier
    scalars[fold.JUDGED_TIER] = tier
    scalars[fold.REVIEW_DAY] = fold.FAR
    scalars[fold.LAST_PURCHASE_DAY] = -1
    scalars[fold.TIERS_HELD] = 1
    scalars[fold.NEXT_DUE_DAY] = fold.FAR
    scalars[fold.NEXT_LAPSE_AT] = fold.FAR_AT
    return scalars


def new_member(member_id: UUID, timeline: Timeline) -> Member:
    """A member who has just been enrolled, at the foot of the ladder."""
    tier = timeline.newest.ladder.tiers[0].number
    return Member(
        member_id=member_id,
        status="active",
        scalars=fresh_scalars(timeline.n_currencies, tier),
        lots=[],
        window=[],
        history=[0, 0, tier],
        counters=[],
        holds=[],
    )


def latest_counters(counters: list[int]) -> list[int]:
    """The counters of each rule's latest day and latest month; the interpreted twin is `fold.keep_latest_counters`."""
    rows = len(counters) // fold.COUNTER_WIDTH
    scalars = [0] * (fold.COUNTERS + 1)
    scalars[fold.COUNTERS] = rows
    kept = [0] * len(counters)
    n = fold.keep_latest_counters(scalars, counters, kept, 0)
    return kept[: n * fold.COUNTER_WIDTH]
