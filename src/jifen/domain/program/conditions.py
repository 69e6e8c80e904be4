"""Conditions: structured data over typed facts, never a script.

A condition is a tree of `All`, `Any`, `Not` and `Claim`. Facts are of two kinds. *Given* facts are known before the fold
(the purchase, its lines, the store, the time). *State* facts are kept by the fold itself (tier, spend in a window, ...)
and are closed: each is one integer. `FACTS` is the whole vocabulary; the document, the selector, the columnar selector,
the form in the console and the sentences all read it from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FactKind(StrEnum):
    """Where a fact comes from."""

    LINE = "line"  # given; differs from line to line
    PURCHASE = "purchase"  # given; the same for every line of a purchase
    STATE = "state"  # kept by the fold


class FactType(StrEnum):
    """What values a fact takes, and so which operators it allows."""

    TEXT = "text"  # is, in
    PATH = "path"  # is, in, under: a category path such as GROCERY/BREAD; under = itself or below it
    TEXTS = "texts"  # has, has_any: a set of texts, such as tags
    INTEGER = "integer"  # eq, ne, lt, le, gt, ge, between (both ends included)


OPERATORS: dict[FactType, tuple[str, ...]] = {
    FactType.TEXT: ("is", "in"),
    FactType.PATH: ("is", "in", "under"),
    FactType.TEXTS: ("has", "has_any"),
    FactType.INTEGER: ("eq", "ne", "lt", "le", "gt", "ge", "between"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One word of the vocabulary: its name, kind, type and what it counts in."""

    name: str
    kind: FactKind
    type: FactType
    unit: str
    label_zh: str
    label_en: str


def _fact(name: str, kind: FactKind, type_: FactType, unit: str, label_zh: str, label_en: str) -> Fact:
    return Fact(name=name, kind=kind, type=type_, unit=unit, label_zh=label_zh, label_en=label_en)


_LINE, _PURCHASE, _STATE = FactKind.LINE, FactKind.PURCHASE, FactKind.STATE

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        _fact("line.sku", _LINE, FactType.TEXT, "", "商品编码", "the item's sku"),
        _fact("line.category", _LINE, FactType.PATH, "", "商品类别", "the item's category"),
        _fact("line.brand", _LINE, FactType.TEXT, "", "品牌", "the item's brand"),
        _fact("line.tags", _LINE, FactType.TEXTS, "", "商品标签", "the item's tags"),
        _fact("line.amount_minor", _LINE, FactType.INTEGER, "minor money", "行金额", "the line's amount"),
        _fact("line.discount_minor", _LINE, FactType.INTEGER, "minor money", "行优惠", "the line's discount"),
        _fact("line.quantity_milli", _LINE, FactType.INTEGER, "thousandths", "数量", "the line's quantity"),
        _fact(
            "purchase.amount_minor",
            _PURCHASE,
            FactType.INTEGER,
            "minor money",
            "消费金额",
            "the purchase's amount",
        ),
        _fact("purchase.store", _PURCHASE, FactType.TEXT, "", "门店", "the store"),
        _fact("purchase.channel", _PURCHASE, FactType.TEXT, "", "渠道", "the channel"),
        _fact("purchase.source", _PURCHASE, FactType.TEXT, "", "来源", "the source"),
        _fact("purchase.weekday", _PURCHASE, FactType.INTEGER, "1 Monday .. 7 Sunday", "星期", "the weekday"),
        _fact("purchase.hour", _PURCHASE, FactType.INTEGER, "0 .. 23, store's zone", "小时", "the hour"),
        _fact("purchase.date", _PURCHASE, FactType.INTEGER, "yyyymmdd, store's zone", "日期", "the date"),
        _fact("purchase.payment_methods", _PURCHASE, FactType.TEXTS, "", "支付方式", "the payment methods"),
        _fact("purchase.tags", _PURCHASE, FactType.TEXTS, "", "消费标签", "the purchase's tags"),
        _fact("member.tier", _STATE, FactType.TEXT, "", "会员等级", "the member's tier"),
        _fact(
            "member.spend_minor",
            _STATE,
            FactType.INTEGER,
            "minor money in window_days",
            "近期消费额",
            "recent spend",
        ),
        _fact(
            "member.visits",
            _STATE,
            FactType.INTEGER,
            "visits in window_days",
            "近期到店次数",
            "recent visits",
        ),
        _fact(
            "member.days_since_purchase",
            _STATE,
            FactType.INTEGER,
            "days",
            "距上次消费天数",
            "days since last purchase",
        ),
        _fact(
            "member.purchases_before",
            _STATE,
            FactType.INTEGER,
            "purchases",
            "此前消费次数",
            "purchases before this one",
        ),
        _fact("member.balance", _STATE, FactType.INTEGER, "units of currency", "积分余额", "the balance"),
    )
}
# An attribute that the document declares is a given fact of the line: `line.attribute.<code>`, TEXT or INTEGER.
LINE_ATTRIBUTE_PREFIX = "line.attribute."

Value = str | int | tuple[str, ...] | tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim about one fact. A fact that is missing makes the claim false, whatever the operator."""

    fact: str
    operator: str
    value: Value
    window_days: int = 0  # only for member.spend_minor and member.visits
    currency: str = ""  # only for member.balance


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """True when every part is; true when there is none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """True when some part is; false when there is none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """True when its part is false: also when the part is false because a fact is missing."""

    part: Condition


Condition = All | Any | Not | Claim

ALWAYS = All(parts=())
