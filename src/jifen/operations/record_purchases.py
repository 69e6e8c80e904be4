"""Record purchases: online, late, out of order, doubled, or of nobody. A batch of one is the till's call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from jifen.domain.admission import believed, check_against_program
from jifen.domain.decide import decide_purchase
from jifen.domain.member import Member
from jifen.domain.pools import together, wishes
from jifen.domain.program.known import selection_for
from jifen.domain.purchase import Purchase, first_difference
from jifen.domain.refusals import KeyReused, MemberUnknown, Refusal
from jifen.domain.seen import Seen, see_purchase, select_by
from jifen.store.carries import heir_of
from jifen.store.compiled import RevisionNotCompiled, need_compiled
from jifen.store.gather import last_moment
from jifen.store.journal import Circumstance
from jifen.store.keys import BusinessKey, JustClaimed, KnownPurchase, find_unclaimed, known_purchases
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.members import found_by
from jifen.store.pools import lease
from jifen.store.purchases import (
    RecordedPurchase,
    purchase_of,
    recorded_purchase,
    stored_purchase,
    told_by,
)
from jifen.store.turn import Turn, Wants, Whose, answered, run

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


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
    """The answer to each request, in order; raises where one failed, when the others are done (`record_each`)."""
    return answered(await record_each(ledger, requests, is_import=is_import))


async def record_each(
    ledger: Ledger, requests: Sequence[PurchaseRequest], *, is_import: bool = False
) -> list[Answer | Exception]:
    """The answer to each request, in order: each succeeds, is refused or fails on its own.

    With `is_import` an old purchase is taken at any age and recorded at the moment it occurred, or at the member's last
    moment where that is later.
    """
    # What rules see of a purchase is worked out here, while nobody waits for it, and leased what they could want of pools.
    seen = [_seen(ledger, one.purchase) for one in requests]
    await _lease_ahead(ledger, seen)
    return await run(ledger, [_Record(one, saw, is_import) for one, saw in zip(requests, seen, strict=True)])


async def _lease_ahead(ledger: Ledger, seen: Sequence[Seen | None]) -> None:
    """Hold what these purchases could want of pools at most."""
    wished = [
        wish
        for saw in seen
        if saw is not None
        for wish in wishes(ledger.compiled, ledger.compiled.row_of(saw.revision), saw.selection.hits)
    ]
    if any(ledger.pools.lacks(wish) for wish in together(wished)):
        await lease(ledger, wished)


async def same_as_before(ledger: Ledger, requests: Sequence[PurchaseRequest]) -> list[Refusal | None]:
    """Of purchases whose keys are known whether each is the very sale that came before (None), or why not. Nothing changes."""
    async with ledger.reading() as connection:
        whose = await found_by(ledger, connection, [request.whose for request in requests])
        known = (await known_purchases(connection, [key_of(request.purchase) for request in requests]))[1]
        answers: list[Refusal | None] = []
        for request, member_id in zip(requests, whose, strict=True):
            try:
                await see_same(connection, known[key_of(request.purchase)], request, member_id)
                answers.append(None)
            except Refusal as refusal:
                answers.append(refusal)
        return answers


def _seen(ledger: Ledger, purchase: Purchase) -> Seen | None:
    """What select sees of a purchase by the revisions that are compiled here; None: the turn will ask, or refuse."""
    try:
        return see_purchase(ledger.compiled, purchase)
    except (Refusal, RevisionNotCompiled):
        return None


class _Record(NamedTuple):
    request: PurchaseRequest
    seen: Seen | None
    is_import: bool

    @property
    def once(self) -> None:
        return None

    @property
    def whose(self) -> Whose:
        return self.request.whose

    async def look(self, connection: Connection, member_id: UUID | None) -> _Recording:
        receipt = key_of(self.request.purchase)
        if member_id is None:
            return _Recording(self, None, Wants(is_purchase=True, receipt=receipt))
        wants = Wants(members=(member_id,), is_purchase=True, is_import=self.is_import, receipt=receipt)
        return _Recording(self, member_id, wants)


class _Recording(NamedTuple):
    asked: _Record
    member_id: UUID | None
    wants: Wants

    async def take(self, turn: Turn) -> RecordedPurchase:
        request = self.asked.request
        before = turn.receipts.get(key_of(request.purchase))
        if before is not None:
            await see_same(turn.connection, before, request, self.member_id)
            return await _again(turn, before, request)
        if request.whose is None:
            return self._keep_for_nobody(turn)
        if self.member_id is None:
            raise MemberUnknown(pointer="/member")
        return await self._decide(turn, turn.member(self.member_id))

    def _keep_for_nobody(self, turn: Turn) -> RecordedPurchase:
        (request, _, is_import), timeline = self.asked, turn.timeline
        occurred_at = believed(timeline, request.purchase, turn.now, is_import=is_import)
        turn.gathered.switches.check_store(request.purchase.store, occurred_at if is_import else turn.now)
        check_against_program(timeline.programs[timeline.row_at(occurred_at)], request.purchase)
        purchase = replace(request.purchase, occurred_at=occurred_at)
        answer = answer_of_nobody(purchase, turn.now, is_replay=False)
        turn.put_unclaimed(purchase)
        turn.put_receipt(request.body_hash, purchase, answer)
        return answer

    async def _decide(self, turn: Turn, member: Member) -> RecordedPurchase:
        request, seen, is_import = self.asked
        timeline, purchase = turn.timeline, request.purchase
        occurred_at = believed(timeline, purchase, turn.now, is_import=is_import)
        if occurred_at != purchase.occurred_at:
            purchase = replace(purchase, occurred_at=occurred_at)
        now = max(occurred_at, last_moment(member)) if is_import else turn.now
        turn.gathered.switches.check_store(purchase.store, now)
        row = timeline.row_at(occurred_at)
        if seen is not None and not seen.holds(timeline.programs[row].revision, purchase):
            seen = None
        if seen is None:
            check_against_program(timeline.programs[row], purchase)
        if is_import:  # in its own time; nothing is refused any more
            turn.let_moments_be(member.member_id, now)
            member = turn.members[member.member_id]
        if is_import or not turn.gathered.is_of_now(occurred_at):
            member = await with_old_days(turn.connection, timeline, member, now=now, occurred_at=occurred_at)
            member = await with_old_counters(
                turn.connection, timeline, member, occurred_at, unwritten=turn.granted_to(member.member_id)
            )
        selection = seen.selection if seen is not None else select_by(timeline, row, purchase)
        selection = selection_for(timeline.known[row], selection, turn.gathered.known_to(member.member_id))
        rooms = turn.rooms(row, selection.hits, now)
        decision = decide_purchase(timeline, member, purchase, now=now, selection=selection, rooms=rooms)
        at = Circumstance(
            occurred_at=occurred_at,
            recorded_at=now,
            actor=request.actor,
            store=purchase.store,
            channel=purchase.channel,
        )
        answer = turn.put_purchase(decision, purchase, at)
        turn.put_receipt(request.body_hash, purchase, answer)
        return answer


def key_of(purchase: Purchase) -> BusinessKey:
    """What names a purchase outside."""
    return BusinessKey(purchase.source, purchase.business_no)


async def _again(turn: Turn, before: KnownPurchase, request: PurchaseRequest) -> RecordedPurchase:
    """What was answered before, and what has undone it since."""
    if before.answer is not None:
        return msgspec.structs.replace(before.answer, is_replay=True)
    # A till that told of nobody is answered of nobody, also when somebody has claimed the receipt since.
    if before.member_id is None or before.sequence is None or request.whose is None:
        return answer_of_nobody(request.purchase, before.recorded_at, is_replay=True)
    answer = await recorded_purchase(turn.connection, before.member_id, before.sequence)
    # It names the rules of its own revision.
    need_compiled(turn.timeline, [answer.revision])
    return answer


async def see_same(
    connection: Connection, before: KnownPurchase, request: PurchaseRequest, member_id: UUID | None
) -> None:
    """See that a purchase whose business key is known is the very sale that it names, whichever road each came on: where the
    hashes of what was sent (they tell whether somebody is named, not whom) or the members differ, what was told is compared.

    Refuses
        KeyReused       naming the first field that differs
        MemberUnknown   it is told of somebody whom nobody knows
    """
    if before.body_hash == request.body_hash and (request.whose is None or before.member_id == member_id):
        return
    stored, holder_id = await _told_before(connection, before, key_of(request.purchase))
    if request.whose is not None and member_id is None:
        raise MemberUnknown(pointer="/member")
    pointer = ""
    if member_id is None or holder_id is None:
        pointer = "" if member_id == holder_id else "/member"
    elif await heir_of(connection, member_id) != await heir_of(connection, holder_id):
        pointer = "/member"
    pointer = pointer or first_difference(stored, request.purchase, counted_at=before.recorded_at)
    if pointer:
        source, business_no = key_of(request.purchase)
        said = f"{source} {business_no} came before with another {pointer[1:].replace('/', ' ')}"
        if pointer == "/member" and holder_id is None:
            said = f"{source} {business_no} came before as a receipt of nobody: claim it for the member"
        raise KeyReused(said, pointer=pointer, field=pointer.split("/")[1])


async def _told_before(
    connection: Connection, before: KnownPurchase, key: BusinessKey
) -> tuple[Purchase, UUID | None]:
    """What was told of a purchase, and whose it is."""
    if before.purchase is not None:
        return before.purchase, before.member_id
    if before.member_id is not None and before.sequence is not None:
        row = await stored_purchase(connection, before.member_id, before.sequence)
        assert row is not None, "a key names a purchase that is there"
        return told_by(row), before.member_id
    unclaimed = await find_unclaimed(connection, key)
    if unclaimed is None:
        raise JustClaimed
    return purchase_of(unclaimed.body), None


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
