"""What is wrong with a document, said so that its writer can mend it: where, what, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProblem:
    """One thing that is wrong. `line` and `column` count from 1; both are 0 when there was no text to read."""

    code: str
    path: str  # JSON path, `$.earn_rules[2].per_amount.points`
    value: str  # what stands there, as short text
    message_en: str
    message_zh: str
    way_out: str
    way_out_zh: str
    file: str = ""
    line: int = 0
    column: int = 0

    def at(self, *, file: str, line: int, column: int) -> DocumentProblem:
        """The same problem with its place in a file."""
        return replace(self, file=file, line=line, column=column)

    def text(self, language: str = "en") -> str:
        """The problem as one paragraph for a terminal, in `en` or `zh`."""
        place = (
            f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        )
        if language == "zh":
            return f"{place}{self.path}：{self.message_zh}{self.way_out_zh}（{self.code}）"
        return f"{place}{self.path}: {self.message_en} {self.way_out} [{self.code}]"


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
    en: str
    zh: str
    out_en: str
    out_zh: str

    def as_problem(self) -> DocumentProblem:
        """The finding as a problem without a line."""
        return DocumentProblem(
            code=self.code,
            path=json_path(self.steps),
            value=short(self.value),
            message_en=self.en,
            message_zh=self.zh,
            way_out=self.out_en,
            way_out_zh=self.out_zh,
        )


def short(value: object) -> str:
    """A value as text of at most 80 characters."""
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= 80 else text[:77] + "..."
