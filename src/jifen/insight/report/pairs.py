"""Rows of the two sides laid beside each other: by rule, tier, store, category and month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from jifen.insight.backtest.result import CurrencyTotal, GroupTotal, MonthTotal, Name, Result, RuleTotal, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePair:
    """A rule on both sides; None where a side does not have it."""

    rule: Name
    currency: str
    baseline: RuleTotal | None
    draft: RuleTotal | None

    @property
    def cost_minor(self) -> tuple[int, int]:
        """Cost with the baseline and with the draft."""
        return (self.baseline.cost_minor if self.baseline else 0, self.draft.cost_minor if self.draft else 0)

    @property
    def units(self) -> tuple[int, int]:
        """Units granted less returned with the baseline and with the draft."""
        one, other = self.baseline, self.draft
        return (
            one.granted_units - one.returned_units if one else 0,
            other.granted_units - other.returned_units if other else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPair:
    """A tier, store, category or month on both sides, of one currency."""

    group: Name
    month_on: date | None
    currency: str
    units: tuple[int, int]  # granted less returned: baseline, draft
    cost_minor: tuple[int, int]
    sales_minor: int
    purchases: int
    members: int | None


def rule_pairs(result: Result) -> list[RulePair]:
    """Every rule of either side, in order of number."""
    baseline = {row.number: row for row in result.baseline.by_rule}
    draft = {row.number: row for row in result.draft.by_rule}
    pairs = []
    for number in sorted(baseline.keys() | draft.keys()):
        row = draft.get(number) or baseline[number]
        pairs.append(
            RulePair(
                rule=row.rule, currency=row.currency, baseline=baseline.get(number), draft=draft.get(number)
            )
        )
    return pairs


def group_pairs(baseline: Iterable[GroupTotal], draft: Iterable[GroupTotal]) -> list[GroupPair]:
    """Every group of either side and currency, the draft's order first."""
    before = {(row.group.code, row.currency): row for row in baseline}
    after = {(row.group.code, row.currency): row for row in draft}
    pairs = []
    for key in [*after, *(key for key in before if key not in after)]:
        one, other = before.get(key), after.get(key)
        row = other or one
        assert row is not None
        pairs.append(
            GroupPair(
                group=row.group, month_on=None, currency=row.currency,
                units=(_net(one), _net(other)),
                cost_minor=(one.cost_minor if one else 0, other.cost_minor if other else 0),
                sales_minor=row.sales_minor, purchases=row.purchases, members=row.members,
            )
        )  # fmt: skip
    return pairs


def month_pairs(result: Result) -> list[GroupPair]:
    """Every month and currency, in order of time."""
    before = {(row.month_on, row.currency): row for row in result.baseline.by_month}
    after = {(row.month_on, row.currency): row for row in result.draft.by_month}
    pairs = []
    for month_on, currency in sorted(before.keys() | after.keys()):
        one, other = before.get((month_on, currency)), after.get((month_on, currency))
        row = other or one
        assert row is not None
        code = f"{month_on:%Y-%m}"
        pairs.append(
            GroupPair(
                group=Name(code=code, zh=code, en=code), month_on=month_on, currency=currency,
                units=(_net(one), _net(other)),
                cost_minor=(one.cost_minor if one else 0, other.cost_minor if other else 0),
                sales_minor=row.sales_minor, purchases=row.purchases, members=None,
            )
        )  # fmt: skip
    return pairs


def currencies_of(result: Result) -> dict[str, CurrencyTotal]:
    """The currencies of both sides by code, the draft's account of each first."""
    return {one.currency.code: one for one in (*result.baseline.currencies, *result.draft.currencies)}


def main_currency(result: Result) -> CurrencyTotal | None:
    """What headlines speak of: the first currency with a worth, else the first that can be spent, else the first."""
    every = list(currencies_of(result).values())
    for wanted in (
        [one for one in every if one.worth_minor],
        [one for one in every if one.kind == "spendable"],
        every,
    ):
        if wanted:
            return wanted[0]
    return None


def has_worth(result: Result) -> bool:
    """Whether anything of either side has a worth in money."""
    return any(one.worth_minor for side in (result.baseline, result.draft) for one in side.currencies)


def total_of(side: Side, code: str) -> CurrencyTotal | None:
    """One side's account of a currency."""
    return next((one for one in side.currencies if one.currency.code == code), None)


def named(names: Sequence[Name]) -> dict[str, Name]:
    """Names by code."""
    return {one.code: one for one in names}


def _net(row: GroupTotal | MonthTotal | None) -> int:
    return row.granted_units - row.returned_units if row else 0
