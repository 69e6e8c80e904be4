"""What in the draft can be abused or is not used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from jifen.domain.calendar import date_of, local_date
from jifen.insight.backtest import sums
from jifen.insight.backtest.answer_sides import is_capped, minor_of, rules_of
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.result import (
    Basket,
    CapBite,
    DryBudget,
    Loopholes,
    Outlier,
    RichBaskets,
    Together,
    share_bps,
)
from jifen.insight.backtest.result_side import name_of
from jifen.insight.backtest.tally import BASELINE, DRAFT, Tally, WorthyBasket

TOLD = 20
PURCHASES_MIN = 3
"""A member is held against others from so many purchases on."""


def loopholes_of(question: Question, tally: Tally, names: Mapping[int, str]) -> Loopholes:
    """The loopholes of the draft.

    Shape
        names   `mbr_...` of the members that are told of
    """
    rules = rules_of(question.draft.program)
    table, pairs = (tally.sides[DRAFT].tables[name] for name in ("rules", "pairs"))
    fired = {number: int(table[number, sums.RULE_FIRED]) for number in rules}
    together = [
        Together(rules=(rules[low].code, rules[high].code), purchases=fired[low])
        for low in sorted(rules)
        for high in sorted(rules)
        if low < high and fired[low] and fired[low] == fired[high] == int(pairs[low, high])
    ]
    bites = [
        CapBite(
            rule=rule.code,
            # What gave way to a better rule of its group was not held back by a cap.
            desired_units=int(table[number, sums.RULE_DESIRED] - table[number, sums.RULE_STACKED_UNITS]),
            granted_units=int(table[number, sums.RULE_GRANTED]),
            clipped_purchases=int(table[number, sums.RULE_CAPPED]),
            clipped_members=int(table[number, sums.RULE_CAPPED_MEMBERS]),
        )
        for number, rule in rules.items()
        if is_capped(rule) and table[number, sums.RULE_CAPPED]
    ]
    bites.sort(key=lambda bite: (bite.granted_units - bite.desired_units, bite.rule))
    has_worth = bool(question.worth(question.draft).any())
    return Loopholes(
        rich_baskets=_rich(question, tally, names) if has_worth else None,
        outliers=_outliers(question, tally, names),
        never_fired=tuple(rule.code for number, rule in rules.items() if not fired[number]),
        always_together=tuple(together),
        caps=tuple(bites[:TOLD]),
        dry_budgets=tuple(_dry_budgets(question)),
    )


def _dry_budgets(question: Question) -> Iterator[DryBudget]:
    """The budgets of the draft that are used up within the period, the first to be so first."""
    program = question.draft.program
    rules = {rule.budget.pool: rule for rule in program.rules if rule.budget is not None}
    for cut in sorted(question.cuts.get(DRAFT, ()), key=lambda cut: cut.at_micros):
        rule = rules[cut.pool]
        yield DryBudget(
            budget=name_of(rule.code, rule.names),
            currency=program.currencies[rule.currency].code,
            budget_units=cut.budget,
            dry_on=local_date(cut.at, program.time_zone),
            wanted_after_units=cut.wanted_after,
        )


def _rich(question: Question, tally: Tally, names: Mapping[int, str]) -> RichBaskets:
    count, parts, paid = tally.sides[DRAFT].rich
    return RichBaskets(
        threshold_bps=question.rich_bps,
        paid_min_minor=question.rich_paid_min_minor,
        purchases=count,
        baseline_purchases=tally.sides[BASELINE].rich[0],
        earned_minor=minor_of(parts, (1, question.parts)),
        paid_minor=paid,
        worst=tuple(_basket(question, basket, names) for basket in tally.sides[DRAFT].worst),
    )


def _basket(question: Question, basket: WorthyBasket, names: Mapping[int, str]) -> Basket:
    program = question.draft.program
    currency = next(c.number for c in program.currencies if c.worth_minor)
    known = {rule.number: rule for p in question.draft.timeline.programs for rule in p.rules}
    on = date_of(basket.day)
    assert on is not None, "a purchase has a date"
    return Basket(
        member=names.get(basket.member, f"#{basket.member}"),
        on=on,
        store=basket.store,
        paid_minor=basket.paid_minor,
        earned_units=sum(units for number, units in basket.grants if known[number].currency == currency),
        earned_minor=minor_of(basket.parts, (1, question.parts)),
        rules=tuple(known[number].code for number, _ in basket.grants),
    )


def outlying(question: Question, tally: Tally) -> list[tuple[int, int]]:
    """The members far outside, by row of `tally.members`, with the share they earn; the highest first.

    Far outside is above the upper quartile by three times the distance between the quartiles (Tukey, Exploratory Data
    Analysis, 1977), and above twice the median.
    """
    members = tally.members
    sales, bought = members.get_column("sales").to_numpy(), members.get_column("purchases").to_numpy()
    at = np.flatnonzero((sales > 0) & (bought >= PURCHASES_MIN))
    if len(at) < TOLD:
        return []
    share = members.get_column("parts_1").to_numpy()[at] * 10_000 // (sales[at] * question.parts)
    low, middle, high = np.sort(share)[[len(at) // 4, len(at) // 2, len(at) * 3 // 4]].tolist()
    far = np.flatnonzero((share > high + 3 * (high - low)) & (share > 2 * middle))
    order = far[np.lexsort((at[far], -share[far]))]
    return [(int(at[i]), int(middle)) for i in order[:TOLD]]


def _outliers(question: Question, tally: Tally, names: Mapping[int, str]) -> tuple[Outlier, ...]:
    told = []
    for at, typical in outlying(question, tally):
        row = tally.members.row(at, named=True)
        earned = minor_of(row["parts_1"], (1, question.parts))
        told.append(
            Outlier(
                member=names.get(row["member"], f"#{row['member']}"),
                earned_minor=earned,
                sales_minor=row["sales"],
                purchases=row["purchases"],
                share_bps=share_bps(earned, row["sales"]),
                typical_bps=typical,
            )
        )
    return tuple(told)
