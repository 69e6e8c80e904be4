"""What is wrong with a document, said so that its writer can mend it: where, what, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jifen.present.catalogue import catalogue_of
from jifen.present.said import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProblem:
    """One thing that is wrong. `line` and `column` count from 1; both are 0 when there was no text to read."""

    code: str
    path: str  # JSON path, `$.earn_rules[2].per_amount.points`
    value: str  # what stands there, as short text
    said: Said  # what is wrong
    out: Said  # the way out
    file: str = ""
    line: int = 0
    column: int = 0

    def at(self, *, file: str, line: int, column: int) -> DocumentProblem:
        """The same problem with its place in a file."""
        return replace(self, file=file, line=line, column=column)

    @property
    def message_en(self) -> str:
        """What is wrong, in English."""
        return self.said.in_language("en")

    @property
    def message_zh(self) -> str:
        """What is wrong, in Chinese."""
        return self.said.in_language("zh")

    @property
    def way_out(self) -> str:
        """What to do, in English."""
        return self.out.in_language("en")

    @property
    def way_out_zh(self) -> str:
        """What to do, in Chinese."""
        return self.out.in_language("zh")

    def whole(self, language: str) -> str:
        """What is wrong and the way out, in a language."""
        said, out = self.said.in_language(language), self.out.in_language(language)
        return catalogue_of(language).say("problem_shown.whole", said=said, out=out)

    def as_document(self, language: str) -> dict[str, str | int]:
        """The problem as data, said in the language too."""
        return {
            "code": self.code,
            "path": self.path,
            "value": self.value,
            "message": self.whole(language),
            "message_en": self.message_en,
            "message_zh": self.message_zh,
            "way_out": self.way_out,
            "way_out_zh": self.way_out_zh,
            "file": self.file,
            "line": self.line,
            "column": self.column,
        }

    def text(self, language: str = "en") -> str:
        """The problem as one paragraph for a terminal."""
        place = (
            f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        )
        return catalogue_of(language).say(
            "problem_shown.in_terminal",
            place=place,
            path=self.path,
            said=self.said.in_language(language),
            out=self.out.in_language(language),
            code=self.code,
        )


class DocumentRefused(Exception):
    """The document cannot be a programme. `problems` says everything that was found, in the order of the text."""

    def __init__(self, problems: Iterable[DocumentProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.text() for problem in self.problems))


# A step of a path: a field's name or a position in a list.
Steps = tuple[str | int, ...]


def json_path(steps: Steps) -> str:
    """Steps as a JSON path: `$.earn_rules[2].per_amount.points`."""
    text = "$"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "a").isalnum():
            text += f".{step}"
        else:
            text += f"[{step!r}]"
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem before its place in the text is known: steps instead of a line."""

    code: str
    steps: Steps
    value: object
    said: Said
    out: Said

    def as_problem(self) -> DocumentProblem:
        """The finding as a problem without a line."""
        return DocumentProblem(
            code=self.code,
            path=json_path(self.steps),
            value=short(self.value),
            said=self.said,
            out=self.out,
        )


def short(value: object) -> str:
    """A value as text of at most 80 characters."""
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= 80 else text[:77] + "..."
