"""`jifen ledger`: the journal as files."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, local, once_for
from jifen.cli.show import REFUSED, language_spoken, say, show

if TYPE_CHECKING:
    from jifen.operations.export_journal import Exported
    from jifen.store.ledger import Ledger

ledger_app = typer.Typer(
    help="The journal as files, for whoever keeps the books elsewhere; what of it will never be claimed.",
    no_args_is_help=True,
)
_Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default=False)]


@ledger_app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")],
    from_on: _Day = None,
    to_on: _Day = None,
    language: Language = "en",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Write entries.csv, postings.csv, totals.csv and journal.xlsx of what was recorded on some days. They name no person.

    Example: jifen ledger export march --from-on 2026-03-01 --to-on 2026-03-31
    """
    from jifen.present.catalogue import catalogue_of

    words = catalogue_of(language_spoken())
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        say(words.say("journal_export.folder_taken", folder=str(folder)))
        sys.exit(REFUSED)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def work(ledger: Ledger) -> tuple[Exported, bool]:
        from jifen.jobs.export_asked import export_into

        return await export_into(
            ledger, folder, from_on=_day(from_on), to_on=_day(to_on), language=language_spoken()
        )

    exported, has_workbook = at_ledger(work, home=home, as_json=as_json)
    result = {
        "folder": str(folder),
        "entries": exported.entries,
        "postings": exported.postings,
        "totals": [one._asdict() for one in exported.totals],
        "has_workbook": has_workbook,
    }
    told = words.say(
        "journal_export.written", entries=exported.entries, postings=exported.postings, folder=str(folder)
    )
    lines = [told] if has_workbook else [told, words.say("journal_export.too_long_for_a_sheet")]
    show(result, as_json=as_json, text=lines)


@ledger_app.command()
def breakage(
    currency: Annotated[
        str | None, typer.Option(help="Else the first that can be spent.", show_default=False)
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show what became of the units that were opened in each of 24 months, and what of the open ones will never be claimed.

    Example: jifen ledger breakage --currency points
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.read_breakage import read_breakage

        return await read_breakage(ledger, currency=currency)

    found = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.breakage import breakage_lines, breakage_shown

    show(breakage_shown(found), as_json=as_json, text=breakage_lines(found, language_spoken()))


@ledger_app.command("cancel-export")
def cancel(
    which: Annotated[
        str, typer.Argument(help="The export's id, as the ledger's screen shows it.", metavar="EXPORT")
    ],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Cancel an export that somebody asked for on a screen, also while it runs. `ledger export` itself is ended by Ctrl-C.

    Example: jifen ledger cancel-export exp_01a200873b877db499c27d29c0902c7e
    """
    from jifen.present.ids import unprefixed

    export_id = unprefixed("exp", which)
    if export_id is None:
        raise typer.BadParameter("an id is exp_ and 32 hexadecimal digits", param_hint="EXPORT")

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.embedded import home_folder
        from jifen.operations.export_journal import cancel_export

        return await cancel_export(
            ledger, home or home_folder(), export_id, once_for("cancel-export"), by=local()
        )

    state = at_ledger(work, home=home, as_json=as_json)["state"]
    from jifen.present.catalogue import catalogue_of

    key = "export.cancelled" if state == "cancelled" else "export.over"
    show(
        {"export_id": which, "state": state},
        as_json=as_json,
        text=catalogue_of(language_spoken()).say(key, export=which),
    )


def _day(told: datetime | None) -> date | None:
    return told.date() if told else None
