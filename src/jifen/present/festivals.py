"""Days that a programme can name, as a person reads them."""

from __future__ import annotations

from jifen.present.catalogue import catalogue_of


def festival_said(code: str, language: str) -> str:
    """What a festival is called."""
    return catalogue_of(language).say(f"festival.{code}")
