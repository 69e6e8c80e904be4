"""The kernel of the back-test compiled: its very source, loaded once more, with the compiled fold in the fold's place.

The machine code is cached beside the source or where NUMBA_CACHE_DIR says. Numba looks only at the file it compiles; the
kernel's machine code holds the fold's too, so the cache's key holds a digest of all their sources.

Almost every function is laid into its caller (forceinline), and arrays are passed without being counted (_nrt=False, which Numba
refuses where something is allocated; nothing here is). Handing a score of arrays from function to function cost more than
what they do: an event took 3.1 microseconds and takes 1.3. See docs/decisions/0072-the-walk-is-one-piece-of-machine-code.md.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
from numba.core.dispatcher import Dispatcher

from jifen.domain import fold
from jifen.insight.backtest import falling, kernel, shapes, sums

_njit: Any = numba.njit  # its types do not know _nrt
# _nrt=False is an option that Numba has and does not document. With it no array is counted when it is handed from function
# to function; without it an event costs 2.4 microseconds instead of 1.3 (measured). Numba refuses it where something is
# allocated, so nothing can leak. tests/backtest/test_compiled_kernel.py fails when Numba drops it: take the word out here
# and below then, and nothing changes but the time.
# no_cpython_wrapper leaves out what Python would call a function by, which costs as much as the function: only compiled code
# may call these.
OPTIONS: dict[str, Any] = {
    "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "no_cpython_wrapper": True, "_nrt": False,
}  # fmt: skip

NEVER = ("carry_out", "carry_in")
"""What no history of a back-test holds: `events` refuses it."""
COLD = ("do_what_is_due", "settle_by", "judge_again", "fall_due")
"""What is large, asked for in many places and seldom: called, and not laid into each of them."""


@lru_cache(maxsize=1)
def compiled_walk() -> Callable[..., int]:
    """`kernel.walk`, compiled on its first call (forty seconds to a minute, once a machine); it holds no lock of Python's."""
    folding = _twin(fold, {}, never=NEVER)
    adding = _twin(sums, {"fold": folding})
    own = _compiled(adding)
    own |= _compiled(_twin(falling, {"fold": folding, **own}))
    walking = _twin(kernel, {"fold": folding, **own})
    compiled: Callable[..., int] = _njit(
        cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True, _nrt=False
    )(walking.bound(_digest()))
    return compiled


def _compiled(module: Any) -> dict[str, Any]:
    return {name: function for name, function in vars(module).items() if isinstance(function, Dispatcher)}


def _twin(source: ModuleType, names: dict[str, Any], *, never: Collection[str] = ()) -> Any:
    """The module once more, with these names bound anew and its own functions compiled on their first call, but for those that
    nothing ever calls: they would be laid into their callers too."""
    name = f"jifen_walked_{source.__name__.rpartition('.')[2]}"
    spec = importlib.util.spec_from_file_location(name, Path(inspect.getfile(source)))
    assert spec is not None, "the kernel is a file"
    assert spec.loader is not None, "the kernel is a file"
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba's cache finds a function's file through its module
    spec.loader.exec_module(module)
    for bound, meaning in names.items():
        setattr(module, bound, meaning)
    for own, function in inspect.getmembers(module, inspect.isfunction):
        if own not in (kernel.bound.__name__, kernel.walk.__name__):
            chosen = _nothing if own in never else function
            options = OPTIONS | {"forceinline": own not in COLD}
            setattr(module, own, _of_plain_numbers(_njit(**options)(chosen)))
    return module


def _nothing(_state: Any, _asked: Any, _numbers: Any, _out: Any) -> None:
    """What never happens."""


def _of_plain_numbers(function: Any) -> Any:
    """The function, compiled once and not again for each constant that a caller names: laid into the caller it is the same."""
    resolve = function.get_call_template
    plain: Any = numba.types.unliteral

    def get_call_template(args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        return resolve(tuple(map(plain, args)), {name: plain(one) for name, one in kws.items()})

    function.get_call_template = get_call_template
    return function


def _digest() -> int:
    sources = b"".join(
        Path(inspect.getfile(one)).read_bytes()
        for one in (fold, sums, falling, kernel, shapes, sys.modules[__name__])
    )
    return int.from_bytes(hashlib.sha256(sources).digest()[:7], "big")
