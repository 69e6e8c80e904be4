"""Conditions and rules as sentences, in Chinese (`zh`) and English (`en`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import gcd

from jifen.domain.program.conditions import (
    FACTS,
    LINE_ATTRIBUTE_PREFIX,
    All,
    Any,
    Claim,
    Condition,
    Fact,
    Not,
)
from jifen.domain.program.meaning import NONE, Currency, EarnRule, Grant, Period, Program
from jifen.domain.program.reading import both_ends

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the codes of a programme are called in one language, and how its money is written."""

    money: str = ""
    money_decimals: int = 0
    called: Mapping[tuple[str, str], str] = field(
        default_factory=dict
    )  # (tier | store | currency, code) -> name
    scales: Mapping[str, int] = field(default_factory=dict)  # by currency code: decimal places shown

    def of(self, kind: str, code: str) -> str:
        """The name of a code; the code itself when it has none."""
        return self.called.get((kind, code), code)

    def units(self, units: int, currency: str) -> str:
        """Smallest units as they are shown: with scale 2, 150 is `1.5`."""
        scale = 10 ** self.scales.get(currency, 0)
        text = str(abs(units) // scale)
        if units % scale:
            text += f".{abs(units) % scale:0{self.scales[currency]}d}".rstrip("0")
        return "-" + text if units < 0 else text

    def amount(self, minor: int) -> str:
        """An amount of money: 12345 as `123.45 CNY`."""
        sign, whole = ("-", -minor) if minor < 0 else ("", minor)
        scale = 10**self.money_decimals
        text = str(whole // scale)
        if self.money_decimals and whole % scale:
            text += "." + str(whole % scale).zfill(self.money_decimals)
        return f"{sign}{text} {self.money}".rstrip()


def name_in(names: Mapping[str, str], language: str) -> str:
    """The name in a language, or in the nearest that there is."""
    for wanted in (language, language.partition("-")[0], "en", "zh"):
        if wanted in names:
            return names[wanted]
    return next(iter(names.values()), "")


def names_of(program: Program, language: str) -> Names:
    """The names that a programme gives, in one language."""
    called = {("tier", tier.code): name_in(tier.names, language) for tier in program.ladder.tiers}
    called |= {("store", store.code): name_in(store.names, language) for store in program.stores.values()}
    called |= {("currency", one.code): name_in(one.names, language) for one in program.currencies}
    return Names(
        money=program.money,
        money_decimals=program.money_decimals,
        called=called,
        scales={one.code: one.scale for one in program.currencies},
    )


def sentence(condition: Condition, *, language: str, names: Names | None = None) -> str:
    """The condition as part of a sentence: `the item's brand is Private and the weekday is Saturday or Sunday`."""
    names = names or Names()
    if isinstance(condition, Claim):
        return _claim(condition, language, names)
    if isinstance(condition, Not):
        negated = _negated(condition.part, language, names)
        if negated is not None:
            return negated
        inner = sentence(condition.part, language=language, names=names)
        return f"并非（{inner}）" if language == "zh" else f"not ({inner})"
    if not condition.parts:
        always = isinstance(condition, All)
        return _WORDS[language]["always" if always else "never"]
    if isinstance(condition, Any) and (among := _one_of(condition)):
        return _said(among[0], among[1], among[2], language, names)
    word = _WORDS[language]["and" if isinstance(condition, All) else "or"]
    parts = [_nested(part, condition, language, names) for part in condition.parts]
    return word.join(parts)


def rule_sentence(rule: EarnRule, program: Program, language: str) -> str:
    """The whole rule as one sentence: what it grants, when, and up to what."""
    names = names_of(program, language)
    currency = next(one for one in program.currencies if one.number == rule.currency)
    unit = name_in(currency.names, language)
    when = [part for part in (rule.given, rule.state) if not (isinstance(part, All) and not part.parts)]
    joined = sentence(All(parts=tuple(when)), language=language, names=names) if when else ""
    caps = [
        (word, names.units(cap, currency.code))
        for word, cap in ((period.name.lower(), rule.cap(period)) for period in Period)
        if cap != NONE
    ]
    if language == "zh":
        text = f"{f'当 {joined} 时，' if joined else ''}{_grant_zh(rule, currency, unit, names)}"
        text += "，再乘以等级倍率" if rule.multiplied_by != NONE else ""
        text += "".join(f"，{_CAPS_ZH[word]}最多 {cap} {unit}" for word, cap in caps)
        return text + ("，同组规则只取最高的一条。" if rule.group_keeps_best else "。")
    text = _grant_en(rule, currency, unit, names)
    text += ", times the tier's multiplier" if rule.multiplied_by != NONE else ""
    text += f", when {joined}" if joined else ""
    text += "".join(f"; at most {cap} {unit} {_CAPS_EN.get(word, f'a {word}')}" for word, cap in caps)
    return text + ("; only the best rule of its group counts." if rule.group_keeps_best else ".")


_CAPS_ZH = {
    "purchase": "每次消费", "day": "每天", "week": "每周", "month": "每月", "year": "每年", "life": "终身",
}  # fmt: skip


_CAPS_EN = {"life": "in a lifetime"}


def _grant_en(rule: EarnRule, currency: Currency, unit: str, names: Names) -> str:
    units, per = _shown_rate(rule, currency, names)
    if rule.grant is Grant.FIXED:
        return f"{units} {unit} once a purchase"
    by_amount = rule.grant in (Grant.PER_AMOUNT, Grant.PER_WHOLE_AMOUNT)
    step = names.amount(per) if by_amount else f"{thousandths(per)} of quantity"
    whole = rule.grant in (Grant.PER_WHOLE_AMOUNT, Grant.PER_WHOLE_QUANTITY)
    return f"{units} {unit} for {'each whole' if whole else 'every'} {step}"


def _shown_rate(rule: EarnRule, currency: Currency, names: Names) -> tuple[str, int]:
    """Units as they are shown, and what they are granted for; in whole units where the rate allows it."""
    units, per = rule.rate
    smallest = 10**currency.scale
    if rule.grant in (Grant.PER_AMOUNT, Grant.PER_QUANTITY) and units % smallest:
        more = smallest // gcd(units, smallest)
        units, per = units * more, per * more
    return names.units(units, currency.code), per


def _grant_zh(rule: EarnRule, currency: Currency, unit: str, names: Names) -> str:
    units, per = _shown_rate(rule, currency, names)
    if rule.grant is Grant.FIXED:
        return f"每次消费得 {units} {unit}"
    by_amount = rule.grant in (Grant.PER_AMOUNT, Grant.PER_WHOLE_AMOUNT)
    step = names.amount(per) if by_amount else f"{thousandths(per)} 件（或计量单位）"
    whole = rule.grant in (Grant.PER_WHOLE_AMOUNT, Grant.PER_WHOLE_QUANTITY)
    return f"每{'满' if whole else ''} {step} 得 {units} {unit}"


def thousandths(milli: int) -> str:
    """A quantity in thousandths as decimal text: 1500 as `1.5`."""
    sign, milli = ("-", -milli) if milli < 0 else ("", milli)
    text = f"{milli // 1000}.{milli % 1000:03d}".rstrip("0").rstrip(".")
    return sign + text


_WORDS = {
    "zh": {"and": "，且", "or": "，或", "always": "任何情况", "never": "从不", "list": " 或 "},
    "en": {"and": " and ", "or": " or ", "always": "always", "never": "never", "list": " or "},
}

_SAYS = {
    "zh": {
        "is": "是 {}", "in": "是 {}", "under": "属于 {}", "has": "包含 {}", "has_any": "包含 {}",
        "eq": "等于 {}", "ne": "不等于 {}", "lt": "小于 {}", "le": "不超过 {}", "gt": "大于 {}", "ge": "至少 {}",
        "between": "在 {} 到 {} 之间", "eq_any": "是 {}", "not is": "不是 {}", "not in": "不是 {}",
        "not under": "不属于 {}", "not has": "不包含 {}", "not has_any": "不包含 {}", "not eq_any": "不是 {}",
        "not eq": "不等于 {}",
    },
    "en": {
        "is": "is {}", "in": "is {}", "under": "is under {}", "has": "include {}", "has_any": "include {}",
        "eq": "is {}", "ne": "is not {}", "lt": "is below {}", "le": "is at most {}", "gt": "is above {}",
        "ge": "is at least {}", "between": "is from {} to {}", "eq_any": "is {}",
        "not is": "is not {}", "not in": "is not {}",
        "not under": "is not under {}", "not has": "do not include {}", "not has_any": "do not include {}",
        "not eq_any": "is not {}", "not eq": "is not {}",
    },
}  # fmt: skip

_WEEKDAYS = {
    "zh": ("", "周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def _nested(part: Condition, around: All | Any, language: str, names: Names) -> str:
    text = sentence(part, language=language, names=names)
    simple = isinstance(part, Claim | Not) or type(part) is type(around) or len(part.parts) < 2
    if simple or (isinstance(part, Any) and _one_of(part)):
        return text
    return f"（{text}）" if language == "zh" else f"({text})"


def _one_of(condition: Any) -> tuple[Claim, str, list[str | int]] | None:
    """An `any` that asks one fact for several values: its first claim, the operator to say, and the values."""
    first = condition.parts[0]
    values: list[str | int] = []
    if not isinstance(first, Claim) or len(condition.parts) < 2 or first.operator not in ("eq", "under"):
        return None
    for part in condition.parts:
        alike = isinstance(part, Claim) and (part.fact, part.operator, part.window_days, part.currency) == (
            first.fact, first.operator, first.window_days, first.currency,
        )  # fmt: skip
        if not alike or not isinstance(part, Claim) or isinstance(part.value, tuple):
            return None
        values.append(part.value)
    return first, "eq_any" if first.operator == "eq" else first.operator, values


def _negated(part: Condition, language: str, names: Names) -> str | None:
    """`is not under A or B`, where a plain negative can be said; None where only brackets are clear."""
    among = _one_of(part) if isinstance(part, Any) and part.parts else None
    claim, operator, values = among or (part, "", [])
    if not isinstance(claim, Claim):
        return None
    operator = operator or claim.operator
    if f"not {operator}" not in _SAYS[language]:
        return None
    return _said(claim, f"not {operator}", values or _values(claim), language, names)


def _values(claim: Claim) -> list[str | int]:
    if claim.operator == "between":
        return list(both_ends(claim.value))
    return list(claim.value) if isinstance(claim.value, tuple) else [claim.value]


def _claim(claim: Claim, language: str, names: Names) -> str:
    return _said(claim, claim.operator, _values(claim), language, names)


def _said(claim: Claim, operator: str, values: list[str | int], language: str, names: Names) -> str:
    shown = [_value(claim, value, language, names) for value in values]
    if claim.fact == "purchase.hour" and operator in ("le", "between"):
        shown[-1] = shown[-1].replace(":00", ":59")  # the whole of the last hour
    says = _SAYS[language][operator]
    told = says.format(*shown) if operator == "between" else says.format(_WORDS[language]["list"].join(shown))
    fact = _fact(claim, language, names)
    return f"{fact}{told}" if language == "zh" else f"{fact} {told}"


def _fact(claim: Claim, language: str, names: Names) -> str:
    if claim.fact.startswith(LINE_ATTRIBUTE_PREFIX):
        code = claim.fact.removeprefix(LINE_ATTRIBUTE_PREFIX)
        return f"商品属性 {code} " if language == "zh" else f"the item's {code}"
    fact: Fact = FACTS[claim.fact]
    if language == "zh":
        if claim.window_days:
            return f"{claim.window_days} 天内的{fact.label_zh.removeprefix('近期')}"
        return f"{names.of('currency', claim.currency)}余额" if claim.currency else fact.label_zh
    if claim.window_days:
        noun = "spend" if claim.fact == "member.spend_minor" else "the number of visits"
        return f"{noun} in {claim.window_days} days"
    return f"the balance of {names.of('currency', claim.currency)}" if claim.currency else fact.label_en


def _value(claim: Claim, value: str | int, language: str, names: Names) -> str:
    fact = claim.fact
    if isinstance(value, str):
        kind = {"member.tier": "tier", "purchase.store": "store"}.get(fact)
        return names.of(kind, value) if kind else value
    if fact == "purchase.weekday" and 1 <= value <= 7:
        return _WEEKDAYS[language][value]
    if fact == "purchase.hour":
        return f"{value}:00"
    if fact == "purchase.date":
        return f"{value // 10000:04d}-{value // 100 % 100:02d}-{value % 100:02d}"
    if fact == "line.quantity_milli":
        return thousandths(value)
    # Units of a balance as they are shown; anything else without a currency is shown as it is.
    return names.amount(value) if fact.endswith("_minor") else names.units(value, claim.currency)
