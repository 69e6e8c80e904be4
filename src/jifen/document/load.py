"""From a text or a file to a checked document; every error says where it is, what is wrong and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from jifen.document import compile as compiling
from jifen.document import yaml_text
from jifen.document.claims import nearest
from jifen.document.model import ProgramDocument, StorePart
from jifen.document.problems import DocumentProblem, DocumentRefused, Finding, Steps
from jifen.domain.texts import PRINTABLE
from jifen.present.said import Listed, Said

PROBLEMS_MAX = 100
"""A text with more problems shows the first of them."""


def load_program_file(path: Path | str) -> ProgramDocument:
    """The checked document in a YAML or JSON file.

    Refuses
        DocumentRefused   with every problem found, each with its line; also when the file cannot be read.
    """
    return load_with_places(path)[0]


def load_with_places(path: Path | str) -> tuple[ProgramDocument, yaml_text.Read]:
    """The same, and where everything stands in it."""
    return parse_with_places(text_of_file(path), name=str(path))


def text_of_file(path: Path | str) -> str:
    """The text of a file; of one that is too large, enough of it to be refused.

    Refuses
        DocumentRefused   it cannot be read
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(yaml_text.BYTES_MAX + 1)
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentRefused([_unreadable(str(path), error)]) from error


def parse_document(text: str, *, name: str) -> ProgramDocument:
    """The checked document of a YAML or JSON text. `name` is what problems call the text.

    Refuses
        DocumentRefused   with every problem found, each with its line.
    """
    return parse_with_places(text, name=name)[0]


def parse_with_places(text: str, *, name: str) -> tuple[ProgramDocument, yaml_text.Read]:
    """The same, and where everything stands in it."""
    read = yaml_text.read(text, name=name)
    try:
        document = _validated(read.value)
    except ValidationError as error:
        raise _refused(_shape_findings(error, read.value), read, name) from None
    found = compiling.findings(document)
    if found:
        raise _refused(found, read, name)
    return document, read


def document_from(data: object) -> ProgramDocument:
    """The checked document of plain values, such as the body of a request.

    Refuses
        DocumentRefused   with every problem found, by path only.
    """
    value = with_tuples(data)
    try:
        document = _validated(value)
    except ValidationError as error:
        raise DocumentRefused(one.as_problem() for one in _shape_findings(error, value)) from None
    found = compiling.findings(document)
    if found:
        raise DocumentRefused(one.as_problem() for one in found)
    return document


def _validated(value: Any) -> ProgramDocument:
    """The document, its thousands of stores one by one: one call for all would give way to nobody while tills wait."""
    stores = value.get("stores") if isinstance(value, dict) else None
    if isinstance(stores, tuple):
        try:
            parts = tuple(StorePart.model_validate(store) for store in stores)
            return ProgramDocument.model_validate({**value, "stores": parts})
        except ValidationError:
            pass  # said again of the whole, where each fault has its place
    return ProgramDocument.model_validate(value)


def with_tuples(value: Any, depth: int = 0) -> Any:
    """Plain values with every list as a tuple, as the strict models take them.

    Refuses
        DocumentRefused   they are nested too deep
    """
    if depth > yaml_text.DEPTH_MAX:
        deep = Finding(
            code="too_deep",
            steps=(),
            value="",
            said=Said("problem.too_deep.said"),
            out=Said("problem.too_deep.out"),
        )
        raise DocumentRefused([deep.as_problem()])
    if isinstance(value, dict):
        return {key: with_tuples(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return tuple(with_tuples(one, depth + 1) for one in value)
    return value


def _refused(found: Iterable[Finding], read: yaml_text.Read, name: str) -> DocumentRefused:
    placed: list[DocumentProblem] = []
    for finding in found:
        line, column = read.place(finding.steps)
        placed.append(finding.as_problem().at(file=name, line=line, column=column))
    placed.sort(key=lambda problem: (problem.line, problem.column))
    return DocumentRefused(placed[:PROBLEMS_MAX])


def _unreadable(name: str, error: Exception) -> DocumentProblem:
    said = error.strerror if isinstance(error, OSError) else "its bytes are not UTF-8"
    return DocumentProblem(
        code="file_unreadable", path="$", value=name, file=name,
        said=Said("problem.file_unreadable.said", why=said), out=Said("problem.file_unreadable.out"),
    )  # fmt: skip


def _shape_findings(error: ValidationError, value: Any) -> list[Finding]:
    """Pydantic's errors in our words, one a place."""
    found: dict[Steps, Finding] = {}
    for one in error.errors(include_url=False):
        if one["type"] in ("too_short", "too_long") and _fits(one):
            continue  # only because its items were refused, each of which has its own error
        steps = _steps(one["loc"], value)
        found.setdefault(steps, _finding(dict(one), steps))
    return list(found.values())


def _fits(error: Any) -> bool:
    size = len(error["input"]) if isinstance(error["input"], tuple | dict | str) else 0
    low, high = error["ctx"].get("min_length", 0), error["ctx"].get("max_length", size)
    return bool(low <= size <= high)


def _steps(loc: tuple[int | str, ...], value: Any) -> Steps:
    """The place without the names that Pydantic adds for the branches of a union."""
    steps: list[str | int] = []
    for at, step in enumerate(loc):
        if _has(value, step):
            value = value[step]
        elif not (at == len(loc) - 1 and isinstance(value, dict) and _is_field(step)):
            continue
        steps.append(step)
    return tuple(steps)


def _has(value: Any, step: int | str) -> bool:
    """Whether a step leads further into a value."""
    if isinstance(value, tuple):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _is_field(step: int | str) -> bool:
    """Whether a step that is not in the value is a missing field rather than a branch's name."""
    return isinstance(step, str) and step.replace("_", "").isalpha() and step.islower()


def _finding(error: dict[str, Any], steps: Steps) -> Finding:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    code, said, out = _wrong_type(kind, value)
    match kind:
        case "missing":
            name = str(steps[-1]) if steps else ""
            code, value = "missing_field", name
            said, out = (
                Said("problem.missing_field.said", name=repr(name)),
                Said("problem.missing_field.out", name=name),
            )
        case "extra_forbidden":
            code = "unknown_field"
            said = Said("problem.unknown_field.said", name=repr(steps[-1]))
            known = _fields_at(steps[:-1])
            out = _meant(str(steps[-1]), known) or Said(
                "problem.unknown_field.out", fields=Listed.of("items", known)
            )
        case "greater_than_equal":
            code, limit = "out_of_range", context["ge"]
            said = Said("problem.out_of_range.at_least", limit=limit)
            out = Said("problem.out_of_range.write_more", limit=limit, value=value)
        case "less_than_equal":
            code, limit = "out_of_range", context["le"]
            said = Said("problem.out_of_range.at_most", limit=limit)
            out = Said("problem.out_of_range.write_less", value=value)
        case "string_pattern_mismatch":
            code = "malformed"
            said = Said("problem.malformed.said", value=repr(value))
            out = _pattern_way_out(str(context.get("pattern", "")))
        case "string_too_short" | "too_short":
            code = "wrong_length"
            said = Said("problem.wrong_length.at_least", limit=context["min_length"])
            out = Said("problem.wrong_length.add")
        case "string_too_long" | "too_long":
            code = "wrong_length"
            said = Said("problem.wrong_length.at_most", limit=context["max_length"])
            out = Said("problem.wrong_length.leave_out")
        case "literal_error":
            code = "not_one_of"
            words = str(context.get("expected", "")).replace(" or ", ", ").split(", ")
            said = Said("problem.not_one_of.said", words=_alternatives(words))
            out = _meant(str(value), [word.strip("'") for word in words]) or Said("problem.not_one_of.out")
    return Finding(code=code, steps=steps, value=value, said=said, out=out)


def _meant(written: str, known: list[str]) -> Said | None:
    near = nearest(written, known)
    return Said("problem.meant", near=repr(near)) if near else None


def _alternatives(words: list[str]) -> Listed:
    """`a, b or c`, as Pydantic writes them."""
    return Listed("values", (", ".join(words[:-1]), words[-1]) if len(words) > 1 else (words[0],))


def _wrong_type(kind: str, value: Any) -> tuple[str, Said, Said]:
    """Code, words and way out for a value of another type."""
    if isinstance(value, float):
        return "float_refused", Said("problem.float_refused.said"), Said("problem.float_refused.out")
    expected = {
        "int_type": "whole_number",
        "string_type": "text",
        "bool_type": "true_or_false",
        "tuple_type": "list",
        "dict_type": "fields",
        "model_type": "fields",
        "model_attributes_type": "fields",
    }.get(kind, "another")
    out = Said("problem.wrong_value.see_guide")
    if kind == "string_type" and isinstance(value, int):
        out = Said("problem.wrong_value.write_quoted", value=value)
    elif kind == "int_type" and isinstance(value, str):
        out = Said("problem.wrong_value.write_digits")
    return "wrong_type", Said("problem.wrong_value.said", what=Said(f"problem_word.{expected}")), out


def _pattern_way_out(pattern: str) -> Said:
    if pattern.startswith("^[a-z][a-z0-9_-]"):
        return Said("problem.malformed.write_code")
    if pattern == PRINTABLE:
        return Said("problem.malformed.write_one_line")
    if "/[0-9]" in pattern:
        return Said("problem.malformed.write_fraction")
    if "\\." in pattern and pattern.startswith("^[0-9]"):
        return Said("problem.malformed.write_decimal")
    if pattern == "^[A-Z]{3}$":
        return Said("problem.malformed.write_capitals")
    return Said("problem.malformed.match", pattern=pattern)


def _fields_at(steps: Steps) -> list[str]:
    """The fields that the model knows at a place, for suggestions."""
    models: list[type[BaseModel]] = [ProgramDocument]
    for step in steps:
        if isinstance(step, str):
            models = [inner for model in models for inner in _inner(model, step)]
    return list(dict.fromkeys(name for model in models for name in _names(model)))


def _names(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _inner(model: type[BaseModel], name: str) -> list[type[BaseModel]]:
    return list(_models_in(_names(model).get(name)))


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
