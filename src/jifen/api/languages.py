"""In which language an answer is said: as the address asks, else as `Accept-Language` does, else Chinese (a report: English)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from jifen.domain.refusals import FieldWrong
from jifen.present.catalogue import accepted, languages

DEFAULT = "zh"

Language = Annotated[
    str | None,
    Query(
        min_length=2,
        max_length=8,
        description="zh, en, or another that there is a catalogue of. Without it the language that Accept-Language asks for.",
    ),
]


def language_accepted(header: str | None) -> str:
    """The language that an `Accept-Language` header asks for, else Chinese."""
    return accepted(header, otherwise=DEFAULT)


def language_of(request: Request, asked: str | None = None, *, otherwise: str = DEFAULT) -> str:
    """The language of an answer.

    Refuses
        FieldWrong   the address names a language that there is no catalogue of
    """
    if asked is None:
        return accepted(request.headers.get("accept-language"), otherwise=otherwise)
    if asked not in languages():
        raise FieldWrong(f"choose {' or '.join(languages())}", pointer="/query/language", value=asked)
    return asked
