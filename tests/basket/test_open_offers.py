"""Which offers are open: by the conditions that rules have, read as rules and the fold read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jifen.document.compile import compile_program
from jifen.document.load import document_from
from jifen.domain.calendar import day_number, local_date
from jifen.domain.deals import Sight
from jifen.domain.decide import decide_advance, decide_enrolment, decide_purchase
from jifen.domain.member import Member, new_member
from jifen.domain.open_offers import Closed, open_offers, sights_of
from jifen.domain.program.meaning import Program
from jifen.domain.program.numbering import Numbering
from jifen.domain.program.select import matches
from jifen.domain.purchase import Line, Purchase
from jifen.domain.seen import moment_of, select_purchase
from jifen.domain.timeline import Timeline, timeline_of

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = {"en": "A"}
ASKED = [
    {"fact": "member.tier", "is": "gold"},
    {"fact": "member.tier", "at_least": "member"},
    {"fact": "member.spend_minor", "window_days": 30, "ge": 5_000},
    {"fact": "member.spend_minor", "window_days": 7, "between": [1, 3_000]},
    {"fact": "member.visits", "window_days": 60, "ge": 3},
    {"fact": "member.days_since_purchase", "ge": 10},
    {"fact": "member.purchases_before", "lt": 2},
    {"fact": "member.balance", "currency": "points", "ge": 90},
    {"fact": "member.days_since_joined", "ge": 20},
    {"not": {"fact": "member.visits", "window_days": 60, "ge": 3}},
    {
        "any": [
            {"fact": "member.tier", "is": "gold"},
            {"fact": "member.balance", "currency": "points", "lt": 10},
        ]
    },
]


def a_program(asked: list[object], *, with_rules: bool = True) -> Program:
    """For each condition an offer and, that the fold reads it too, a rule."""
    told: dict[str, object] = {
        "program": {"code": "x", "names": NAMES}, "time_zone": "Asia/Shanghai", "money": {"code": "CNY"}, "any_store": True,
        "currencies": [{"code": "points", "names": NAMES, "kind": "spendable", "worth": 1}],
        "earn_rules": [
            {"code": "base", "names": NAMES, "currency": "points", "per_amount": {"points": 1, "amount_minor": 100}},
            *({"code": f"r{at}", "names": NAMES, "currency": "points", "fixed": {"points": 1}, "when": when}
              for at, when in enumerate(asked if with_rules else [])),
        ],
        "tiers": {"by": "spend", "window_days": 40, "keeps_days": 20, "list": [
            {"code": "member", "names": NAMES, "reach": 0}, {"code": "gold", "names": NAMES, "reach": 9_000}]},
        "offers": [
            {"code": f"r{at}", "names": NAMES, "percent_off": {"bps": 1}, "when": when} for at, when in enumerate(asked)
        ],
    }  # fmt: skip
    return compile_program(document_from(told), revision=1, effective_at=OPENED, numbering=Numbering())


def a_purchase(at: datetime, minor: int) -> Purchase:
    return Purchase(
        source="pos", business_no=str(at), occurred_at=at, money="CNY", amount_minor=minor,
        lines=(Line(number=1, amount_minor=minor),),
    )  # fmt: skip


def joined(timeline: Timeline) -> Member:
    return decide_enrolment(timeline, new_member(UUID(int=1), timeline, 0), now=OPENED).after


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_offers_ask_of_a_member_what_rules_ask(random: Random) -> None:
    program = a_program(ASKED)
    timeline = timeline_of([program])
    member, at = joined(timeline), OPENED
    seen = set()
    for _ in range(12):
        at += timedelta(days=random.choice([0, 1, 3, 12, 25]), minutes=random.randint(1, 600))
        purchase = a_purchase(at, random.choice([500, 2_500, 6_000, 9_500]))
        as_of_now = decide_advance(timeline, member, now=at).after
        day = day_number(local_date(at, timeline.time_zone))
        opened = open_offers(program, purchase, moment_of(program, purchase), as_of_now, day=day)
        decision = decide_purchase(
            timeline, member, purchase, now=at, selection=select_purchase(timeline, purchase), rooms={}
        )
        granted = {program.rules[one.rule].code for one in decision.results if one.granted and one.rule}
        assert {one.offer.code for one in opened.candidates} == granted
        seen |= granted
        member = decision.after
    assert seen


def test_of_nobody_nothing_is_known() -> None:
    program = a_program(ASKED)
    purchase = a_purchase(OPENED, 100)
    opened = open_offers(program, purchase, moment_of(program, purchase), None, day=0)
    assert [one.offer.code for one in opened.candidates] == ["r9"], (
        "who is not known has not been here three times"
    )
    assert {why for _, why in opened.closed} == {Closed.MEMBER_UNKNOWN}


def test_a_window_that_only_an_offer_asks_for_is_kept_in_the_members_row() -> None:
    program = a_program([{"fact": "member.spend_minor", "window_days": 300, "ge": 5_000}], with_rules=False)
    timeline = timeline_of([program])
    member = joined(timeline)
    first, then = OPENED + timedelta(days=1), OPENED + timedelta(days=290)
    for at, minor in ((first, 5_000), (then, 100)):
        purchase = a_purchase(at, minor)
        selection = select_purchase(timeline, purchase)
        member = decide_purchase(timeline, member, purchase, now=at, selection=selection, rooms={}).after
    day = day_number(local_date(then, timeline.time_zone))
    basket = a_purchase(then, 100)
    for on, count in ((day, 1), (day + 30, 0)):
        assert (
            len(open_offers(program, basket, moment_of(program, basket), member, day=on).candidates) == count
        )


@pytest.mark.parametrize("hour", [9, 12])
def test_what_an_offer_sees_is_what_the_plain_reading_sees(hour: int) -> None:
    told = {
        "program": {"code": "x", "names": NAMES}, "time_zone": "UTC", "money": {"code": "CNY"}, "any_store": True,
        "currencies": [{"code": "points", "names": NAMES, "kind": "spendable", "worth": 1}],
        "line_attributes": {"organic": "integer"},
        "offers": [
            {"code": "a", "names": NAMES, "percent_off": {"bps": 1}, "lines": {"fact": "line.category", "under": ["A", "B"]}},
            {"code": "b", "names": NAMES, "percent_off": {"bps": 1}, "lines": {"all": [
                {"fact": "line.unit_price_minor", "ge": 200}, {"not": {"fact": "line.tags", "has": "new"}}]},
             "when": {"fact": "basket.lines", "of": {"fact": "line.category", "under": "A"}, "ge": 2}},
            {"code": "c", "names": NAMES, "percent_off": {"bps": 1}, "lines": {"fact": "line.attribute.organic", "eq": 1},
             "when": {"fact": "purchase.hour", "ge": 12}},
            {"code": "d", "names": NAMES, "bundle": {"price_minor": 1, "items": [
                {"names": NAMES, "lines": {"fact": "line.sku", "is": "s1"}},
                {"names": NAMES, "lines": {"fact": "line.category", "under": "A"}}]}},
        ],
    }  # fmt: skip
    program = compile_program(document_from(told), revision=1, effective_at=OPENED, numbering=Numbering())
    lines = (
        Line(number=1, amount_minor=300, category="A/X", sku="s1"),
        Line(number=2, amount_minor=100, category="A", tags=("new",), attributes={"organic": 1}),
        Line(number=3, amount_minor=900, category="B", sku="s1", quantity_milli=3_000),
        Line(number=4, amount_minor=0, category="A"),
        Line(number=5, amount_minor=500, attributes={"organic": 1}),
    )
    basket = Purchase(
        source="pos",
        business_no="1",
        occurred_at=OPENED.replace(hour=hour),
        money="CNY",
        amount_minor=1_800,
        lines=lines,
    )
    moment = moment_of(program, basket)
    sights = sights_of(program, basket, moment)
    assert sights["d"] == Sight((0, 1, 2), ((0, 2), (0, 1)))
    assert ("c" in sights) == (hour >= 12)
    for offer in program.offers:
        if offer.code == "d" or offer.code not in sights:
            continue
        plain = [
            at for at, line in enumerate(lines)
            if line.amount_minor and matches(offer.given, basket, line, moment) and matches(offer.lines, basket, line, moment)
        ]  # fmt: skip
        assert list(sights[offer.code].lines) == plain != []
