"""Read how a member stands on the first ladder: what counts, what is missing, which tiers were held since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jifen.domain.calendar import day_number, epoch_micros, local_date
from jifen.domain.decide import decide_advance
from jifen.domain.program.meaning import Program
from jifen.domain.refusals import MemberUnknown
from jifen.domain.standing import Standing, standing_on
from jifen.domain.timeline import Timeline
from jifen.store.compiled import begun_again
from jifen.store.gather import gather_unlocked
from jifen.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class TierView:
    """A member on the first ladder of the revision in force."""

    standing: Standing
    program: Program
    timeline: Timeline
    now: datetime


@begun_again
async def read_tiers(ledger: Ledger, member_id: UUID) -> TierView:
    """The member's standing now, with what time has made due taken into account.

    Refuses
        MemberUnknown   there is none with that id
    """
    async with ledger.reading() as connection:
        gathered = await gather_unlocked(ledger, connection, [member_id], needs_lots=True)
        member = gathered.members.get(member_id)
        if member is None:
            raise MemberUnknown(pointer="/member")

    timeline, now = gathered.timeline, gathered.now
    day = day_number(local_date(now, timeline.time_zone))
    if member.is_due(day, epoch_micros(now)):
        member = decide_advance(timeline, member, now=now).after
    program = timeline.programs[timeline.row_at(now)]
    return TierView(
        standing=standing_on(program, member, 0, day), program=program, timeline=timeline, now=now
    )
