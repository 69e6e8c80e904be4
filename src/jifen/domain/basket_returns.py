"""What is given back when part of a basket comes back: exactly what was paid for it, and what offers ask back by their policy.

What was paid for a line is given back by shares that telescope (`purchase.share_of_amount`), so that split and order do not
matter. An offer that asked for a sum (`Threshold`, `Steps`) may take back what it brought to the lines that are kept, where they
do not reach the sum any more. It never asks for money: what would be owed is held back from what comes back later, and once
everything is back, exactly what was paid has been given back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jifen.domain.basket import Candidate, Priced
from jifen.domain.deals import off_for
from jifen.domain.program.offers import UNLIMITED, Offer, OnReturn, Steps, Threshold
from jifen.domain.purchase import Line, ReturnedLine, returned_after, whole_quantity
from jifen.domain.returned import amount_returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What an offer brought to lines, by their numbers: the price that it counted, and what it took off."""

    offer: Offer
    counted: Mapping[int, int]
    off: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What an offer takes back of what it brought to the lines that are kept: they come to so much of the sum that it counted."""

    offer: str
    minor: int
    kept_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """What one return gives back."""

    minor: int
    share_minor: int  # of what was paid for what has come back so far, this return included
    taken_back: tuple[TakenBack, ...]  # of what is kept now
    held_minor: (
        int  # more would be taken back than there is to give; it is held back from what comes back later
    )


def brought_by(lines: Sequence[Line], candidates: Sequence[Candidate], priced: Priced) -> tuple[Brought, ...]:
    """What each offer that a basket used brought to its lines, which stand at shelf prices."""
    prices = [line.amount_minor for line in lines]
    found = []
    for used in priced.used:
        counted = {lines[at].number: prices[at] for at, _ in used.taken.by_line}
        off = {lines[at].number: minor for at, minor in used.taken.by_line}
        for at, minor in used.taken.by_line:
            prices[at] -= minor
        found.append(Brought(offer=candidates[used.candidate].offer, counted=counted, off=off))
    return tuple(found)


def give_back(
    sold: Sequence[Line],
    brought: Sequence[Brought],
    returned: Mapping[int, int],
    given_minor: int,
    returning: Sequence[ReturnedLine],
) -> GivenBack:
    """What a return gives back, after those that brought back so much of each line before, and gave back so much.

    Shape
        sold   the lines at what was paid for them
    Refuses
        What `returned_after` refuses
    """
    after = returned_after(sold, returned, returning)
    share = amount_returned(sold, after)
    taken = tuple(one for one in (_taken_back(sold, each, after) for each in brought) if one.minor)
    due = share - sum(one.minor for one in taken)
    return GivenBack(
        minor=max(0, due - given_minor),
        share_minor=share,
        taken_back=taken,
        held_minor=max(0, given_minor - due),
    )


def _taken_back(sold: Sequence[Line], brought: Brought, returned: Mapping[int, int]) -> TakenBack:
    whole = {line.number: whole_quantity(line) for line in sold}

    def kept(of: Mapping[int, int]) -> int:
        return sum(minor - minor * returned.get(number, 0) // whole[number] for number, minor in of.items())

    offer, counted = brought.offer, kept(brought.counted)
    if offer.on_return is OnReturn.KEEP or not isinstance(offer.deal, Threshold | Steps):
        return TakenBack(offer=offer.code, minor=0, kept_minor=counted)
    right = off_for(offer.deal, offer.times_most, counted)
    if offer.most_minor != UNLIMITED:
        right = min(right, offer.most_minor)
    return TakenBack(offer=offer.code, minor=max(0, kept(brought.off) - right), kept_minor=counted)
