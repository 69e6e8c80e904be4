"""Open balances: what a member held in another system becomes lots here, each with the day of expiry it had there.

A member takes over once in each currency: the same again is known, and anything else is refused until the entry is reversed.
docs/decisions/0106-opening-balances-are-lots-of-their-own.md says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.decide import decide_opening
from jifen.domain.events import SLICES_MAX, Slice
from jifen.domain.refusals import OpeningDiffers, Refusal
from jifen.store.journal import EntryRow
from jifen.store.openings import Opened, openings_of
from jifen.store.turn import Kept, Turn, Wants, answered, run

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class Opening(Kept, frozen=True, kw_only=True):
    """What one member takes over in one currency; its slices in the order in which their lots are numbered."""

    member_id: UUID
    currency: int
    slices: tuple[Slice, ...]
    note: str | None = None
    actor: str | None = None

    def __post_init__(self) -> None:
        assert 0 < len(self.slices) <= SLICES_MAX, "an opening has lots, and not too many"
        assert all(one.units > 0 for one in self.slices), "a lot holds something"

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> bool:
        """Whether it was taken over now, and not before."""
        member = turn.member(self.member_id)
        before = await openings_of(turn.connection, [self.member_id])
        if is_known(self.slices, before.get((self.member_id, self.currency), ())):
            return False

        decision = decide_opening(
            turn.timeline, member, currency=self.currency, slices=self.slices, now=turn.now
        )

        units = sum(one.units for one in self.slices)
        row = EntryRow("opening", currency=self.currency, units=units, slices=self.slices)
        turn.put_entry(decision, row, actor=self.actor, note=self.note)
        return True


async def open_balances(ledger: Ledger, openings: Sequence[Opening]) -> list[bool | Refusal]:
    """For each whether it was taken over now (or had been before), or why it is refused. The others do not care.

    Refuses
        OpeningDiffers   the member took over something else before, in that currency
        MemberUnknown, MemberClosed
    """
    return answered(await run(ledger, openings))


def is_known(slices: Sequence[Slice], before: Sequence[Opened]) -> bool:
    """Whether the member took over these very lots before. What counts of a lot is its day of expiry and its units.

    Refuses
        OpeningDiffers   he took over others
    """
    if not before:
        return False
    had = Counter((one.expires_day, one.units) for opened in before for one in opened.slices)
    if Counter((one.expires_day, one.units) for one in slices) <= had:
        return True
    units = sum(one.units for opened in before for one in opened.slices)
    raise OpeningDiffers(
        f"{units} units in {had.total()} lots were taken over before, by entry {before[-1].sequence}; "
        f"now {sum(one.units for one in slices)} in {len(slices)} are told",
        pointer="/slices",
        sequence=before[-1].sequence,
        units_before=units,
    )
