"""`jifen reconcile`: prove every law, rebuild the cache from the journal, name the offenders."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.show import FAILED, say, show, told_plainly

if TYPE_CHECKING:
    from jifen.embedded import Database


def reconcile(
    as_json: Annotated[bool, typer.Option("--json", help="The verdicts and offenders as data.")] = False,
    rebuild: Annotated[
        bool, typer.Option(help="Also rebuild the cache by replaying the whole journal.")
    ] = True,
    home: Annotated[Path | None, typer.Option(help="Data folder, when it is not Jifen's own.")] = None,
) -> None:
    """Prove the books: every law in SQL, and the cache rebuilt from the journal.

    Exit status 0 when every law is kept, 1 when one is broken: its offenders are named.

    Example: jifen reconcile --json
    """
    from jifen.embedded import connections

    with told_plainly(as_json=as_json), connections(home, say=say) as database:
        document = asyncio.run(_reconcile(database, rebuild=rebuild))
        show(document, as_json=as_json, text=_as_text(document))
        if not document["kept"]:
            sys.exit(FAILED)


async def _reconcile(database: Database, *, rebuild: bool) -> dict[str, Any]:
    from jifen.cli.progress import percent_bar
    from jifen.document.stored import timeline_of_published
    from jifen.operations.reconcile_books import reconcile_books
    from jifen.store.ledger import Ledger, open_pool

    pool = await open_pool(database.app)
    try:
        with percent_bar("Proof") as told:
            ledger = Ledger(pool, compile_timeline=timeline_of_published)
            books = await reconcile_books(ledger, say=told, replays=rebuild)
    finally:
        await pool.close()
    return books.as_document()


def _as_text(document: dict[str, Any]) -> list[str]:
    lines = law_lines(document["laws"])
    lines.append(f"{document['members_replayed']:,} members replayed")
    lines.append("The books are kept." if document["kept"] else "The books are BROKEN.")
    return lines


OFFENDERS_SHOWN = 5


def law_lines(laws: list[dict[str, Any]]) -> list[str]:
    """The verdict on each law; under a broken one its checks and their first offenders."""
    lines = []
    for law in laws:
        verdict = {"broken": "BROKEN", "tested elsewhere": f"tested elsewhere: {law['tested_by']}"}.get(
            law["verdict"], law["verdict"]
        )
        lines.append(f"law {law['law']:>2}  {law['title_en']:<72} {verdict}")
        for broken in law["broken"]:
            lines.append(f"        {broken['check']}:")
            lines += [f"            {_offender(one)}" for one in broken["offenders"][:OFFENDERS_SHOWN]]
            more = len(broken["offenders"]) - OFFENDERS_SHOWN
            if more > 0:
                lines.append(f"            and {more} more at least: jifen reconcile --json")
    return lines


def _offender(offender: dict[str, Any]) -> str:
    """The offender itself, then what was found of it."""
    return ", ".join(
        str(value) if name == "offender" else f"{name} {value}" for name, value in offender.items()
    )
