"""Days that a document names: which they are, at the borders too, and what a rule that asks for them sees."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.builders import a_line, a_moment, a_purchase

from jifen.document.compile import compile_program
from jifen.document.days import dates_of
from jifen.document.load import parse_document
from jifen.document.model import DayPart
from jifen.domain.calendar import moment_in
from jifen.domain.program.numbering import Numbering
from jifen.domain.program.select import compile_select
from jifen.present.rules import rule_sentence
from jifen.templates import template_text


def days(**how: object) -> frozenset[int]:
    return dates_of(DayPart.model_validate({"code": "d", "names": {"en": "D"}, **how}))


def in_year(found: frozenset[int], year: int) -> list[int]:
    return sorted(one % 10_000 for one in found if one // 10_000 == year)


def test_the_last_day_of_a_month_is_any_day_that_it_does_not_have() -> None:
    found = days(day_of_month=31)
    assert in_year(found, 2026)[:4] == [131, 228, 331, 430]
    assert in_year(found, 2028)[1] == 229
    assert in_year(days(day_of_month=8), 2026) == [month * 100 + 8 for month in range(1, 13)]


def test_a_yearly_day_and_a_span_know_leap_years() -> None:
    assert in_year(days(yearly="02-29"), 2028) == [229]
    assert in_year(days(yearly="02-29"), 2027) == [228]
    span = days(span={"first": "2027-12-30", "last": "2028-01-02"})
    assert sorted(span) == [20271230, 20271231, 20280101, 20280102]
    assert sorted(days(dates=("2026-11-20", "2026-11-11"))) == [20261111, 20261120]


def test_weekdays_of_a_month_are_counted_from_both_ends() -> None:
    assert in_year(days(weekday={"weekday": 4, "nth": 4}), 2026)[10] == 1126
    assert in_year(days(weekday={"weekday": 4, "nth": -1}), 2026)[9:11] == [1029, 1126]
    assert in_year(days(weekday={"weekday": 7, "nth": 5}), 2026) == [329, 531, 830, 1129]
    every = in_year(days(weekday={"weekday": 2}), 2026)
    assert len(every) == 52
    assert all(date(2026, one // 100, one % 100).isoweekday() == 2 for one in every)


def test_festivals_and_days_off_are_those_that_were_published() -> None:
    found = days(festival="mid_autumn", before=1)
    assert in_year(found, 2026) == [924, 925]
    assert len([one for one in days(festival="spring_festival") if 20240000 < one < 20310000]) == 7
    off = days(days_off="CN")
    assert in_year(off, 2026)[:3] == [101, 102, 103]
    assert in_year(off, 2040) == [], "not published yet"


CORNER = template_text("corner-shop")
DAYS = """
days:
  - {code: member-day, names: {zh: 会员日, en: Member day}, day_of_month: 8}
  - {code: eve, names: {zh: 前夜, en: Eve}, yearly: "01-08"}
"""
RULE = """
earn_rules:
  - code: a
    names: {en: A}
    currency: points
    fixed: {points: 1}
    when: {fact: purchase.days, has_any: [member-day, eve]}
  - code: b
    names: {en: B}
    currency: points
    fixed: {points: 2}
    when:
      all:
        - {fact: basket.amount_minor, of: {fact: line.category, under: FRUIT}, ge: 300}
        - {fact: basket.skus, ge: 2}
"""


def test_a_rule_sees_the_whole_day_at_the_store_and_the_sum_of_the_lines_it_names() -> None:
    text = CORNER[: CORNER.index("earn_rules:")] + DAYS + RULE
    document = parse_document(text, name="shop")
    program = compile_program(document, revision=1, effective_at=a_moment(), numbering=Numbering())
    select = compile_select(program)
    fruit = [a_line(1, 200, category="FRUIT/APPLE", sku="a"), a_line(2, 100, category="FRUIT", sku="b")]

    def seen(day: int, *, hour: int = 12, lines: list[object] | None = None) -> list[int]:
        purchase = a_purchase(at=a_moment(day, hour=hour), lines=lines or [a_line()])  # type: ignore[arg-type]
        return [hit[0] for hit in select(purchase, moment_in(purchase.occurred_at, program.time_zone)).hits]

    # a_moment(7) is 8 January at noon in Shanghai.
    assert [seen(7), seen(7, hour=0), seen(6), seen(8)] == [[0], [0], [], []]
    assert seen(7 + 31) == [0], "8 February"
    assert seen(7 - 7, hour=0, lines=fruit) == [1]  # type: ignore[arg-type]
    assert seen(1, lines=[*fruit[:1], a_line(2, 99, category="FRUIT", sku="b")]) == [], "one short"
    assert seen(1, lines=[a_line(1, 300, category="FRUIT", sku="a")]) == [], "one sku"
    first, second = (rule_sentence(rule, program, "en") for rule in program.rules)
    assert "the named days include Member day or Eve" in first
    assert "the amount of the lines where the item's category is under FRUIT is at least" in second
    assert "特定日包含 会员日 或 前夜" in rule_sentence(program.rules[0], program, "zh")


@pytest.mark.parametrize("fact", ["purchase.store_region", "purchase.store_format", "purchase.store_tags"])
def test_what_is_said_of_stores_is_asked_by_their_code(fact: str) -> None:
    stores = """
stores:
  - {code: s1, names: {en: One}, region: east, format: mall, tags: [new, big]}
  - {code: s2, names: {en: Two}, region: west, format: street, tags: [big]}
"""
    how = {
        "purchase.store_region": ("is: east", ["s1"]),
        "purchase.store_format": ("in: [mall, street]", ["s1", "s2"]),
        "purchase.store_tags": ("has: big", ["s1", "s2"]),
    }
    asked, sees = how[fact]
    head = CORNER[: CORNER.index("earn_rules:")].replace("any_store: true\n", "")
    head = head[: head.index("stores:")] + head[head.index("currencies:") :] if "stores:" in head else head
    rule = f"""
earn_rules:
  - {{code: a, names: {{en: A}}, currency: points, fixed: {{points: 1}}, when: {{fact: {fact}, {asked}}}}}
"""
    document = parse_document(head + stores + rule, name="shop")
    program = compile_program(document, revision=1, effective_at=a_moment(), numbering=Numbering())
    select = compile_select(program)
    found = []
    for store in ("s1", "s2", None):
        purchase = a_purchase(at=a_moment() + timedelta(hours=1), store=store)
        if select(purchase, moment_in(purchase.occurred_at, program.time_zone)).hits:
            found.append(store)
    assert found == sees
