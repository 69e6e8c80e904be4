"""What is odd about a valid document: rules that can never grant or never count, moments that are over, tiers nobody reaches."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.document.oddities import oddities
from jifen.domain.program.numbering import Numbering
from jifen.templates import template_names, template_text

TODAY = date(2026, 11, 28)
SHOP = """
format: 1
program: {code: shop, names: {en: Shop}}
time_zone: Asia/Shanghai
money: {code: CNY, decimals: 2}
any_store: true
days:
  - {code: fair, names: {en: Fair}, dates: ["2026-05-01", "2026-05-02"]}
  - {code: eight, names: {en: The eighth}, day_of_month: 8}
currencies:
  - {code: points, names: {en: Points}, kind: spendable, worth: 1}
  - {code: growth, names: {en: Growth}, kind: qualifying}
stacking_groups: [{code: b, mode: best}, {code: f, mode: first}]
"""
BASE = "earn_rules:\n  - {code: base, names: {en: Base}, currency: points, per_amount: {points: 1, amount_minor: 100}}\n"
BREAD = "{fact: line.category, under: FOOD/BREAD}"
FOOD = "{fact: line.category, under: FOOD}"


def rule(code: str, how: str = "per_amount: {points: 1, amount_minor: 100}", **more: str) -> str:
    fields = "".join(f", {name}: {value}" for name, value in more.items())
    return f"  - {{code: {code}, names: {{en: {code.upper()}}}, currency: points, {how}{fields}}}\n"


def found(more: str) -> list[tuple[str, str]]:
    text = SHOP + BASE + more
    document = parse_document(text, name="shop")
    program = compile_program(
        document, revision=1, effective_at=datetime(2000, 1, 1, tzinfo=UTC), numbering=Numbering()
    )
    return [(one.code, one.path) for one in oddities(program, today=TODAY)]


ODD = [
    (rule("a", when='{fact: purchase.date, le: "2026-11-27"}'), "days_over"),
    (rule("a", when='{fact: purchase.date, lt: "2026-11-28"}'), "days_over"),
    (rule("a", when='{fact: purchase.date, between: ["2026-10-01", "2026-10-07"]}'), "days_over"),
    (rule("a", when="{fact: purchase.days, has: fair}"), "days_over"),
    (rule("a", when='{any: [{fact: purchase.days, has: fair}, {fact: purchase.date, eq: "2025-01-01"}]}'), "days_over"),
    (rule("a", "fixed: {points: 10}", caps="{day: 5}", beyond="skip"), "always_skipped"),
    (rule("a", group="f") + rule("b", group="f", when=BREAD), "never_counts"),
    (rule("a", "per_amount: {points: 2, amount_minor: 100}", group="b", when=FOOD) + rule("b", group="b", when=BREAD),
     "never_counts"),
    (rule("b2", "fixed: {points: 5}", group="b", when=BREAD) + rule("b", "fixed: {points: 5}", group="b", when=BREAD),
     "never_counts"),
    (rule("b", "fixed: {points: 5}", group="b", when=BREAD) + rule("a", "fixed: {points: 6}", group="b", when=FOOD),
     "never_counts"),
    (rule("a", "fixed: {points: 5}", group="b", when="{fact: purchase.amount_minor, ge: 1000}")
     + rule("b", "fixed: {points: 5}", group="b", when="{fact: purchase.amount_minor, between: [1000, 2000]}"), "never_counts"),
    ("moments: [{code: m, names: {en: M}, on_days: [fair]}]\n", "moment_over"),
    ("tiers: {by: growth, window_days: 9, keeps_days: 9, list: [{code: a, names: {en: A}, reach: 0},"
     " {code: b, names: {en: B}, reach: 5}]}\n", "tiers_unreachable"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "code"), ODD)
def test_what_is_odd_is_found_once(more: str, code: str) -> None:
    assert [one for one, _ in found(more)] == [code]


FINE = [
    rule("a", when='{fact: purchase.date, le: "2026-11-28"}'),
    rule("a", when="{fact: purchase.days, has: eight}"),
    rule("a", when='{any: [{fact: purchase.days, has: fair}, {fact: purchase.weekday, eq: 1}]}'),
    rule("a", when='{not: {fact: purchase.days, has: fair}}'),
    rule("a", "fixed: {points: 10}", caps="{day: 5}"),
    rule("a", "fixed: {points: 10}", caps="{day: 10}", beyond="skip"),
    rule("a", group="f", when=BREAD) + rule("b", group="f", when=FOOD),  # what is no bread is left to the second
    rule("a", group="f", caps="{day: 5}") + rule("b", group="f", when=BREAD),  # after 5 points the second counts
    rule("a", group="f", budget="5") + rule("b", group="f"),
    rule("a", "per_amount: {points: 1, amount_minor: 200}", group="b") + rule("b", group="b", when=BREAD),
    rule("a", "fixed: {points: 5}", group="b") + rule("b", group="b"),
    rule("a", group="b", when="{fact: member.tier, is: member}") + rule("b", group="b"),
    rule("a", group="b", when="{fact: purchase.weekday, in: [1, 2]}")
    + rule("b", group="b", when="{fact: purchase.weekday, in: [2, 3]}"),
]  # fmt: skip


@pytest.mark.parametrize("more", FINE)
def test_what_may_grant_some_day_is_not_odd(more: str) -> None:
    assert found(more) == []


def test_the_beaten_one_is_named() -> None:
    assert found(ODD[9][0]) == [("never_counts", "earn_rules[b]")]


@pytest.mark.parametrize("name", template_names())
def test_nothing_is_odd_about_a_template(name: str) -> None:
    document = parse_document(template_text(name), name=name)
    program = compile_program(
        document, revision=1, effective_at=datetime(2000, 1, 1, tzinfo=UTC), numbering=Numbering()
    )
    assert oddities(program, today=TODAY) == []
