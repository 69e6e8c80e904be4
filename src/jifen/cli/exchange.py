"""`jifen exchange`: what the programme exchanges, and how often that was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

exchange_app = typer.Typer(
    help="What the programme exchanges; `jifen member exchange` makes one.", no_args_is_help=True
)


@exchange_app.command("list")
def list_exchanges(language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """List what the programme in force exchanges, and how often that was made in the twelve months that end with this one.

    Example: jifen exchange list
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.read_exchange_figures import read_exchange_figures

        return await read_exchange_figures(ledger)

    found = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.exchanges import exchange_figures_lines, exchange_figures_shown

    spoken = language_spoken()
    shown = exchange_figures_shown(found.program, found.months, found.span, found.sums, spoken)
    show(shown, as_json=as_json, text=exchange_figures_lines(shown, spoken))
