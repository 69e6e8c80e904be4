"""The past replayed gives the books: the live programme over its own history, held against all that the ledger keeps.

This is the walk of a back-test with recorded amounts (hits, gifts and returns as they were kept), so it proves the walk, the
order of events and the snapshot at once. With `selects` the hits are also worked out anew from the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from jifen.domain import fold
from jifen.domain.program.conditions import ALWAYS
from jifen.domain.program.select import WORD_BITS
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import VERB_NAMES, Status, way_name
from jifen.insight.backtest import sums
from jifen.insight.backtest.events import Judged, Woven, judge, recorded_slices, weave
from jifen.insight.backtest.hits import Seen, has_masks, kept_words, lists_of, selected
from jifen.insight.backtest.shapes import Integers, Kept, Period, Tallied
from jifen.insight.backtest.sides import Side
from jifen.insight.backtest.walking import nowhere, walk_bucket
from jifen.insight.replay import Difference
from jifen.insight.select_columns import SparseHits
from jifen.insight.snapshot import BucketFrames
from jifen.insight.snapshot.contracts import LADDER_KEPT_WIDTH, REASON_WIDTH

SCALARS = (
    ("sequence", fold.SEQUENCE), ("joined_day", fold.JOINED_DAY), ("purchases", fold.PURCHASES),
    ("last_purchase_day", fold.LAST_PURCHASE_DAY), ("lots_opened", fold.LOTS_OPENED), ("next_lapse_at", fold.NEXT_LAPSE_AT),
)  # fmt: skip
LOT_COLUMNS = (
    "number", "terms", "currency", "left_units", "held", "gone", "expired", "returned", "expires_day", "matures_day",
    "origin", "opened",
)  # fmt: skip
TOLD_MAX = 50
"""Differences told of one bucket and field."""


def differences(frames: BucketFrames, side: Side, *, selects: bool = False) -> list[Difference]:
    """Everything in which the members, lots and postings of a bucket differ from its journal replayed; () is the proof.

    Shape
        frames    all tables of one bucket
        side      `live_side` of the snapshot's revisions
        selects   also hold select over the lines against the hits and masks that were kept
    """
    woven = weave(frames, zone=side.timeline.time_zone, end_at=None)
    if not woven.n_members:
        return []
    days = woven.block[:, (fold.EVENT_OCCURRED_DAY, fold.EVENT_RECORDED_DAY)]
    first_day, end_day = int(days.min(initial=0 if not days.size else days.min())), int(days.max(initial=0))
    judged = judge(
        woven,
        side,
        dates=side.dates(first_day, end_day),
        first_day=first_day,
        slices=recorded_slices(woven.entries),
        kept_returns=True,
    )
    numbers = side.numbers()
    period = Period(
        first_day=first_day,
        first_at=0,
        end_day=end_day,
        month_of=np.zeros(end_day - first_day + 2, dtype=np.int64),
        worth=np.zeros(side.timeline.n_currencies, dtype=np.int64),
        n_months=1,
        n_tiers=tiers_on([side], woven.members),
        n_rules=0,
        n_categories=0,
    )
    tallied, kept = walk_bucket(woven, judged, numbers, period, nowhere(woven), keeps=True)
    found = _members(frames, kept, side.timeline.n_currencies)
    found += _rows(frames, kept, side.timeline.n_ladders)
    found += _moves(frames, kept)
    found += _postings(frames, tallied, side.timeline.n_currencies)
    if selects:
        found += _selects(woven, judged, side)
    return found


def tiers_on(sides: Sequence[Side], members: pl.DataFrame) -> int:
    """One more than the highest number of a tier that anybody can hold."""
    highest = max(
        tier.number
        for side in sides
        for program in side.timeline.programs
        for ladder in program.ladders
        for tier in ladder.tiers
    )
    _, flat = lists_of(members.get_column("tier_history"))
    return 1 + max(highest, int(flat[fold.HISTORY_TIER :: fold.HISTORY_WIDTH].max(initial=0)))


def _differ(ids: pl.Series, at: Integers, what: str, kept: Any, replayed: Any) -> list[Difference]:
    return [
        Difference(member_id=ids[int(i)], what=what, kept=kept(int(i)), replayed=replayed(int(i)))
        for i in at[:TOLD_MAX]
    ]


def _members(frames: BucketFrames, kept: Kept, n_currencies: int) -> list[Difference]:
    members = frames.members
    ids = members.get_column("member_id")
    state = kept.members.reshape(members.height, -1)
    found = []
    for name, column in SCALARS:
        stored = members.get_column(name).to_numpy()
        again = state[:, column]
        found += _differ(
            ids, np.flatnonzero(stored != again), name, stored.__getitem__, again.__getitem__
        )  # fmt: skip
    names = pl.Series([status.name.lower() for status in Status])
    stood, stands = members.get_column("status"), names.gather(state[:, fold.STATUS])
    found += _differ(
        ids, np.flatnonzero((stood != stands).to_numpy()), "status", stood.__getitem__, stands.__getitem__
    )
    for name, offset in (("balances", fold.BALANCE), ("debts", fold.DEBT)):
        start, flat = lists_of(members.get_column(name))
        stored = np.zeros((members.height, n_currencies), dtype=np.int64)
        width = np.diff(start)
        for currency in range(n_currencies):
            at = np.flatnonzero(width > currency)
            stored[at, currency] = flat[start[at] + currency]
        again = state[:, fold.BALANCES + offset :: fold.BALANCE_WIDTH][:, :n_currencies]
        at = np.flatnonzero((stored != again).any(axis=1))
        found += _differ(ids, at, name, lambda i, s=stored: s[i].tolist(), lambda i, a=again: a[i].tolist())
    return found


def _rows(frames: BucketFrames, kept: Kept, n_ladders: int) -> list[Difference]:
    """What has rows: ladders, days, history, holds, counters, lots."""
    members, lots = frames.members, frames.lots
    ids = members.get_column("member_id")
    ends = kept.starts.reshape(-1, fold.KEPT_WIDTH)
    start, flat = lists_of(members.get_column("ladders"))
    stands = kept.ladders[: members.height * n_ladders * fold.STANDS_WIDTH].reshape(-1, fold.STANDS_WIDTH)
    found = _ragged(
        ids, "ladders", start // LADDER_KEPT_WIDTH, flat.reshape(-1, LADDER_KEPT_WIDTH),
        np.arange(members.height + 1) * n_ladders, stands[:, (fold.STANDS_TIER, fold.STANDS_REVIEW_DAY)],
    )  # fmt: skip
    for name, rows, column, width in (
        ("days", kept.days, fold.KEPT_DAYS, fold.DAYS_COUNTED + n_ladders),
        ("tier_history", kept.history, fold.KEPT_HISTORY, fold.HISTORY_WIDTH),
        ("holds", kept.holds, fold.KEPT_HOLDS, fold.HOLD_WIDTH),
        ("counters", kept.counters, fold.KEPT_COUNTERS, fold.COUNTER_WIDTH),
    ):
        start, flat = lists_of(members.get_column(name))
        again = rows[: ends[-1, column] * width].reshape(-1, width)
        stored_rows, again_start = flat.reshape(-1, width), ends[:, column]
        stored_start = start // width
        if name == "counters":
            stored_start, stored_rows = _counted(stored_start, stored_rows)
            again_start, again = _counted(again_start, again)
        found += _ragged(ids, name, stored_start, stored_rows, again_start, again)
    number = members.get_column("member").to_numpy()
    stored_start = np.searchsorted(
        lots.get_column("member").to_numpy(), np.append(number, number.max(initial=0) + 1)
    )
    stored_rows = np.stack([lots.get_column(name).to_numpy() for name in LOT_COLUMNS], axis=1)
    again_start = kept.lot_starts
    again = kept.lots[: again_start[-1] * fold.LOT_WIDTH].reshape(-1, fold.LOT_WIDTH)[:, : len(LOT_COLUMNS)]
    return found + _ragged(ids, "lots", stored_start, stored_rows, again_start, again)


def _moves(frames: BucketFrames, kept: Kept) -> list[Difference]:
    """Units that the entries of each member moved each way."""
    number = frames.members.get_column("member").to_numpy()
    local = np.full(int(number.max(initial=0)) + 1, -1, dtype=np.int64)
    local[number] = np.arange(len(number))
    stored = np.zeros((len(number), sums.WAYS), dtype=np.int64)
    for frame in (frames.purchases, frames.returns, frames.entries):
        start, flat = lists_of(frame.get_column("moves"))
        moves = flat.reshape(-1, fold.MOVE_WIDTH)
        owner = np.repeat(local[frame.get_column("member").to_numpy()], np.diff(start) // fold.MOVE_WIDTH)
        np.add.at(stored, (owner, moves[:, fold.MOVE_WAY]), moves[:, fold.MOVE_UNITS])
    again = kept.ways[: len(number) * sums.WAYS].reshape(-1, sums.WAYS)

    def told(ways: Integers, i: int) -> dict[str, int]:
        return {way_name(way): int(ways[i, way]) for way in np.flatnonzero(ways[i]).tolist()}

    at = np.flatnonzero((stored != again).any(axis=1))
    ids = frames.members.get_column("member_id")
    return _differ(ids, at, "units moved each way", lambda i: told(stored, i), lambda i: told(again, i))


def _counted(start: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """Counters in an order of their own, without those that count nothing."""
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    used = rows[:, fold.COUNTER_USED] != 0
    owner, rows = owner[used], rows[used]
    order = np.lexsort((rows[:, fold.COUNTER_PERIOD], rows[:, fold.COUNTER_LIMIT], owner))
    return np.searchsorted(owner, np.arange(len(start))), rows[order]


def _ragged(
    ids: pl.Series, what: str, start: Integers, rows: Integers, again_start: Integers, again: Integers
) -> list[Difference]:
    if np.array_equal(start, again_start) and np.array_equal(rows, again):
        return []

    def of(starts: Integers, table: Integers, i: int) -> list[list[int]]:
        return table[starts[i] : starts[i + 1]].tolist()  # type: ignore[no-any-return]

    at = [i for i in range(len(ids)) if of(start, rows, i) != of(again_start, again, i)]
    return _differ(
        ids, np.array(at, dtype=np.int64), what, lambda i: of(start, rows, i), lambda i: of(again_start, again, i)
    )  # fmt: skip


def _postings(frames: BucketFrames, tallied: Tallied, n_currencies: int) -> list[Difference]:
    """Units by member, currency and verb, and what each rule granted and took back."""
    members, postings = frames.members, frames.postings
    number = members.get_column("member").to_numpy()
    local = np.full(int(number.max(initial=0)) + 1, -1, dtype=np.int64)
    local[number] = np.arange(len(number))
    stored = np.zeros((len(number), n_currencies, sums.VERBS), dtype=np.int64)
    verb = postings.get_column("verb").replace_strict(
        {name: i for i, name in enumerate(VERB_NAMES)}, return_dtype=pl.Int64
    )
    where = (
        local[postings.get_column("member").to_numpy()],
        postings.get_column("currency").to_numpy(),
        verb.to_numpy(),
    )
    np.add.at(stored, where, postings.get_column("units").to_numpy())
    again = tallied.members[:, sums.OF_MEMBER :].reshape(len(number), n_currencies, sums.OF_CURRENCY)[
        :, :, 2:
    ]
    ids = members.get_column("member_id")
    at = np.flatnonzero((stored != again).any(axis=(1, 2)))
    found = _differ(
        ids, at, "units by currency and verb", lambda i: stored[i].tolist(), lambda i: again[i].tolist()
    )
    start, flat = lists_of(postings.get_column("reasons"))
    rules, _, granted = flat.reshape(-1, REASON_WIDTH).T
    verbs = np.repeat(verb.to_numpy(), np.diff(start) // REASON_WIDTH)
    for what, code, column in (
        ("granted by rule", fold.EARN, sums.RULE_GRANTED), ("taken back by rule", fold.CLAW_BACK, sums.RULE_BACK),
    ):  # fmt: skip
        by_rule = np.zeros(len(tallied.rules), dtype=np.int64)
        np.add.at(by_rule, rules[verbs == code], granted[verbs == code])
        if not np.array_equal(by_rule, tallied.rules[:, column]):
            found.append(
                Difference(
                    member_id="", what=what, kept=by_rule.tolist(), replayed=tallied.rules[:, column].tolist()
                )
            )
    return found


def _all_known(timeline: Timeline) -> Timeline:
    """The timeline with rules that see as if everything were known that they ask of members."""
    programs = (
        replace(one, rules=tuple(replace(rule, known=ALWAYS) for rule in one.rules))
        for one in timeline.programs
    )
    return replace(timeline, programs=tuple(programs))


def _as_known_then(
    again: Seen, kept: SparseHits, line_start: Integers, rows: Integers, timeline: Timeline
) -> Seen:
    """What was known of a member when something was booked only its hits tell: of a rule that asked for it all that select sees
    are there, or none."""
    found, words = again.hits, again.words.copy()
    stays = np.ones(len(found.rule), dtype=np.bool_)
    for at, row in enumerate(rows.tolist()):
        seen = set(kept.rule[kept.start[at] : kept.start[at + 1]].tolist())
        for position in timeline.known[row].keys() - seen:
            own = slice(int(found.start[at]), int(found.start[at + 1]))
            stays[own] &= found.rule[own] != position
            word, bit = divmod(position, WORD_BITS)
            words[word, line_start[at] : line_start[at + 1]] &= ~(1 << bit)
    kept_before = np.concatenate([[0], np.cumsum(stays)])
    hits = SparseHits(
        start=kept_before[found.start],
        rule=found.rule[stays],
        amount=found.amount[stays],
        quantity=found.quantity[stays],
    )
    return Seen(hits=hits, words=words)


def _selects(woven: Woven, judged: Judged, side: Side) -> list[Difference]:
    """Select over the lines, held against the hits and masks that were kept."""
    if not has_masks(woven.lines):
        return []
    rows = side.rows_of_purchases(woven.purchases)
    again = selected(woven.purchases, woven.lines, woven.line_start, rows, _all_known(side.timeline))
    if side.timeline.asks_of_members:
        again = _as_known_then(again, judged.seen.hits, woven.line_start, rows, side.timeline)
    found = []
    for what in ("start", "rule", "amount", "quantity"):
        stored, new = getattr(judged.seen.hits, what), getattr(again.hits, what)
        if not np.array_equal(stored, new):
            found.append(
                Difference(member_id="", what=f"hits: {what}", kept=stored.tolist(), replayed=new.tolist())
            )
    words = kept_words(woven.lines)
    wide = max(words.shape[0], again.words.shape[0])
    kept, new = (
        np.vstack([w, np.zeros((wide - w.shape[0], w.shape[1]), dtype=np.int64)])
        for w in (words, again.words)
    )
    if not np.array_equal(kept, new):
        found.append(Difference(member_id="", what="masks", kept=kept.tolist(), replayed=new.tolist()))
    return found
