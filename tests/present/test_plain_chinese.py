"""Chinese is plain: 你, and never the deferential form, wherever a person reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ = ("*.toml", "*.py", "*.html", "*.yaml", "*.ts", "*.tsx", "*.json", "*.md")
PLACES = ("src", "web/apps", "web/packages", "docs", "README.md", "README.zh.md")
DEFERENTIAL = chr(0x60A8)


def _files() -> list[Path]:
    found = [ROOT / name for name in PLACES if (ROOT / name).is_file()]
    for name in PLACES:
        if (ROOT / name).is_dir():
            found += [one for form in READ for one in (ROOT / name).rglob(form)]
    skipped = {"node_modules", "built_screens", "__pycache__", "test"}
    return [one for one in found if not skipped & set(one.parts)]


def test_nothing_that_a_person_reads_says_the_deferential_you() -> None:
    files = _files()
    assert len(files) > 500, "it looks where the words are"
    assert any(one.name == "zh.toml" for one in files)
    said = [str(one.relative_to(ROOT)) for one in files if DEFERENTIAL in one.read_text(encoding="utf-8")]
    assert said == []


@pytest.mark.parametrize("name", ["people.zh.ts", "app.zh.ts", "till.zh.ts", "console.zh.ts"])
def test_it_reads_the_words_of_the_screens(name: str) -> None:
    assert any(one.name == name for one in _files())
