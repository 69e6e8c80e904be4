"""`jifen terms`: the terms of membership."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, local, moment_named, once_for
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from datetime import datetime

    from jifen.operations.manage_terms import TermsListed
    from jifen.store.ledger import Ledger

terms_app = typer.Typer(
    help="Terms of membership: publish a version, list them, say how long a notice is.\n\nA version never changes. Members "
    "accept the one in force when they join, and are told of the next one with its day and what is different.",
    no_args_is_help=True,
)


@terms_app.command()
def publish(
    version: Annotated[str, typer.Argument(help="How it is called, such as 2026-12.")],
    zh: Annotated[
        Path, typer.Option("--zh", help="File with the Chinese text.", exists=True, dir_okay=False)
    ],
    en: Annotated[
        Path, typer.Option("--en", help="File with the English text.", exists=True, dir_okay=False)
    ],
    different_zh: Annotated[
        str | None,
        typer.Option(help="What is different, in Chinese; from the second version on.", show_default=False),
    ] = None,
    different_en: Annotated[
        str | None, typer.Option(help="What is different, in English.", show_default=False)
    ] = None,
    worse: Annotated[
        bool, typer.Option("--worse", help="It takes something from members: they are told ahead.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="From when on, as 2027-01-01T00:00:00+08:00; otherwise as soon as may be.",
            show_default=False,
        ),
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Publish a version of the terms of membership. It never changes afterwards.

    Example: jifen terms publish 2026-12 --zh terms.zh.txt --en terms.en.txt
    """
    wanted: datetime | None = moment_named(at, option="--at")
    summary = {"zh": different_zh or "", "en": different_en or ""} if different_zh or different_en else None

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.manage_terms import Draft, publish_terms

        draft = Draft(version, _texts(zh, en), summary, worse, wanted)
        return await publish_terms(ledger, draft, once_for("terms publish"), principal=local())

    answer = at_ledger(work, home=home, as_json=as_json)
    told = {name: answer[name] for name in ("version", "number", "takes_effect_at")}
    show(
        told,
        as_json=as_json,
        text=_say("terms.published", version=told["version"], at=told["takes_effect_at"]),
    )


@terms_app.command("list")
def list_all(language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """List the versions, newest first, with how many persons accepted each.

    Example: jifen terms list
    """

    async def work(ledger: Ledger) -> TermsListed:
        from jifen.operations.manage_terms import list_terms

        return await list_terms(ledger)

    from jifen.present.terms import terms_line, terms_listed

    found = at_ledger(work, home=home, as_json=as_json)
    rows = terms_listed(found.terms, found.accepted, found.now)
    lines = [terms_line(one, language_spoken()) for one in rows] or [_say("terms.none")]
    show(
        {"data": rows, "notice_days": found.notice_days, "needed_to_enrol": found.needed_to_enrol},
        as_json=as_json,
        text=[
            *lines,
            _say("terms.notice_is", days=found.notice_days),
            _say("terms.needed" if found.needed_to_enrol else "terms.not_needed"),
        ],
    )


@terms_app.command()
def withdraw(
    version: Annotated[str, typer.Argument(help="The version that waits.")],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Call off a version that waits: it is never in force. Status 3 when it has taken effect.

    Example: jifen terms withdraw 2027-02
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.manage_terms import withdraw_terms

        return await withdraw_terms(ledger, version, once_for("terms withdraw"), principal=local())

    answer = at_ledger(work, home=home, as_json=as_json)
    told = {name: answer[name] for name in ("version", "number", "withdrawn_at")}
    show(told, as_json=as_json, text=_say("terms.withdrawn", version=told["version"]))


@terms_app.command()
def enrolling(
    needed: Annotated[
        bool,
        typer.Option(
            "--needed/--not-needed", help="Whether nobody is enrolled without accepting the terms in force."
        ),
    ],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a till or a key that enrols somebody has to send his acceptance of the terms in force.

    Example: jifen terms enrolling --needed
    """

    async def work(ledger: Ledger) -> bool:
        from jifen.operations.manage_terms import change_needed

        return await change_needed(ledger, is_needed=needed, principal=local())

    before = at_ledger(work, home=home, as_json=as_json)
    show(
        {"needed_to_enrol": needed, "before": before},
        as_json=as_json,
        text=_say("terms.needed" if needed else "terms.not_needed"),
    )


@terms_app.command()
def notice(
    days: Annotated[int, typer.Argument(help="How many days ahead.", min=1, max=365)],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say how many days ahead members are told of a change for the worse. Versions that are published keep their moment.

    Example: jifen terms notice 60
    """

    async def work(ledger: Ledger) -> int:
        from jifen.operations.manage_terms import change_notice

        return await change_notice(ledger, days, principal=local())

    before = at_ledger(work, home=home, as_json=as_json)
    show(
        {"notice_days": days, "before": before},
        as_json=as_json,
        text=_say("terms.notice", days=days, before=before),
    )


def _texts(zh: Path, en: Path) -> dict[str, str]:
    found = {}
    for language, path in (("zh", zh), ("en", en)):
        try:
            found[language] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise typer.BadParameter(f"{path} is no text in UTF-8", param_hint=f"--{language}") from None
    return found


def _say(key: str, **parts: Any) -> str:
    from jifen.present.catalogue import catalogue_of

    return catalogue_of(language_spoken()).say(key, **parts)
