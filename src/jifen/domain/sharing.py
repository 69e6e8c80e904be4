"""Sharing a whole number out over weights, so that nothing is lost and nothing appears."""

from __future__ import annotations

from collections.abc import Sequence


def share_out(units: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to weights whose sum is exactly `units`.

    Rounding
        Down, then one more for the largest remainders, the earlier line first among equals. Where all weights are 0
        everything goes to the first.
    Source
        The method of the largest remainder (Hamilton).
    """
    total = sum(weights)
    if not weights:
        assert units == 0, "nothing to share over"
        return []
    if total == 0:
        return [units] + [0] * (len(weights) - 1)
    parts = [units * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(units * weights[i] % total), i))
    for i in order[: units - sum(parts)]:
        parts[i] += 1
    return parts
