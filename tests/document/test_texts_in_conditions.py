"""A rule names what it sees in the form in which texts come in, and a text that could never come in is no condition."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.document.test_compile import DOCUMENT, rules_of

from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.document.problems import DocumentRefused
from jifen.domain.program.numbering import Numbering
from jifen.domain.program.reading import claims_of

RULE = "  - {{code: base, names: {{en: B}}, currency: points, fixed: {{points: 3}}, when: {when}}}\n"
ATTRIBUTES = "line_attributes: {shelf: text}"


def rule(fact: str, operator: str, value: Any) -> str:
    return RULE.format(when=json.dumps({"fact": fact, operator: value}))


@pytest.mark.parametrize(
    ("fact", "operator", "written", "meant"),
    [
        ("purchase.channel", "is", "Ｗｅｂ ", "Web"),
        ("purchase.source", "in", ["ｐｏｓ", "shop\u3000"], ("pos", "shop")),
        ("purchase.payment_methods", "has", "微信（扫码）", "微信(扫码)"),
        ("purchase.tags", "has_any", ["a  b"], ("a b",)),
        ("line.sku", "is", "６９０", "690"),
        ("line.brand", "is", "Cre\u0300me  fraîche", "Crème fraîche"),
        ("line.brand", "is", "牛奶（1L）", "牛奶（1L）"),
        ("line.category", "under", "Cre\u0300me/A  B", "Crème/A B"),
        ("line.attribute.shelf", "is", " A\u00a03", "A 3"),
    ],
)
def test_a_condition_compares_with_the_form_of_a_text(
    fact: str, operator: str, written: Any, meant: Any
) -> None:
    (claim,) = claims_of(rules_of(rule(fact, operator, written), more=ATTRIBUTES)["base"].given)
    assert claim.value == meant


@pytest.mark.parametrize(
    ("fact", "operator", "value"),
    [
        ("purchase.channel", "is", "x" * 101),
        ("purchase.source", "in", ["pos", "p\u200bos"]),
        ("line.sku", "is", "690\u00ad1"),
        ("line.brand", "is", " "),
        ("line.tags", "has", "x" * 101),
    ],
)
def test_a_text_that_could_never_come_in_is_refused(fact: str, operator: str, value: Any) -> None:
    with pytest.raises(DocumentRefused) as refused:
        rules_of(rule(fact, operator, value), more=ATTRIBUTES)
    assert [(one.code, "reference/texts.md" in one.way_out) for one in refused.value.problems] == [
        ("wrong_value", True)
    ]


def test_a_source_has_its_days_of_lateness_however_it_is_written() -> None:
    more = 'limits: {late_days: {default: 10, by_source: {"ｐｏｓ ": 99}}}'
    document = parse_document(
        DOCUMENT.format(rules=rule("line.brand", "is", "a"), more=more, tiers=""), name="x"
    )
    program = compile_program(
        document, revision=1, effective_at=datetime(2026, 1, 1, tzinfo=UTC), numbering=Numbering()
    )
    assert program.late_days == {"": 10, "pos": 99}
