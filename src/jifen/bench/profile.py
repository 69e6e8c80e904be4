"""Where the time of a purchase goes: processor time of the serving process by part, in batches as under load.

The very operations run in this process, against the machine's PostgreSQL, one batch after the other, while a clock is put
around each part. What HTTP adds is the difference to what a serving process used under load.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from jifen.bench.load import Maker, Order
from jifen.bench.machine import Machine

BATCH = 100
PARTS = ("parse", "gather", "select", "fold", "write", "answer", "commit")
"""parse: JSON to a purchase. gather: lock, read. select: rules that see lines. fold: what they grant, lots, tiers. write:
rows and their statements. answer: the JSON. commit: the rest of the operation, its transaction included."""

_TURN = "jifen.store.turn"
_TIMED = (
    ("gather", f"{_TURN}.found_by"),
    ("gather", f"{_TURN}.lock_members"),
    ("gather", f"{_TURN}.gather_for_purchases"),
    ("gather", f"{_TURN}.known_purchases"),
    ("select", "jifen.domain.program.select.Select.__call__"),
    ("fold", "jifen.operations.record_purchases.decide_purchase"),
    ("write", f"{_TURN}.add_purchases"),
    ("write", f"{_TURN}.add_postings"),
    ("write", f"{_TURN}.save_decisions"),
    ("write", f"{_TURN}.add_purchase_keys"),
    ("write", "jifen.store.rows.Together.write"),
)


class PartClock:
    """Processor time by part: an inner part's time is not its outer part's."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._open: list[str] = []
        self._since = 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time that is spent here."""
        self._stop()
        self._open.append(name)
        try:
            yield
        finally:
            self._stop()
            self._open.pop()

    def _stop(self) -> None:
        now = time.process_time_ns()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its time counted."""
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def timed_wait(*args: Any, **kwargs: Any) -> Any:
                with self.part(part):
                    return await function(*args, **kwargs)

            return timed_wait

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(part):
                return function(*args, **kwargs)

        return timed


def profile(machine: Machine, *, batches: int = 40) -> dict[str, float]:
    """Microseconds of processor time a purchase, by part."""
    from jifen.cli.workers import look_less_often

    clock = PartClock()
    look_less_often()
    with ExitStack() as stack:
        for part, name in _TIMED:
            stack.enter_context(patch(name, clock.around(part, _found(name))))
        count = asyncio.run(_record(machine, clock, batches))
    return {part: round(clock.spent[part] / count / 1_000, 1) for part in PARTS}


def _found(name: str) -> Callable[..., Any]:
    import importlib

    module, _, attribute = name.rpartition(".")
    try:
        owner: Any = importlib.import_module(module)
    except ModuleNotFoundError:
        module, _, outer = module.rpartition(".")
        owner = getattr(importlib.import_module(module), outer)
    function: Callable[..., Any] = getattr(owner, attribute)
    return function


async def _record(machine: Machine, clock: PartClock, batches: int) -> int:
    import msgspec

    from jifen.api.render import purchase_answer
    from jifen.api.told import read_purchase_told
    from jifen.document.stored import timeline_of_published
    from jifen.domain.principal import LOCAL
    from jifen.operations.record_purchases import PurchaseRequest, record_purchases
    from jifen.store.ledger import Ledger, open_pool
    from jifen.store.purchases import RecordedPurchase

    order = Order(
        kind="purchase",
        port=0,
        token="",
        seconds=0,
        connections=1,
        members=machine.members,
        ids=machine.ids,
        run=f"profile-{time.time_ns()}",
    )
    maker = Maker(order)
    pool = await open_pool(machine.server.app, size=1)
    ledger = Ledger(pool, compile_timeline=timeline_of_published)
    for batch in range(batches + 3):
        if batch == 3:  # the first prepare statements and fill memories
            clock.spent.clear()
        bodies = [maker.purchase().encode() for _ in range(BATCH)]
        with clock.part("parse"):
            read = [read_purchase_told(body, LOCAL) for body in bodies]
        asked = [
            PurchaseRequest(purchase=one.purchase, whose=one.whose, body_hash=one.body_hash, actor="bench")
            for one in read
            if one is not None
        ]
        assert len(asked) == BATCH, "the load's bodies are well-formed"
        with clock.part("commit"):
            answers = await record_purchases(ledger, asked)
        with clock.part("answer"):
            for answer in answers:
                assert isinstance(answer, RecordedPurchase), answer
                msgspec.json.encode(purchase_answer(answer, ledger.compiled))
    await pool.close()
    return batches * BATCH
