"""`jifen import opening` as a person and a script meet it: the example of the guide, tried, imported, and again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Jifen
from tests.third_language import THIRD, a_third_language, unsaid, write_third

from jifen.present import catalogue

EXAMPLES = Path(__file__).parents[2] / "examples" / "import"
FILES = (str(EXAMPLES / "opening.csv"), "--mapping", str(EXAMPLES / "opening.yaml"))


def test_the_example_is_tried_then_imported_once(jifen: Jifen, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    command = ("import", "opening", *FILES, "--rejects", str(rejects))
    tried = jifen.data(*command, "--dry-run")
    assert (tried["dry_run"], tried["added"], tried["refused"], tried["new_members"]) == (True, 2, 1, 2)
    assert tried["added_units"] == {"points": 175}
    assert tried["added_units_forever"] == {"points": 15}
    written = rejects.read_text(encoding="utf-8-sig")
    assert '"units_negative"' in written
    assert '"member_refused"' in written

    done = jifen.data(*command, "--force")
    assert {**done, "dry_run": True} == tried
    again = jifen.data(*command, "--force")
    assert (again["added"], again["known_already"], again["refused"]) == (0, 2, 1)
    shown = jifen("member", "show", "card:62000101")
    assert "160" in shown
    told = jifen("explain", "card:62000101", "--language", "en")
    assert "taken over from another system, valid until 2099-06-30" in told
    assert "A-0877 2024-06-30: 40" in told
    assert jifen("reconcile")


def test_it_speaks_each_language(jifen: Jifen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("import", "opening", *FILES, "--rejects", str(tmp_path / "r.csv"), "--force", "--dry-run")
    assert "2 members would take over 3 lots; 2 of them would be new." in jifen(*command)
    assert "points: 175 units, of which 15 never expire." in jifen(*command)
    assert "2 位会员将转入 3 个批次" in jifen(*command, "--language", "zh")
    with a_third_language(monkeypatch, tmp_path):
        write_third(tmp_path)
        catalogue.forget()
        lines = jifen(*command, "--language", THIRD).splitlines()
        assert [unsaid(line).strip() for line in lines if "⟦" in line] == ["", "", "", ""]


def test_a_mapping_and_a_file_that_cannot_be_used_end_with_status_3(jifen: Jifen, tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "columns: {member_ref: card, units: points, expires_on: until}\nconstants: {currency: gold}\n"
    )
    said = jifen("import", "opening", FILES[0], "--mapping", str(mapping), "--language", "zh", status=3)
    assert "会员计划没有积分种类“gold”" in said
    mapping.write_text(mapping.read_text().replace("gold", "points"))
    said = jifen("import", "opening", FILES[0], "--mapping", str(mapping), status=3)
    assert "column_missing" in said or "does not have" in said
    assert "'until'" in said


def test_an_import_of_purchases_tells_what_it_came_to_in_each_language(jifen: Jifen, tmp_path: Path) -> None:
    sales = tmp_path / "sales.csv"
    sales.write_text("no,at,amount\n1,2026-01-02T10:00:00+08:00,12.30\n2,2026-01-02T10:00:00+08:00,-1\n")
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "columns: {business_no: no, occurred_at: at, amount: amount}\nconstants: {source: pos}\n"
    )
    command = ("import", "purchases", str(sales), "--mapping", str(mapping), "--dry-run")
    to = ("--rejects", str(tmp_path / "r.csv"), "--force")
    assert (
        "1 purchases would be added (1 lines, 0 new members), 0 known already, 1 refused; reasons in"
        in jifen(*command, *to)
    )
    assert "将导入 1 笔消费（1 行，新会员 0 位），此前已有 0 笔，拒绝 1 笔；原因见" in jifen(
        *command, *to, "--language", "zh"
    )
