"""Work that only its asker wants: it ends when he has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from fastapi import Request

from jifen.api.errors import BodyCutShort

T = TypeVar("T")


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to. It is cancelled when the line of whoever asked is closed; the request's body has been read.

    Refuses
        BodyCutShort   he has: nobody reads that
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise BodyCutShort("the line was closed while he was waiting")
        return working.result()
    finally:
        for one in (working, leaving):
            if not one.done():
                one.cancel()
                with suppress(asyncio.CancelledError):
                    await one


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
