"""The lives of units as a document says them: from when, until when, at every border; and terms that rules name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.builders import a_line, a_moment, a_purchase
from tests.document.test_amounts import CORNER
from tests.domain.life import Life

from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.domain import decide, fold
from jifen.domain.calendar import date_of, life_of
from jifen.domain.program.meaning import Program
from jifen.domain.program.numbering import Numbering
from jifen.domain.timeline import timeline_of


def a_program_of(currency: str, rules: str = "") -> Program:
    """A corner shop whose points live so."""
    head = CORNER[: CORNER.index("currencies:")]
    points = f"currencies:\n  - {{code: points, names: {{en: P}}, kind: spendable, worth: 1, {currency}}}\n"
    plain = "  - {code: base, names: {en: B}, currency: points, per_amount: {points: 1, amount_minor: 100}}\n"
    document = parse_document(f"{head}{points}earn_rules:\n{plain}{rules}", name="shop")
    return compile_program(document, revision=1, effective_at=a_moment(-1000), numbering=Numbering())


D = date.fromisoformat


@pytest.mark.parametrize(
    ("lives", "earned", "first", "last"),
    [
        ("expiry: never", "2026-01-31", "2026-01-31", None),
        ("expiry: {months: 1}", "2026-01-31", "2026-01-31", "2026-02-28"),
        ("expiry: {months: 1}", "2028-01-31", "2028-01-31", "2028-02-29"),
        ("expiry: {round: month_end}", "2026-01-31", "2026-01-31", "2026-01-31"),
        ("expiry: {round: quarter_end}", "2026-01-01", "2026-01-01", "2026-03-31"),
        ("expiry: {months: 3, round: quarter_end}", "2026-03-31", "2026-03-31", "2026-06-30"),
        ("expiry: {round: year_end}", "2026-12-31", "2026-12-31", "2026-12-31"),
        ("expiry: {months: 12, round: year_end}", "2027-01-01", "2027-01-01", "2028-12-31"),
        ('expiry: {on: ["12-31", "06-30"]}', "2026-06-30", "2026-06-30", "2026-06-30"),
        ('expiry: {on: ["06-30", "12-31"]}', "2026-07-01", "2026-07-01", "2026-12-31"),
        ('expiry: {months: 6, on: ["06-30"]}', "2026-07-01", "2026-07-01", "2027-06-30"),
        ('expiry: {on: ["02-29"]}', "2026-03-01", "2026-03-01", "2027-02-28"),
        ('expiry: {on: ["02-29"]}', "2027-03-01", "2027-03-01", "2028-02-29"),
        ("expiry: {days: 30}, pending: {days: 7}", "2026-02-25", "2026-03-04", "2026-03-27"),
        ('expiry: {days: 30}, pending: {until: "2026-03-01"}', "2026-02-01", "2026-03-01", "2026-03-31"),
        ('expiry: {days: 30}, pending: {until: "2026-03-01"}', "2026-04-01", "2026-04-01", "2026-05-01"),
        ("expiry: {months: 1}, pending: {day_of_month: 1}", "2026-02-01", "2026-03-01", "2026-04-01"),
        ("expiry: {months: 1}, pending: {day_of_month: 31}", "2026-02-01", "2026-02-28", "2026-03-28"),
        ("expiry: never, pending: {day_of_month: 15}", "2026-12-20", "2027-01-15", None),
    ],
)
def test_units_live_from_the_day_and_to_the_day_that_the_document_says(
    lives: str, earned: str, first: str, last: str | None
) -> None:
    (terms,) = a_program_of(lives).currencies[0].terms
    assert life_of(D(earned), terms) == (D(first), None if last is None else D(last))


TERMS = "expiry: {months: 12}, terms: [{code: bonus, expiry: {days: 30}, qualifies: false, grace_days: 3}]"
BONUS = "  - {code: bonus, names: {en: X}, currency: points, terms: bonus, fixed: {points: 7}}\n"
TWICE = "  - {code: twice, names: {en: Y}, multiple: {of: bonus, by: '2'}}\n"


def lots_after(program: Program, *days: int) -> list[Any]:
    """The lots of a member who bought for a hundred yuan on some days."""
    life = Life(timeline_of([program]))
    for at in days:
        purchase = a_purchase(lines=[a_line()], no=str(at), at=a_moment(at))
        life.member = decide.decide_purchase(life.timeline, life.member, purchase, now=a_moment(at)).after
    return [(lot.terms, lot.left, date_of(lot.expires_day)) for lot in life.member.lots]


def test_a_rule_grants_under_the_terms_that_it_names_and_its_multiple_too() -> None:
    program = a_program_of(TERMS, BONUS + TWICE)
    assert [(one.code, one.qualifies, one.grace_days) for one in program.currencies[0].terms] == [
        ("points", True, 0),
        ("points/bonus", False, 3),
    ]
    assert [rule.terms for rule in program.rules] == [0, 1, 1]
    assert lots_after(program, 0) == [(0, 100, D("2027-01-01")), (1, 14, D("2026-01-31"))]


@pytest.mark.parametrize(("draw", "left"), [("expiry", [95, 0]), ("terms", [88, 7])])
def test_which_units_are_spent_first_is_said_by_the_currency(draw: str, left: list[int]) -> None:
    program = a_program_of(f"{TERMS}, draw: {draw}", BONUS)
    life = Life(timeline_of([program]))
    bought = decide.decide_purchase(
        life.timeline, life.member, a_purchase(lines=[a_line()], at=a_moment(0)), now=a_moment(0)
    )
    spent = decide.decide_units(
        life.timeline, bought.after, fold.REDEEM, currency=0, units=12, now=a_moment(1)
    )
    assert [lot.left for lot in spent.after.lots] == left


def test_a_new_revision_never_changes_a_lot_that_is_there() -> None:
    old, new = a_program_of("expiry: {months: 12}"), a_program_of("expiry: {days: 5}")
    later = replace(new, revision=2, effective_at=a_moment(10))
    life = Life(timeline_of([old, later]))
    for at in (0, 11):
        purchase = a_purchase(lines=[a_line()], no=str(at), at=a_moment(at))
        life.member = decide.decide_purchase(life.timeline, life.member, purchase, now=a_moment(at)).after
    assert [date_of(lot.expires_day) for lot in life.member.lots] == [D("2027-01-01"), D("2026-01-17")]
