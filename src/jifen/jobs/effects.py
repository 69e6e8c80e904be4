"""Doing what entries cause: which operation does which kind, and what becomes of one that fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from jifen.domain.effects import EffectKind
from jifen.operations.give_units import receive_gift
from jifen.operations.reverse_entry import finish_going_back
from jifen.store.effects import Effect, find_effect, is_undone
from jifen.store.ledger import Ledger, is_database_away
from jifen.store.parked import Which, park, unpark

log = structlog.get_logger("jifen.jobs")


async def _gift_arrives(ledger: Ledger, effect: Effect) -> None:
    await receive_gift(ledger, effect.member_id, effect.about)


async def _gift_goes_back(ledger: Ledger, effect: Effect) -> None:
    assert effect.to_member is not None, "a gift goes back to its giver"
    await finish_going_back(ledger, effect.to_member, effect.about)


DOES: dict[EffectKind, Callable[[Ledger, Effect], Awaitable[None]]] = {
    EffectKind.GIFT_ARRIVES: _gift_arrives,
    EffectKind.GIFT_GOES_BACK: _gift_goes_back,
}
"""What does an effect: once, however often it is asked for."""


async def do_effect(ledger: Ledger, which: Which) -> None:
    """Do an effect; one that cannot be done is parked, so that nobody waits for it, and tried again later.

    Raises where the database is away, or could not even be told so: then it still waits in the queue.
    """
    async with ledger.connection() as connection:
        effect = await find_effect(connection, which)
    try:
        await DOES[effect.kind](ledger, effect)
    except Exception as failure:
        if is_database_away(failure):
            raise
        async with ledger.transaction() as connection:
            if not await is_undone(connection, which):
                return  # who was stopped in the middle wakes up late: another has done it
            await park(connection, {which: (effect.kind, failure)})
        log.error(
            "an effect is parked",
            kind=effect.kind,
            member_id=str(which[0]),
            sequence=which[1],
            about=str(effect.about),
            failure=repr(failure),
        )
        return
    async with ledger.transaction() as connection:
        await unpark(connection, [which])
