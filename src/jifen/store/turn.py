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

from collections.abc import Awaitable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import structlog

from jifen.domain.moments import next_due
from jifen.domain.refusals import Refusal
from jifen.store.askers import hold_asker
from jifen.store.claims import Claim
from jifen.store.compiled import BeginAgain, begun_again
from jifen.store.gather import (
    Gathered,
    Need,
    gather_for_purchases,
    gather_locked,
    gather_piece,
    gather_whole,
)
from jifen.store.keys import (
    BusinessKey,
    KnownPurchase,
    RememberedAnswer,
    known_purchases,
    remembered_answers,
)
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import lock_members
from jifen.store.once import TRIES, Once, answer_again
from jifen.store.pools import is_certain
from jifen.store.requests import Kept, Keyed, Nothing, Request, Taking, Wants, Whose, look
from jifen.store.shards import claims_held, run_by_shard
from jifen.store.taken import Turn

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
            for request in requests:
                if request.once is not None and request.once.asker is not None:
                    await hold_asker(connection, request.once.asker)
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
            if gathered.timeline.has_exchanges and not any(one.is_import or one.is_piece for one in wants):
                # What a balance has just reached is exchanged at once.
                for member_id in turn.members:
                    turn.let_moments_be(member_id, turn.now)
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
