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
import io
import json
import resource
import statistics
import sys
import time
from datetime import UTC, datetime

from jifen.document.load import parse_document
from jifen.document.stored import timeline_of_published
from jifen.embedded import Server, throw_away
from jifen.insight.frames import Loaded
from jifen.insight.read_completejourney import read_completejourney
from jifen.jobs.import_purchases import import_purchases
from jifen.operations.publish_program import publish_program
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Connection, Ledger, connect, open_pool
from jifen.store.migrate import migrate
from jifen.templates import template_text

GOAL_SECONDS = 60
GOAL_MEGABYTES = 2_000


async def copy_lines(connection: Connection, loaded: Loaded) -> float:
    """Seconds of COPY of the lines into a bare table with the same primary key."""
    lines = loaded.lines.join(
        loaded.purchases.select("purchase", "business_no", "source"), on="purchase"
    ).select(
        "business_no",
        "source",
        "number",
        "sku",
        "category",
        "brand",
        "quantity_milli",
        "amount_minor",
        "discount_minor",
    )
    csv = lines.write_csv(include_header=False).encode()
    await connection.execute(
        """DROP TABLE IF EXISTS bare;
           CREATE TABLE bare (business_no text, source text, number int, sku text, category text, brand text,
                              quantity_milli bigint, amount_minor bigint, discount_minor bigint,
                              PRIMARY KEY (business_no, source, number))"""
    )
    began = time.perf_counter()
    await connection.copy_to_table("bare", source=io.BytesIO(csv), format="csv")
    return time.perf_counter() - began


async def import_year(server: Server) -> tuple[float, int]:
    """Seconds of the import, reading included, and its lines."""
    pool = await open_pool(server.app)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        document = parse_document(template_text("grocer"), name="grocer")
        await publish_program(
            ledger, document, effective_at=datetime(2016, 1, 1, tzinfo=UTC), published_by="benchmark"
        )
        began = time.perf_counter()
        imported = await import_purchases(ledger, read_completejourney(), actor="benchmark")
        seconds = time.perf_counter() - began
    finally:
        await pool.close()
    return seconds, imported.added_lines


async def _durability(connection: Connection) -> dict[str, str]:
    rows = await connection.fetch(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
    )
    return {row["name"]: row["setting"] for row in rows}


async def measure(server: Server, loaded: Loaded) -> dict[str, float]:
    """One round: COPY, then the import into an emptied ledger."""
    owner = await connect(server.owner)
    settings = await _durability(owner)
    if "off" in settings.values():
        sys.exit(f"durability is off ({settings}): such a figure does not count")
    copied = await copy_lines(owner, loaded)
    await owner.execute("DROP TABLE bare; DROP SCHEMA jifen CASCADE")
    await owner.close()
    await asyncio.to_thread(migrate, server.owner)
    imported, lines = await import_year(server)
    return {"copy_seconds": copied, "import_seconds": imported, "lines": lines}


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
    loaded = read_completejourney()
    with throw_away() as server:
        migrate(server.owner)
        rounds = [asyncio.run(measure(server, loaded)) for _ in range(asked.rounds)]
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
