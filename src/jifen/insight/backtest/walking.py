"""One side of one bucket, walked: room is made, the kernel is called, what it added up comes back as arrays with axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jifen.domain import fold
from jifen.insight.backtest import kernel, sums
from jifen.insight.backtest.compiled_kernel import compiled_walk
from jifen.insight.backtest.events import Judged, Woven
from jifen.insight.backtest.shapes import (
    Baskets,
    Codes,
    Integers,
    Kept,
    Lives,
    Numbers,
    Period,
    Scratch,
    Tallied,
)

Walk = Callable[..., int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where purchases and lines belong, as codes: 0 is nowhere."""

    stores: tuple[str, ...]
    categories: tuple[str, ...]  # () where grants are not shared out
    store: Codes  # by purchase
    category: Codes  # by line


def nowhere(woven: Woven) -> Places:
    """No stores and no categories: for the books, where only sums by rule are asked for."""
    return Places(
        stores=("",),
        categories=(),
        store=np.zeros(woven.purchases.height, dtype=np.int32),
        category=np.zeros(0, dtype=np.int32),
    )


def walk_bucket(
    woven: Woven,
    judged: Judged,
    numbers: Numbers,
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
    lives = judged.lives
    n_members = woven.n_members
    n_rules = int(numbers.revisions[fold.REVISION_RULES])
    n_currencies = int(numbers.revisions[fold.REVISION_CURRENCIES])
    n_lines = woven.lines.height
    per_member = np.diff(lives.starts)
    most = int(per_member.max(initial=0))
    width = fold.BALANCES + n_currencies * fold.BALANCE_WIDTH
    most_lines = int(np.diff(woven.line_start).max(initial=0))
    lines = woven.lines
    lives = Lives(
        **{name: column if name == "results" else sealed(column) for name, column in lives._asdict().items()}
    )
    baskets = Baskets(
        store=places.store,
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
    numbers = Numbers(*(sealed(column) for column in numbers))
    period = period._replace(
        month_of=sealed(period.month_of), worth=sealed(period.worth), n_categories=len(places.categories)
    )
    held = (judged.lots_room + most + 1) * fold.HOLD_WIDTH
    n_tiers, n_months, n_stores = period.n_tiers, period.n_months, len(places.stores)
    n_categories = max(1, len(places.categories))
    n_kinds = fold.ADVANCE + 1
    wide = sums.GRANTS + 2 * n_currencies
    n_tiers_max = int(numbers.revisions[fold.REVISION_TIERS_MAX])
    scratch = Scratch(
        member=_room(width),
        lots=_room((judged.lots_room + 1) * fold.LOT_WIDTH),
        window=_room((most + 2) * fold.WINDOW_WIDTH),
        history=_room((most * (n_tiers_max + 1) + 3) * fold.HISTORY_WIDTH),
        counters=_room((2 * judged.hits_room + 1) * fold.COUNTER_WIDTH),
        holds=_room(held),
        out=_room(1 + fold.OUT_WIDTH * (2 * judged.lots_room + 2 * n_currencies + 4)),
        gone=_room(judged.lots_room + 1),
        debt=_room(n_currencies),
        line=_room(most_lines),
        size=_room(most_lines),
        rest=_room(most_lines),
        event=_room(fold.EVENT_WIDTH),
        bought_at=_room(n_stores),
        rule_mark=_marks(n_rules),
        capped_mark=_marks(n_rules),
        tier_mark=_marks(n_tiers),
        store_mark=_marks(n_stores),
        category_mark=_marks(n_categories),
        basket_mark=_marks(n_categories),
        asked_mark=_marks(n_kinds * n_currencies),
    )
    shapes = {
        "rules": (n_rules, sums.OF_RULE),
        "rule_months": (n_rules, n_months, 2),
        "tier_months": (n_tiers, n_months, wide),
        "stores": (n_stores, wide),
        "categories": (n_categories, wide),
        "days": (period.end_day - period.first_day + 2, n_currencies, sums.OF_DAY),
        "pairs": (n_rules, n_rules),
        "asked": (n_kinds, n_currencies, sums.OF_ASKED),
        "ended": (n_currencies, 2),
        "moves": (n_tiers, n_tiers),
        "due": (sums.DUE_STEPS, n_currencies),
        "members": (n_members, sums.OF_MEMBER + n_currencies * sums.OF_CURRENCY),
        "member_rules": (n_members, n_rules),
        "judged": (woven.purchases.height,),
        "worths": (woven.purchases.height,),
    }
    flat = Tallied(**{name: np.zeros(int(np.prod(shape)), dtype=np.int64) for name, shape in shapes.items()})
    flat.worths[:] = -1
    slice_room = 16
    while True:
        kept = _kept(judged, n_members, width, n_tiers_max, keeps, slice_room)
        if tells_available:
            kept = kept._replace(available=np.zeros(len(lives.sequence), dtype=np.int64))
        code = (walk or compiled_walk())(
            lives, numbers, baskets, period, scratch, flat, kept,
            int(keeps), int(slices),
        )  # fmt: skip
        if code == kernel.ALL_WELL:
            break
        assert slices, "only slices of gifts can want more room"
        slice_room *= 8
        lives.results[:] = 0
        for column in flat:
            column[:] = 0
    shaped = {name: getattr(flat, name).reshape(shape) for name, shape in shapes.items()}
    assert n_lines == int(woven.line_start[-1]), "every line has its purchase"
    return Tallied(**shaped), kept


def _kept(judged: Judged, n_members: int, width: int, n_tiers: int, keeps: bool, slice_room: int) -> Kept:
    n_events = len(judged.lives.sequence)
    hits = len(judged.lives.hits) // fold.HIT_WIDTH
    sizes = {
        "members": n_members * width,
        "lots": judged.lots_total * fold.LOT_WIDTH,
        "window": n_events * fold.WINDOW_WIDTH,
        "history": (n_members + n_events * (n_tiers + 1)) * fold.HISTORY_WIDTH,
        "counters": 2 * hits * fold.COUNTER_WIDTH,
        "holds": (n_events + judged.lots_total) * fold.HOLD_WIDTH,
        "starts": (n_members + 1) * sums.KEPT_WIDTH,
    }
    rooms = {name: _room(size if keeps else 0) for name, size in sizes.items()}
    return Kept(
        **rooms, slices=_room(slice_room * 3), slice_count=_room(1), available=np.zeros(0, dtype=np.int64)
    )


def sealed(column: Any) -> Any:
    """The array as one that cannot be written: so all that is read has one type, and the kernel is compiled once."""
    array = np.ascontiguousarray(column).view()
    array.flags.writeable = False
    return array


def _room(size: int) -> Integers:
    return np.zeros(max(1, size), dtype=np.int64)


def _marks(size: int) -> Integers:
    return np.full(max(1, size), -1, dtype=np.int64)
