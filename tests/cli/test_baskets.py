"""`jifen basket price`: what the programme takes off, for a person and for a script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Jifen


def a_file(folder: Path, **more: Any) -> str:
    """A lunch box, two drinks and a bag, at noon on a Wednesday."""
    lines = [
        {"number": 1, "shelf_minor": 1_400, "name": "Bento", "category": "FOOD/BENTO"},
        {"number": 2, "shelf_minor": 500, "name": "Tea", "category": "DRINKS/TEA"},
        {"number": 3, "shelf_minor": 2_000, "category": "BAGS"},
    ]
    told = {
        "source": "pos",
        "money": "CNY",
        "occurred_at": "2026-11-25T12:10:00+08:00",
        "lines": lines,
        **more,
    }
    file = folder / "basket.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    return str(file)


def test_a_basket_is_priced_line_by_line_with_what_the_next_offer_asks_for(
    empty_jifen: Jifen, tmp_path: Path
) -> None:
    empty_jifen("init", "--template", "convenience-store", "--at", "2020-01-01T00:00:00Z")
    card = "6200001"
    empty_jifen("member", "enrol", "--card", card)
    told = empty_jifen.data("basket", "price", a_file(tmp_path, member={"card": card}))
    assert [(line["amount_minor"], line["discount_minor"]) for line in told["lines"]] == [
        (1_238, 162),
        (442, 58),
        (2_000, 0),
    ]
    assert told["next"][0]["missing_minor"] == 5_000 - 3_680
    shown = empty_jifen("basket", "price", a_file(tmp_path, member={"card": card}))
    assert "Bento: 12.38 CNY, 1.62 CNY off (Lunch set price)" in shown
    assert "To pay: 36.80 CNY, 2.20 CNY off 39 CNY" in shown
    assert "13.20 CNY more for 5 CNY off (5 off 50 for members)" in shown
    assert "It would earn 36 Points" in shown


def test_a_basket_that_is_none_is_refused_at_its_place(jifen: Jifen, tmp_path: Path) -> None:
    wrong = jifen.data(
        "basket", "price", a_file(tmp_path, lines=[{"number": 1, "shelf_minor": -5}]), status=3
    )
    assert (wrong["code"], wrong["pointer"]) == ("field_wrong", "/lines/0/shelf_minor")
    unknown = jifen.data("basket", "price", a_file(tmp_path, member={"card": "nobody"}), status=3)
    assert unknown["code"] == "member_unknown"
    code = jifen.data("basket", "price", a_file(tmp_path, member={"code": "1" * 20}), status=3)
    assert code["pointer"] == "/member/code"
    jifen("basket", "price", str(tmp_path / "nothing.json"), status=1)
