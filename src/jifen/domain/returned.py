"""What a purchase earned and what of it has come back: all that a return is decided by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jifen.domain.program.select import Hit
from jifen.domain.purchase import Line, share_of_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What is recorded of a purchase: enough to take it back without judging it again."""

    sequence: int  # below zero: another member made it, who was merged (`past.number_of_merged`)
    revision: int
    occurred_at: datetime
    lines: tuple[Line, ...]
    masks: tuple[int, ...]
    hits: tuple[Hit, ...]
    granted: Sequence[int]  # by hit
    returned: Mapping[int, int]  # by line number: thousandths that have come back so far
    forgiven: Sequence[int] = ()  # by hit: units that returns so far have forgiven
    lots: Sequence[
        int
    ] = ()  # by hit, of a purchase that another member made: the lot it opened, as numbered here; 0: none


def eligible_returned(earned: Earned, returned: Mapping[int, int]) -> list[tuple[int, int]]:
    """For each hit the eligible (amount, quantity) that has come back, given quantities by line."""
    totals = []
    for hit in earned.hits:
        amount = quantity = 0
        for line, mask in zip(earned.lines, earned.masks, strict=True):
            back = returned.get(line.number, 0)
            if back and mask >> hit.rule & 1:
                amount += share_of_amount(line, back)
                quantity += back if line.quantity_milli else 0
        totals.append((amount, quantity))
    return totals


def amount_returned(lines: Sequence[Line], returned: Mapping[int, int]) -> int:
    """The money that has come back, given quantities by line."""
    return sum(share_of_amount(line, returned.get(line.number, 0)) for line in lines)
