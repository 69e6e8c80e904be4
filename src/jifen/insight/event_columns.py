"""The dresser of events for columns: the twin of `domain/events.py`, which a property test holds to the same.

A block has a row of `fold.EVENT_WIDTH` for each event. What all sides of a question share is put here; revision, hits, slices
and dates are put by whoever judges.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain import fold, verbs
from jifen.domain.calendar import date_of
from jifen.domain.timeline import Timeline
from jifen.insight.clocks import INSTANT, shown_clock

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def calendar_of(moments: pl.Series, zone: str) -> tuple[Integers, Integers, Integers]:
    """Of each moment the day number and month number in a zone, and the microsecond: (day, at, month)."""
    clock = shown_clock(moments, zone).dt
    day = clock.date().cast(pl.Int32).cast(pl.Int64)
    month = clock.year().cast(pl.Int64) * 12 + clock.month().cast(pl.Int64) - 1
    return day.to_numpy(), moments.dt.epoch("us").to_numpy(), month.to_numpy()


def blank(events: int, *, more: int = 0) -> Integers:
    """A block of events with nothing in it; `more` columns stand behind those of the fold."""
    block = np.zeros((events, fold.EVENT_WIDTH + more), dtype=np.int64)
    block[:, fold.EVENT_UNDOES] = -1
    return block


def put_moments(block: Integers, occurred: pl.Series, recorded: pl.Series, zone: str) -> None:
    """Fill when events occurred and were recorded."""
    day, at, month = calendar_of(occurred, zone)
    block[:, fold.EVENT_OCCURRED_DAY] = day
    block[:, fold.EVENT_OCCURRED_AT] = at
    block[:, fold.EVENT_MONTH] = month
    if not (occurred is recorded or occurred.equals(recorded)):
        day, at, _ = calendar_of(recorded, zone)
    block[:, fold.EVENT_RECORDED_DAY] = day
    block[:, fold.EVENT_RECORDED_AT] = at


def put_purchases(block: Integers, purchases: pl.DataFrame, zone: str) -> None:
    """Fill purchases.

    Shape
        purchases   occurred_at, recorded_at, amount_minor
    """
    block[:, fold.EVENT_KIND] = fold.PURCHASE
    put_moments(block, purchases.get_column("occurred_at"), purchases.get_column("recorded_at"), zone)
    block[:, fold.EVENT_AMOUNT] = purchases.get_column("amount_minor").to_numpy()


def put_returns(block: Integers, returns: pl.DataFrame, bought: Integers, zone: str) -> None:
    """Fill returns and voids; `bought` is the row of each one's purchase, filled before.

    Shape
        returns   recorded_at, amount_minor, purchase_sequence, is_void, is_whole
    """
    is_void = returns.get_column("is_void").to_numpy()
    block[:, fold.EVENT_KIND] = np.where(is_void, fold.VOID, fold.RETURN)
    for column in (fold.EVENT_OCCURRED_DAY, fold.EVENT_OCCURRED_AT, fold.EVENT_MONTH):
        block[:, column] = bought[:, column]
    day, at, _ = calendar_of(returns.get_column("recorded_at"), zone)
    block[:, fold.EVENT_RECORDED_DAY] = day
    block[:, fold.EVENT_RECORDED_AT] = at
    block[:, fold.EVENT_AMOUNT] = returns.get_column("amount_minor").to_numpy()
    block[:, fold.EVENT_ORIGIN] = returns.get_column("purchase_sequence").to_numpy()
    block[:, fold.EVENT_WHOLE] = returns.get_column("is_whole").cast(pl.Int64).to_numpy()


def put_entries(block: Integers, entries: pl.DataFrame, zone: str) -> None:
    """Fill entries other than sales and returns; their legs are those of `entry_legs`.

    Shape
        entries   kind (its name), recorded_at; origin, value: empty where the kind has none
    """
    at = entries.get_column("recorded_at")
    put_moments(block, at, at, zone)
    block[:, fold.EVENT_KIND] = kinds_of(entries.get_column("kind"))
    block[:, fold.EVENT_ORIGIN] = entries.get_column("origin").fill_null(0).to_numpy()
    block[:, fold.EVENT_VALUE] = entries.get_column("value").fill_null(0).to_numpy()


def put_occasions(block: Integers, entries: pl.DataFrame, zone: str) -> None:
    """Fill when events and moments occurred. What time brings is posted when it was due, whenever somebody saw it.

    Shape
        entries   kind, occurred_at, recorded_at
    """
    kinds = entries.get_column("kind")
    at = np.flatnonzero(kinds.is_in(("event", "moment")).to_numpy())
    if not len(at):
        return
    occurred = entries.get_column("occurred_at")[at]
    recorded = pl.select(
        pl.when((kinds == "moment")[at]).then(occurred).otherwise(entries.get_column("recorded_at")[at])
    ).to_series()
    own = np.ascontiguousarray(block[at])
    put_moments(own, occurred, recorded, zone)
    block[at] = own


def put_end(block: Integers, end_at: datetime, zone: str) -> None:
    """Fill events that only let time pass up to a moment."""
    moment = pl.Series([end_at], dtype=INSTANT)
    block[:, fold.EVENT_KIND] = fold.ADVANCE
    put_moments(block, moment, moment, zone)


def _previous_days(events: Any, sequence: Any, starts: Any, forgiven: Any) -> None:
    kept = np.zeros(len(events), dtype=np.bool_)  # by purchase: something of it was forgiven
    gone = np.zeros(len(events), dtype=np.bool_)  # by purchase: voided and paid for
    for m in range(len(starts) - 1):
        for e in range(starts[m], starts[m + 1]):
            kind = events[e, fold.EVENT_KIND]
            if kind not in (fold.RETURN, fold.VOID):
                continue
            bought = starts[m] + np.searchsorted(sequence[starts[m] : e], events[e, fold.EVENT_ORIGIN])
            kept[bought] = kept[bought] or forgiven[e]
            if kind == fold.VOID:
                gone[bought] = not kept[bought]
                last = -1
                for p in range(starts[m], e):
                    if p != bought and not gone[p] and events[p, fold.EVENT_KIND] == fold.PURCHASE:
                        last = max(last, events[p, fold.EVENT_OCCURRED_DAY])
                events[e, fold.EVENT_PREVIOUS_DAY] = last


_previous_days_of_all = numba.njit(cache=True, nogil=True)(_previous_days)


def put_previous_days(events: Integers, sequence: Integers, starts: Integers, forgiven: Flags) -> None:
    """Fill of each void the day of the member's last purchase but that one, and but those voided and paid for before.

    Shape
        events     in the order of the fold, those of member m from `starts[m]` on; `sequence` is their number
        forgiven   whether the ledger forgave something at each
    """
    if (events[:, fold.EVENT_KIND] == fold.VOID).any():
        _previous_days_of_all(events, sequence, starts, forgiven)


def kinds_of(names: pl.Series) -> Integers:
    """The numbers of kinds by their names."""
    found: Integers = names.replace_strict(verbs.KIND_OF, return_dtype=pl.Int64).to_numpy()
    return found


_LEG_OF = np.array(
    [kind.legs[0] if kind.legs and kind.number != fold.PURCHASE else -1 for kind in verbs.KINDS]
)


def is_sliced(kinds: Integers) -> Flags:
    """Which entries bring slices instead of one leg."""
    return np.isin(kinds, [verbs.KIND_OF[name] for name in verbs.SLICED])


def entry_legs(entries: pl.DataFrame, zone: str) -> Integers:
    """One leg for each entry that has one, the twin of `events.legs_of`; what brings slices has them instead.

    Shape
        entries   kind (its name); currency, units, origin, lapses_at: empty where the kind has none
        returns   a row of fold.LEG_WIDTH for each entry; LEG_VERB -1: it has no leg of its own
    """
    kinds = kinds_of(entries.get_column("kind"))
    legs = np.zeros((entries.height, fold.LEG_WIDTH), dtype=np.int64)
    legs[:, fold.LEG_VERB] = np.where(is_sliced(kinds), -1, _LEG_OF[kinds])
    legs[:, (fold.LEG_TERMS, fold.LEG_EXPIRES, fold.LEG_MATURES)] = -1
    ends = np.isin(kinds, (fold.COMMIT, fold.RELEASE))
    legs[:, fold.LEG_CURRENCY] = np.where(ends, 0, entries.get_column("currency").fill_null(0).to_numpy())
    legs[:, fold.LEG_UNITS] = np.where(ends, 0, entries.get_column("units").fill_null(0).to_numpy())
    legs[:, fold.LEG_RESERVATION] = np.where(ends, entries.get_column("origin").fill_null(0).to_numpy(), 0)
    lapses = entries.get_column("lapses_at")
    if lapses.null_count() < len(lapses):
        at = np.flatnonzero(lapses.is_not_null().to_numpy())
        day, micros, _ = calendar_of(lapses.drop_nulls(), zone)
        legs[at, fold.LEG_LAPSES_AT] = micros
        legs[at, fold.LEG_LAPSES_DAY] = day
    return legs


def slice_legs(
    kinds: Integers, currency: Integers, terms: Integers, expires: Integers, units: Integers
) -> Integers:
    """One leg for each slice; `kinds` is that of the entry that brings it."""
    legs = np.zeros((len(units), fold.LEG_WIDTH), dtype=np.int64)
    legs[:, fold.LEG_VERB] = _LEG_OF[kinds]
    legs[:, fold.LEG_CURRENCY] = currency
    legs[:, fold.LEG_TERMS] = terms
    legs[:, fold.LEG_UNITS] = units
    legs[:, fold.LEG_EXPIRES] = expires
    legs[:, fold.LEG_MATURES] = -1
    return legs


def put_dates(events: Integers, timeline: Timeline) -> Integers:
    """The days that terms have by (revision, day), flat; and in each event where its own begin."""
    pairs = events[:, fold.EVENT_REVISION] * (2 * fold.FAR) + events[:, fold.EVENT_OCCURRED_DAY]
    distinct, where = np.unique(pairs, return_inverse=True)
    width = timeline.n_terms * fold.DATES_WIDTH
    events[:, fold.EVENT_DATES] = where * width
    table = np.zeros((max(1, len(distinct)), width), dtype=np.int64)
    for i, pair in enumerate(distinct.tolist()):
        row, day = divmod(pair, 2 * fold.FAR)
        on = date_of(day)
        assert on is not None, "an event has a date"
        table[i] = timeline.dates(row, on)
    return table.reshape(-1)
