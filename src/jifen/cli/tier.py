"""`jifen tier`: the ladder in force, who moved on it, and who is about to fall."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

tier_app = typer.Typer(
    help="The ladder in force: members by tier, moves up and down, who is about to fall.",
    no_args_is_help=True,
)
_Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], show_default=False)]


@tier_app.command("show")
def show_ladder(
    from_on: _Day = None,
    to_on: _Day = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the ladder as sentences, members by tier, and moves of a period (without one, the last 90 whole days).

    Example: jifen tier show --from-on 2026-03-01 --to-on 2026-03-31
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.read_ladder import read_ladder

        return await read_ladder(
            ledger, from_on=from_on.date() if from_on else None, to_on=to_on.date() if to_on else None
        )

    view = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.ladders import ladder_lines, ladder_shown

    spoken = language_spoken()
    show(ladder_shown(view, spoken), as_json=as_json, text=ladder_lines(view, spoken))


@tier_app.command()
def falling(
    within_days: Annotated[int, typer.Option(help="Who is judged within so many days.", min=1, max=400)] = 30,
    before: Annotated[
        str | None, typer.Option(help="The cursor that the page before ended with.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=200)] = 50,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List whose tier is judged soon and would not be kept by what counts so far, the soonest first.

    Example: jifen tier falling --within-days 60
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.read_ladder import list_falling

        return await list_falling(ledger, within_days=within_days, before=before, limit=limit)

    page = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.ladders import falling_lines, falling_shown

    show(falling_shown(page), as_json=as_json, text=falling_lines(page, language_spoken()))
