"""Figures that were counted a moment ago: whoever asks for them again within half a minute is told the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from fastapi import FastAPI, Request

FRESH_SECONDS: Final = 30.0
KEPT_MAX: Final = 200
T = TypeVar("T")


class _Counted:
    """By what was asked. One count at a time: it takes one connection from the tills."""

    def __init__(self) -> None:
        self.counting = asyncio.Lock()
        self.answers: dict[tuple[Any, ...], tuple[float, Any]] = {}


def keep_counted(app: FastAPI) -> None:
    """Make room for what is counted."""
    app.state.counted = _Counted()


async def counted_lately(request: Request, asked: tuple[Any, ...], count: Callable[[], Awaitable[T]]) -> T:
    """What was counted lately for the same question, or is counted now. `asked` begins with the name of the route."""
    kept: _Counted = request.app.state.counted
    async with kept.counting:
        known = kept.answers.get(asked)
        if known is None or known[0] < time.monotonic():
            found = await count()
            if len(kept.answers) >= KEPT_MAX:
                kept.answers.clear()
            known = kept.answers[asked] = (time.monotonic() + FRESH_SECONDS, found)
    answer: T = known[1]
    return answer
