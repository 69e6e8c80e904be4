"""Random conditions, programmes and baskets over a small world, so that claims meet facts often."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import strategies as st

from jifen.domain.program.conditions import ALWAYS, All, Any, Claim, Condition, Not
from jifen.domain.program.meaning import (
    BY_SPEND,
    NONE,
    EarnRule,
    Grant,
    Ladder,
    Program,
    Rounding,
    Tier,
    Together,
    Window,
)
from jifen.domain.program.select import Moment

TEXTS = ("A", "B", "A/B", "A/B/C", "A/BC", "c'd\"\n", "")
PATHS = ("A", "A/B", "A/B/C", "B")
ATTRIBUTES = {"organic": "text", "grams": "integer"}
TEXT_FACTS = (
    "line.sku",
    "line.brand",
    "purchase.store",
    "purchase.channel",
    "purchase.source",
    "line.attribute.organic",
)
LIST_FACTS = ("line.tags", "purchase.payment_methods", "purchase.tags")
BASKET_FACTS = ("basket.amount_minor", "basket.quantity_milli", "basket.lines", "basket.skus")
INTEGER_FACTS = (
    "line.amount_minor", "line.discount_minor", "line.quantity_milli", "purchase.amount_minor", "purchase.weekday",
    "purchase.hour", "purchase.date", "line.attribute.grams", "line.unit_price_minor", "purchase.day_of_month",
    "purchase.month",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BasketLine:
    """A line as select sees it; every fact but amount and quantity may be missing."""

    sku: str | None = None
    category: str | None = None
    brand: str | None = None
    tags: tuple[str, ...] | None = ()
    amount_minor: int = 0
    discount_minor: int | None = 0
    quantity_milli: int = 1000
    attributes: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Basket:
    """A purchase as select sees it."""

    lines: tuple[BasketLine, ...] = ()
    amount_minor: int | None = 0
    store: str | None = None
    channel: str | None = None
    source: str | None = None
    payment_methods: tuple[str, ...] | None = ()
    tags: tuple[str, ...] | None = ()


def a_rule(number: int, given: Condition = ALWAYS, **more: object) -> EarnRule:
    """A rule that differs from others by its number and condition."""
    plain: dict[str, object] = {
        "code": f"rule-{number}", "names": {"en": f"Rule {number}"}, "currency": 0, "terms": 0, "grant": Grant.PER_AMOUNT,
        "rate": (1, 100), "rounding": Rounding.DOWN, "multiplied_by": NONE, "group": number,
        "together": Together.ADD,
    }  # fmt: skip
    return EarnRule(number=number, given=given, **{**plain, **more})  # type: ignore[arg-type]


def a_program(*rules: EarnRule) -> Program:
    """A programme of these rules."""
    tier = Tier(number=0, code="member", names={"en": "Member"}, reach=0, multiplier=(1, 1))
    return Program(
        revision=1, effective_at=datetime(2026, 1, 1, tzinfo=UTC), code="test", names={"en": "Test"}, time_zone="UTC",
        money="CNY", money_decimals=2, purchase_amount_minor_max=10**9, stores={}, any_store=True,
        line_attributes=ATTRIBUTES, late_days={"": 400}, currencies=(), rules=rules,
        ladders=(Ladder(counts=BY_SPEND, window=Window(days=365), keeps_for=365, tiers=(tier,)),),
    )  # fmt: skip


_text = st.sampled_from(TEXTS)
_texts = st.lists(_text, min_size=1, max_size=3).map(tuple)
_small = st.integers(-2, 8)


def _claims() -> st.SearchStrategy[Claim]:
    def claim(fact: str, operator: str, value: object) -> Claim:
        return Claim(fact=fact, operator=operator, value=value)  # type: ignore[arg-type]

    ends = st.tuples(_small, _small)
    return st.one_of(
        st.builds(claim, st.sampled_from((*TEXT_FACTS, "line.category")), st.just("is"), _text),
        st.builds(claim, st.sampled_from((*TEXT_FACTS, "line.category")), st.just("in"), _texts),
        st.builds(claim, st.just("line.category"), st.just("under"), st.sampled_from(PATHS)),
        st.builds(claim, st.sampled_from(LIST_FACTS), st.just("has"), _text),
        st.builds(claim, st.sampled_from(LIST_FACTS), st.just("has_any"), _texts),
        st.builds(
            claim,
            st.sampled_from(INTEGER_FACTS),
            st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge")),
            _small,
        ),
        st.builds(claim, st.sampled_from(INTEGER_FACTS), st.just("between"), ends),
        st.builds(
            looked_up,
            st.sampled_from(("purchase.store_region", "purchase.store_tags")),
            st.frozensets(_text, max_size=3),
        ),
        st.builds(looked_up, st.just("purchase.days"), st.frozensets(_small, max_size=4)),
        st.builds(
            of_basket,
            st.sampled_from(BASKET_FACTS),
            st.sampled_from(("eq", "ge", "lt")),
            _small,
            st.none() | _of_lines(),
        ),
    )


def looked_up(fact: str, among: frozenset[str] | frozenset[int]) -> Claim:
    """A claim about what the document's tables say of a store or a day."""
    return Claim(fact=fact, operator="has", value="named", among=among)


def of_basket(fact: str, operator: str, value: int, of: Condition | None = None) -> Claim:
    """A claim about the lines of a basket that a condition chooses."""
    return Claim(fact=fact, operator=operator, value=value, of=of)


def _of_lines() -> st.SearchStrategy[Condition]:
    brand = st.builds(lambda text: Claim(fact="line.brand", operator="is", value=text), _text)
    path = st.builds(
        lambda path: Claim(fact="line.category", operator="under", value=path), st.sampled_from(PATHS)
    )
    price = st.builds(lambda most: Claim(fact="line.amount_minor", operator="le", value=most), _small)
    tags = st.builds(lambda text: Claim(fact="line.tags", operator="has", value=text), _text)
    leaf: st.SearchStrategy[Condition] = st.one_of(brand, path, price, tags)
    return st.one_of(
        leaf,
        leaf.map(lambda part: Not(part=part)),
        st.lists(leaf, max_size=2).map(lambda parts: All(parts=tuple(parts))),
    )


def conditions(claims: st.SearchStrategy[Claim] | None = None) -> st.SearchStrategy[Condition]:
    """Trees of claims about given facts, or of the claims that are handed in."""

    def grown(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(parts, max_size=3).map(tuple)
        return st.one_of(
            several.map(lambda found: All(parts=found)),
            several.map(lambda found: Any(parts=found)),
            parts.map(lambda found: Not(part=found)),
        )

    leaves: st.SearchStrategy[Condition] = claims if claims is not None else _claims()
    return st.recursive(leaves, grown, max_leaves=8)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Programmes whose rule numbers have gaps, reach past one word, and stand in any order."""
    numbers = draw(st.lists(st.integers(1, 140), min_size=1, max_size=6, unique=True))
    return a_program(*(a_rule(number, draw(conditions())) for number in numbers))


def _or_none(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), strategy)


_lines = st.builds(
    BasketLine,
    sku=_or_none(_text),
    category=_or_none(_text),
    brand=_or_none(_text),
    tags=_or_none(st.lists(_text, max_size=2).map(tuple)),
    amount_minor=st.integers(0, 9),
    discount_minor=_or_none(_small),
    quantity_milli=st.integers(0, 9),
    attributes=st.fixed_dictionaries({}, optional={"organic": _text, "grams": _small}),
)

baskets = st.builds(
    Basket,
    lines=st.lists(_lines, max_size=4).map(tuple),
    amount_minor=_or_none(_small),
    store=_or_none(_text),
    channel=_or_none(_text),
    source=_or_none(_text),
    payment_methods=_or_none(st.lists(_text, max_size=2).map(tuple)),
    tags=_or_none(st.lists(_text, max_size=2).map(tuple)),
)

moments = st.builds(Moment, st.integers(1, 7), st.integers(0, 8), st.integers(0, 8))
