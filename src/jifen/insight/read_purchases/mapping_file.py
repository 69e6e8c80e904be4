"""A mapping as a file: YAML, read strictly, and everything that is wrong with it told with file, line and path.

Which keys there are is said by a model (`mapping.py` for purchases, `read_opening.py` for opening balances). What is wrong is a
message of the catalogues (table `mapping`); a model's own checks name theirs by `wrong`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from jifen.present.said import Said

_BYTES_MAX = 65_536
_LINES_MAX = 10_000


class Part(BaseModel):
    """A group of keys of a mapping: each is known, and is text or a group."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


M = TypeVar("M", bound=Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingProblem:
    """One thing that is wrong with a mapping. `line` counts from 1; 0 when it was not read from a file."""

    file: str
    line: int
    path: str
    code: str
    said: Said

    def message(self, language: str) -> str:
        """What is wrong, in a language that there is a catalogue of."""
        return self.said.in_language(language)

    def text(self, language: str = "en") -> str:
        """The problem as one line for a terminal."""
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.path}: {self.message(language)} [{self.code}]"


class MappingRefused(Exception):
    """The mapping cannot be used. `problems` says everything that was found."""

    def __init__(self, problems: Sequence[MappingProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.text() for problem in problems))


def refuse_mapping(path: str, code: str, said: Said, *, file: str = "", line: int = 0) -> MappingRefused:
    """The refusal for one problem."""
    return MappingRefused([MappingProblem(file=file, line=line, path=path, code=code, said=said)])


def wrong(code: str, key: str, **parts: Any) -> PydanticCustomError:
    """What a check of a model raises: a stable code, and the message that says it."""
    return PydanticCustomError(code, key, parts)


def read_mapping_as(model: type[M], file: Path) -> M:
    """The mapping that a YAML file holds.

    Refuses
        MappingRefused   the file cannot be read, is no YAML, or does not say what it must.
    """
    at = str(file)
    try:
        text = file.read_bytes()
    except OSError as problem:
        said = Said("mapping.unreadable", said=problem.strerror or str(problem))
        raise refuse_mapping("$", "unreadable", said, file=at) from problem
    if len(text) > _BYTES_MAX:
        raise refuse_mapping("$", "too_large", Said("mapping.too_large"), file=at)
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        # Everything is text: a column may be called no, on or 007, and nothing of a mapping is a number or a date.
        written = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  it builds text, lists and mappings only
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        said = Said("mapping.not_yaml", said=str(getattr(problem, "problem", None) or problem))
        raise refuse_mapping("$", "not_yaml", said, file=at, line=line) from problem
    lines, doubled = _lines_of(root)
    if doubled:
        raise MappingRefused(
            [
                MappingProblem(
                    file=at, line=lines[path], path=path, code="key_twice", said=Said("mapping.key_twice")
                )
                for path in doubled
            ]
        )
    return mapping_as(model, written, file=at, lines=lines)


def mapping_as(model: type[M], written: object, *, file: str = "", lines: dict[str, int] | None = None) -> M:
    """The mapping that plain values say: groups, lists and texts.

    Shape
        lines   the line of every path, where they were read from a file

    Refuses
        MappingRefused   they do not say what they must
    """
    try:
        return model.model_validate(written)
    except ValidationError as problem:
        at = _paths_of(written) if lines is None else lines
        raise MappingRefused([_problem(file, at, error, model) for error in problem.errors()]) from problem


def _paths_of(written: object) -> dict[str, int]:
    """The paths of plain values, which stand in no line."""
    paths = {"$": 0}
    todo = [("$", written)]
    while todo:
        path, value = todo.pop()
        steps: list[tuple[str, object]] = []
        if isinstance(value, dict):
            steps = [(f"{path}.{key}", inner) for key, inner in value.items()]
        elif isinstance(value, list):
            steps = [(f"{path}[{at}]", inner) for at, inner in enumerate(value)]
        paths.update((inner, 0) for inner, _ in steps)
        todo += steps
    return paths


def _lines_of(root: yaml.Node | None) -> tuple[dict[str, int], list[str]]:
    """The line of every path, and the paths whose key stands twice."""
    lines: dict[str, int] = {"$": 1}
    doubled: list[str] = []
    todo: list[tuple[str, yaml.Node | None]] = [("$", root)]
    while todo:
        path, node = todo.pop()
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = f"{path}.{key.value}"
                if inner in lines:
                    doubled.append(inner)
                lines[inner] = key.start_mark.line + 1
                todo.append((inner, value))
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                lines[f"{path}[{position}]"] = value.start_mark.line + 1
                todo.append((f"{path}[{position}]", value))
        if len(lines) > _LINES_MAX:  # an alias that holds itself would go on for ever
            break
    return lines, doubled


_OF_PYDANTIC = {
    "missing": "mapping.missing",
    "extra_forbidden": "mapping.no_such_key",
    "literal_error": "mapping.not_one_of",
    "string_type": "mapping.no_text",
    "model_type": "mapping.no_group",
    "model_attributes_type": "mapping.no_group",
    "dict_type": "mapping.no_group",
    "list_type": "mapping.no_list",
    "string_too_short": "mapping.text_empty",
    "string_too_long": "mapping.text_too_long",
}
"""Messages of what a model finds by itself; whatever stands not here is told as a value that cannot be used."""


def _problem(file: str, lines: dict[str, int], error: ErrorDetails, model: type[Part]) -> MappingProblem:
    path, line = "$", lines.get("$", 1)
    for step in error["loc"]:
        inner = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}"
        if inner not in lines and error["type"] not in ("missing", "extra_forbidden"):
            break  # a branch of a union such as `str`, not a key
        path, line = inner, lines.get(inner, line)
    context = error.get("ctx", {})
    if error["msg"].startswith("mapping."):
        said = Said(error["msg"], **context)
    elif error["type"] == "literal_error":
        said = Said("mapping.not_one_of", values=str(context.get("expected", "")))
    else:
        said = Said(_OF_PYDANTIC.get(error["type"], "mapping.wrong"))
    near = _near(error, model)
    if near is not None:
        said = Said("mapping.with_near", said=said, near=near)
    elif (found := _found(error)) is not None:
        said = Said("mapping.with_found", said=said, found=found)
    return MappingProblem(file=file, line=line, path=path, code=error["type"], said=said)


def _found(error: ErrorDetails) -> str | None:
    value: Any = error.get("input")
    if error["type"] == "missing" or isinstance(value, (dict, list, BaseModel)):
        return None
    return repr(str(value)[:80])


def _near(error: ErrorDetails, model: type[Part]) -> str | None:
    """The key that was probably meant, of the group in which an unknown one stands."""
    if error["type"] != "extra_forbidden":
        return None
    group: type[BaseModel] = model
    for step in error["loc"][:-1]:
        field = group.model_fields.get(str(step))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, Part)):
            return None
        group = field.annotation
    close = difflib.get_close_matches(str(error["loc"][-1]), group.model_fields, n=1)
    return close[0] if close else None
