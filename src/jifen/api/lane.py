"""Group commit: purchases that arrive while a batch commits form the next one.

One earn in its own commit costs about what one TPC-B transaction costs; 256 in a batch nearly 6 times less (DESIGN
section 7). There is no timer: an idle lane takes a purchase at once, alone. One lane a process on plain PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from jifen.api.errors import BUSY, Busy
from jifen.domain.refusals import Refusal
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.store.ledger import Ledger
from jifen.store.purchases import RecordedPurchase

BATCH_MAX = 256
WAITING_MAX = 4_096
"""More than so many waiting are refused as busy: they would time out anyway."""

Answer = RecordedPurchase | Refusal


class Lane:
    """Purchases wait here for the next batch."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: deque[tuple[PurchaseRequest, asyncio.Future[Answer]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def record(self, requests: Sequence[PurchaseRequest]) -> list[Answer]:
        """The answer to each purchase, in order, once it is on disk.

        Refuses
            Busy   too many are waiting
        """
        if len(self._waiting) + len(requests) > WAITING_MAX:
            raise Busy("too many purchases are waiting", waiting=len(self._waiting))
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in requests]
        self._waiting.extend(zip(requests, futures, strict=True))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._drain())
        # Gathered and not awaited one by one, so that none is left with an exception that nobody asked for.
        answers = await asyncio.gather(*futures, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
                raise answer
        return [answer for answer in answers if isinstance(answer, RecordedPurchase | Refusal)]

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task

    async def _drain(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            await self._commit(batch)

    async def _commit(self, batch: list[tuple[PurchaseRequest, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await record_purchases(self._ledger, [request for request, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:
            if len(batch) == 1 or (isinstance(error, BUSY) and not _is_of_one_request(error)):
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                return
            # One of them broke the batch. Alone, only that one fails.
            for one in batch:
                await self._commit([one])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)


def _is_of_one_request(error: BaseException) -> bool:
    """Whether a batch that was in somebody's way may succeed in pieces: a deadlock or a lock that was not had."""
    return type(error).__name__ in ("DeadlockDetectedError", "LockNotAvailableError", "SerializationError")
