"""The laws, held after every step of random lives under random programmes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.builders import (
    a_currency,
    a_ladder,
    a_member,
    a_moment,
    a_program,
    a_purchase,
    a_rule,
    a_tier,
    a_timeline,
    as_kept,
    bought,
    units_granted,
)
from tests.domain.life import Life, assert_laws
from tests.domain.worlds import Step, examples, lives, timelines

from jifen.domain import decide, fold
from jifen.domain.events import Script
from jifen.domain.member import Member
from jifen.domain.program.meaning import Expiry, Grant, Rounding
from jifen.domain.purchase import ReturnedLine, whole_quantity
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import POSTS, Verb


@examples(70)
@given(timelines(), lives)
def test_every_law_holds_after_every_step_of_a_life(timeline: Timeline, steps: list[Step]) -> None:
    life = Life(timeline)
    for step in steps:
        told = life.take(step)
        if told is not None:
            assert_laws(life, told)


@examples(30)
@given(timelines(), lives)
def test_no_point_comes_from_nothing(timeline: Timeline, steps: list[Step]) -> None:
    life = Life(timeline)
    life.live(steps)

    for currency in range(timeline.n_currencies):
        sums = dict.fromkeys(Verb, 0)
        for told in life.told:
            for posting in told.decision.postings:
                if posting.currency == currency:
                    sums[posting.verb] += posting.units
        # What purchases granted, less all that returns asked back: charged, or expired before, or forgiven.
        granted = taken = forgiven = 0
        for told in life.told:
            for reason in told.decision.results:
                if timeline.rule_at(told.decision.row, reason.rule).currency == currency:
                    earns = told.what in ("buy", "happen")
                    granted += reason.granted if earns else 0
                    taken += 0 if earns else reason.granted
            forgiven += told.decision.forgiven.get(currency, 0)
        assert sums[Verb.EARN] == granted
        assert sums[Verb.CLAW_BACK] == taken
        balance = life.member.balance(currency)
        assert balance == sum(POSTS[verb].sign * units for verb, units in sums.items())
        lots = [lot for lot in life.member.lots if lot.currency == currency]
        # Every unit was opened by a credit, and is open, gone, expired or returned. A reversal puts back what it can into the
        # lots that are there, and opens others only for what cannot go back.
        # Of what another member leaves, only what is open comes as a posting; the rest had been posted there.
        ways: dict[tuple[str, int], int] = {}
        own = {lot.number for lot in lots}
        for told in life.told:
            moves = told.decision.moves
            for at in range(0, len(moves), fold.MOVE_WIDTH):
                if moves[at + fold.MOVE_LOT] in own:
                    key = (told.what, moves[at + fold.MOVE_WAY])
                    ways[key] = ways.get(key, 0) + moves[at + fold.MOVE_UNITS]
        opened = sum(sums[verb] for verb in (Verb.EARN, Verb.ADJUST_UP, Verb.RECEIVE, Verb.OPENING))
        brought = {way: units for (what, way), units in ways.items() if what == "carry_in"}
        came = sum(units for way, units in brought.items() if way // 8 == fold.OUTSIDE) - brought.get(
            fold.W_GONE_BELOW, 0
        )
        assert sum(lot.opened for lot in lots) == opened + came + ways.get(("reverse", fold.W_OPENED), 0)
        asked_back = sum(lot.returned for lot in lots) - brought.get(fold.W_BACK_BEFORE, 0)
        undone = sum(
            units for (what, way), units in ways.items() if what == "reverse" and way % 8 == fold.BACK
        )
        expired = sums[Verb.EXPIRE] - sum(lot.expired for lot in lots) + brought.get(fold.W_EXPIRED_BEFORE, 0)
        assert asked_back - undone == taken + forgiven + expired - ways.get(
            ("reverse", fold.W_EXPIRED_BACK), 0
        )


@dataclass(frozen=True, kw_only=True)
class Shape:
    """All that full returns must restore."""

    balances: list[int]
    debts: list[int]
    lots: list[tuple[int, ...]]  # those that have not wholly come back, with where each unit stands
    counters: dict[tuple[int, int], int]
    days: list[list[int]]
    purchases: int


def shape_of(member: Member) -> Shape:
    lots = [lot for lot in member.lots if lot.opened > lot.returned]
    counters = [member.counters[i : i + 3] for i in range(0, len(member.counters), fold.COUNTER_WIDTH)]
    return Shape(
        balances=member.balances,
        debts=member.debts,
        lots=[(lot.number, lot.left, lot.held, lot.gone, lot.expired, lot.returned) for lot in lots],
        counters={(limit, period): used for limit, period, used in counters},
        days=[member.days[i : i + 4] for i in range(0, len(member.days), fold.DAYS_COUNTED + 1)],
        purchases=member.scalars[fold.PURCHASES],
    )


def what_both_remember(one: Shape, other: Shape) -> Shape:
    """The first, without the days and periods that the second has let go: the row keeps the latest only."""
    first = other.days[0][0] if other.days else None
    return replace(
        one,
        counters={key: used for key, used in one.counters.items() if used and key in other.counters},
        days=[day for day in one.days if first is not None and day[0] >= first],
    )


some_lines = st.lists(
    st.tuples(st.sampled_from((0, 99, 3_333, 10_000)), st.sampled_from((0, 1_000, 1_234, 3_000))),
    min_size=1,
    max_size=3,
)


@st.composite
def splits(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Returns to be made one after the other: (which line, how many quarters of what is left of it)."""
    return draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=6))


@examples(50)
@given(timelines(), lives, some_lines, splits())
def test_earning_and_then_returning_everything_restores_everything(
    timeline: Timeline, steps: list[Step], lines: list[tuple[int, int]], split: list[tuple[int, int]]
) -> None:
    life = Life(timeline)
    life.live(steps)
    life.take(Step(0, "wait"))
    before = life.member
    assume(not any(before.debts))  # an earning repays a debt at once: the units are then spent
    told = life.take(Step(0, "buy", parts=tuple(lines)))
    assert told is not None
    assume(not any(posting.verb is Verb.EXPIRE for posting in told.decision.postings))
    own = life.bought[-1]

    for which, quarters in split:
        line = own.purchase.lines[which % len(own.purchase.lines)]
        left = whole_quantity(line) - own.returned.get(line.number, 0)
        if left:
            part = max(1, left * quarters // 4)
            life.member = life.give_back(own, [ReturnedLine(number=line.number, quantity_milli=part)]).after
    rest = [
        ReturnedLine(number=line.number, quantity_milli=left)
        for line in own.purchase.lines
        if (left := whole_quantity(line) - own.returned.get(line.number, 0))
    ]
    if rest:
        life.member = life.give_back(own, rest).after

    restored = shape_of(as_kept(life.member, timeline))
    assert what_both_remember(restored, restored) == what_both_remember(shape_of(before), restored)


@examples(40)
@given(timelines(), some_lines, splits(), splits())
def test_partial_returns_telescope_whatever_their_order_and_split(
    timeline: Timeline, lines: list[tuple[int, int]], one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    def taken_after(split: list[tuple[int, int]], target: dict[int, int]) -> Shape:
        life = Life(timeline)
        told = life.take(Step(0, "buy", parts=tuple(lines)))
        assert told is not None
        own = life.bought[-1]
        for which, quarters in split:
            line = own.purchase.lines[which % len(own.purchase.lines)]
            left = target[line.number] - own.returned.get(line.number, 0)
            if left > 0:
                part = max(1, left * quarters // 4)
                life.member = life.give_back(
                    own, [ReturnedLine(number=line.number, quantity_milli=part)]
                ).after
        rest = {n: quantity - own.returned.get(n, 0) for n, quantity in target.items()}
        last = [
            ReturnedLine(number=n, quantity_milli=quantity) for n, quantity in rest.items() if quantity > 0
        ]
        if last:
            life.member = life.give_back(own, last).after
        return shape_of(life.member)

    target = {i + 1: max(1, (quantity or 1_000) * (i + 1) // 3) for i, (_, quantity) in enumerate(lines)}
    assert taken_after(one, target) == taken_after(other, target) == taken_after([], target)


@examples(40)
@given(
    st.sampled_from((Grant.PER_AMOUNT, Grant.PER_WHOLE_AMOUNT)),
    st.sampled_from(((1, 100), (3, 200), (7, 33))),
    st.sampled_from(list(Rounding)),
    st.lists(st.integers(0, 20_000), min_size=1, max_size=6),
)
def test_splitting_a_purchase_never_earns_more_than_the_rounding_allows(
    grant: Grant, rate: tuple[int, int], rounding: Rounding, parts: list[int]
) -> None:
    timeline = a_timeline(a_program(a_rule(grant=grant, rate=rate, rounding=rounding)))
    whole = units_granted(bought(timeline, a_member(timeline), a_purchase(sum(parts))))

    member = a_member(timeline)
    split = 0
    for i, part in enumerate(parts):
        decision = bought(timeline, member, a_purchase(part, no=str(i)))
        member = decision.after
        split += units_granted(decision)

    if grant is Grant.PER_WHOLE_AMOUNT or rounding is Rounding.DOWN:
        assert split <= whole
    elif rounding is Rounding.UP:
        assert whole <= split < whole + len(parts)
    else:
        assert abs(split - whole) <= (len(parts) + 1) / 2


@examples(40)
@given(timelines(), lives, st.lists(st.integers(0, 60 * 1_440), min_size=1, max_size=6))
def test_time_passing_in_one_step_or_in_many_ends_the_same(
    timeline: Timeline, steps: list[Step], waits: list[int]
) -> None:
    life = Life(timeline)
    life.live(steps)
    member, now = life.member, life.now

    in_one = decide.decide_advance(timeline, member, now=now + timedelta(minutes=sum(waits)))
    in_many = member
    postings = []
    for wait in waits:
        now += timedelta(minutes=wait)
        decision = decide.decide_advance(timeline, in_many, now=now)
        postings += [
            (p.currency, p.verb, p.units, p.balance_after, p.lot, p.due_on) for p in decision.postings
        ]
        in_many = decision.after

    expected = [(p.currency, p.verb, p.units, p.balance_after, p.lot, p.due_on) for p in in_one.postings]
    assert postings == expected
    scalars, other = list(in_one.after.scalars), list(in_many.scalars)
    # How many entries told it, when the last of them was, and how early the row is looked at again.
    for column in (fold.SEQUENCE, fold.NEXT_DUE_DAY, fold.CLOCK_DAY, fold.CLOCK_AT):
        scalars[column] = other[column] = 0
    assert scalars == other
    assert in_one.after._replace(scalars=[]) == in_many._replace(scalars=[])


@examples(50)
@given(timelines(), lives)
def test_the_till_may_gather_few_lots_and_decides_the_same(timeline: Timeline, steps: list[Step]) -> None:
    """As `store/gather.py` does: no lots for a purchase while nothing is due, else the open ones and those returned."""
    life = Life(timeline)
    for step in steps:
        before = life.member
        told = life.take(step)
        if told is None:
            continue
        event = told.asked.event
        kind = event[fold.EVENT_KIND]
        origins = [event[fold.EVENT_ORIGIN]] if kind in (fold.RETURN, fold.VOID) else []
        day, at = event[fold.EVENT_RECORDED_DAY], event[fold.EVENT_RECORDED_AT]
        needs_lots = (
            kind != fold.PURCHASE or bool(told.asked.legs) or before.is_due(day, at) or any(before.debts)
        )
        moved = set(told.asked.moves[fold.MOVE_LOT :: fold.MOVE_WIDTH])
        if origins:
            moved |= set(
                told.asked.hits[fold.HIT_ORIGIN : event[fold.EVENT_HITS] * fold.HIT_WIDTH : fold.HIT_WIDTH]
            )
        gathered = [
            lot
            for lot in before.lots
            if needs_lots and (lot.left or lot.held or lot.origin in origins or lot.number in moved)
        ]
        sparse = told.decision.before._replace(lots=tuple(gathered))
        script = Script(timeline)
        for table, own in zip(("events", *fold.Asked._fields[1:]), told.asked, strict=True):
            setattr(script, table, list(own))
        seen = decide._fold(timeline, sparse, script, told.past)
        lots = {lot.number: lot for lot in before.lots} | {lot.number: lot for lot in seen.after.lots}
        assert tuple(lots[number] for number in sorted(lots)) == told.decision.after.lots
        ours, theirs = list(seen.after.scalars), list(told.decision.after.scalars)
        if told.what == "wait":
            for column in (fold.SEQUENCE, fold.CLOCK_DAY, fold.CLOCK_AT):  # given by decide_advance
                theirs[column] = ours[column]
        assert ours == theirs
        assert seen.results == told.results
        assert (seen.after.days, seen.after.history, seen.after.holds, seen.after.counters) == (
            told.decision.after.days,
            told.decision.after.history,
            told.decision.after.holds,
            told.decision.after.counters,
        )


def test_a_late_purchase_whose_units_are_past_does_not_hide_the_expiry_of_older_lots() -> None:
    """The second of a batch is decided on what the first left, without the lots that nobody gathered."""
    timeline = a_timeline(a_program(currencies=[a_currency(expiry=Expiry(days=30))]))
    older = bought(timeline, a_member(timeline), a_purchase(at=a_moment(90))).after
    gathered = older._replace(lots=())

    for day in (40, 91):
        gathered = bought(
            timeline, gathered, a_purchase(at=a_moment(day), no=f"{day}"), now=a_moment(91)
        ).after

    assert gathered.scalars[fold.NEXT_DUE_DAY] == older.scalars[fold.NEXT_DUE_DAY]


def test_a_purchase_judged_by_an_old_revision_does_not_shorten_what_the_new_one_remembers() -> None:
    short = a_ladder(a_tier(0), a_tier(1, reach=50_000), window_days=10)
    long = a_ladder(a_tier(0), a_tier(1, reach=50_000), window_days=365)
    timeline = a_timeline(
        a_program(ladder=short, late_days=5),
        a_program(ladder=long, revision=2, effective_at=a_moment(100, hour=0), late_days=400),
    )
    member = a_member(timeline)
    for i, (day, occurred) in enumerate([(110, 110), (200, 99), (210, 210)]):
        purchase = a_purchase(25_000 if day != 200 else 100, at=a_moment(occurred), no=str(i))
        member = bought(timeline, member, purchase, now=a_moment(day)).after

    assert member.tier == 1


def test_units_that_were_returned_while_reserved_come_back_and_the_lot_still_adds_up() -> None:
    """Another lot paid for the return meanwhile, so the released units stay the member's."""
    timeline = a_timeline()
    life = Life(timeline)
    life.live(
        [
            Step(0, "buy", parts=((10_000, 1_000),)),
            Step(0, "reserve", 4, 60),
            Step(0, "buy", parts=((10_000, 1_000),)),
        ]
    )
    life.live([Step(0, "void", 0), Step(0, "release", 0)])

    first, second = life.member.lots
    assert (first.left, first.gone, first.returned) == (100, -100, 100)
    assert (second.left, second.gone, second.returned) == (0, 100, 0)
    assert life.member.balance(0) == 100
