"""A mapping says what is wrong with it the way a programmer wants to hear it: file, line, path."""

from __future__ import annotations

from pathlib import Path

import pytest

from jifen.insight.read_purchases import (
    FILE_REASONS,
    ROW_REASONS,
    Mapping,
    MappingProblem,
    MappingRefused,
    read_mapping,
)
from jifen.insight.read_purchases.mapping import Columns, Constants

EXAMPLE = Path(__file__).parents[2] / "examples" / "import" / "mapping.yaml"
GOOD = """\
columns:
  business_no: no
  occurred_at: at
  amount: amount
constants:
  source: pos
time:
  zone: Asia/Shanghai
"""


def problems(tmp_path: Path, text: str) -> list[MappingProblem]:
    file = tmp_path / "mapping.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MappingRefused) as refused:
        read_mapping(file)
    assert str(file) in str(refused.value)
    return list(refused.value.problems)


def test_the_smallest_mapping_and_the_example_are_good(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert read_mapping(file).columns.amount == "amount"
    assert read_mapping(file).columns.business_no == "no"  # which YAML 1.1 takes for false
    assert read_mapping(EXAMPLE).columns.business_no == "小票号"


@pytest.mark.parametrize(
    ("before", "after", "line", "path", "code", "words"),
    [
        ("  amount: amount\n", "", 1, "$.columns.amount", "missing", "required"),
        (
            "amount: amount",
            "ammount: amount",
            4,
            "$.columns.ammount",
            "extra_forbidden",
            "did you mean amount?",
        ),
        ("time:", "tme:", 7, "$.tme", "extra_forbidden", "did you mean time?"),
        ("source: pos", "source: [7]", 6, "$.constants.source", "string_type", "string"),
        ("source: pos", "source:", 6, "$.constants.source", "string_too_short", "at least 1"),
        ("Asia/Shanghai", "Asia/Atlantis", 8, "$.time.zone", "zone", "Asia/Atlantis"),
        ("Asia/Shanghai", "../../etc/passwd", 8, "$.time.zone", "zone", "no time zone"),
        ("zone: Asia/Shanghai", "format: '%Y-%m-%d %H:%M'", 7, "$.time", "zone", "time.zone"),
        ("zone:", "format: '%H:%M'\n  zone:", 7, "$.time", "format", "%H:%M"),
        ("zone:", "format: '%Q'\n  zone:", 7, "$.time", "format", "%Q"),
        ("source: pos", "till: '1'", 1, "$", "source", "constants.source"),
        (
            "amount: amount",
            "amount: amount\n  source: s",
            1,
            "$",
            "twice",
            "source is a column and a constant",
        ),
        ("time:", "encoding: latin-1\ntime:", 7, "$.encoding", "literal_error", "latin-1"),
        ("time:", "amounts: {decimal: ',', thousands: ','}\ntime:", 7, "$.amounts", "marks", "same mark"),
        ("amount: amount", "amount: a\n  amount: b", 5, "$.columns.amount", "key_twice", "twice"),
        ("columns:\n", "columns: [\n", 2, "$", "not_yaml", ""),
        (GOOD, "", 1, "$", "model_type", ""),
        (GOOD, "- 1\n", 1, "$", "model_type", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, before: str, after: str, line: int, path: str, code: str, words: str
) -> None:
    assert before in GOOD
    found = problems(tmp_path, GOOD.replace(before, after, 1))
    problem = next(one for one in found if one.path == path)
    assert problem.code == code
    assert words in problem.message("en")
    if code != "not_yaml":
        assert problem.line == line
    assert f":{problem.line}: " in problem.text("zh")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem.message("zh"))


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("amount: amount", "amont: amount").replace("source: pos", "source: [1]")
    assert [problem.line for problem in problems(tmp_path, text)] == [1, 4, 6]


def test_a_file_that_is_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(MappingRefused, match="unreadable"):
        read_mapping(tmp_path / "none.yaml")
    for written in (
        b"a: !!python/object/apply:os.system ['true']",
        b"\xff\xfe",
        b"a: &a [*a]",
        b"x" * 70_000,
    ):
        (tmp_path / "mapping.yaml").write_bytes(written)
        with pytest.raises(MappingRefused):
            read_mapping(tmp_path / "mapping.yaml")


def test_the_guide_explains_every_key_and_every_code() -> None:
    guide = (EXAMPLE.parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    named = [*Mapping.model_fields, *Columns.model_fields, *Constants.model_fields]
    for word in [*named, *ROW_REASONS, *FILE_REASONS]:
        assert word in guide, f"docs/import.md does not explain {word}"
