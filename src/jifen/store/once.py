"""One effect and one answer for an Idempotency-Key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from jifen.domain.refusals import KeyReused, Refusal
from jifen.store.askers import Asker, hold_asker
from jifen.store.compiled import begun_again
from jifen.store.keys import RememberedAnswer, remember_answers, remembered_answer
from jifen.store.ledger import Ledger

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

TRIES = 3


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """A key with the hash of the body it came with, and whoever asks for himself."""

    key: str
    body_hash: bytes
    asker: Asker | None = None


@begun_again
async def once(
    ledger: Ledger, request: Once, effect: Callable[[Connection], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """Do it in one transaction and remember the answer; asked again, give that answer with `is_replay`.

    For what is not about members: those writes take their turn (`store/turn.py`). Two at the same time: the second waits for
    the first at the key and fails there: it finds the answer when it looks again. A refusal is not remembered, so a retry may
    succeed.

    Refuses
        KeyReused     the key came before with another body
        SessionOver   who asks for himself was erased meanwhile
    """
    for _ in range(TRIES):
        try:
            async with ledger.transaction() as connection:
                if request.asker is not None:
                    await hold_asker(connection, request.asker)
                known = await _answered(connection, request)
                if known is not None:
                    return known
                answer = await effect(connection)
                clock = await ledger.clock(connection)
                await remember_answers(
                    connection, [(request.key, request.body_hash, answer)], recorded_at=clock.now
                )
                return {**answer, "is_replay": False}
        except (Refusal, asyncpg.UniqueViolationError) as no:
            if isinstance(no, asyncpg.UniqueViolationError) and no.constraint_name == "request_key_pkey":
                continue
            # What the twin did may be the very reason of this no.
            async with ledger.transaction() as connection:
                known = await _answered(connection, request)
            if known is None:
                raise
            return known
    raise AssertionError(f"the key {request.key!r} clashed {TRIES} times and was never found")


async def _answered(connection: Connection, request: Once) -> dict[str, Any] | None:
    known = await remembered_answer(connection, request.key)
    return None if known is None else answer_again(request, known)


def answer_again(request: Once, before: RememberedAnswer) -> dict[str, Any]:
    """The answer that a key had before, with `is_replay`.

    Refuses
        KeyReused   the key came before with another body
    """
    if before.body_hash != request.body_hash:
        raise KeyReused(pointer="/headers/Idempotency-Key")
    return {**before.answer, "is_replay": True}
