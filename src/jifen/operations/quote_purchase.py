"""Quote: exactly what recording a purchase would answer, and nothing changes."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from jifen.domain.admission import believed, check_against_program
from jifen.domain.decide import decide_purchase
from jifen.domain.member import new_member
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import MemberUnknown
from jifen.store.gather import gather_unlocked, with_old_counters
from jifen.store.journal import Circumstance
from jifen.store.ledger import Ledger
from jifen.store.members import MemberKey, find_by_keys
from jifen.store.purchases import RecordedPurchase, answer_of

NOBODY = UUID(int=0)


async def quote_purchase(
    ledger: Ledger, purchase: Purchase, whose: UUID | MemberKey | None
) -> RecordedPurchase:
    """What the purchase would earn now; for nobody, what somebody newly enrolled would earn."""
    async with ledger.transaction() as connection:
        member_id = whose
        if isinstance(whose, MemberKey):
            member_id = (await find_by_keys(connection, [whose])).get(whose)
            if member_id is None:
                raise MemberUnknown(pointer="/member")
        assert not isinstance(member_id, MemberKey)
        gathered = await gather_unlocked(ledger, connection, [member_id] if member_id else [])
        timeline = gathered.timeline
        member = gathered.member(member_id) if member_id else new_member(NOBODY, timeline)
        occurred_at = believed(timeline, purchase, gathered.now, is_import=False)
        member = await with_old_counters(connection, timeline, member, occurred_at)
        purchase = replace(purchase, occurred_at=occurred_at)
        check_against_program(timeline.programs[timeline.row_at(occurred_at)], purchase)

        decision = decide_purchase(timeline, member, purchase, now=gathered.now)

        at = Circumstance(occurred_at=occurred_at, recorded_at=gathered.now)
        answer = answer_of(timeline, decision, purchase, at, purchase_id=NOBODY)
        return replace(answer, purchase_id=None, sequence=None, member_id=member_id)
