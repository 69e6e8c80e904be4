"""How a condition is read: its facts, its conjuncts, and the plain interpreter that every faster reader must equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jifen.domain.program.conditions import BASKET_PREFIX, All, Any, Claim, Condition, Not, Value

Fetch = Callable[[str], object]
"""The value of a fact by its name; None when it is missing."""
Measure = Callable[[Claim], int]
"""What a claim about the basket counts."""


def holds(condition: Condition, fetch: Fetch, measure: Measure | None = None) -> bool:
    """Whether the condition is true of the facts that `fetch` gives, and `measure` of the basket."""
    if isinstance(condition, Claim):
        if condition.among is not None:
            return fetch(condition.asks) in condition.among
        if measure is not None and is_of_basket(condition):
            return claim_holds(condition.operator, condition.value, measure(condition))
        return claim_holds(condition.operator, condition.value, fetch(condition.fact))
    if isinstance(condition, Not):
        return not holds(condition.part, fetch, measure)
    verdicts = (holds(part, fetch, measure) for part in condition.parts)
    return all(verdicts) if isinstance(condition, All) else any(verdicts)


def is_of_basket(claim: Claim) -> bool:
    """Whether a claim sums up or counts lines."""
    return claim.fact.startswith(BASKET_PREFIX)


def claim_holds(operator: str, value: Value, actual: object) -> bool:
    """Whether a claim is true of an actual value. A missing one, or one of another type, makes it false."""
    if operator in ("has", "has_any"):
        return isinstance(actual, tuple | list) and not texts_in(value).isdisjoint(actual)
    if operator in ("is", "in", "under"):
        return isinstance(actual, str) and _text_holds(operator, value, actual)
    return isinstance(actual, int) and _integer_holds(operator, value, actual)


def _text_holds(operator: str, value: Value, actual: str) -> bool:
    if operator == "under":
        assert isinstance(value, str)
        return is_under(actual, value)
    return actual in texts_in(value)


def _integer_holds(operator: str, value: Value, actual: int) -> bool:
    if operator == "between":
        low, high = both_ends(value)
        return low <= actual <= high
    assert isinstance(value, int)
    return {
        "eq": actual == value,
        "ne": actual != value,
        "lt": actual < value,
        "le": actual <= value,
        "gt": actual > value,
        "ge": actual >= value,
    }[operator]


def texts_in(value: Value) -> frozenset[str]:
    """The texts of a claim's value: of `is` and `has` one, of `in` and `has_any` several."""
    texts = (value,) if isinstance(value, str) else value
    assert isinstance(texts, tuple)
    return frozenset(text for text in texts if isinstance(text, str))


def both_ends(value: Value) -> tuple[int, int]:
    """The ends of a `between`, both included."""
    assert isinstance(value, tuple)
    low, high = value
    assert isinstance(low, int)
    assert isinstance(high, int)
    return low, high


def is_under(path: str, top: str) -> bool:
    """Whether a category path is `top` itself or below it."""
    return path == top or path.startswith(top + "/")


def claims_of(condition: Condition) -> Iterator[Claim]:
    """Every claim in a condition."""
    if isinstance(condition, Claim):
        yield condition
    elif isinstance(condition, Not):
        yield from claims_of(condition.part)
    else:
        for part in condition.parts:
            yield from claims_of(part)


def facts_of(condition: Condition) -> frozenset[str]:
    """The facts that a condition asks; of what is looked up, the fact by which it is."""
    return frozenset(claim.asks for claim in claims_of(condition))


def conjuncts(condition: Condition) -> list[Condition]:
    """The parts that must all hold. `not` is pushed inwards, so that `not any` comes apart like `all`."""
    if isinstance(condition, All):
        return [inner for part in condition.parts for inner in conjuncts(part)]
    if isinstance(condition, Any) and len(condition.parts) == 1:
        return conjuncts(condition.parts[0])
    if isinstance(condition, Not):
        inner = condition.part
        if isinstance(inner, Not):
            return conjuncts(inner.part)
        if isinstance(inner, Any):
            return [conjunct for part in inner.parts for conjunct in conjuncts(Not(part=part))]
        if isinstance(inner, All) and len(inner.parts) == 1:
            return conjuncts(Not(part=inner.parts[0]))
    return [condition]


def joined(parts: list[Condition]) -> Condition:
    """The condition that all parts hold."""
    return parts[0] if len(parts) == 1 else All(parts=tuple(parts))
