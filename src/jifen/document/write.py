"""From a document back to text: canonical YAML and JSON, and the hash that names its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from jifen.document.model import ProgramDocument
from jifen.document.yaml_text import plain


def as_values(document: ProgramDocument) -> dict[str, Any]:
    """The document as plain values in the order of the model, without what stands at its default.

    Thousands of stores one by one: one call for all would give way to nobody for tens of milliseconds, while tills wait.
    """
    values: dict[str, Any] = _dump(document, exclude={"stores"})
    if document.stores:
        values["stores"] = [_dump(store) for store in document.stores]
    named = (field.alias or name for name, field in type(document).model_fields.items())
    return {"format": document.format, **{name: values[name] for name in named if name in values}}


def _dump(part: BaseModel, *, exclude: set[str] | None = None) -> dict[str, Any]:
    return part.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude_none=True, exclude=exclude
    )


def document_yaml(document: ProgramDocument) -> str:
    """The document as YAML that reads back as the same document."""
    text: str = yaml.dump(
        as_values(document),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=110,
        default_flow_style=False,
    )
    return text


def document_json(document: ProgramDocument) -> str:
    """The document as one line of JSON with sorted keys: what is hashed of it, and its tests."""
    return _canonical(as_values(document))


def _canonical(values: Mapping[str, Any]) -> str:
    return "{" + ",".join(f"{_json(name)}:{_parts(part)}" for name, part in sorted(values.items())) + "}"


def _parts(value: Any) -> str:
    """A part of the document as JSON; what stands in a list one by one, as above."""
    return "[" + ",".join(map(_json, value)) + "]" if isinstance(value, list) else _json(value)


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def document_hash(document: ProgramDocument) -> str:
    """SHA-256 (hex) of the canonical JSON without the tests: equal for two texts exactly when they say the same programme."""
    return hash_of_values(as_values(document))


def hash_of_values(values: Mapping[str, Any]) -> str:
    """The `document_hash` of a document that is already written `as_values`, which takes its time for thousands of stores."""
    meant = {name: part for name, part in values.items() if name != "tests"}  # decision 0152
    return hashlib.sha256(_canonical(meant).encode("utf-8", "surrogatepass")).hexdigest()


class _Dumper(yaml.SafeDumper):
    """Lists stand indented under their field, and small flat mappings on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # noqa: FBT003


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.MappingNode:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value.items())
    scalars = all(not isinstance(one, dict | list) for one in value.values())
    node.flow_style = bool(value) and scalars and len(str(value)) < 90 and "code" not in value
    return node


def _sequence(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", value)
    node.flow_style = all(not isinstance(one, dict | list) for one in value) and len(str(value)) < 90
    return node


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # Other YAML tools would read these words as something else than text, and so would people.
    quoted = value[:1].isdigit() or value.lower() in _WORDS or not isinstance(plain(value), str)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if quoted else None)


_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ""})
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
_Dumper.add_representer(str, _text)
