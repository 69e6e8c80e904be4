"""An import in a process of its own, slow enough to be killed in its middle."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from jifen.document.stored import timeline_of_published
from jifen.embedded import Connection
from jifen.insight.read_completejourney import read_completejourney
from jifen.jobs.import_purchases import import_purchases
from jifen.operations import load_history
from jifen.store.ledger import Ledger, open_pool


async def run(households: int) -> None:
    """Import, waiting a little after each chunk."""
    pool = await open_pool(Connection.of_url(os.environ["JIFEN_DATABASE_URL"]))
    ledger = Ledger(pool, compile_timeline=timeline_of_published)
    await import_purchases(
        ledger, read_completejourney(households=households), actor="import", say=lambda _: time.sleep(0.3)
    )
    await pool.close()


if __name__ == "__main__":
    load_history.CHUNK_PURCHASES = int(os.environ["JIFEN_TEST_CHUNK"])
    asyncio.run(run(int(sys.argv[1])))
