"""What select sees of a purchase: given facts only, so that it can be asked ahead, before anybody is locked."""

from __future__ import annotations

from typing import NamedTuple

from jifen.domain.admission import check_against_program
from jifen.domain.calendar import moment_in
from jifen.domain.program.meaning import Program
from jifen.domain.program.select import Moment, Selection
from jifen.domain.purchase import Purchase
from jifen.domain.timeline import Timeline


class Seen(NamedTuple):
    """What select saw of a purchase ahead, without the member and without a lock; and by what, of which facts."""

    revision: int
    purchase: Purchase
    selection: Selection

    def holds(self, revision: int, purchase: Purchase) -> bool:
        """Whether it is what select would see by a revision of a purchase."""
        return self.revision == revision and (self.purchase is purchase or self.purchase == purchase)


def see_purchase(timeline: Timeline, purchase: Purchase) -> Seen:
    """Select ahead.

    Refuses
        ProgramMissing   no revision was in force at that moment; and what `check_against_program` refuses
    """
    program = timeline.programs[timeline.row_at(purchase.occurred_at)]
    check_against_program(program, purchase)
    return Seen(program.revision, purchase, select_purchase(timeline, purchase))


def select_purchase(timeline: Timeline, purchase: Purchase) -> Selection:
    """Which rules see what of a purchase: given facts only, by the revision of the moment it occurred."""
    return select_by(timeline, timeline.row_at(purchase.occurred_at), purchase)


def select_by(timeline: Timeline, row: int, purchase: Purchase) -> Selection:
    """The same by the revision of a row of the timeline."""
    return timeline.selects[row](purchase, moment_of(timeline.programs[row], purchase))


def moment_of(program: Program, purchase: Purchase) -> Moment:
    """Weekday, hour and date at the store, else in the programme's zone."""
    store = program.stores.get(purchase.store or "")
    return moment_in(purchase.occurred_at, store.time_zone if store else program.time_zone)
