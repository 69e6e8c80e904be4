"""The compiled revisions that can still matter, laid out flat for the fold.

Programme numbers are indexed `[revision, rule number]`, `[revision, rank]` and `[revision, currency number]`; the row of a
revision is its place in the timeline, which is ordered by the moment of effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from jifen.domain import fold
from jifen.domain.calendar import day_number, day_or_never, expires_on, local_date, start_of_day
from jifen.domain.program.conditions import All, Any, Claim, Condition, Not
from jifen.domain.program.meaning import EarnRule, Expiry, Program
from jifen.domain.program.select import Select, compile_select, word_count
from jifen.domain.refusals import ProgramMissing

_LARGE = 1 << 62
_FACT_NUMBERS = {
    "member.tier": fold.FACT_TIER,
    "member.spend_minor": fold.FACT_SPEND,
    "member.visits": fold.FACT_VISITS,
    "member.days_since_purchase": fold.FACT_DAYS_SINCE,
    "member.purchases_before": fold.FACT_PURCHASES_BEFORE,
    "member.balance": fold.FACT_BALANCE,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """Every published revision with its meaning, its selector and its numbers."""

    programs: tuple[Program, ...]
    selects: tuple[Select, ...]
    rules: list[int]
    tests: list[int]
    tiers: list[int]
    revisions: list[int]
    currencies: list[int]
    n_currencies: int
    n_tiers: int
    rules_of: tuple[dict[int, EarnRule], ...]  # for each revision its rules by number
    tier_codes: dict[int, str]
    mask_words: tuple[int, ...]  # for each revision, how many words a mask takes

    @property
    def newest(self) -> Program:
        """The revision published last, in force or not."""
        return self.programs[-1]

    @property
    def time_zone(self) -> str:
        """The programme's zone: limits and expiry are counted in it."""
        return self.programs[0].time_zone

    def row_at(self, at: datetime) -> int:
        """The row of the revision in force at a moment.

        Refuses
            ProgramMissing   the first revision takes effect later
        """
        for row in range(len(self.programs) - 1, -1, -1):
            if self.programs[row].effective_at <= at:
                return row
        raise ProgramMissing(
            f"the first revision takes effect at {self.programs[0].effective_at.isoformat()}"
        )

    def row_of(self, revision: int) -> int:
        """The row of a revision number."""
        for row, program in enumerate(self.programs):
            if program.revision == revision:
                return row
        raise AssertionError(f"revision {revision} is not in the timeline")

    def rule(self, row: int, number: int) -> EarnRule:
        """The rule of a number in a revision."""
        rule = self.rules_of[row].get(number)
        assert rule is not None, f"revision {self.programs[row].revision} has no rule {number}"
        return rule

    def currency_of(self, row: int, number: int) -> int:
        """The currency that a rule grants."""
        rules_in_row = self.revisions[fold.REVISION_RULES]
        return self.rules[(row * rules_in_row + number) * fold.RULE_WIDTH + fold.RULE_CURRENCY]

    def funder_of(self, row: int, currency: int) -> str:
        """Who funds a currency under a revision; one that the revision does not know yet is asked of the newest."""
        known = self.programs[row].currencies
        return (known if currency < len(known) else self.newest.currencies)[currency].funded_by

    def expiry_days(self, row: int, day: date) -> list[int]:
        """For each currency the number of the last day of use of units earned on a day."""
        return list(_expiry_days(tuple(c.expiry for c in self.programs[row].currencies), day))


@lru_cache(maxsize=4096)
def _expiry_days(expiries: tuple[Expiry | None, ...], day: date) -> tuple[int, ...]:
    return tuple(day_or_never(expires_on(day, expiry)) for expiry in expiries)


def timeline_of(programs: Sequence[Program]) -> Timeline:
    """The timeline of some revisions, in order of their moments of effect."""
    assert programs, "a timeline has at least one revision"
    n_rules = 1 + max((rule.number for program in programs for rule in program.rules), default=0)
    n_tiers = max(len(program.ladder.tiers) for program in programs)
    n_currencies = max(len(program.currencies) for program in programs)
    rules: list[int] = []
    tests: list[int] = []
    tiers: list[int] = []
    revisions: list[int] = []
    currencies: list[int] = []
    for program in programs:
        block = [0] * (n_rules * fold.RULE_WIDTH)
        for rule in program.rules:
            first = len(tests) // fold.TEST_WIDTH
            if rule.state != All(parts=()):
                _postfix(rule.state, program, tests)
            _put_rule(block, rule, first, len(tests) // fold.TEST_WIDTH)
        rules.extend(block)
        for rank in range(n_tiers):
            tier = program.ladder.tiers[min(rank, len(program.ladder.tiers) - 1)]
            tiers.extend((tier.number, tier.reach, *tier.multiplier))
        for number in range(n_currencies):
            currency = program.currencies[number] if number < len(program.currencies) else None
            currencies.extend((currency.pending_days, currency.debt_limit) if currency else (0, 0))
        revisions.extend(
            (
                _first_whole_day(program),
                len(program.ladder.tiers),
                program.ladder.currency,
                program.ladder.window_days,
                program.ladder.keeps_days,
                _window_keep(program),
                n_rules,
                n_currencies,
                n_tiers,
                len(programs),
            )
        )
    return Timeline(
        programs=tuple(programs),
        selects=tuple(compile_select(program) for program in programs),
        rules=rules,
        tests=tests or [0] * fold.TEST_WIDTH,
        tiers=tiers,
        revisions=revisions,
        currencies=currencies,
        n_currencies=n_currencies,
        n_tiers=n_tiers,
        rules_of=tuple({rule.number: rule for rule in program.rules} for program in programs),
        # A tier never leaves the programme; the newest revision has the last word on its code.
        mask_words=tuple(word_count(program) for program in programs),
        tier_codes={tier.number: tier.code for program in programs for tier in program.ladder.tiers},
    )


def _put_rule(block: list[int], rule: EarnRule, tests_first: int, tests_end: int) -> None:
    base = rule.number * fold.RULE_WIDTH
    block[base : base + fold.RULE_WIDTH] = [
        rule.currency,
        int(rule.grant),
        rule.rate[0],
        rule.rate[1],
        int(rule.rounding),
        int(rule.multiplied_by_tier),
        rule.group,
        int(rule.group_keeps_best),
        rule.cap_purchase,
        rule.cap_day,
        rule.cap_month,
        tests_first,
        tests_end,
    ]


def _first_whole_day(program: Program) -> int:
    """The first day that begins under this revision: a review, due at the start of a day, is judged by it from then."""
    day = local_date(program.effective_at, program.time_zone)
    if start_of_day(day, program.time_zone) < program.effective_at:
        day += timedelta(days=1)
    return day_number(day)


def _window_keep(program: Program) -> int:
    """How many days of the window can still be asked for: the longest window, seen from the latest late purchase."""
    longest = program.ladder.window_days if len(program.ladder.tiers) > 1 else 0
    for rule in program.rules:
        longest = max(longest, _longest_window(rule.state))
    return longest + max(program.late_days.values(), default=0) if longest else 0


def _longest_window(condition: Condition) -> int:
    if isinstance(condition, Claim):
        return condition.window_days
    if isinstance(condition, Not):
        return _longest_window(condition.part)
    return max((_longest_window(part) for part in condition.parts), default=0)


def _postfix(condition: Condition, program: Program, tests: list[int]) -> None:
    """Append a condition on state to `tests` in postfix order; two at a time, so that the stack of bits stays low."""
    if isinstance(condition, Claim):
        _claim(condition, program, tests)
    elif isinstance(condition, Not):
        _postfix(condition.part, program, tests)
        tests.extend((fold.NOT, 0, 0, 0, 0))
    else:
        joined = fold.AND if isinstance(condition, All) else fold.OR
        if not condition.parts:
            truth = isinstance(condition, All)
            tests.extend(
                (fold.CLAIM, fold.FACT_PURCHASES_BEFORE, 0, -_LARGE if truth else 1, _LARGE if truth else 0)
            )
        for i, part in enumerate(condition.parts):
            _postfix(part, program, tests)
            if i:
                tests.extend((joined, 0, 2, 0, 0))


def _claim(claim: Claim, program: Program, tests: list[int]) -> None:
    fact = _FACT_NUMBERS[claim.fact]
    if fact == fold.FACT_TIER:
        codes = claim.value if isinstance(claim.value, tuple) else (claim.value,)
        numbers = [tier.number for tier in program.ladder.tiers if tier.code in codes]
        choice: list[Condition] = []
        if not numbers:
            _postfix(Any(parts=tuple(choice)), program, tests)
        for i, number in enumerate(numbers):
            tests.extend((fold.CLAIM, fact, 0, number, number))
            if i:
                tests.extend((fold.OR, 0, 2, 0, 0))
        return
    argument = claim.window_days
    if fact == fold.FACT_BALANCE:
        argument = next(c.number for c in program.currencies if c.code == claim.currency)
    low, high = _bounds(claim)
    tests.extend((fold.CLAIM, fact, argument, low, high))
    if claim.operator == "ne":
        # A fact that is missing makes the claim false, and `ne` is a claim too: only two state facts can be missing.
        tests.extend((fold.NOT, 0, 0, 0, 0))
        tests.extend((fold.CLAIM, fact, argument, -_LARGE, _LARGE, fold.AND, 0, 2, 0, 0))


def _bounds(claim: Claim) -> tuple[int, int]:
    value = claim.value
    if isinstance(value, tuple):
        low, high = value
        assert isinstance(low, int), "between takes two integers"
        assert isinstance(high, int), "between takes two integers"
        return low, high
    assert isinstance(value, int), "a state fact other than the tier is an integer"
    return {
        "eq": (value, value),
        "ne": (value, value),
        "lt": (-_LARGE, value - 1),
        "le": (-_LARGE, value),
        "gt": (value + 1, _LARGE),
        "ge": (value, _LARGE),
    }[claim.operator]
