"""Law of select: the generated function, the plain interpreter and the columnar selector give one answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.select.builders import (
    Basket,
    BasketLine,
    a_program,
    a_rule,
    baskets,
    conditions,
    moments,
    of_basket,
    programs,
)

from jifen.domain.program.conditions import SEGMENTS, Any, Claim, Condition
from jifen.domain.program.known import Known, asked_of_members, known_holds, selection_for
from jifen.domain.program.meaning import Program
from jifen.domain.program.select import Moment, Selection, compile_select, mask_of, mask_words, matches
from jifen.insight import select_columns

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "purchase": pl.Int64, "sku": pl.String, "category": pl.String, "brand": pl.String, "tags": pl.List(pl.String),
    "amount_minor": pl.Int64, "discount_minor": pl.Int64, "quantity_milli": pl.Int64, "attribute.organic": pl.String,
    "attribute.grams": pl.Int64, "purchase_amount_minor": pl.Int64, "store": pl.String, "channel": pl.String,
    "source": pl.String, "weekday": pl.Int8, "hour": pl.Int8, "date": pl.Int32,
    "payment_methods": pl.List(pl.String), "purchase_tags": pl.List(pl.String),
}  # fmt: skip
CODES = ("vip", "asleep", "new")


def plainly(program: Program, basket: Basket, moment: Moment) -> Selection:
    """The answer by the slow interpreter."""
    seen = [[r for r in program.rules if matches(r.given, basket, line, moment)] for line in basket.lines]
    hits = []
    for position, rule in enumerate(program.rules):
        lines = [line for line, rules in zip(basket.lines, seen, strict=True) if rule in rules]
        if lines:
            amount, quantity = (
                sum(one.amount_minor for one in lines),
                sum(one.quantity_milli for one in lines),
            )
            hits.append((position, amount, quantity))
    masks = [
        sum(1 << position for position, rule in enumerate(program.rules) if rule in rules) for rules in seen
    ]
    return Selection(masks, hits)


def as_frame(sales: list[tuple[Basket, Moment]], *, text: pl.DataType | type[pl.DataType]) -> pl.DataFrame:
    """The baskets as a frame of lines."""
    rows = [
        {
            "purchase": at, "sku": line.sku, "category": line.category, "brand": line.brand, "tags": line.tags,
            "amount_minor": line.amount_minor, "discount_minor": line.discount_minor,
            "quantity_milli": line.quantity_milli, "attribute.organic": line.attributes.get("organic"),
            "attribute.grams": line.attributes.get("grams"), "purchase_amount_minor": basket.amount_minor,
            "store": basket.store, "channel": basket.channel, "source": basket.source, "weekday": moment.weekday,
            "hour": moment.hour, "date": moment.date, "payment_methods": basket.payment_methods,
            "purchase_tags": basket.tags,
        }
        for at, (basket, moment) in enumerate(sales)
        for line in basket.lines
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=SCHEMA)
    return frame.with_columns(pl.col(name).cast(text) for name, kind in SCHEMA.items() if kind == pl.String)


def by_columns(program: Program, sales: list[tuple[Basket, Moment]], frame: pl.DataFrame) -> list[Selection]:
    """The answers by the columnar selector."""
    words = select_columns.masks(frame.lazy(), program)
    hits = select_columns.hits(frame.lazy(), program, purchases=len(sales))
    found, row = [], 0
    for at, (basket, _) in enumerate(sales):
        masks = [mask_of(words.row(row + i)) for i in range(len(basket.lines))]
        row += len(basket.lines)
        own = range(hits.start[at], hits.start[at + 1])
        found.append(
            Selection(masks, [(int(hits.rule[i]), int(hits.amount[i]), int(hits.quantity[i])) for i in own])
        )
    return found


OF_PURCHASE = (
    "purchase_amount_minor", "store", "channel", "source", "weekday", "hour", "date", "payment_methods", "purchase_tags",
)  # fmt: skip


def by_baskets(
    program: Program,
    sales: list[tuple[Basket, Moment]],
    frame: pl.DataFrame,
    segments: list[list[str] | None] | None = None,
) -> list[Selection]:
    """The answers by the selector of large histories, which gets purchases and lines apart."""
    sizes = [len(basket.lines) for basket, _ in sales]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = [
        {
            "purchase_amount_minor": basket.amount_minor, "store": basket.store, "channel": basket.channel,
            "source": basket.source, "weekday": moment.weekday, "hour": moment.hour, "date": moment.date,
            "payment_methods": basket.payment_methods, "purchase_tags": basket.tags,
        }
        for basket, moment in sales
    ]  # fmt: skip
    purchases = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in OF_PURCHASE})
    purchases = purchases.cast(
        {name: kind for name, kind in frame.schema.items() if kind == pl.Categorical and name in OF_PURCHASE}
    )
    purchases = purchases.select(name for name in frame.columns if name in OF_PURCHASE)
    if segments is not None:
        purchases = purchases.with_columns(pl.Series("segments", segments, dtype=pl.List(pl.String)))
    lines = frame.drop(OF_PURCHASE, strict=False)
    hits, words = select_columns.select_baskets(purchases, lines, start, program)
    return [
        Selection(
            [mask_of(words[:, row].tolist()) for row in range(start[at], start[at + 1])],
            [
                (int(hits.rule[i]), int(hits.amount[i]), int(hits.quantity[i]))
                for i in range(hits.start[at], hits.start[at + 1])
            ],
        )
        for at in range(len(sales))
    ]


@settings(max_examples=300, deadline=None)
@given(programs(), baskets, moments)
def test_the_generated_function_reads_a_basket_as_the_interpreter_does(
    program: Program, basket: Basket, moment: Moment
) -> None:
    assert compile_select(program)(basket, moment) == plainly(program, basket, moment)


@pytest.mark.parametrize("text", [pl.String, pl.Categorical])
@settings(max_examples=80, deadline=None)
@given(program=programs(), sales=st.lists(st.tuples(baskets, moments), min_size=1, max_size=4))
def test_columns_are_read_as_baskets_are(
    text: type[pl.DataType], program: Program, sales: list[tuple[Basket, Moment]]
) -> None:
    select = compile_select(program)

    frame = as_frame(sales, text=text)

    found = by_columns(program, sales, frame)

    assert found == [select(basket, moment) for basket, moment in sales]
    assert by_baskets(program, sales, frame) == found


def known_conditions() -> st.SearchStrategy[Condition]:
    """What may be asked that must be known of a member."""
    codes = st.lists(st.sampled_from(CODES), min_size=1, max_size=2).map(tuple)
    return conditions(
        st.one_of(
            st.sampled_from(CODES).map(lambda code: Claim(fact=SEGMENTS, operator="has", value=code)),
            codes.map(lambda found: Claim(fact=SEGMENTS, operator="has_any", value=found)),
        )
    )


@settings(max_examples=80, deadline=None)
@given(
    program=programs(),
    sales=st.lists(st.tuples(baskets, moments), min_size=1, max_size=4),
    segments=st.lists(st.frozensets(st.sampled_from(CODES)), min_size=4, max_size=4),
    data=st.data(),
)
def test_what_is_known_of_a_member_is_asked_alike_of_one_basket_and_of_columns(
    program: Program,
    sales: list[tuple[Basket, Moment]],
    segments: list[frozenset[str]],
    data: st.DataObject,
) -> None:
    program = replace(
        program, rules=tuple(replace(rule, known=data.draw(known_conditions())) for rule in program.rules)
    )
    select, asked = compile_select(program), asked_of_members(program)
    members = [Known(tuple(sorted(segments[at]))) for at in range(len(sales))]
    own = [list(one.segments) or None for one in members]
    frame = as_frame(sales, text=pl.String)
    of_line = [own[at] for at in frame.get_column("purchase")]

    live = [selection_for(asked, select(*sale), known) for sale, known in zip(sales, members, strict=True)]
    plain = [
        Selection(
            [
                sum(1 << at for at in range(len(program.rules)) if mask >> at & 1 and at in sees)
                for mask in whole.masks
            ],
            [hit for hit in whole.hits if hit[0] in sees],
        )
        for sale, known in zip(sales, members, strict=True)
        for whole in [plainly(program, *sale)]
        for sees in [{at for at, rule in enumerate(program.rules) if known_holds(rule.known, known)}]
    ]

    assert live == plain
    lists = pl.Series("segments", of_line, dtype=pl.List(pl.String))
    assert by_columns(program, sales, frame.with_columns(lists)) == live
    assert by_baskets(program, sales, frame, own) == live


@settings(max_examples=80, deadline=None)
@given(
    program=programs(), sales=st.lists(st.tuples(baskets, moments), min_size=1, max_size=3), data=st.data()
)
def test_an_absent_column_is_a_fact_that_is_missing_everywhere(
    program: Program, sales: list[tuple[Basket, Moment]], data: st.DataObject
) -> None:
    frame = as_frame(sales, text=pl.String)
    optional = [name for name in frame.columns if name not in ("purchase", "amount_minor", "quantity_milli")]
    gone = data.draw(st.lists(st.sampled_from(optional), unique=True, max_size=8))
    emptied = frame.with_columns(pl.lit(None, SCHEMA[name]).alias(name) for name in gone)

    assert by_columns(program, sales, frame.drop(gone)) == by_columns(program, sales, emptied)
    assert by_baskets(program, sales, frame.drop(gone)) == by_columns(program, sales, emptied)


def test_a_rule_of_a_line_or_its_purchase_is_asked_where_no_line_has_the_column() -> None:
    """Found by the test above: the rows of the purchases stood beside a frame without any."""
    milk = Claim(fact="line.sku", operator="is", value="milk")
    west = Claim(fact="purchase.store", operator="is", value="west")
    program = a_program(a_rule(1, Any(parts=(milk, west))))
    purchases = pl.DataFrame({"store": ["west", "east"]})
    lines = pl.DataFrame({"amount_minor": [100, 200, 300], "quantity_milli": [1000, 1000, 1000]})

    hits, words = select_columns.select_baskets(purchases, lines, np.array([0, 2, 3]), program)

    assert words.tolist() == [[1, 1, 0]]
    assert (hits.rule.tolist(), hits.amount.tolist()) == ([0], [300])


@given(st.integers(0, 2**200))
def test_a_mask_comes_back_from_its_words(mask: int) -> None:
    words = mask_words(mask)

    assert mask_of(words) == mask
    assert all(0 <= word < 2**63 for word in words)
    assert mask_of(mask_words(mask, 9)) == mask
    assert len(mask_words(mask, 9)) == 9


@pytest.mark.parametrize(
    "fact", ["basket.lines", "basket.skus", "basket.amount_minor", "basket.quantity_milli"]
)
@pytest.mark.parametrize("of", [None, Claim(fact="line.brand", operator="is", value="A")])
def test_what_a_basket_counts_is_the_same_for_each_reader(fact: str, of: Claim | None) -> None:
    lines = (BasketLine(sku="A", brand="A", amount_minor=3), BasketLine(sku="A"), BasketLine(brand="A"))
    sales = [
        (Basket(lines=lines), Moment(1, 0, 101)),
        (Basket(), Moment(1, 0, 101)),
        (Basket(lines=lines[1:]), Moment(1, 0, 101)),
    ]
    program = a_program(*(a_rule(n, of_basket(fact, "eq", n, of)) for n in (0, 1, 2, 3, 1000, 2000, 3000)))
    told = [compile_select(program)(basket, moment) for basket, moment in sales]
    counted = {"basket.lines": 3 if of is None else 2, "basket.skus": 1, "basket.amount_minor": 3}
    expected = counted.get(fact, 3000 if of is None else 2000)
    assert [program.rules[hit[0]].number for hit in told[0].hits] == [expected]
    frame = as_frame(sales, text=pl.String)
    assert by_columns(program, sales, frame) == told == by_baskets(program, sales, frame)
