"""Price a basket: which offers are open to it and to whoever buys, and their best lawful combination. Nothing changes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from jifen.domain.admission import believed, check_against_program
from jifen.domain.basket import Candidate, Priced, price_basket
from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.decide import decide_advance
from jifen.domain.member import Member
from jifen.domain.open_offers import Opened, lines_at, open_offers
from jifen.domain.person import MemberKey
from jifen.domain.program.meaning import Program
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import MemberUnknown
from jifen.domain.seen import moment_of
from jifen.store.compiled import begun_again
from jifen.store.gather import Gathered, gather_standing, gather_unlocked
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import found_by

Whose = UUID | MemberKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedBasket:
    """A basket with its prices. `sold` is what would be recorded; the candidates of `priced` are those of `opened`."""

    program: Program
    member_id: UUID | None
    basket: Purchase
    sold: Purchase
    opened: Opened
    priced: Priced

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The offers that are open."""
        return self.opened.candidates


@begun_again
async def price(ledger: Ledger, basket: Purchase, whose: Whose, *, at: datetime | None) -> PricedBasket:
    """The best price of a basket, whose lines stand at shelf prices, at a moment; None: now.

    Refuses
        MemberUnknown       there is no such member
        MemberClosed        closed or merged into another
        StoreUnknown, StoreOff, FieldWrong, TimeOutOfBounds   as of a purchase
    """
    async with ledger.reading() as connection:
        (member_id,) = await found_by(ledger, connection, [whose])
        if member_id is None and whose is not None:
            raise MemberUnknown(pointer="/member")
        asked = [] if member_id is None else [member_id]
        gathered = await _gather(ledger, connection, asked)
    timeline, now = gathered.timeline, gathered.now
    basket = replace(basket, occurred_at=now if at is None else at)
    basket = replace(basket, occurred_at=believed(timeline, basket, now, is_import=False))
    gathered.switches.check_store(basket.store, now)
    program = timeline.programs[timeline.row_at(basket.occurred_at)]
    check_against_program(program, basket)
    member = None if member_id is None else _as_of_now(gathered.member(member_id), gathered)

    day = day_number(local_date(now, timeline.time_zone))
    opened = open_offers(
        program, basket, moment_of(program, basket), member, day=day, known=gathered.known_to(member_id)
    )
    # Many offers over many lines take a while, in which tills are answered.
    priced = await asyncio.to_thread(price_basket, basket.lines, opened.candidates)

    sold = replace(
        basket, amount_minor=priced.minor, lines=lines_at(basket.lines, priced.prices), payments=()
    )
    return PricedBasket(
        program=program, member_id=member_id, basket=basket, sold=sold, opened=opened, priced=priced
    )


async def _gather(ledger: Ledger, connection: Connection, member_ids: list[UUID]) -> Gathered:
    gathered = await gather_standing(ledger, connection, member_ids)
    return gathered or await gather_unlocked(ledger, connection, member_ids, needs_lots=True)


def _as_of_now(stored: Member, gathered: Gathered) -> Member:
    timeline, now = gathered.timeline, gathered.now
    day = day_number(local_date(now, timeline.time_zone))
    is_due = stored.is_due(day, epoch_micros(now))
    return decide_advance(timeline, stored, now=now).after if is_due else stored
