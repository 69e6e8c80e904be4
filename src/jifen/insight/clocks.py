"""Clocks and calendars of a zone for columns: the twin of `domain/calendar.py`, and by its knowledge of zones.

Polars' own zones are never asked: they are of another edition of the tz database than Python's, fail at a midnight that is
skipped or comes twice, and do not know every name (decision 0094).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain.calendar import zone

Integers = npt.NDArray[np.int64]

INSTANT = pl.Datetime("us", "UTC")
CLOCK = pl.Datetime("us")  # what a clock shows, in no zone
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
# Times beyond these are refused elsewhere or never come; they are shown by the offset of these years.
_FIRST, _LAST = datetime(1900, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Instants(NamedTuple):
    """Of times that a clock showed: when that was, and which were never shown or were shown twice."""

    at: pl.Series
    is_skipped: pl.Series
    is_repeated: pl.Series


class _Change(NamedTuple):
    """A change of a zone's offset from UTC. All in microseconds."""

    at: int
    before: int
    after: int


def shown_clock(moments: pl.Series, time_zone: str) -> pl.Series:
    """What a clock of the zone shows at each moment (`CLOCK`)."""
    at = moments.dt.epoch("us")
    changes = _changes(time_zone, at, pad=0)
    nth = np.searchsorted(changes[:, 0], _filled(at), side="right") - 1
    return (at + pl.Series(changes[nth, 2])).cast(CLOCK).alias(moments.name)


def instants(clock: pl.Series, time_zone: str) -> Instants:
    """When a clock of the zone showed each time: as UTC (`INSTANT`), of a repeated time the first.

    A time that was skipped counts on from before the change (02:30 becomes 03:30), as Python's `fold=0` does.
    """
    shown = clock.dt.epoch("us")
    changes = _changes(time_zone, shown, pad=_DAY)
    wall = _filled(shown)
    sides = changes[:, 1:]
    # The first of the twice shown, and the end of what is skipped, is where the larger offset says.
    nth = np.searchsorted(changes[:, 0] + sides.max(axis=1), wall, side="right") - 1
    begun = np.searchsorted(changes[:, 0] + sides.min(axis=1), wall, side="right") - 1
    within = nth != begun
    is_forward = changes[begun, 2] > changes[begun, 1]
    known = clock.is_not_null()
    return Instants(
        at=(shown - pl.Series(changes[nth, 2])).cast(CLOCK).dt.replace_time_zone("UTC").alias(clock.name),
        is_skipped=pl.Series(within & is_forward) & known,
        is_repeated=pl.Series(within & ~is_forward) & known,
    )


def starts_of_days(days: pl.Series, time_zone: str) -> pl.Series:
    """The first moment of each day (a date, or days since 1970-01-01) in the zone, as UTC."""
    return instants(days.cast(pl.Int32).cast(pl.Date).cast(CLOCK), time_zone).at


def _filled(numbers: pl.Series) -> Any:
    """For numpy: nothing is the epoch, whose answer nobody sees. Times out of reach stand at its ends."""
    return numbers.fill_null(0).clip(_micros(_FIRST), _micros(_LAST)).to_numpy()


def _changes(time_zone: str, near: pl.Series, *, pad: int) -> Integers:
    """The changes of offset in the years of some moments: at, before, after; each run of years begins with one that is none.

    `pad` is how far the moments may lie from where they are looked for.
    """
    reach = near.drop_nulls().clip(_micros(_FIRST) + pad, _micros(_LAST) - pad)
    ends = pl.concat([reach - pad, reach + pad]) if pad else reach
    years = sorted(ends.cast(CLOCK).dt.year().unique().to_list() or [1970])
    rows: list[_Change] = []
    for year in years:
        if year - 1 not in years:
            offset = _offset(time_zone, datetime(year, 1, 1, tzinfo=UTC))
            rows.append(_Change(_micros(datetime(year, 1, 1, tzinfo=UTC)), offset, offset))
        rows.extend(_changes_of_year(time_zone, year))
    return np.array(rows, dtype=np.int64)


@lru_cache(maxsize=16_384)
def _changes_of_year(time_zone: str, year: int) -> tuple[_Change, ...]:
    """The changes after the first moment of a year (UTC) up to the first of the next, each found to the second."""
    found: list[_Change] = []
    early, before = datetime(year, 1, 1, tzinfo=UTC), _offset(time_zone, datetime(year, 1, 1, tzinfo=UTC))
    while early.year == year:
        late = early + timedelta(days=1)
        after = _offset(time_zone, late)
        if after != before:
            found.append(_Change(_micros(_moment_of_change(time_zone, early, late)), before, after))
        early, before = late, after
    return tuple(found)


def _moment_of_change(time_zone: str, early: datetime, late: datetime) -> datetime:
    """The first second of the new offset between two moments that differ."""
    before = _offset(time_zone, early)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early).total_seconds() // 2)
        if _offset(time_zone, middle) == before:
            early = middle
        else:
            late = middle
    return late


def _offset(time_zone: str, at: datetime) -> int:
    offset = at.astimezone(zone(time_zone)).utcoffset()
    assert offset is not None, "a zone has an offset"
    return offset // timedelta(microseconds=1)


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
