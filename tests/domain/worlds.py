"""Random programmes and random lives, as Hypothesis draws them.

A life is a list of small instructions that say little ("return a quarter of the second line of some earlier purchase"), so
that every one means something whatever came before, and shrinks well.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any as Anything
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from tests.builders import OPENING, ZONE, a_currency, a_ladder, a_limit, a_program, a_rule, a_terms, a_tier

from jifen.domain.decision import OFF
from jifen.domain.program.conditions import ALWAYS, All, Any, Claim, Condition, Not
from jifen.domain.program.meaning import (
    BY_SPEND,
    BY_VISITS,
    NO_MOST,
    NONE,
    Amount,
    Counts,
    Currency,
    Downgrade,
    Draw,
    EarnRule,
    Expiry,
    Grant,
    Keeps,
    Ladder,
    Period,
    Program,
    Rounding,
    Shape,
    Together,
    Until,
    When,
    Window,
    WindowKind,
)
from jifen.domain.timeline import Timeline, timeline_of

EXAMPLES = int(os.environ.get("JIFEN_TEST_EXAMPLES", "0"))
"""Set it to look longer: so many examples for each law instead of those that CI can afford. While a law is broken on purpose
JIFEN_TEST_NO_SHRINK=1 tells the first example at once."""


def examples(number: int) -> settings:
    """Bounded for CI, more when asked for."""
    return settings(
        max_examples=EXAMPLES or number,
        deadline=None,
        phases=tuple(Phase)[:3] if os.environ.get("JIFEN_TEST_NO_SHRINK") else tuple(Phase),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


# -- programmes -------------------------------------------------------------------------------------------------------------

_expiries = st.one_of(
    st.none(),
    st.builds(Expiry, days=st.integers(0, 60)),
    st.builds(Expiry, months=st.integers(0, 3), until=st.sampled_from(list(Until)[1:])),
    st.builds(Expiry, months=st.integers(0, 2), on=st.just(((2, 29), (6, 30)))),
    st.builds(Expiry, months=st.integers(1, 3)),
)


def currencies(*, has_second: bool) -> st.SearchStrategy[tuple[Currency, ...]]:
    """Points with some expiry, pending and debt, under two sets of terms; and perhaps a growth value beside them."""
    bonus = st.builds(
        lambda expiry, pending, qualifies, grace: a_terms(
            BONUS, "points/bonus", expiry=expiry, pending_days=pending, funded_by="brand", qualifies=qualifies,
            grace_days=grace,
        ),
        _expiries,
        st.sampled_from((0, 3)),
        st.booleans(),
        st.sampled_from((0, 5)),
    )  # fmt: skip
    points = st.builds(
        lambda expiry, pending, debt, bonus, draw: a_currency(
            expiry=expiry, pending_days=pending, debt_limit=debt, more_terms=(bonus,), draw=draw
        ),
        _expiries,
        st.sampled_from((0, 0, 3, 10)),
        st.sampled_from((0, 20, 10**6)),
        bonus,
        st.sampled_from(Draw),
    )
    if not has_second:
        return points.map(lambda one: (one,))
    growth = st.builds(
        lambda expiry, debt: a_currency(1, "growth", kind="qualifying", expiry=expiry, debt_limit=debt),
        _expiries,
        st.sampled_from((0, 10**6)),
    )
    return st.tuples(points, growth)


BONUS = 2
"""Number of the second terms of points."""
_SHARED = st.one_of(
    st.just(()),
    st.just(()),
    st.builds(
        lambda units, period: (a_limit(units, number=900 + period, period=period),),
        st.just(120),
        st.sampled_from(Period),
    ),
    st.builds(
        lambda times, period, when: (
            a_limit(times, number=910 + 10 * when + period, period=period, counts=Counts.TIMES, when=when),
        ),
        st.just(2),
        st.sampled_from(Period),
        st.sampled_from(When),
    ),
    st.builds(
        lambda units, period: (a_limit(units, number=940 + period, period=period, when=When.SKIP),),
        st.just(90),
        st.sampled_from(Period),
    ),
)
"""Limits that several rules count against together; of one period they are the same limit."""
_operators = st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge"))


def state_claims(
    tiers: int = 3, *, currencies: tuple[str, ...] = ("points",), counts_times: bool = False
) -> st.SearchStrategy[Claim]:
    """Claims about each state fact, around the values that small lives reach; how often the first rule granted only where it is
    counted (`COUNTED`).
    """
    codes = ("member", "silver", "gold")[:tiers]
    days = st.sampled_from((1, 7, 30))

    def claims(
        fact: str,
        values: st.SearchStrategy[int],
        *,
        window: bool = False,
        currency: bool = False,
        rule: bool = False,
    ) -> st.SearchStrategy[Claim]:
        more = {
            "window_days": days if window else st.just(0),
            "currency": st.sampled_from(currencies) if currency else st.just(""),
            "rule": st.just("rule-1" if rule else ""),
            "period": st.sampled_from(("day", "month", "life")) if rule else st.just(""),
        }
        one = st.builds(Claim, fact=st.just(fact), operator=_operators, value=values, **more)
        ends = st.tuples(values, values)
        return st.one_of(
            one, st.builds(Claim, fact=st.just(fact), operator=st.just("between"), value=ends, **more)
        )

    some_tiers = st.lists(st.sampled_from(codes), min_size=1, max_size=2).map(tuple)
    return st.one_of(
        st.builds(Claim, fact=st.just("member.tier"), operator=st.just("is"), value=st.sampled_from(codes)),
        st.builds(Claim, fact=st.just("member.tier"), operator=st.just("in"), value=some_tiers),
        claims("member.spend_minor", st.integers(0, 60_000), window=True),
        claims("member.visits", st.integers(0, 4), window=True),
        claims("member.days_since_purchase", st.integers(0, 20)),
        claims("member.purchases_before", st.integers(0, 4)),
        claims("member.balance", st.integers(-100, 400), currency=True),
        claims("member.days_since_joined", st.integers(0, 60)),
        *([claims("member.times_granted", st.integers(0, 3), rule=True)] if counts_times else []),
    )


def state_conditions(claims: st.SearchStrategy[Claim] | None = None) -> st.SearchStrategy[Condition]:
    """Trees of claims about state."""

    def grown(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(parts, max_size=3).map(tuple)
        return st.one_of(
            several.map(lambda found: All(parts=found)),
            several.map(lambda found: Any(parts=found)),
            parts.map(lambda found: Not(part=found)),
        )

    leaves: st.SearchStrategy[Condition] = claims if claims is not None else state_claims()
    return st.recursive(leaves, grown, max_leaves=5)


_RATES = {
    Grant.PER_AMOUNT: ((1, 100), (3, 200), (1, 33)),
    Grant.PER_WHOLE_AMOUNT: ((1, 1000), (7, 2500)),
    Grant.PER_QUANTITY: ((1, 1000), (2, 333)),
    Grant.PER_WHOLE_QUANTITY: ((5, 1000), (1, 1500)),
    Grant.FIXED: ((1, 1), (50, 1)),
}
_GIVEN: tuple[Condition, ...] = (
    ALWAYS,
    Claim(fact="line.sku", operator="is", value="a"),
    Claim(fact="line.sku", operator="in", value=("a", "b")),
    Claim(fact="purchase.amount_minor", operator="ge", value=5_000),
)


COUNTED = tuple(
    a_limit(NO_MOST, number=970 + period, period=period, counts=Counts.TIMES)
    for period in (Period.DAY, Period.MONTH, Period.LIFE)
)
"""Limits that only count how often a rule granted."""


def _shapes(grant: Grant) -> st.SearchStrategy[dict[str, Anything]]:
    """Mostly one amount; bands of every mode, the least of two amounts, and a least."""
    least = st.sampled_from((0, 0, 0, 7))
    plain = st.builds(lambda least: {"least": least}, least)
    by = Grant.PER_QUANTITY if grant in (Grant.PER_QUANTITY, Grant.PER_WHOLE_QUANTITY) else Grant.PER_AMOUNT
    per = _RATES[grant][0][1]
    bands = tuple(
        Amount(grant=by, begins=begins, rate=(units, per))
        for begins, units in ((0, 1), (1_200, 3), (9_000, 2 if grant is Grant.FIXED else 5))
    )
    # What steps over whole amounts has no bands in a document: they would not be whole in each.
    modes = (Shape.WHOLE_BAND,) if grant is not by else (Shape.WHOLE_BAND, Shape.MARGINAL)
    banded = st.builds(
        lambda shape, least: {"shape": shape, "amounts": bands, "least": least}, st.sampled_from(modes), least
    )
    other = st.sampled_from([Amount(grant=one, rate=_RATES[one][0]) for one in Grant])
    lesser = st.builds(
        lambda other, least: {"shape": Shape.LESSER, "amounts": (other,), "least": least}, other, least
    )
    return st.one_of(plain, plain, banded, lesser)


@st.composite
def rules(draw: st.DrawFn, *, n_currencies: int, tiers: int) -> tuple[EarnRule, ...]:
    """One to five rules of every kind, in groups that add or keep the best."""
    count = draw(st.integers(1, 5))
    is_counted = draw(st.booleans())
    groups = sorted(draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)))
    together = draw(st.lists(st.sampled_from(Together), min_size=3, max_size=3))
    cap = st.one_of(st.just(NONE), st.just(NONE), st.integers(1, 150))
    found = []
    for i in range(count):
        grant = draw(st.sampled_from(list(Grant)))
        currency = draw(st.integers(0, n_currencies - 1))
        found.append(
            a_rule(
                i + 1,
                grant=grant,
                rate=draw(st.sampled_from(_RATES[grant])),
                currency=currency,
                terms=draw(st.sampled_from((0, 0, BONUS))) if currency == 0 else None,
                shared=(*draw(_SHARED), *(COUNTED if is_counted and i == 0 else ())),
                **draw(_shapes(grant)),
                rounding=draw(st.sampled_from(list(Rounding))),
                by_tier=draw(st.booleans()),
                group=groups[i],
                together=together[groups[i]],
                caps=(draw(cap), draw(cap), draw(cap)),
                given=draw(st.sampled_from(_GIVEN)),
                state=draw(
                    st.one_of(st.just(ALWAYS), state_conditions(state_claims(tiers, counts_times=is_counted)))
                ),
            )
        )
    return tuple(found)


_windows = st.sampled_from(
    (
        Window(days=30),
        Window(kind=WindowKind.CALENDAR_YEAR),
        Window(kind=WindowKind.MEMBERSHIP_YEAR),
        Window(kind=WindowKind.LIFE),
    )
)


@st.composite
def ladders(draw: st.DrawFn, *, by: int) -> Ladder:
    """One to three steps, by spend or by the growth value."""
    count = draw(st.integers(1, 3))
    unit = 10_000 if by == BY_SPEND else 100
    reaches = [
        0,
        *sorted(draw(st.lists(st.integers(1, 8), min_size=count - 1, max_size=count - 1, unique=True))),
    ]
    multipliers = st.sampled_from(((1, 1), (3, 2), (4, 3), (2, 1)))
    is_easily_kept = draw(st.booleans())
    keeps = draw(st.sampled_from((Keeps.DAYS, Keeps.DAYS, Keeps.DAYS, *Keeps)))
    return a_ladder(
        *(
            a_tier(
                i,
                reach=reach * unit,
                multiplier=draw(multipliers),
                keep=reach * unit // 2 if is_easily_kept else NONE,
            )
            for i, reach in enumerate(reaches)
        ),
        currency=by,
        window=draw(st.one_of(st.sampled_from([Window(days=days) for days in (1, 10, 60)]), _windows)),
        keeps=keeps,
        keeps_days=draw(st.sampled_from((1, 7, 40) if keeps is Keeps.DAYS else (1, 2))),
        grace_days=draw(st.sampled_from((0, 0, 3, 20))),
        downgrade=draw(st.sampled_from(Downgrade)),
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """One or two revisions; the second begins somewhere in the first months of a life. Perhaps a second ladder, by visits."""
    has_second = draw(st.booleans())
    by = 1 if has_second and draw(st.booleans()) else BY_SPEND
    more = [a_ladder(a_tier(4), a_tier(5, reach=3), currency=BY_VISITS, window=draw(_windows), keeps_days=20)]
    more_ladders = more if draw(st.booleans()) else []
    zone = draw(st.sampled_from((ZONE, "America/New_York", "Pacific/Auckland")))
    programs: list[Program] = []
    for revision in range(1, draw(st.integers(1, 2)) + 1):
        ladder = draw(ladders(by=by))
        programs.append(
            a_program(
                *draw(rules(n_currencies=2 if has_second else 1, tiers=len(ladder.tiers))),
                currencies=draw(currencies(has_second=has_second)),
                ladder=ladder,
                more_ladders=more_ladders,
                revision=revision,
                effective_at=_effective_at(draw) if revision == 2 else OPENING - timedelta(days=1000),
                time_zone=zone,
                late_days=draw(st.sampled_from((0, 5, 40))),
            )
        )
    return timeline_of(programs)


def _effective_at(draw: st.DrawFn) -> datetime:
    return OPENING + timedelta(days=draw(st.integers(0, 90)), hours=draw(st.sampled_from((0, 0, 9, 16))))


# -- lives -------------------------------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """One instruction, and how many minutes pass before it."""

    minutes: int
    what: str
    a: int = 0
    b: int = 0
    parts: tuple[tuple[int, int], ...] = ()
    other: tuple[Step, ...] = ()  # the life of a member who is taken over
    rooms: tuple[
        int, ...
    ] = ()  # of an occasion, in turn for its hits: units that a pool has, OFF, or NO_ROOM


NO_ROOM = -9
"""The rule of a hit draws from no pool, and is not off."""
_ROOMS = (
    (),
    (),
    (),
    (),
    (NO_ROOM, 0),
    (7, NO_ROOM),
    (NO_ROOM, NO_ROOM, 30),
    (OFF, NO_ROOM),
    (NO_ROOM, OFF, 12),
)
_minutes = st.sampled_from((0, 0, 1, 60, 1_440, 3 * 1_440, 11 * 1_440, 45 * 1_440))
_amounts = st.sampled_from((0, 1, 99, 1_000, 3_333, 10_000, 25_050))
_quantities = st.sampled_from((0, 1, 500, 1_000, 1_234, 3_000))
_line = st.tuples(_amounts, _quantities)


def _step(what: str, *parts: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    return st.builds(lambda minutes, *found: Step(minutes, what, *found), _minutes, *parts)


def _with_rooms(step: Step) -> Step:
    """The occasion with what pools have for it, or what is off: by what it is, so that nothing more is drawn."""
    return step._replace(rooms=_ROOMS[(sum(map(sum, step.parts)) + step.minutes + step.a) % len(_ROOMS)])


def _weighted(step: st.SearchStrategy[Step], times: int) -> list[st.SearchStrategy[Step]]:
    """A step that is drawn so many times as often: of one strategy that stands twice Hypothesis keeps one."""
    return [step.map(lambda one: one) for _ in range(times)]


_some = st.integers(0, 20)
_nothing = st.just(0)
_quarters = st.integers(1, 5)  # of what is available; 5 is more than there is
_buy = _step(
    "buy",
    st.sampled_from((0, 0, 0, 1, 5, 30)),
    st.sampled_from((0, 0, 0, 1, 3, 5)),  # quarters of what is available that it is paid with
    st.lists(_line, min_size=1, max_size=3).map(tuple),
).map(_with_rooms)
_happen = _step(
    "happen",
    st.sampled_from((0, 0, 1, 5, 30)),
    st.integers(0, 1),
    st.lists(_line, min_size=1, max_size=2).map(tuple),
).map(_with_rooms)
_return = _step(
    "return",
    _some,
    _nothing,
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=3).map(tuple),
)
_slice = st.tuples(st.integers(-3, 40), st.integers(1, 90))  # days from now, units
_slices = st.lists(_slice, min_size=1, max_size=2).map(tuple)
_other = st.lists(
    st.one_of(
        _buy, _buy, _return, _happen, _step("void", _some), _step("redeem", _quarters), _step("adjust_up", st.integers(1, 200)),
        _step("reserve", _quarters, st.sampled_from((1, 60))), _step("release", _some), _step("adjust_down", _quarters),
        _step("gift_in", _nothing, _nothing, _slices), _step("opening", _nothing, _nothing, _slices), _step("reverse", _some),
        _step("wait"),
    ),
    min_size=1, max_size=7,
)  # fmt: skip
_carry = st.builds(
    lambda minutes, other, carries: Step(
        minutes, "carry_in", other=(*other[:3], *(one for one in carries[:1]), *other[3:])
    ),
    _minutes,
    _other,
    st.lists(st.builds(lambda other: Step(0, "carry_in", other=tuple(other)), _other), max_size=3),
)
"""Another member with a life of his own, in which he may have taken over a third, is merged into this one."""
steps = st.one_of(
    _carry,
    *_weighted(_buy, 6),
    *_weighted(_return, 3),
    _happen,
    _step("void", _some),
    _step("redeem", _quarters),
    _step("reserve", _quarters, st.sampled_from((1, 60, 1_440))),
    _step("commit", _some),
    _step("release", _some),
    _step("adjust_up", st.integers(1, 200)),
    _step("adjust_down", _quarters),
    _step("gift_out", _quarters),
    _step("gift_in", _nothing, _nothing, _slices),
    _step("opening", _nothing, _nothing, _slices),
    _step("reverse", _some),
    _step("reverse", _some),
    _step("wait"),
    _step("freeze"),
    st.one_of(_step("reopen"), _step("close")),
)  # fmt: skip
_promised = st.builds(
    lambda units, between, minutes, end: [
        Step(0, "adjust_up", units),
        Step(0, "reserve", 2, 1_440),
        *between,
        Step(minutes, end, -1),  # the last that was made
    ],
    st.integers(8, 200),
    st.lists(steps, max_size=1),
    st.sampled_from((0, 60, 1_440)),
    st.sampled_from(("commit", "release")),
)
"""Units are promised, something happens, and they are spent or let go of, or it is too late."""
_lived = st.lists(
    st.one_of(*(steps.map(lambda one: [one]) for _ in range(4)), _promised), min_size=1, max_size=14
).map(lambda found: [one for some in found for one in some])
lives = st.one_of(_lived, _lived.map(lambda own: [Step(0, "enrol"), *own]))
"""With an enrolment as its first entry, as every member of a ledger has, or begun without one."""
