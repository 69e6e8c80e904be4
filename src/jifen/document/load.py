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

PROBLEMS_MAX = 100
"""A text with more problems shows the first of them."""


def load_program_file(path: Path | str) -> ProgramDocument:
    """The checked document in a YAML or JSON file.

    Refuses
        DocumentRefused   with every problem found, each with its line; also when the file cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = file.read(yaml_text.BYTES_MAX + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentRefused([_unreadable(str(path), error)]) from error
    return parse_document(text, name=str(path))


def parse_document(text: str, *, name: str) -> ProgramDocument:
    """The checked document of a YAML or JSON text. `name` is what problems call the text.

    Refuses
        DocumentRefused   with every problem found, each with its line.
    """
    read = yaml_text.read(text, name=name)
    try:
        document = _validated(read.value)
    except ValidationError as error:
        raise _refused(_shape_findings(error, read.value), read, name) from None
    found = compiling.findings(document)
    if found:
        raise _refused(found, read, name)
    return document


def document_from(data: object) -> ProgramDocument:
    """The checked document of plain values, such as the body of a request.

    Refuses
        DocumentRefused   with every problem found, by path only.
    """
    value = _with_tuples(data)
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


def _with_tuples(value: Any, depth: int = 0) -> Any:
    if depth > yaml_text.DEPTH_MAX:
        deep = Finding(
            code="too_deep", steps=(), value="", en="Values are nested more than 64 deep.", zh="嵌套超过 64 层。",
            out_en="Split the conditions into several rules.", out_zh="请把条件拆分成多条规则。",
        )  # fmt: skip
        raise DocumentRefused([deep.as_problem()])
    if isinstance(value, dict):
        return {key: _with_tuples(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_with_tuples(one, depth + 1) for one in value)
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
        message_en=f"The file cannot be read: {said}.", message_zh=f"无法读取文件：{said}。",
        way_out="Give the path of a YAML file in UTF-8.", way_out_zh="请提供 UTF-8 编码的 YAML 文件路径。",
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
    en, zh, out_en, out_zh, code = _wrong_type(kind, value)
    match kind:
        case "missing":
            name = str(steps[-1]) if steps else ""
            code, value = "missing_field", name
            en, zh = f"The field {name!r} is missing.", f"缺少字段 {name!r}。"
            out_en, out_zh = f"Add {name}: ...", f"请添加 {name}: ..."
        case "extra_forbidden":
            code = "unknown_field"
            en, zh = f"There is no field {steps[-1]!r} here.", f"这里没有字段 {steps[-1]!r}。"
            known = _fields_at(steps[:-1])
            near = nearest(str(steps[-1]), known)
            out_en = f"Did you mean {near!r}?" if near else f"Fields here: {', '.join(known)}."
            out_zh = f"是否想写 {near!r}？" if near else f"可用字段：{'、'.join(known)}。"
        case "greater_than_equal" | "less_than_equal":
            code = "out_of_range"
            low = kind == "greater_than_equal"
            limit = context["ge" if low else "le"]
            en = f"This must be at {'least' if low else 'most'} {limit}."
            zh = f"这里必须{'不小于' if low else '不大于'} {limit}。"
            out_en, out_zh = f"Write a number up to that limit, not {value}.", "请修改该数值。"
            if low:
                out_en = f"Write {limit} or more, not {value}."
        case "string_pattern_mismatch":
            code = "malformed"
            en, zh = f"{value!r} is not written as it must be here.", f"{value!r} 的格式不正确。"
            out_en, out_zh = _pattern_way_out(str(context.get("pattern", "")))
        case "string_too_short" | "string_too_long" | "too_short" | "too_long":
            code = "wrong_length"
            low = kind.endswith("short")
            limit = context["min_length" if low else "max_length"]
            en = f"There must be at {'least' if low else 'most'} {limit} here."
            zh = f"这里{'至少' if low else '最多'}需要 {limit} 个。"
            out_en, out_zh = (
                ("Add what is missing." if low else "Leave some out."),
                ("请补充。" if low else "请删减。"),
            )
        case "literal_error":
            code = "not_one_of"
            expected = str(context.get("expected", ""))
            en, zh = f"This must be {expected}.", f"这里必须是 {expected.replace(' or ', ' 或 ')}。"
            near = nearest(
                str(value), [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
            )
            out_en = f"Did you mean {near!r}?" if near else "Choose one of these."
            out_zh = f"是否想写 {near!r}？" if near else "请从中选择。"
    return Finding(code=code, steps=steps, value=value, en=en, zh=zh, out_en=out_en, out_zh=out_zh)


def _wrong_type(kind: str, value: Any) -> tuple[str, str, str, str, str]:
    """Words for a value of another type: en, zh, way out, way out in Chinese, code."""
    if isinstance(value, float):
        return (
            "Numbers with a decimal point are not exact, and are not used in programmes.",
            "带小数点的数不精确，会员计划中不使用。",
            'Write whole numbers in the smallest unit (cents), or text such as "3/2" or "0.5" where a field takes it.',
            '请用最小单位（分）的整数；在允许的字段中可写文本，例如 "3/2" 或 "0.5"。',
            "float_refused",
        )
    expected = {
        "int_type": ("a whole number", "整数"),
        "string_type": ("text", "文本"),
        "bool_type": ("true or false", " true 或 false "),
        "tuple_type": ("a list", "列表"),
        "dict_type": ("fields with values", "一组字段"),
        "model_type": ("fields with values", "一组字段"),
        "model_attributes_type": ("fields with values", "一组字段"),
    }.get(kind, ("written in another way", "其他写法"))
    out = "See docs/programme.md for how this field is written.", "请参阅 docs/programme.md 中该字段的写法。"
    if kind == "string_type" and isinstance(value, int):
        out = f'Write it in quotes: "{value}".', f'请加引号："{value}"。'
    elif kind == "int_type" and isinstance(value, str):
        out = "Write digits only, without quotes, unit or separators.", "请只写数字，不加引号、单位或分隔符。"
    return f"This must be {expected[0]}.", f"这里必须是{expected[1]}。", *out, "wrong_type"


def _pattern_way_out(pattern: str) -> tuple[str, str]:
    if pattern.startswith("^[a-z][a-z0-9_-]"):
        return (
            "Use lower-case letters, digits, - and _, beginning with a letter.",
            "请使用小写字母、数字、- 和 _，以字母开头。",
        )
    if pattern == PRINTABLE:
        return "Write one line without control characters.", "请写成一行，且不含控制字符。"
    if "/[0-9]" in pattern:
        return 'Write an exact fraction such as "2" or "3/2".', '请写精确分数，例如 "2" 或 "3/2"。'
    if "\\." in pattern and pattern.startswith("^[0-9]"):
        return (
            'Write a decimal number in quotes with at most 3 places, such as "0.5".',
            '请写最多三位小数的文本，例如 "0.5"。',
        )
    if pattern == "^[A-Z]{3}$":
        return "Write three capital letters, such as CNY.", "请写三个大写字母，例如 CNY。"
    return f"It must match {pattern}.", f"必须符合 {pattern}。"


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
