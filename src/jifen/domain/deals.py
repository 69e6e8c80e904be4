"""What an offer takes off lines at the prices that offers before it have left.

Each deal answers a sum and the weights by which it is spread over lines. No deal takes off more where there is less: what one
takes off now bounds what it takes off after others, which is what the search in `basket.py` relies on.

Rounding
    A discount is rounded down to the smallest unit of money; spread over lines by largest remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from jifen.domain.program.offers import (
    BPS,
    UNLIMITED,
    AmountOff,
    Bundle,
    Deal,
    FixedPrice,
    LastOfGroup,
    Offer,
    PercentOff,
    Steps,
    Threshold,
)
from jifen.domain.purchase import Line
from jifen.domain.sharing import share_out

PIECE = 1_000
SETS_MAX = 50
"""A bundle is made at most so often in one purchase."""
FEW_SETS = 3
"""So many are tried one by one, more by halving."""


class Missing(NamedTuple):
    """What the next discount of an offer asks for: money, or pieces of a place of a bundle (`item`; -1: of what it sees)."""

    minor: int = 0
    pieces: int = 0
    item: int = -1
    off_minor: int = (
        0  # what it would take off then beyond what it does; 0: that depends on the price of what is added
    )


class Taken(NamedTuple):
    """What an offer takes off."""

    minor: int
    by_line: tuple[tuple[int, int], ...]  # (position of the line, minor): every line that carries it
    missing: Missing | None = None


NOTHING = Taken(0, ())


class Sight(NamedTuple):
    """The lines that an offer sees, by position; of a bundle those of each place too."""

    lines: tuple[int, ...]
    items: tuple[tuple[int, ...], ...] = ()


class _Due(NamedTuple):
    minor: int
    weights: dict[int, int]
    missing: Missing | None = None


def taken_off(offer: Offer, lines: Sequence[Line], prices: Sequence[int], sight: Sight) -> Taken:
    """What an offer takes off the lines that it sees at their prices."""
    if not sight.lines:
        return NOTHING
    due = _due(offer, lines, prices, sight)
    minor = _within(offer, due)
    if minor <= 0:
        return Taken(0, (), due.missing)
    missing = None if minor == offer.most_minor else due.missing
    places = sorted(due.weights)
    parts = share_out(minor, [due.weights[place] for place in places])
    carried = tuple((place, part) for place, part in zip(places, parts, strict=True) if due.weights[place])
    return Taken(minor, carried, missing)


def carries_all(deal: Deal) -> bool:
    """Whether every line that an offer sees carries it where it takes something off; others leave lines to later ones."""
    if isinstance(deal, AmountOff):
        return not deal.each_piece
    return isinstance(deal, PercentOff | Threshold | Steps)


def worth_of(offer: Offer, lines: Sequence[Line], prices: Sequence[int], sight: Sight) -> int:
    """The sum alone, before it is spread over lines."""
    return _within(offer, _due(offer, lines, prices, sight)) if sight.lines else 0


def _within(offer: Offer, due: _Due) -> int:
    minor = min(due.minor, sum(due.weights.values()))
    return minor if offer.most_minor == UNLIMITED else min(minor, offer.most_minor)


def _due(offer: Offer, lines: Sequence[Line], prices: Sequence[int], sight: Sight) -> _Due:
    deal = offer.deal
    seen = {place: prices[place] for place in sight.lines}
    if isinstance(deal, PercentOff):
        return _Due(sum(seen.values()) * deal.bps // BPS, seen)
    if isinstance(deal, FixedPrice | AmountOff):
        return _by_piece(deal, lines, seen)
    if isinstance(deal, Threshold | Steps):
        return _by_sum(deal, offer.times_most, seen)
    if isinstance(deal, LastOfGroup):
        return _by_group(deal, offer.times_most, lines, seen)
    return _by_set(deal, offer.times_most, lines, prices, sight)


def _by_piece(deal: FixedPrice | AmountOff, lines: Sequence[Line], seen: dict[int, int]) -> _Due:
    if isinstance(deal, AmountOff) and not deal.each_piece:
        return _Due(deal.minor, seen)
    off = {}
    for place, price in seen.items():
        quantity = lines[place].quantity_milli
        if isinstance(deal, AmountOff):
            off[place] = min(price, deal.minor * (quantity // PIECE))
        else:  # half a smallest unit and more of the price is paid
            off[place] = max(0, price - (2 * deal.minor * quantity + PIECE) // (2 * PIECE)) if quantity else 0
    return _Due(sum(off.values()), off)


def off_for(deal: Threshold | Steps, times_most: int, minor: int) -> int:
    """What is taken off a sum."""
    if isinstance(deal, Steps):
        return max((off for begins, off in deal.steps if begins <= minor), default=0)
    times = minor // deal.spend_minor
    if not deal.repeats:
        times = min(times, 1)
    elif times_most != UNLIMITED:
        times = min(times, times_most)
    return times * deal.off_minor


def _by_sum(deal: Threshold | Steps, times_most: int, seen: dict[int, int]) -> _Due:
    whole = sum(seen.values())
    off = off_for(deal, times_most, whole)
    if isinstance(deal, Steps):
        following = next((begins for begins, _ in deal.steps if begins > whole), None)
    else:
        following = (whole // deal.spend_minor + 1) * deal.spend_minor
    more = 0 if following is None else off_for(deal, times_most, following) - off
    missing = None if following is None or more <= 0 else Missing(minor=following - whole, off_minor=more)
    return _Due(off, seen, missing)


class _Run(NamedTuple):
    """So many pieces of one line at one price."""

    price: int
    place: int
    pieces: int


def _pieces(line: Line) -> int:
    """The pieces of a line. What is weighed has none."""
    pieces, part = divmod(line.quantity_milli, PIECE)
    return 0 if part else pieces


def _runs(place: int, price: int, line: Line) -> list[_Run]:
    """The pieces of a line, the dearest first: what does not divide makes the first ones dearer."""
    pieces = _pieces(line)
    if not pieces:
        return []
    each, dearer = divmod(price, pieces)
    return [_Run(*run) for run in ((each + 1, place, dearer), (each, place, pieces - dearer)) if run[2]]


def _dearest_first(lines: Sequence[Line], seen: dict[int, int]) -> list[_Run]:
    runs = [run for place, price in seen.items() for run in _runs(place, price, lines[place])]
    return sorted(runs, key=lambda run: (-run.price, run.place))


def _by_group(deal: LastOfGroup, times_most: int, lines: Sequence[Line], seen: dict[int, int]) -> _Due:
    kinds: dict[str | int, dict[int, int]] = {}
    for place, price in seen.items():
        sku = lines[place].sku
        kinds.setdefault("" if not deal.alike else place if sku is None else sku, {})[place] = price
    sorts = [_dearest_first(lines, kind) for kind in kinds.values()]
    totals = [sum(run.pieces for run in runs) for runs in sorts]
    groups = [total // deal.pieces for total in totals]
    if times_most != UNLIMITED and sum(groups) > times_most:
        groups = _best_groups(deal, sorts, groups, times_most)
        lacking = []
    else:
        lacking = [deal.pieces - total % deal.pieces for total in totals if total % deal.pieces]
        if sum(groups) == times_most:
            lacking = []
    weights = dict.fromkeys(seen, 0)
    minor = sum(
        _of_groups(deal, runs, count * deal.pieces, weights)
        for runs, count in zip(sorts, groups, strict=True)
    )
    return _Due(minor, weights, Missing(pieces=min(lacking)) if lacking else None)


def _best_groups(
    deal: LastOfGroup, sorts: Sequence[Sequence[_Run]], groups: Sequence[int], most: int
) -> list[int]:
    """How many groups of each sort are taken where not all may be: those that take off most. Of a sort no later one does more."""

    def worth(at: int, group: int) -> int:
        until, before = (_of_groups(deal, sorts[at], count * deal.pieces, {}) for count in (group, group - 1))
        return until - before

    taken = [0] * len(sorts)
    following = [(-worth(at, 1), at) for at, made in enumerate(groups) if made]
    heapify(following)
    for _ in range(most):
        _, at = heappop(following)
        taken[at] += 1
        if taken[at] < groups[at]:
            heappush(following, (-worth(at, taken[at] + 1), at))
    return taken


def _of_groups(deal: LastOfGroup, runs: Sequence[_Run], end: int, weights: dict[int, int]) -> int:
    """What full groups take off; adds what their pieces cost to the weights of lines."""

    def cheaper(before: int) -> int:
        full, part = divmod(before, deal.pieces)
        return full * deal.last + max(0, part - (deal.pieces - deal.last))

    minor = at = 0
    for run in runs:
        until = min(at + run.pieces, end)
        if until <= at:
            break
        weights[run.place] = weights.get(run.place, 0) + run.price * (until - at)
        minor += run.price * deal.off_bps // BPS * (cheaper(until) - cheaper(at))
        at = until
    return minor


def _by_set(
    deal: Bundle, times_most: int, lines: Sequence[Line], prices: Sequence[int], sight: Sight
) -> _Due:
    runs = _dearest_first(lines, {place: prices[place] for place in sight.lines})
    places: dict[int, list[int]] = {}
    for at, item in enumerate(sight.items):
        for place in item:
            places.setdefault(place, []).append(at)
    fits = [places.get(run.place, []) for run in runs]
    most = SETS_MAX if times_most == UNLIMITED else min(times_most, SETS_MAX)
    found: dict[int, dict[int, int] | None] = {0: {}}

    def off(sets: int) -> int | None:
        """What so many sets take off; None: they cannot be made."""
        if sets not in found:
            found[sets] = _matched(runs, fits, [item.pieces * sets for item in deal.items])
        weights = found[sets]
        return None if weights is None else sum(weights.values()) - deal.minor * sets

    def is_made(sets: int) -> bool:
        """Whether one more set than before can be made, and takes something off. Of later ones none does where this does not."""
        now = off(sets)
        return now is not None and now > (off(sets - 1) or 0)

    made, beyond = 0, most + 1
    while beyond - made > 1:
        middle = made + 1 if beyond > most and made < FEW_SETS else (made + beyond) // 2
        made, beyond = (middle, beyond) if is_made(middle) else (made, middle)
    is_short = made < most and off(made + 1) is None
    return _Due(off(made) or 0, found[made] or {}, _short(deal, lines, sight, made) if is_short else None)


def _matched(
    runs: Sequence[_Run], fits: Sequence[Sequence[int]], asked: Sequence[int]
) -> dict[int, int] | None:
    """What the dearest pieces for which there is room cost by line, of which so many are asked at each place; None: there are too
    few.

    Source
        Pieces that can be placed together are a matroid, so that taking the dearest first is best; room is made by augmenting
        paths (Kuhn), along which many alike move at once. Places from which no path led to room are closed: none ever will.
    """
    room = list(asked)
    held: list[dict[int, int]] = [{} for _ in asked]  # by run, how many of its pieces stand at a place

    def put(run: int, pieces: int, tried: set[int]) -> int:
        """Place so many pieces of a run at most: how many were."""
        for item in fits[run]:
            if room[item]:
                moved = min(pieces, room[item])
                room[item] -= moved
                held[item][run] = held[item].get(run, 0) + moved
                return moved
        for item in fits[run]:
            if item in tried:
                continue
            tried.add(item)
            for other, have in held[item].items():
                if have and other != run and (moved := put(other, min(pieces, have), tried)):
                    held[item][other] -= moved
                    held[item][run] = held[item].get(run, 0) + moved
                    return moved
        return 0

    weights: dict[int, int] = {}
    closed: set[int] = set()
    left = sum(asked)
    for at, run in enumerate(runs):
        pieces = 0
        while pieces < run.pieces and left:
            tried = set(closed)
            moved = put(at, min(run.pieces - pieces, left), tried)
            if not moved:
                closed = tried
                break
            pieces += moved
            left -= moved
        if pieces:
            weights[run.place] = weights.get(run.place, 0) + run.price * pieces
        if not left:
            return weights
    return None


def _short(deal: Bundle, lines: Sequence[Line], sight: Sight, sets: int) -> Missing | None:
    """What one more set lacks, where something of it is there and one place alone is short."""
    lacking = []
    begun = False
    for at, (item, places) in enumerate(zip(deal.items, sight.items, strict=True)):
        have = sum(_pieces(lines[place]) for place in places) - item.pieces * sets
        begun |= have > 0
        if have < item.pieces:
            lacking.append(Missing(pieces=item.pieces - have, item=at))
    return lacking[0] if begun and len(lacking) == 1 else None
