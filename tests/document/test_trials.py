"""The tests that a document carries: what they can say, what a run of them tells, and that it is what the rules decide."""

from __future__ import annotations

from typing import Any

import pytest

from jifen.document import check_trials, yaml_text
from jifen.document import run_trials as running
from jifen.document.load import document_from, parse_document, parse_with_places
from jifen.document.made_up_life import MadeUpLife
from jifen.document.model import ProgramDocument
from jifen.document.run_trials import TrialResult, run_trials
from jifen.document.write import document_hash, document_yaml
from jifen.domain.refusals import all_refusals

SHOP: dict[str, Any] = yaml_text.read(
    """
format: 1
program: {code: shop, names: {zh: 小店, en: Shop}}
time_zone: Asia/Shanghai
money: {code: CNY, decimals: 2}
stores: [{code: main, names: {en: Main}}]
line_attributes: {grade: integer}
currencies:
  - code: points
    names: {zh: 积分, en: Points}
    kind: spendable
    worth: 1
    expiry: {days: 30}
    debt: {policy: allow, limit_units: 40}
  - {code: growth, names: {zh: 成长值, en: Growth}, kind: qualifying, scale: 2}
events:
  - {code: run, names: {en: Run}, attributes: {metres: integer}}
moments:
  - {code: welcome, names: {zh: 入会一周, en: A week in}, after_joining: {days: 7}}
stacking_groups: [{code: better, mode: best}]
earn_rules:
  - {code: base, names: {en: Base}, currency: points, per_amount: {points: 1, amount_minor: 100}, tier_multiplies: true}
  - {code: growth, names: {en: Growth}, currency: growth, per_amount: {points: 1, amount_minor: 200}}
  - code: monday
    names: {en: Monday}
    multiple: {of: base, by: "2"}
    caps: {day: 50}
    when: {fact: purchase.weekday, eq: 1}
  - {code: big, names: {en: Big}, currency: points, fixed: {points: 20}, group: better,
     when: {fact: purchase.amount_minor, ge: 50000}}
  - {code: gold, names: {en: For gold}, currency: points, fixed: {points: 9}, group: better, when: {fact: member.tier, is: gold}}
  - {code: run, names: {en: Run}, on: run, currency: points, per_attribute: {points: 2, attribute: metres, each: 1000}, budget: 9}
  - {code: week, names: {en: A week}, on: welcome, currency: points, fixed: {points: 5}}
  - {code: once, names: {en: Once}, on: run, currency: points, fixed: {points: 1}, times: {life: 1}, beyond: refuse}
tiers:
  by: spend
  window_days: 100
  keeps_days: 50
  list:
    - {code: member, names: {zh: 会员, en: Member}, reach: 0}
    - {code: gold, names: {zh: 金卡, en: Gold}, reach: 100000, multiplier: "3/2"}
""",
    name="shop",
).value
MONDAY = "2026-03-02 10:00"


def with_tests(*tests: dict[str, Any]) -> ProgramDocument:
    """The shop with these tests."""
    named = [{"code": f"t{at}", "names": {"en": f"T{at}"}, **one} for at, one in enumerate(tests)]
    return document_from({**SHOP, "tests": named})


def ran(test: dict[str, Any]) -> TrialResult:
    """What became of one test."""
    return run_trials(with_tests(test))[0]


def buys(amount: int, at: str = MONDAY, **more: Any) -> dict[str, Any]:
    return {"at": at, "purchase": {"amount_minor": amount, "store": "main", **more}}


HOLD = [
    ({}, buys(9900), {"units": {"points": 149, "growth": "49.5"}, "rules": {"base": 99, "monday": 50, "growth": "49.50"}}),
    ({}, buys(10000), {"rules": {"monday": 50, "big": 0}, "tier": "member", "balances": {"points": 150}}),
    ({"tier": "gold"}, buys(1000), {"rules": {"base": 15, "monday": 15, "gold": 9}, "tier": "gold"}),
    ({"tier": "gold"}, buys(60000), {"rules": {"big": 20, "gold": 0}}),
    ({}, buys(100000), {"tier": "gold"}),
    ({"before": [buys(100000)]}, {"after_days": 49}, {"tier": "gold"}),
    ({"before": [buys(100000)]}, {"after_days": 50}, {"tier": "gold"}),  # the window of 100 days holds it still
    ({"before": [buys(100000)]}, {"after_days": 100}, {"tier": "member"}),
    ({"tier": "gold"}, {"at": "2026-03-02", }, {"tier": "gold"}),
    ({"tier": "gold", "before": [{"at": "2026-03-02"}]}, {"after_days": 50}, {"tier": "member"}),
    ({"before": [buys(1000, "2026-03-03")]}, {"after_days": 30}, {"balances": {"points": 15}, "expired": {"points": 0}}),
    ({"before": [buys(1000, "2026-03-03")]}, {"after_days": 31}, {"balances": {"points": 5}, "expired": {"points": 10}}),
    ({"joined_on": "2026-02-25"}, {"at": "2026-03-04 00:00"}, {"units": {"points": 5}, "rules": {"week": 5}}),
    ({"joined_on": "2026-02-25"}, {"at": "2026-03-05"}, {"units": {"points": 0}, "balances": {"points": 5}}),
    ({"balances": {"points": 7}}, {"at": MONDAY, "redeems": {"points": 8}}, {"refusal": "points_missing"}),
    ({"balances": {"points": 7}}, {"at": MONDAY, "redeems": {"points": 7}}, {"balances": {"points": 0}}),
    ({}, {"at": MONDAY, "told": {"event": "run", "attributes": {"metres": 3500}}}, {"rules": {"run": 7, "once": 1}}),
    ({"before": [{"at": MONDAY, "told": {"event": "run", "attributes": {"metres": 3500}}}]},
     {"after_days": 1, "told": {"event": "run", "attributes": {"metres": 3500}}}, {"refusal": "limit_used_up"}),
    ({}, {"at": MONDAY, "told": {"event": "run", "attributes": {"metres": 9000}}}, {"rules": {"run": 9}}),
    ({}, {"at": MONDAY, "told": {"event": "swim"}}, {"refusal": "event_unknown"}),
    ({}, buys(100, store="nowhere"), {"refusal": "store_unknown"}),
    ({}, {"at": MONDAY, "purchase": {"lines": [{"amount_minor": 5, "attributes": {"grade": "x"}}]}}, {"refusal": "field_wrong"}),
    ({"before": [buys(3000, "2026-03-03", receipt="a")]}, {"after_days": 1, "returns": {"receipt": "a"}},
     {"units": {"points": -30, "growth": -15}, "rules": {"base": -30}, "balances": {"points": 0}}),
    ({"before": [{"at": "2026-03-03", "purchase": {"receipt": "a", "lines": [{"amount_minor": 4000, "quantity": "4"}]}},
                 {"after_days": 0, "redeems": {"points": 40}}]},
     {"after_days": 1, "returns": {"receipt": "a", "lines": [{"line": 1, "quantity": "1"}]}},
     {"rules": {"base": -10}, "balances": {"points": -10}, "debts": {"points": 10}}),
    ({"before": [buys(100000, receipt="a")]}, {"after_days": 1, "returns": {"receipt": "a"}}, {"tier": "member"}),
    ({"before": [buys(100, receipt="a")]}, {"after_days": 0, "returns": {"receipt": "a", "lines": [{"line": 2}]}},
     {"refusal": "line_unknown"}),
    ({"before": [buys(100, receipt="a")]},
     {"after_days": 0, "returns": {"receipt": "a", "lines": [{"line": 1, "quantity": "2"}]}},
     {"refusal": "return_exceeds_purchase"}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "occasion", "expect"), HOLD)
def test_what_a_test_expects_is_what_the_rules_give(
    given: dict[str, Any], occasion: dict[str, Any], expect: dict[str, Any]
) -> None:
    if occasion.get("purchase", {}).get("lines"):
        occasion = {**occasion, "purchase": {**occasion["purchase"], "store": "main"}}
    result = ran({"given": given, "occasion": occasion, "expect": expect})

    assert [one.said.in_language("en") for one in result.differs] == []


def test_every_way_to_be_wrong_is_told_with_what_came_instead() -> None:
    wrong = {
        "units": {"points": 1}, "rules": {"monday": 50}, "tier": "gold", "balances": {"growth": "4.99"},
        "debts": {"points": 2}, "expired": {"points": 3},
    }  # fmt: skip
    result = ran({"occasion": buys(1000), "expect": wrong})

    assert [(one.path, one.expected, one.got) for one in result.differs] == [
        ("units.points", "1", "20"),
        ("rules.monday", "50", "10"),
        ("balances.growth", "4.99", "5.00"),
        ("debts.points", "2", "0"),
        ("expired.points", "3", "0"),
        ("tier", "gold", "member"),
    ]
    assert result.differs[5].said.in_language("zh") == "等级：期望金卡，实际会员。"
    assert not result.has_passed
    assert result.came["units"] == {"points": 20, "growth": 5}


def test_what_gave_nothing_says_why() -> None:
    told = ran({"occasion": buys(6000, "2026-03-03"), "expect": {"tier": "member"}}).explained
    said = [one.in_language("en") for one in told]

    assert "Rule “Base” gave 60 Points." in said
    assert "Rule “Monday” gave nothing: it asks that the weekday is Monday." in said
    assert "Rule “For gold” gave nothing: it asks that the member's tier is Gold." in said
    assert "规则“Monday”没有给：它要求星期等于 周一。" in [one.in_language("zh") for one in told]


@pytest.mark.parametrize(
    ("given", "occasion", "sentence"),
    [
        ({}, buys(6000), "Rule “Monday” gave 50 Points of 60: a limit left no more."),
        ({"before": [buys(6000)]}, {"after_days": 0, "purchase": {"amount_minor": 6000, "store": "main"}},
         "Rule “Monday” gave nothing: its limit was used up."),
        ({"tier": "gold"}, buys(60000), "Rule “For gold” gave nothing: another rule of its group counts."),
        ({}, buys(50, "2026-03-03"), "Rule “Base” gave nothing: what it saw came to less than one."),
        ({}, {"at": MONDAY, "told": {"event": "run", "attributes": {"metres": 9000}}},
         "Rule “Run” gave 9 Points of 18: its budget had no more."),
        ({}, {"at": MONDAY, "told": {"event": "run"}}, "Rule “Run” gave nothing: what it counts was not told."),
        ({"joined_on": "2026-02-25"}, {"at": "2026-03-04"}, "“A week in” fell due on 2026-03-04."),
        ({}, buys(100000), "The tier rose from Member to Gold."),
        ({"tier": "gold", "before": [{"at": MONDAY}]}, {"after_days": 60}, "The tier fell from Gold to Member."),
        ({"before": [buys(1000, "2026-03-03")]}, {"after_days": 31}, "10 Points expired."),
        ({}, buys(100, store="x"), "It was refused: The programme has no such store."),
    ],
)  # fmt: skip
def test_everything_that_happens_has_its_sentence(
    given: dict[str, Any], occasion: dict[str, Any], sentence: str
) -> None:
    result = ran({"given": given, "occasion": occasion, "expect": {"tier": "member"}})
    assert sentence in [one.in_language("en") for one in result.explained]


def test_a_refusal_that_was_not_expected_and_one_that_did_not_come() -> None:
    refused = ran({"occasion": buys(100, store="x"), "expect": {"tier": "member"}})
    went_on = ran({"occasion": buys(100), "expect": {"refusal": "store_unknown"}})

    assert [one.path for one in refused.differs] == ["refusal"]
    assert went_on.differs[0].said.in_language("en").startswith("The refusal store_unknown was expected")


def test_what_is_refused_before_the_occasion_says_at_which_step() -> None:
    test = {
        "given": {"before": [buys(100), buys(100, store="x")]},
        "occasion": {"after_days": 1},
        "expect": {"tier": "gold"},
    }
    (differs,) = ran(test).differs
    assert "at step 2" in differs.said.in_language("en")


def test_tests_do_not_know_each_other() -> None:
    test = {
        "occasion": {"at": MONDAY, "told": {"event": "run", "attributes": {"metres": 4500}}},
        "expect": {"rules": {"run": 9}},
    }
    assert all(one.has_passed for one in run_trials(with_tests(test, test)))


def test_a_document_cannot_keep_anybody_by_its_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    test = {
        "given": {"before": [{"at": MONDAY}]},
        "occasion": {"after_days": 3660},
        "expect": {"tier": "member"},
    }
    monkeypatch.setattr(running, "WORK_MAX", 100_000)
    results = run_trials(with_tests(*[test] * 5))

    assert [one.has_passed for one in results] == [True, False, False, False, False]
    assert "too long" in results[1].differs[0].said.in_language("en")
    assert results[1].came == {}


def test_the_hash_names_what_a_document_means_and_not_its_tests() -> None:
    one, other = with_tests(), with_tests({"occasion": buys(1), "expect": {"tier": "member"}})

    assert document_hash(one) == document_hash(other)
    assert parse_document(document_yaml(other), name="again") == other


def test_a_test_has_a_place_in_its_file() -> None:
    text = document_yaml(with_tests({"occasion": buys(1), "expect": {"tier": "member"}}))
    _, read = parse_with_places(text, name="shop.yaml")
    line, _ = read.place(("tests", 0))
    assert text.splitlines()[line - 1].strip() == "- code: t0"


def test_every_refusal_that_a_test_may_expect_is_one() -> None:
    assert {one.code for one in all_refusals()} >= check_trials.REFUSALS


def test_a_made_up_member_stands_where_a_bought_tier_would_stand() -> None:
    """What the fold keeps of a tier that was given is what it keeps of one that was reached on the day."""
    given = ran(
        {
            "given": {"tier": "gold", "before": [{"at": MONDAY}]},
            "occasion": {"after_days": 49},
            "expect": {"tier": "gold"},
        }
    )
    reached = ran(
        {"given": {"before": [buys(100000)]}, "occasion": {"after_days": 49}, "expect": {"tier": "gold"}}
    )
    assert given.has_passed
    assert reached.has_passed
    assert MadeUpLife.stand.__doc__


def test_a_test_says_in_which_segments_the_member_is() -> None:
    asking = {
        "code": "vip", "names": {"en": "Vip"}, "currency": "points", "fixed": {"points": 3},
        "when": {"not": {"fact": "member.segments", "has_any": ["staff", "asleep"]}},
    }  # fmt: skip
    bought = {"at": MONDAY, "purchase": {"amount_minor": 100}}
    tests = [
        {"code": "in", "names": {"en": "In"}, "given": {"segments": ["asleep", "vip"]}, "occasion": bought,
         "expect": {"rules": {"vip": 3}}},
        {"code": "out", "names": {"en": "Out"}, "occasion": bought, "expect": {"rules": {"vip": 3}}},
    ]  # fmt: skip
    document = document_from({**SHOP, "earn_rules": [*SHOP["earn_rules"], asking], "tests": tests})

    first, second = run_trials(document)

    assert (first.has_passed, second.has_passed) == (False, True)
    (why,) = [said for said in first.explained if "Vip" in said.in_language("en")]
    assert "the member's segments do not include staff or asleep" in why.in_language("en")
    assert document_from(yaml_text.read(document_yaml(document), name="again").value) == document
