"""The price of a basket: the best lawful combination of offers.

**Lawful.** Offers are used in one order (`in_order`: their classes as the document has them, then the offers as it has them), at
the prices that those before have left. A line that carries an offer is not seen by a later one whose class does not stand with
it. What is exclusive is used alone. What takes nothing off is not used.

**Best.** The lowest sum to pay; among equals the fewest offers, then those that stand earlier.

**Exact** for up to eight offers that meet in lines, however they stand together, and for most larger baskets: what an offer takes
off now is never less than what it takes off after others, so that most combinations need no look. Beyond that the search ends
after so many looks (`LOOKS_MAX`, fewer beyond a hundred lines), keeps the best that it has seen, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from jifen.domain.deals import Missing, Sight, Taken, carries_all, taken_off, worth_of
from jifen.domain.program.offers import Offer
from jifen.domain.purchase import Line

FEW = 8
LOOKS_ALWAYS = 256
"""So many looks each group of offers that meet has at least: the few have 255 combinations."""
LOOKS_MAX = 600
"""So many all groups have together, where that is more."""
LINES_FULL = 100
"""Larger baskets have fewer looks, each of which sees more."""
ROUNDS = 3


class Candidate(NamedTuple):
    """An offer that is open to a basket, and the lines that it sees. `right` is what using it uses up, such as a coupon."""

    offer: Offer
    sight: Sight
    right: str = ""


class Unused(StrEnum):
    """Why an offer that is open is not used."""

    SEES_NOTHING = "sees_nothing"  # no line is of what it is for
    NOT_REACHED = "not_reached"  # a sum or pieces are missing
    TAKES_NOTHING_OFF = "takes_nothing_off"  # what costs less already
    STANDS_APART = "stands_apart"  # its lines carry offers that it does not stand with
    WORSE = "worse"  # with it, more would be paid


class Used(NamedTuple):
    """An offer that is used, by its place among the candidates."""

    candidate: int
    taken: Taken


class Left(NamedTuple):
    """An offer that is not used, why, beside which it does not stand (candidates), and what its next discount asks for."""

    candidate: int
    why: Unused
    beside: tuple[int, ...] = ()
    missing: Missing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A basket with what is taken off. `prices` is what is paid for each line, in their order."""

    prices: tuple[int, ...]
    used: tuple[Used, ...]
    left: tuple[Left, ...]
    is_exact: bool

    @property
    def minor(self) -> int:
        """What is paid."""
        return sum(self.prices)


def in_order(offers: Sequence[Offer], classes: Sequence[str]) -> tuple[Offer, ...]:
    """Offers in the order in which they are used: those without a class, then class by class."""
    rank = {code: at for at, code in enumerate(("", *classes))}
    return tuple(sorted(offers, key=lambda offer: rank[offer.stands.code]))


def price_basket(lines: Sequence[Line], candidates: Sequence[Candidate]) -> Priced:
    """The best lawful combination of offers, which stand in the order of their use, for lines at shelf prices."""
    board = _Board(lines, candidates)
    together = [at for at, one in enumerate(candidates) if not one.offer.is_exclusive and board.alone[at] > 0]
    groups = list(board.meeting(together))
    best = _NOTHING
    is_exact = True
    looks = max(LOOKS_ALWAYS, LOOKS_MAX // max(1, len(groups))) * LINES_FULL // max(LINES_FULL, len(lines))
    for group in groups:
        search = _Search(board, group, looks)
        search.run()
        best = best.joined(search.best)
        is_exact &= search.is_exact
    for at, one in enumerate(candidates):
        if one.offer.is_exclusive and board.alone[at] > 0:
            best = min(best, _Found(-board.alone[at], 1, (at,)))
    return _told(board, best.chosen, is_exact=is_exact)


class _Found(NamedTuple):
    """A combination; the smaller is the better."""

    owed: int  # what it takes off, below zero
    offers: int
    chosen: tuple[int, ...]

    def joined(self, other: _Found) -> _Found:
        """Both, which do not meet."""
        return _Found(
            self.owed + other.owed, self.offers + other.offers, tuple(sorted((*self.chosen, *other.chosen)))
        )


_NOTHING = _Found(0, 0, ())


class _Board:
    """The lines, the candidates, and which classes do not stand together."""

    def __init__(self, lines: Sequence[Line], candidates: Sequence[Candidate]) -> None:
        self.lines, self.candidates = lines, candidates
        codes = {code: at for at, code in enumerate({one.offer.stands.code: None for one in candidates})}
        self.own = [1 << codes[one.offer.stands.code] for one in candidates]
        apart = {(one.offer.stands.code, other) for one in candidates for other in one.offer.stands.not_with}
        apart |= {(other, one) for one, other in apart}
        apart |= {
            (one.offer.stands.code, one.offer.stands.code) for one in candidates if one.offer.stands.is_one
        }
        self.apart = [
            sum(1 << bit for code, bit in codes.items() if (one.offer.stands.code, code) in apart)
            for one in candidates
        ]
        shelf, free = [line.amount_minor for line in lines], [0] * len(lines)
        self.first = [self.taken(at, shelf, free) for at in range(len(candidates))]
        self.alone = [taken.minor for taken in self.first]

    def sight(self, at: int, carried: Sequence[int]) -> Sight:
        """What a candidate sees of lines that carry offers of some classes."""
        seen, apart = self.candidates[at].sight, self.apart[at]
        if not any(carried[place] & apart for place in seen.lines):
            return seen
        items = tuple(tuple(place for place in item if not carried[place] & apart) for item in seen.items)
        return Sight(tuple(place for place in seen.lines if not carried[place] & apart), items)

    def taken(self, at: int, prices: Sequence[int], carried: Sequence[int]) -> Taken:
        """What a candidate takes off."""
        return taken_off(self.candidates[at].offer, self.lines, prices, self.sight(at, carried))

    def worth(self, at: int, prices: Sequence[int], carried: Sequence[int]) -> int:
        """How much that is."""
        return worth_of(self.candidates[at].offer, self.lines, prices, self.sight(at, carried))

    def use(self, at: int, taken: Taken, prices: list[int], carried: list[int]) -> None:
        """Take it off."""
        for place, minor in taken.by_line:
            prices[place] -= minor
            carried[place] |= self.own[at]

    def meeting(self, chosen: Sequence[int]) -> Iterator[list[int]]:
        """Candidates in groups of which no two see a line together."""
        group_of: dict[int, int] = {}
        groups: dict[int, list[int]] = {}
        for at in chosen:
            met = {group_of[place] for place in self.candidates[at].sight.lines if place in group_of}
            members = sorted([at, *(one for group in met for one in groups.pop(group))])
            groups[at] = members
            for one in members:
                group_of.update(dict.fromkeys(self.candidates[one].sight.lines, at))
        yield from groups.values()


class _Search:
    """Every combination of a group that could be better. A node is the offers used so far; its branches are what is used next."""

    def __init__(self, board: _Board, group: Sequence[int], looks: int) -> None:
        self.board, self.group, self.looks = board, group, looks
        self.steps = looks  # of the climb
        self.best = _NOTHING
        self.is_exact = True

    def run(self) -> None:
        """Look; among many, a good combination first, beside which most others need no look."""
        if len(self.group) > FEW:
            self._climb()
        lines = self.board.lines
        self._from(self.group, [line.amount_minor for line in lines], [0] * len(lines), _NOTHING)

    def _climb(self) -> None:
        """Take in what makes it better, from what takes off most alone; then change one at a time, a few times around."""
        for at in sorted(self.group, key=lambda at: (-self.board.alone[at], at)):
            self.best = min(self.best, self._with(at))
        for _ in range(ROUNDS):
            before = self.best
            for at in self.group:
                self.best = min(self.best, self._with(at))
            if self.best == before or self.steps < 0:
                return

    def _with(self, changed: int) -> _Found:
        """The best so far with one offer more, or without it."""
        chosen = {changed}.symmetric_difference(self.best.chosen)
        self.steps -= len(chosen)
        if self.steps < 0:
            return _NOTHING
        prices, carried = [line.amount_minor for line in self.board.lines], [0] * len(self.board.lines)
        found = _NOTHING
        for at in sorted(chosen):
            taken = self.board.taken(at, prices, carried)
            if taken.minor > 0:
                self.board.use(at, taken, prices, carried)
                found = found.joined(_Found(-taken.minor, 1, (at,)))
        return found

    def _from(self, rest: Sequence[int], prices: list[int], carried: list[int], found: _Found) -> None:
        self.best = min(self.best, found)
        if not rest:
            return
        if self.looks < len(rest):
            self.is_exact = False
            return
        self.looks -= len(rest)
        takes = [(at, minor) for at in rest if (minor := self.board.worth(at, prices, carried)) > 0]
        following = [at for at, _ in takes]
        for place, most in self._most(takes):
            if not self._could_be_better(found, most):
                return
            at, minor = takes[place]
            left, carry = list(prices), list(carried)
            self.board.use(at, self.board.taken(at, prices, carried), left, carry)
            used = _Found(found.owed - minor, found.offers + 1, (*found.chosen, at))
            self._from(following[place + 1 :], left, carry, used)

    def _most(self, takes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """From each place on, what those that come take off at most: now, each of them. Of those that carry all of the same
        lines, of which a line carries one, the most of one."""
        most: dict[object, int] = {}
        sums = []
        for place in range(len(takes) - 1, -1, -1):
            at, minor = takes[place]
            offer, seen = self.board.candidates[at].offer, self.board.candidates[at].sight.lines
            is_alone = offer.stands.is_one and carries_all(offer.deal)
            key: object = (offer.stands.code, seen) if is_alone else at
            most[key] = max(most.get(key, 0), minor)
            sums.append((place, sum(most.values())))
        return sums[::-1]

    def _could_be_better(self, found: _Found, most: int) -> bool:
        owed = found.owed - most
        return owed < self.best.owed or (owed == self.best.owed and found.offers < self.best.offers)


def _told(board: _Board, chosen: Sequence[int], *, is_exact: bool) -> Priced:
    """The combination once more, with what is said of each offer that it does not use."""
    prices, carried = [line.amount_minor for line in board.lines], [0] * len(board.lines)
    used: list[Used] = []
    left: list[Left] = []
    for at, one in enumerate(board.candidates):
        if at in chosen:
            taken = board.taken(at, prices, carried)
            board.use(at, taken, prices, carried)
            used.append(Used(at, taken))
        else:
            left.append(_left(board, at, one, prices, carried, chosen))
    return Priced(prices=tuple(prices), used=tuple(used), left=tuple(left), is_exact=is_exact)


def _left(
    board: _Board,
    at: int,
    one: Candidate,
    prices: Sequence[int],
    carried: Sequence[int],
    chosen: Sequence[int],
) -> Left:
    if not one.sight.lines:
        return Left(at, Unused.SEES_NOTHING, missing=board.first[at].missing)
    alone = [
        other for other in chosen if one.offer.is_exclusive or board.candidates[other].offer.is_exclusive
    ]
    if alone and board.alone[at] > 0:
        return Left(at, Unused.STANDS_APART, tuple(alone))
    beside = tuple(
        other
        for other in chosen
        if board.own[other] & board.apart[at]
        and not set(one.sight.lines).isdisjoint(board.candidates[other].sight.lines)
    )
    taken = board.taken(at, prices, carried)
    if taken.minor > 0:
        return Left(at, Unused.WORSE, beside)
    if board.alone[at] > 0 and beside:
        return Left(at, Unused.STANDS_APART, beside)
    if board.first[at].missing is not None:
        # What is missing is said only where reaching it takes nothing from what is used.
        missing = None if alone or beside else taken.missing
        return Left(at, Unused.NOT_REACHED, missing=missing)
    return Left(at, Unused.TAKES_NOTHING_OFF)
