"""`jifen retention`: how long what is personal is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, local
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from jifen.domain.retention import DataClass
    from jifen.operations.apply_retention import Kept
    from jifen.store.ledger import Ledger

retention_app = typer.Typer(
    help="How long what is personal is kept, by class: show it, set it, let go what has outlived it.\n\nWhoever serves lets it "
    "go by itself every few hours. What a late message may still ask for never goes; the journal is kept for good.",
    no_args_is_help=True,
)


@retention_app.command("show")
def show_all(language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """Show each class: how long it is kept and why, and how much has outlived that.

    Example: jifen retention show
    """
    from jifen.present.retention import retention_lines, retention_shown

    kept = at_ledger(_read, home=home, as_json=as_json)
    spoken = language_spoken()
    show({"data": retention_shown(kept, spoken)}, as_json=as_json, text=retention_lines(kept, spoken))


@retention_app.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let go what has outlived its period now, without waiting for whoever serves.

    Example: jifen retention run --dry-run --json
    """

    async def work(ledger: Ledger) -> dict[DataClass, int]:
        if dry_run:
            return {one.kind: one.due for one in await _read(ledger)}
        from jifen.jobs.retention import let_go

        return await let_go(ledger, principal=local())

    gone = at_ledger(work, home=home, as_json=as_json)
    said = "retention.would_go" if dry_run else "retention.gone"
    show(
        {"is_dry_run": dry_run, "counts": {str(kind): count for kind, count in gone.items()}},
        as_json=as_json,
        text=[_say(said, name=_say(f"retention.name.{kind}"), count=count) for kind, count in gone.items()],
    )


@retention_app.command("set")
def set_period(
    which: Annotated[str, typer.Argument(help="A class, as jifen retention show names it.", metavar="CLASS")],
    days: Annotated[str, typer.Argument(help="How many days, or never.")],
    reason: Annotated[
        str, typer.Option(help="policy, law, authority, less_data or mistake; it stands in the audit.")
    ] = "policy",
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say how long a class is kept; never lets nothing of it go.

    Example: jifen retention set notes 730
    """
    if days != "never" and not (days.isascii() and days.isdigit() and int(days[:9]) > 0):
        raise typer.BadParameter("a number of days, or never", param_hint="DAYS")
    from jifen.domain.retention import PeriodReason

    if reason not in {str(one) for one in PeriodReason}:
        raise typer.BadParameter(f"one of {', '.join(PeriodReason)}", param_hint="--reason")
    wanted = 0 if days == "never" else int(days[:9])

    async def work(ledger: Ledger) -> tuple[DataClass, int]:
        from jifen.domain.retention import class_named
        from jifen.operations.apply_retention import change_retention

        kind = class_named(which)
        return kind, await change_retention(
            ledger, kind, wanted, reason=PeriodReason(reason), principal=local()
        )

    from jifen.present.retention import reason_said

    kind, before = at_ledger(work, home=home, as_json=as_json)
    period = _say("retention.for_good") if wanted == 0 else _say("retention.days", days=wanted)
    show(
        {"class": str(kind), "days": wanted or None, "before": before or None},
        as_json=as_json,
        text=_say(
            "retention.set",
            name=_say(f"retention.name.{kind}"),
            period=period,
            reason=reason_said(PeriodReason(reason), language_spoken()),
        ),
    )


async def _read(ledger: Ledger) -> list[Kept]:
    from jifen.operations.apply_retention import read_retention

    return await read_retention(ledger)


def _say(key: str, **parts: Any) -> str:
    from jifen.present.catalogue import catalogue_of

    return catalogue_of(language_spoken()).say(key, **parts)
