"""Segments: why one is not made, changed or archived; and who meets the condition of one (decision 0161).

A condition of a segment speaks of what the books keep of a member, in the words of rules, and is read by the fold itself: so a
tier, a window or a balance is the same there and here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from jifen.domain import fold, room
from jifen.domain.calendar import day_number, epoch_micros, local_date, start_of_day
from jifen.domain.member import Member, state_of
from jifen.domain.program.conditions import Condition
from jifen.domain.program.meaning import NONE, EarnRule, Grant, Rounding, Together
from jifen.domain.refusals import Conflict, Unknown
from jifen.domain.timeline import Timeline, timeline_of

SEGMENTS_MAX: Final = 200
"""So many stand at once; those that are archived do not count."""
CHANGED_AT_ONCE: Final = 1_000
"""So many members are put into a list, or taken out, by one request."""
LOOKED_AT_MAX: Final = 20_000
"""So many members are looked at while somebody waits for a count."""
REFRESH_HOURS: Final = 6
"""A condition is asked anew of everybody so often."""
SIZES_KEPT_DAYS: Final = 400


class SegmentUnknown(Unknown):
    """There is no such segment, or it is archived."""

    code = "segment_unknown"


class SegmentExists(Conflict):
    """There is a segment with that code already."""

    code = "segment_exists"


class SegmentInUse(Conflict):
    """A rule of the programme asks for the segment: publish a revision without that first."""

    code = "segment_in_use"


class SegmentFound(Conflict):
    """The members of the segment are found by its condition: nobody is put into it or taken out by hand."""

    code = "segment_found"


class Finder:
    """Who meets a condition on what the books keep, on a day."""

    def __init__(self, timeline: Timeline, condition: Condition, now: datetime) -> None:
        """By the words of the newest revision, which are those of every later one."""
        began = start_of_day(local_date(now, timeline.time_zone), timeline.time_zone)
        rule = _asking(condition)
        asking = replace(
            timeline.newest,
            revision=timeline.newest.revision + 1,
            effective_at=began,
            rules=(rule,),
            moments=(),
            exchanges=(),
        )
        before = [
            replace(one, effective_at=min(one.effective_at, began), moments=(), exchanges=())
            for one in timeline.programs
        ]
        self.timeline = timeline_of([*before, asking], [*timeline.selects, timeline.selects[-1]])
        numbers = self.timeline.numbers
        row = numbers.rules[-fold.RULE_WIDTH :]
        self._tests = row[fold.RULE_TESTS], row[fold.RULE_TESTS_END]
        event = [0] * fold.EVENT_WIDTH
        event[fold.EVENT_REVISION] = len(before)
        event[fold.EVENT_OCCURRED_DAY] = day_number(local_date(now, timeline.time_zone))
        event[fold.EVENT_OCCURRED_AT] = epoch_micros(now)
        self._asked = fold.Asked(event, [], [], [], [], [], [])

    def finds(self, member: Member) -> bool:
        """Whether a member, whose row has all days that are asked for, meets it."""
        state = state_of(member, _NO_ROWS, self.timeline, hits=0)
        first, end = self._tests
        if first == end:
            return True
        return bool(fold.state_holds(state, self._asked, self.timeline.numbers, first, end, 0))


_NO_ROWS = room.rows_of_one(0, 0, 0, 0, 0, 1, 1)


def _asking(condition: Condition) -> EarnRule:
    """A rule that asks it, and gives nothing that anybody sees."""
    return EarnRule(
        number=1,
        code="segment",
        names={},
        currency=0,
        terms=0,
        grant=Grant.FIXED,
        rate=(1, 1),
        rounding=Rounding.DOWN,
        multiplied_by=NONE,
        group=0,
        together=Together.ADD,
        state=condition,
    )
