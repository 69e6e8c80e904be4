"""Conditions on state: the postfix tests that the fold asks say what the tree, read plainly, says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import a_currency, a_ladder, a_member, a_program, a_rule, a_tier, a_timeline
from tests.domain.worlds import COUNTED, examples, state_claims, state_conditions

from jifen.domain import fold
from jifen.domain.member import Member, state_of
from jifen.domain.program.conditions import All, Any, Claim, Condition, Not
from jifen.domain.room import rows_of_one
from jifen.domain.timeline import Timeline

TODAY = 20_500
CODES = ("member", "silver", "gold")


def plainly(condition: Condition, member: Member, tier: int) -> bool:
    """The condition read as it is written, over the window as a list of days."""
    if isinstance(condition, Not):
        return not plainly(condition.part, member, tier)
    if isinstance(condition, All):
        return all(plainly(part, member, tier) for part in condition.parts)
    if isinstance(condition, Any):
        return any(plainly(part, member, tier) for part in condition.parts)
    if condition.fact == "member.tier":
        return CODES[tier] in (condition.value if isinstance(condition.value, tuple) else (condition.value,))
    return claim_holds(condition, fact(condition, member))


def claim_holds(claim: Claim, actual: int | None) -> bool:
    value = claim.value
    if actual is None:
        return False
    if isinstance(value, tuple):
        low, high = value
        return int(low) <= actual <= int(high)
    assert isinstance(value, int)
    return {
        "eq": actual == value, "ne": actual != value, "lt": actual < value, "le": actual <= value,
        "gt": actual > value, "ge": actual >= value,
    }[claim.operator]  # fmt: skip


def fact(claim: Claim, member: Member) -> int | None:  # noqa: PLR0911
    days = [member.days[i : i + 4] for i in range(0, len(member.days), 4)]
    recent = [row for row in days if TODAY - claim.window_days < row[0] <= TODAY]
    if claim.fact == "member.spend_minor":
        return sum(row[1] for row in recent)
    if claim.fact == "member.visits":
        return sum(row[2] for row in recent)
    if claim.fact == "member.days_since_purchase":
        last = member.scalars[fold.LAST_PURCHASE_DAY]
        return TODAY - last if 0 <= last <= TODAY else None
    if claim.fact == "member.purchases_before":
        return member.scalars[fold.PURCHASES]
    if claim.fact == "member.days_since_joined":
        joined = member.scalars[fold.JOINED_DAY]
        return TODAY - joined if 0 < joined <= TODAY else None
    if claim.fact == "member.times_granted":
        return TIMES[claim.period]
    return member.balance(0)


def asked_of(timeline: Timeline, member: Member) -> bool:
    """Whether the first rule's condition on state holds, as the fold asks it."""
    first, end = timeline.numbers.rules[fold.RULE_TESTS], timeline.numbers.rules[fold.RULE_TESTS_END]
    rows = rows_of_one(lots=0, holds_there=0, hits=0, legs=0, moves=0, currencies=1, terms=1)
    state = state_of(member, rows, timeline, hits=0)
    event = [0] * fold.EVENT_WIDTH
    event[fold.EVENT_OCCURRED_DAY], event[fold.EVENT_MONTH] = TODAY, MONTH
    asked = fold.Asked(event, [], [], [], [], [], [])
    return first == end or fold.state_holds(state, asked, timeline.numbers, first, end, 0) == 1


TIMES = {"day": 1, "month": 2, "life": 3}
"""How often the first rule granted, by period of the day."""
MONTH = 600


_days = st.dictionaries(
    st.integers(TODAY - 40, TODAY + 2), st.tuples(st.integers(0, 30_000), st.integers(1, 3)), max_size=5
)


@examples(300)
@given(
    state_conditions(state_claims(counts_times=True)),
    _days,
    st.integers(0, 2),
    st.integers(0, 4),
    st.sampled_from((-1, TODAY - 7, TODAY, TODAY + 1)),
    st.sampled_from((0, TODAY - 30, TODAY, TODAY + 1)),
    st.integers(-100, 400),
)
def test_the_tests_that_the_fold_asks_say_what_the_tree_says(
    condition: Condition,
    days: dict[int, tuple[int, int]],
    tier: int,
    purchases: int,
    last: int,
    joined: int,
    balance: int,
) -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=100), a_tier(2, reach=200))
    timeline = a_timeline(
        a_program(a_rule(state=condition, shared=COUNTED), currencies=[a_currency()], ladder=ladder)
    )
    fresh = a_member(timeline)
    scalars = list(fresh.scalars)
    scalars[fold.PURCHASES], scalars[fold.LAST_PURCHASE_DAY] = purchases, last
    scalars[fold.BALANCES], scalars[fold.JOINED_DAY] = balance, joined
    periods = {"day": TODAY, "month": MONTH, "life": 0}
    counters = [
        n
        for limit in COUNTED
        for name in [limit.period.name.lower()]
        for n in (limit.number, periods[name], TIMES[name])
    ]
    rows = [number for day in sorted(days) for number in (day, days[day][0], days[day][1], days[day][0])]
    history = list(fresh.history)
    history[fold.HISTORY_TIER] = tier
    member = fresh._replace(scalars=scalars, days=rows, history=history, counters=counters)

    holds = asked_of(timeline, member)

    assert holds == plainly(condition, member, tier)


def test_a_member_who_never_bought_has_no_days_since_the_last_purchase_whatever_is_claimed() -> None:
    for operator in ("eq", "ne", "lt", "le", "gt", "ge"):
        claim = Claim(fact="member.days_since_purchase", operator=operator, value=3)
        timeline = a_timeline(a_program(a_rule(state=claim)))
        member = a_member(timeline)
        assert not asked_of(timeline, member)
