"""What a request is given when it takes its turn: what was gathered, with what those before it left; and where it puts what is to
be written. `store/turn.py` runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from jifen.domain.calendar import local_date
from jifen.domain.decide import NO_ROOMS
from jifen.domain.decision import Decision
from jifen.domain.effects import EffectKind
from jifen.domain.member import Member
from jifen.domain.moments import decide_due, next_due
from jifen.domain.occasions import Event, texts_apart
from jifen.domain.pools import Draw, Wish, rooms_of, used_of, wishes
from jifen.domain.program.known import hits_for
from jifen.domain.program.meaning import Exchange
from jifen.domain.purchase import Purchase
from jifen.domain.rewards import OF_STOCK
from jifen.store.claims import Claim, name_purchases
from jifen.store.events import EventRow, add_events
from jifen.store.gather import (
    Gathered,
    save_decisions,
)
from jifen.store.ids import new_id
from jifen.store.journal import (
    Circumstance,
    EffectRow,
    EntryRow,
    Granted,
    add_effects,
    add_entries,
    add_notes,
    add_postings,
)
from jifen.store.keys import (
    BusinessKey,
    KnownPurchase,
    add_purchase_keys,
    add_unclaimed,
    remember_answers,
    remember_at_members,
)
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import add_members
from jifen.store.once import Once
from jifen.store.pools import Pools, add_uses
from jifen.store.purchases import RecordedPurchase, ReturnRow, add_purchases, add_returns, answer_of
from jifen.store.reservations import Reservation, add_reservations
from jifen.store.rewards import Redemption, add_redemptions
from jifen.store.rows import Together

log = structlog.get_logger("jifen.store")
_STOCK = -1  # stands for a rule's position where a stock is drawn from


def exchange_row(exchange: Exchange, times: int) -> EntryRow:
    """What the journal keeps of an exchange: which, what it takes, and how often it was made."""
    return EntryRow("exchange", currency=exchange.currency, units=times, value=exchange.number)


class Turn:
    """What a request is given when it takes its turn: everything that was gathered, with what those before it left; and where it
    puts what is to be written."""

    def __init__(
        self,
        connection: Connection,
        gathered: Gathered,
        receipts: dict[BusinessKey, KnownPurchase],
        pools: Pools,
        *,
        claims: Sequence[Claim] = (),
    ) -> None:
        self.connection = connection
        self.gathered = gathered
        self.receipts = receipts  # those that are known, of those that were asked for
        self.timeline = gathered.timeline
        self.now: datetime = gathered.now
        self.members: dict[UUID, Member] = dict(gathered.members)
        self.ended: dict[tuple[UUID, int], str] = {}  # how reservations ended, by member and sequence
        self.purchases: list[tuple[UUID, Decision, Purchase, Circumstance]] = []
        self._decisions: list[Decision] = []
        self._entries: list[tuple[UUID, Decision, EntryRow, Circumstance]] = []
        self._effects: list[EffectRow] = []
        self._events: list[EventRow] = []
        self._returns: list[ReturnRow] = []
        self._posted: list[tuple[Decision, Circumstance]] = []  # of purchases and returns
        self._reservations: list[Reservation] = []
        self.redemptions: list[Redemption] = []
        self._enrolled: list[Member] = []
        self._keys: list[tuple[BusinessKey, bytes, UUID | None, int | None, datetime]] = []
        self._unclaimed: list[Purchase] = []
        self._answers: list[tuple[str, bytes, Any]] = []
        # On a cluster: the keys that are claimed. Others are written with what they name.
        self._homes = {one.key: one.member_id for one in claims if one.key is not None and one.member_id}
        self._claimed = {one.receipt for one in claims if one.receipt is not None}
        self._then: list[Callable[[Connection], Awaitable[object]]] = []
        self._pools = pools
        self._taken: dict[int, list[Draw]] = {}  # for the request whose turn it is, by position of the rule
        self._uses: list[tuple[UUID, int, Draw]] = []  # what is to be written, by member and sequence
        self.put = 0  # how many things are to be written

    def member(self, member_id: UUID, *, pointer: str = "/member") -> Member:
        """A member who takes entries, as those before left him; refuses as `Gathered.member`."""
        self.gathered.member(member_id, pointer=pointer)
        return self.members[member_id]

    def spender(self, member_id: UUID, *, pointer: str = "/member") -> Member:
        """A member who may spend and give, as those before left him; refuses as `Gathered.spender`."""
        self.gathered.spender(member_id, pointer=pointer)
        return self.members[member_id]

    def let_moments_be(self, member_id: UUID, now: datetime) -> None:
        """Let what time has brought to a member fall due, in the order of its days: before anything else is decided."""
        while (due := next_due(self.timeline, self.members[member_id], now)) is not None:
            due = due._replace(
                hits=hits_for(self.timeline.known[due.row], due.hits, self.gathered.known_to(member_id))
            )
            rooms = self.rooms(due.row, due.hits, due.at)
            decision = decide_due(self.timeline, self.members[member_id], due, rooms)
            row = EntryRow("moment", value=due.of.number)
            if isinstance(due.of, Exchange):
                row = exchange_row(due.of, due.times)
            self.put_entry(decision, row, occurred_at=due.at, actor="time")

    def rooms(self, row: int, hits: Sequence[tuple[int, int, int]], at: datetime) -> Mapping[int, int]:
        """What pools have for the hits of an occasion, by position of the rule, and which rules are off at the moment (`at`) of
        its entry; what its decision does not use goes back.

        Raises
            LeaseNeeded   this process holds too little: it leases more, and the turn begins again
        """
        switches = self.gathered.switches
        off = switches.rooms(self.timeline, row, hits, at) if switches else NO_ROOMS
        wished = wishes(self.timeline, row, hits)
        if not wished:
            return off
        self._give_back_taken()
        for wish in wished:
            if wish.position not in off:
                self._taken[wish.position] = self._pools.take(wish, self.gathered.true_now)
        return {**rooms_of(self._taken), **off}

    def take_of_stock(self, pool: int, pieces: int) -> int:
        """Take pieces of a stock for the entry that is put next, and for nothing else may be refused between; how many of them
        were there. Fewer than are asked for: none is taken.

        Raises
            LeaseNeeded   this process holds too little: it leases more, and the turn begins again
        """
        self._give_back_taken()
        draws = self._pools.take(Wish(_STOCK, pool, OF_STOCK, pieces), self.gathered.true_now)
        found = sum(draw.units for draw in draws)
        if found < pieces:
            self._pools.give_back(draws)
        else:
            self._taken[_STOCK] = draws
        return found

    def _put_uses(self, decision: Decision) -> None:
        """What an occasion was granted out of pools, and a redemption out of a stock."""
        if not self._taken:
            return
        for draw in self._taken.pop(_STOCK, ()):
            self._uses.append((decision.after.member_id, decision.sequence, draw))
        for result in decision.results:
            if draws := self._taken.pop(result.rule, None):
                used, rest = used_of(draws, result.granted)
                self._uses += [(decision.after.member_id, decision.sequence, draw) for draw in used]
                self._pools.give_back(rest)
        self._give_back_taken()

    def _give_back_taken(self) -> None:
        for draws in self._taken.values():
            self._pools.give_back(draws)
        self._taken.clear()

    def leave(self) -> None:
        """Nothing of it was written: what was drawn from pools goes back."""
        self._give_back_taken()
        self._pools.give_back(draw for _, _, draw in self._uses)
        self._uses.clear()

    def put_state(self, decision: Decision) -> None:
        """Keep what a decision left of a member, without an entry."""
        self.put += 1
        self._decisions.append(decision)
        self.members[decision.after.member_id] = decision.after

    def put_entry(
        self,
        decision: Decision,
        row: EntryRow,
        *,
        occurred_at: datetime | None = None,
        **circumstance: str | None,
    ) -> UUID:
        """An entry that is neither a sale nor a return, of now unless it says when it occurred; its id."""
        entry_id = new_id()
        at = Circumstance(occurred_at=occurred_at or self.now, recorded_at=self.now, **circumstance)
        self.put_state(decision)
        self._put_uses(decision)
        self._entries.append((entry_id, decision, row, at))
        return entry_id

    def put_event(self, decision: Decision, row: EntryRow, event: Event, *, actor: str | None) -> UUID:
        """An event with what was told of it; its entry's id."""
        texts = texts_apart(self.timeline.programs[decision.row], event)
        self._events.append(EventRow(decision.after.member_id, decision.sequence, event, texts))
        return self.put_entry(
            decision,
            row,
            occurred_at=event.occurred_at,
            store=event.store,
            channel=event.channel,
            actor=actor,
        )

    def granted_to(self, member_id: UUID) -> Callable[[], Iterator[Granted]]:
        """What was granted to a member in this turn, and is not in the journal yet."""

        def granted() -> Iterator[Granted]:
            decided = [(decision, purchase.occurred_at) for _, decision, purchase, _ in self.purchases]
            decided += [(decision, at.occurred_at) for _, decision, _, at in self._entries]
            for decision, occurred_at in decided:
                if decision.after.member_id != member_id or not decision.results:
                    continue
                on = local_date(occurred_at, self.timeline.time_zone)
                revision = self.timeline.programs[decision.row].revision
                for result in decision.results:
                    if result.granted:
                        yield Granted(on, revision, result.rule, result.granted, 1)

        return granted

    def put_effect(
        self, decision: Decision, kind: EffectKind, *, about: UUID, to_member: UUID | None = None
    ) -> None:
        """What the entry of a decision causes elsewhere or later: written with it, and done once (law 14)."""
        self.put += 1
        whose, sequence = decision.after.member_id, decision.sequence
        part = sum((one.member_id, one.sequence) == (whose, sequence) for one in self._effects)
        self._effects.append(EffectRow(whose, sequence, part, kind, about, to_member, self.now))

    def put_enrolled(self, *entries: tuple[Decision, EntryRow], actor: str | None) -> None:
        """A member who was not there before, with his first entries."""
        self.put += 1
        self._enrolled.append(entries[-1][0].after)
        at = Circumstance(occurred_at=self.now, recorded_at=self.now, actor=actor)
        self._entries += [(new_id(), decision, row, at) for decision, row in entries]

    def put_purchase(self, decision: Decision, purchase: Purchase, at: Circumstance) -> RecordedPurchase:
        """A sale; its answer."""
        purchase_id = new_id()
        self.put_state(decision)
        self._put_uses(decision)
        self.purchases.append((purchase_id, decision, purchase, at))
        self._posted.append((decision, at))
        return answer_of(self.timeline, decision, purchase, at, purchase_id=purchase_id)

    def put_return(self, row: ReturnRow) -> None:
        """What of a sale came back."""
        self.put_state(row.decision)
        self._returns.append(row)
        self._posted.append((row.decision, row.at))

    def put_reservation(self, reservation: Reservation) -> None:
        """Units promised to a redemption."""
        self.put += 1
        self._reservations.append(reservation)

    def put_redemption(self, redemption: Redemption) -> None:
        """A reward that a member took."""
        self.put += 1
        self.redemptions.append(redemption)

    def put_receipt(self, body_hash: bytes, purchase: Purchase, answer: RecordedPurchase) -> None:
        """The business key of a purchase, which names it from now on."""
        self.put += 1
        key = BusinessKey(purchase.source, purchase.business_no)
        self._keys.append((key, body_hash, answer.member_id, answer.sequence, self.now))
        self.receipts[key] = KnownPurchase(
            body_hash, answer.member_id, answer.sequence, self.now, answer, purchase
        )

    def put_unclaimed(self, purchase: Purchase) -> None:
        """A receipt of nobody."""
        self.put += 1
        self._unclaimed.append(purchase)

    def put_answer(self, once: Once, answer: Any) -> None:
        """Remember what was answered to an Idempotency-Key."""
        self._answers.append((once.key, once.body_hash, answer))

    def then(self, step: Callable[[Connection], Awaitable[object]]) -> None:
        """What is written once everything else is, by statements of its own."""
        self.put += 1
        self._then.append(step)

    async def write(self) -> None:
        """Write everything that was put: one statement, and the steps behind it."""
        self._give_back_taken()  # of who was refused
        together, timeline = Together(), self.timeline
        await add_members(together, self._enrolled, timeline, enrolled_at=self.now)
        await add_purchases(together, timeline, self.purchases)
        await add_returns(together, self._returns)
        await add_entries(together, timeline, self._entries)
        told = [*self._posted, *[(decision, at) for _, decision, _, at in self._entries]]
        await add_postings(together, timeline, told)
        await add_notes(together, told)
        await add_uses(together, self._uses)
        await add_effects(together, self._effects)
        await add_events(together, self._events)
        await add_reservations(together, self._reservations)
        await add_redemptions(together, self.redemptions)
        await save_decisions(together, self._decisions, timeline, ended=self.ended)
        await add_purchase_keys(together, [row for row in self._keys if row[0] not in self._claimed])
        await add_unclaimed(together, self._unclaimed, recorded_at=self.now)
        homes = self._homes
        without = [row for row in self._answers if row[0] not in homes]
        await remember_answers(together, without, recorded_at=self.now)
        at_home = [(homes[row[0]], *row) for row in self._answers if row[0] in homes]
        await remember_at_members(together, at_home, recorded_at=self.now)
        await together.write(self.connection)
        for step in self._then:
            await step(self.connection)

    async def name_claimed(self, ledger: Ledger) -> None:
        """Once everything is committed: let the claimed keys of purchases say which they have become. Whatever hinders it, who
        asks for them later finds that too."""
        named = [
            (key, body_hash, whose, sequence, at)
            for key, body_hash, whose, sequence, at in self._keys
            if key in self._claimed and whose is not None and sequence is not None
        ]
        if not named:
            return
        try:
            async with ledger.transaction() as connection:
                await name_purchases(connection, named)
        except Exception as failure:
            log.warning("keys stay claimed", keys=len(named), failure=repr(failure))
