"""Group commit: what comes in while the last batch is under way forms the next one.

One earn in its own commit costs about what one TPC-B transaction costs; 256 in a batch nearly 6 times less (DESIGN
section 7), and reads save their round trips the same way. There is no timer: an idle lane takes a request at once, alone.
One lane of a kind a process on plain PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from jifen.api.errors import BUSY, Busy
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import OutcomeUnknown, Refusal
from jifen.operations.handle_reservations import Asked as Reserving
from jifen.operations.handle_reservations import ReserveRequest, handle_each
from jifen.operations.quote_purchase import Whose, quote_purchases
from jifen.operations.read_member import Standing, read_standings
from jifen.operations.record_purchases import PurchaseRequest, record_each
from jifen.store.ledger import Ledger
from jifen.store.purchases import RecordedPurchase

BATCH_MAX = 256
WAITING_MAX = 4_096
"""More than so many waiting are refused as busy: they would time out anyway."""

BATCHES_AT_ONCE = 2
"""While PostgreSQL writes one batch, the next is decided."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
_Waiting: TypeAlias = tuple[Asked, "asyncio.Future[Answer | Refusal]"]


class Lane(Generic[Asked, Answer]):
    """Requests of one kind wait here for the next batch. The work answers each of a batch, in order, or says why it failed."""

    def __init__(
        self,
        work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]],
        *,
        whose: Callable[[Asked], Hashable] | None = None,
    ) -> None:
        self._work = work
        self._whose = whose
        self._waiting: deque[_Waiting[Asked, Answer]] = deque()
        self._under_way: dict[asyncio.Task[None], set[Hashable]] = {}  # with whom they are about

    async def one(self, asked: Asked) -> Answer:
        """The answer to one request, once its batch is over.

        Refuses
            Busy   too many are waiting; and what the work refuses it with
        """
        answer = await self._enqueue([asked])[0]
        if isinstance(answer, Refusal):
            raise answer
        return answer

    async def all(self, asked: Sequence[Asked]) -> list[Answer | Refusal]:
        """The answer to each request, in order, once all are over.

        Refuses
            Busy   too many are waiting
        """
        # Gathered and not awaited one by one, so that none is left with an exception that nobody asked for.
        answers = await asyncio.gather(*self._enqueue(asked), return_exceptions=True)
        kept: list[Answer | Refusal] = []
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
                raise answer
            kept.append(answer)
        return kept

    def _enqueue(self, asked: Sequence[Asked]) -> list[asyncio.Future[Answer | Refusal]]:
        if len(self._waiting) + len(asked) > WAITING_MAX:
            raise Busy("too many requests are waiting", waiting=len(self._waiting))
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Answer | Refusal]] = [loop.create_future() for _ in asked]
        self._waiting.extend(zip(asked, futures, strict=True))
        # One batch as large as may be costs less than two halves, so a second is begun only when it is full.
        if not self._under_way or len(self._waiting) >= BATCH_MAX:
            self._begin()
        return futures

    async def close(self) -> None:
        """Wait for what is under way and for what waits."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _begin(self) -> None:
        """Start batches of what waits, until enough are under way."""
        while self._waiting and len(self._under_way) < BATCHES_AT_ONCE:
            batch, about = self._next()
            if not batch:
                return
            task = asyncio.get_running_loop().create_task(self._answer(batch))
            self._under_way[task] = about
            task.add_done_callback(self._is_over)

    def _is_over(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._begin()

    def _next(self) -> tuple[list[_Waiting[Asked, Answer]], set[Hashable]]:
        """What may go next, in order. Whoever a batch under way is about waits for it: his requests stay in order."""
        if self._whose is None:
            return [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))], set()
        busy: set[Hashable] = set().union(*self._under_way.values())
        batch: list[_Waiting[Asked, Answer]] = []
        about: set[Hashable] = set()
        held: list[_Waiting[Asked, Answer]] = []
        while self._waiting and len(batch) < BATCH_MAX:
            one = self._waiting.popleft()
            whose = self._whose(one[0])
            if whose in busy:
                held.append(one)
            else:
                about.add(whose)
                batch.append(one)
        self._waiting.extendleft(reversed(held))
        about.discard(None)
        return batch, about

    async def _answer(self, batch: list[_Waiting[Asked, Answer]]) -> None:
        try:
            answers = await self._work([asked for asked, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:
            if len(batch) == 1 or isinstance(error, OutcomeUnknown) or _is_of_all(error):
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                return
            # One of them broke the batch. Alone, only that one fails.
            for one in batch:
                await self._answer([one])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception) and not isinstance(answer, Refusal):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _is_of_all(error: BaseException) -> bool:
    """Whether what failed would fail in pieces too: the database is away. A deadlock or a lock that was not had is of one."""
    of_one = ("DeadlockDetectedError", "LockNotAvailableError", "SerializationError")
    return isinstance(error, BUSY) and type(error).__name__ not in of_one


def _who_reserves(asked: Reserving) -> Hashable:
    return asked.whose if isinstance(asked, ReserveRequest) else None


class Lanes:
    """The lanes of one process: the calls that a till makes all day."""

    def __init__(self, ledger: Ledger) -> None:
        self.purchases: Lane[PurchaseRequest, RecordedPurchase] = Lane(
            lambda asked: record_each(ledger, asked), whose=lambda one: one.whose
        )
        self.quotes: Lane[tuple[Purchase, Whose], RecordedPurchase] = Lane(
            lambda asked: quote_purchases(ledger, asked)
        )
        self.reservations: Lane[Reserving, dict[str, Any]] = Lane(
            lambda asked: handle_each(ledger, asked), whose=_who_reserves
        )
        self.standings: Lane[UUID, Standing] = Lane(lambda asked: read_standings(ledger, asked))

    async def close(self) -> None:
        """Wait for what is under way."""
        for lane in (self.purchases, self.quotes, self.reservations, self.standings):
            await lane.close()
