"""`jifen import`: history from files, or the Complete Journey, into the ledger."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import Language, local, the_database
from jifen.cli.outputs import Force, check_outputs, told_if_unwritten
from jifen.cli.show import REFUSED, language_spoken, say, scales_of, show

if TYPE_CHECKING:
    import polars as pl

    from jifen.embedded import Database
    from jifen.jobs.import_opening import OpeningImported
    from jifen.jobs.import_purchases import Imported

import_app = typer.Typer(
    name="import",
    help="Bring history in: once, whole, or refused with a reason. Run again, it adds what is missing and nothing twice.",
    no_args_is_help=True,
)

Home = Annotated[Path | None, typer.Option(help="Data folder, when it is not Jifen's own.")]
AsJson = Annotated[bool, typer.Option("--json", help="The result as data.")]
Rejects = Annotated[
    Path | None,
    typer.Option(help="Where rejected rows go; default: beside the first file, under a name that is free."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would happen and change nothing.")]


@import_app.command("completejourney")
def completejourney(
    households: Annotated[int | None, typer.Option(help="Only the first so many households.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Import the Complete Journey: a year of a real grocer (the programme must count in USD).

    Example: jifen import completejourney --households 100 --dry-run
    """
    with the_database(home=home, as_json=as_json) as database:
        from jifen.insight.read_completejourney import read_completejourney

        imported = asyncio.run(
            _import(database, lambda _: read_completejourney(households=households), dry_run=dry_run)
        )
        _told(imported, None, over=False, dry_run=dry_run, as_json=as_json)


@import_app.command("purchases")
def purchases(
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet files, one row a line.")],
    mapping: Annotated[Path, typer.Option(help="YAML that says which column is which field.")],
    rejects: Rejects = None,
    language: Language = "en",
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Import purchases from files. Good rows come in; bad ones go to a file with row, column, value and reason.

    Example: jifen import purchases sales.csv --mapping mapping.yaml --dry-run
    """
    from jifen.insight.read_purchases import read_mapping, read_purchases
    from jifen.insight.rejects import rejects_beside

    to = rejects or rejects_beside(files[0])
    check_outputs([to], option="--rejects", reads=[*files, mapping], force=force, as_json=as_json)
    with _files_told():
        read = read_mapping(mapping)
        with the_database(home=home, as_json=as_json) as database:
            imported = asyncio.run(
                _import(database, lambda known: read_purchases(files, read, known=known), dry_run=dry_run)
            )
        _told(imported, to, over=force and rejects is not None, dry_run=dry_run, as_json=as_json)


@import_app.command("opening")
def opening(
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet files, one row a lot of a member.")],
    mapping: Annotated[Path, typer.Option(help="YAML that says which column is which field.")],
    rejects: Rejects = None,
    language: Language = "en",
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Import what members hold in another system: lots with their own days of expiry. A member comes whole or is refused.

    Example: jifen import opening points.csv --mapping opening.yaml --dry-run
    """
    from jifen.insight.read_opening import read_opening, read_opening_mapping
    from jifen.insight.rejects import rejects_beside

    to = rejects or rejects_beside(files[0])
    check_outputs([to], option="--rejects", reads=[*files, mapping], force=force, as_json=as_json)
    with _files_told():
        read = read_opening_mapping(mapping)
        with the_database(home=home, as_json=as_json) as database:
            imported, scales = asyncio.run(
                _open(database, lambda known: read_opening(files, read, known=known), dry_run=dry_run)
            )
        _opening_told(
            imported, scales, to, over=force and rejects is not None, dry_run=dry_run, as_json=as_json
        )


@contextmanager
def _files_told() -> Iterator[None]:
    """Tell what is wrong with a mapping or with a whole file, in the language that the command speaks (status 3)."""
    from jifen.insight.read_purchases import FileRefused, MappingRefused

    try:
        yield
    except MappingRefused as refused:
        say(*(problem.text(language_spoken()) for problem in refused.problems))
        sys.exit(REFUSED)
    except FileRefused as refused:
        say(f"{refused.file}: {refused.message(language_spoken())}")
        sys.exit(REFUSED)


async def _import(database: Database, read: Any, *, dry_run: bool) -> Imported:
    from jifen.cli.progress import purchases_bar
    from jifen.document.stored import timeline_of_published
    from jifen.jobs.import_purchases import import_purchases, known_of
    from jifen.store.ledger import Ledger, open_pool
    from jifen.store.tidy import vacuum_tables
    from jifen.vault import Vault

    pool = await open_pool(database.app)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(database.folder))
        loaded = await asyncio.to_thread(read, await known_of(ledger))
        with purchases_bar("Import") as told:
            imported = await import_purchases(
                ledger, loaded, actor="import", say=told, is_dry_run=dry_run, by=local()
            )
        if imported.added and not dry_run:
            await vacuum_tables(database.owner)
        return imported
    finally:
        await pool.close()


async def _open(database: Database, read: Any, *, dry_run: bool) -> tuple[OpeningImported, dict[str, int]]:
    from jifen.cli.progress import members_bar
    from jifen.document.stored import timeline_of_published
    from jifen.jobs.import_opening import import_opening, opening_known_of
    from jifen.operations.read_program import read_timeline
    from jifen.store.ledger import Ledger, open_pool
    from jifen.store.tidy import vacuum_tables
    from jifen.vault import Vault

    pool = await open_pool(database.app)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(database.folder))
        timeline, _ = await read_timeline(ledger)
        loaded = await asyncio.to_thread(read, await opening_known_of(ledger))
        with members_bar("Import") as told:
            imported = await import_opening(
                ledger, loaded, actor="import", say=told, is_dry_run=dry_run, by=local()
            )
        if imported.added and not dry_run:
            await vacuum_tables(database.owner)
        return imported, scales_of(timeline)
    finally:
        await pool.close()


def _opening_told(
    imported: OpeningImported,
    scales: dict[str, int],
    rejects: Path,
    *,
    over: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    from jifen.present.catalogue import catalogue_of
    from jifen.present.shown import units_shown

    written = _rejects_written(imported.rejects, rejects, over=over, as_json=as_json)
    result = {
        "dry_run": dry_run,
        "members": imported.members,
        "added": imported.added,
        "added_lots": imported.lots,
        "added_units": imported.units,
        "added_units_forever": imported.units_forever,
        "known_already": imported.known,
        "refused": imported.refused,
        "new_members": imported.new_members,
        "rejects": written,
    }
    words = catalogue_of(language_spoken())
    told = words.say("opening.would_add" if dry_run else "opening.added", members=imported.added, lots=imported.lots,
                     new=imported.new_members)  # fmt: skip
    lines = [told]
    for code, units in imported.units.items():
        forever = units_shown(imported.units_forever.get(code, 0), scales[code])
        lines.append(
            words.say(
                "opening.of_currency", currency=code, units=units_shown(units, scales[code]), forever=forever
            )
        )
    lines.append(words.say("opening.rest", known=imported.known, refused=imported.refused))
    if written:
        lines.append(words.say("opening.reasons", file=written))
    show(result, as_json=as_json, text=lines)


def _rejects_written(rejects: pl.DataFrame, to: Path | None, *, over: bool, as_json: bool) -> str | None:
    """Where the rejects stand now; None: there are none."""
    from jifen.insight.rejects import write_rejects

    if not rejects.height or to is None:
        return None
    with told_if_unwritten(to, as_json=as_json):
        return str(write_rejects(rejects, to=to, over=over))


def _told(imported: Imported, rejects: Path | None, *, over: bool, dry_run: bool, as_json: bool) -> None:
    written = _rejects_written(imported.rejects, rejects, over=over, as_json=as_json)
    result = {
        "dry_run": dry_run,
        "purchases": imported.purchases,
        "added": imported.added,
        "added_lines": imported.added_lines,
        "known_already": imported.known,
        "refused": imported.refused,
        "new_members": imported.new_members,
        "of_nobody": imported.unclaimed,
        "rejects": written,
    }
    from jifen.present.catalogue import catalogue_of

    words = catalogue_of(language_spoken())
    text = words.say(
        "imported.would_add" if dry_run else "imported.added",
        purchases=imported.added,
        lines=imported.added_lines,
        new=imported.new_members,
        known=imported.known,
        refused=imported.refused,
    )
    if written:
        text = words.say("imported.with_reasons", said=text, file=written)
    show(result, as_json=as_json, text=text)
