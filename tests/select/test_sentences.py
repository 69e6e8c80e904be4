"""Conditions and rules read as sentences in Chinese and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.select.builders import conditions

from jifen.domain.program.conditions import FACTS, All, Any, Claim, Condition, Not
from jifen.present.catalogue import catalogue_of, languages
from jifen.present.rules import Names, fact_shown, sentence

PRIVATE = Claim(fact="line.brand", operator="is", value="Private")
WEEKEND = Any(parts=tuple(Claim(fact="purchase.weekday", operator="eq", value=day) for day in (6, 7)))
GOLD = Claim(fact="member.tier", operator="in", value=("gold", "diamond"))
NAMES = {
    "en": Names(
        money="CNY", money_decimals=2, called={("tier", "gold"): "Gold", ("tier", "diamond"): "Diamond"}
    ),
    "zh": Names(
        money="CNY", money_decimals=2, called={("tier", "gold"): "金卡", ("tier", "diamond"): "钻石卡"}
    ),
}


@pytest.mark.parametrize(
    ("condition", "en", "zh"),
    [
        (PRIVATE, "the item's brand is Private", "品牌是 Private"),
        (Not(part=PRIVATE), "the item's brand is not Private", "品牌不是 Private"),
        (
            All(parts=(PRIVATE, WEEKEND)),
            "the item's brand is Private and the weekday is Saturday or Sunday",
            "品牌是 Private，且星期是 周六 或 周日",
        ),
        (
            Any(parts=(All(parts=(PRIVATE, GOLD)), GOLD)),
            "(the item's brand is Private and the member's tier is Gold or Diamond) "
            "or the member's tier is Gold or Diamond",
            "（品牌是 Private，且会员等级是 金卡 或 钻石卡），或会员等级是 金卡 或 钻石卡",
        ),
        (
            Claim(fact="member.spend_minor", operator="ge", value=20050, window_days=30),
            "spend in 30 days is at least 200.50 CNY",
            "30 天内的消费额至少 200.50 CNY",
        ),
        (
            Claim(fact="purchase.hour", operator="between", value=(6, 8)),
            "the hour is from 6:00 to 8:59",
            "小时在 6:00 到 8:59 之间",
        ),
    ],
)
def test_a_condition_reads_as_a_sentence(condition: Condition, en: str, zh: str) -> None:
    assert sentence(condition, language="en", names=NAMES["en"]) == en
    assert sentence(condition, language="zh", names=NAMES["zh"]) == zh


@given(conditions())
def test_every_condition_can_be_said(condition: Condition) -> None:
    for language in languages():
        assert sentence(condition, language=language)


@pytest.mark.parametrize("language", languages())
def test_every_fact_is_called_something(language: str) -> None:
    assert all(fact_shown(fact, catalogue_of(language)) for fact in FACTS)
