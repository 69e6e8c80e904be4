"""Random conditions, as a shop could write them."""

from typing import Any

from hypothesis import strategies as st

CATEGORIES = ["FOOD", "FOOD/BREAD", "FOOD/BREAD/RYE", "FOODS", "FUEL"]
PERIODS = ["day", "week", "month", "year", "life"]


def _numbers(fact: str, values: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    """A claim about a number."""

    def claim(drawn: tuple[str, Any, Any]) -> dict[str, Any]:
        operator, one, other = drawn
        if operator == "between":
            return {"fact": fact, **more, "between": sorted([one, other])}
        return {"fact": fact, **more, operator: [one, other] if operator == "in" else one}

    operators = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "ge", "ge", "between", "in"])
    return st.tuples(operators, values, values).map(claim)


def _texts(fact: str, values: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A claim about a text."""
    one = st.sampled_from(values)
    return st.one_of(
        one.map(lambda value: {"fact": fact, "is": value}),
        st.lists(one, min_size=1, max_size=2, unique=True).map(lambda some: {"fact": fact, "in": some}),
    )


def _tags(fact: str, values: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A claim about tags."""
    one = st.sampled_from(values)
    return st.one_of(
        one.map(lambda value: {"fact": fact, "has": value}),
        st.lists(one, min_size=1, max_size=2, unique=True).map(lambda some: {"fact": fact, "has_any": some}),
    )


_categories = st.one_of(
    _texts("line.category", CATEGORIES),
    st.sampled_from(CATEGORIES).map(lambda path: {"fact": "line.category", "under": path}),
    st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2, unique=True).map(
        lambda paths: {"fact": "line.category", "under": paths}
    ),
)
_line_claims = st.one_of(
    _texts("line.sku", ["a", "b"]),
    _texts("line.brand", ["Own", "Other"]),
    _texts("line.attribute.colour", ["red", "blue"]),
    _numbers("line.attribute.size", st.integers(1, 5)),
    _categories,
    _categories,
    _tags("line.tags", ["x", "y"]),
    _numbers("line.amount_minor", st.sampled_from([0, 250, 500, 1000, 2000])),
    _numbers("line.discount_minor", st.sampled_from([0, 10, 50])),
    _numbers("line.quantity_milli", st.sampled_from([500, 1000, 2000])),
    _numbers("line.unit_price_minor", st.sampled_from([100, 333, 500, 1000])),
)


def _clock(kind: str, days: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A claim about the moment and the place of a purchase or an event."""
    claims = [
        _numbers(f"{kind}.weekday", st.integers(1, 7)),
        _numbers(f"{kind}.hour", st.integers(0, 23)),
        _numbers(f"{kind}.day_of_month", st.integers(1, 31)),
        _numbers(f"{kind}.month", st.integers(1, 12)),
        _numbers(f"{kind}.date", st.integers(1, 28).map(lambda day: f"2026-02-{day:02}")),
        _texts(f"{kind}.store", ["s1", "s2"]),
        _texts(f"{kind}.store_region", ["north", "south"]),
        _texts(f"{kind}.store_format", ["street"]),
        _tags(f"{kind}.store_tags", ["new", "big"]),
        _texts(f"{kind}.channel", ["web", "till"]),
        _texts(f"{kind}.source", ["pos", "app"]),
    ]
    return st.one_of(*claims, *([_tags(f"{kind}.days", days)] * 3 if days else []))


def _basket() -> st.SearchStrategy[dict[str, Any]]:
    """A claim about the basket."""
    facts = st.sampled_from(
        [
            ("basket.amount_minor", [500, 1000, 3000]),
            ("basket.quantity_milli", [1000, 2500, 4000]),
            ("basket.lines", [0, 1, 2]),
            ("basket.skus", [0, 1, 2]),
        ]
    )
    claims = facts.flatmap(lambda fact: _numbers(fact[0], st.sampled_from(fact[1])))
    return st.tuples(claims, st.none() | _line_claims).map(
        lambda drawn: {**drawn[0], **({} if drawn[1] is None else {"of": drawn[1]})}
    )


def _nested(claims: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Claims under all, any and not."""
    return st.recursive(
        claims,
        lambda parts: st.one_of(
            parts.map(lambda part: {"not": part}),
            st.lists(parts, min_size=1, max_size=3).map(lambda some: {"all": some}),
            st.lists(parts, min_size=1, max_size=3).map(lambda some: {"any": some}),
        ),
        max_leaves=4,
    )


def given_of(kind: str, days: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A condition on what the till, or whoever tells of an event, sends."""
    if kind == "run":
        told = [
            _numbers("event.attribute.metres", st.sampled_from([0, 1000, 2500])),
            _texts("event.attribute.ground", ["road", "trail"]),
        ]
        return _nested(st.one_of(*told, _clock("event", days)))
    if kind == "check-in":
        return _nested(_clock("event", days))
    purchase = [
        _tags("purchase.tags", ["p", "q"]),
        _tags("purchase.payment_methods", ["cash", "card"]),
        _numbers("purchase.amount_minor", st.sampled_from([500, 1000, 3000])),
    ]
    return _nested(st.one_of(_line_claims, _line_claims, _basket(), *purchase, _clock("purchase", days)))


def segments_of() -> st.SearchStrategy[dict[str, Any]]:
    """A condition on the segments that the member is in."""
    return _nested(_tags("member.segments", ["asleep", "new", "staff", "vip"]))


def member_of(tiers: list[str], rules: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A condition on what is known of the member."""
    windows = st.sampled_from([1, 3, 30])
    claims = [
        _texts("member.tier", tiers),
        st.sampled_from(tiers).map(lambda tier: {"fact": "member.tier", "at_least": tier}),
        windows.flatmap(
            lambda w: _numbers("member.spend_minor", st.sampled_from([0, 1000, 4000]), window_days=w)
        ),
        windows.flatmap(lambda w: _numbers("member.visits", st.integers(0, 4), window_days=w)),
        _numbers("member.days_since_purchase", st.sampled_from([0, 1, 3, 10])),
        _numbers("member.purchases_before", st.integers(0, 3)),
        _numbers("member.balance", st.integers(0, 40), currency="points"),
        _numbers("member.days_since_joined", st.sampled_from([0, 1, 10, 40])),
        st.tuples(st.sampled_from(rules), st.sampled_from([None, *PERIODS])).flatmap(
            lambda of: _numbers(
                "member.times_granted", st.integers(0, 3), rule=of[0], **({"period": of[1]} if of[1] else {})
            )
        ),
    ]
    return _nested(st.one_of(*claims))
