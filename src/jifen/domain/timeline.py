"""The compiled revisions that can still matter, laid out flat for the fold (`fold.Numbers`).

The row of a revision is its place in the timeline, which is ordered by the moment of effect. Tables with a row for each
number (terms, limits, currencies, ladders) have as many rows for every revision; rules, tests and tiers stand one after the
other, and their revision, rule or ladder says where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial

from jifen.domain import fold
from jifen.domain.calendar import day_number, day_or_never, epoch_micros, life_of, local_date, start_of_day
from jifen.domain.program.conditions import All, Any, Claim, Condition, Not
from jifen.domain.program.known import asked_of_members, segments_asked
from jifen.domain.program.meaning import (
    Counts,
    Currency,
    EarnRule,
    Ladder,
    Limit,
    Program,
    Terms,
    Window,
    WindowKind,
)
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
    "member.days_since_joined": fold.FACT_DAYS_SINCE_JOINED,
    "member.times_granted": fold.FACT_TIMES_GRANTED,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Timeline:
    """Every published revision with its meaning, its selector and its numbers."""

    programs: tuple[Program, ...]
    selects: tuple[Select, ...]
    numbers: fold.Numbers
    n_currencies: int
    n_terms: int
    n_ladders: int
    n_tiers: int  # the most that a ladder has
    rules_of: tuple[dict[int, EarnRule], ...]  # for each revision its rules by number
    tier_codes: dict[int, str]
    mask_words: tuple[int, ...]  # for each revision, how many words a mask takes
    terms: tuple[
        tuple[tuple[int, Terms] | None, ...], ...
    ]  # [row][number]: (currency, terms), None: not in the revision
    dates_of: tuple[Callable[[date], tuple[int, ...]], ...]  # for each revision, what `dates` tells of a day
    pooled: tuple[dict[int, EarnRule], ...]  # for each revision its rules with a budget, by position
    known: tuple[dict[int, Condition], ...]  # for each revision what rules ask of members, by position
    asks_of_members: (
        bool  # whether a revision that is compiled asks what is known of them from outside the fold
    )
    has_exchanges: bool  # whether a revision that is compiled has any: they may take from any lot
    limits: dict[int, Limit]  # by number, as the last revision that has it says; the period never changes

    def __repr__(self) -> str:
        """As it is made: everything else follows from the programmes."""
        return f"timeline_of({list(self.programs)!r})"

    @property
    def newest(self) -> Program:
        """The revision published last, in force or not."""
        return self.programs[-1]

    @property
    def time_zone(self) -> str:
        """The programme's zone: limits and expiry are counted in it."""
        return self.programs[0].time_zone

    @property
    def is_decided_in_turns(self) -> bool:
        """Whether a life cannot be walked by itself: some rule draws from a pool that all share, or moments fall due."""
        return any(self.pooled) or self.has_moments

    @property
    def has_moments(self) -> bool:
        """Whether some revision has something that falls due in entries of their own: moments, or exchanges at once."""
        return self.numbers.moments[fold.MOMENT_KIND] != fold.NO_MOMENT

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

    def rule_at(self, row: int, position: int) -> EarnRule:
        """The rule at a position of a revision."""
        return self.programs[row].rules[position]

    def position_of(self, row: int, number: int) -> int:
        """The position of a rule's number in a revision."""
        return next(at for at, rule in enumerate(self.programs[row].rules) if rule.number == number)

    def terms_of(self, row: int, number: int) -> Terms:
        """The terms of a number as a revision has them; those that it does not know yet are asked of the newest."""
        found = self.terms[row][number] or self.terms[-1][number]
        assert found is not None, f"terms {number} are in no revision"
        return found[1]

    def dates(self, row: int, day: date) -> tuple[int, ...]:
        """For each terms the last and the first day of use of what is opened on a day, as `fold.DATES_WIDTH` numbers."""
        return self.dates_of[row](day)


def _dates(terms: Sequence[tuple[int, Terms] | None], day: date) -> tuple[int, ...]:
    number = day_number(day)
    found: list[int] = []
    for one in terms:
        if one is None:
            found += (fold.FAR, number)
        else:
            first, last = life_of(day, one[1])
            found += (day_or_never(last), day_number(first))
    return tuple(found)


def timeline_of(programs: Sequence[Program], selects: Sequence[Select] | None = None) -> Timeline:
    """The timeline of some revisions, in order of their moments of effect; `selects` where they are compiled already."""
    assert programs, "a timeline has at least one revision"
    n_ladders = max(len(program.ladders) for program in programs)
    n_currencies = max(len(program.currencies) for program in programs)
    n_terms = 1 + max(one.number for program in programs for c in program.currencies for one in c.terms)
    limits = [limit for program in programs for rule in program.rules for limit in rule.limits]
    moments = [moment for program in programs for moment in program.moments]
    n_limits = 1 + max([limit.number for limit in limits] + [moment.number for moment in moments], default=-1)
    currency_of = {
        one.number: currency.number
        for program in programs
        for currency in program.currencies
        for one in currency.terms
    }
    numbers = fold.Numbers(*([] for _ in fold.Numbers._fields))
    terms = []
    for program in programs:
        writer = _Writer(program, numbers)
        at_once = [one for one in program.exchanges if one.at_once]
        numbers.revisions.extend(
            (
                _first_whole_day(program),
                len(numbers.rules) // fold.RULE_WIDTH,
                looks_back(program),
                epoch_micros(program.effective_at),
                len(programs),
                n_currencies,
                n_terms,
                n_limits,
                n_ladders,
                len(numbers.moments) // fold.MOMENT_WIDTH,
                len(numbers.moments) // fold.MOMENT_WIDTH + len(program.moments),
                len(numbers.moments) // fold.MOMENT_WIDTH + len(program.moments),
                len(numbers.moments) // fold.MOMENT_WIDTH + len(program.moments) + len(at_once),
            )
        )
        writer.rules()
        writer.limits(n_limits)
        for moment in program.moments:
            first = len(numbers.calendar)
            numbers.calendar.extend(moment.on)
            brought = (moment.number, int(moment.brought), moment.currency, moment.days)
            numbers.moments.extend((*brought, first, len(numbers.calendar)))
        for exchange in at_once:
            taken = (exchange.number, fold.EXCHANGES, exchange.currency, exchange.units)
            numbers.moments.extend((*taken, 0, 0))
        terms.append(writer.terms(n_terms, currency_of))
        writer.currencies(n_currencies)
        writer.ladders(n_ladders)
    for table, width in (
        (numbers.amounts, fold.AMOUNT_WIDTH),
        (numbers.tests, fold.TEST_WIDTH),
        (numbers.rule_limits, 1),
        (numbers.windows, fold.WINDOW_WIDTH),
        (numbers.rules, fold.RULE_WIDTH),
        (numbers.limits, fold.LIMIT_WIDTH),
        (numbers.moments, fold.MOMENT_WIDTH),
        (numbers.calendar, 1),
    ):
        if not table:
            table.extend([0] * width)
    return Timeline(
        programs=tuple(programs),
        selects=tuple(selects) if selects else tuple(compile_select(program) for program in programs),
        numbers=numbers,
        n_currencies=n_currencies,
        n_terms=n_terms,
        n_ladders=n_ladders,
        n_tiers=max(len(ladder.tiers) for program in programs for ladder in program.ladders),
        rules_of=tuple({rule.number: rule for rule in program.rules} for program in programs),
        # A tier never leaves the programme; the newest revision has the last word on its code.
        pooled=tuple(
            {at: rule for at, rule in enumerate(program.rules) if rule.budget is not None}
            for program in programs
        ),
        tier_codes={
            tier.number: tier.code
            for program in programs
            for ladder in program.ladders
            for tier in ladder.tiers
        },
        mask_words=tuple(word_count(program) for program in programs),
        terms=tuple(terms),
        dates_of=tuple(lru_cache(maxsize=1024)(partial(_dates, one)) for one in terms),
        known=tuple(asked_of_members(program) for program in programs),
        has_exchanges=any(program.exchanges for program in programs),
        asks_of_members=any(segments_asked(program) for program in programs),
        limits={limit.number: limit for limit in limits},
    )


class _Writer:
    """Appends the numbers of one revision to the tables."""

    def __init__(self, program: Program, numbers: fold.Numbers) -> None:
        self.program = program
        self.numbers = numbers

    def rules(self) -> None:
        """A row for each rule, with its tests and its limits."""
        for rule in self.program.rules:
            tests = len(self.numbers.tests) // fold.TEST_WIDTH
            if rule.state != All(parts=()):
                self._postfix(rule.state)
            amounts = len(self.numbers.amounts) // fold.AMOUNT_WIDTH
            for one in rule.amounts:
                self.numbers.amounts.extend((int(one.grant), one.begins, *one.rate))
            limits = len(self.numbers.rule_limits)
            self.numbers.rule_limits.extend(limit.number for limit in rule.limits)
            self.numbers.rules.extend(
                (
                    rule.number,
                    rule.terms,
                    rule.currency,
                    int(rule.grant),
                    *rule.rate,
                    int(rule.rounding),
                    rule.multiplied_by,
                    rule.group,
                    int(rule.together),
                    limits,
                    len(self.numbers.rule_limits),
                    tests,
                    len(self.numbers.tests) // fold.TEST_WIDTH,
                    int(rule.shape),
                    amounts,
                    len(self.numbers.amounts) // fold.AMOUNT_WIDTH,
                    rule.least,
                )
            )

    def limits(self, count: int) -> None:
        """A row for each limit number; -1 units where this revision has no such limit."""
        named = [limit for rule in self.program.rules for limit in rule.limits]
        known: dict[int, Limit] = {limit.number: limit for limit in named}
        for number in range(count):
            limit = known.get(number)
            if limit is None:
                self.numbers.limits.extend((0, -1, 0, 0, 0))
            else:
                shared = named.count(limit)
                self.numbers.limits.extend(
                    (int(limit.period), limit.units, shared, int(limit.counts), int(limit.when))
                )

    def terms(self, count: int, currency_of: Mapping[int, int]) -> tuple[tuple[int, Terms] | None, ...]:
        """A row for each terms number. Its currency is the same in every revision, also in one that does not know it yet."""
        known = {
            one.number: (currency.number, one, at)
            for currency in self.program.currencies
            for at, one in enumerate(currency.terms)
        }
        for number in range(count):
            currency, one, at = known.get(number, (currency_of.get(number, 0), None, 0))
            qualifies, grace = (int(one.qualifies), one.grace_days) if one else (0, 0)
            self.numbers.terms.extend((currency, qualifies, at, grace))
        return tuple(known[number][:2] if number in known else None for number in range(count))

    def currencies(self, count: int) -> None:
        """A row for each currency number."""
        for number in range(count):
            known: Currency | None = (
                self.program.currencies[number] if number < len(self.program.currencies) else None
            )
            self.numbers.currencies.extend(
                (known.debt_limit, int(known.draw), known.terms[0].number) if known else (0, 0, 0)
            )

    def ladders(self, count: int) -> None:
        """A row for each ladder, with its tiers and its window."""
        for at in range(count):
            ladder: Ladder | None = self.program.ladders[at] if at < len(self.program.ladders) else None
            first = len(self.numbers.tiers) // fold.TIER_WIDTH
            for tier in ladder.tiers if ladder else ():
                self.numbers.tiers.extend((tier.number, tier.reach, *tier.multiplier, tier.kept_by))
            self.numbers.ladders.extend(
                (
                    first,
                    len(self.numbers.tiers) // fold.TIER_WIDTH,
                    ladder.counts if ladder else fold.BY_SPEND,
                    self._window(ladder.window) if ladder else 0,
                    int(ladder.keeps) if ladder else 0,
                    ladder.keeps_for if ladder else 0,
                    ladder.grace_days if ladder else 0,
                    int(ladder.downgrade) if ladder else 0,
                )
            )

    def _window(self, window: Window) -> int:
        """The row of a window in the table, added where it is new."""
        row = [int(window.kind), window.days]
        table, width = self.numbers.windows, fold.WINDOW_WIDTH
        for at in range(0, len(table), width):
            if table[at : at + width] == row:
                return at // width
        table.extend(row)
        return len(table) // width - 1

    def _postfix(self, condition: Condition) -> None:
        """Append a condition on state to the tests in postfix order; two at a time, so that the stack of bits stays low."""
        tests = self.numbers.tests
        if isinstance(condition, Claim):
            self._claim(condition)
        elif isinstance(condition, Not):
            self._postfix(condition.part)
            tests.extend((fold.NOT, 0, 0, 0, 0))
        else:
            joined = fold.AND if isinstance(condition, All) else fold.OR
            if not condition.parts:
                truth = isinstance(condition, All)
                tests.extend(
                    (
                        fold.CLAIM,
                        fold.FACT_PURCHASES_BEFORE,
                        0,
                        -_LARGE if truth else 1,
                        _LARGE if truth else 0,
                    )
                )
            for i, part in enumerate(condition.parts):
                self._postfix(part)
                if i:
                    tests.extend((joined, 0, 2, 0, 0))

    def _claim(self, claim: Claim) -> None:
        tests = self.numbers.tests
        fact = _FACT_NUMBERS[claim.fact]
        if fact == fold.FACT_TIER:
            codes = claim.value if isinstance(claim.value, tuple) else (claim.value,)
            found = [
                (at, tier.number)
                for at, ladder in enumerate(self.program.ladders)
                for tier in ladder.tiers
                if tier.code in codes
            ]
            if not found:
                self._postfix(Any(parts=()))
            for i, (ladder, number) in enumerate(found):
                tests.extend((fold.CLAIM, fact, ladder, number, number))
                if i:
                    tests.extend((fold.OR, 0, 2, 0, 0))
            return
        argument = 0
        if fact in (fold.FACT_SPEND, fold.FACT_VISITS):
            argument = self._window(Window(kind=WindowKind.ROLLING, days=claim.window_days))
        elif fact == fold.FACT_BALANCE:
            argument = next(c.number for c in self.program.currencies if c.code == claim.currency)
        elif fact == fold.FACT_TIMES_GRANTED:
            rule = next(one for one in self.program.rules if one.code == claim.rule)
            argument = next(
                limit.number
                for limit in rule.limits
                if limit.counts is Counts.TIMES
                and limit.period.name.lower() == claim.period
                and not limit.shared_as
            )
        low, high = _bounds(claim)
        tests.extend((fold.CLAIM, fact, argument, low, high))
        if claim.operator == "ne":
            # A fact that is missing makes the claim false, and `ne` is a claim too: only two state facts can be missing.
            tests.extend((fold.NOT, 0, 0, 0, 0))
            tests.extend((fold.CLAIM, fact, argument, -_LARGE, _LARGE, fold.AND, 0, 2, 0, 0))


def _first_whole_day(program: Program) -> int:
    """The first day that begins under this revision: a review, due at the start of a day, is judged by it from then."""
    day = local_date(program.effective_at, program.time_zone)
    if start_of_day(day, program.time_zone) < program.effective_at:
        day += timedelta(days=1)
    return day_number(day)


_DAYS_OF = {WindowKind.CALENDAR_YEAR: 366, WindowKind.MEMBERSHIP_YEAR: 366, WindowKind.LIFE: fold.FAR}


def looks_back(program: Program) -> int:
    """The days of the longest window that a ladder, a rule, an offer or a reward asks for; 0: none does."""
    longest = 0
    for ladder in program.ladders:
        if len(ladder.tiers) > 1:
            window = _DAYS_OF.get(ladder.window.kind, ladder.window.days)
            longest = max(longest, min(fold.FAR, window + ladder.grace_days))
    for rule in program.rules:
        longest = max(longest, _longest_window(rule.state))
    for offer in program.offers:
        longest = max(longest, _longest_window(offer.state))
    for reward in program.rewards:
        longest = max(longest, _longest_window(reward.when))
    return longest


def _longest_window(condition: Condition) -> int:
    if isinstance(condition, Claim):
        return condition.window_days
    if isinstance(condition, Not):
        return _longest_window(condition.part)
    return max((_longest_window(part) for part in condition.parts), default=0)


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
