"""Lives with one purchase that is voided, to be held against the same without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Happens(NamedTuple):
    """A purchase (when it occurred, its amount), its return or its void, told so many days after the opening."""

    at: float
    what: str
    number: int
    occurred: float = 0
    amount: int = 0


def a_voided_life(choose: Callable[[Sequence[Any]], Any]) -> tuple[list[Happens], int]:
    """What happens in order of telling, some of it late, and the number of the purchase that is voided."""
    story: list[Happens] = []
    count = choose(range(3, 10))
    voided = choose(range(count))
    time = 0.0
    for number in range(count):
        time += choose((0.01, 0.1, 1, 2, 3, 5, 8, 13))
        told = time + choose((0, 0, 0, 6, 20))
        amount = choose((5_000, 10_000, 12_000, 20_000, 30_000))
        story.append(Happens(told, "purchase", number, time, amount))
        if number == voided:
            story.append(Happens(told + choose((0.02, 1, 4, 10, 25, 40)), "void", number))
        elif choose(range(3)) == 0:
            story.append(Happens(told + choose((0.015, 1, 4, 10)), "return", number))
    return sorted(story, key=lambda one: one.at), voided
