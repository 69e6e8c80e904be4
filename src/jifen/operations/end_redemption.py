"""End what waits to be picked up: hand it over, or cancel it. What was handed over is taken back by reversing its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.check_digits import CardCheck, is_right
from jifen.domain.decide import decide_reservation_end
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, ReservationOver
from jifen.domain.refusals_of_rewards import RedemptionOver, RedemptionUnknown
from jifen.domain.rewards import CODE_DIGITS, ENDS
from jifen.store.journal import EntryRow
from jifen.store.once import Once
from jifen.store.rewards import Redemption, find_redemptions, waiting_by_code
from jifen.store.turn import Keyed, Taking, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class _End(Keyed, frozen=True, kw_only=True):
    redemption_id: UUID
    is_handed_over: bool
    member_id: UUID | None  # who asks for himself: of another's he knows nothing
    principal: Principal
    store: str | None
    channel: str | None
    cashier: str | None

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        found = (await find_redemptions(connection, [self.redemption_id])).get(self.redemption_id)
        if found is None or (self.member_id is not None and found.member_id != self.member_id):
            raise RedemptionUnknown(pointer="/redemption_id")
        if found.store is not None:
            self.principal.check_own_store(found.store, pointer="/redemption_id")
        return _Ending(self, found)


class _Ending(NamedTuple):
    asked: _End
    redemption: Redemption

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.redemption.member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked, redemption = self.asked, self.redemption
        whose = redemption.member_id
        # Who is frozen spends nothing; what waits for him goes back.
        member = turn.spender(whose) if asked.is_handed_over else turn.member(whose)
        try:
            decision = decide_reservation_end(
                turn.timeline,
                member,
                reservation=redemption.sequence,
                is_committed=asked.is_handed_over,
                now=turn.now,
            )
        except ReservationOver as over:
            raise await _over(turn, redemption) from over
        ended = "committed" if asked.is_handed_over else "released"
        turn.ended[whose, redemption.sequence] = ended
        row = EntryRow(
            "commit" if asked.is_handed_over else "release",
            currency=redemption.currency,
            units=redemption.units,
            origin=redemption.sequence,
            value=redemption.reward,
            pieces=redemption.pieces,
        )
        actor = asked.principal.actor(asked.cashier)
        turn.put_entry(decision, row, actor=actor, store=asked.store, channel=asked.channel)
        return {
            "redemption_id": str(redemption.redemption_id),
            "member_id": str(whose),
            "sequence": decision.sequence,
            "status": ENDS[ended],
            "units": redemption.units,
            "balance_after": decision.after.balance(redemption.currency),
        }


async def _over(turn: Turn, redemption: Redemption) -> RedemptionOver:
    """How it ended: by one of this turn, or before it."""
    ended = turn.ended.get((redemption.member_id, redemption.sequence))
    if ended is not None:
        status = ENDS[ended]
    else:
        found = await find_redemptions(turn.connection, [redemption.redemption_id])
        status = found[redemption.redemption_id].status
        status = "lapsed" if status == "waiting" else status
    return RedemptionOver(
        f"the redemption is {status.replace('_', ' ')}", pointer="/redemption_id", status=status
    )


async def end_redemption(
    ledger: Ledger,
    redemption_id: UUID,
    *,
    is_handed_over: bool,
    request: Once,
    principal: Principal,
    member_id: UUID | None = None,
    store: str | None = None,
    channel: str | None = None,
    cashier: str | None = None,
) -> dict[str, Any]:
    """Where it stands now, and the balance. What is cancelled frees the very lots that held its units, and its pieces.

    Refuses
        RedemptionUnknown   there is none with that id, or it is somebody else's
        RedemptionOver      it was handed over, cancelled, returned or lapsed before
        StoreNotPermitted   it waits at a store that is none of who asks
        MemberFrozen        what waits for who is frozen is not handed over
    """
    asked = _End(
        once=request,
        redemption_id=redemption_id,
        is_handed_over=is_handed_over,
        member_id=member_id,
        principal=principal,
        store=store,
        channel=channel,
        cashier=cashier,
    )
    answer: dict[str, Any] = await one(ledger, asked)
    return answer


async def redemption_waiting(ledger: Ledger, code: str) -> UUID:
    """The redemption that waits to be picked up by a code, as somebody reads it out.

    Refuses
        FieldWrong          no such code: its last digit checks the others
        RedemptionUnknown   nothing waits by it
    """
    digits = "".join(one for one in code if one.isdigit())
    if len(digits) != CODE_DIGITS or not is_right(digits, CardCheck.LUHN):
        raise FieldWrong(
            f"a code has {CODE_DIGITS} digits, and its last one checks the others", pointer="/code"
        )
    async with ledger.connection() as connection:
        found = await waiting_by_code(connection, digits)
    if len(found) != 1:
        raise RedemptionUnknown("nothing waits to be picked up by that code", pointer="/code")
    return found[0].redemption_id
