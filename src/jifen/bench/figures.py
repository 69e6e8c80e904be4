"""A figure: its name, value, ratio and goal, and whether the machine was quiet enough to say so."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NOISY_FOREIGN = 0.10  # share of the machine that somebody else used
NOISY_SPREAD = 0.25  # of pgbench's own rounds around their median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a benchmark's report."""

    name: str
    value: float
    unit: str
    goal: str
    holds: bool | None  # None: there is no goal, or the machine was too noisy to judge
    ratio: float | None = None
    detail: dict[str, Any] | None = None

    def as_document(self) -> dict[str, Any]:
        """The figure as data."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "goal": self.goal,
            "holds": self.holds,
            **({"detail": self.detail} if self.detail else {}),
        }


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return float(statistics.median(values))


def is_noisy(bases: Sequence[float], foreign: Sequence[float]) -> bool:
    """Whether the machine was too noisy to judge: pgbench's rounds apart, or somebody else at work."""
    middle = median(bases) if bases else 1.0
    spread = max((abs(base - middle) / middle for base in bases), default=0.0)
    return spread > NOISY_SPREAD or max(foreign, default=0.0) > NOISY_FOREIGN
