"""What commands show is said by the catalogues: in English, in Chinese, and in a language that somebody made up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import Jifen
from tests.third_language import THIRD, a_third_language, unsaid, write_third

from jifen.cli.doctor import LOOKS, Finding
from jifen.present import catalogue


def a_shopper(jifen: Jifen, folder: Path) -> None:
    """A member with a purchase of two lines, of which something came back."""
    jifen("member", "enrol", "--card", "62")
    receipt = {
        "source": "pos", "business_no": "1", "occurred_at": datetime.now(UTC).isoformat(), "money": "CNY",
        "amount_minor": 12_345, "member": {"card": "62"},
        "lines": [{"number": 1, "amount_minor": 10_000, "sku": "tea"}, {"number": 2, "amount_minor": 2_345}],
    }  # fmt: skip
    (folder / "receipt.json").write_text(json.dumps(receipt))
    jifen("purchase", "record", str(folder / "receipt.json"))


def test_a_member_a_purchase_and_the_laws_speak_chinese_and_english(jifen: Jifen, tmp_path: Path) -> None:
    a_shopper(jifen, tmp_path)
    assert "available, worth" in jifen("member", "show", "62")
    assert "正常，等级 member" in jifen("member", "show", "62", "--language", "zh")
    assert "卡号：62" in jifen("member", "show", "62", "--language", "zh")
    assert "line 1: 10000 for 1000 thousandths tea" in jifen("purchase", "show", "pos/1")
    assert "第 1 行：金额 10000，数量 1000‰ tea" in jifen("purchase", "show", "pos/1", "--language", "zh")
    assert "law  2  The chain of postings has no gap and no jump" in jifen("reconcile")
    told = jifen("reconcile", "--language", "zh")
    (second,) = [line for line in told.splitlines() if "分录链无缺口、无跳跃" in line]
    assert second.split() == ["定律", "2", "分录链无缺口、无跳跃", "成立"]
    assert "账目相符。" in told
    laws = jifen.data("reconcile", "--language", "zh")["laws"]
    assert laws[1]["title"] == laws[1]["title_zh"] == "分录链无缺口、无跳跃"
    assert laws[1]["title_en"] == "The chain of postings has no gap and no jump"


@pytest.mark.parametrize(
    "command",
    [("member", "show", "62"), ("purchase", "show", "pos/1"), ("reconcile", "--no-rebuild"), ("doctor",)],
)
def test_a_third_language_says_every_line(
    jifen: Jifen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    a_shopper(jifen, tmp_path)
    with a_third_language(monkeypatch, tmp_path):
        write_third(tmp_path)
        catalogue.forget()
        lines = [line for line in jifen(*command, "--language", THIRD).splitlines() if "⟦" in line]
    assert len(lines) >= 3
    assert {unsaid(line).strip() for line in lines} == {""}


def test_the_doctor_speaks_and_names_its_checks_alike(jifen: Jifen) -> None:
    english, chinese = jifen.data("doctor"), jifen.data("doctor", "--language", "zh")
    for field in ("check", "verdict"):
        assert [one[field] for one in english["findings"]] == [one[field] for one in chinese["findings"]]
    assert [one["check"] for one in english["findings"]] == list(LOOKS)
    assert "时间：没有会员被遗漏" in jifen("doctor", "--language", "zh")
    assert "time: no member is left out" in jifen("doctor")


def test_a_look_that_falls_over_is_a_finding(jifen: Jifen, monkeypatch: pytest.MonkeyPatch) -> None:
    def falls() -> Finding:
        raise RuntimeError("no such thing")

    monkeypatch.setitem(LOOKS, "clock", falls)
    told = jifen.data("doctor", status=1)
    (clock,) = [one for one in told["findings"] if one["check"] == "clock"]
    assert (clock["verdict"], clock["found"]) == ("wrong", "RuntimeError: no such thing")
    assert "请修复标有“错误”的项目" in jifen("doctor", "--language", "zh", status=1)
