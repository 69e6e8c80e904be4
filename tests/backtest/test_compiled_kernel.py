"""What the compiled kernel asks of Numba, and that it is what it was compiled from.

That all of it comes to the same on whole lives is held by `test_compare.py` and `test_habits.py`.
"""

from __future__ import annotations

import sys
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.errors import NumbaError

from jifen.domain import fold
from jifen.insight.backtest import kernel
from jifen.insight.backtest.compiled_kernel import OPTIONS, compiled_walk

GONE = (
    "Numba no longer takes _nrt=False as we mean it: take it out of compiled_kernel.OPTIONS and of compiled_walk, measure "
    "again (a walk then takes about twice as long), and say so in a decision that supersedes 0072"
)
_njit: Any = numba.njit


def _sum_of_two(a: Any, b: Any) -> int:
    total = 0
    for i in range(len(a)):
        total += a[i] + b[i]
    return total


def _called(function: Any) -> Any:
    """A function of two that only compiled code may call: the options leave out what Python would call it by."""

    def call(a: Any, b: Any) -> Any:
        return function(a, b)

    return _njit(nogil=True)(call)


def _called_with_five(function: Any) -> Any:
    """The same of a function of five."""

    def call(a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
        return function(a, b, c, d, e)

    return _njit(nogil=True)(call)


def _room(n: int) -> Any:
    return np.zeros(n, dtype=np.int64)


def test_numba_still_knows_the_option_that_it_does_not_document() -> None:
    assert OPTIONS["_nrt"] is False
    try:
        answer = _called(_njit(**OPTIONS)(_sum_of_two))(np.arange(5), np.arange(5))
    except (KeyError, TypeError, NumbaError) as dropped:
        pytest.fail(f"{GONE}: {dropped!r}")
    assert answer == _sum_of_two(range(5), range(5)) == 20


def test_the_option_still_does_what_it_is_used_for() -> None:
    assert _njit(nogil=True)(_room)(3).tolist() == [0, 0, 0]

    try:
        _njit(nogil=True, _nrt=False)(_room)(3)
    except NumbaError:
        return  # what allocates is refused, so nothing is counted
    pytest.fail(GONE)


def test_the_kernel_compiles_with_it_and_gives_the_same_answers() -> None:
    walk: Any = compiled_walk()
    assert walk.targetoptions["_nrt"] is False, GONE
    twin = sys.modules["jifen_walked_kernel"]
    assert twin.drawn_units.targetoptions["_nrt"] is False, GONE
    drawn_units = _called_with_five(twin.drawn_units)
    chance = np.random.default_rng(7)
    for kind in (fold.REDEEM, fold.COMMIT):
        for _ in range(50):
            member = np.zeros(fold.BALANCES + fold.BALANCE_WIDTH, dtype=np.int64)
            member[fold.LOTS], member[fold.HOLDS], member[fold.QUEUE_END] = 3, 2, 3
            lots = np.zeros((3, fold.LOT_WIDTH), dtype=np.int64)
            lots[:, fold.LOT_LEFT] = chance.integers(0, 10**9, 3)
            lots[:, fold.LOT_MATURES] = chance.integers(0, 3, 3)
            holds = np.zeros((2, fold.HOLD_WIDTH), dtype=np.int64)
            holds[:, fold.HOLD_UNITS] = chance.integers(1, 10**9, 2)
            holds[:, fold.HOLD_RESERVATION] = chance.integers(1, 3, 2)
            event = np.zeros(fold.EVENT_WIDTH, dtype=np.int64)
            event[fold.EVENT_KIND], event[fold.EVENT_ORIGIN], event[fold.EVENT_RECORDED_DAY] = kind, 1, 1
            units, of = sorted(chance.integers(1, 10**6, 2).tolist())
            none = _room(0)
            tables: Any = (
                member,
                none,
                lots.reshape(-1),
                np.arange(3),
                none,
                none,
                none,
                holds.reshape(-1),
                none,
            )
            told = (fold.State(*tables), event, 0, units, of)

            assert drawn_units(*told) == kernel.drawn_units(*told)
