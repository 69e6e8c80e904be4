"""Lives with purchases that are voided, to be held against the same without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Happens(NamedTuple):
    """A purchase (when it occurred, its amount), a return (of so many thousandths) or its void, told so many days after the
    opening."""

    at: float
    what: str
    number: int
    occurred: float = 0
    amount: int = 0
    quantity: int = 1_000


def a_voided_life(
    choose: Callable[[Sequence[Any]], Any], *, soonest: float = 0
) -> tuple[list[Happens], frozenset[int]]:
    """What happens in order of telling, some of it late, and the numbers of the one or two purchases that are voided."""
    story: list[Happens] = []
    total = choose(range(3, 10))
    voided = frozenset((choose(range(total)), choose(range(total))))
    time = 0.0
    for number in range(total):
        time += choose((soonest, 0.1, 1, 2, 3, 5, 8, 13))
        told = time + choose((0, 0, 0, 6, 20))
        amount = choose((5_000, 10_000, 12_000, 20_000, 30_000))
        story.append(Happens(told, "purchase", number, time, amount))
        if choose(range(3)) == 0:
            quantity = 400 if number in voided else choose((400, 1_000))
            story.append(Happens(told + choose((0.015, 1, 4, 10)), "return", number, quantity=quantity))
        if number in voided:
            story.append(
                Happens(max(told + 0.02, story[-1].at) + choose((0, 1, 4, 10, 25, 40)), "void", number)
            )
    return sorted(story, key=lambda one: one.at), voided
