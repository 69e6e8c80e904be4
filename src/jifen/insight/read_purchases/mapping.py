"""How a file tells of purchases: which column is what, and how its times and numbers are written.

A mapping is YAML, read strictly: an unknown key, a wrong type or a time format that cannot work is a `MappingRefused`
that names file, line and path. `docs/import.md` explains every key to an integrator.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import polars as pl
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from jifen.domain.texts import CODE, TextRefused, canonical
from jifen.domain.zones import ZONES, nearest_zone

_BYTES_MAX = 65_536
Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Columns(_Part):
    """Field of a purchase or a line -> column of the file."""

    business_no: Text
    occurred_at: Text
    amount: Text  # of the line; with rows_are: purchases, of the purchase
    source: Text | None = None
    member_ref: Text | None = None
    member_ref_kind: Text | None = None
    store: Text | None = None
    till: Text | None = None
    cashier: Text | None = None
    channel: Text | None = None
    money: Text | None = None
    purchase_amount: Text | None = None
    payment_method: Text | None = None
    payments: Text | None = None
    tags: Text | None = None
    line_number: Text | None = None
    sku: Text | None = None
    name: Text | None = None
    category: Text | list[Text] | None = None
    brand: Text | None = None
    quantity: Text | None = None
    discount: Text | None = None
    cost: Text | None = None
    line_tags: Text | None = None
    attributes: dict[str, Text] = {}

    @model_validator(mode="after")
    def _pays_once(self) -> Self:
        if self.payment_method is not None and self.payments is not None:
            raise PydanticCustomError("twice", "name payment_method or payments, not both")
        return self


def _code(text: str) -> str:
    try:
        return canonical(text, CODE)
    except TextRefused as refused:
        raise PydanticCustomError("text", "{said}", {"said": str(refused)}) from None


Code = Annotated[str, Field(min_length=1), AfterValidator(_code)]


class Constants(_Part):
    """Field -> the value that every row of the file has, in the form of a code (`domain/texts.py`)."""

    source: Code | None = None
    member_ref_kind: Literal["external", "card"] | None = None
    store: Code | None = None
    till: Code | None = None
    cashier: Code | None = None
    channel: Code | None = None
    money: Code | None = None


class Time(_Part):
    """How times are written."""

    format: str | list[str] = "iso"  # iso, unix_seconds, unix_milliseconds, or a strftime pattern or several
    zone: str | None = None  # IANA name; needed where the text has no offset
    clock_change: Literal["reject", "earliest"] = "reject"

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats in the order in which they are tried."""
        return (self.format,) if isinstance(self.format, str) else tuple(self.format)

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in ZONES:
            near = nearest_zone(zone)
            raise PydanticCustomError(
                "zone", "there is no time zone {zone}; {meant}",
                {
                    "zone": repr(zone),
                    "meant": f"did you mean {near!r}?" if near else "write an IANA name, such as Asia/Shanghai",
                    "meant_zh": f"是否想写 {near!r}？" if near else "请填写 IANA 名称，例如 Asia/Shanghai。",
                },
            )  # fmt: skip
        return zone

    @model_validator(mode="after")
    def _formats_work(self) -> Self:
        if not self.formats:
            raise PydanticCustomError("format", "name at least one format")
        for one in self.formats:
            if one in NAMED_FORMATS:
                continue
            if not _reads_back(one):
                raise PydanticCustomError(
                    "format", "the format {format} does not tell a date", {"format": repr(one)}
                )
            if not tells_offset(one) and self.zone is None:
                raise PydanticCustomError(
                    "zone",
                    "times of the form {format} have no zone; name it in time.zone",
                    {"format": repr(one)},
                )
        return self


NAMED_FORMATS = ("iso", "unix_seconds", "unix_milliseconds")


def tells_offset(format_: str) -> bool:
    """Whether a strftime pattern holds the offset from UTC."""
    return any(mark in format_ for mark in ("%z", "%:z", "%#z", "%::z", "%+"))


def _reads_back(format_: str) -> bool:
    aware = tells_offset(format_)
    moment = pl.Series([datetime(2001, 12, 23, 14, 5, 6)]).dt.replace_time_zone("UTC" if aware else None)  # noqa: DTZ001
    try:
        text = moment.dt.strftime(format_)
        back = text.str.to_datetime(format_, strict=False, time_zone="UTC" if aware else None).item()
    except pl.exceptions.PolarsError:
        return False
    return isinstance(back, datetime) and back.date() == date(2001, 12, 23)


class Numbers(_Part):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise PydanticCustomError("marks", "decimal and thousands are the same mark")
        return self


class Amounts(Numbers):
    """How money is written: 12.30 (major) or 1230 (minor)."""

    unit: Literal["major", "minor"] = "major"


class Quantities(Numbers):
    """How quantities are written: 1.5 (pieces) or 1500 (thousandths)."""

    unit: Literal["pieces", "thousandths"] = "pieces"


class Mapping(_Part):
    """How a file tells of purchases."""

    columns: Columns
    constants: Constants = Constants()
    format: Literal["csv", "parquet"] | None = None  # None: by the file's ending
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    separator: Literal[",", ";", "\t", "tab", "|"] = ","
    quote: Literal["double", "none"] = "double"
    rows_are: Literal["lines", "purchases"] = "lines"
    time: Time = Time()
    amounts: Amounts = Amounts()
    quantities: Quantities = Quantities()
    category_separator: str = Field(default="/", min_length=1, max_length=10)
    tag_separator: str = Field(default="|", min_length=1, max_length=10)
    discount_sign: Literal["positive", "negative"] = "positive"

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        for name in Constants.model_fields:
            if getattr(self.columns, name) is not None and getattr(self.constants, name) is not None:
                raise PydanticCustomError("twice", "{field} is a column and a constant", {"field": name})
        if self.columns.source is None and self.constants.source is None:
            raise PydanticCustomError(
                "source", "say where receipts are numbered: constants.source or columns.source"
            )
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingProblem:
    """One thing that is wrong with a mapping. `line` counts from 1; 0 when it was not read from a file."""

    file: str
    line: int
    path: str
    code: str
    message_en: str
    message_zh: str

    def text(self, language: str = "en") -> str:
        """The problem as one line for a terminal, in `en` or `zh`."""
        message = self.message_zh if language == "zh" else self.message_en
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.path}: {message} [{self.code}]"


class MappingRefused(Exception):
    """The mapping cannot be used. `problems` says everything that was found."""

    def __init__(self, problems: list[MappingProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.text() for problem in problems))


def refuse_mapping(
    path: str, code: str, en: str, zh: str, *, file: str = "", line: int = 0
) -> MappingRefused:
    """The refusal for one problem."""
    return MappingRefused(
        [MappingProblem(file=file, line=line, path=path, code=code, message_en=en, message_zh=zh)]
    )


def read_mapping(file: Path) -> Mapping:
    """The mapping that a YAML file holds.

    Refuses
        MappingRefused   the file cannot be read, is no YAML, or does not say what it must.
    """
    try:
        text = file.read_bytes()
    except OSError as problem:
        raise refuse_mapping("$", "unreadable", str(problem), "无法读取文件。", file=str(file)) from problem
    if len(text) > _BYTES_MAX:
        en, zh = "a mapping is at most 64 KiB", "映射文件不得超过 64 KiB"
        raise refuse_mapping("$", "too_large", en, zh, file=str(file))
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        # Everything is text: a column may be called no, on or 007, and nothing of a mapping is a number or a date.
        written = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  it builds text, lists and mappings only
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        said = str(getattr(problem, "problem", None) or problem)
        raise refuse_mapping(
            "$", "not_yaml", said, "不是有效的 YAML。", file=str(file), line=line
        ) from problem
    lines, doubled = _lines_of(root)
    if doubled:
        raise MappingRefused([_doubled(str(file), path, lines[path]) for path in doubled])
    try:
        return Mapping.model_validate(written)
    except ValidationError as problem:
        raise MappingRefused([_problem(str(file), lines, error) for error in problem.errors()]) from problem


def _doubled(file: str, path: str, line: int) -> MappingProblem:
    en, zh = "the key stands twice", "键重复"
    return MappingProblem(file=file, line=line, path=path, code="key_twice", message_en=en, message_zh=zh)


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
        if len(lines) > 10_000:  # an alias that holds itself would go on for ever
            break
    return lines, doubled


_ZH = {
    "missing": "缺少此项。",
    "extra_forbidden": "没有这个键。",
    "literal_error": "取值不在允许范围内。",
    "string_type": "应为文本。",
    "model_type": "应为一组键值。",
    "model_attributes_type": "应为一组键值。",
    "string_too_short": "不能为空。",
    "string_too_long": "文本过长。",
    "zone": "时区缺失或不存在。",
    "format": "时间格式无法表示日期。",
    "marks": "小数点与千分位符号相同。",
    "twice": "同一内容给出了两次。",
    "text": "文本为空、过长或含有不可打印的字符。",
    "source": "请用 constants.source 或 columns.source 说明小票编号的来源。",
}


def _problem(file: str, lines: dict[str, int], error: ErrorDetails) -> MappingProblem:
    path, line = "$", 1
    for step in error["loc"]:
        inner = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}"
        if inner not in lines and error["type"] not in ("missing", "extra_forbidden"):
            break  # a branch of a union such as `str`, not a key
        path, line = inner, lines.get(inner, line)
    message = error["msg"] + _found(error) + _meant(error)
    meant = str(error.get("ctx", {}).get("meant_zh", ""))
    zh = _ZH.get(error["type"], "取值不正确。") + meant + _found(error)
    return MappingProblem(
        file=file, line=line, path=path, code=error["type"], message_en=message, message_zh=zh
    )


def _found(error: ErrorDetails) -> str:
    value: Any = error.get("input")
    if error["type"] == "missing" or isinstance(value, (dict, list, BaseModel)):
        return ""
    return f" ({str(value)[:80]!r})"


def _meant(error: ErrorDetails) -> str:
    if error["type"] != "extra_forbidden":
        return ""
    parts: dict[str, type[_Part]] = {
        "columns": Columns,
        "constants": Constants,
        "time": Time,
        "amounts": Amounts,
    }
    owner = parts.get(str(error["loc"][0]), Mapping) if len(error["loc"]) > 1 else Mapping
    near = difflib.get_close_matches(str(error["loc"][-1]), owner.model_fields, n=1)
    return f"; did you mean {near[0]}?" if near else ""
