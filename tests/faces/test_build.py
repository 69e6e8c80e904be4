"""When screens have to be built is told by contents: of their sources, of the OpenAPI document, and of what was built."""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


class Tool:
    """tools/screens.py over a folder of its own."""

    def __init__(self, root: Path) -> None:
        module = ModuleType("screens_tool")
        module.__file__ = str(root / "tools" / "screens.py")
        exec(compile((ROOT / "tools" / "screens.py").read_text(), module.__file__, "exec"), module.__dict__)
        self.told = module.__dict__
        self.root = root

    @property
    def why_stale(self) -> str | None:
        why: Callable[[], str | None] = self.told["why_stale"]
        return why()

    def pretend_to_build(self) -> None:
        """What `build` leaves, without Node."""
        built = self.root / "src" / "jifen" / "built_screens"
        (built / "console").mkdir(parents=True, exist_ok=True)
        (built / "console" / "index.html").write_text("<!doctype html>")
        stamp: dict[str, Any] = {
            "sources": self.told["hash_of_sources"](),
            "built": self.told["hash_of_built"](),
        }
        (built / "stamp.json").write_text(json.dumps(stamp))


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    for name, text in (
        ("web/apps/console/src/main.tsx", "one"),
        ("web/package-lock.json", "{}"),
        ("docs/reference/openapi.json", "{}"),
        ("tools/screens.py", "the tool"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tool(tmp_path)


def test_what_was_never_built_is_stale_and_what_was_just_built_is_not(tool: Tool) -> None:
    assert tool.why_stale == "they were not built"
    tool.pretend_to_build()
    assert tool.why_stale is None


@pytest.mark.parametrize(
    "changed",
    [
        "web/apps/console/src/main.tsx",
        "web/package-lock.json",
        "docs/reference/openapi.json",
        "tools/screens.py",
    ],
)
def test_a_source_with_other_contents_makes_them_stale_and_its_time_does_not(
    tool: Tool, changed: str
) -> None:
    tool.pretend_to_build()
    path = tool.root / changed
    os.utime(path, (1, 1))
    assert tool.why_stale is None
    path.write_text("something else")
    assert tool.why_stale == "their sources changed since they were built"


def test_a_source_that_is_added_or_taken_away_makes_them_stale(tool: Tool) -> None:
    tool.pretend_to_build()
    added = tool.root / "web" / "apps" / "till" / "screen.json"
    added.parent.mkdir()
    added.write_text("{}")
    assert tool.why_stale is not None
    added.unlink()
    assert tool.why_stale is None


def test_what_is_installed_or_made_is_no_source(tool: Tool) -> None:
    tool.pretend_to_build()
    for name in ("web/node_modules/a/index.js", "web/packages/api/src/generated.ts"):
        path = tool.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("made")
    assert tool.why_stale is None


def test_a_built_file_that_was_changed_or_lost_is_noticed(tool: Tool) -> None:
    tool.pretend_to_build()
    page = tool.root / "src" / "jifen" / "built_screens" / "console" / "index.html"
    page.write_text("cut sh")
    assert tool.why_stale == "what was built is not what stands there"


def test_the_check_says_why_and_how(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    main: Callable[[list[str]], int] = tool.told["main"]
    assert main(["--check"]) == 1
    assert "make screens" in capsys.readouterr().err
    tool.pretend_to_build()
    assert main(["--check"]) == 0
    assert main(["--nothing"]) == 2


def test_a_wheel_with_stale_screens_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`setup.py` asks the tool before anything is copied; an editable installation is not asked."""
    setuptools = pytest.importorskip("setuptools")
    asked: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", lambda **given: asked.update(given))
    monkeypatch.setattr(sys, "argv", ["setup.py"])
    copied = tmp_path / "setup.py"
    copied.write_text((ROOT / "setup.py").read_text())
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "screens.py").write_text(
        "SAYS_HOW = 'make screens'\ndef why_stale():\n    return 'they were not built'\n"
    )
    runpy.run_path(str(copied))
    command = asked["cmdclass"]["build_py"](setuptools.dist.Distribution())
    command.editable_mode = False
    with pytest.raises(SystemExit, match=r"stale, they were not built; make screens"):
        command.run()
