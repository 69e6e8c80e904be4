"""How long a look-up by phone takes among one million persons: the database's own time, and how many blocks it reads.

A million blinds as a million enrolments leave them, then look-ups of phones that are there and of some that are not, by the
statement that every road uses (`find_by_keys`), each explained by PostgreSQL itself. `python benchmarks/bench_lookup.py`
"""

from __future__ import annotations

import asyncio
import json
from statistics import median
from typing import Any

from jifen.document.stored import timeline_of_published
from jifen.domain.person import MemberKey
from jifen.embedded import throw_away
from jifen.store.ledger import Ledger, open_pool
from jifen.store.members import FIND_BY_KEYS
from jifen.store.migrate import migrate

PERSONS = 1_000_000
PIECE = 50_000
LOOKED_UP = 400


def phone(number: int) -> MemberKey:
    """The phone of a person, in its form."""
    return MemberKey("phone", f"+86138{number:08}")


async def _filled(ledger: Ledger) -> None:
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection, writes=True)
    for at in range(0, PERSONS, PIECE):
        blinds = [vault.blind(*phone(number)) for number in range(at, at + PIECE)]
        async with ledger.transaction() as connection:
            await connection.execute(
                """INSERT INTO member_key (blind, kind, index_key, member_id, person_id, sealed)
                   SELECT blind, 'phone', $2, gen_random_uuid(), gen_random_uuid(), decode(repeat('5a', 42), 'hex')
                   FROM unnest($1::bytea[]) AS blind""",
                blinds,
                vault.keys.newest_index,
            )
    async with ledger.pool.acquire() as connection:
        await connection.execute("ANALYZE member_key")


async def _looked_up(ledger: Ledger) -> list[dict[str, Any]]:
    plans = []
    async with ledger.pool.acquire() as connection:
        vault = await ledger.vault(connection)
        for i in range(LOOKED_UP):
            key = phone((i * 7_919) % PERSONS if i % 4 else PERSONS + i)
            told = await connection.fetchval(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {FIND_BY_KEYS}",
                list(vault.blinds(key.kind, key.value)),
                [key.kind],
            )
            plans.append(json.loads(told)[0])
    return plans


def _blocks(plan: dict[str, Any]) -> int:
    return int(plan["Plan"]["Shared Hit Blocks"]) + int(plan["Plan"]["Shared Read Blocks"])


async def _bench(address: Any) -> None:
    pool = await open_pool(address)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        await _filled(ledger)
        plans = (await _looked_up(ledger))[LOOKED_UP // 4 :]
    finally:
        await pool.close()
    times = sorted(plan["Execution Time"] for plan in plans)
    blocks = sorted(_blocks(plan) for plan in plans)
    print(
        f"{PERSONS:,} persons: a look-up by phone takes {median(times):.3f} ms of the database (p99 "
        f"{times[len(times) * 99 // 100]:.3f} ms), and {median(blocks):.0f} blocks (most {blocks[-1]})"
    )


def main() -> None:
    """Fill, look up, and say."""
    with throw_away({}) as server:
        migrate(server.owner)
        asyncio.run(_bench(server.app))


if __name__ == "__main__":
    main()
