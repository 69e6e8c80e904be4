"""What a document compiles to: numbers that stay, rates that are exact, conditions split, products that fit."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import a_member, a_purchase, bought, document_text
from tests.select.builders import conditions

from jifen.document import bounds
from jifen.document.compile import compile_program, numbering_after
from jifen.document.load import parse_document
from jifen.document.meaning import Asking, Mixed, can_hold, kinds_of, split
from jifen.document.problems import DocumentRefused
from jifen.domain.program.conditions import All, Claim, Condition
from jifen.domain.program.meaning import EarnRule, Grant, Period, Program, Together
from jifen.domain.program.numbering import Numbering
from jifen.domain.program.reading import claim_holds, claims_of, holds
from jifen.domain.timeline import timeline_of
from jifen.present.rules import rule_sentence
from jifen.templates import template_names, template_text

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def compiled(text: str, numbering: Numbering | None = None) -> Program:
    return compile_program(
        parse_document(text, name="shop.yaml"),
        revision=1,
        effective_at=NOW,
        numbering=numbering or Numbering(),
    )


DOCUMENT = """
program: {{code: shop, names: {{en: Shop}}}}
time_zone: UTC
money: {{code: CNY}}
any_store: true
currencies: [{{code: points, names: {{en: Points}}, kind: spendable, worth: 1}}]
{more}
earn_rules:
{rules}
{tiers}
"""


def rules_of(rules: str, *, more: str = "", tiers: str = "") -> dict[str, EarnRule]:
    return {rule.code: rule for rule in compiled(DOCUMENT.format(rules=rules, more=more, tiers=tiers)).rules}


BASE = "  - {code: base, names: {en: B}, currency: points, per_amount: {points: 3, amount_minor: 700}}\n"


@pytest.mark.parametrize("name", template_names())
def test_every_shipped_template_compiles(name: str) -> None:
    program = compiled(template_text(name))

    assert program.rules
    assert {"zh", "en"} <= set(program.names)
    for rule in program.rules:
        assert {"zh", "en"} <= set(rule.names)
        for tier in program.ladder.tiers:
            assert bounds.product_max(program, rule, tier) < 2**62


@given(p=st.integers(1, 50), q=st.integers(1, 50))
def test_base_and_multiple_together_are_exactly_so_many_times_the_base(p: int, q: int) -> None:
    if p <= q:
        p, q = q + 1, p
    rules = rules_of(BASE + f'  - {{code: more, names: {{en: M}}, multiple: {{of: base, by: "{p}/{q}"}}}}\n')

    assert Fraction(*rules["base"].rate) + Fraction(*rules["more"].rate) == Fraction(3, 700) * Fraction(p, q)
    assert rules["more"].grant is rules["base"].grant is Grant.PER_AMOUNT


def limits_of(rule: EarnRule) -> dict[str, int]:
    return {limit.period.name.lower(): limit.units for limit in rule.limits}


@pytest.mark.parametrize(
    ("by", "own", "inherited"),
    [
        ("2", "", {"purchase": 100, "month": 7}),
        ("5/2", "", {"purchase": 150, "month": 10}),
        ("11/10", "", {"purchase": 10, "month": 0}),  # rounded down: less than one is none
        ("2", ", caps: {purchase: 30, day: 40}", {"purchase": 30, "day": 40, "month": 7}),
    ],
)
def test_a_multiple_has_the_limits_of_its_base_as_often_as_what_it_adds(
    by: str, own: str, inherited: dict[str, int]
) -> None:
    rules = rules_of(f"""
  - {{code: cb, names: {{en: C}}, currency: points, per_amount: {{points: 1, amount_minor: 100}},
      caps: {{purchase: 100, month: 7}}}}
  - {{code: more, names: {{en: M}}, multiple: {{of: cb, by: "{by}"}}{own}}}
""")

    assert limits_of(rules["more"]) == inherited
    assert limits_of(rules["cb"]) == {"purchase": 100, "month": 7}


@pytest.mark.parametrize(
    ("by", "own", "limited"),
    [
        ("2", "", (100, 100)),  # and not 100 + 1,000
        ("5/2", "", (100, 150)),
        ("2", ", caps: {purchase: 30}", (100, 30)),
        ("2", ", caps: {purchase: 700}", (100, 700)),  # its own limit has the last word
    ],
)
def test_a_purchase_gives_a_limited_rule_and_its_multiple_together_no_more_than_so_many_times_the_limit(
    by: str, own: str, limited: tuple[int, int]
) -> None:
    base = "{code: cb, names: {en: C}, currency: points, per_amount: {points: 1, amount_minor: 100}, caps: {purchase: 100}}"
    multiple = f'{{code: cx2, names: {{en: X}}, multiple: {{of: cb, by: "{by}"}}{own}}}'
    for order in (
        (base, multiple),
        (multiple, base),
    ):  # the limit holds wherever the document says the multiple
        text = DOCUMENT.format(rules="\n".join(f"  - {rule}" for rule in order), more="", tiers="")
        timeline = timeline_of([compiled(text)])

        decision = bought(timeline, a_member(timeline), a_purchase(100_000, at=NOW))

        granted = {timeline.rule_at(0, one.rule).code: one.granted for one in decision.results}
        assert (granted["cb"], granted["cx2"]) == limited
        assert decision.after.balance(0) == sum(limited)


def test_a_multiple_holds_where_its_base_and_it_itself_hold() -> None:
    rules = rules_of(
        """
  - code: base
    names: {en: B}
    currency: points
    per_quantity: {points: 2, quantity: "1.5", whole_steps: true}
    rounding: up
    tier_multiplies: true
    when: {all: [{fact: line.brand, is: A}, {fact: member.visits, window_days: 7, ge: 2}]}
  - code: triple
    names: {en: T}
    multiple: {of: base, by: "3"}
    when: {fact: purchase.hour, lt: 9}
"""
    )
    triple = rules["triple"]

    assert (triple.grant, triple.rate) == (Grant.PER_WHOLE_QUANTITY, (4, 1500))
    assert (triple.rounding, triple.multiplied_by) == (rules["base"].rounding, 0)
    assert [claim.fact for claim in _claims(triple.given)] == ["line.brand", "purchase.hour"]
    assert [claim.fact for claim in _claims(triple.state)] == ["member.visits"]


def _claims(condition: Condition) -> list[Claim]:
    parts = condition.parts if isinstance(condition, All) else (condition,)
    return [part for part in parts if isinstance(part, Claim)]


def test_rules_of_one_group_stand_together_and_others_alone() -> None:
    rule = "  - {{code: {0}, names: {{en: x}}, currency: points, fixed: {{points: 1}}{1}}}\n"
    rules = rules_of(
        rule.format("a", ", group: g")
        + rule.format("b", "")
        + rule.format("c", ", group: g")
        + rule.format("d", ""),
        more="stacking_groups: [{code: g, mode: best}]",
    )

    assert [(one.code, one.group, one.together is Together.BEST) for one in rules.values()] == [
        ("a", 0, True), ("c", 0, True), ("b", 1, False), ("d", 2, False),
    ]  # fmt: skip
    assert [one.number for one in rules.values()] == [1, 3, 2, 4]


def test_a_code_keeps_its_number_in_every_later_revision() -> None:
    first = parse_document(template_text("corner-shop"), name="1")
    numbering = numbering_after(first, Numbering())
    renamed = template_text("corner-shop").replace("code: tuesday", "code: weekly")
    second = numbering_after(parse_document(renamed, name="2"), numbering)

    assert second.number("rule", "base") == numbering.number("rule", "base") == 1
    assert second.number("rule", "tuesday") == 2
    assert second.number("rule", "weekly") == 3
    assert second.number("tier", "gold") == 1


@pytest.mark.parametrize(
    ("rules", "code", "way_out"),
    [
        ("per_amount: {points: 1000000000000, amount_minor: 1}", "rate_too_large", "purchase_amount_minor_max"),
        ("per_amount: {points: 20, amount_minor: 1}", "grant_too_large", "caps: {purchase: 4611686018}"),
        ("per_quantity: {points: 5, quantity: \"0.001\"}", "rate_too_large", ""),
    ],
)  # fmt: skip
def test_a_rule_whose_products_could_overflow_is_refused(rules: str, code: str, way_out: str) -> None:
    rule = "  - {code: big, names: {en: B}, currency: points, " + rules + "}\n"
    if code == "rate_too_large" and "quantity" in rules:
        rule = rule.replace("points: 5", "points: 1000000000")

    with pytest.raises(DocumentRefused) as refused:
        rules_of(rule)

    (problem,) = refused.value.problems
    assert problem.code == code
    assert way_out in problem.way_out


def test_a_purchase_cap_makes_room() -> None:
    rules = rules_of(
        "  - {code: big, names: {en: B}, currency: points, per_amount: {points: 20, amount_minor: 1}, "
        "caps: {purchase: 4611686018}}\n"
    )

    assert rules["big"].cap(Period.PURCHASE) * 10**9 < 2**62


FACTS = ("line.sku", "line.brand", "purchase.hour", "member.visits", "member.balance", "member.segments")


@settings(max_examples=300)
@given(
    conditions(
        st.builds(
            lambda fact, value: Claim(fact=fact, operator="ge", value=value),
            st.sampled_from(FACTS),
            st.integers(0, 2),
        )
    ),
    st.dictionaries(st.sampled_from(FACTS), st.integers(0, 3)),
)
def test_both_halves_of_a_split_condition_together_mean_the_whole(
    condition: Condition, facts: dict[str, int]
) -> None:
    try:
        first, second, third = split(condition)
    except Mixed:
        return

    assert kinds_of(first) <= {Asking.GIVEN}
    assert kinds_of(second) <= {Asking.STATE}
    assert kinds_of(third) <= {Asking.KNOWN}
    assert all(holds(part, facts.get) for part in (first, second, third)) == holds(condition, facts.get)


@settings(max_examples=500)
@given(
    conditions(
        st.one_of(
            st.builds(
                lambda operator, value: Claim(fact="purchase.hour", operator=operator, value=value),
                st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge")),
                st.integers(-1, 25),
            ),
            st.builds(
                lambda operator, value: Claim(fact="line.category", operator=operator, value=value),
                st.sampled_from(("is", "under")),
                st.sampled_from(("A", "A/B", "C")),
            ),
        )
    ),
    st.integers(0, 23),
    st.sampled_from((None, "A", "A/B", "C", "A/BC")),
)
def test_what_holds_somewhere_is_never_called_a_contradiction(
    condition: Condition, hour: int, category: str | None
) -> None:
    facts: dict[str, object] = {"purchase.hour": hour, "line.category": category}
    if holds(condition, facts.get):
        assert can_hold(condition)


def test_a_missing_fact_makes_every_claim_false() -> None:
    for operator, value in (("ne", 3), ("is", "x"), ("has_any", ("x",)), ("between", (0, 9))):
        assert not claim_holds(operator, value, None)


def test_every_number_of_units_in_a_document_is_of_units_as_they_are_shown() -> None:
    """With scale 2 a rule that says one point for a yuan gives 1.00 and not 0.01: rates, limits, debt, worth, tiers, balances."""
    text = document_text(
        debt="{policy: allow, limit_units: 20}",
        caps="{day: 500}",
        more="""\
  - code: welcome
    names: {en: Welcome}
    currency: points
    fixed: {points: 50}
    when: {fact: member.balance, currency: points, lt: 10}
tiers:
  by: points
  window_days: 365
  keeps_days: 365
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: gold, names: {en: Gold}, reach: 1000}
""",
    )
    plain, scaled = (
        compile_program(
            parse_document(text.replace("kind: spendable", f"kind: spendable\n    scale: {scale}"), name="x"),
            revision=1, effective_at=datetime(2026, 1, 1, tzinfo=UTC), numbering=Numbering(),
        )
        for scale in (0, 2)
    )  # fmt: skip

    for before, after in zip(plain.rules, scaled.rules, strict=True):
        assert Fraction(*after.rate) == 100 * Fraction(*before.rate)
        assert [limit.units for limit in after.limits] == [100 * limit.units for limit in before.limits]
    assert scaled.currencies[0].debt_limit == 2_000
    assert scaled.currencies[0].worth_minor == (1, 100)
    assert [tier.reach for tier in scaled.ladder.tiers] == [0, 100_000]
    assert next(iter(claims_of(scaled.rules[1].state))).value == 1_000
    for language in ("zh", "en"):
        assert [rule_sentence(rule, scaled, language) for rule in scaled.rules] == [
            rule_sentence(rule, plain, language) for rule in plain.rules
        ]
