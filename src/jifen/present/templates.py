"""A template in three sentences: what a shop owner reads before choosing it."""

from __future__ import annotations

from jifen.present.catalogue import catalogue_of


def template_title(name: str, language: str) -> str:
    """What a template is called."""
    return catalogue_of(language).say(f"template.{name}.title")


def template_sentences(name: str, language: str) -> list[str]:
    """Its three sentences."""
    words = catalogue_of(language)
    return [
        words.say(f"template.{name}.first"),
        words.say(f"template.{name}.second"),
        words.say(f"template.{name}.third"),
    ]
