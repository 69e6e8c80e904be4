"""One side of a result: totals by currency, rule, tier, store, category, month and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import partial

import numpy as np

from jifen.domain import fold
from jifen.domain.calendar import day_number
from jifen.domain.program.meaning import Currency, EarnRule, Program
from jifen.domain.verbs import POSTS
from jifen.insight.backtest import sums
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.result import (
    CurrencyTotal,
    GroupTotal,
    LiabilityDay,
    MonthTotal,
    Name,
    Ratio,
    Replayed,
    RuleTotal,
    Sentence,
    Side,
    TierCount,
    share_bps,
)
from jifen.insight.backtest.result_side import in_every_language, name_of, name_of_said
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.sides import Side as Judging
from jifen.insight.backtest.tally import SideTally
from jifen.present.rules import rule_sentence
from jifen.present.said import Said

ENDED_MIN = 1_000
"""Breakage is estimated when at least so many units of the period's lots were spent or have expired."""
SIGNS = np.array([posts.sign for posts in POSTS], dtype=np.int64)
"""By verb: what a unit of its postings does to a balance."""


def minor_of(units: int, worth: Ratio | None) -> int:
    """Units at worth in minor money, rounded half to even."""
    if worth is None:
        return 0
    quotient, rest = divmod(units * worth[0], worth[1])
    return quotient + (2 * rest > worth[1] or (2 * rest == worth[1] and quotient % 2 == 1))


def rules_of(program: Program) -> dict[int, EarnRule]:
    """The rules of a programme by number."""
    return {rule.number: rule for rule in program.rules}


def rule_on(judging: Judging, number: int) -> tuple[Program, EarnRule] | None:
    """The newest meaning of a rule on a side."""
    for program in reversed(judging.timeline.programs):
        rule = rules_of(program).get(number)
        if rule is not None:
            return program, rule
    return None


class SideTold:
    """Makes the `Side` of a result from a tally."""

    def __init__(self, question: Question, judging: Judging, tally: SideTally) -> None:
        self.question, self.judging, self.tally = question, judging, tally
        self.currencies: tuple[Currency, ...] = judging.program.currencies
        self.ranks = {tier.number: rank for rank, tier in enumerate(judging.program.ladder.tiers)}

    def told(self, tiers: Mapping[str, Integers], sales: int) -> Side:
        """The side.

        Shape
            tiers   before, after, grace: by member, the number of a tier or 0 and 1
        """
        currencies = tuple(self._currency(c) for c in self.currencies)
        cost = sum(total.cost_minor for total in currencies)
        return Side(
            currencies=currencies,
            cost_minor=cost,
            cost_share_bps=share_bps(cost, sales),
            by_rule=tuple(self._rules()),
            by_tier=tuple(self._tiers()),
            by_store=tuple(self._named(self.tally.stores, self._stores())),
            by_category=tuple(self._named(self.tally.categories, {})),
            by_month=tuple(self._months()),
            liability=tuple(self._liability()),
            replayed=tuple(self._replayed()),
            tiers=tuple(self._tier_counts(tiers)),
        )

    def _moved(self, currency: int, verb: int, undone: int | None = None) -> int:
        """Units of a verb in the period, less those that its reversal undid."""
        days = self.tally.tables["days"][1:, currency]
        return int(days[:, verb].sum() - (0 if undone is None else days[:, undone].sum()))

    def _currency(self, c: Currency) -> CurrencyTotal:
        n = c.number
        days = self.tally.tables["days"]
        opening = int(days[0, n, : sums.VERBS] @ SIGNS)
        granted, returned = self._moved(n, fold.EARN), self._moved(n, fold.CLAW_BACK)
        redeemed = self._moved(n, fold.REDEEMED, fold.REVERSED_REDEEM)
        expired = self._moved(n, fold.EXPIRE)
        closing = opening + int(days[1:, n, : sums.VERBS].sum(axis=0) @ SIGNS)
        ended, ended_expired = (int(x) for x in self.tally.tables["ended"][n])
        breakage = None
        if all(terms.expiry is None for terms in c.terms):
            breakage = 0
        elif ended >= ENDED_MIN:
            breakage = minor_of(max(closing, 0), (ended_expired, ended))
        return CurrencyTotal(
            currency=name_of(c.code, c.names),
            scale=c.scale,
            kind=c.kind,
            worth_minor=c.worth_minor,
            opening_units=opening,
            granted_units=granted,
            returned_units=returned,
            adjusted_units=self._moved(n, fold.ADJUSTED_UP, fold.REVERSED_ADJUST_UP)
            - self._moved(n, fold.ADJUSTED_DOWN, fold.REVERSED_ADJUST_DOWN)
            + self._moved(n, fold.OPENED, fold.REVERSED_OPENING),
            received_units=self._moved(n, fold.RECEIVED, fold.REVERSED_RECEIVE),
            given_units=self._moved(n, fold.GIVEN, fold.REVERSED_GIVE),
            redeemed_units=redeemed,
            expired_units=expired,
            closing_units=closing,
            expired_minor=minor_of(expired, c.worth_minor),
            redeemed_minor=minor_of(redeemed, c.worth_minor),
            cost_minor=minor_of(granted - returned, c.worth_minor),
            ended_units=ended,
            ended_expired_units=ended_expired,
            breakage_units=breakage,
            breakage_minor=None if breakage is None else minor_of(breakage, c.worth_minor),
        )

    def _worth(self, currency: int) -> Ratio | None:
        return self.currencies[currency].worth_minor if currency < len(self.currencies) else None

    def _rules(self) -> Iterable[RuleTotal]:
        table = self.tally.tables["rules"]
        other = next(side for side in self.question.sides if side is not self.judging) if (
            self.question.baseline is not self.question.draft
        ) else self.judging  # fmt: skip
        for number in range(1, self.question.n_rules):
            own = rule_on(self.judging, number)
            known = own or rule_on(other, number)
            if known is None:
                continue
            program, rule = known
            row = table[number] if number < len(table) else np.zeros(sums.OF_RULE, dtype=np.int64)
            granted, returned = int(row[sums.RULE_GRANTED]), int(row[sums.RULE_BACK])
            currency = next(c for c in program.currencies if c.number == rule.currency)
            yield RuleTotal(
                number=number,
                rule=name_of(rule.code, rule.names),
                currency=currency.code,
                sentence=Sentence(**in_every_language(partial(rule_sentence, rule, program))),
                desired_units=int(row[sums.RULE_DESIRED]),
                granted_units=granted,
                returned_units=returned,
                cost_minor=minor_of(granted - returned, self._worth(rule.currency)),
                purchases=int(row[sums.RULE_FIRED]),
                members=int(row[sums.RULE_MEMBERS]),
                clipped_purchases=int(row[sums.RULE_CAPPED] + row[sums.RULE_STACKED]),
                is_capped=own is not None and is_capped(rule),
            )

    def _group(self, name: Name, row: Integers) -> Iterable[GroupTotal]:
        for c in self.currencies:
            granted = int(row[sums.GRANTS + 2 * c.number])
            returned = int(row[sums.GRANTS + 2 * c.number + 1])
            yield GroupTotal(
                group=name,
                currency=c.code,
                granted_units=granted,
                returned_units=returned,
                cost_minor=minor_of(granted - returned, c.worth_minor),
                sales_minor=int(row[sums.SALES]),
                purchases=int(row[sums.PURCHASES]),
                members=int(row[sums.MEMBERS]),
            )

    def _tiers(self) -> Iterable[GroupTotal]:
        table = self.tally.tables["tier_months"].sum(axis=1)
        names = {
            tier.number: name_of(tier.code, tier.names)
            for program in self.judging.timeline.programs
            for tier in program.ladder.tiers
        }
        order = sorted(range(len(table)), key=lambda number: (self.ranks.get(number, -1), number))
        for number in order:
            if table[number].any() or number in self.ranks:
                name = names.get(number) or name_of_said(f"#{number}", Said("backtest.tier", number=number))
                yield from self._group(name, table[number])

    def _stores(self) -> dict[str, Name]:
        return {code: name_of(code, store.names) for code, store in self.judging.program.stores.items()}

    def _named(self, table: Mapping[str, Integers], names: Mapping[str, Name]) -> Iterable[GroupTotal]:
        for code, row in table.items():
            if row.any():
                yield from self._group(names.get(code) or name_of(code, {}), row)

    def _months(self) -> Iterable[MonthTotal]:
        table = self.tally.tables["tier_months"].sum(axis=0)
        days = self.tally.tables["days"][1:]
        of_day = self.question.period(self.judging).month_of[1:]
        for i, month in enumerate(self.question.months):
            inside = days[of_day == i].sum(axis=0)
            for c in self.currencies:
                granted = int(table[i, sums.GRANTS + 2 * c.number])
                returned = int(table[i, sums.GRANTS + 2 * c.number + 1])
                yield MonthTotal(
                    month_on=date(month // 12, month % 12 + 1, 1),
                    currency=c.code,
                    granted_units=granted,
                    returned_units=returned,
                    redeemed_units=int(
                        inside[c.number, fold.REDEEMED] - inside[c.number, fold.REVERSED_REDEEM]
                    ),
                    expired_units=int(inside[c.number, fold.EXPIRE]),
                    cost_minor=minor_of(granted - returned, c.worth_minor),
                    sales_minor=int(table[i, sums.SALES]),
                    purchases=int(table[i, sums.PURCHASES]),
                )

    def _liability(self) -> Iterable[LiabilityDay]:
        days = self.tally.tables["days"]
        moved = days[:, :, : sums.VERBS] @ SIGNS + days[:, :, sums.DEBT_CHANGE]
        owed = np.cumsum(moved, axis=0)
        parts = self.question.worth(self.judging)
        first = day_number(self.question.from_on)
        for at in range(1, len(owed)):
            worth = sum(int(units) * int(part) for units, part in zip(owed[at], parts, strict=True))
            yield LiabilityDay(
                on=self.question.from_on + timedelta(days=at - 1),
                units=tuple(int(owed[at, c.number]) for c in self.currencies),
                minor=minor_of(worth, (1, self.question.parts)),
            )
        assert first + len(owed) - 2 == day_number(self.question.to_on), "a row for each day"

    def _replayed(self) -> Iterable[Replayed]:
        table = self.tally.tables["asked"]
        for verb, kinds in (
            ("redeem", (fold.REDEEM, fold.COMMIT)), ("give", (fold.GIFT_OUT,)), ("reserve", (fold.RESERVE,)),
        ):  # fmt: skip
            for c in self.currencies:
                row = table[list(kinds), c.number].sum(axis=0)
                if row[sums.ASKED]:
                    yield Replayed(
                        verb=verb,  # type: ignore[arg-type]
                        currency=c.code,
                        asked=int(row[sums.ASKED]),
                        asked_units=int(row[sums.ASKED_UNITS]),
                        refused=int(row[sums.REFUSED]),
                        refused_units=int(row[sums.REFUSED_UNITS]),
                        refused_members=int(row[sums.REFUSED_MEMBERS]),
                        # Gifts are replayed as they were, whatever is drawn.
                        is_drawn=self.question.redemptions == "drawn" and verb != "give",
                    )

    def rank(self, numbers: Integers) -> Integers:
        """The rank in the side's ladder of each tier number; one it does not know counts as the lowest, as in the fold."""
        table = np.zeros(self.question.n_tiers, dtype=np.int64)
        for number, rank in self.ranks.items():
            table[number] = rank
        ranks: Integers = table[numbers]
        return ranks

    def _tier_counts(self, tiers: Mapping[str, Integers]) -> Iterable[TierCount]:
        moves = self.tally.tables["moves"]
        n = len(self.ranks)
        every = self.rank(np.arange(self.question.n_tiers))
        start = np.bincount(self.rank(tiers["before"]), minlength=n)
        end = np.bincount(self.rank(tiers["after"]), minlength=n)
        grace = np.bincount(self.rank(tiers["after"])[tiers["grace"] == 1], minlength=n)
        for rank, tier in enumerate(self.judging.program.ladder.tiers):
            into = moves[:, every == rank]
            rises = every[:, None] < rank
            falls = every[:, None] > rank
            yield TierCount(
                number=tier.number,
                tier=name_of(tier.code, tier.names),
                members_at_start=int(start[rank]),
                members_at_end=int(end[rank]),
                promoted=int((into * rises).sum()),
                demoted=int((into * falls).sum()),
                kept_by_grace=int(grace[rank]),
            )


def is_capped(rule: EarnRule) -> bool:
    """Whether a rule has a cap or a budget."""
    return bool(rule.limits) or rule.budget is not None
