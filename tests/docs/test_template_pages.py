"""docs/templates/ says what the templates say now; what a back-test told there was kept, and is not run again."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

TOOL = Path(__file__).parents[2] / "tools" / "template_pages.py"


def the_tool() -> Any:
    """What writes the pages."""
    spec = importlib.util.spec_from_file_location("template_pages", TOOL)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_the_pages_of_templates_are_fresh() -> None:
    tool = the_tool()
    written = {path.name: path.read_text(encoding="utf-8") for path in tool.PAGES.glob("*.md")}
    assert written == tool.pages(), "python tools/template_pages.py"


def test_every_template_is_back_tested_or_says_why_not() -> None:
    tool = the_tool()
    assert set(tool.AS_THERE) | set(tool.WHY_NOT) == set(tool.template_names())
    for name in tool.AS_THERE:
        tool.parse_document(tool.draft_of(name), name=name)
