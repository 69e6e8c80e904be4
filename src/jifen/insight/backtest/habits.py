"""Redemptions drawn from each member's own habit, with a seed.

A member goes on redeeming when he did. How much is drawn: at each occasion of the period the share of what was available that
he redeemed at one of his own occasions in the ledger, of what is available then. Who never redeemed goes on not redeeming. The
draw depends on the seed, the member and the number of the entry alone, so both sides draw the same occasion.

Why so: docs/decisions/0073-a-drawn-redemption-is-a-share-of-what-is-there.md.
"""

from __future__ import annotations

import numpy as np

from jifen.domain import fold
from jifen.domain.calendar import day_number
from jifen.insight.backtest.events import Woven, judge, recorded_slices
from jifen.insight.backtest.question import Question, mixed
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.walking import Walk, nowhere, walk_bucket


def habits_of(
    question: Question, woven: Woven, first_day: int, end_day: int, *, walk: Walk | None = None
) -> tuple[Integers, Integers]:
    """By event, of redemptions in the period: what was redeemed of how much at the occasion drawn; 0 of 0 for all else.

    A commit has the numbers of an occasion too, which only say that it is drawn.

    Shape
        first_day, end_day   of everything woven
    """
    live = question.live
    judged = judge(
        woven, live, dates=live.dates(first_day, end_day), first_day=first_day, slices=recorded_slices(woven.entries)
    )  # fmt: skip
    _, kept = walk_bucket(
        woven, judged, live.numbers(), question.period(live), nowhere(woven), tells_available=True, walk=walk
    )
    block, sequence = woven.block, woven.sequence // woven.stride
    kind = block[:, fold.EVENT_KIND]
    owner = np.repeat(np.arange(woven.n_members), np.diff(woven.starts))
    member = woven.members.get_column("member").to_numpy()[owner]
    key = owner * live.timeline.n_currencies + woven.currency
    units, of = np.zeros(len(kind), dtype=np.int64), np.zeros(len(kind), dtype=np.int64)
    inside = block[:, fold.EVENT_RECORDED_DAY] >= day_number(question.from_on)

    is_occasion = (kind == fold.REDEEM) | (kind == fold.RESERVE)
    known = np.flatnonzero(is_occasion & (kept.available > 0))
    known = known[np.argsort(key[known], kind="stable")]
    asked = np.flatnonzero(is_occasion & inside)
    first = np.searchsorted(key[known], key[asked], side="left")
    count = np.searchsorted(key[known], key[asked], side="right") - first
    asked, first, count = asked[count > 0], first[count > 0], count[count > 0]
    chance = mixed(
        member[asked].astype(np.uint64) * np.uint64(1 << 36) + sequence[asked].astype(np.uint64),
        question.seed,
    )
    drawn = known[
        first + ((chance >> np.uint64(32)) * count.astype(np.uint64) >> np.uint64(32)).astype(np.int64)
    ]
    units[asked] = np.minimum(woven.units[drawn], kept.available[drawn])
    of[asked] = kept.available[drawn]
    of[(kind == fold.COMMIT) & inside] = 1
    return units, of
