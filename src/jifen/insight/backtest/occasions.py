"""Occasions other than purchases: what rules see of events under a side, and which entries are the ledger's own.

An event that a published revision judged keeps the hits of the ledger, with what a pool or a switch left of them; one that a
document judges is read anew. Moments that the ledger made stand only where a published revision judges; elsewhere the walk makes
its own (`due.py`), and the ledger's are but time that passes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain import fold
from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.domain.occasions import Event, see_event
from jifen.domain.program.known import Known, hits_for
from jifen.domain.program.meaning import EventType, Program
from jifen.insight.backtest.hits import lists_of, rows_of_lines
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.sides import Side

Flags = npt.NDArray[np.bool_]
SEEN = ("event", "moment")
"""Kinds of entries that rules see."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occasions:
    """The entries of a bucket that rules see, as one side judges them.

    Shape
        at       the entries, as rows of the frame
        rows     by occasion: the row of the timeline that judges it
        start    by occasion: its first row in `hits`; and the end of the last
        hits     rows of fold.HIT_WIDTH
        passed   by entry: a moment of the ledger that this side does not have, so that only time passes
    """

    at: Integers
    rows: Integers
    start: Integers
    hits: Integers
    passed: Flags


def occasions_of(entries: pl.DataFrame, side: Side) -> Occasions:
    """What rules of a side see of the events and moments among entries."""
    kinds = entries.get_column("kind")
    at = np.flatnonzero(kinds.is_in(SEEN).to_numpy())
    passed = np.zeros(entries.height, dtype=np.bool_)
    if not len(at):
        nothing = np.zeros(0, dtype=np.int64)
        return Occasions(
            at=at, rows=nothing, start=np.zeros(1, dtype=np.int64), hits=_rows([]), passed=passed
        )
    own = entries[at]
    rows = side.rows_of_purchases(own)
    is_moment = (own.get_column("kind") == "moment").to_numpy()
    passed[at] = is_moment & (rows >= side.published)
    start, flat = lists_of(own.get_column("hits"))
    start = start // HIT_KEPT_WIDTH
    kept = flat.reshape(-1, HIT_KEPT_WIDTH)
    rooms = rooms_of(kept)
    found: list[tuple[int, int, int, int]] = []
    starts = [0]
    told = own.select("state", "source", "store", "channel", "occurred_at", "attributes").rows()
    segments = own.get_column("segments").to_list() if "segments" in own.columns else [None] * own.height
    for i, row in enumerate(rows.tolist()):
        if row < side.published:
            span = slice(int(start[i]), int(start[i + 1]))
            found += [
                (*hit[:3], room) for hit, room in zip(kept[span].tolist(), rooms[span].tolist(), strict=True)
            ]
        elif not is_moment[i]:
            seen = _seen(side.timeline.programs[row], *told[i])
            seen = hits_for(side.timeline.known[row], seen, Known(tuple(segments[i] or ())))
            found += [(*hit, fold.NO_POOL) for hit in seen]
        starts.append(len(found))
    return Occasions(
        at=at, rows=rows, start=np.array(starts, dtype=np.int64), hits=_rows(found), passed=passed
    )


def rooms_of(kept: Integers) -> Integers:
    """What pools and switches left to hits that the ledger kept, as HIT_ROOM: the columns' twin of `decision.rooms_told`."""
    granted, why = kept[:, 4], kept[:, 5]
    rooms = np.where(why == fold.POOLED, fold.SWITCHED - 1 - granted, fold.NO_POOL)
    found: Integers = np.where(why == fold.SWITCHED_OFF, fold.SWITCHED, rooms)
    return found


def put_rooms(hits: Integers, purchases: pl.DataFrame, rows: Integers, start: Integers, side: Side) -> None:
    """Fill what pools and switches left to purchases that published revisions judged, as the ledger kept it."""
    own = np.flatnonzero(rows < side.published)
    if not len(own) or "hits" not in purchases.columns:
        return
    kept_start, flat = lists_of(purchases.get_column("hits"))
    rooms = rooms_of(flat.reshape(-1, HIT_KEPT_WIDTH))
    if (rooms == fold.NO_POOL).all():
        return
    at, _ = rows_of_lines(own, start)
    kept, _ = rows_of_lines(own, kept_start // HIT_KEPT_WIDTH)
    hits[at, fold.HIT_ROOM] = rooms[kept]


def values_of(entries: pl.DataFrame, occasions: Occasions) -> Integers:
    """What entries set or are of; where only time passes, nothing."""
    return np.where(occasions.passed, 0, entries.get_column("state").fill_null(0).to_numpy())


def _rows(hits: list[tuple[int, int, int, int]]) -> Integers:
    return np.array(hits, dtype=np.int64).reshape(-1, fold.HIT_WIDTH)


def _seen(
    program: Program,
    number: int,
    source: str | None,
    store: str | None,
    channel: str | None,
    occurred_at: datetime,
    attributes: str | None,
) -> list[tuple[int, int, int]]:
    """What rules see of an event; of one that the programme does not declare, nothing."""
    type_ = next((one for one in program.events if one.number == number), None)
    if type_ is None:
        return []
    event = Event(
        code=type_.code, source=source or "", business_no="", occurred_at=occurred_at.astimezone(UTC),
        attributes=_told(type_, json.loads(attributes or "{}")), store=store, channel=channel,
    )  # fmt: skip
    return see_event(program, event)


def _told(type_: EventType, attributes: Mapping[str, str | int]) -> dict[str, str | int]:
    """The attributes that the programme declares, and as it declares them: another programme's are missing."""
    return {
        code: value
        for code, value in attributes.items()
        if code in type_.attributes and (type_.attributes[code] == "integer") == isinstance(value, int)
    }
