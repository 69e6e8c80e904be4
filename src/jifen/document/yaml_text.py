"""YAML text to plain values, with the place of each value and without YAML's surprises.

The text is read event by event, so depth and size are bounded before anything is built. It is the JSON-like core of
YAML: `no`, `on` and `12:30` are texts, dates are texts, `007` is a text; references, tags and double keys are refused.
Lists become tuples, because the models are strict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from jifen.document.problems import DocumentProblem, DocumentRefused, Steps, json_path, short
from jifen.present.said import Said

BYTES_MAX = 1 << 20
DEPTH_MAX = 64
VALUES_MAX = 300_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_WORDS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(slots=True)
class Read:
    """A text as values, and where each of them stands: steps -> (line, column), both from 1."""

    value: Any = None
    places: dict[Steps, tuple[int, int]] = field(default_factory=dict)

    def place(self, steps: Steps) -> tuple[int, int]:
        """Where these steps stand, or the nearest thing around them that has a place."""
        while steps and steps not in self.places:
            steps = steps[:-1]
        return self.places.get(steps, (1, 1))


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read."""

    steps: Steps
    mapping: bool
    place: tuple[int, int]
    items: list[Any] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    key: str | None = None


def read(text: str, *, name: str) -> Read:
    """The values of a YAML text of one document.

    Refuses
        DocumentRefused   the text is too large, too deep, no YAML, or uses what programmes may not.
    """
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        _refuse(name, (1, 1), (), "too_large", "")
    try:
        return _Reader(name).read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = error.problem or error.context or "cannot be read"
        _refuse(name, place, (), "not_yaml", said)
    except yaml.YAMLError as error:
        _refuse(name, (1, 1), (), "not_yaml", str(error).partition("\n")[0])


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.found = Read()
        self.open: list[_Open] = []
        self.documents = 0
        self.values = 0

    def read(self, text: str) -> Read:
        for event in yaml.parse(text, Loader=_LOADER):
            mark = event.start_mark
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            match event:
                case yaml.DocumentStartEvent():
                    self.documents += 1
                    if self.documents > 1:
                        self._no(place, "several_documents", "---")
                case yaml.AliasEvent():
                    self._no(place, "alias_refused", f"*{event.anchor}")
                case yaml.ScalarEvent():
                    self._scalar(event, place)
                case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                    self._start(event, place)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    self._end()
        if not self.documents:
            self.found.value = None
        return self.found

    def _start(self, event: Any, place: tuple[int, int]) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._check_tag(event.tag, "tag:yaml.org,2002:map" if mapping else "tag:yaml.org,2002:seq", place)
        if self.open and self.open[-1].mapping and self.open[-1].key is None:
            self._no(place, "key_not_text", "")
        if len(self.open) >= DEPTH_MAX:
            self._no(place, "too_deep", "")
        self._count(place)
        self.open.append(_Open(steps=self._steps(), mapping=mapping, place=place))

    def _end(self) -> None:
        ended = self.open.pop()
        self._put(ended.fields if ended.mapping else tuple(ended.items), ended.place)

    def _scalar(self, event: yaml.ScalarEvent, place: tuple[int, int]) -> None:
        if event.tag is not None and event.tag != "!":
            self._check_tag(event.tag, "tag:yaml.org,2002:str", place)
        self._count(place)
        parent = self.open[-1] if self.open else None
        if parent is not None and parent.mapping and parent.key is None:
            if event.value in parent.fields:
                parent.key = event.value
                self._no(place, "double_key", event.value)
            parent.key = event.value
            return
        # A quoted scalar is text whatever it looks like.
        self._put(plain(event.value) if event.implicit[0] else event.value, place)

    def _put(self, value: Any, place: tuple[int, int]) -> None:
        self.found.places[self._steps()] = place
        if not self.open:
            self.found.value = value
            return
        parent = self.open[-1]
        if parent.mapping:
            assert parent.key is not None
            parent.fields[parent.key] = value
            parent.key = None
        else:
            parent.items.append(value)

    def _steps(self) -> Steps:
        """The steps to the value that comes next."""
        if not self.open:
            return ()
        parent = self.open[-1]
        return (*parent.steps, parent.key if parent.key is not None else len(parent.items))

    def _check_tag(self, tag: str | None, plain: str, place: tuple[int, int]) -> None:
        if tag not in (None, "!", plain):
            self._no(place, "tag_refused", str(tag))

    def _count(self, place: tuple[int, int]) -> None:
        self.values += 1
        if self.values > VALUES_MAX:
            self._no(place, "too_large", "")

    def _no(self, place: tuple[int, int], code: str, value: str) -> NoReturn:
        _refuse(self.name, place, self._steps(), code, value)


def plain(text: str) -> object:
    """What an unquoted scalar is in YAML's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    # Leading zeros make a code, not a number: 007 stays what the writer wrote.
    if _FLOAT.fullmatch(text) and not text.lstrip("+-").isdigit():
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _refuse(name: str, place: tuple[int, int], steps: Steps, code: str, value: str) -> NoReturn:
    """Refuse by the messages of the code (`text_problem`); what they show of the value is its text."""
    shown = {"not_yaml": {"why": value}, "alias_refused": {"alias": value}, "tag_refused": {"tag": value}}
    shown["double_key"] = {"field": repr(value)}
    problem = DocumentProblem(
        code=code, path=json_path(steps), value=short(value), said=Said(f"text_problem.{code}.said", **shown.get(code, {})),
        out=Said(f"text_problem.{code}.out"), file=name, line=place[0], column=place[1],
    )  # fmt: skip
    raise DocumentRefused([problem])
