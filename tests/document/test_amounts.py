"""What a document's amounts come to, by hand: bands, the least of several, a least; how often; which of a group."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import a_line, a_moment, a_purchase
from tests.domain.life import Life

from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.domain import decide, fold
from jifen.domain.occasions import LimitUsedUp
from jifen.domain.program.numbering import Numbering
from jifen.domain.timeline import timeline_of
from jifen.domain.verbs import Why
from jifen.present.rules import rule_sentence
from jifen.templates import template_text

CORNER = template_text("corner-shop")
HEAD = CORNER[: CORNER.index("earn_rules:")]


def a_shop(rules: str, more: str = "") -> Any:
    """The timeline of a corner shop with these rules."""
    document = parse_document(f"{HEAD}{more}\nearn_rules:\n{rules}", name="shop")
    program = compile_program(document, revision=1, effective_at=a_moment(-1000), numbering=Numbering())
    return timeline_of([program])


def earned(rules: str, amount: int, *, quantity: int = 1_000, more: str = "") -> list[int]:
    """What each rule that sees the purchase grants for one line."""
    return [result.granted for result in results(rules, amount, quantity=quantity, more=more)]


def results(rules: str, amount: int, *, quantity: int = 1_000, more: str = "") -> Any:
    life = Life(a_shop(rules, more))
    purchase = a_purchase(lines=[a_line(1, amount, quantity_milli=quantity)], at=a_moment(1))
    return decide.decide_purchase(life.timeline, life.member, purchase, now=a_moment(1)).results


def rule(amount: str, *, code: str = "a", more: str = "") -> str:
    return f"  - {{code: {code}, names: {{zh: 甲, en: A}}, currency: points, {amount}{more}}}\n"


MARGINAL = (
    "bands: {mode: marginal, list: [{from: 0, points: 1, per: 100}, {from: 10000, points: 2, per: 100}, "
    "{from: 50000, points: 3, per: 100}]}"
)
WHOLE = "bands: {list: [{from: 0, points: 1, per: 100}, {from: 10000, points: 3, per: 200}]}"
FIXED = "bands: {list: [{from: 0, points: 0}, {from: 20000, points: 50}, {from: 50000, points: 200}]}"
BY_QUANTITY = (
    'bands: {of: quantity, list: [{from: "0", points: 1, per: "1"}, {from: "2.5", points: 3, per: "1"}]}'
)
LESSER = (
    "lesser_of: [{per_amount: {points: 1, amount_minor: 100}}, "
    '{per_quantity: {points: 5, quantity: "1"}}, {fixed: {points: 40}}]'
)


@pytest.mark.parametrize(
    ("amount", "bought", "quantity", "units"),
    [
        (MARGINAL, 9_999, 1_000, 99),
        (MARGINAL, 10_000, 1_000, 100),
        (MARGINAL, 60_000, 1_000, 100 + 800 + 300),
        (WHOLE, 9_999, 1_000, 99),
        (WHOLE, 10_000, 1_000, 150),
        (WHOLE, 10_050, 1_000, 150),  # 150.75, rounded down once
        (FIXED, 19_999, 1_000, 0),
        (FIXED, 20_000, 1_000, 50),
        (FIXED, 70_000, 1_000, 200),
        (BY_QUANTITY, 100, 2_499, 2),
        (BY_QUANTITY, 100, 2_500, 7),
        (LESSER, 1_000, 3_000, 10),
        (LESSER, 9_000, 3_000, 15),
        (LESSER, 9_000, 20_000, 40),
        ("per_amount: {points: 1, amount_minor: 1000}, least: 7", 3_000, 1_000, 7),
        ("per_amount: {points: 1, amount_minor: 1000}, least: 7", 8_000, 1_000, 8),
        ("per_amount: {points: 1, amount_minor: 1000}, least: 7", 0, 0, 0),
    ],
)
def test_an_amount_comes_to_what_its_document_says(
    amount: str, bought: int, quantity: int, units: int
) -> None:
    assert earned(rule(amount), bought, quantity=quantity) == [units]


def test_a_multiple_of_bands_multiplies_each_band() -> None:
    double = '  - {code: b, names: {en: B}, multiple: {of: a, by: "2"}}\n'
    assert earned(rule(MARGINAL) + double, 60_000) == [1_200, 1_200]
    assert earned(rule(FIXED) + double.replace('"2"', '"3/2"'), 20_000) == [50, 25]


def test_the_first_of_a_group_that_grants_is_the_one_that_counts() -> None:
    group = "stacking_groups: [{code: g, mode: first}]"
    few = rule("fixed: {points: 5}, group: g, when: {fact: line.sku, is: tea}", code="few")
    none = rule("fixed: {points: 9}, group: g, times: {life: 1}", code="none")
    many = rule("fixed: {points: 50}, group: g", code="many")
    life = Life(a_shop(few + none + many, group))
    told = []
    for at in range(2):
        purchase = a_purchase(lines=[a_line()], no=str(at), at=a_moment(at + 1))
        decision = decide.decide_purchase(life.timeline, life.member, purchase, now=a_moment(at + 1))
        life.member = decision.after
        told.append([(result.granted, result.why) for result in decision.results])
    assert told == [[(9, Why.ALL), (0, Why.BEATEN)], [(0, Why.LIMITED), (50, Why.ALL)]]


def test_where_not_all_fits_it_is_clipped_or_left_out() -> None:
    for beyond, units in (("clip", 60), ("skip", 0)):
        text = rule(f"per_amount: {{points: 1, amount_minor: 100}}, caps: {{purchase: 60}}, beyond: {beyond}")
        assert earned(text, 7_000) == [units]
        assert earned(text, 6_000) == [60]


def test_each_of_them_is_a_sentence() -> None:
    group = (
        "stacking_groups: [{code: g, mode: first}]\nshared_caps: [{code: s, times: {day: 1}, beyond: refuse}]"
    )
    rules = "".join(
        rule(one, code=f"r{at}", more=f", {more}")
        for at, (one, more) in enumerate(
            (
                (MARGINAL, "times: {day: 1}"),
                (WHOLE, "beyond: skip, caps: {day: 9}"),
                (FIXED, "group: g"),
                (BY_QUANTITY, "least: 3"),
                (LESSER, "shares: [s]"),
            )
        )
    )
    program = a_shop(rules, group).programs[0]
    said = [rule_sentence(one, program, "en") for one in program.rules]
    assert "each part by its own band (from 0 CNY: 1" in said[0]
    assert "at most 1 time a day" in said[0]
    assert "by the band that is reached" in said[1]
    assert "nothing where not all of it fits" in said[1]
    assert "only the first rule of its group that gives counts" in said[2]
    assert "at least 3" in said[3]
    assert "the least of:" in said[4]
    assert "no event beyond it is taken" in said[4]
    zh = [rule_sentence(one, program, "zh") for one in program.rules]
    assert "分段累计" in zh[0]
    assert "每天最多 1 次" in zh[0]
    assert "以下几种取最少" in zh[4]


def test_an_event_that_comes_when_its_limit_is_used_up_is_refused_and_leaves_nothing() -> None:
    event = "events: [{code: check-in, names: {en: C}}]"
    life = Life(a_shop(rule("on: check-in, fixed: {points: 2}, times: {day: 1}, beyond: refuse"), event))

    def come(day: int, hour: int) -> None:
        at = a_moment(day, hour=hour)
        decision = decide.decide_occasion(
            life.timeline, life.member, fold.EVENT, [(0, 0, 0)], occurred_at=at, now=at
        )
        life.member = decision.after

    come(1, 9)
    before = life.member
    with pytest.raises(LimitUsedUp) as refused:
        come(1, 10)
    assert (refused.value.code, refused.value.pointer) == ("limit_used_up", "/event")
    assert life.member is before
    come(2, 9)
    assert life.member.balance(0) == 4
