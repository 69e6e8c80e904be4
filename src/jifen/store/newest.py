"""What the newest revision knows, for what is bound to its stores or ends on its days."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from jifen.domain.refusals import FieldWrong
from jifen.domain.timeline import Timeline
from jifen.store.compiled import need_compiled

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


async def newest_timeline(ledger: Ledger, connection: Connection) -> Timeline | None:
    """The timeline with its newest revision; None while no programme was published."""
    clock = await ledger.clock(connection)
    if clock.newest == 0:
        return None
    timeline = await ledger.timeline(connection, clock.newest)
    need_compiled(timeline, [clock.newest])
    return timeline


async def check_stores(ledger: Ledger, connection: Connection, stores: Sequence[str]) -> None:
    """Refuse a store that the newest revision does not have: a misspelt one would bind somebody to nothing.

    Refuses
        FieldWrong   naming the store, and the nearest that there is
    """
    timeline = await newest_timeline(ledger, connection)
    if timeline is None or timeline.newest.any_store:
        return
    for store in stores:
        if store not in timeline.newest.stores:
            near = get_close_matches(store, timeline.newest.stores, n=1)
            meant = f": did you mean {near[0]}?" if near else ""
            raise FieldWrong(f"the programme has no store {store!r}{meant}", pointer="/stores", value=store)
