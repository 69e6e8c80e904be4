"""A language that nobody speaks, made from English: every message in brackets. What stands outside of brackets was never said
by a catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jifen.present import catalogue

THIRD = "qaa"
"""Of the codes that ISO 639-2 leaves to private use."""
HEAD = '\n[language]\nname = "Bracketed"\nlowers_names = true\ndrops_for_one = "s"\nplural = { one = "n == 1" }\n'
_INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")


def write_third(folder: Path, *, without: tuple[str, ...] = (), **others: str) -> Path:
    """The catalogue's file, without some messages and with others in their place."""
    messages = []
    for key, message in catalogue.catalogue_of("en").messages.items():
        if key in without:
            continue
        named = ".".join(json.dumps(part) for part in key.split("."))
        unsaid = sorted(
            parameter
            for parameter in message.parameters - {catalogue.COUNT}
            if not any(f"{{{parameter}" in text for text in message.forms.values())
        )
        forms = {
            form: f"⟦{text}⟧" if not key.startswith("join.") else text for form, text in message.forms.items()
        }
        if len(forms) > 1:
            said = "{ " + ", ".join(f"{form} = {_quoted(text)}" for form, text in forms.items()) + " }"
        elif unsaid:
            said = f"{{ text = {_quoted(forms['other'])}, leaves_out = {json.dumps(unsaid)} }}"
        else:
            said = _quoted(forms["other"])
        messages.append(f"{named} = {said}")
    messages += [f"{key} = {_quoted(text)}" for key, text in others.items()]
    path = folder / f"{THIRD}.toml"
    # Dotted keys belong to the table above them, so the table of the language stands last.
    path.write_text("\n".join(messages) + HEAD, encoding="utf-8")
    return path


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def unsaid(text: str) -> str:
    """What of a text stands outside of all brackets."""
    while _INNERMOST.search(text):
        text = _INNERMOST.sub("", text)
    return text


def in_english(text: str) -> str:
    """The text without its brackets."""
    return text.replace("⟦", "").replace("⟧", "")


@contextmanager
def a_third_language(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[str]:
    """The language's code, while there is a catalogue of it in a folder that is no part of the package."""
    write_third(folder)
    monkeypatch.setenv(catalogue.FOLDER, str(folder))
    catalogue.forget()
    yield THIRD
    monkeypatch.delenv(catalogue.FOLDER)
    catalogue.forget()
