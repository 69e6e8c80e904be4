"""One meaning: the fold as the till interprets it, interpreted over arrays, and compiled for history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import OPENING, a_line, a_member, a_purchase
from tests.domain.life import Life, Told
from tests.domain.worlds import Step, examples, lives, timelines

from jifen.domain import decide, fold
from jifen.domain.calendar import epoch_second
from jifen.domain.events import Script
from jifen.domain.member import Member
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import PointsMissing
from jifen.domain.timeline import Timeline
from jifen.insight.compiled_fold import walk as compiled_walk
from jifen.insight.frames import LINES
from jifen.insight.lives import EXTRA, Lives, walk_lives, with_calendar
from jifen.insight.walked import walk_script


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What a walk over one life told and left, as plain lists."""

    told: list[list[int]]
    postings: list[list[int]]
    moves: list[list[int]]
    results: list[list[int]]
    scalars: list[int]
    ladders: list[int]
    lots: list[list[int]]
    days: list[int]
    history: list[int]
    counters: list[list[int]]
    holds: list[int]


def walk_one(timeline: Timeline, told: Sequence[Told], walk: Callable[..., Any]) -> Walked:
    """One life walked: each event with hits of its own, so that a return brings its purchase's along."""
    script = Script(timeline)
    for one in told:
        asked = one.asked
        event = list(asked.event)
        for first, end, table, width in (
            (fold.EVENT_HITS, fold.EVENT_HITS_END, script.hits, fold.HIT_WIDTH),
            (fold.EVENT_LEGS, fold.EVENT_LEGS_END, script.legs, fold.LEG_WIDTH),
            (fold.EVENT_MOVES, fold.EVENT_MOVES_END, script.moves, fold.MOVE_WIDTH),
        ):
            event[first] += len(table) // width
            event[end] += len(table) // width
        event[fold.EVENT_DATES] += len(script.dates)
        event[fold.EVENT_CARRIED] += len(script.carried)
        before = len(script.hits) // fold.HIT_WIDTH
        for i in range(0, len(asked.hits), fold.HIT_WIDTH):
            rule, amount, quantity, origin = asked.hits[i : i + fold.HIT_WIDTH]
            # Of a return's hits it is the row of its purchase's; of those, what another member's lot is called here.
            is_back = origin >= 0 and i >= asked.event[fold.EVENT_HITS] * fold.HIT_WIDTH
            script.hits += (rule, amount, quantity, origin + before if is_back else origin)
        script.results += asked.results
        script.dates += asked.dates
        script.legs += asked.legs
        script.moves += asked.moves
        script.carried += asked.carried
        script.events += event
    n = len(told)
    walked = walk_script(script, [0, n], [0], walk=walk)
    counters = walked.kept.counters[: walked.kept.starts[fold.KEPT_WIDTH + fold.KEPT_COUNTERS] * 3]
    starts = walked.kept.starts[fold.KEPT_WIDTH :]
    days_width = fold.DAYS_COUNTED + timeline.n_ladders
    return Walked(
        told=walked.told.tolist(),
        postings=walked.postings.tolist(),
        moves=walked.moves.tolist(),
        results=walked.results.tolist(),
        scalars=walked.members[0].tolist(),
        ladders=walked.ladders[0].tolist(),
        lots=walked.lots[0][:, : fold.LOT_QUEUED].tolist(),
        days=walked.kept.days[: starts[fold.KEPT_DAYS] * days_width].tolist(),
        history=walked.kept.history[: starts[fold.KEPT_HISTORY] * fold.HISTORY_WIDTH].tolist(),
        counters=sorted(counters.reshape(-1, 3).tolist()),
        holds=walked.kept.holds[: starts[fold.KEPT_HOLDS] * fold.HOLD_WIDTH].tolist(),
    )


@examples(60)
@given(timelines(), lives)
def test_a_life_decided_step_by_step_is_the_life_walked_is_the_life_compiled(
    timeline: Timeline, steps: list[Step]
) -> None:
    life = Life(timeline)
    life.live(steps)

    interpreted = walk_one(timeline, life.told, fold.walk)

    assert interpreted == walk_one(timeline, life.told, compiled_walk)
    for told, row in zip(life.told, interpreted.told, strict=True):
        after = told.decision.after
        assert row[fold.TOLD_SEQUENCE] == told.decision.sequence
        assert row[fold.TOLD_CODE] == fold.DONE
        assert row[fold.TOLD_TIERS :] == [*after.judged_tiers, *after.tiers, *after.balances]
    decided = [p for told in life.told for p in told.decision.postings]
    assert [row[:5] for row in interpreted.postings] == [
        [p.currency, p.verb, p.units, p.balance_after, p.terms] for p in decided
    ]
    moves = [number for told in life.told for number in told.decision.moves]
    assert [number for row in interpreted.moves for number in row] == moves
    assert [number for row in interpreted.results for number in row] == [
        number for told in life.told for number in told.results
    ]
    assert_left(life.member, interpreted)


UNTOLD = (
    fold.LOTS, fold.QUEUE_FIRST, fold.QUEUE_END, fold.DAYS, fold.TIERS_HELD, fold.COUNTERS, fold.HOLDS,
    fold.CLOCK_DAY, fold.CLOCK_AT, fold.NEXT_DUE_DAY,
)  # fmt: skip
"""How many rows a table has, and how far the clock went without an entry: the till drops what changed nothing."""
KEPT = (fold.SEQUENCE, fold.PURCHASES, fold.LAST_PURCHASE_DAY, fold.LOTS_OPENED)


def assert_left(member: Member, walked: Walked) -> None:
    """The member whom the till left is the one whom the walk left."""
    ours, theirs = list(member.scalars), list(walked.scalars)
    for column in UNTOLD:
        ours[column] = theirs[column] = 0
    assert ours == theirs
    assert member.ladders == walked.ladders
    assert [list(lot) for lot in member.lots] == walked.lots
    assert (member.days, member.history, member.holds) == (walked.days, walked.history, walked.holds)
    width = fold.COUNTER_WIDTH
    assert (
        sorted(member.counters[i : i + width] for i in range(0, len(member.counters), width))
        == walked.counters
    )


# -- from frames -----------------------------------------------------------------------------------------------------------

_line = st.tuples(st.sampled_from((0, 99, 3_333, 25_050)), st.sampled_from((0, 1_000, 1_234)))
_minutes = st.integers(0, 60 * 1_440)
_bought = st.tuples(_minutes, st.lists(_line, min_size=1, max_size=3))
_redeemed = st.tuples(_minutes, st.integers(1, 300))


@examples(15)
@given(
    timelines(),
    st.lists(st.lists(_bought, min_size=1, max_size=4), min_size=1, max_size=3),
    st.lists(st.lists(_redeemed, max_size=2), min_size=1, max_size=3),
)
def test_history_from_frames_is_what_the_till_would_have_decided(
    timeline: Timeline,
    bought: list[list[tuple[int, list[tuple[int, int]]]]],
    redeemed: list[list[tuple[int, int]]],
) -> None:
    purchases = [
        [
            _purchase(m, i, minute, lines)
            for i, (minute, lines) in enumerate(sorted(own, key=lambda one: one[0]))
        ]
        for m, own in enumerate(bought)
    ]
    end = OPENING.timestamp() + 100 * 86_400
    extras = [
        (m, OPENING.timestamp() + minute * 60, fold.REDEEM, units)
        for m, own in enumerate(redeemed[: len(bought)])
        for minute, units in sorted(own)
    ]
    extras += [(m, end, fold.ADVANCE, 0) for m in range(len(bought))]

    interpreted, compiled = (
        _walked(timeline, purchases, extras, walk) for walk in (fold.walk, compiled_walk)
    )

    for name in COMPARED:
        assert np.array_equal(getattr(interpreted, name), getattr(compiled, name)), name
    for m, own in enumerate(purchases):
        member = _lived(timeline, own, [extra for extra in extras if extra[0] == m])
        scalars = interpreted.members[m].tolist()
        for column in KEPT:
            assert scalars[column] == member.scalars[column]
        assert scalars[fold.BALANCES :] == member.scalars[fold.BALANCES :]
        own = interpreted.lots[interpreted.lot_member == m][:, : fold.LOT_QUEUED]
        assert own.tolist() == [list(lot) for lot in member.lots]


COMPARED = (
    "told", "postings", "moves", "results", "members", "ladders", "lots", "days", "history", "counters", "hits", "events"
)  # fmt: skip


def _purchase(m: int, i: int, minute: int, lines: list[tuple[int, int]]) -> Purchase:
    return a_purchase(
        at=datetime.fromtimestamp(OPENING.timestamp() + minute * 60, UTC),
        no=f"{m}-{i}",
        lines=[a_line(n + 1, amount, quantity_milli=quantity, sku="abc"[n]) for n, (amount, quantity) in enumerate(lines)],
    )  # fmt: skip


def _walked(
    timeline: Timeline, purchases: list[list[Purchase]], extras: list[tuple[int, float, int, int]], walk: Callable[..., Any]
) -> Lives:  # fmt: skip
    flat = [(m, purchase) for m, own in enumerate(purchases) for purchase in own]
    frame = pl.DataFrame(
        {
            "member": [m for m, _ in flat],
            "purchase": list(range(len(flat))),
            "source": [p.source for _, p in flat],
            "store": [p.store for _, p in flat],
            "channel": [p.channel for _, p in flat],
            "occurred_at": [p.occurred_at for _, p in flat],
            "amount_minor": [p.amount_minor for _, p in flat],
            "payments": [None for _ in flat],
            "tags": [list(p.tags) for _, p in flat],
        },
        schema={
            "member": pl.Int64, "purchase": pl.Int64, "source": pl.String, "store": pl.String, "channel": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"), "amount_minor": pl.Int64, "payments": pl.String,
            "tags": pl.List(pl.String),
        },
    )  # fmt: skip
    lines = pl.DataFrame(
        [
            {"purchase": i, "number": line.number, "sku": line.sku, "quantity_milli": line.quantity_milli,
             "amount_minor": line.amount_minor, "discount_minor": 0}
            for i, (_, purchase) in enumerate(flat)
            for line in purchase.lines
        ],
        schema=LINES.schema,
    )  # fmt: skip
    extra = pl.DataFrame(
        [
            {"member": m, "at": datetime.fromtimestamp(at, UTC), "kind": kind, "currency": 0, "units": units}
            for m, at, kind, units in extras
        ],
        schema=EXTRA,
    )
    return walk_lives(
        with_calendar(frame, timeline), lines, timeline, n_members=len(purchases), extra=extra, walk=walk
    )


def _lived(
    timeline: Timeline, purchases: list[Purchase], extras: list[tuple[int, float, int, int]]
) -> Member:
    """The same life, decided step by step."""
    member = a_member(timeline)
    events: list[tuple[int, int, int, Any]] = [
        (epoch_second(purchase.occurred_at), 0, i, purchase) for i, purchase in enumerate(purchases)
    ]
    events += [(int(at), 1, i, (kind, units)) for i, (_, at, kind, units) in enumerate(extras)]
    for second, _, _, what in sorted(events, key=lambda event: event[:3]):
        now = datetime.fromtimestamp(second, UTC)
        if isinstance(what, Purchase):
            member = decide.decide_purchase(timeline, member, what, now=now).after
            continue
        kind, units = what
        try:
            if kind == fold.ADVANCE:
                raise PointsMissing
            member = decide.decide_units(timeline, member, kind, currency=0, units=units, now=now).after
        except PointsMissing:
            # In a walk a refused event is an ADVANCE; at the till time waits for the next entry.
            told = decide.decide_advance(timeline, member, now=now)
            member = told.after if told.has_effect else member
    return member
