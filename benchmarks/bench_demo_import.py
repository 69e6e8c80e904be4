"""The demo's import beside raw COPY: the whole year, rules, tiers, lots and all, against its lines in a bare table.

Run: make bench, or python benchmarks/bench_demo_import.py [--rounds N] [--json]

It starts a PostgreSQL of its own with the product's durability settings, and in each round, side by side,
    C   COPY of the year's lines (number, sku, category, brand, quantity, amount ...) into a table with the primary key
        (business_no, source, number)
    I   the import: read the files, select, fold, and write members, purchases, postings, lots, entries and keys
then reconciles the last round's books. It refuses to report when durability is off.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import time

from jifen.bench.groups import copy_lines, import_lines
from jifen.bench.machine import Machine
from jifen.document.stored import timeline_of_published
from jifen.embedded import Server, throw_away
from jifen.insight.read_completejourney import read_completejourney
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Ledger, open_pool
from jifen.store.migrate import migrate

GOAL_SECONDS = 60
GOAL_MEGABYTES = 2_000


def measure(server: Server) -> dict[str, float]:
    """One round: COPY, then reading and importing into an emptied ledger."""
    began = time.perf_counter()
    loaded = read_completejourney()
    read = time.perf_counter() - began
    copied = asyncio.run(copy_lines(server, loaded))
    migrate(server.owner)
    imported = asyncio.run(import_lines(server, loaded))
    return {"copy_seconds": copied, "import_seconds": read + imported, "lines": loaded.lines.height}


async def verdict(server: Server) -> bool:
    """Whether the books of the last round are kept."""
    pool = await open_pool(server.app)
    books = await reconcile_books(Ledger(pool, compile_timeline=timeline_of_published))
    await pool.close()
    return books.are_kept


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    with throw_away() as server:
        Machine(server=server, members=0).check_durability()
        migrate(server.owner)
        rounds = [measure(server) for _ in range(asked.rounds)]
        kept = asyncio.run(verdict(server))
    copied = statistics.median(one["copy_seconds"] for one in rounds)
    imported = statistics.median(one["import_seconds"] for one in rounds)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = rounds[0]["lines"]
    figures = [
        {"name": "demo_import", "value": round(imported, 1), "unit": "seconds", "ratio": None, "goal": GOAL_SECONDS,
         "holds": max(one["import_seconds"] for one in rounds) < GOAL_SECONDS},
        {"name": "demo_import_lines", "value": round(lines / imported), "unit": "lines a second",
         "ratio": round(copied / imported, 3), "goal": None, "holds": None},
        {"name": "copy_lines", "value": round(lines / copied), "unit": "lines a second", "ratio": 1.0, "goal": None,
         "holds": None},
        {"name": "demo_import_memory", "value": round(megabytes), "unit": "MB", "ratio": None, "goal": GOAL_MEGABYTES,
         "holds": megabytes < GOAL_MEGABYTES},
    ]  # fmt: skip
    if asked.as_json:
        print(json.dumps({"figures": figures, "rounds": rounds, "books_kept": kept}, indent=2))
        return
    print(f"{len(rounds)} rounds; the books of the last are {'kept' if kept else 'BROKEN'}")
    for figure in figures:
        print("  {name:<20} {value:>12,} {unit:<16} ratio to COPY {ratio}  goal {goal}".format(**figure))


if __name__ == "__main__":
    main()
