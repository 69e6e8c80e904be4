"""`jifen program test`, and what plan and apply say of tests."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Jifen

from jifen.templates import template_text

TESTS = """
tests:
  - code: tuesday-test
    names: {zh: 周二双倍, en: Double on Tuesdays}
    occasion: {at: 2026-03-03 10:00, purchase: {amount_minor: 10000, store: main}}
    expect: {units: {points: 200}}
"""


def a_file(folder: Path, points: int) -> Path:
    """The corner shop with a test that expects so much."""
    path = folder / "shop.yaml"
    text = template_text("corner-shop")
    path.write_text(
        text[: (text + "\ntests:").index("\ntests:")] + TESTS.replace("200", str(points)), encoding="utf-8"
    )
    return path


def test_a_failing_test_names_its_line_and_why(jifen: Jifen, tmp_path: Path) -> None:
    right, told = a_file(tmp_path, 200), jifen("program", "test", str(a_file(tmp_path, 200)))
    assert "Double on Tuesdays: as expected" in told
    assert "1 as expected, 0 not." in told

    wrong = a_file(tmp_path, 7)
    line = wrong.read_text(encoding="utf-8").splitlines().index("  - code: tuesday-test") + 1
    told = jifen("program", "test", str(wrong), status=1)
    assert f"{wrong}:{line}: Double on Tuesdays: not as expected" in told
    assert "  ! Points: 7 were expected, 200 came of it." in told
    assert "    Rule “Double points on Tuesdays” gave 100 Points." in told
    assert "周二双倍：不符合期望" in jifen("program", "test", str(right), "--language", "zh", status=1)
    data = jifen.data("program", "test", str(wrong), status=1)
    assert (data["failed"], data["data"][0]["line"], data["data"][0]["came"]["units"]) == (
        1,
        line,
        {"points": 200},
    )


def test_plan_and_apply_run_them_by_themselves(jifen: Jifen, tmp_path: Path) -> None:
    wrong = a_file(tmp_path, 7)
    assert "7 were expected" in jifen("program", "plan", str(wrong), status=1)
    assert jifen.data("program", "plan", str(wrong), status=1)["is_refused"] is True
    assert "7 were expected" in jifen("program", "apply", str(wrong), status=1)
    assert jifen.data("program", "apply", str(wrong), status=1)["code"] == "document_tests_failed"

    right = a_file(tmp_path, 200)
    assert "1 as expected, 0 not." in jifen("program", "plan", str(right))
    assert "It carries 1 tests." in jifen("program", "apply", str(right))
    pulled = tmp_path / "pulled.yaml"
    jifen("program", "pull", "--output", str(pulled))
    assert "1 as expected" in jifen("program", "test", str(pulled))
    assert jifen.data("program", "show")["number"] == 1
