"""Replay: whole histories through the compiled fold once more, held against what the ledger keeps.

It rebuilds lots, balances, counters, tiers and every posting from the journal's entries alone and tells each difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from jifen.domain import fold
from jifen.domain.calendar import day_number, day_or_never, epoch_second, local_date, month_number
from jifen.domain.member import fresh_scalars
from jifen.domain.refusals import Refusal
from jifen.domain.timeline import Timeline
from jifen.insight.compiled_fold import walk as compiled_walk
from jifen.insight.ledger_rows import VERBS

Rows = Sequence[Mapping[str, Any]]
Integers = npt.NDArray[np.int64]

KINDS = {
    "redeem": fold.REDEEM,
    "reserve": fold.RESERVE,
    "commit": fold.COMMIT,
    "release": fold.RELEASE,
    "adjust_up": fold.ADJUST_UP,
    "adjust_down": fold.ADJUST_DOWN,
    "gift_out": fold.GIFT_OUT,
    "gift_in": fold.GIFT_IN,
    "advance": fold.ADVANCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that the journal, replayed, does not say as the ledger keeps it."""

    member_id: str
    what: str
    kept: Any
    replayed: Any


@dataclass(slots=True)
class _Script:
    """Events and hits of some members, being written."""

    timeline: Timeline
    events: list[int] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)
    expiry: list[int] = field(default_factory=list)
    expiry_at: dict[tuple[int, date], int] = field(default_factory=dict)
    lots: list[int] = field(default_factory=list)  # room for each member
    days: dict[datetime, date] = field(default_factory=dict)

    def local(self, at: datetime) -> date:
        return local_date(at, self.timeline.time_zone)

    def event(self, kind: int, row: int, occurred_at: datetime, recorded_at: datetime) -> list[int]:
        occurred_on, recorded_on = self.local(occurred_at), self.local(recorded_at)
        event = [0] * fold.EVENT_WIDTH
        event[fold.EVENT_KIND] = kind
        event[fold.EVENT_REVISION] = row
        event[fold.EVENT_OCCURRED_DAY] = day_number(occurred_on)
        event[fold.EVENT_OCCURRED_AT] = epoch_second(occurred_at)
        event[fold.EVENT_RECORDED_DAY] = day_number(recorded_on)
        event[fold.EVENT_RECORDED_AT] = epoch_second(recorded_at)
        event[fold.EVENT_MONTH] = month_number(occurred_on)
        event[fold.EVENT_EXPIRY] = self.expiry_of(row, occurred_on)
        event[fold.EVENT_HITS] = len(self.hits) // fold.HIT_WIDTH
        return event

    def expiry_of(self, row: int, on: date) -> int:
        at = self.expiry_at.get((row, on))
        if at is None:
            at = self.expiry_at[row, on] = len(self.expiry)
            days = self.timeline.expiry_days(row, on)
            self.expiry += days + [fold.FAR] * (self.timeline.n_currencies - len(days))
        return at

    def lengths(self) -> tuple[int, int]:
        return len(self.events), len(self.hits)

    def back_to(self, lengths: tuple[int, int]) -> None:
        del self.events[lengths[0] :]
        del self.hits[lengths[1] :]

    def close(self, event: list[int]) -> None:
        event[fold.EVENT_HITS_END] = len(self.hits) // fold.HIT_WIDTH
        self.events += event


def replay(
    timeline: Timeline,
    *,
    members: Rows,
    purchases: Rows,
    returns: Rows,
    entries: Rows,
    postings: Rows,
    lots: Rows,
    walk: Callable[..., Any] = compiled_walk,
) -> list[Difference]:
    """Every difference between the cache and postings of some members and their journal replayed.

    Shape
        each   rows in order of (member_id, sequence), as `store.history.histories` reads them
    """
    if not members:
        return []
    script = _Script(timeline)
    journal = _journal(purchases, returns, entries)
    starts = [0]
    sequences: list[int] = []
    whole: list[Mapping[str, Any]] = []
    torn: list[Difference] = []
    for member in members:
        begun = script.lengths()
        try:
            written = _write_member(script, journal.get(member["member_id"], []))
        except (AssertionError, KeyError, Refusal) as missing:
            # The journal names what is not there (a revision, a purchase): that is a finding, not a crash.
            script.back_to(begun)
            what = "the journal cannot be replayed"
            torn.append(
                Difference(member_id=str(member["member_id"]), what=what, kept=repr(missing), replayed=None)
            )
            continue
        whole.append(member)
        sequences += written
        starts.append(len(sequences))
    if not whole:
        return torn
    return torn + _compare(timeline, script, whole, starts, sequences, journal, postings, lots, walk)


def _journal(
    purchases: Rows, returns: Rows, entries: Rows
) -> dict[Any, list[tuple[int, str, Mapping[str, Any]]]]:
    journal: dict[Any, list[tuple[int, str, Mapping[str, Any]]]] = {}
    for name, rows in (("purchase", purchases), ("return", returns), ("entry", entries)):
        for row in rows:
            journal.setdefault(row["member_id"], []).append((row["sequence"], name, row))
    for own in journal.values():
        own.sort(key=lambda one: one[0])
    return journal


def _write_member(script: _Script, own: list[tuple[int, str, Mapping[str, Any]]]) -> list[int]:
    timeline = script.timeline
    bought: dict[int, tuple[int, Mapping[str, Any]]] = {}
    room = 0
    for sequence, name, row in own:
        if name == "purchase":
            at = timeline.row_of(row["revision"])
            event = script.event(fold.PURCHASE, at, row["occurred_at"], row["recorded_at"])
            event[fold.EVENT_AMOUNT] = row["amount_minor"]
            bought[sequence] = (len(script.hits) // fold.HIT_WIDTH, row)
            for hit in zip(row["hit_rules"], row["hit_amounts"], row["hit_quantities"], strict=True):
                script.hits += (*hit, -1)
            room += timeline.n_currencies
        elif name == "return":
            first, purchase = bought[row["purchase_sequence"]]
            at = timeline.row_of(purchase["revision"])
            event = script.event(fold.RETURN, at, purchase["occurred_at"], row["recorded_at"])
            event[fold.EVENT_AMOUNT] = row["amount_minor"]
            event[fold.EVENT_ORIGIN] = row["purchase_sequence"]
            event[fold.EVENT_WHOLE] = int(row["is_whole"])
            for i, hit in enumerate(
                zip(row["hit_rules"], row["hit_amounts"], row["hit_quantities"], strict=True)
            ):
                script.hits += (*hit, first + i)
        else:
            at = timeline.row_at(row["recorded_at"])
            event = script.event(KINDS[row["kind"]], at, row["recorded_at"], row["recorded_at"])
            event[fold.EVENT_CURRENCY] = row["currency"] or 0
            event[fold.EVENT_UNITS] = row["units"] or 0
            event[fold.EVENT_ORIGIN] = row["origin"] or 0
            if row["lapses_at"] is not None:
                event[fold.EVENT_LAPSES_AT] = epoch_second(row["lapses_at"])
                event[fold.EVENT_LAPSES_DAY] = day_number(script.local(row["lapses_at"]))
            if row["kind"] == "gift_in":
                for day, units in zip(row["slices"][::2], row["slices"][1::2], strict=True):
                    script.hits += (0, units, day, -1)
                    room += 1
            room += 1
        script.close(event)
    script.lots.append(room)
    return [sequence for sequence, _, _ in own]


def _compare(
    timeline: Timeline,
    script: _Script,
    members: Rows,
    starts: list[int],
    sequences: list[int],
    journal: Mapping[Any, list[tuple[int, str, Mapping[str, Any]]]],
    postings: Rows,
    lots: Rows,
    walk: Callable[..., Any],
) -> list[Difference]:
    n_currencies, n_tiers = timeline.n_currencies, timeline.n_tiers
    width = fold.BALANCES + n_currencies * fold.BALANCE_WIDTH
    n_events = len(sequences)
    n_hits = len(script.hits) // fold.HIT_WIDTH
    most = max((b - a for a, b in pairwise(starts)), default=0)
    lot_starts = np.concatenate([[0], np.cumsum(script.lots)]).astype(np.int64)
    state = np.array(
        [number for member in members for number in fresh_scalars(n_currencies, member["tier_history"][2])],
        dtype=np.int64,
    )
    told_width = fold.TOLD_BALANCES + n_currencies
    told = _room(n_events * told_width)
    out = _room(1 + fold.OUT_WIDTH * (4 * int(lot_starts[-1]) + 2 * n_events * n_currencies + 1))
    own_lots = _room(int(lot_starts[-1]) * fold.LOT_WIDTH)
    results = _room(n_hits * fold.RESULT_WIDTH)
    window, history = (
        _room(n_events * fold.WINDOW_WIDTH),
        _room((len(members) + n_events * n_tiers) * fold.HISTORY_WIDTH),
    )
    counters, holds = (
        _room(2 * n_hits * fold.COUNTER_WIDTH),
        _room((int(lot_starts[-1]) + 1) * fold.HOLD_WIDTH),
    )
    kept = _room((len(members) + 1) * 4)
    walk(
        np.array(starts, dtype=np.int64), state, width, own_lots, lot_starts,
        _room((most + 2) * fold.WINDOW_WIDTH), _room((most * n_tiers + 2) * fold.HISTORY_WIDTH),
        _room((2 * n_hits + 1) * fold.COUNTER_WIDTH), _room((int(lot_starts[-1]) + 1) * fold.HOLD_WIDTH),
        _array(script.events), _array(script.hits), results, _array(script.expiry),
        *(_array(table) for table in
          (timeline.rules, timeline.tests, timeline.tiers, timeline.revisions, timeline.currencies)),
        out, told, told_width, window, history, counters, holds, kept,
    )  # fmt: skip
    told = told[: n_events * told_width].reshape(-1, told_width)
    kept = kept.reshape(-1, 4)
    found: list[Difference] = []
    posted = _by_entry(postings)
    lot_rows = _lots_by_member(lots)
    outs = out[1 : 1 + out[0] * fold.OUT_WIDTH].reshape(-1, fold.OUT_WIDTH).tolist()
    scalars = state.reshape(-1, width)
    begun = 0
    for m, member in enumerate(members):
        who = str(member["member_id"])

        def differs(what: str, stored: Any, again: Any, *, who: str = who) -> None:
            if stored != again:
                found.append(Difference(member_id=who, what=what, kept=stored, replayed=again))

        for e in range(starts[m], starts[m + 1]):
            end = int(told[e, fold.TOLD_POSTINGS])
            differs(f"entry {sequences[e]}: sequence", sequences[e], int(told[e, fold.TOLD_SEQUENCE]))
            again = [(o[fold.OUT_CURRENCY], VERBS[o[fold.OUT_VERB]], o[fold.OUT_UNITS], o[fold.OUT_BALANCE_AFTER])
                     for o in outs[begun:end]]  # fmt: skip
            begun = end
            differs(
                f"entry {sequences[e]}: postings", posted.get((member["member_id"], sequences[e]), []), again
            )
            row = journal[member["member_id"]][e - starts[m]][2]
            differs(f"entry {sequences[e]}: tier after", row["tier_after"], int(told[e, fold.TOLD_TIER]))
            after = told[e, fold.TOLD_BALANCES :].tolist()
            stored = list(row["balances_after"])
            differs(f"entry {sequences[e]}: balances after", stored, after[: len(stored)])
        own = scalars[m].tolist()
        for name, column in (
            ("sequence", fold.SEQUENCE), ("tier", fold.TIER), ("review_day", fold.REVIEW_DAY), ("purchases", fold.PURCHASES),
            ("last_purchase_day", fold.LAST_PURCHASE_DAY), ("lots_opened", fold.LOTS_OPENED),
            ("next_lapse_at", fold.NEXT_LAPSE_AT),
        ):  # fmt: skip
            differs(name, member[name], own[column])
        n = len(member["balances"])
        differs("balances", member["balances"], own[fold.BALANCES :: 2][:n])
        differs("debts", member["debts"], own[fold.BALANCES + 1 :: 2][:n])
        low, high = kept[m], kept[m + 1]
        for name, rows, column, size in (
            ("spend_window", window, fold.KEPT_WINDOW, fold.WINDOW_WIDTH),
            ("tier_history", history, fold.KEPT_HISTORY, fold.HISTORY_WIDTH),
            ("holds", holds, fold.KEPT_HOLDS, fold.HOLD_WIDTH),
        ):
            differs(name, list(member[name]), rows[low[column] * size : high[column] * size].tolist())
        count = counters[low[fold.KEPT_COUNTERS] * 3 : high[fold.KEPT_COUNTERS] * 3].tolist()
        differs("counters", _rows_of(member["counters"], 3), _rows_of(count, 3))
        block = own_lots[lot_starts[m] * fold.LOT_WIDTH :][: own[fold.LOTS] * fold.LOT_WIDTH].tolist()
        differs("lots", lot_rows.get(member["member_id"], []), _in_order(block, fold.LOT_WIDTH))
    return found


def _room(size: int) -> Integers:
    return np.zeros(max(1, size), dtype=np.int64)


def _array(numbers: Sequence[int]) -> Integers:
    return np.array(numbers if len(numbers) else [0], dtype=np.int64)


def _in_order(flat: Sequence[int], width: int) -> list[tuple[int, ...]]:
    return [tuple(flat[i : i + width]) for i in range(0, len(flat), width)]


def _rows_of(flat: Sequence[int], width: int) -> list[tuple[int, ...]]:
    """Rows in an order of their own, without those that count nothing."""
    return sorted(row for row in _in_order(flat, width) if row[-1] != 0)


def _by_entry(postings: Rows) -> dict[tuple[Any, int], list[tuple[int, str, int, int]]]:
    found: dict[tuple[Any, int], list[tuple[int, str, int, int]]] = {}
    for row in postings:
        told = (row["currency"], row["verb"], row["units"], row["balance_after"])
        found.setdefault((row["member_id"], row["sequence"]), []).append(told)
    return found


def _lots_by_member(lots: Rows) -> dict[Any, list[tuple[int, ...]]]:
    found: dict[Any, list[tuple[int, ...]]] = {}
    for row in lots:
        found.setdefault(row["member_id"], []).append(
            (
                row["number"], row["currency"], row["left_units"], row["held"], row["gone"], row["expired"],
                row["returned"], day_or_never(row["expires_on"]), day_or_never(row["matures_on"]), row["origin"],
                row["opened"],
            )
        )  # fmt: skip
    return found
