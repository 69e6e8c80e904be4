"""The fold compiled: the very source of `domain/fold.py`, loaded once more under another name and given to Numba.

The functions find each other through their module's names, so each name is rebound to its compiled twin. The machine code
is cached beside the source, or where NUMBA_CACHE_DIR says; a change of the source makes it anew (less than a minute).
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba

from jifen.domain import fold

_NAME = "jifen_compiled_fold"
_njit: Any = numba.njit  # its types do not know all of its options
OWN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Of the functions that only `walk` calls: without what Python would call them by, and kept within `walk` in the cache."""


@lru_cache(maxsize=1)
def compiled_fold() -> ModuleType:
    """A twin of `jifen.domain.fold` whose functions are compiled on their first call."""
    path = Path(inspect.getfile(fold))
    spec = importlib.util.spec_from_file_location(_NAME, path)
    assert spec is not None, "the fold is a file"
    assert spec.loader is not None, "the fold is a file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module  # Numba's cache finds a function's file through its module
    spec.loader.exec_module(module)
    for name, function in inspect.getmembers(module, inspect.isfunction):
        options = {"cache": True} if name == fold.walk.__name__ else OWN
        setattr(module, name, _njit(**options)(function))
    return module


def walk(*tables: Any) -> Any:
    """`fold.walk`, compiled."""
    return compiled_fold().walk(*tables)
