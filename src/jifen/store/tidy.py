"""After a bulk load: what PostgreSQL would do by itself some minutes later, done now, so that reads are quick at once."""

from __future__ import annotations

import asyncpg

from jifen.embedded.connection import Connection as Address
from jifen.store.columns import SCHEMA
from jifen.store.tables import metadata


async def vacuum_tables(owner: Address) -> None:
    """Mark pages as visible to all and count what the planner asks for, in every table of the ledger. Nobody is locked out.

    Where `owner` does not own the tables (a server where somebody else made them) PostgreSQL leaves them as they are.
    """
    connection = await asyncpg.connect(**owner.arguments())
    try:
        # VACUUM refuses to run within a transaction: a statement a table.
        for table in metadata.tables.values():
            await connection.execute(f"VACUUM (ANALYZE) {SCHEMA}.{table.name}")
    finally:
        await connection.close()
