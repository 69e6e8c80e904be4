"""The published JSON Schema (draft 2020-12) of the programme document, so that editors complete and check it."""

from __future__ import annotations

import json
from typing import Any

from jifen.document.model import ProgramDocument
from jifen.domain.program.conditions import FACTS, LINE_ATTRIBUTE_PREFIX

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema as plain values."""
    found = ProgramDocument.model_json_schema(by_alias=True, mode="validation")
    claim = found["$defs"]["ClaimDocument"]["properties"]["fact"]
    claim["anyOf"] = [
        {"enum": sorted(FACTS)},
        {"pattern": "^" + LINE_ATTRIBUTE_PREFIX.replace(".", r"\.")},
    ]
    _without_defaults_of_none(found)
    return {
        "$schema": SCHEMA_ID,
        "title": "Jifen programme",
        **{key: value for key, value in found.items() if key != "title"},
    }


def schema_text() -> str:
    """The text of `docs/reference/programme.schema.json`."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _without_defaults_of_none(value: Any) -> None:
    """Optional fields are left out of a document, never written as null."""
    if isinstance(value, dict):
        if value.get("default", ...) is None:
            del value["default"]
            kinds = [kind for kind in value.get("anyOf", []) if kind != {"type": "null"}]
            if len(kinds) == 1:
                del value["anyOf"]
                value.update(kinds[0])
            elif kinds:
                value["anyOf"] = kinds
        for inner in value.values():
            _without_defaults_of_none(inner)
    elif isinstance(value, list):
        for inner in value:
            _without_defaults_of_none(inner)
