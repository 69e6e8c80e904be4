"""The one dresser of events: what happened, as the integers that the fold reads (`fold.Asked`).

The till dresses one event, replay a whole journal; both come here. `insight/event_columns.py` is the twin for columns, and a
property test holds both to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from jifen.domain import fold, verbs
from jifen.domain.calendar import epoch_micros, shown_at
from jifen.domain.program.meaning import Exchange
from jifen.domain.timeline import Timeline


class Leg(NamedTuple):
    """What is asked of lots, in the columns of `fold.LEG_WIDTH`."""

    verb: int
    currency: int = 0
    terms: int = -1  # of what is brought; -1: the currency's own
    lot: int = 0  # to take from; 0: any
    units: int = 0
    reservation: int = 0
    expires: int = -1  # -1: as its terms have it on the day
    matures: int = -1  # -1: at once
    lapses_at: int = 0
    lapses_day: int = 0


LEG_KEPT_WIDTH = 4


def legs_kept(legs: Iterable[Leg]) -> list[int]:
    """What the journal keeps of the legs of a purchase: of each the verb, the currency, the units, and the lot to take from,
    or the reservation that is spent."""
    return [n for leg in legs for n in (leg.verb, leg.currency, leg.units, leg.lot or leg.reservation)]


def legs_told(kept: Sequence[int]) -> list[Leg]:
    """The legs again."""
    legs = []
    for at in range(0, len(kept), LEG_KEPT_WIDTH):
        verb, currency, units, which = kept[at : at + LEG_KEPT_WIDTH]
        if verb == fold.SPEND_HELD:
            assert currency == units == 0, "a reservation knows its currency and its units"
            legs.append(Leg(verb, reservation=which))
        else:
            legs.append(Leg(verb, currency, units=units, lot=which))
    return legs


class Slice(NamedTuple):
    """Units that open a lot with a day of expiry of their own: of a gift as at the giver, of an opening as in another system."""

    terms: int
    expires_day: int
    units: int


SLICE_KEPT_WIDTH = len(Slice._fields)
SLICES_MAX = 1_000
"""Of one opening: each is a lot and a posting of one entry."""


class Script:
    """Events with all that they bring, being written: one for a till, all of some lives for a replay."""

    __slots__ = (
        "_dates_at",
        "carried",
        "dates",
        "events",
        "hits",
        "legs",
        "moves",
        "results",
        "timeline",
    )  # fmt: skip

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.events: list[int] = []
        self.hits: list[int] = []
        self.results: list[int] = []
        self.dates: list[int] = []
        self.legs: list[int] = []
        self.moves: list[int] = []
        self.carried: list[int] = []
        self._dates_at: dict[tuple[int, date], int] = {}

    @property
    def asked(self) -> fold.Asked:
        """The one event of this script, as the fold takes it."""
        return fold.Asked(
            self.events, self.hits, self.results, self.dates, self.legs, self.moves, self.carried
        )

    def seen(
        self,
        hits: Iterable[tuple[int, int, int]],
        *,
        granted: Sequence[int] = (),
        returned: Sequence[int] = (),
        forgiven: Sequence[int] = (),
        lots: Sequence[int] = (),
        rooms: Mapping[int, int] = MappingProxyType({}),
    ) -> int:
        """Put down the hits (position of the rule, amount, quantity) of an occasion; return their first row.

        `rooms` tells by a rule's position what its pool has for this occasion, where it has one.

        Of a purchase that is long past they come with what was granted, the weight that has come back and what was forgiven;
        of one that another member made with the lot that each opened, as it is numbered here (0: it granted nothing).
        """
        first = len(self.hits) // fold.HIT_WIDTH
        if not granted:
            for hit in hits:
                self.hits += hit
                self.hits.append(fold.NO_POOL)
            for at in range(first * fold.HIT_WIDTH, len(self.hits) if rooms else 0, fold.HIT_WIDTH):
                if self.hits[at] in rooms:
                    self.hits[at + fold.HIT_ROOM] = fold.room_told(rooms[self.hits[at]])
            self.results += [0] * ((len(self.hits) // fold.HIT_WIDTH - first) * fold.RESULT_WIDTH)
            return first
        for at, (rule, amount, quantity) in enumerate(hits):
            self.hits += (rule, amount, quantity, lots[at] if lots else -1)
            self.results += (0, granted[at], fold.ALL, returned[at], forgiven[at])
        return first

    def back(self, hits: Iterable[tuple[int, int, int]], *, of: int) -> int:
        """Put down what of the hits from row `of` on came back; return the first row."""
        first = len(self.hits) // fold.HIT_WIDTH
        for at, (rule, amount, quantity) in enumerate(hits):
            self.hits += (rule, amount, quantity, of + at)
            self.results += (0, 0, 0, 0, 0)
        return first

    def add(  # noqa: PLR0913
        self,
        kind: int,
        *,
        row: int,
        occurred_at: datetime,
        recorded_at: datetime,
        amount: int = 0,
        origin: int = 0,
        undoes: int = -1,
        value: int = 0,
        hits: int | None = None,
        legs: Iterable[Leg] = (),
        moves: Sequence[int] = (),
        is_whole: bool = False,
        previous_day: int = -1,
        carried: Sequence[int] = (),
    ) -> None:
        """Put down an event; its hits are those from row `hits` on."""
        zone = self.timeline.time_zone
        occurred = recorded = epoch_micros(occurred_at)
        on = recorded_on = shown_at(occurred // 1_000_000, zone)
        if recorded_at is not occurred_at:
            recorded = epoch_micros(recorded_at)
            recorded_on = shown_at(recorded // 1_000_000, zone)
        rows = len(self.hits) // fold.HIT_WIDTH
        first_leg = len(self.legs) // fold.LEG_WIDTH
        first_move = len(self.moves) // fold.MOVE_WIDTH
        for leg in legs:
            assert leg.verb in verbs.KINDS[kind].legs, "a kind brings its own legs"
            self.legs += leg
        self.moves += moves
        first_carried = len(self.carried)
        self.carried += carried
        self.events += (
            kind, row,
            on.day, occurred, recorded_on.day, recorded, on.month, amount, origin, undoes, value,
            rows if hits is None else hits, rows,
            first_leg, len(self.legs) // fold.LEG_WIDTH,
            first_move, len(self.moves) // fold.MOVE_WIDTH,
            self._dates(row, on.date), int(is_whole), previous_day, first_carried,
        )  # fmt: skip

    def add_exchange(self, *, row: int, at: datetime, number: int, times: int) -> None:
        """Put down an exchange that a revision has, as often as it was made."""
        exchanges = {one.number: one for one in self.timeline.programs[row].exchanges}
        assert number in exchanges, "the entry names an exchange that its revision does not have"
        legs = legs_of_exchange(exchanges[number], times)
        self.add(fold.EXCHANGE, row=row, occurred_at=at, recorded_at=at, value=number, legs=legs)

    def _dates(self, row: int, on: date) -> int:
        at = self._dates_at.get((row, on))
        if at is None:
            at = self._dates_at[row, on] = len(self.dates)
            self.dates += self.timeline.dates(row, on)
        return at


class Drawn(Protocol):
    """What is read of a lot that was drawn from."""

    @property
    def number(self) -> int: ...
    @property
    def expires_day(self) -> int: ...


def slices_given(moves: Sequence[int], lots: Iterable[Drawn]) -> tuple[Slice, ...]:
    """What a gift is made of, first to expire first: its own movements say from which lots it came."""
    expires = {lot.number: lot.expires_day for lot in lots}
    slices: dict[tuple[int, int], int] = {}
    for at in range(0, len(moves), fold.MOVE_WIDTH):
        terms, lot, way, units = moves[at : at + fold.MOVE_WIDTH]
        if way == fold.W_SPENT:
            key = (expires[lot], terms)
            slices[key] = slices.get(key, 0) + units
    return tuple(Slice(terms, day, units) for (day, terms), units in sorted(slices.items()))


_OWN_WAYS = (fold.W_SPENT, fold.W_COMMITTED, fold.W_OPENED, fold.W_OWED)


def moves_undone(kind: int, moves: Sequence[int], units: int) -> list[int]:
    """Of an entry's movements those that a reversal undoes, up to so many units: its own, and not what time did in it. Of an
    exchange, whose units are how often it was made, all."""
    undone: list[int] = []
    left = sum(moves[fold.MOVE_UNITS :: fold.MOVE_WIDTH]) if kind == fold.EXCHANGE else units
    for at in range(0, len(moves), fold.MOVE_WIDTH):
        terms, lot, way, moved = moves[at : at + fold.MOVE_WIDTH]
        if way in _OWN_WAYS and left > 0:
            undone += (terms, lot, way, min(moved, left))
            left -= min(moved, left)
    return undone


EXCHANGES_AT_ONCE = 10_000
"""So often at most one entry makes an exchange: what it gives then stays far below 2^62."""


_MOVED_AT_ONCE = 10**16


def times_at_most(exchange: Exchange) -> int:
    """How often at most one entry makes an exchange that nobody asks for: as often as there is for, where a balance is large and
    it takes little."""
    most = max(exchange.units, *(one.units for one in exchange.gives))
    return max(EXCHANGES_AT_ONCE, _MOVED_AT_ONCE // most)


def legs_of_exchange(exchange: Exchange, times: int) -> list[Leg]:
    """What an exchange takes and gives, so often."""
    taken = Leg(fold.EXCHANGED_OUT, exchange.currency, units=exchange.units * times)
    return [
        taken,
        *(
            Leg(fold.EXCHANGED_IN, one.currency, terms=one.terms, units=one.units * times)
            for one in exchange.gives
        ),
    ]


def legs_of(
    kind: int,
    *,
    zone: str,
    currency: int,
    units: int,
    origin: int = 0,
    lapses_at: datetime | None = None,
    slices: Iterable[Slice] = (),
) -> list[Leg]:
    """The legs of an entry that has one: as a till asks for them, and as the journal keeps them."""
    if kind in (fold.COMMIT, fold.RELEASE):
        return [Leg(verbs.KINDS[kind].legs[0], reservation=origin)]
    if verbs.KINDS[kind].name in verbs.SLICED:
        return [
            Leg(
                verbs.KINDS[kind].legs[0], currency, terms=one.terms, units=one.units, expires=one.expires_day
            )
            for one in slices
        ]
    if kind == fold.RESERVE:
        assert lapses_at is not None, "a reservation lapses"
        at = epoch_micros(lapses_at)
        day = shown_at(at // 1_000_000, zone).day
        return [Leg(fold.HOLD, currency, units=units, lapses_at=at, lapses_day=day)]
    assert kind != fold.EXCHANGE, "what an exchange takes and gives is its revision's (`legs_of_exchange`)"
    own = verbs.KINDS[kind].legs
    return [Leg(own[0], currency, units=units)] if own and kind != fold.PURCHASE else []
