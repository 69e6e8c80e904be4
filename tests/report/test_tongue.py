"""Numbers, money and dates as a person reads them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jifen.insight.report.pictures import Scale, ticks
from jifen.insight.report.tongue import Tongue

EN = Tongue(language="en", money_code="USD", money_decimals=2)
ZH = Tongue(language="zh", money_code="CNY", money_decimals=2)
YEN = Tongue(language="en", money_code="JPY", money_decimals=0)
DINAR = Tongue(language="en", money_code="KWD", money_decimals=3)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (EN.money(123_456), "$1,234.56"),
        (EN.money(-5), "−$0.05"),
        (ZH.money(100), "¥1.00"),
        (YEN.money(1_234), "¥1,234"),
        (DINAR.money(1_234_567), "1,234.567 KWD"),
        (DINAR.money(-1), "−0.001 KWD"),
        (EN.money_round(9_999), "$99.99"),
        (EN.money_round(10_050), "$100"),
        (EN.money_round(10_150), "$102"),
        (EN.money_round(-123_456_78), "−$123,457"),
        (ZH.money_round(12_345_678_900_000), "¥1,235 亿"),
        (EN.money_short(3_000_000), "$30K"),
        (EN.money_short(125_000_000), "$1.25M"),
        (EN.money_short(0), "$0"),
        (ZH.money_short(3_000_000), "¥3 万"),
        (ZH.money_short(99_900), "¥999"),
        (EN.share(125), "1.25%"),
        (EN.share(-5), "−0.05%"),
        (EN.share_change(3), "+0.03 pp"),
        (ZH.share_change(-3), "−0.03 个百分点"),
        (EN.percent(1, 1_000), "<1%"),
        (EN.percent(999, 1_000), ">99%"),
        (EN.percent(0, 1_000), "0%"),
        (EN.percent(1_000, 1_000), "100%"),
        (EN.percent(0, 0), "0%"),
        (EN.count(1, "member"), "1 member"),
        (EN.count(0, "member"), "0 members"),
        (ZH.count(1_234, "purchase"), "1,234 笔消费"),
        (EN.signed(7, EN.whole), "+7"),
        (EN.signed(-7, EN.whole), "−7"),
        (EN.signed(0, EN.whole), "0"),
        (EN.scaled(-1_005, 2), "−10.05"),
        (EN.day(date(2025, 1, 31)), "31 Jan 2025"),
        (ZH.day(date(2025, 1, 31)), "2025年1月31日"),
        (EN.month(date(2025, 9, 1)), "Sep 2025"),
        (ZH.month(date(2025, 9, 1)), "2025年9月"),
    ],
)
def test_a_number_is_written_so(written: str, expected: str) -> None:
    assert written == expected


def test_a_report_is_not_written_in_any_other_language() -> None:
    with pytest.raises(ValueError, match="zh or en"):
        Tongue(language="fr", money_code="EUR", money_decimals=2)


@given(minor=st.integers(-(10**17), 10**17))
def test_money_is_written_to_its_last_unit(minor: int) -> None:
    text = EN.money(minor).replace("$", "").replace(",", "").replace("−", "-")
    assert Fraction(text) == Fraction(minor, 100)


@given(low=st.integers(-(10**15), 0), high=st.integers(0, 10**15))
def test_ticks_hold_what_is_drawn_and_are_few(low: int, high: int) -> None:
    levels = ticks(high, low)
    assert levels[0] <= low
    assert levels[-1] >= high
    assert 0 in levels
    assert 2 <= len(levels) <= 7
    assert len({after - before for before, after in pairwise(levels)}) == 1
    assert str(levels[1] - levels[0]).strip("0") in ("1", "2", "5")


@given(values=st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=5, unique=True))
def test_a_scale_keeps_order_and_edges(values: list[int]) -> None:
    scale = Scale(low=min(values), high=max(values))
    places = [scale.at(value, 10_000) for value in sorted(values)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, 10_000)
