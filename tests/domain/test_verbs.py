"""Each verb and each refusal on one screen, in the words of the shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.builders import (
    a_currency,
    a_ladder,
    a_limit,
    a_line,
    a_member,
    a_moment,
    a_past,
    a_program,
    a_purchase,
    a_rule,
    a_tier,
    a_timeline,
    bought,
    earned_of,
    if_spent,
    units_granted,
)

from jifen.domain import fold
from jifen.domain.admission import believed, check_against_program
from jifen.domain.calendar import epoch_micros
from jifen.domain.decide import (
    decide_advance,
    decide_gift_received,
    decide_reservation_end,
    decide_return,
    decide_units,
)
from jifen.domain.decision import Decision
from jifen.domain.events import Slice
from jifen.domain.member import Member
from jifen.domain.program.conditions import Claim, Condition, Not
from jifen.domain.program.meaning import NONE, Expiry, Grant, Rounding
from jifen.domain.purchase import Payment, Purchase, ReturnedLine, returned_after
from jifen.domain.refusals import (
    FieldWrong,
    LineUnknown,
    PointsMissing,
    ProgramMissing,
    ReservationOver,
    ReturnExceedsPurchase,
    StoreUnknown,
    SumsDiffer,
    TimeOutOfBounds,
    TooMuch,
)
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Verb


def with_points(timeline: Timeline, units: int = 100, *, day: int = 0) -> Member:
    return decide_units(
        timeline, a_member(timeline), fold.ADJUST_UP, currency=0, units=units, now=a_moment(day)
    ).after


def brought_back(
    timeline: Timeline, member: Member, decision: Decision, purchase: Purchase, quantity: int, *, day: int = 0
) -> Decision:
    earned = earned_of(timeline, decision, purchase, {})
    after = returned_after(purchase.lines, {}, [ReturnedLine(number=1, quantity_milli=quantity)])
    return decide_return(timeline, member, earned, after, now=a_moment(day))


def said(decision: Decision) -> list[tuple[Verb, int, int]]:
    return [(posting.verb, posting.units, posting.balance_after) for posting in decision.postings]


# -- earning ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grant", "rate", "rounding", "units"),
    [
        (Grant.PER_AMOUNT, (1, 100), Rounding.DOWN, 123),
        (Grant.PER_AMOUNT, (1, 100), Rounding.UP, 124),
        (Grant.PER_AMOUNT, (1, 100), Rounding.HALF_UP, 123),
        (Grant.PER_WHOLE_AMOUNT, (5, 1_000), Rounding.DOWN, 60),
        (Grant.PER_QUANTITY, (2, 1_000), Rounding.DOWN, 5),
        (Grant.PER_WHOLE_QUANTITY, (2, 1_000), Rounding.DOWN, 4),
        (Grant.FIXED, (50, 1), Rounding.DOWN, 50),
    ],
)
def test_a_purchase_of_123_45_and_two_and_a_half_pieces_earns_by_each_kind_of_rule(
    grant: Grant, rate: tuple[int, int], rounding: Rounding, units: int
) -> None:
    timeline = a_timeline(a_program(a_rule(grant=grant, rate=rate, rounding=rounding)))
    purchase = a_purchase(lines=[a_line(1, 12_345, quantity_milli=2_500)])
    assert units_granted(bought(timeline, a_member(timeline), purchase)) == units


def test_a_group_that_keeps_the_best_grants_the_first_of_the_largest_and_a_group_that_adds_grants_all() -> (
    None
):
    fixed = [
        a_rule(n, grant=Grant.FIXED, rate=(units, 1), group=0, is_best=True)
        for n, units in ((1, 5), (2, 9), (3, 9))
    ]
    best = a_timeline(a_program(*fixed))
    assert [r.granted for r in bought(best, a_member(best), a_purchase()).results] == [0, 9, 0]
    adding = a_timeline(a_program(*(a_rule(n, grant=Grant.FIXED, rate=(5, 1), group=0) for n in (1, 2))))
    assert units_granted(bought(adding, a_member(adding), a_purchase())) == 10


def test_caps_clip_a_purchase_a_day_and_a_month_and_each_begins_anew() -> None:
    timeline = a_timeline(a_program(a_rule(caps=(80, 100, 150))))
    member = a_member(timeline)
    earned = []
    for i, day in enumerate((0, 0, 1, 31)):
        decision = bought(timeline, member, a_purchase(10_000, at=a_moment(day), no=str(i)))
        earned.append(units_granted(decision))
        member = decision.after
    assert earned == [80, 20, 50, 80]


def test_a_limit_of_nothing_grants_nothing() -> None:
    timeline = a_timeline(a_program(a_rule(shared=[a_limit(0)])))
    told = bought(timeline, a_member(timeline), a_purchase(10_000))
    assert (told.postings, [(r.desired, r.granted) for r in told.results]) == ((), [(100, 0)])


def test_what_was_wanted_stays_readable_beside_what_was_granted() -> None:
    timeline = a_timeline(a_program(a_rule(caps=(30, NONE, NONE))))
    (posting,) = bought(timeline, a_member(timeline), a_purchase(10_000)).postings
    assert posting.reasons == ((1, 100, 30),)


def test_a_rule_on_recent_spend_looks_at_what_was_bought_before_this_purchase() -> None:
    timeline = a_timeline(a_program(a_rule(state=if_spent(10_000, in_days=7))))
    first = bought(timeline, a_member(timeline), a_purchase(10_000))
    second = bought(timeline, first.after, a_purchase(10_000, at=a_moment(6), no="2"))
    third = bought(timeline, second.after, a_purchase(10_000, at=a_moment(13), no="3"))
    assert [units_granted(d) for d in (first, second, third)] == [0, 100, 0]


def test_a_purchase_that_lifts_the_tier_is_itself_judged_by_the_tier_before_it() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=10_000, multiplier=(2, 1)))
    timeline = a_timeline(a_program(a_rule(by_tier=True), ladder=ladder))
    first = bought(timeline, a_member(timeline), a_purchase(10_000))
    second = bought(timeline, first.after, a_purchase(10_000, no="2"))
    assert (first.judged_tier, first.after.tier, units_granted(first)) == (0, 1, 100)
    assert (second.judged_tier, units_granted(second)) == (1, 200)


def test_a_late_purchase_is_judged_by_the_tier_and_revision_of_its_moment_and_posted_now() -> None:
    double = a_program(a_rule(rate=(2, 100)), revision=2, effective_at=a_moment(10))
    timeline = a_timeline(a_program(), double)
    late = bought(timeline, a_member(timeline), a_purchase(10_000, at=a_moment(9)), now=a_moment(12))
    assert (late.row, units_granted(late)) == (0, 100)
    on_time = bought(timeline, late.after, a_purchase(10_000, at=a_moment(12), no="2"))
    assert (on_time.row, units_granted(on_time)) == (1, 200)


def test_a_late_purchase_earns_by_the_tier_that_was_held_when_it_happened_and_not_by_today_s() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=10_000, multiplier=(2, 1)), window_days=30, keeps_days=60)
    timeline = a_timeline(a_program(a_rule(by_tier=True), ladder=ladder))
    member = bought(timeline, a_member(timeline), a_purchase(10_000, at=a_moment(10))).after
    assert member.tier == 1

    tiers = []
    for i, moment in enumerate(
        (a_moment(9), a_moment(10, hour=11), a_moment(10), a_moment(69), a_moment(70, hour=0))
    ):
        late = bought(timeline, member, a_purchase(100, at=moment, no=f"late-{i}"), now=a_moment(80))
        tiers.append((late.judged_tier, units_granted(late)))

    assert tiers == [(0, 1), (0, 1), (1, 2), (1, 2), (0, 1)]


def test_a_tier_is_judged_again_without_the_day_that_reached_it() -> None:
    """One purchase of 300000 on 2024-03-05 is gold through 2025-03-04, and a second within the year keeps it."""
    ladder = a_ladder(a_tier(0), a_tier(2, reach=300_000))
    timeline = a_timeline(a_program(ladder=ladder, effective_at=datetime(2024, 1, 1, tzinfo=UTC)))
    day = datetime(2024, 3, 5, 10, tzinfo=UTC)
    member = bought(timeline, a_member(timeline), a_purchase(300_000, at=day)).after
    last = decide_advance(timeline, member, now=datetime(2025, 3, 4, 12, tzinfo=UTC)).after
    assert (member.tier, last.tier) == (2, 2)
    assert decide_advance(timeline, last, now=datetime(2025, 3, 5, 12, tzinfo=UTC)).after.tier == 0
    again = bought(timeline, member, a_purchase(300_000, at=day + timedelta(days=1), no="2")).after
    assert decide_advance(timeline, again, now=datetime(2025, 3, 5, 12, tzinfo=UTC)).after.tier == 2


def test_units_that_arrive_after_their_time_are_opened_and_expired_in_one_entry() -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(expiry=Expiry(days=5))]))
    late = bought(timeline, a_member(timeline), a_purchase(10_000, at=a_moment(0)), now=a_moment(20))
    assert said(late) == [(Verb.EARN, 100, 100), (Verb.EXPIRE, 100, 0)]
    assert late.postings[1].due_on == a_moment(6).date()


# -- time --------------------------------------------------------------------------------------------------------------------


def test_units_may_be_used_on_their_last_day_and_not_after_it() -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(expiry=Expiry(days=5))]))
    member = bought(timeline, a_member(timeline), a_purchase(10_000)).after
    on_the_last = decide_units(timeline, member, fold.REDEEM, currency=0, units=100, now=a_moment(5, hour=23))
    assert on_the_last.after.balance(0) == 0
    expired = decide_advance(timeline, member, now=a_moment(6, hour=0))
    assert said(expired) == [(Verb.EXPIRE, 100, 0)]


def test_pending_units_cannot_be_spent_until_they_mature_and_count_in_the_balance() -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(pending_days=3)]))
    member = bought(timeline, a_member(timeline), a_purchase(10_000)).after
    assert member.balance(0) == 100
    with pytest.raises(PointsMissing) as no:
        decide_units(timeline, member, fold.REDEEM, currency=0, units=100, now=a_moment(2))
    assert no.value.numbers == {"units": 100, "units_available": 0, "points_missing": 100}
    assert (
        decide_units(timeline, member, fold.REDEEM, currency=0, units=100, now=a_moment(3)).after.balance(0)
        == 0
    )


def test_a_tier_is_kept_for_its_time_then_judged_by_the_window_and_may_fall() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=10_000), window_days=30, keeps_days=60)
    timeline = a_timeline(a_program(ladder=ladder))
    member = bought(timeline, a_member(timeline), a_purchase(10_000)).after
    assert decide_advance(timeline, member, now=a_moment(59)).after.tier == 1
    fallen = decide_advance(timeline, member, now=a_moment(75)).after
    assert fallen.tier == 0
    width = fold.HISTORY_WIDTH
    assert fallen.history[: 2 * width] == member.history
    assert member.history[width + fold.HISTORY_REVIEW_DAY] == fold_day(60)
    assert fallen.history[2 * width :] == [0, fold_day(60), 0, 0, 0, fold.FAR]


def fold_day(day: int) -> int:
    return (a_moment(day).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def test_who_spends_enough_again_keeps_the_tier_when_it_is_reviewed() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=10_000), window_days=30, keeps_days=60)
    timeline = a_timeline(a_program(ladder=ladder))
    member = bought(timeline, a_member(timeline), a_purchase(10_000)).after
    member = bought(timeline, member, a_purchase(10_000, at=a_moment(45), no="2")).after
    assert decide_advance(timeline, member, now=a_moment(61)).after.tier == 1
    assert decide_advance(timeline, member, now=a_moment(121)).after.tier == 0


# -- returns ------------------------------------------------------------------------------------------------------------------


def test_a_part_that_comes_back_takes_its_share_and_the_last_part_the_rest() -> None:
    timeline = a_timeline()
    purchase = a_purchase(lines=[a_line(1, 10_000, quantity_milli=3_000)])
    first = bought(timeline, a_member(timeline), purchase)
    back = brought_back(timeline, first.after, first, purchase, 1_000)
    assert said(back) == [(Verb.CLAW_BACK, 33, 67)]
    assert said(brought_back(timeline, first.after, first, purchase, 3_000)) == [(Verb.CLAW_BACK, 100, 0)]


def test_a_return_after_expiry_charges_nothing_again() -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(expiry=Expiry(days=5), debt_limit=1_000)]))
    purchase = a_purchase(10_000)
    first = bought(timeline, a_member(timeline), purchase)
    spent = decide_units(timeline, first.after, fold.REDEEM, currency=0, units=30, now=a_moment(1)).after
    back = brought_back(timeline, spent, first, purchase, 1_000, day=10)
    assert said(back) == [(Verb.EXPIRE, 70, 0), (Verb.CLAW_BACK, 30, -30)]
    assert back.after.debt(0) == 30


@pytest.mark.parametrize(("limit", "taken", "forgiven"), [(0, 40, 60), (20, 60, 40), (1_000, 100, 0)])
def test_units_already_spent_are_owed_up_to_the_limit_and_forgiven_beyond_it(
    limit: int, taken: int, forgiven: int
) -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(debt_limit=limit)]))
    purchase = a_purchase(10_000)
    first = bought(timeline, a_member(timeline), purchase)
    spent = decide_units(timeline, first.after, fold.REDEEM, currency=0, units=60, now=a_moment()).after
    back = brought_back(timeline, spent, first, purchase, 1_000)
    assert said(back) == [(Verb.CLAW_BACK, taken, 40 - taken)]
    assert back.forgiven == ({0: forgiven} if forgiven else {})


@pytest.mark.parametrize("is_committed", [True, False])
def test_points_promised_when_their_purchase_comes_back_are_owed_so_that_releasing_them_gives_nothing(
    is_committed: bool,
) -> None:
    """Buy 100, reserve 100, bring everything back, release: again and again it would give 100 points for nothing."""
    timeline = a_timeline(a_program(currencies=[a_currency(debt_limit=0)]))
    purchase = a_purchase(10_000)
    first = bought(timeline, a_member(timeline), purchase)
    held = decide_units(
        timeline, first.after, fold.RESERVE, currency=0, units=100, now=a_moment(), lapses_at=a_moment(2)
    ).after
    back = brought_back(timeline, held, first, purchase, 1_000)
    assert (back.after.balance(0), back.after.debt(0), back.forgiven) == (0, 100, {})
    ended = decide_reservation_end(
        timeline, back.after, reservation=held.sequence, is_committed=is_committed, now=a_moment(1)
    ).after
    assert ended.balance(0) == (-100 if is_committed else 0)
    assert ended.available(0, fold_day(1)) == 0


def test_a_step_rule_gives_back_by_the_piece_in_any_order() -> None:
    """Seven pieces earn one step of five; each piece that comes back takes its share of it."""
    step = a_rule(grant=Grant.PER_WHOLE_QUANTITY, rate=(10, 5_000))
    timeline = a_timeline(a_program(step))
    purchase = a_purchase(lines=[a_line(1, 7_000, quantity_milli=7_000)])
    told = bought(timeline, a_member(timeline), purchase)
    assert units_granted(told) == 10
    for pieces, left in ((2, 8), (1, 9), (7, 0)):
        assert brought_back(timeline, told.after, told, purchase, pieces * 1_000).after.balance(0) == left
    member = told.after
    returned: dict[int, int] = {}
    for after in (2_000, 4_000, 7_000):
        earned = earned_of(timeline, told, purchase, returned)
        returned = {1: after}
        member = decide_return(timeline, member, earned, returned, now=a_moment()).after
    assert member.balance(0) == 0


def test_a_debt_is_repaid_by_the_next_earning_and_by_pending_units_when_they_mature() -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(pending_days=3, debt_limit=1_000)]))
    purchase = a_purchase(10_000)
    first = bought(timeline, a_member(timeline), purchase)
    spent = decide_units(timeline, first.after, fold.REDEEM, currency=0, units=100, now=a_moment(3)).after
    owing = brought_back(timeline, spent, first, purchase, 1_000, day=3).after
    earning = bought(timeline, owing, a_purchase(25_000, at=a_moment(4), no="2")).after
    assert (earning.balance(0), earning.debt(0)) == (150, 100)
    matured = decide_advance(timeline, earning, now=a_moment(7)).after
    assert (matured.balance(0), matured.debt(0)) == (150, 0)
    assert matured.available(0, fold_day(7)) == 150


def test_a_cap_that_a_return_frees_can_be_earned_again_on_its_day() -> None:
    timeline = a_timeline(a_program(a_rule(caps=(NONE, 100, NONE))))
    purchase = a_purchase(8_000)
    first = bought(timeline, a_member(timeline), purchase)
    clipped = bought(timeline, first.after, a_purchase(8_000, no="2"))
    back = brought_back(timeline, clipped.after, first, purchase, 1_000)
    again = bought(timeline, back.after, a_purchase(9_000, no="3"))
    assert [units_granted(d) for d in (first, clipped, again)] == [80, 20, 80]


# -- reservations and gifts -----------------------------------------------------------------------------------------------------


def test_reserved_units_leave_what_is_available_and_not_the_balance() -> None:
    timeline = a_timeline()
    held = decide_units(
        timeline,
        with_points(timeline),
        fold.RESERVE,
        currency=0,
        units=70,
        now=a_moment(),
        lapses_at=a_moment(1),
    )
    assert (held.after.balance(0), said(held)) == (100, [])
    with pytest.raises(PointsMissing):
        decide_units(timeline, held.after, fold.REDEEM, currency=0, units=31, now=a_moment())
    end = {"reservation": held.sequence, "now": a_moment(0, hour=13)}
    spent = decide_reservation_end(timeline, held.after, is_committed=True, **end)  # type: ignore[arg-type]
    assert said(spent) == [(Verb.REDEEM, 70, 30)]
    freed = decide_reservation_end(timeline, held.after, is_committed=False, **end)  # type: ignore[arg-type]
    assert freed.after.balance(0) == 100
    with pytest.raises(ReservationOver):
        decide_reservation_end(timeline, spent.after, is_committed=True, **end)  # type: ignore[arg-type]
    with pytest.raises(ReservationOver):
        decide_reservation_end(
            timeline, held.after, reservation=held.sequence, is_committed=True, now=a_moment(1)
        )


def test_units_that_expire_while_they_are_reserved_can_still_be_spent_and_expire_when_they_are_released() -> (
    None
):
    timeline = a_timeline(a_program(currencies=[a_currency(expiry=Expiry(days=5))]))
    member = bought(timeline, a_member(timeline), a_purchase(10_000)).after
    held = decide_units(
        timeline, member, fold.RESERVE, currency=0, units=100, now=a_moment(5), lapses_at=a_moment(7)
    )
    end = {"reservation": held.sequence, "now": a_moment(6)}
    spent = decide_reservation_end(timeline, held.after, is_committed=True, **end)  # type: ignore[arg-type]
    assert said(spent) == [(Verb.REDEEM, 100, 0)]
    freed = decide_reservation_end(timeline, held.after, is_committed=False, **end)  # type: ignore[arg-type]
    assert said(freed) == [(Verb.EXPIRE, 100, 0)]
    lapsed = decide_advance(timeline, held.after, now=a_moment(9))
    assert said(lapsed) == [(Verb.EXPIRE, 100, 0)]
    assert lapsed.postings[0].due_on == a_moment(7).date()


def test_a_gift_takes_what_expires_first_and_keeps_each_day_of_expiry() -> None:
    timeline = a_timeline(a_program(currencies=[a_currency(expiry=Expiry(days=30))]))
    member = with_points(timeline, 50, day=0)
    member = decide_units(timeline, member, fold.ADJUST_UP, currency=0, units=50, now=a_moment(10)).after
    given = decide_units(timeline, member, fold.GIFT_OUT, currency=0, units=70, now=a_moment(11))
    assert given.slices == (Slice(0, fold_day(30), 50), Slice(0, fold_day(40), 20))
    received = decide_gift_received(
        timeline, a_member(timeline), currency=0, slices=given.slices, now=a_moment(35)
    )
    assert said(received) == [(Verb.RECEIVE, 50, 50), (Verb.EXPIRE, 50, 0), (Verb.RECEIVE, 20, 20)]


# -- refusals -------------------------------------------------------------------------------------------------------------------


def test_a_purchase_that_contradicts_itself_is_refused_with_a_pointer_and_numbers() -> None:
    def refused(**wrong: object) -> FieldWrong | SumsDiffer | TooMuch:
        right: dict[str, object] = {
            "source": "pos", "business_no": "1", "occurred_at": a_moment(), "money": "CNY", "amount_minor": 100,
            "lines": (a_line(1, 100),),
        }  # fmt: skip
        with pytest.raises((FieldWrong, SumsDiffer, TooMuch)) as no:
            Purchase(**{**right, **wrong})  # type: ignore[arg-type]
        return no.value  # type: ignore[return-value]

    assert refused(occurred_at=datetime(2026, 1, 1)).pointer == "/occurred_at"  # noqa: DTZ001
    assert refused(lines=()).pointer == "/lines"
    assert refused(lines=tuple(a_line(i, 0) for i in range(1_001)), amount_minor=0).code == "too_much"
    assert refused(lines=(a_line(1, 50), a_line(1, 50))).pointer == "/lines/1/number"
    assert refused(lines=(a_line(1, -1), a_line(2, 101))).pointer == "/lines/0/amount_minor"
    assert refused(lines=(a_line(1, 100, quantity_milli=-1),)).pointer == "/lines/0/quantity_milli"
    differs = refused(amount_minor=101)
    assert (differs.code, differs.numbers) == ("sums_differ", {"expected": 100, "actual": 101})
    assert refused(payments=(Payment(method="cash", amount_minor=99),)).pointer == "/payments"


def test_a_return_of_what_was_not_bought_is_refused() -> None:
    lines = [a_line(1, 100, quantity_milli=3_000), a_line(2, 0, quantity_milli=0)]

    def back(number: int, quantity: int, before: int = 0) -> dict[int, int]:
        return returned_after(lines, {1: before}, [ReturnedLine(number=number, quantity_milli=quantity)])

    with pytest.raises(LineUnknown):
        back(3, 1_000)
    with pytest.raises(FieldWrong):
        back(1, 0)
    with pytest.raises(ReturnExceedsPurchase) as no:
        back(1, 2_001, before=1_000)
    assert no.value.numbers == {"line": 1, "quantity_milli_left": 2_000, "quantity_milli": 2_001}
    with pytest.raises(FieldWrong):
        returned_after(lines, {}, [ReturnedLine(number=1, quantity_milli=1)] * 2)
    assert back(2, 1_000) == {1: 0, 2: 1_000}


def test_a_time_that_cannot_be_believed_is_refused_and_a_clock_a_little_ahead_counts_as_now() -> None:
    timeline = a_timeline(a_program(late_days=10))
    now = a_moment(100)
    for at in (now + timedelta(minutes=6), now - timedelta(days=11)):
        with pytest.raises(TimeOutOfBounds):
            believed(timeline, a_purchase(at=at), now, is_import=False)
    assert believed(timeline, a_purchase(at=now + timedelta(minutes=4)), now, is_import=False) == now
    old = now - timedelta(days=11)
    assert believed(timeline, a_purchase(at=old), now, is_import=True) == old


def test_what_the_programme_does_not_know_is_refused() -> None:
    from dataclasses import replace

    program = a_program()
    with pytest.raises(FieldWrong, match="CNY"):
        check_against_program(program, replace(a_purchase(), money="USD"))
    with pytest.raises(FieldWrong, match="limit"):
        check_against_program(program, a_purchase(10**9 + 1))
    with pytest.raises(StoreUnknown):
        check_against_program(replace(program, any_store=False), a_purchase(store="moon"))
    with pytest.raises(FieldWrong, match="not declared"):
        check_against_program(program, a_purchase(lines=[a_line(1, 1, attributes={"organic": "yes"})]))


def test_before_the_first_revision_there_is_no_programme() -> None:
    timeline = a_timeline(a_program(effective_at=a_moment(5)))
    with pytest.raises(ProgramMissing):
        bought(timeline, a_member(timeline), a_purchase(at=a_moment(4)))


def test_a_given_fact_chooses_the_lines_and_a_purchase_no_rule_sees_still_counts_as_a_visit() -> None:
    bread = Claim(fact="line.sku", operator="is", value="bread")
    again = Claim(fact="member.visits", operator="ge", value=1, window_days=1)
    timeline = a_timeline(a_program(a_rule(given=bread), a_rule(2, state=again)))
    mixed = bought(
        timeline, a_member(timeline), a_purchase(lines=[a_line(1, 300, sku="bread"), a_line(2, 700)])
    )
    assert [(r.rule, r.granted) for r in mixed.results] == [(0, 3), (1, 0)]
    second = bought(timeline, mixed.after, a_purchase(lines=[a_line(1, 700)], no="2"))
    assert [(r.rule, r.granted) for r in second.results] == [(1, 7)]


# -- a tier reached late ---------------------------------------------------------------------------------------------------


def test_a_tier_that_a_late_purchase_reached_counts_for_what_occurred_after_it() -> None:
    """Two purchases of one morning, both told at noon in their order, earn what they would have earned at the till."""
    ladder = a_ladder(a_tier(0), a_tier(1, reach=300_000, multiplier=(2, 1)))
    timeline = a_timeline(a_program(a_rule(by_tier=True), ladder=ladder))

    def earned(late: bool) -> int:
        member, total = a_member(timeline), 0
        for amount, hour, minute in ((400_000, 9, 0), (10_000, 9, 30)):
            occurred = a_moment(hour=hour, minute=minute)
            told = bought(
                timeline, member, a_purchase(amount, at=occurred, no=str(hour * 60 + minute)),
                now=a_moment(hour=12) if late else occurred,
            )  # fmt: skip
            member, total = told.after, total + units_granted(told)
        return total

    assert earned(late=False) == earned(late=True) == 4_200


def test_a_tier_reached_late_is_held_from_then_and_a_review_since_stands() -> None:
    ladder = a_ladder(
        a_tier(0), a_tier(1, reach=10_000), a_tier(2, reach=30_000), window_days=20, keeps_days=10
    )
    timeline = a_timeline(a_program(ladder=ladder))
    silver = bought(timeline, a_member(timeline), a_purchase(10_000, at=a_moment(0))).after
    fallen = decide_advance(timeline, silver, now=a_moment(45)).after
    assert fallen.tier == 0

    late = bought(timeline, fallen, a_purchase(20_000, at=a_moment(2), no="2"), now=a_moment(45)).after

    # Gold from the third day on; the review that took silver stands, so that now it is nothing.
    assert late.tier == 0
    rows = [
        late.history[at : at + fold.HISTORY_WIDTH] for at in range(0, len(late.history), fold.HISTORY_WIDTH)
    ]
    assert [(row[fold.HISTORY_DAY] - fold_day(0), row[fold.HISTORY_TIER]) for row in rows[1:]] == [
        (0, 1),
        (2, 2),
        (20, 0),
    ]


def test_a_tier_reached_late_whose_time_is_over_is_judged_again_at_once() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=10_000), window_days=5, keeps_days=10)
    timeline = a_timeline(a_program(ladder=ladder))
    member = bought(timeline, a_member(timeline), a_purchase(10_000, at=a_moment(0)), now=a_moment(60)).after
    assert member.tier == 0
    assert [day - fold_day(0) for day in member.history[fold.HISTORY_WIDTH + 1 :: fold.HISTORY_WIDTH]] == [
        0,
        10,
    ]


# -- undone: as if it had never been ----------------------------------------------------------------------------------------


def voided(
    timeline: Timeline,
    told: Decision,
    member: Member,
    purchase: Purchase,
    *others: tuple[Decision, Purchase],
    day: int,
    previous: int | None = None,
) -> Member:
    """The member once a purchase is voided; the others were bought after it."""
    earned = earned_of(timeline, told, purchase, {})
    after = {line.number: line.quantity_milli or 1_000 for line in purchase.lines}
    before = None if previous is None else a_moment(previous).date()
    return decide_return(
        timeline, member, earned, after, now=a_moment(day), past=a_past(timeline, (told, purchase), *others),
        previous_on=before,
    ).after  # fmt: skip


def test_what_was_typed_wrong_and_voided_leaves_no_tier() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=300_000, multiplier=(2, 1)))
    timeline = a_timeline(a_program(a_rule(by_tier=True), ladder=ladder))
    wrong = a_purchase(400_000)
    told = bought(timeline, a_member(timeline), wrong)
    assert told.after.tier == 1

    member = voided(timeline, told, told.after, wrong, day=1)

    fresh = a_member(timeline)
    assert (member.ladders[:2], member.history) == (fresh.ladders[:2], fresh.history)
    assert (member.days, member.scalars[fold.PURCHASES], member.scalars[fold.LAST_PURCHASE_DAY]) == (
        [],
        0,
        -1,
    )
    assert units_granted(bought(timeline, member, a_purchase(100_000, at=a_moment(2), no="2"))) == 1_000


def test_a_voided_purchase_keeps_a_tier_that_something_else_has_earned_since() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=300_000))
    timeline = a_timeline(a_program(ladder=ladder))
    wrong = a_purchase(300_000)
    told = bought(timeline, a_member(timeline), wrong)
    member, others = told.after, []
    for day, no in ((3, "2"), (5, "3")):
        other = a_purchase(150_000, at=a_moment(day), no=no)
        others.append((bought(timeline, member, other), other))
        member = others[-1][0].after

    member = voided(timeline, told, member, wrong, *others, day=9, previous=5)

    assert member.tier == 1
    # From the moment that reaches it without what was voided, and kept from then.
    assert member.history[fold.HISTORY_WIDTH :][1:4] == [fold_day(5), epoch_micros(a_moment(5)), 1]
    assert member.ladders[fold.STANDS_REVIEW_DAY] == fold_day(5) + 365
    assert member.scalars[fold.LAST_PURCHASE_DAY] == fold_day(5)


def test_what_is_bought_on_the_day_of_a_void_is_judged_by_the_tier_that_is_shown() -> None:
    """The void lifts the tier anew by what is left, from the moment on at which that was bought."""
    ladder = a_ladder(a_tier(0), a_tier(1, reach=300_000, multiplier=(2, 1)))
    timeline = a_timeline(a_program(a_rule(by_tier=True), ladder=ladder))
    wrong = a_purchase(400_000)
    told = bought(timeline, a_member(timeline), wrong)
    other = a_purchase(300_000, at=a_moment(3), no="2")
    then = bought(timeline, told.after, other)

    member = voided(timeline, told, then.after, wrong, (then, other), day=3, previous=3)

    assert member.tier == 1
    later = a_purchase(10_000, at=a_moment(3) + timedelta(hours=2), no="3")
    assert units_granted(bought(timeline, member, later)) == 200


def test_a_return_does_not_judge_the_tier_again() -> None:
    ladder = a_ladder(a_tier(0), a_tier(1, reach=300_000))
    timeline = a_timeline(a_program(ladder=ladder))
    purchase = a_purchase(400_000)
    told = bought(timeline, a_member(timeline), purchase)
    earned = earned_of(timeline, told, purchase, {})
    back = decide_return(timeline, told.after, earned, {1: 1_000}, now=a_moment(1)).after
    assert back.tier == 1
    assert back.scalars[fold.LAST_PURCHASE_DAY] == fold_day(0)


FIRSTS = {
    "no purchase before": Claim(fact="member.purchases_before", operator="eq", value=0),
    "nothing spent": Claim(fact="member.spend_minor", operator="eq", value=0, window_days=365),
    "little spent": Claim(fact="member.spend_minor", operator="lt", value=100, window_days=365),
    "no visit": Claim(fact="member.visits", operator="eq", value=0, window_days=365),
    "never before": Not(part=Claim(fact="member.days_since_purchase", operator="ge", value=0)),
}


@pytest.mark.parametrize("is_void", [True, False])
@pytest.mark.parametrize("first_only", FIRSTS.values(), ids=FIRSTS)
def test_a_first_purchase_that_is_spent_and_undone_again_and_again_gives_its_welcome_once(
    is_void: bool, first_only: Condition
) -> None:
    """Debt forbidden: buy, spend, void, and again. What was forgiven stays used, whatever a rule calls a first."""
    welcome = a_rule(1, grant=Grant.FIXED, rate=(100, 1), state=first_only)
    timeline = a_timeline(a_program(welcome, a_rule(2)))
    member, forgiven = a_member(timeline), 0
    for day in range(4):
        purchase = a_purchase(100, at=a_moment(day), no=str(day))
        told = bought(timeline, member, purchase)
        units = units_granted(told)
        spent = decide_units(
            timeline, told.after, fold.REDEEM, currency=0, units=units, now=a_moment(day)
        ).after
        earned = earned_of(timeline, told, purchase, {})
        back = decide_return(
            timeline,
            spent,
            earned,
            {1: 1_000},
            now=a_moment(day),
            past=a_past(timeline, (told, purchase)) if is_void else None,
        )
        forgiven += back.forgiven[0]
        member = back.after
    assert forgiven == 101 + 3 * 1
    assert member.scalars[fold.PURCHASES] == 4


def test_a_cap_gets_back_what_was_taken_back_and_not_what_was_forgiven() -> None:
    timeline = a_timeline(a_program(a_rule(caps=(NONE, 100, NONE))))
    purchase = a_purchase(10_000)
    told = bought(timeline, a_member(timeline), purchase)
    spent = decide_units(timeline, told.after, fold.REDEEM, currency=0, units=60, now=a_moment()).after
    back = brought_back(timeline, spent, told, purchase, 1_000)
    assert back.forgiven == {0: 60}
    assert units_granted(bought(timeline, back.after, a_purchase(10_000, no="2"))) == 40


def test_a_cap_gets_back_what_is_owed() -> None:
    timeline = a_timeline(
        a_program(a_rule(caps=(NONE, 100, NONE)), currencies=[a_currency(debt_limit=1_000)])
    )
    purchase = a_purchase(10_000)
    told = bought(timeline, a_member(timeline), purchase)
    spent = decide_units(timeline, told.after, fold.REDEEM, currency=0, units=60, now=a_moment()).after
    back = brought_back(timeline, spent, told, purchase, 1_000)
    assert units_granted(bought(timeline, back.after, a_purchase(10_000, no="2"))) == 100
