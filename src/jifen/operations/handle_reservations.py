"""Reservations at the till: units are held for a redemption, then spent (commit) or given back (release).

Like purchases they come in batches: each request succeeds or is refused on its own, and a batch of one is the till's call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_reservation_end, decide_units
from jifen.domain.person import MemberKey
from jifen.domain.refusals import (
    FieldWrong,
    MemberUnknown,
    Refusal,
    ReservationOver,
    ReservationUnknown,
    TooMuch,
)
from jifen.store.gather import Need, currency_number
from jifen.store.ids import new_id
from jifen.store.journal import EntryRow
from jifen.store.once import Once
from jifen.store.reservations import Reservation, find_reservations
from jifen.store.turn import Keyed, Taking, Turn, Wants, answered, one, run

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

LAPSE_SECONDS_MAX = 86_400
RESERVATIONS_MAX = 200
"""Open reservations that one member may have at once, however many lots each holds."""


class ReserveRequest(Keyed, frozen=True, kw_only=True):
    """Units to be held, of a member by his id or a card."""

    whose: UUID | MemberKey
    currency: str
    units: int
    lapse_seconds: int
    store: str | None = None
    channel: str | None = None
    actor: str | None = None
    note: str | None = None

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        """A card of nobody finds None."""
        return _Reserving(self, member_id)


class EndRequest(Keyed, frozen=True, kw_only=True):
    """A reservation to be committed or released."""

    reservation_id: UUID
    is_committed: bool
    actor: str | None = None

    @property
    def wants(self) -> Wants:
        """Whoever made it."""
        return Wants(reservation_id=self.reservation_id)

    async def take(self, turn: Turn) -> dict[str, Any]:
        """Spend or give back what it holds."""
        reservation = turn.gathered.reservations.get(self.reservation_id)
        if reservation is None:
            raise ReservationUnknown(pointer="/reservation_id")
        member_id = reservation.member_id
        # Who is frozen spends nothing, also not what was held for him before: it is released, or lapses.
        member = turn.spender(member_id) if self.is_committed else turn.member(member_id)
        try:
            decision = decide_reservation_end(
                turn.timeline,
                member,
                reservation=reservation.sequence,
                is_committed=self.is_committed,
                now=turn.now,
            )
        except ReservationOver as over:
            status = turn.ended.get((member_id, reservation.sequence))
            if status is None:
                # It may have ended since it was found: under the lock it says how.
                found = await find_reservations(turn.connection, [self.reservation_id])
                status = found[self.reservation_id].status
                status = "lapsed" if status == "open" else status
            detail = f"the reservation is {status}"
            raise ReservationOver(detail, pointer="/reservation_id", status=status) from over

        status = "committed" if self.is_committed else "released"
        turn.ended[member_id, reservation.sequence] = status
        row = EntryRow(
            "commit" if self.is_committed else "release",
            currency=reservation.currency,
            units=reservation.units,
            origin=reservation.sequence,
        )
        turn.put_entry(decision, row, actor=self.actor)
        return {
            "reservation_id": str(self.reservation_id),
            "member_id": str(member_id),
            "sequence": decision.sequence,
            "currency": turn.timeline.newest.currencies[reservation.currency].code,
            "units": reservation.units,
            "status": status,
            "balance_after": decision.after.balance(reservation.currency),
        }


class _Reserving(NamedTuple):
    asked: ReserveRequest
    member_id: UUID | None

    @property
    def wants(self) -> Wants:
        if self.member_id is None:
            return Wants()
        needs = (Need(self.member_id, self.asked.currency, self.asked.units),)
        return Wants(members=(self.member_id,), needs=needs)

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked, member_id, now = self.asked, self.member_id, turn.now
        if member_id is None:
            raise MemberUnknown(pointer="/member")
        if asked.units <= 0:
            raise FieldWrong("units must be positive", pointer="/units", value=asked.units)
        if not 1 <= asked.lapse_seconds <= LAPSE_SECONDS_MAX:
            detail = f"from 1 to {LAPSE_SECONDS_MAX} seconds"
            raise FieldWrong(detail, pointer="/lapse_seconds", value=asked.lapse_seconds)
        member = turn.spender(member_id)
        number = currency_number(turn.gathered, asked.currency)
        open_now = len(set(member.holds[fold.HOLD_RESERVATION :: fold.HOLD_WIDTH]))
        if open_now >= RESERVATIONS_MAX:
            raise TooMuch("too many open reservations", pointer="/member", reservations_max=RESERVATIONS_MAX)
        lapses_at = now + timedelta(seconds=asked.lapse_seconds)

        decision = decide_units(
            turn.timeline,
            member,
            fold.RESERVE,
            currency=number,
            units=asked.units,
            now=now,
            lapses_at=lapses_at,
        )

        row = EntryRow("reserve", currency=number, units=asked.units, lapses_at=lapses_at)
        turn.put_entry(
            decision, row, actor=asked.actor, store=asked.store, channel=asked.channel, note=asked.note
        )
        reservation = Reservation(
            member_id=member_id,
            reservation_id=new_id(),
            sequence=decision.sequence,
            currency=number,
            units=asked.units,
            status="open",
            lapses_at=lapses_at,
        )
        turn.put_reservation(reservation)
        return {
            "reservation_id": str(reservation.reservation_id),
            "member_id": str(member_id),
            "sequence": decision.sequence,
            "currency": asked.currency,
            "units": asked.units,
            "status": "open",
            "lapses_at": lapses_at.isoformat(),
            "balance_after": decision.after.balance(number),
        }


Asked: TypeAlias = ReserveRequest | EndRequest
Answer: TypeAlias = dict[str, Any] | Refusal


async def handle_reservations(ledger: Ledger, asked: Sequence[Asked]) -> list[Answer]:
    """The answer to each request, in order; raises where one failed, when the others are done (`handle_each`)."""
    return answered(await handle_each(ledger, asked))


async def handle_each(ledger: Ledger, asked: Sequence[Asked]) -> list[Answer | Exception]:
    """The answer to each request, in order, or why it failed; the same key has one effect and one answer (`is_replay` says
    which).

    Refuses (each request on its own)
        PointsMissing        fewer are available
        MemberFrozen         the member may not spend, also not what is held already; a release is taken
        ReservationUnknown   there is none with that id
        ReservationOver      it was committed, released or lapsed before
        KeyReused            the key came before with another body
    """
    return await run(ledger, asked)


async def _one(ledger: Ledger, asked: Asked) -> dict[str, Any]:
    answer: dict[str, Any] = await one(ledger, asked)
    return answer


async def reserve_units(
    ledger: Ledger,
    member_id: UUID,
    *,
    currency: str,
    units: int,
    lapse_seconds: int,
    request: Once,
    actor: str | None = None,
    note: str | None = None,
) -> dict[str, Any]:
    """One reservation, and the balance after it."""
    asked = ReserveRequest(
        whose=member_id,
        currency=currency,
        units=units,
        lapse_seconds=lapse_seconds,
        once=request,
        actor=actor,
        note=note,
    )
    return await _one(ledger, asked)


async def commit_reservation(
    ledger: Ledger, reservation_id: UUID, request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The units spent and the balance after."""
    asked = EndRequest(reservation_id=reservation_id, is_committed=True, once=request, actor=actor)
    return await _one(ledger, asked)


async def release_reservation(
    ledger: Ledger, reservation_id: UUID, request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The units given back and the balance after."""
    asked = EndRequest(reservation_id=reservation_id, is_committed=False, once=request, actor=actor)
    return await _one(ledger, asked)
