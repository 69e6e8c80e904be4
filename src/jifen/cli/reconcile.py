"""`jifen reconcile`: prove every law, rebuild the cache from the journal, name the offenders."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import Language
from jifen.cli.show import FAILED, language_spoken, say, show, told_plainly

if TYPE_CHECKING:
    from jifen.embedded import Database


def reconcile(
    as_json: Annotated[bool, typer.Option("--json", help="The verdicts and offenders as data.")] = False,
    rebuild: Annotated[
        bool, typer.Option(help="Also rebuild the cache by replaying the whole journal.")
    ] = True,
    language: Language = "en",
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
    from jifen.operations.keep_proof import keep_proof
    from jifen.operations.reconcile_books import reconcile_books
    from jifen.store.ledger import Ledger, open_pool
    from jifen.vault import Vault

    pool = await open_pool(database.app)
    try:
        with percent_bar("Proof") as told:
            ledger = Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(database.folder))
            began = time.monotonic()
            books = await reconcile_books(ledger, say=told, replays=rebuild)
            await keep_proof(
                ledger, books.as_document(), milliseconds=round((time.monotonic() - began) * 1_000)
            )
    finally:
        await pool.close()
    from jifen.present.laws import with_titles

    document = books.as_document()
    return {**document, "laws": with_titles(document["laws"], language_spoken())}


def _as_text(document: dict[str, Any]) -> list[str]:
    from jifen.present.catalogue import catalogue_of
    from jifen.present.laws import law_lines

    words = catalogue_of(language_spoken())
    lines = law_lines(document["laws"], language_spoken())
    lines.append(words.say("law.replayed", count=document["members_replayed"]))
    lines.append(words.say("law.all_kept" if document["kept"] else "law.some_broken"))
    return lines
