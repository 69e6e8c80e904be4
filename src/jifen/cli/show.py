"""How commands speak: results to standard output, everything else to standard error.

Whatever a terminal is given leaves through here, line by line, and each line is made safe (`texts.one_line`): what a note, a name
or a message from elsewhere holds can neither begin a line of its own nor move the cursor. So no command has to think of it,
and a text that has several lines is given as several lines.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import typer

from jifen.domain.texts import one_line

if TYPE_CHECKING:
    from jifen.domain.timeline import Timeline

FAILED = 1
REFUSED = 3


def say(*lines: str) -> None:
    """Lines about what is going on, for the person who waits."""
    for line in lines:
        typer.echo(one_line(line), err=True)


_SPOKEN = ContextVar("_SPOKEN", default="en")


def speak(context: typer.Context, language: str) -> str:
    """The language of `--language`, spoken from now on by the command under way."""
    from jifen.present.catalogue import languages

    if language not in languages():
        raise typer.BadParameter(f"choose {' or '.join(languages())}")
    before = _SPOKEN.set(language)
    context.call_on_close(lambda: _SPOKEN.reset(before))
    return language


def language_spoken() -> str:
    """The language that the command under way speaks; English where it has no such option."""
    return _SPOKEN.get()


def say_in_language(code: str) -> None:
    """What a refusal means and the way out, in the language that the command speaks; its English detail was said."""
    from jifen.present.refusals import refusal_message, way_out

    language = language_spoken()
    if language != "en":
        say(refusal_message(code, language))
    if further := way_out(code, language):
        say(further)


def show(result: dict[str, Any], *, as_json: bool, text: str | Sequence[str]) -> None:
    """The result: as data when --json was given, otherwise as `text`, which is a line or several."""
    if as_json:
        show_document(json.dumps(result, ensure_ascii=False, indent=2))
        return
    for line in [text] if isinstance(text, str) else text:
        typer.echo(one_line(line))


def show_data(refused: dict[str, Any]) -> None:
    """A refusal or a failure, as one line of JSON."""
    show_document(json.dumps(refused, ensure_ascii=False, default=str))


def show_document(text: str) -> None:
    """JSON, YAML or a page that is written already, and whose lines are its own: inside of a value JSON and YAML write
    them otherwise, and read back what stands there by its number."""
    typer.echo("\n".join(one_line(line) for line in text.removesuffix("\n").split("\n")))


@contextmanager
def told_plainly(*, as_json: bool = False) -> Iterator[None]:
    """Turn what may go wrong with the database into a sentence and an exit status, without a traceback."""
    from jifen.embedded.failures import PostgresUnavailable

    try:
        yield
    except PostgresUnavailable as failure:
        if as_json:
            show_data({"error": type(failure).__name__, "message": str(failure)})
        else:
            say(*str(failure).splitlines())
        sys.exit(REFUSED if failure.is_refusal else FAILED)


def sayer(*, as_json: bool) -> Callable[[str], None]:
    """Who tells of progress: nobody, when the output is for a machine."""
    return (lambda _: None) if as_json else say


def scales_of(timeline: Timeline) -> dict[str, int]:
    """By currency code the decimal places that a person reads; a scale never changes."""
    return {currency.code: currency.scale for currency in timeline.newest.currencies}
