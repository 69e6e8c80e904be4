"""A refusal as a sentence: what its code means, in every language that there is a catalogue of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jifen.present.catalogue import catalogue_of


def refusal_message(code: str, language: str) -> str:
    """What a refusal of this code says: the docstring of its class, in the language."""
    return catalogue_of(language).say(f"refusal.{code}")


def failure_message(failure: Mapping[str, Any], language: str) -> str:
    """Why a back-test failed, of what its row keeps.

    Shape
        failure   {code, detail}, with message_zh where the code alone does not say it
    """
    key = f"refusal.{failure['code']}"
    if language == "zh" and failure.get("message_zh"):
        return str(failure["message_zh"])
    words = catalogue_of(language)
    return words.say(key) if words.has(key) else str(failure["detail"])


def way_out(code: str, language: str) -> str:
    """What to do about a refusal whose sentence does not say it; nothing where it does."""
    words = catalogue_of(language)
    return words.say(f"way_out.{code}") if words.has(f"way_out.{code}") else ""
