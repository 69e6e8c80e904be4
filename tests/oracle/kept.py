"""What is kept of one member's life: lots, occasions and what became of each rule; and the sums that need nothing else."""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.oracle.facts import Happened


class Refused(Exception):
    """An expected "no", with its code."""


@dataclass
class Lot:
    """Units earned together."""

    currency: str
    number: str
    opened: int
    usable_on: date
    last_day: date | None
    left: int = 0
    expired: int = 0
    returned: int = 0


@dataclass
class Hit:
    """A rule that saw something, and what became of that."""

    rule: str
    desired: int
    granted: int
    why: str
    lines: list[int]
    counts_quantity: bool = False
    taken: int = 0
    forgiven: int = 0

    def used(self) -> int:
        """What still counts for limits."""
        return self.granted - self.taken + self.forgiven


@dataclass
class Occasion:
    """A purchase or an event that was judged."""

    number: str
    day: date
    happened: Happened
    hits: list[Hit] = field(default_factory=list)
    back: dict[int, int] = field(default_factory=dict)
    is_purchase: bool = True
    forgave: bool = False
    stands: bool = True
    spend: int = 0
    spend_back: int = 0

    def line(self, number: int) -> dict[str, Any]:
        """The line of a number."""
        return next(dict(line) for line in self.happened["lines"] if line["number"] == number)

    def money_back(self, numbers: list[int]) -> int:
        """The money of what came back of some lines, each line's share rounded down."""
        total = 0
        for number in numbers:
            line = self.line(number)
            total += line["amount_minor"] * self.back.get(number, 0) // line["quantity_milli"]
        return total

    def is_all_back(self, numbers: list[int]) -> bool:
        """Whether nothing of some lines is left with the customer."""
        return all(self.back.get(number, 0) == self.line(number)["quantity_milli"] for number in numbers)

    def numbers(self) -> list[int]:
        """The numbers of its lines."""
        return [int(line["number"]) for line in self.happened.get("lines", [])]


def share_back(one: Occasion, hit: Hit) -> int:
    """What together is to be taken of a hit by what has come back: granted x returned / whole, rounded down."""
    if hit.counts_quantity:
        whole = sum(one.line(number)["quantity_milli"] for number in hit.lines)
        back = sum(one.back.get(number, 0) for number in hit.lines)
    else:
        whole = sum(one.line(number)["amount_minor"] for number in hit.lines)
        back = one.money_back(hit.lines)
    if not whole:
        return hit.granted if one.is_all_back(one.numbers()) else 0
    return int(hit.granted * back // whole)


def last_day(expiry: Any, day: date) -> date | None:
    """The last day of use of what is earned on a day."""
    if expiry == "never":
        return None
    month = day.year * 12 + day.month - 1 + expiry.get("months", 0)
    year, month = divmod(month, 12)
    last = day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))
    last += timedelta(days=expiry.get("days", 0))
    if expiry.get("round") == "month_end":
        last = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    return last
