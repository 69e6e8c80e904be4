"""What is to be said and has no language yet: a message's key with its parts. Whoever shows it chooses the language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from jifen.present.catalogue import Catalogue, catalogue_of


class Said:
    """A message with what belongs into it; a part may be such a message itself, or a list of things to be joined."""

    __slots__ = ("key", "parts")

    def __init__(self, key: str, /, **parts: Any) -> None:
        self.key = key
        self.parts = parts

    def in_language(self, language: str) -> str:
        """The sentence in a language that there is a catalogue of."""
        return self._in(catalogue_of(language))

    def _in(self, words: Catalogue) -> str:
        return words.say(self.key, **{name: _part(part, words) for name, part in self.parts.items()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Said) and (self.key, self.parts) == (other.key, other.parts)

    def __hash__(self) -> int:
        return hash((self.key, *sorted(self.parts)))

    def __repr__(self) -> str:
        return f"Said({self.key!r}, **{self.parts!r})"


@dataclass(frozen=True, slots=True)
class Listed:
    """Several things, joined as the language joins `how` (the table `join` of the catalogues)."""

    how: str
    things: tuple[Any, ...]

    @classmethod
    def of(cls, how: str, things: Iterable[Any]) -> Listed:
        """Those things."""
        return cls(how, tuple(things))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A text that somebody wrote in several languages, such as a rule's sentence: by language a function makes it."""

    makes: Any  # language -> text

    def in_language(self, language: str) -> str:
        """The text in that language."""
        return str(self.makes(language))


Part: TypeAlias = "Said | Listed | Chosen | str | int"


def _part(part: Any, words: Catalogue) -> Any:
    if isinstance(part, Said):
        return part._in(words)
    if isinstance(part, Listed):
        return words.join(part.how, [str(_part(thing, words)) for thing in part.things])
    if isinstance(part, Chosen):
        return part.in_language(words.language)
    return part
