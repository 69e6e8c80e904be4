"""Unusual reading raises a case: somebody read many persons within an hour, or several at night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jifen.domain.audit import READ_AT_NIGHT_MAX, About, Act, Deed, Detail, about, is_unusual_reading
from jifen.domain.calendar import zone
from jifen.domain.principal import JOB
from jifen.store.audit import note_act
from jifen.store.compiled import begun_again
from jifen.store.unusual_reading import busy_readers

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

_NAMED = {"key": About.KEY, "operator": About.OPERATOR}


@begun_again
async def watch_reading(ledger: Ledger) -> int:
    """Write a case into the audit for whoever read unusually much in the last hour, once an hour; how many. The night is that of
    the programme's zone."""
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if not clock.newest:
            return 0
        timeline = await ledger.timeline(connection, clock.newest)
        now, readers = await busy_readers(connection, more_than=READ_AT_NIGHT_MAX)
        hour = now.astimezone(zone(timeline.time_zone)).hour
        raised = [one for one in readers if is_unusual_reading(one.persons, hour=hour)]
        for one in raised:
            named = (about(_NAMED[one.kind], one.principal_id),) if one.principal_id is not None else ()
            details: dict[str, Detail] = {"kind": one.kind, "persons": one.persons, "hour": hour}
            act = Act(deed=Deed.READING_UNUSUAL, about=named, count=one.persons, details=details)
            await note_act(connection, JOB, act)
    return len(raised)
