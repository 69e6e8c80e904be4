"""Events dressed one by one and by columns are the same integers: `domain/events.py` and `insight/event_columns.py`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import a_currency, a_program, a_timeline
from tests.domain.worlds import examples

from jifen.domain import fold, verbs
from jifen.domain.events import Script, Slice, legs_of
from jifen.domain.program.meaning import Expiry, Until
from jifen.domain.timeline import Timeline
from jifen.insight import event_columns as columns
from jifen.insight.clocks import INSTANT

ZONES = ("Asia/Shanghai", "America/New_York", "Asia/Kolkata", "America/Havana", "UTC")
moments = st.integers(0, 11 * 366 * fold.DAY_MICROS).map(
    lambda micros: datetime(2019, 12, 30, tzinfo=UTC) + timedelta(microseconds=micros)
)
units = st.integers(1, 1 << 40)
OTHERS = [
    kind.name
    for kind in verbs.KINDS
    if kind.number not in (fold.PURCHASE, fold.RETURN, fold.VOID, fold.GIFT_IN, fold.EXCHANGE)
    and verbs.KIND_OF.get(kind.name) is not None
]


def a_timeline_in(zone: str) -> Timeline:
    return a_timeline(
        a_program(currencies=[a_currency(expiry=Expiry(months=2, until=Until.MONTH_END))], time_zone=zone)
    )


def in_columns(block: Any, *but: int) -> list[list[int]]:
    """The rows of a block without what is put by whoever judges."""
    left_out = {
        fold.EVENT_HITS, fold.EVENT_HITS_END, fold.EVENT_LEGS, fold.EVENT_LEGS_END, fold.EVENT_MOVES, fold.EVENT_MOVES_END,
        fold.EVENT_DATES, fold.EVENT_PREVIOUS_DAY, *but,
    }  # fmt: skip
    kept = [column for column in range(fold.EVENT_WIDTH) if column not in left_out]
    return [[int(row[column]) for column in kept] for row in block]


def one_by_one(script: Script) -> list[list[int]]:
    width = fold.EVENT_WIDTH
    return [script.events[at : at + width] for at in range(0, len(script.events), width)]


@examples(60)
@given(
    st.sampled_from(ZONES),
    st.lists(st.tuples(moments, st.integers(0, 400 * 86_400), st.integers(0, 10**9)), min_size=1, max_size=8),
    st.data(),
)
def test_purchases_and_their_returns_are_dressed_the_same(
    zone: str, bought: list[tuple[datetime, int, int]], data: st.DataObject
) -> None:
    script = Script(a_timeline_in(zone))
    rows = []
    for sequence, (at, late, amount) in enumerate(bought, start=1):
        recorded = at + timedelta(seconds=late)
        back = (
            recorded + timedelta(seconds=data.draw(st.integers(0, 10**8))),
            data.draw(st.integers(0, amount)),
            *data.draw(st.tuples(st.booleans(), st.booleans())),
        )
        rows.append((at, recorded, amount, sequence, *back))
    for at, recorded, amount, *_ in rows:
        script.add(fold.PURCHASE, row=0, occurred_at=at, recorded_at=recorded, amount=amount)
    for at, _, _, sequence, back_at, brought, is_void, is_whole in rows:
        script.add(
            fold.VOID if is_void else fold.RETURN, row=0, occurred_at=at, recorded_at=back_at, amount=brought, origin=sequence,
            is_whole=is_whole,
        )  # fmt: skip

    frame = pl.DataFrame(
        rows,
        schema={"occurred_at": INSTANT, "recorded_at": INSTANT, "amount_minor": pl.Int64,
                "purchase_sequence": pl.Int64, "back_at": INSTANT, "back": pl.Int64, "is_void": pl.Boolean,
                "is_whole": pl.Boolean},
        orient="row",
    )  # fmt: skip
    purchases, returns = columns.blank(len(rows)), columns.blank(len(rows))
    columns.put_purchases(purchases, frame.select("occurred_at", "recorded_at", "amount_minor"), zone)
    columns.put_returns(
        returns,
        frame.select("purchase_sequence", "is_void", "is_whole", recorded_at="back_at", amount_minor="back"),
        purchases,
        zone,
    )
    assert in_columns([*purchases, *returns]) == in_columns(one_by_one(script))


@examples(60)
@given(
    st.sampled_from(ZONES),
    st.lists(
        st.tuples(st.sampled_from(OTHERS), moments, units, st.integers(1, 99), st.integers(60, 10**7)),
        min_size=1,
        max_size=8,
    ),
)
def test_other_entries_and_their_legs_are_dressed_the_same(
    zone: str, told: list[tuple[str, datetime, int, int, int]]
) -> None:
    script = Script(a_timeline_in(zone))
    rows = []
    for name, at, count, origin, lapse in told:
        kind = verbs.KIND_OF[name]
        row = (
            name,
            at,
            0 if verbs.KINDS[kind].legs else None,
            count if verbs.KINDS[kind].legs else None,
            origin if kind in (fold.COMMIT, fold.RELEASE, fold.REVERSE) else None,
            1 if kind == fold.STATE else None,
            at + timedelta(seconds=lapse) if kind == fold.RESERVE else None,
        )
        rows.append(row)
        script.add(
            kind, row=0, occurred_at=at, recorded_at=at, origin=row[4] or 0, value=row[5] or 0,
            legs=legs_of(kind, zone=zone, currency=row[2] or 0, units=row[3] or 0, origin=row[4] or 0, lapses_at=row[6]),
        )  # fmt: skip
    frame = pl.DataFrame(
        rows,
        schema={"kind": pl.String, "recorded_at": INSTANT, "currency": pl.Int64, "units": pl.Int64, "origin": pl.Int64,
                "value": pl.Int64, "lapses_at": INSTANT},
        orient="row",
    )  # fmt: skip
    block = columns.blank(len(rows))
    columns.put_entries(block, frame, zone)
    legs = columns.entry_legs(frame, zone)

    assert in_columns(block) == in_columns(one_by_one(script))
    width = fold.LEG_WIDTH
    ours = [row for row in legs.tolist() if row[fold.LEG_VERB] >= 0]
    assert ours == [script.legs[at : at + width] for at in range(0, len(script.legs), width)]
    dates = columns.put_dates(block, script.timeline)
    size = script.timeline.n_terms * fold.DATES_WIDTH
    for row, event in zip(block.tolist(), one_by_one(script), strict=True):
        own, other = row[fold.EVENT_DATES], event[fold.EVENT_DATES]
        assert dates[own : own + size].tolist() == script.dates[other : other + size]


@examples(30)
@given(
    st.sampled_from([verbs.KIND_OF[name] for name in verbs.SLICED]),
    st.lists(st.tuples(st.integers(0, 5), st.integers(18_000, 30_000), units), min_size=1, max_size=6),
)
def test_slices_are_dressed_the_same(kind: int, slices: list[tuple[int, int, int]]) -> None:
    legs = legs_of(kind, zone="UTC", currency=3, units=0, slices=[Slice(*one) for one in slices])
    terms, days, counts = (
        pl.Series(column, dtype=pl.Int64).to_numpy() for column in zip(*slices, strict=True)
    )
    by_columns = columns.slice_legs(terms * 0 + kind, terms * 0 + 3, terms, days, counts)
    assert by_columns.tolist() == [list(leg) for leg in legs]
