"""What is asked of a back-test, settled once before any bucket is read: sides, days, who is chosen.

Whole members are chosen, never parts of lives: docs/decisions/0065-a-back-test-chooses-whole-members.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import lcm
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain.calendar import date_of, day_number, month_number, start_of_day
from jifen.insight.backtest.budgets import Cut
from jifen.insight.backtest.shapes import Integers, Period
from jifen.insight.backtest.sides import Side

RICH_BPS = 2_000
"""A basket is told of when it earns more than this share of what was paid, unless told otherwise."""
RICH_PAID_MIN_MINOR = 500
"""And when at least so much was paid: of some cents any point is a large share."""
Redemptions = Literal["replayed", "drawn"]
REDEMPTIONS: tuple[Redemptions, ...] = ("replayed", "drawn")
"""When and as large as they were, or drawn from each member's own habit (`habits.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Both sides over one period. `from_on` and `to_on` both belong to it."""

    baseline: Side
    draft: Side
    from_on: date
    to_on: date
    history_from: date  # the first day that anything is known of
    n_tiers: int
    stores: tuple[str, ...] = ()
    sample: Fraction | None = None
    seed: int = 0
    rich_bps: int = RICH_BPS
    rich_paid_min_minor: int = RICH_PAID_MIN_MINOR
    live: Side
    redemptions: Redemptions = "replayed"
    with_categories: bool = True
    cuts: Mapping[int, tuple[Cut, ...]] = field(default_factory=dict)  # by side: when its budgets are used up

    @property
    def zone(self) -> str:
        """The programme's zone."""
        return self.draft.timeline.time_zone

    @property
    def sides(self) -> tuple[Side, Side]:
        """Baseline and draft."""
        return self.baseline, self.draft

    @property
    def before(self) -> datetime:
        """What was recorded from this moment on is not looked at."""
        return start_of_day(self.to_on + timedelta(days=1), self.zone)

    @property
    def end_at(self) -> datetime:
        """The moment that every life is brought to."""
        return self.before - timedelta(microseconds=1)

    @property
    def parts(self) -> int:
        """Equal parts of a minor unit in which worth is counted on both sides."""
        return lcm(*(side.worths()[1] for side in self.sides))

    @property
    def months(self) -> tuple[int, ...]:
        """The months of the period: year * 12 + month - 1."""
        return tuple(range(month_number(self.from_on), month_number(self.to_on) + 1))

    @property
    def n_rules(self) -> int:
        """One more than the highest number of a rule on either side."""
        return 1 + max(rule.number for side in self.sides for p in side.timeline.programs for rule in p.rules)

    @property
    def n_currencies(self) -> int:
        """Currencies of the side that has more."""
        return max(side.timeline.n_currencies for side in self.sides)

    def worth(self, side: Side) -> Integers:
        """What a unit of each currency is worth on a side, in `parts`."""
        worths, own = side.worths()
        counted = np.zeros(side.timeline.n_currencies, dtype=np.int64)
        counted[: len(worths)] = worths * (self.parts // own)
        return counted

    def period(self, side: Side) -> Period:
        """The period as the kernel takes it."""
        first, end = day_number(self.from_on), day_number(self.to_on)
        months = np.zeros(end - first + 2, dtype=np.int64)
        for day in range(first, end + 1):
            on = date_of(day)
            assert on is not None, "the period has dates"
            months[day - first + 1] = month_number(on) - self.months[0]
        return Period(
            first_day=first,
            first_at=-1,  # what is due at the start of the first day belongs to the period
            end_day=end,
            month_of=months,
            worth=self.worth(side),
            n_months=len(self.months),
            n_tiers=self.n_tiers,
            n_rules=0,
            n_categories=0,
        )

    def measured_currency(self) -> int | None:
        """The one currency in whose units members' changes are told: worth the same on both sides. None: in money."""
        worths = [
            {c.number: c.worth_minor for c in side.program.currencies if c.worth_minor} for side in self.sides
        ]
        return next(iter(worths[0])) if worths[0] == worths[1] and len(worths[0]) == 1 else None


def is_sampled(members: pl.Series, sample: Fraction, seed: int) -> pl.Series:
    """Whether each member belongs to the sample: by a hash of its number and the seed, so a larger sample holds a smaller."""
    limit = (sample.numerator << 32) // sample.denominator
    return pl.Series((mixed(members.to_numpy().astype(np.uint64), seed) >> np.uint64(32)) < np.uint64(limit))


def mixed(numbers: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Each number as a hash of it and the seed, 64 bits.

    Source
        SplitMix64 (Steele, Lea, Flood 2014): the state after seed + 1 steps, put through its finalizer. The one step more keeps
        the state 0, which the finalizer leaves 0, away from the first member under the first seed.
    """
    found = numbers + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % (1 << 64))
    for shift, multiplier in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        found = (found ^ (found >> np.uint64(shift))) * np.uint64(multiplier)
    return found ^ (found >> np.uint64(31))


def main_stores(purchases: pl.DataFrame) -> pl.DataFrame:
    """The store where each member bought most often, the first by code among equals.

    Shape
        returns   member, store
    """
    counted = purchases.group_by("member", pl.col("store").fill_null("")).agg(times=pl.len())
    return counted.sort("member", "times", "store", descending=[False, True, False]).unique(
        "member", keep="first"
    )


def chosen_members(question: Question, members: pl.DataFrame, purchases: pl.DataFrame) -> pl.Series | None:
    """Whether each member of a bucket is looked at; None: all are."""
    number = members.get_column("member")
    kept: pl.Series | None = None
    if question.sample is not None and question.sample < 1:
        kept = is_sampled(number, question.sample, question.seed)
    if question.stores:
        first = start_of_day(question.from_on, question.zone)
        bought = purchases.filter(pl.col("recorded_at").is_between(first, question.before, closed="left"))
        at = main_stores(bought).filter(pl.col("store").is_in(question.stores)).get_column("member")
        there = number.is_in(at.implode())
        kept = there if kept is None else kept & there
    return kept


def columns_read(sides: Sequence[Side], *, with_categories: bool) -> dict[str, list[str]]:
    """The columns of each table that a walk of these sides asks for."""
    asked = set().union(*(side.columns_asked() for side in sides))
    purchases = [
        "member",
        "sequence",
        "store",
        "occurred_at",
        "recorded_at",
        "amount_minor",
        "revision",
        "legs",
    ]
    lines = ["number", "quantity_milli", "amount_minor"]
    if any(side.published for side in sides):
        purchases.append("hits")
        lines.append("masks")
    named = {"date": "store_date", "payment_methods": "payments", "purchase_tags": "tags"}
    of_purchase = {"channel", "source", "weekday", "hour", "date", "payment_methods", "purchase_tags"}
    purchases += [named.get(name, name) for name in sorted(asked & of_purchase)]
    of_line = {"sku", "category", "brand", "tags", "discount_minor"}
    lines += sorted(name for name in asked if name in of_line or name.startswith("attribute."))
    if with_categories and "category" not in lines:
        lines.append("category")
    return {
        "members": ["member", *(["segments"] if "segments" in asked else [])],
        "purchases": purchases,
        "lines": lines,
        "returns": [
            "member", "sequence", "purchase_sequence", "is_void", "is_whole", "forgiven", "line_numbers", "line_quantities",
            "amount_minor", "recorded_at",
        ],
        "entries": [
            "member", "sequence", "kind", "currency", "units", "origin", "state", "gift_id", "slices", "lapses_at", "hits",
            "revision", "store", "channel", "source", "attributes", "occurred_at", "recorded_at",
        ],
    }  # fmt: skip
