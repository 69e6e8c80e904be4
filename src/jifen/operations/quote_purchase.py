"""Quote: exactly what recording a purchase would answer, and nothing changes. A batch of one is the till's call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from jifen.domain.admission import believed, check_against_program
from jifen.domain.decide import decide_purchase
from jifen.domain.member import Member, new_member
from jifen.domain.moments import after_moments
from jifen.domain.person import MemberKey
from jifen.domain.pools import wishes
from jifen.domain.program.known import selection_for
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import MemberUnknown, Refusal
from jifen.domain.seen import select_by
from jifen.store.compiled import begun_again
from jifen.store.gather import Gathered, gather_at_once, gather_unlocked
from jifen.store.journal import Circumstance
from jifen.store.ledger import Connection, Ledger
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.members import found_by
from jifen.store.pools import Pools, spoken_for
from jifen.store.purchases import RecordedPurchase, answer_of

NOBODY = UUID(int=0)

Whose = UUID | MemberKey | None


@begun_again
async def quote_purchases(
    ledger: Ledger, asked: Sequence[tuple[Purchase, Whose]]
) -> list[RecordedPurchase | Refusal]:
    """What each purchase would earn now, were it alone; for nobody, what somebody newly enrolled would earn."""
    async with ledger.connection() as connection:
        members = await found_by(ledger, connection, [whose for _, whose in asked])
        gathered = await gather_at_once(ledger, connection, [m for m in members if m is not None])
        if gathered and all(gathered.is_of_now(purchase.occurred_at) for purchase, _ in asked):
            return await _quotes(connection, gathered, asked, members, ledger.pools)
    async with ledger.reading() as connection:
        members = await found_by(ledger, connection, [whose for _, whose in asked])
        gathered = await gather_unlocked(ledger, connection, [m for m in members if m is not None])
        return await _quotes(connection, gathered, asked, members, ledger.pools)


async def _quotes(
    connection: Connection,
    gathered: Gathered,
    asked: Sequence[tuple[Purchase, Whose]],
    members: Sequence[UUID | None],
    pools: Pools,
) -> list[RecordedPurchase | Refusal]:
    answers: list[RecordedPurchase | Refusal] = []
    for (purchase, whose), member_id in zip(asked, members, strict=True):
        try:
            if member_id is None and whose is not None:
                raise MemberUnknown(pointer="/member")
            answers.append(await _quote(connection, gathered, purchase, member_id, pools))
        except Refusal as refusal:
            answers.append(refusal)
    return answers


async def _quote(
    connection: Connection, gathered: Gathered, purchase: Purchase, member_id: UUID | None, pools: Pools
) -> RecordedPurchase:
    timeline = gathered.timeline
    member = gathered.member(member_id) if member_id else _newcomer(gathered)
    left = _Left(gathered, pools, await spoken_for(connection) if any(timeline.pooled) else {})
    known = gathered.known_to(member_id)
    member = after_moments(timeline, member, gathered.now, left.rooms, known)
    occurred_at = believed(timeline, purchase, gathered.now, is_import=False)
    if not gathered.is_of_now(occurred_at):
        member = await with_old_days(connection, timeline, member, now=gathered.now, occurred_at=occurred_at)
        member = await with_old_counters(connection, timeline, member, occurred_at)
    if occurred_at != purchase.occurred_at:
        purchase = replace(purchase, occurred_at=occurred_at)
    gathered.switches.check_store(purchase.store, gathered.now)
    row = timeline.row_at(occurred_at)
    check_against_program(timeline.programs[row], purchase)
    selection = selection_for(timeline.known[row], select_by(timeline, row, purchase), known)

    decision = decide_purchase(
        timeline,
        member,
        purchase,
        now=gathered.now,
        selection=selection,
        rooms=left.rooms(row, selection.hits, gathered.now),
    )

    at = Circumstance(occurred_at=occurred_at, recorded_at=gathered.now)
    answer = answer_of(timeline, decision, purchase, at, purchase_id=NOBODY)
    return msgspec.structs.replace(answer, purchase_id=None, sequence=None, member_id=member_id)


class _Left:
    """What pools have left for a quote, which takes from them in mind only."""

    def __init__(self, gathered: Gathered, pools: Pools, spoken: Mapping[int, int]) -> None:
        self._gathered, self._pools, self._spoken = gathered, pools, spoken
        self._taken: dict[int, int] = {}

    def rooms(self, row: int, hits: Sequence[tuple[int, int, int]], at: datetime) -> dict[int, int]:
        """What there is for the hits of an occasion, by position of the rule, and which rules are off at that moment; what a
        moment does not use it keeps."""
        timeline = self._gathered.timeline
        found = dict(self._gathered.switches.rooms(timeline, row, hits, at))
        for wish in wishes(timeline, row, hits):
            if wish.position in found:
                continue
            free = max(0, wish.budget - self._spoken.get(wish.pool, 0))
            have = free + self._pools.held(wish, self._gathered.true_now) - self._taken.get(wish.pool, 0)
            found[wish.position] = min(wish.units, max(0, have))
            self._taken[wish.pool] = self._taken.get(wish.pool, 0) + found[wish.position]
        return found


def _newcomer(gathered: Gathered) -> Member:
    return new_member(NOBODY, gathered.timeline, gathered.timeline.row_at(gathered.now))
