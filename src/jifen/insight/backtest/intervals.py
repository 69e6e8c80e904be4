"""What a sample of whole members says about all of them: totals and shares with 95 % intervals, or why there is none.

Members are drawn by a hash, each with the same chance, independently of what they buy. A total is the mean times the members;
a share is a ratio of two totals, its error that of the residuals (Cochran, Sampling Techniques, 1977, chapters 2 and 6).
The normal approximation is trusted when n > 25 G1^2 (Cochran's rule, section 2.15), G1 the skewness of what is summed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil, floor, sqrt

import numpy as np
import numpy.typing as npt

from jifen.insight.backtest.answer_members import MembersTold
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.result import Interval, Sentence
from jifen.insight.backtest.result_side import sentence_of
from jifen.present.said import Said

Z = 1.959963984540054  # of 95 %, two-sided
MEMBERS_MIN = 100
RULE_OF_THREE = 3
Claims = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate with its error, or the sentence why it has none."""

    value: float
    error: float
    why_not: Sentence | None
    least: float | None = None  # where the ends are known otherwise than by the error
    most: float | None = None


def total_of(values: Numbers, population: float) -> Estimate:
    """The total over a population of which `values` is a sample of members."""
    n = len(values)
    why = too_few(values, n)
    if n < 2:
        return Estimate(value=0.0, error=0.0, why_not=why)
    missed = max(0.0, 1 - n / population)
    error = population * sqrt(missed * float(values.var(ddof=1)) / n)
    return Estimate(value=population * float(values.mean()), error=error, why_not=why)


def count_of(is_so: Claims, population: float) -> Estimate:
    """How many of a population are so. Where none of the sample is, or all are, the rule of three says how many may be otherwise.

    Source
        Hanley and Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 1983: with 95 % confidence at most 3 of n.
    """
    n, seen = len(is_so), int(is_so.sum())
    if n >= MEMBERS_MIN and seen in (0, n):
        others = min(RULE_OF_THREE * population / n, population - n)
        least, most = (0.0, others) if seen == 0 else (population - others, population)
        return Estimate(value=population * seen / n, error=0.0, why_not=None, least=least, most=most)
    estimate = total_of(is_so.astype(np.float64), population)
    if estimate.why_not is None or n < MEMBERS_MIN:
        return estimate
    fewer = min(seen, n - seen)
    return replace(
        estimate,
        why_not=sentence_of(Said("backtest.why_not.few_are_so", members=n, fewer=fewer)),
    )


def ratio_of(above: Numbers, below: Numbers, population: float) -> Estimate:
    """The ratio of two totals over a population, from the same members."""
    n = len(above)
    if n < 2 or float(below.sum()) == 0.0:
        return Estimate(value=0.0, error=0.0, why_not=_few(n))
    ratio = float(above.sum()) / float(below.sum())
    rest = above - ratio * below
    missed = max(0.0, 1 - n / population)
    error = sqrt(missed * float(rest.var(ddof=1)) / n) / abs(float(below.mean()))
    return Estimate(value=ratio, error=error, why_not=too_few(rest, n))


def too_few(values: Numbers, n: int) -> Sentence | None:
    """Why so few members, or members so unlike each other, say nothing; None where they do."""
    if n < MEMBERS_MIN:
        return _few(n)
    spread = float(values.std())
    skew = float(((values - values.mean()) ** 3).mean()) / spread**3 if spread > 0 else 0.0
    needed = ceil(25 * skew * skew)
    if n <= needed:
        return sentence_of(Said("backtest.why_not.few_make_most", needed=needed, members=n))
    return None


def _few(n: int) -> Sentence:
    return sentence_of(Said("backtest.why_not.few", members=n, least=MEMBERS_MIN))


def intervals_of(question: Question, told: MembersTold, members_all: int) -> tuple[Interval, ...]:
    """The intervals of a sample's headline numbers; () where everybody was looked at."""
    if question.sample is None or question.sample == 1:
        return ()
    frame = told.frame
    # With a choice of stores nobody knows how many members there are in all; the sample's share says it.
    population = frame.height / float(question.sample) if question.stores else float(members_all)
    parts = float(question.parts)

    def column(name: str) -> Numbers:
        return frame.get_column(name).cast(float).to_numpy() / parts

    sales = frame.get_column("sales").cast(float).to_numpy()
    cost = [column("parts_0"), column("parts_1")]
    owed = [column("open_0"), column("open_1")]
    change = frame.get_column("change").to_numpy()
    rise = frame.get_column("rank_1").to_numpy() - told.height_of(frame.get_column("rank_0").to_numpy())
    shares = [ratio_of(one, sales, population) for one in cost]
    both = ratio_of(cost[1] - cost[0], sales, population)
    rows: Iterable[tuple[str, Estimate, float]] = (
        ("baseline.cost_minor", total_of(cost[0], population), 1),
        ("draft.cost_minor", total_of(cost[1], population), 1),
        ("change.cost_minor", total_of(cost[1] - cost[0], population), 1),
        ("baseline.owed_minor", total_of(owed[0], population), 1),
        ("draft.owed_minor", total_of(owed[1], population), 1),
        ("change.owed_minor", total_of(owed[1] - owed[0], population), 1),
        ("baseline.cost_share_bps", shares[0], 10_000),
        ("draft.cost_share_bps", shares[1], 10_000),
        ("change.cost_share_bps", both, 10_000),
        ("change.better", count_of(change > 0, population), 1),
        ("change.worse", count_of(change < 0, population), 1),
        ("change.promoted", count_of(rise > 0, population), 1),
        ("change.demoted", count_of(rise < 0, population), 1),
    )
    return tuple(_interval(what, estimate, scale) for what, estimate, scale in rows)


def _interval(what: str, estimate: Estimate, scale: float) -> Interval:
    if estimate.least is not None and estimate.most is not None:
        return Interval(
            what=what, estimate=round(estimate.value), low=floor(estimate.least), high=ceil(estimate.most)
        )
    value, error = estimate.value * scale, Z * estimate.error * scale
    if estimate.why_not is not None:
        return Interval(what=what, estimate=round(value), low=None, high=None, why_not=estimate.why_not)
    return Interval(what=what, estimate=round(value), low=floor(value - error), high=ceil(value + error))
