"""After a revision that tells of moments: members who were there before it are looked at when the first of them falls due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date, next_due_at
from jifen.domain.program.meaning import Brought
from jifen.domain.timeline import Timeline
from jifen.store.compiled import begun_again

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

_NAME = "moments"
BATCH = 1_000


@begun_again
async def look_ahead(ledger: Ledger) -> int:
    """See that every member is looked at in time for the moments of the revision in force; return for how many that changed.

    Done once for a revision, from its first whole day on: what a member does since is judged by it. Whoever is killed in between
    begins again.
    """
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if clock.newest == 0:
            return 0
        timeline = await ledger.timeline(connection, clock.newest)
        row = fold.revision_at(timeline.numbers, _today(timeline, clock.now))
        revision = timeline.programs[row].revision
        seen = await connection.fetchval("SELECT below_xid FROM checkpoint WHERE name = $1", _NAME)
    if seen is not None and seen >= revision:
        return 0
    changed = 0
    last = UUID(int=0)
    while timeline.programs[row].moments or any(one.at_once for one in timeline.programs[row].exchanges):
        found, looked_at, last = await _look_at_some(ledger, timeline, row, last, clock.now)
        changed += looked_at
        if found < BATCH:
            break
    async with ledger.transaction() as connection:
        await connection.execute(
            """INSERT INTO checkpoint (name, below_xid) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET below_xid = greatest(checkpoint.below_xid, excluded.below_xid),
                   moved_at = clock_timestamp()""",
            _NAME,
            revision,
        )
    return changed


def _today(timeline: Timeline, now: datetime) -> int:
    return day_number(local_date(now, timeline.time_zone))


async def _look_at_some(
    ledger: Ledger, timeline: Timeline, row: int, after: UUID, now: datetime
) -> tuple[int, int, UUID]:
    """The next members by id: how many there were, for how many it changed, and the last of them."""
    moments = timeline.programs[row].moments
    expiring = [moment for moment in moments if moment.brought is Brought.EXPIRY_AHEAD]
    # What no lot brings is found out by whoever visits the member.
    has_others = len(expiring) < len(moments) or bool(timeline.programs[row].exchanges)
    at_once = _today(timeline, now) if has_others else fold.FAR
    async with ledger.transaction() as connection:
        rows = await connection.fetch(
            """SELECT member_id, next_due_day, next_lapse_at, (
                   SELECT min(l.expires_on - DATE '1970-01-01' - m.days)
                   FROM lot l JOIN unnest($2::int[], $3::int[]) AS m (currency, days) ON m.currency = l.currency
                   WHERE l.member_id = member.member_id AND l.left_units > 0 AND l.expires_on IS NOT NULL) AS expires_day
               FROM member WHERE member_id > $1 AND status <> 'merged' ORDER BY member_id LIMIT $4""",
            after,
            [moment.currency for moment in expiring],
            [moment.days for moment in expiring],
            BATCH,
        )
        sooner = [
            (one["member_id"], one["next_due_day"], due,
             next_due_at(due, one["next_lapse_at"], timeline.time_zone))
            for one in rows
            for due in [min(at_once, fold.FAR if one["expires_day"] is None else one["expires_day"])]
            if due < one["next_due_day"]
        ]  # fmt: skip
        # Who has changed since is judged by the revision already.
        await connection.executemany(
            """UPDATE member SET next_due_day = $3, next_due_at = $4
               WHERE member_id = $1 AND next_due_day = $2""",
            sooner,
        )
    return len(rows), len(sooner), rows[-1]["member_id"] if rows else after
