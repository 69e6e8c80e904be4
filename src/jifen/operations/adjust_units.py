"""Adjust: give or take units by hand, with a reason that somebody can be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.adjustment import check_adjustment_told
from jifen.domain.decide import decide_units
from jifen.domain.principal import Principal
from jifen.store.gather import Need, currency_number
from jifen.store.journal import EntryRow
from jifen.store.once import Once
from jifen.store.turn import Keyed, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class _Adjust(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    currency: str
    units: int
    note: str
    store: str | None
    actor: str | None

    @property
    def wants(self) -> Wants:
        needs = (Need(self.member_id, self.currency, max(-self.units, 0)),)
        return Wants(members=(self.member_id,), needs=needs)

    async def take(self, turn: Turn) -> dict[str, Any]:
        member = turn.member(self.member_id)
        number = currency_number(turn.gathered, self.currency)
        kind = fold.ADJUST_UP if self.units > 0 else fold.ADJUST_DOWN

        decision = decide_units(
            turn.timeline, member, kind, currency=number, units=abs(self.units), now=turn.now
        )

        row = EntryRow(
            "adjust_up" if self.units > 0 else "adjust_down", currency=number, units=abs(self.units)
        )
        entry_id = turn.put_entry(decision, row, actor=self.actor, store=self.store, note=self.note)
        return {
            "entry_id": str(entry_id),
            "member_id": str(self.member_id),
            "sequence": decision.sequence,
            "currency": self.currency,
            "units": self.units,
            "balance_after": decision.after.balance(number),
        }


async def adjust_units(
    ledger: Ledger,
    member_id: UUID,
    *,
    currency: str,
    units: int,
    note: str,
    request: Once,
    principal: Principal,
    store: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """The adjustment's entry and the balance after; positive units are given, negative ones taken.

    Refuses
        PointsMissing        more would be taken than is available and may be owed
        FieldWrong           no units, too many, or no reason given
        SecondPersonNeeded   it is more than whoever asks adjusts alone
        StoreNotPermitted    it is of a store that he is not bound to
    """
    check_adjustment_told(units, note)
    principal.check_adjustment(units)
    asked = _Adjust(
        once=request,
        member_id=member_id,
        currency=currency,
        units=units,
        note=note,
        store=principal.store_for(store),
        actor=actor,
    )
    answer: dict[str, Any] = await one(ledger, asked)
    return answer
