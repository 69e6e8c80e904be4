"""The turn: one runner for every write about members. A single call, a batch, a claim, a gift's halves, what time makes due and
the answer to what came before are this code.

    look     who is asked about, and what must be read of him (nothing is locked yet)
    lock     the members, in the order of their ids
    known    the clock, and which keys have had their effect, in one read
    gather   what a decision may touch
    take     each request in its turn, with what those before it left; one that is refused leaves nothing
    write    everything together, in one statement
    answer   each

Whoever asks for a key that somebody else has under way waits at the member's lock or at the key, and finds the answer.

On a cluster (`book.shards`) keys are claimed between look and lock, and the requests of each shard take a turn of their own
(`store/claims.py`, decision 0110).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import structlog

from jifen.domain.decide import NO_ROOMS
from jifen.domain.decision import Decision
from jifen.domain.effects import EffectKind
from jifen.domain.member import Member
from jifen.domain.moments import decide_moment, next_due
from jifen.domain.pools import Draw, rooms_of, used_of, wishes
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import Refusal
from jifen.store.claims import Claim, name_purchases
from jifen.store.compiled import BeginAgain, begun_again
from jifen.store.gather import (
    Gathered,
    Need,
    gather_for_purchases,
    gather_locked,
    gather_piece,
    gather_whole,
    save_decisions,
)
from jifen.store.ids import new_id
from jifen.store.journal import (
    Circumstance,
    EffectRow,
    EntryRow,
    add_effects,
    add_entries,
    add_notes,
    add_postings,
)
from jifen.store.keys import (
    BusinessKey,
    KnownPurchase,
    RememberedAnswer,
    add_purchase_keys,
    add_unclaimed,
    known_purchases,
    remember_answers,
    remember_at_members,
    remembered_answers,
)
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import add_members, lock_members
from jifen.store.once import TRIES, Once, answer_again
from jifen.store.pools import Pools, add_uses, is_certain
from jifen.store.purchases import RecordedPurchase, ReturnRow, add_purchases, add_returns, answer_of
from jifen.store.requests import Kept, Keyed, Nothing, Request, Taking, Wants, Whose, look
from jifen.store.reservations import Reservation, add_reservations
from jifen.store.rows import Together
from jifen.store.shards import claims_held, run_by_shard

__all__ = [
    "Answer",
    "Kept",
    "Keyed",
    "Nothing",
    "Request",
    "Taking",
    "Turn",
    "Wants",
    "Whose",
    "answered",
    "one",
    "or_a_job",
    "run",
]  # fmt: skip
log = structlog.get_logger("jifen.store")

UNDECIDABLE = (ArithmeticError, AssertionError, LookupError, ValueError)
"""What a member raises of whom the books are torn."""
_OF_ONE = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.DeadlockDetectedError)
"""What the database raises for all when one of them, or a twin elsewhere, is to blame: alone, each fails or goes on."""

Answer: TypeAlias = Any
"""What a request is answered; a Refusal; or an exception, where it could not be decided or written."""


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
        self._returns: list[ReturnRow] = []
        self._posted: list[tuple[Decision, Circumstance]] = []  # of purchases and returns
        self._reservations: list[Reservation] = []
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
            rooms = self.rooms(due.row, due.hits)
            decision = decide_moment(self.timeline, self.members[member_id], due, rooms)
            row = EntryRow("moment", value=due.moment.number)
            self.put_entry(decision, row, occurred_at=due.at, actor="time")

    def rooms(self, row: int, hits: Sequence[tuple[int, int, int]]) -> Mapping[int, int]:
        """What pools have for the hits of an occasion, by position of the rule; what its decision does not use goes back.

        Raises
            LeaseNeeded   this process holds too little: it leases more, and the turn begins again
        """
        wished = wishes(self.timeline, row, hits)
        if not wished:
            return NO_ROOMS
        self._give_back_taken()
        for wish in wished:
            self._taken[wish.position] = self._pools.take(wish, self.gathered.true_now)
        return rooms_of(self._taken)

    def _put_uses(self, decision: Decision) -> None:
        """What an occasion was granted out of pools."""
        if not self._taken:
            return
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
        await add_reservations(together, self._reservations)
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


async def run(ledger: Ledger, requests: Sequence[Request]) -> list[Answer]:
    """The answer to each request, in order: each succeeds, is refused or fails on its own."""
    if ledger.shards is None:
        await ledger.learn_shards()
    return await (
        _run_lane(ledger, requests) if ledger.shards == 1 else run_by_shard(ledger, requests, _run_lane)
    )


async def _run_lane(ledger: Ledger, requests: Sequence[Request]) -> list[Answer]:
    try:
        return await _turn(ledger, requests)
    except (*_OF_ONE, *UNDECIDABLE) as failure:
        if len(requests) > 1:
            return [(await _run_lane(ledger, [request]))[0] for request in requests]
        return [await _alone(ledger, requests[0], failure)]


def answered(answers: Sequence[Answer]) -> list[Answer]:
    """Answers, refusals among them; raises the first that failed. What the others did is done."""
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Refusal):
            raise answer
    return list(answers)


async def one(ledger: Ledger, request: Request) -> Any:
    """The answer to one request; raises what it is refused with, or fails with."""
    (answer,) = await run(ledger, [request])
    if isinstance(answer, Exception):
        raise answer
    return answer


async def _alone(ledger: Ledger, request: Request, failure: Exception) -> Answer:
    """Once more: a twin with its key, or with what it names, has committed meanwhile, and is found now."""
    for _ in range(TRIES):
        if not isinstance(failure, asyncpg.UniqueViolationError | asyncpg.DeadlockDetectedError):
            break
        try:
            return (await _turn(ledger, [request]))[0]
        except (*_OF_ONE, *UNDECIDABLE) as again:
            failure = again
    return failure


@begun_again
async def _turn(ledger: Ledger, requests: Sequence[Request]) -> list[Answer]:
    turn: Turn | None = None
    try:
        async with ledger.transaction() as connection:
            taking = await look(ledger, connection, requests)
            keys = [request.once.key for request in requests if request.once is not None]
            wants = [one.wants for one in taking]
            gathered, receipts = await _gather(ledger, connection, wants, keys)
            claims: Sequence[Claim] = ()
            if ledger.shards != 1:
                # Only what is read once the claims are seen to stand tells whether a key has had its effect elsewhere.
                claims = await claims_held(connection, requests, wants)
                if asked := [one.receipt for one in wants if one.receipt is not None]:
                    receipts = (await known_purchases(connection, asked))[1]
            known = await remembered_answers(connection, keys) if keys and gathered.is_any_known else {}
            turn = Turn(connection, gathered, receipts, ledger.pools, claims=claims)
            if gathered.timeline.has_moments and not any(one.is_import or one.is_piece for one in wants):
                if any(one.whole for one in wants):
                    _refuse_moments_due(turn)
                for member_id in turn.members:
                    turn.let_moments_be(member_id, turn.now)
            answers = [
                await _take(turn, known, request.once, one)
                for request, one in zip(requests, taking, strict=True)
            ]
            await turn.write()
    except BaseException as failure:
        if turn is not None and is_certain(failure):
            turn.leave()
        raise
    if claims:
        await turn.name_claimed(ledger)
    return answers


class MomentsDue(BeginAgain):
    """Moments have fallen due of members who are gathered whole from the journal: they are written first, in their own turn."""

    def __init__(self, member_ids: Sequence[UUID]) -> None:
        super().__init__("moments have fallen due of members who are to be told whole")
        self.member_ids = member_ids

    async def prepare(self, ledger: Ledger) -> None:
        """Write them."""
        answered(await run(ledger, [_Visit(member_id=member_id) for member_id in self.member_ids]))


class _Visit(Kept, frozen=True, kw_only=True):
    member_id: UUID

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> None:
        """Nothing: the turn has let moments be."""


def _refuse_moments_due(turn: Turn) -> None:
    due = [
        member_id for member_id, member in turn.members.items() if next_due(turn.timeline, member, turn.now)
    ]
    if due:
        raise MomentsDue(due)


async def _gather(
    ledger: Ledger, connection: Connection, wants: Sequence[Wants], keys: Sequence[str]
) -> tuple[Gathered, dict[BusinessKey, KnownPurchase]]:
    """Lock, and read what is wanted and which keys have had their effect. Whoever has one under way has committed by then, or
    comes later."""
    members: list[UUID] = []
    for one in wants:
        members += one.members
    receipts = [one.receipt for one in wants if one.receipt is not None]
    if not keys and all(one.is_purchase for one in wants):
        locked = await lock_members(connection, members)
        clock, known = await known_purchases(connection, receipts)
        is_import = any(one.is_import for one in wants)
        return await gather_for_purchases(ledger, connection, locked, clock, is_import=is_import), known
    whole: list[UUID] = []
    origins: list[tuple[UUID, int]] = []
    lots: list[tuple[UUID, int]] = []
    taken: list[tuple[UUID, int]] = []
    needs: list[Need] = []
    for one in wants:
        whole += one.whole
        origins += one.origins
        lots += one.lots
        taken += one.taken
        needs += one.needs
    if whole:
        gathered = await gather_whole(ledger, connection, members, all_of=whole)
    elif any(one.is_piece for one in wants):
        gathered = await gather_piece(ledger, connection, members[0])
    else:
        reservations = [one.reservation_id for one in wants if one.reservation_id is not None]
        gathered = await gather_locked(
            ledger,
            connection,
            members,
            origins=origins,
            lots=lots,
            taken=taken,
            needs=needs,
            reservations=reservations,
            keys=keys,
        )
    return gathered, (await known_purchases(connection, receipts))[1] if receipts else {}


async def _take(turn: Turn, known: dict[str, RememberedAnswer], once: Once | None, taking: Taking) -> Answer:
    """The answer to one request. A refusal leaves nothing, and neither does what could not be decided."""
    put = turn.put
    try:
        if once is not None and once.key in known:
            return answer_again(once, known[once.key])
        answer = await taking.take(turn)
    except (Refusal, *UNDECIDABLE) as no:
        if turn.put != put:
            raise
        if isinstance(no, Refusal) and once is not None and not taking.wants.members:
            return await _unless_a_twin_did_it(turn, once, no)
        return no
    if once is None:
        return answer
    turn.put_answer(once, answer)
    known[once.key] = RememberedAnswer(once.body_hash, answer)
    return {**answer, "is_replay": False}


async def _unless_a_twin_did_it(turn: Turn, once: Once, no: Refusal) -> Answer:
    """Where no member's lock was waited for, what a twin did since the keys were read may be the very reason of a no: its card
    is taken."""
    before = (await remembered_answers(turn.connection, [once.key])).get(once.key)
    try:
        return no if before is None else answer_again(once, before)
    except Refusal as reused:
        return reused


async def or_a_job(half: Awaitable[None], what: UUID) -> None:
    """Do the second half of what is committed already. Whatever hinders it, the first was done: a job does the rest."""
    try:
        await half
    except Exception as failure:
        log.warning("the second half is left to the jobs", of=str(what), failure=repr(failure))
