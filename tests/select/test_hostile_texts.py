"""Whatever a programme's texts hold, they stay texts: nothing in them is ever run."""

from __future__ import annotations

import ast

import pytest
from tests.select.builders import Basket, BasketLine, a_program, a_rule

from jifen.domain.program.conditions import All, Any, Claim, Not
from jifen.domain.program.select import Moment, compile_select

HOSTILE = (
    "') or __import__('os').system('true') or ('",
    '"""\nraise SystemExit\n"""',
    "\n    raise SystemExit  #",
    "\\",
    "{0}{line}",
    "\x00\u2028\ud800",
    "line.brand",
)
MOMENT = Moment(1, 12, 20260101)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_compared_and_not_run(text: str) -> None:
    def about(fact: str) -> Claim:
        return Claim(fact=fact, operator="has" if fact.endswith("tags") else "is", value=text)

    # `any` of two facts keeps the claim in the source instead of a table.
    mixed = Any(parts=(about("line.brand"), about("purchase.tags"), about("line.attribute.x")))
    rules = (
        a_rule(1, about("line.brand")),
        a_rule(2, mixed, code=text),
        a_rule(3, Claim(fact="purchase.store", operator="is", value=text), code=f"x\n{text}"),
        a_rule(4, All(parts=(about("line.tags"), Not(part=about("line.sku"))))),
        a_rule(5, Claim(fact=f"line.attribute.{text}", operator="is", value=text)),
    )
    select = compile_select(a_program(*rules))
    line = BasketLine(brand=text, tags=(text,), attributes={text: text})

    assert select(Basket(lines=(line,), store=text), MOMENT).masks == [0b11111]
    assert select(Basket(lines=(BasketLine(),)), MOMENT).masks == [0]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_source_calls_nothing_but_what_it_was_given(text: str) -> None:
    condition = Any(
        parts=(
            Claim(fact="line.category", operator="under", value=text),
            Claim(fact="line.tags", operator="has_any", value=(text,)),
            Claim(fact=f"line.attribute.{text}", operator="ge", value=3),
        )
    )
    tree = ast.parse(compile_select(a_program(a_rule(1, condition, code=text))).source)
    called = {
        ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)
    }

    assert called <= {"append", "isinstance", "startswith", "isdisjoint", "get", "Selection"}


def test_a_literal_that_is_no_text_or_integer_cannot_reach_the_source() -> None:
    program = a_program(a_rule(1, Claim(fact="line.amount_minor", operator="ge", value="0) or print('x'")))

    with pytest.raises(AssertionError):
        compile_select(program)
