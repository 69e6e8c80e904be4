"""What happens by itself while the API serves: due members advance, gifts arrive, accounts are rolled up."""

from __future__ import annotations

import asyncio

import structlog

from jifen.operations.advance_members import BATCH, advance_members
from jifen.operations.give_units import finish_gifts
from jifen.operations.reverse_entry import finish_reversals
from jifen.operations.roll_up_accounts import roll_up_accounts
from jifen.store.ledger import Ledger
from jifen.store.moments import look_ahead
from jifen.store.pools import settle_leases

EVERY_SECONDS = 5

log = structlog.get_logger("jifen.jobs")


async def run(ledger: Ledger) -> None:
    """Run the jobs until cancelled. One that fails says so and is tried again; time itself has decided already."""
    while True:
        try:
            await once_through(ledger)
        except asyncio.CancelledError:
            raise
        except Exception as failure:
            log.warning("jobs failed", error=repr(failure))
        await asyncio.sleep(EVERY_SECONDS)


async def once_through(ledger: Ledger) -> dict[str, int]:
    """Do everything that is due now; return how much of each."""
    gifts = await finish_gifts(ledger) + await finish_reversals(ledger)
    await look_ahead(ledger)
    members = 0
    while done := await advance_members(ledger):
        members += done
        if done < BATCH:
            break
    postings = await roll_up_accounts(ledger)
    leases = await settle_leases(ledger)
    return {"gifts": gifts, "members": members, "postings_rolled_up": postings, "leases": leases}
