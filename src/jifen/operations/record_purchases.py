"""Record purchases: online, late, out of order, doubled, or of nobody. A batch of one is the till's call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from jifen.domain.admission import believed, check_against_program
from jifen.domain.calendar import local_date
from jifen.domain.decide import decide_purchase
from jifen.domain.decision import Decision
from jifen.domain.member import Member
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import KeyReused, MemberUnknown, Refusal
from jifen.domain.seen import Seen, see_purchase
from jifen.store.compiled import RevisionNotCompiled, begun_again, need_compiled
from jifen.store.gather import (
    Gathered,
    gather_for_purchases,
    last_moment,
    save_decisions,
)
from jifen.store.journal import Circumstance, Granted, add_postings
from jifen.store.keys import BusinessKey, KnownPurchase, add_purchase_keys, add_unclaimed, known_purchases
from jifen.store.ledger import Connection, Ledger
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.members import MemberKey, found_by, lock_members
from jifen.store.purchases import RecordedPurchase, add_purchases, recorded_purchase
from jifen.store.rows import Together

Whose: TypeAlias = UUID | MemberKey | None


class PurchaseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase as it came in: whose it is (None: nobody's), and the hash of its body."""

    purchase: Purchase
    whose: Whose
    body_hash: bytes
    actor: str | None = None


Answer: TypeAlias = RecordedPurchase | Refusal


async def record_purchases(
    ledger: Ledger, requests: Sequence[PurchaseRequest], *, is_import: bool = False
) -> list[Answer]:
    """The answer to each request, in order: each succeeds or is refused on its own.

    With `is_import` an old purchase is taken at any age and recorded at the moment it occurred, or at the member's last
    moment where that is later.
    """
    # What rules see of a purchase is worked out while nobody waits for it.
    seen = [_seen(ledger, request.purchase) for request in requests]
    try:
        return await _record(ledger, requests, seen, is_import=is_import)
    except asyncpg.UniqueViolationError:
        # A twin with another member, or of nobody, committed meanwhile. One by one, each finds it or stands alone.
        return [await _record_alone(ledger, request, is_import=is_import) for request in requests]


async def _record_alone(ledger: Ledger, request: PurchaseRequest, *, is_import: bool) -> Answer:
    try:
        return (await _record(ledger, [request], [None], is_import=is_import))[0]
    except asyncpg.UniqueViolationError:
        return (await _record(ledger, [request], [None], is_import=is_import))[0]


def _seen(ledger: Ledger, purchase: Purchase) -> Seen | None:
    """What select sees of a purchase by the revisions that are compiled here; None: the turn will ask, or refuse."""
    try:
        return see_purchase(ledger.compiled, purchase)
    except (Refusal, RevisionNotCompiled):
        return None


@begun_again
async def _record(
    ledger: Ledger, requests: Sequence[PurchaseRequest], seen: Sequence[Seen | None], *, is_import: bool
) -> list[Answer]:
    async with ledger.transaction() as connection:
        whose = await found_by(connection, [request.whose for request in requests])
        members = await lock_members(connection, [m for m in whose if m is not None])
        # Asked after the locks: whoever recorded a twin has committed by now, or comes later.
        clock, known = await known_purchases(connection, [_key(r.purchase) for r in requests])
        gathered = await gather_for_purchases(ledger, connection, members, clock, is_import=is_import)

        batch = _Batch(gathered=gathered, known=known, is_import=is_import)
        for request, member_id, before in zip(requests, whose, seen, strict=True):
            await batch.take(connection, request, member_id, before)

        together = Together()
        recorded = await add_purchases(together, gathered.timeline, batch.decided)
        await add_postings(together, gathered.timeline, [(d, at) for d, _, at in batch.decided])
        await save_decisions(
            connection, [d for d, _, _ in batch.decided], gathered.timeline, together=together
        )
        await add_purchase_keys(together, batch.keys(gathered.now))
        await add_unclaimed(together, [p for p, _ in batch.unclaimed], recorded_at=gathered.now)
        await together.write(connection)

        answers = await batch.answers(connection, recorded)
        # An answer from the journal names the rules of its own revision.
        need_compiled(gathered.timeline, [a.revision for a in answers if isinstance(a, RecordedPurchase)])
        return answers


def _key(purchase: Purchase) -> BusinessKey:
    return BusinessKey(purchase.source, purchase.business_no)


class _Batch:
    """What is decided so far, request by request."""

    def __init__(
        self, *, gathered: Gathered, known: dict[BusinessKey, KnownPurchase], is_import: bool
    ) -> None:
        self.gathered = gathered
        self.known = known
        self.is_import = is_import
        self.members: dict[UUID, Member] = dict(gathered.members)
        self.decided: list[tuple[Decision, Purchase, Circumstance]] = []
        self.unclaimed: list[tuple[Purchase, bytes]] = []
        self.hashes: list[bytes] = []
        self.plan: list[tuple[str, object]] = []  # what answers each request
        self.firsts: dict[BusinessKey, int] = {}

    async def take(
        self, connection: Connection, request: PurchaseRequest, member_id: UUID | None, seen: Seen | None
    ) -> None:
        """Decide one request; a refusal is its answer and leaves no trace."""
        key = _key(request.purchase)
        known = self.known.get(key)
        try:
            if known is not None:
                if known.body_hash != request.body_hash:
                    raise KeyReused(
                        f"{key.source} {key.business_no} came before with another body",
                        pointer="/business_no",
                    )
                position = self.firsts.get(key)
                self.plan.append(("stored", (known, request)) if position is None else ("again", position))
                return
            if request.whose is None:
                self._keep_for_nobody(request)
            else:
                await self._decide(connection, request, member_id, seen)
            self.firsts[key] = len(self.plan) - 1
            self.known[key] = KnownPurchase(request.body_hash, None, None, self.gathered.now)
        except Refusal as refusal:
            self.plan.append(("refused", refusal))

    def _keep_for_nobody(self, request: PurchaseRequest) -> None:
        occurred_at = believed(
            self.gathered.timeline, request.purchase, self.gathered.now, is_import=self.is_import
        )
        program = self.gathered.timeline.programs[self.gathered.timeline.row_at(occurred_at)]
        check_against_program(program, request.purchase)
        self.plan.append(("nobody", len(self.unclaimed)))
        self.unclaimed.append((replace(request.purchase, occurred_at=occurred_at), request.body_hash))

    async def _decide(
        self, connection: Connection, request: PurchaseRequest, member_id: UUID | None, seen: Seen | None
    ) -> None:
        timeline = self.gathered.timeline
        if member_id is None:
            raise MemberUnknown(pointer="/member")
        self.gathered.member(member_id)
        member = self.members[member_id]
        occurred_at = believed(timeline, request.purchase, self.gathered.now, is_import=self.is_import)
        purchase = request.purchase
        if occurred_at != purchase.occurred_at:
            purchase = replace(purchase, occurred_at=occurred_at)
        now = max(occurred_at, last_moment(member)) if self.is_import else self.gathered.now
        row = timeline.row_at(occurred_at)
        if seen is not None and not seen.holds(timeline.programs[row].revision, purchase):
            seen = None
        if seen is None:
            check_against_program(timeline.programs[row], purchase)
        if self.is_import or not self.gathered.is_of_now(occurred_at):
            member = await with_old_days(connection, timeline, member, now=now, occurred_at=occurred_at)
            member = await with_old_counters(
                connection, timeline, member, occurred_at, unwritten=lambda: self._granted_to(member_id)
            )
        decision = decide_purchase(timeline, member, purchase, now=now, selection=seen and seen.selection)
        at = Circumstance(
            occurred_at=occurred_at,
            recorded_at=now,
            actor=request.actor,
            store=purchase.store,
            channel=purchase.channel,
        )
        self.plan.append(("decided", len(self.decided)))
        self.decided.append((decision, purchase, at))
        self.hashes.append(request.body_hash)
        self.members[member_id] = decision.after

    def _granted_to(self, member_id: UUID) -> Iterator[Granted]:
        """What was granted to a member here and is not in the journal yet."""
        timeline = self.gathered.timeline
        for decision, purchase, _ in self.decided:
            if decision.after.member_id == member_id:
                on = local_date(purchase.occurred_at, timeline.time_zone)
                revision = timeline.programs[decision.row].revision
                for result in decision.results:
                    if result.granted:
                        yield Granted(on, revision, result.rule, result.granted)

    def keys(self, now: datetime) -> list[tuple[BusinessKey, bytes, UUID | None, int | None, datetime]]:
        """The business keys that this batch takes."""
        taken: list[tuple[BusinessKey, bytes, UUID | None, int | None, datetime]] = [
            (_key(purchase), body_hash, decision.after.member_id, decision.sequence, now)
            for (decision, purchase, _), body_hash in zip(self.decided, self.hashes, strict=True)
        ]
        return taken + [
            (_key(purchase), body_hash, None, None, now) for purchase, body_hash in self.unclaimed
        ]

    async def answers(self, connection: Connection, recorded: Sequence[RecordedPurchase]) -> list[Answer]:
        """One answer for each request, in order."""
        answers: list[Answer] = []
        for kind, what in self.plan:
            if kind == "decided":
                assert isinstance(what, int)
                answers.append(recorded[what])
            elif kind == "nobody":
                assert isinstance(what, int)
                answers.append(answer_of_nobody(self.unclaimed[what][0], self.gathered.now, is_replay=False))
            elif kind == "again":
                assert isinstance(what, int)
                first = answers[what]
                assert isinstance(first, RecordedPurchase)
                answers.append(msgspec.structs.replace(first, is_replay=True))
            elif kind == "stored":
                assert isinstance(what, tuple)
                answers.append(await _stored(connection, *what))
            else:
                assert isinstance(what, Refusal)
                answers.append(what)
        return answers


async def _stored(connection: Connection, known: KnownPurchase, request: PurchaseRequest) -> RecordedPurchase:
    # A till that told of nobody is answered of nobody, also when somebody has claimed the receipt since.
    if known.member_id is None or known.sequence is None or request.whose is None:
        return answer_of_nobody(request.purchase, known.recorded_at, is_replay=True)
    return await recorded_purchase(connection, known.member_id, known.sequence)


def answer_of_nobody(purchase: Purchase, recorded_at: datetime, *, is_replay: bool) -> RecordedPurchase:
    """The answer to a receipt of nobody: kept, and nothing earned until it is claimed."""
    return RecordedPurchase(
        purchase_id=None,
        member_id=None,
        source=purchase.source,
        business_no=purchase.business_no,
        sequence=None,
        revision=None,
        occurred_at=purchase.occurred_at,
        recorded_at=recorded_at,
        amount_minor=purchase.amount_minor,
        tier_before=None,
        tier_after=None,
        balances_after=(),
        reasons=(),
        is_replay=is_replay,
    )
