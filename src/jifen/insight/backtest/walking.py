"""One side of one bucket, walked: room is made, the kernel is called, what it added up comes back as arrays with axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jifen.domain import fold, room
from jifen.insight.backtest import kernel, sums
from jifen.insight.backtest.compiled_kernel import compiled_walk
from jifen.insight.backtest.events import Judged, Needs, Woven
from jifen.insight.backtest.shapes import (
    Baskets,
    Codes,
    Due,
    Integers,
    Kept,
    Lives,
    Period,
    Scratch,
    Tallied,
)

Walk = Callable[..., int]
WRITTEN = ("hits", "results")
"""What a walk fills of what it is given: results, and what pools have for the hits of moments."""
MORE_MAX = 8**4
"""So many times the room is too much: then it is no room that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where purchases and lines belong, as codes: 0 is nowhere."""

    stores: tuple[str, ...]
    categories: tuple[str, ...]  # () where grants are not shared out
    store: Codes  # by purchase
    entry: Codes  # by entry: the store
    category: Codes  # by line


def nowhere(woven: Woven) -> Places:
    """No stores and no categories: for the books, where only sums by rule are asked for."""
    return Places(
        stores=("",),
        categories=(),
        store=np.zeros(woven.purchases.height, dtype=np.int32),
        entry=np.zeros(woven.entries.height, dtype=np.int32),
        category=np.zeros(0, dtype=np.int32),
    )


def walk_bucket(
    woven: Woven,
    judged: Judged,
    numbers: fold.Numbers,
    period: Period,
    places: Places,
    *,
    keeps: bool = False,
    slices: bool = False,
    tells_available: bool = False,
    walk: Walk | None = None,
) -> tuple[Tallied, Kept]:
    """What the kernel made of a bucket.

    Shape
        tallied   each table with its axes
        kept      what is left of each member where `keeps`; the slices of gifts given where `slices`; by event what could be
                  redeemed where `tells_available`
    """
    lines = woven.lines
    assert lines.height == int(woven.line_start[-1]), "every line has its purchase"
    lives = Lives(
        **{
            name: column if name in WRITTEN else sealed(column)
            for name, column in judged.lives._asdict().items()
        }
    )
    baskets = Baskets(
        store=places.store,
        entry_store=places.entry,
        line_start=woven.line_start,
        line_amount=lines.get_column("amount_minor").to_numpy(),
        line_quantity=lines.get_column("quantity_milli").to_numpy(),
        line_category=places.category,
        words=judged.seen.words.reshape(-1),
        back_start=woven.backs.start,
        back_line=woven.backs.line,
        back_quantity=woven.backs.quantity,
        back_amount=woven.backs.amount,
    )
    baskets = Baskets(*(sealed(column) for column in baskets))
    due = Due(
        *(
            sealed(part) if isinstance(part, np.ndarray) and name != "granted" else part
            for name, part in judged.due._asdict().items()
        )
    )
    numbers = fold.Numbers(*(sealed(column) for column in numbers))
    period = period._replace(
        month_of=sealed(period.month_of), worth=sealed(period.worth), n_rules=_n_rules(numbers),
        n_categories=len(places.categories),
    )  # fmt: skip
    shapes = _shapes(woven, numbers, period, places)
    flat = Tallied(**{name: np.zeros(int(np.prod(shape)), dtype=np.int64) for name, shape in shapes.items()})
    flat.worths[:] = -1
    more, slice_rows = 1, 16
    while True:
        rooms = _Rooms(woven, judged.needs, numbers, more)
        kept = rooms.kept(len(judged.lives.hits) // fold.HIT_WIDTH if keeps else None, slice_rows)
        if tells_available:
            kept = kept._replace(available=np.zeros(len(lives.sequence), dtype=np.int64))
        code = (walk or compiled_walk())(
            lives, numbers, baskets, period, due, rooms.scratch(period, places), flat, kept,
            int(keeps), int(slices),
        )  # fmt: skip
        if code == kernel.ALL_WELL:
            break
        # How many slices gifts have, and what reversals can open, nobody knows before.
        if code == kernel.NO_ROOM:
            assert slices, "only slices of gifts can want more room"
            slice_rows *= 8
        else:
            more *= 8
            assert rooms.n_undone or judged.needs.made, "the fold found no room or no lot"
            assert more <= MORE_MAX, "the fold found no lot"
        lives.results[:] = 0
        due.granted[:] = 0
        for column in flat:
            column[:] = 0
        flat.worths[:] = -1
    return Tallied(**{name: getattr(flat, name).reshape(shape) for name, shape in shapes.items()}), kept


def _shapes(
    woven: Woven, numbers: fold.Numbers, period: Period, places: Places
) -> dict[str, tuple[int, ...]]:
    """The axes of what is added up."""
    n_currencies = int(numbers.revisions[fold.REVISION_CURRENCIES])
    n_rules, n_tiers, n_months = period.n_rules, period.n_tiers, period.n_months
    wide = sums.GRANTS + 2 * n_currencies
    return {
        "rules": (n_rules, sums.OF_RULE),
        "rule_months": (n_rules, n_months, 2),
        "tier_months": (n_tiers, n_months, wide),
        "stores": (len(places.stores), wide),
        "categories": (max(1, len(places.categories)), wide),
        "days": (period.end_day - period.first_day + 2, n_currencies, sums.OF_DAY),
        "pairs": (n_rules, n_rules),
        "asked": (fold.KINDS, n_currencies, sums.OF_ASKED),
        "ended": (n_currencies, 2),
        "moves": (n_tiers, n_tiers),
        "due": (sums.DUE_STEPS, n_currencies),
        "members": (woven.n_members, sums.OF_MEMBER + n_currencies * sums.OF_CURRENCY),
        "member_rules": (woven.n_members, n_rules),
        "judged": (woven.purchases.height,),
        "worths": (woven.purchases.height,),
    }


class _Rooms:
    """Room for a walk: that of `domain/room.py` for the member who needs most, and so many times more for what has no bound."""

    def __init__(self, woven: Woven, needs: Needs, numbers: fold.Numbers, more: int) -> None:
        self.woven, self.more, self.needs = woven, more, needs
        self.n_currencies = int(numbers.revisions[fold.REVISION_CURRENCIES])
        self.n_ladders = int(numbers.revisions[fold.REVISION_LADDERS])
        n_terms = int(numbers.revisions[fold.REVISION_TERMS])
        ladders = np.asarray(numbers.ladders).reshape(-1, fold.LADDER_WIDTH)
        self.n_tiers = int((ladders[:, fold.LADDER_TIERS_END] - ladders[:, fold.LADDER_TIERS]).max())
        rules = np.asarray(numbers.rules).reshape(-1, fold.RULE_WIDTH)
        self.n_limits = int((rules[:, fold.RULE_LIMITS_END] - rules[:, fold.RULE_LIMITS]).max())
        self.most = int(np.diff(woven.starts).max(initial=0)) + needs.made  # events of a member
        self.width = fold.BALANCES + self.n_currencies * fold.BALANCE_WIDTH
        self.days_width = fold.DAYS_COUNTED + self.n_ladders
        self.n_undone = int(woven.undo_of.max(initial=-1)) + 1
        # What a reversal opens: a lot of its own for each that paid.
        self.lots = needs.lots * more + self.n_undone
        self.size = room.Size(
            lots=self.lots, holds=needs.held * more, hits=needs.hits_of_one, legs=needs.legs_of_one,
            moves=self.lots if self.n_undone else 0, currencies=self.n_currencies, terms=n_terms,
        )  # fmt: skip

    def scratch(self, period: Period, places: Places) -> Scratch:
        """Room for one member and one event."""
        most_lines = int(np.diff(self.woven.line_start).max(initial=0))
        n_stores, n_categories = len(places.stores), max(1, len(places.categories))
        state = fold.State(
            _room(self.width),
            _room(self.n_ladders * fold.STANDS_WIDTH),
            _room(self.lots * fold.LOT_WIDTH),
            _room(self.lots + 1),
            _room((self.most + 2) * self.days_width),
            _room(room.tiers_held(2 * self.most, self.n_tiers, self.n_ladders) * fold.HISTORY_WIDTH),
            _room(
                (self.n_limits * self.needs.hits + self.needs.made + self.needs.moments + 1)
                * fold.COUNTER_WIDTH
            ),
            _room(room.holds(self.size) * fold.HOLD_WIDTH),
            _room(room.past(self.most, self.n_ladders)),
        )
        out = fold.Out(
            _room(1 + fold.POST_WIDTH * room.postings(self.size)),
            _room(1 + fold.MOVE_WIDTH * room.movements(self.size)),
            _room(fold.ISSUES),
            _room(1),  # nobody is merged in a back-test
        )
        return Scratch(
            state=state,
            out=out,
            debt=_room(self.n_currencies),
            line=_room(most_lines),
            size=_room(most_lines),
            rest=_room(most_lines),
            event=_room(fold.EVENT_WIDTH),
            leg=_room(fold.LEG_WIDTH),
            undone=_room(room.movements(self.size) * fold.MOVE_WIDTH if self.n_undone else 0),
            undone_at=_room(2 * self.n_undone),
            bought_at=_room(n_stores),
            rule_mark=_marks(period.n_rules),
            capped_mark=_marks(period.n_rules),
            tier_mark=_marks(period.n_tiers),
            store_mark=_marks(n_stores),
            category_mark=_marks(n_categories),
            basket_mark=_marks(n_categories),
            asked_mark=_marks(fold.KINDS * self.n_currencies),
        )

    def kept(self, hits: int | None, slice_rows: int) -> Kept:
        """Room for what is left of each member, of so many hits; None: nothing is kept of him."""
        n_members, n_events = self.woven.n_members, len(self.woven.sequence)
        lots_all = self.needs.lots_all * self.more + self.n_undone
        sizes = {
            "members": n_members * self.width,
            "ladders": n_members * self.n_ladders * fold.STANDS_WIDTH,
            "lots": lots_all * fold.LOT_WIDTH,
            "lot_starts": n_members + 1,
            "days": n_events * self.days_width,
            "history": room.tiers_held(n_members + 2 * n_events, self.n_tiers, self.n_ladders)
            * fold.HISTORY_WIDTH,
            "counters": (self.n_limits * (hits or 0) + n_events) * fold.COUNTER_WIDTH,
            "holds": self.needs.held_all * self.more * fold.HOLD_WIDTH,
            "starts": (n_members + 1) * fold.KEPT_WIDTH,
            "ways": n_members * sums.WAYS,
        }
        rooms = {name: _room(0 if hits is None else size) for name, size in sizes.items()}
        slices = _room(slice_rows * sums.SLICE_WIDTH)
        return Kept(**rooms, slices=slices, slice_count=_room(1), available=np.zeros(0, dtype=np.int64))


def _n_rules(numbers: fold.Numbers) -> int:
    """One more than the highest number of a rule."""
    return 1 + max(numbers.rules[fold.RULE_NUMBER :: fold.RULE_WIDTH])


def sealed(column: Any) -> Any:
    """The array as one that cannot be written: so all that is read has one type, and the kernel is compiled once."""
    array = np.ascontiguousarray(column).view()
    array.flags.writeable = False
    return array


def _room(size: int) -> Any:
    return np.zeros(max(1, size), dtype=np.int64)


def _marks(size: int) -> Integers:
    return np.full(max(1, size), -1, dtype=np.int64)
