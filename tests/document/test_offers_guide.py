"""The guide to offers is true: its programme compiles, its tables name every field, its numbers are what a basket costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from jifen.document import offer_parts
from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.domain.basket import Priced, price_basket
from jifen.domain.calendar import moment_in
from jifen.domain.open_offers import open_offers
from jifen.domain.program.meaning import Program
from jifen.domain.program.numbering import Numbering
from jifen.domain.purchase import Line, Purchase
from jifen.present.offers import offer_sentence
from jifen.templates import template_text

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "offers.md").read_text(encoding="utf-8")
(BLOCK,) = re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL)
WHOLE = re.findall(
    r"```yaml\n(.*?)```", (DOCS / "programme.md").read_text(encoding="utf-8"), flags=re.DOTALL
)[0]


def program_of(text: str) -> Program:
    return compile_program(
        parse_document(text, name="guide"),
        revision=1,
        effective_at=datetime(2020, 1, 1, tzinfo=UTC),
        numbering=Numbering(),
    )


def priced(program: Program, at: str, *lines: Line) -> Priced:
    """What a basket of nobody costs in the first shop at a moment of the programme's clock."""
    basket = Purchase(
        source="pos", business_no="1", occurred_at=datetime.fromisoformat(at), money=program.money,
        amount_minor=sum(line.amount_minor for line in lines), lines=lines,
    )  # fmt: skip
    moment = moment_in(basket.occurred_at, program.time_zone)
    return price_basket(lines, open_offers(program, basket, moment, None, day=0).candidates)


def a_line(number: int, minor: int, category: str, pieces: int = 1, sku: str | None = None) -> Line:
    return Line(number=number, amount_minor=minor, category=category, quantity_milli=pieces * 1_000, sku=sku)


def test_the_numbers_of_the_guide_are_what_the_basket_costs() -> None:
    program = program_of(WHOLE.replace("at_least: gold", "at_least: member") + BLOCK)
    noon, evening = "2026-11-24T12:10:00+08:00", "2026-11-24T18:00:00+08:00"
    lunch = (a_line(1, 2_800, "SANDWICH", 2), a_line(2, 600, "DRINKS"))
    assert [priced(program, at, *lunch).minor for at in (noon, evening)] == [3_080, 3_400]
    loaves = (a_line(1, 1_200, "BREAD"), a_line(2, 800, "BREAD"))
    assert priced(program, evening, *loaves).minor == 1_600
    assert priced(program, evening, *loaves, a_line(3, 19_000, "CAKE")).minor == 17_600


def test_the_guide_names_every_field_and_every_reason() -> None:
    parts = [
        one for one in vars(offer_parts).values()
        if isinstance(one, type) and issubclass(one, BaseModel) and one.__module__ == offer_parts.__name__
    ]  # fmt: skip
    fields = {field.alias or name for part in parts for name, field in part.model_fields.items()}
    assert [name for name in fields if not re.search(rf"`{name}`|\b{name}:", GUIDE)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_offer_of_the_guide_and_of_the_templates_has_a_sentence(language: str) -> None:
    for text in (WHOLE + BLOCK, template_text("convenience-store")):
        program = program_of(text)
        assert program.offers
        said = [offer_sentence(offer, program, language) for offer in program.offers]
        assert len(set(said)) == len(program.offers)
        assert all("{" not in one for one in said)


def test_the_convenience_store_has_a_lunch_set_and_a_second_drink_at_half_price() -> None:
    program = program_of(template_text("convenience-store"))
    noon, saturday = "2027-05-12T12:10:00+08:00", "2027-05-15T12:10:00+08:00"
    box, tea = a_line(1, 1_400, "FOOD/BENTO"), a_line(2, 500, "DRINKS/TEA", sku="tea")
    assert [priced(program, at, box, tea).minor for at in (noon, saturday)] == [1_680, 1_900]
    two = a_line(2, 1_000, "DRINKS/TEA", 2, sku="tea")
    assert priced(program, saturday, box, two).minor == 1_400 + 750
    assert priced(program, noon, box, two).minor == 1_400 + 750, (
        "2.50 off a second drink is more than 2.20 off the set"
    )
