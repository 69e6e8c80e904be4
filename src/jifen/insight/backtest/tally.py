"""What both sides came to, as whole numbers that add up: a bucket's tally, and the sum of several.

Spark and one machine run the same function over buckets; only sums travel.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain import fold
from jifen.domain.calendar import day_number
from jifen.insight.backtest import sums
from jifen.insight.backtest.budgets import granted_by_hour
from jifen.insight.backtest.due import STRIDE, granted_of_moments
from jifen.insight.backtest.events import Judged, Slices, Woven, chosen, judge, recorded_slices, weave
from jifen.insight.backtest.habits import habits_of
from jifen.insight.backtest.hits import sees_alike
from jifen.insight.backtest.question import Question, chosen_members
from jifen.insight.backtest.shapes import Integers, Period, Tallied
from jifen.insight.backtest.sides import Side
from jifen.insight.backtest.walking import Places, Walk, nowhere, walk_bucket
from jifen.insight.snapshot import BucketFrames

EXTREMES = 100
WORST = 20
SUMMED = ("rules", "rule_months", "tier_months", "days", "pairs", "asked", "ended", "moves", "due")
BASELINE, DRAFT = 0, 1

Slicing = Callable[[pl.DataFrame], Slices]
"""From a bucket's entries to the slices of the gifts received in it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SideTally:
    """One side over some buckets. Tables have the axes that `shapes.Tallied` names; stores and categories go by name."""

    tables: dict[str, Integers]
    stores: dict[str, Integers]
    categories: dict[str, Integers]
    rich: tuple[int, int, int]  # purchases, what they earned in parts, what was paid
    worst: tuple[WorthyBasket, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthyBasket:
    """A purchase that earns much for what was paid."""

    member: int
    sequence: int
    day: int
    store: str
    paid_minor: int
    parts: int
    grants: tuple[tuple[int, int], ...]  # (rule, units), the largest first

    @property
    def order(self) -> tuple[float, int, int]:
        """The highest share first; nothing paid is the highest of all."""
        share = self.parts / self.paid_minor if self.paid_minor else float("inf")
        return -share, self.member, self.sequence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """Both sides over some buckets.

    Shape
        members    one row a member: member, sales, purchases, store (where it bought most often), and for each side
                   `_0` (baseline) and `_1` (draft): tier, before, grace, refused, value (net grants in the measure),
                   parts (net grants at worth), open (units at the end at worth, debt not subtracted)
        changes    for the members with the largest changes, by rule number: draft less baseline
    """

    sides: tuple[SideTally, SideTally]
    members: pl.DataFrame
    changes: dict[int, Integers]
    purchases: int
    lines: int
    returns: int
    seconds: dict[str, float] = field(default_factory=dict)


def tally_bucket(
    question: Question,
    frames: BucketFrames,
    *,
    gifts: Mapping[int, Slicing] | None = None,
    walk: Walk | None = None,
    began: float | None = None,
) -> Tally:
    """What both sides come to over one bucket.

    Shape
        gifts   by side (0, 1): a function from entries to the slices of gifts received; recorded ones where it has none
    """
    clock = _Clock(began)
    clock.tell("read")
    woven, first, end = _woven(question, frames)
    places = places_of(woven, question)
    clock.tell("select")
    walked: list[tuple[Tallied, Judged]] = []
    rows = [side.rows_of_purchases(woven.purchases) for side in question.sides]
    is_alike = sees_alike(woven.lines, question.sides, rows)
    habits = _habits(question, woven, first, end, walk)
    for at, side in enumerate(question.sides):
        slices: Slices = (gifts or {}).get(at, recorded_slices)(woven.entries)
        seen = walked[0][1].seen if walked and is_alike else None
        judged = judge(
            woven,
            side,
            dates=_dates(side, first, end),
            first_day=first,
            slices=slices,
            seen=seen,
            habits=habits,
            cuts=question.cuts.get(at, ()),
        )
        clock.tell("select")
        tallied, _ = walk_bucket(woven, judged, side.numbers(), _period(question, side), places, walk=walk)
        walked.append((tallied, judged))
        clock.tell("fold")
    members, changes = _members(question, woven, places, [tallied for tallied, _ in walked])
    sides = [
        _side(question, side, woven, places, tallied, judged)
        for side, (tallied, judged) in zip(question.sides, walked, strict=True)
    ]
    inside = woven.block[:, fold.EVENT_RECORDED_DAY] >= day_number(question.from_on)
    in_period = woven.row[(woven.table == 0) & inside]
    clock.tell("tally")
    return Tally(
        sides=(sides[0], sides[1]),
        members=members,
        changes=changes,
        purchases=len(in_period),
        lines=int(np.diff(woven.line_start)[in_period].sum()),
        returns=int(((woven.table == 1) & inside).sum()),
        seconds=clock.seconds,
    )


def granted_in_bucket(
    question: Question, side: Side, frames: BucketFrames, gifts: Slicing | None = None
) -> Counter[tuple[int, int]]:
    """What rules with a budget would grant over one bucket, by pool and hour, had it no end."""
    woven, first, end = _woven(question, frames)
    judged = judge(
        woven,
        side,
        dates=_dates(side, first, end),
        first_day=first,
        slices=(gifts or recorded_slices)(woven.entries),
        habits=_habits(question, woven, first, end),
        sums_pools=True,
    )
    walk_bucket(woven, judged, side.numbers(), _period(question, side), nowhere(woven))
    hits = judged.seen.hits
    rows = side.rows_of_purchases(woven.purchases)
    results = judged.lives.results.reshape(-1, fold.RESULT_WIDTH)
    granted = granted_by_hour(side, woven.purchases, rows, hits.start, hits.rule, results)
    told, at = judged.occasions, judged.due_from - len(judged.occasions.hits)
    granted.update(
        granted_by_hour(
            side, woven.entries[told.at], told.rows, told.start, told.hits[:, fold.HIT_RULE], results[at:]
        )
    )
    granted.update(granted_of_moments(judged.due))
    return granted


def _woven(question: Question, frames: BucketFrames) -> tuple[Woven, int, int]:
    """The events of those who are chosen, and the first and the last day that terms are asked for."""
    own = chosen(frames, chosen_members(question, frames.members, frames.purchases), before=question.before)
    woven = weave(encoded(own), zone=question.zone, end_at=question.end_at, stride=STRIDE)
    days = woven.block[:, (fold.EVENT_OCCURRED_DAY, fold.EVENT_RECORDED_DAY)]
    # No narrower than the history, so that most buckets have the same days and share one table.
    first = min(int(days.min(initial=fold.FAR)), day_number(question.history_from))
    return woven, first, max(int(days.max(initial=0)), day_number(question.to_on))


def _habits(
    question: Question, woven: Woven, first: int, end: int, walk: Walk | None = None
) -> tuple[Integers, Integers] | None:
    return habits_of(question, woven, first, end, walk=walk) if question.redemptions == "drawn" else None


@lru_cache(maxsize=4)
def _period(question: Question, side: Side) -> Period:
    """The period of a side: a day at a time in Python, so once and not for each bucket."""
    return question.period(side)


@lru_cache(maxsize=4)
def _dates(side: Side, first_day: int, end_day: int) -> Integers:
    """The days that terms have on a side, likewise."""
    return side.dates(first_day, end_day)


class _Clock:
    def __init__(self, began: float | None) -> None:
        self.at = began or time.perf_counter()
        self.seconds: dict[str, float] = {}

    def tell(self, part: str) -> None:
        now = time.perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self.at
        self.at = now


def encoded(frames: BucketFrames) -> BucketFrames:
    """The frames with the texts of lines encoded once, for both sides."""
    texts = [name for name, kind in frames.lines.schema.items() if kind == pl.String]
    # In one piece, or every look at a column would put its parts together again.
    lines = frames.lines.with_columns(pl.col(name).cast(pl.Categorical) for name in texts).rechunk()
    return BucketFrames(
        bucket=frames.bucket, members=frames.members, lots=frames.lots, purchases=frames.purchases, lines=lines,
        returns=frames.returns, entries=frames.entries, postings=frames.postings,
    )  # fmt: skip


def places_of(woven: Woven, question: Question) -> Places:
    """Stores of purchases, and the widest category of lines, as codes; the first of each is nowhere."""
    store = woven.purchases.get_column("store").fill_null("")
    entries = woven.entries.select("kind", "store").with_columns(
        store=pl.when(pl.col("kind") == "event").then(pl.col("store"))
    )
    places = entries.get_column("store").fill_null("")
    stores = ["", *sorted({*store.unique().to_list(), *places.unique().to_list()} - {""})]
    codes = store.cast(pl.Enum(stores)).to_physical().cast(pl.Int32).to_numpy()
    entry = places.cast(pl.Enum(stores)).to_physical().cast(pl.Int32).to_numpy()
    if not question.with_categories or "category" not in woven.lines.columns:
        return Places(
            stores=tuple(stores),
            categories=(),
            store=codes,
            entry=entry,
            category=np.zeros(0, dtype=np.int32),
        )
    column = woven.lines.get_column("category")
    distinct = column.unique().drop_nulls()
    tops = distinct.cast(pl.String).str.split("/").list.first()
    categories = ["", *sorted(set(tops.to_list()) - {""})]
    top = tops.cast(pl.Enum(categories)).to_physical().cast(pl.Int32).to_numpy()
    physical = distinct.to_physical().to_numpy()
    table = np.zeros(int(physical.max(initial=0)) + 2, dtype=np.int32)
    table[physical] = top
    category = table[column.to_physical().fill_null(len(table) - 1).to_numpy()]
    return Places(
        stores=tuple(stores), categories=tuple(categories), store=codes, entry=entry, category=category
    )


def by_currency(tallied: Tallied) -> Integers:
    """[member, currency, OF_CURRENCY]."""
    rows, width = tallied.members.shape
    n_currencies = (width - sums.OF_MEMBER) // sums.OF_CURRENCY
    return tallied.members[:, sums.OF_MEMBER :].reshape(rows, n_currencies, sums.OF_CURRENCY)


def net_grants(tallied: Tallied, n_currencies: int) -> Integers:
    """[member, currency]: granted less taken back over the period."""
    own = by_currency(tallied)
    net = own[:, :, 2 + fold.EARN] - own[:, :, 2 + fold.CLAW_BACK]
    wide = np.zeros((len(net), n_currencies), dtype=np.int64)
    wide[:, : net.shape[1]] = net
    return wide


def half_even(numerator: Integers, denominator: int) -> Integers:
    """Quotients rounded half to even, exact for every sign."""
    quotient = numerator // denominator
    rest = numerator - quotient * denominator
    up = (rest * 2 > denominator) | ((rest * 2 == denominator) & (quotient % 2 == 1))
    rounded: Integers = quotient + up
    return rounded


def _members(
    question: Question, woven: Woven, places: Places, tallied: Sequence[Tallied]
) -> tuple[pl.DataFrame, dict[int, Integers]]:
    measured = question.measured_currency()
    numbers = woven.members.get_column("member")
    base = tallied[BASELINE].members
    columns: dict[str, Any] = {
        "member": numbers,
        "sales": base[:, sums.MEMBER_SALES],
        "purchases": base[:, sums.MEMBER_PURCHASES],
        "store": pl.Series([*places.stores, ""], dtype=pl.String).gather(base[:, sums.MEMBER_STORE] % (len(places.stores) + 1)),
    }  # fmt: skip
    for at, (side, own) in enumerate(zip(question.sides, tallied, strict=True)):
        worth = np.zeros(question.n_currencies, dtype=np.int64)
        worth[: side.timeline.n_currencies] = question.worth(side)
        net = net_grants(own, question.n_currencies)
        parts = net @ worth
        held = by_currency(own)
        opened = (held[:, :, 0] + held[:, :, 1]) @ worth[: held.shape[1]]
        columns |= {
            f"tier_{at}": own.members[:, sums.MEMBER_TIER],
            f"before_{at}": own.members[:, sums.MEMBER_TIER_BEFORE],
            f"grace_{at}": own.members[:, sums.MEMBER_GRACE],
            f"refused_{at}": own.members[:, sums.MEMBER_REFUSED],
            f"value_{at}": half_even(parts, question.parts) if measured is None else net[:, measured],
            f"parts_{at}": parts,
            f"open_{at}": opened,
        }
    frame = pl.DataFrame(columns)
    change = (frame["value_1"] - frame["value_0"]).to_numpy()
    order = np.lexsort((numbers.to_numpy(), change))
    most = np.unique(np.concatenate([order[:EXTREMES], order[::-1][:EXTREMES]])) if len(order) else order
    wide = [np.zeros((len(most), question.n_rules), dtype=np.int64) for _ in tallied]
    for table, own in zip(wide, tallied, strict=True):
        table[:, : own.member_rules.shape[1]] = own.member_rules[most]
    differ = wide[DRAFT] - wide[BASELINE]
    return frame, {int(numbers[int(m)]): differ[i] for i, m in enumerate(most)}


def _side(
    question: Question, side: Side, woven: Woven, places: Places, tallied: Tallied, judged: Judged
) -> SideTally:
    paid = woven.purchases.get_column("amount_minor").to_numpy()
    parts = tallied.worths
    is_rich = is_richer(parts, paid, bps=question.rich_bps, parts=question.parts)
    rich = np.flatnonzero((parts > 0) & is_rich & (paid >= question.rich_paid_min_minor))
    share = np.where(paid[rich] > 0, parts[rich] / np.maximum(paid[rich], 1), np.inf)
    worst = rich[np.lexsort((rich, -share))[:WORST]]
    return SideTally(
        tables={name: getattr(tallied, name) for name in SUMMED},
        stores=dict(zip(places.stores, tallied.stores, strict=True)),
        categories=dict(zip(places.categories, tallied.categories, strict=False))
        if places.categories
        else {},
        rich=(len(rich), int(parts[rich].sum()), int(paid[rich].sum())),
        worst=tuple(_basket(side, woven, places, judged, int(p), int(parts[p])) for p in worst),
    )


def is_richer(earned: Integers, paid: Integers, *, bps: int, parts: int) -> npt.NDArray[np.bool_]:
    """Whether more than a share of what was paid is earned, exactly.

    Units
        earned   in equal parts of a minor unit, so many as `parts` says: the products may pass 64 bits
    """
    left, right = earned * 10_000.0, paid * float(bps * parts)
    found = left > right
    # Where floats are too near to tell, whole numbers of any size do.
    for at in np.flatnonzero(np.abs(left - right) <= 1e-12 * right).tolist():
        found[at] = int(earned[at]) * 10_000 > bps * parts * int(paid[at])
    return found


def _basket(side: Side, woven: Woven, places: Places, judged: Judged, p: int, parts: int) -> WorthyBasket:
    row = woven.purchases.row(p, named=True)
    hits = judged.seen.hits
    span = slice(int(hits.start[p]), int(hits.start[p + 1]))
    granted = judged.lives.results.reshape(-1, fold.RESULT_WIDTH)[span, fold.GRANTED]
    judged_by = int(side.rows_of_purchases(woven.purchases[p : p + 1])[0])
    grants = sorted(
        (
            (side.timeline.rule_at(judged_by, int(rule)).number, int(units))
            for rule, units in zip(hits.rule[span], granted, strict=True)
            if units
        ),
        key=lambda one: (-one[1], one[0]),
    )
    event = int(np.flatnonzero((woven.table == 0) & (woven.row == p))[0])
    return WorthyBasket(
        member=row["member"],
        sequence=row["sequence"],
        day=int(woven.block[event, fold.EVENT_RECORDED_DAY]),
        store=places.stores[places.store[p]],
        paid_minor=row["amount_minor"],
        parts=parts,
        grants=tuple(grants),
    )


def merged(tallies: Sequence[Tally]) -> Tally:
    """The sum of tallies, in the order given."""
    assert tallies, "there is at least one bucket"
    sides = tuple(_merged_sides([tally.sides[at] for tally in tallies]) for at in (BASELINE, DRAFT))
    changes: dict[int, Integers] = {}
    seconds: dict[str, float] = {}
    for tally in tallies:
        changes |= tally.changes
        for part, taken in tally.seconds.items():
            seconds[part] = seconds.get(part, 0.0) + taken
    return Tally(
        sides=(sides[0], sides[1]),
        members=pl.concat([tally.members for tally in tallies]),
        changes=changes,
        purchases=sum(tally.purchases for tally in tallies),
        lines=sum(tally.lines for tally in tallies),
        returns=sum(tally.returns for tally in tallies),
        seconds=seconds,
    )


def _merged_sides(sides: Sequence[SideTally]) -> SideTally:
    tables = {name: np.sum([side.tables[name] for side in sides], axis=0) for name in SUMMED}
    worst = sorted((basket for side in sides for basket in side.worst), key=lambda one: one.order)
    counts = np.array([side.rich for side in sides], dtype=object).sum(axis=0)
    return SideTally(
        tables=tables,
        stores=_by_name([side.stores for side in sides]),
        categories=_by_name([side.categories for side in sides]),
        rich=(counts[0], counts[1], counts[2]),
        worst=tuple(worst[:WORST]),
    )


def _by_name(tables: Sequence[dict[str, Integers]]) -> dict[str, Integers]:
    summed: dict[str, Integers] = {}
    for table in tables:
        for name, row in table.items():
            summed[name] = summed[name] + row if name in summed else row
    return {name: summed[name] for name in sorted(summed)}
