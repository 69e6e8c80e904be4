"""Reservations at the till: units are held for a redemption, then spent (commit) or given back (release).

Like purchases they come in batches: each request succeeds or is refused on its own, and a batch of one is the till's call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from jifen.domain import fold
from jifen.domain.decide import decide_reservation_end, decide_units
from jifen.domain.decision import Decision
from jifen.domain.member import Member
from jifen.domain.refusals import (
    FieldWrong,
    KeyReused,
    MemberUnknown,
    Refusal,
    ReservationOver,
    ReservationUnknown,
    TooMuch,
)
from jifen.store.compiled import begun_again
from jifen.store.gather import Gathered, Need, currency_number, gather_locked, save_decisions
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance, EntryRow, add_entries
from jifen.store.keys import RememberedAnswer, remember_answers, remembered_answers
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import MemberKey, found_by
from jifen.store.once import TRIES, Once
from jifen.store.reservations import Reservation, add_reservations, find_reservations
from jifen.store.rows import Together

LAPSE_SECONDS_MAX = 86_400
RESERVATIONS_MAX = 200
"""Open reservations that one member may have at once, however many lots each holds."""


class ReserveRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Units to be held. `whose` None is a card of nobody."""

    whose: UUID | MemberKey
    currency: str
    units: int
    lapse_seconds: int
    once: Once
    store: str | None = None
    channel: str | None = None
    actor: str | None = None
    note: str | None = None


class EndRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A reservation to be committed or released."""

    reservation_id: UUID
    is_committed: bool
    once: Once
    actor: str | None = None


Asked: TypeAlias = ReserveRequest | EndRequest
Answer: TypeAlias = dict[str, Any] | Refusal


async def handle_reservations(ledger: Ledger, asked: Sequence[Asked]) -> list[Answer]:
    """The answer to each request, in order; the same key has one effect and one answer (`is_replay` says which).

    Refuses (each request on its own)
        PointsMissing        fewer are available
        MemberFrozen         the member may not spend
        ReservationUnknown   there is none with that id
        ReservationOver      it was committed, released or lapsed before
        KeyReused            the key came before with another body
    """
    try:
        return await _handle(ledger, asked)
    except asyncpg.UniqueViolationError:
        # A twin of one of them committed meanwhile. One by one, each finds it or stands alone.
        return [await _handle_alone(ledger, one) for one in asked]


async def _handle_alone(ledger: Ledger, asked: Asked) -> Answer:
    for _ in range(TRIES - 1):
        try:
            return (await _handle(ledger, [asked]))[0]
        except asyncpg.UniqueViolationError:
            continue
    return (await _handle(ledger, [asked]))[0]


@begun_again
async def _handle(ledger: Ledger, asked: Sequence[Asked]) -> list[Answer]:
    async with ledger.transaction() as connection:
        whose = await found_by(
            connection, [one.whose if isinstance(one, ReserveRequest) else None for one in asked]
        )
        keys = [one.once.key for one in asked]
        gathered = await gather_locked(
            ledger,
            connection,
            [m for m in whose if m is not None],
            needs=[
                Need(member_id, one.currency, one.units)
                for one, member_id in zip(asked, whose, strict=True)
                if isinstance(one, ReserveRequest) and member_id is not None
            ],
            reservations=[one.reservation_id for one in asked if isinstance(one, EndRequest)],
            keys=keys,
        )
        known = await remembered_answers(connection, keys) if gathered.is_any_known else {}

        batch = _Batch(gathered, known)
        for one, member_id in zip(asked, whose, strict=True):
            await batch.take(connection, one, member_id)

        together = Together()
        decisions = [decision for decision, _, _ in batch.decided]
        await add_entries(together, gathered.timeline, batch.decided)
        await add_reservations(together, batch.opened)
        await save_decisions(connection, decisions, gathered.timeline, ended=batch.ended, together=together)
        await remember_answers(together, batch.new, recorded_at=gathered.now)
        await together.write(connection)
        return batch.answers


class _Batch:
    """What is decided so far, request by request."""

    def __init__(self, gathered: Gathered, known: dict[str, RememberedAnswer]) -> None:
        self.gathered = gathered
        self.known = known
        self.members: dict[UUID, Member] = dict(gathered.members)
        self.decided: list[tuple[Decision, EntryRow, Circumstance]] = []
        self.opened: list[Reservation] = []
        self.ended: dict[tuple[UUID, int], str] = {}
        self.new: list[tuple[str, bytes, dict[str, Any]]] = []
        self.answers: list[Answer] = []

    async def take(self, connection: Connection, asked: Asked, member_id: UUID | None) -> None:
        """Decide one request; a refusal is its answer and leaves no trace."""
        try:
            known = self.known.get(asked.once.key)
            if known is not None:
                if known.body_hash != asked.once.body_hash:
                    raise KeyReused(pointer="/headers/Idempotency-Key")
                self.answers.append({**known.answer, "is_replay": True})
                return
            answer = await self._decide(connection, asked, member_id)
            self.known[asked.once.key] = RememberedAnswer(asked.once.body_hash, answer)
            self.new.append((asked.once.key, asked.once.body_hash, answer))
            self.answers.append({**answer, "is_replay": False})
        except Refusal as refusal:
            self.answers.append(refusal)

    async def _decide(self, connection: Connection, asked: Asked, member_id: UUID | None) -> dict[str, Any]:
        if isinstance(asked, ReserveRequest):
            if member_id is None:
                raise MemberUnknown(pointer="/member")
            return self._reserve(asked, member_id)
        reservation = self.gathered.reservations.get(asked.reservation_id)
        if reservation is None:
            raise ReservationUnknown(pointer="/reservation_id")
        return await self._end(connection, asked, reservation)

    def _reserve(self, asked: ReserveRequest, member_id: UUID) -> dict[str, Any]:
        if asked.units <= 0:
            raise FieldWrong("units must be positive", pointer="/units", value=asked.units)
        if not 1 <= asked.lapse_seconds <= LAPSE_SECONDS_MAX:
            detail = f"from 1 to {LAPSE_SECONDS_MAX} seconds"
            raise FieldWrong(detail, pointer="/lapse_seconds", value=asked.lapse_seconds)
        gathered = self.gathered
        gathered.spender(member_id, pointer="/member")
        member = self.members[member_id]
        number = currency_number(gathered, asked.currency)
        open_now = len(set(member.holds[fold.HOLD_RESERVATION :: fold.HOLD_WIDTH]))
        if open_now >= RESERVATIONS_MAX:
            raise TooMuch("too many open reservations", pointer="/member", reservations_max=RESERVATIONS_MAX)
        lapses_at = gathered.now + timedelta(seconds=asked.lapse_seconds)

        decision = decide_units(
            gathered.timeline,
            member,
            fold.RESERVE,
            currency=number,
            units=asked.units,
            now=gathered.now,
            lapses_at=lapses_at,
        )

        self._keep(
            decision,
            EntryRow("reserve", currency=number, units=asked.units, lapses_at=lapses_at),
            actor=asked.actor,
            store=asked.store,
            channel=asked.channel,
            note=asked.note,
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
        self.opened.append(reservation)
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

    async def _end(
        self, connection: Connection, asked: EndRequest, reservation: Reservation
    ) -> dict[str, Any]:
        gathered, member_id = self.gathered, reservation.member_id
        gathered.member(member_id)
        try:
            decision = decide_reservation_end(
                gathered.timeline,
                self.members[member_id],
                reservation=reservation.sequence,
                is_committed=asked.is_committed,
                now=gathered.now,
            )
        except ReservationOver as over:
            status = self.ended.get((member_id, reservation.sequence))
            if status is None:
                # It may have ended since it was found: under the lock it says how.
                found = await find_reservations(connection, [asked.reservation_id])
                status = found[asked.reservation_id].status
                status = "lapsed" if status == "open" else status
            detail = f"the reservation is {status}"
            raise ReservationOver(detail, pointer="/reservation_id", status=status) from over

        status = "committed" if asked.is_committed else "released"
        self.ended[member_id, reservation.sequence] = status
        row = EntryRow(
            "commit" if asked.is_committed else "release",
            currency=reservation.currency,
            units=reservation.units,
            origin=reservation.sequence,
        )
        self._keep(decision, row, actor=asked.actor)
        return {
            "reservation_id": str(asked.reservation_id),
            "member_id": str(member_id),
            "sequence": decision.sequence,
            "currency": gathered.timeline.newest.currencies[reservation.currency].code,
            "units": reservation.units,
            "status": status,
            "balance_after": decision.after.balance(reservation.currency),
        }

    def _keep(self, decision: Decision, row: EntryRow, **circumstance: str | None) -> None:
        now = self.gathered.now
        at = Circumstance(occurred_at=now, recorded_at=now, **circumstance)
        self.decided.append((decision, row, at))
        self.members[decision.after.member_id] = decision.after


async def _one(ledger: Ledger, asked: Asked) -> dict[str, Any]:
    answer = (await handle_reservations(ledger, [asked]))[0]
    if isinstance(answer, Refusal):
        raise answer
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
