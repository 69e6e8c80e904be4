"""The kernel of the back-test compiled: its very source, loaded once more, with the compiled fold in the fold's place.

The machine code is cached beside the source or where NUMBA_CACHE_DIR says. Numba looks only at the file it compiles; the
kernel's machine code holds the fold's too, so the cache's key holds a digest of both sources.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba

from jifen.domain import fold
from jifen.insight.backtest import kernel, shapes
from jifen.insight.compiled_fold import compiled_fold

_NAME = "jifen_compiled_kernel"


@lru_cache(maxsize=1)
def compiled_walk() -> Callable[..., int]:
    """`kernel.walk`, compiled on its first call (about half a minute, once a machine); it holds no lock of Python's."""
    path = Path(inspect.getfile(kernel))
    spec = importlib.util.spec_from_file_location(_NAME, path)
    assert spec is not None, "the kernel is a file"
    assert spec.loader is not None, "the kernel is a file"
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module  # Numba's cache finds a function's file through its module
    spec.loader.exec_module(module)
    module.fold = compiled_fold()
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if name != kernel.bound.__name__:
            setattr(module, name, numba.njit(nogil=True)(function))
    compiled: Callable[..., int] = numba.njit(cache=True, nogil=True)(module.bound(_digest()))
    return compiled


def _digest() -> int:
    sources = b"".join(Path(inspect.getfile(one)).read_bytes() for one in (fold, kernel, shapes))
    return int.from_bytes(hashlib.sha256(sources).digest()[:7], "big")
