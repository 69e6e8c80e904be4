"""Days for windows, counted from the journal: those that a member's row does not keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jifen.domain import fold
from jifen.domain.timeline import Timeline


class Back(NamedTuple):
    """What came back of a purchase: `results` as `decide.HitResult`, of which the last is what was forgiven."""

    amount_minor: int
    is_whole: bool
    results: Sequence[tuple[int, ...]]


class Bought(NamedTuple):
    """A purchase, or another occasion, as the journal keeps it, with its returns in their order."""

    kind: int
    row: int  # of the timeline: the revision that judged
    day: int
    amount_minor: int
    results: Sequence[tuple[int, ...]]
    backs: list[Back]


def days_of(timeline: Timeline, bought: Iterable[Bought]) -> list[int]:
    """Flat rows as `fold.State.days` has them, in order of day."""
    bought = list(bought)
    state = fold.State(
        [0] * (fold.BALANCES + timeline.n_currencies * fold.BALANCE_WIDTH),
        [], [], [],
        [0] * (len(bought) * (fold.DAYS_COUNTED + timeline.n_ladders)),
        [], [], [], [0],
    )  # fmt: skip
    for one in bought:
        asked = asked_again(one.kind, one.row, one.day, one.amount_minor, one.results, is_whole=False)
        fold.count_day(state, asked, timeline.numbers)
        forgiven = 0
        for back in one.backs:
            forgiven += sum(result[-1] for result in back.results)
            asked = asked_again(
                fold.RETURN, one.row, one.day, back.amount_minor, back.results, is_whole=back.is_whole
            )
            fold.uncount_day(state, asked, timeline.numbers, forgiven)
    return state.days[: state.member[fold.DAYS] * (fold.DAYS_COUNTED + timeline.n_ladders)]


def asked_again(
    kind: int, row: int, day: int, amount: int, results: Sequence[tuple[int, ...]], *, is_whole: bool
) -> fold.Asked:
    """An entry of the journal (judged by a row of the timeline, about a day) as the fold counts it: with nothing else of it."""
    event = [0] * fold.EVENT_WIDTH
    event[fold.EVENT_KIND] = kind
    event[fold.EVENT_REVISION] = row
    event[fold.EVENT_OCCURRED_DAY] = day
    event[fold.EVENT_AMOUNT] = amount
    event[fold.EVENT_WHOLE] = int(is_whole)
    event[fold.EVENT_HITS_END] = len(results)
    hits = [number for rule, size, quantity, *_ in results for number in (rule, size, quantity, -1)]
    told = [number for _, _, _, desired, granted, why in results for number in (desired, granted, why, 0, 0)]
    return fold.Asked(event, hits, told, [], [], [], [])
