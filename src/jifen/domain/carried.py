"""What a member left to another, taken apart: `fold.py` lays it out in one row of numbers (see `fold.CARRIED_WIDTH`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jifen.domain import fold
from jifen.domain.timeline import Timeline

Row = tuple[int, ...]


class Carried(NamedTuple):
    """The parts, each as rows in the columns that `fold.py` names."""

    purchases: int
    last_purchase_day: int
    stood: list[Row]  # by ladder, LEFT_WIDTH
    debts: Row  # by currency
    lots: list[Row]  # BROUGHT_WIDTH
    days: list[Row]  # a day, spend, visits, then what each ladder counted
    counters: list[Row]  # in order of limit and period

    def among(self, ladders: int, currencies: int) -> Carried:
        """The same as if there were only so many ladders and currencies: an older one was written before the others came."""
        return self._replace(
            stood=self.stood[:ladders],
            debts=self.debts[:currencies],
            days=[day[: fold.DAYS_COUNTED + ladders] for day in self.days],
        )


def carried_of(flat: Sequence[int], timeline: Timeline) -> Carried:
    """The parts. What the timeline does not know raises AssertionError: the compiled fold looks nothing up twice."""
    assert len(flat) >= fold.CARRIED_WIDTH, "what is carried is cut off"
    ladders, currencies, purchases, last_day, n_lots, n_days, n_counters = flat[: fold.CARRIED_WIDTH]
    assert 0 <= ladders <= timeline.n_ladders, "what is carried names ladders that nobody knows"
    assert 0 <= currencies <= timeline.n_currencies, "what is carried names currencies that nobody knows"
    assert min(n_lots, n_days, n_counters) >= 0, "what is carried is cut off"
    parts: list[list[Row]] = []
    at = fold.CARRIED_WIDTH
    for rows, width in (
        (ladders, fold.LEFT_WIDTH), (1, currencies), (n_lots, fold.BROUGHT_WIDTH), (n_days, fold.DAYS_COUNTED + ladders),
        (n_counters, fold.COUNTER_WIDTH),
    ):  # fmt: skip
        end = at + rows * width
        assert end <= len(flat), "what is carried is cut off"
        parts.append([tuple(flat[at + row * width : at + (row + 1) * width]) for row in range(rows)])
        at = end
    assert at == len(flat), "more is carried than is told"
    stood, debts, lots, days, counters = parts
    for lot in lots:
        terms, currency = lot[: fold.BROUGHT_LEFT]
        assert 0 <= terms < timeline.n_terms, "a lot that is carried names terms that nobody knows"
        assert 0 <= currency < timeline.n_currencies, (
            "a lot that is carried names a currency that nobody knows"
        )
        assert sum(lot[fold.BROUGHT_LEFT : fold.BROUGHT_EXPIRES]) > 0, "a lot that is carried was opened"
        assert min(lot[fold.BROUGHT_LEFT], lot[fold.BROUGHT_EXPIRED], lot[fold.BROUGHT_RETURNED]) >= 0, (
            "no part of a lot that is carried is below zero"
        )
    return Carried(purchases, last_day, stood, debts[0], lots, days, sorted(counters))
