"""Numbers of rules, limits, currencies, tiers, rewards and the like: given once for a code, kept in every later revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

FIRST = {
    "currency": 0, "terms": 0, "rule": 1, "limit": 0, "tier": 0, "pool": 0, "event": 0, "exchange": 0, "reward": 1,
}  # fmt: skip
"""The first number of each kind. Rule number 0 means "no rule", and reward number 0 "no reward"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """The number of each (kind, code) that any revision so far has used."""

    numbers: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, _ in self.numbers:
            assert kind in FIRST, f"no numbers are given to the kind {kind!r}"
        for kind, first in FIRST.items():
            given = sorted(number for (other, _), number in self.numbers.items() if other == kind)
            assert given == list(range(first, first + len(given))), (
                f"numbers of {kind} have a gap or a double"
            )

    def number(self, kind: str, code: str) -> int:
        """The number of a code that has one."""
        return self.numbers[kind, code]

    def extended_by(self, kind: str, codes: Iterable[str]) -> Numbering:
        """This numbering with the next free numbers for those codes that have none, in the order given."""
        numbers = dict(self.numbers)
        following = FIRST[kind] + sum(1 for other, _ in numbers if other == kind)
        for code in codes:
            if (kind, code) not in numbers:
                numbers[kind, code] = following
                following += 1
        return Numbering(numbers=numbers)
