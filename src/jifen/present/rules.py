"""Conditions and rules as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import gcd

from jifen.domain.program.conditions import (
    EVENT_ATTRIBUTE_PREFIX,
    LINE_ATTRIBUTE_PREFIX,
    All,
    Any,
    Claim,
    Condition,
    Not,
)
from jifen.domain.program.meaning import (
    NO_MOST,
    NONE,
    Brought,
    Counts,
    Currency,
    EarnRule,
    Grant,
    Limit,
    Period,
    Program,
    Shape,
    Together,
    When,
)
from jifen.domain.program.reading import both_ends
from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.shown import name_in, thousandths


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


def names_of(program: Program, language: str) -> Names:
    """The names that a programme gives, in one language."""
    called = {("tier", tier.code): name_in(tier.names, language) for tier in program.ladder.tiers}
    called |= {("store", store.code): name_in(store.names, language) for store in program.stores.values()}
    called |= {("day", code): name_in(names, language) for code, names in program.days.items()}
    called |= {("rule", one.code): name_in(one.names, language) or one.code for one in program.rules}
    called |= {("currency", one.code): name_in(one.names, language) for one in program.currencies}
    return Names(
        money=program.money,
        money_decimals=program.money_decimals,
        called=called,
        scales={one.code: one.scale for one in program.currencies},
    )


def sentence(condition: Condition, *, language: str, names: Names | None = None) -> str:
    """The condition as part of a sentence: `the item's brand is Private and the weekday is Saturday or Sunday`."""
    return _sentence(condition, catalogue_of(language), names or Names())


def condition_text(condition: Condition, words: Catalogue, names: Names) -> str:
    """The same, with words and names at hand."""
    return _sentence(condition, words, names)


def _sentence(condition: Condition, words: Catalogue, names: Names) -> str:
    if isinstance(condition, Claim):
        return _said(condition, condition.operator, _values(condition), words, names)
    if isinstance(condition, Not):
        negated = _negated(condition.part, words, names)
        if negated is not None:
            return negated
        return words.say("condition.not", condition=_sentence(condition.part, words, names))
    if not condition.parts:
        return words.say("condition.always" if isinstance(condition, All) else "condition.never")
    if isinstance(condition, Any) and (among := _one_of(condition)):
        return _said(*among, words, names)
    parts = [_nested(part, condition, words, names) for part in condition.parts]
    return words.join("and" if isinstance(condition, All) else "or", parts)


def rule_sentence(rule: EarnRule, program: Program, language: str) -> str:
    """The whole rule as one sentence: what it grants, when, and up to what."""
    names, words = names_of(program, language), catalogue_of(language)
    currency = next(one for one in program.currencies if one.number == rule.currency)
    name = name_in(currency.names, language)
    given = rule.given if rule.on == NONE and rule.on_event == NONE else rule.told
    when = [
        part for part in (given, rule.known, rule.state) if not (isinstance(part, All) and not part.parts)
    ]
    text = _grant(rule, currency, name, names, words)
    if rule.multiplied_by != NONE:
        text = words.say("rule.times_tier", said=text)
    if when:
        text = words.say("rule.when", said=text, condition=_sentence(All(parts=tuple(when)), words, names))
    if rule.on != NONE:
        text = _brought(rule, program, text, names, words, language)
    if rule.on_event != NONE:
        event = next(one for one in program.events if one.number == rule.on_event)
        text = words.say("rule.on.event", said=text, event=name_in(event.names, language) or event.code)
    for period in Period:
        if (cap := rule.cap(period)) != NONE:
            shown = names.units(cap, currency.code)
            text = words.say(
                f"rule.at_most.{period.name.lower()}", said=text, units=shown, unit=words.unit(name, shown)
            )
    for limit in rule.limits:
        text = _limited(limit, text, currency, name, names, words)
    if rule.budget is not None:
        shown = names.units(rule.budget.units, currency.code)
        text = words.say("rule.at_most.budget", said=text, units=shown, unit=words.unit(name, shown))
    ends = {Together.BEST: "rule.best_of_group", Together.FIRST: "rule.first_of_group"}
    return words.say(ends.get(rule.together, "rule.end"), said=text)


def _brought(
    rule: EarnRule, program: Program, text: str, names: Names, words: Catalogue, language: str
) -> str:
    """What was said, with what brings the moment that the rule sees."""
    moment = next(one for one in program.moments if one.number == rule.on)
    if moment.brought is Brought.EXPIRY_AHEAD:
        expiring = words.within(name_in(program.currencies[moment.currency].names, language))
        return words.say("rule.on.expiry_ahead", said=text, days=moment.days, currency=expiring)
    if moment.brought is Brought.ON_DAYS:
        days = words.join("values", [names.of("day", code) for code in moment.named])
        return words.say("rule.on.on_days", said=text, days=days)
    if moment.brought is Brought.ANNIVERSARY:
        return words.say("rule.on.anniversary", said=text)
    key = "rule.on.asleep" if moment.brought is Brought.ASLEEP else "rule.on.after_joining"
    return words.say(key, said=text, days=moment.days)


def _limited(limit: Limit, text: str, currency: Currency, name: str, names: Names, words: Catalogue) -> str:
    """What was said, with a limit that is shared or counts times; those of units alone are said already."""
    period = limit.period.name.lower()
    if limit.counts is Counts.TIMES and limit.units != NO_MOST:
        shared = "together" if limit.shared_as else "at_most"
        text = words.say(f"rule.{shared}_times.{period}", said=text, count=limit.units, times=limit.units)
    elif limit.shared_as:
        shown = names.units(limit.units, currency.code)
        text = words.say(f"rule.together.{period}", said=text, units=shown, unit=words.unit(name, shown))
    if limit.when is When.SKIP and limit.units != NO_MOST:
        return words.say("rule.beyond.skip", said=text)
    return (
        words.say("rule.beyond.refuse", said=text)
        if limit.when is When.REFUSE and limit.units != NO_MOST
        else text
    )


def _grant(rule: EarnRule, currency: Currency, name: str, names: Names, words: Catalogue) -> str:
    if rule.shape is Shape.PLAIN:
        text = _plain(rule, currency, name, names, words)
    elif rule.shape is Shape.LESSER:
        others = (replace(rule, grant=one.grant, rate=one.rate, shape=Shape.PLAIN) for one in rule.amounts)
        parts = [_plain(one, currency, name, names, words) for one in (rule, *others)]
        text = words.say("rule.lesser_of", parts=words.join("reasons", parts))
    else:
        text = _banded(rule, currency, name, names, words)
    if rule.least:
        shown = names.units(rule.least, currency.code)
        text = words.say("rule.at_least", said=text, units=shown, unit=words.unit(name, shown))
    return text


def _banded(rule: EarnRule, currency: Currency, name: str, names: Names, words: Catalogue) -> str:
    parts = []
    for one in rule.amounts:
        by_amount = one.grant is Grant.PER_AMOUNT
        begins = (
            names.amount(one.begins)
            if by_amount
            else words.say("rule.of_quantity", quantity=thousandths(one.begins))
        )
        fixed = rule.grant is Grant.FIXED
        said = (
            words.say(
                "rule.fixed_at_moment",
                units=(shown := names.units(one.rate[0], currency.code)),
                unit=words.unit(name, shown),
            )
            if fixed
            else _plain(
                replace(rule, rate=_lowest(one.rate), shape=Shape.PLAIN), currency, name, names, words
            )
        )
        parts.append(words.say("rule.band", begins=begins, said=said))
    mode = "rule.bands_marginal" if rule.shape is Shape.MARGINAL else "rule.bands_whole"
    return words.say(mode, parts=words.join("reasons", parts))


def _lowest(rate: tuple[int, int]) -> tuple[int, int]:
    common = gcd(*rate) or 1
    return rate[0] // common, rate[1] // common


def _plain(rule: EarnRule, currency: Currency, name: str, names: Names, words: Catalogue) -> str:
    units, per = _shown_rate(rule, currency, names)
    unit = words.unit(name, units)
    if rule.grant is Grant.FIXED:
        at_purchase = rule.on == NONE and rule.on_event == NONE
        return words.say("rule.fixed" if at_purchase else "rule.fixed_at_moment", units=units, unit=unit)
    by_amount = rule.grant in (Grant.PER_AMOUNT, Grant.PER_WHOLE_AMOUNT)
    if rule.attribute:
        step = words.say("rule.of_attribute", quantity=per, attribute=rule.attribute)
    else:
        step = names.amount(per) if by_amount else words.say("rule.of_quantity", quantity=thousandths(per))
    whole = rule.grant in (Grant.PER_WHOLE_AMOUNT, Grant.PER_WHOLE_QUANTITY)
    return words.say("rule.each_whole" if whole else "rule.every", units=units, unit=unit, step=step)


def _shown_rate(rule: EarnRule, currency: Currency, names: Names) -> tuple[str, int]:
    """Units as they are shown, and what they are granted for; in whole units where the rate allows it."""
    units, per = rule.rate
    smallest = 10**currency.scale
    if rule.grant in (Grant.PER_AMOUNT, Grant.PER_QUANTITY) and units % smallest:
        more = smallest // gcd(units, smallest)
        units, per = units * more, per * more
    return names.units(units, currency.code), per


HAVE_NEGATIVES = frozenset({"is", "in", "under", "has", "has_any", "eq_any", "eq"})
"""Operators whose negative is one verb (`is not under`); of the others only brackets are clear."""


def _nested(part: Condition, around: All | Any, words: Catalogue, names: Names) -> str:
    text = _sentence(part, words, names)
    simple = isinstance(part, Claim | Not) or type(part) is type(around) or len(part.parts) < 2
    if simple or (isinstance(part, Any) and _one_of(part)):
        return text
    return words.say("condition.nested", condition=text)


def _one_of(condition: Any) -> tuple[Claim, str, list[str | int]] | None:
    """An `any` that asks one fact for several values: its first claim, the operator to say, and the values."""
    first = condition.parts[0]
    values: list[str | int] = []
    if not isinstance(first, Claim) or len(condition.parts) < 2 or first.operator not in ("eq", "under"):
        return None
    for part in condition.parts:
        alike = isinstance(part, Claim) and (
            part.fact, part.operator, part.window_days, part.currency, part.rule, part.period, part.of
        ) == (
            first.fact, first.operator, first.window_days, first.currency, first.rule, first.period, first.of,
        )  # fmt: skip
        if not alike or not isinstance(part, Claim) or isinstance(part.value, tuple):
            return None
        values.append(part.value)
    return first, "eq_any" if first.operator == "eq" else first.operator, values


def _negated(part: Condition, words: Catalogue, names: Names) -> str | None:
    """`is not under A or B`, where a plain negative can be said; None where only brackets are clear."""
    among = _one_of(part) if isinstance(part, Any) and part.parts else None
    claim, operator, values = among or (part, "", [])
    if not isinstance(claim, Claim):
        return None
    operator = operator or claim.operator
    if operator not in HAVE_NEGATIVES:
        return None
    return _said(claim, f"not_{operator}", values or _values(claim), words, names)


def _values(claim: Claim) -> list[str | int]:
    if claim.operator == "between":
        return list(both_ends(claim.value))
    return list(claim.value) if isinstance(claim.value, tuple) else [claim.value]


def _said(claim: Claim, operator: str, values: list[str | int], words: Catalogue, names: Names) -> str:
    shown = [_value(claim, value, words, names) for value in values]
    if claim.fact in ("purchase.hour", "event.hour") and operator in ("le", "between"):
        shown[-1] = shown[-1].replace(":00", ":59")  # the whole of the last hour
    if operator == "between":
        told = words.say("condition.between", low=shown[0], high=shown[1])
    else:
        told = words.say(f"condition.says.{operator}", value=words.join("values", shown))
    return words.say("condition.claim", fact=_fact(claim, words, names), told=told)


def _fact(claim: Claim, words: Catalogue, names: Names) -> str:  # noqa: PLR0911
    if claim.window_days:
        key = "fact_of.spend_in" if claim.fact == "member.spend_minor" else "fact_of.visits_in"
        return words.say(key, days=claim.window_days)
    if claim.of is not None:
        return words.say(
            "fact_of.basket", fact=fact_shown(claim.fact, words), lines=_sentence(claim.of, words, names)
        )
    if claim.rule:
        return words.say(f"fact_of.times_in.{claim.period}", rule=names.of("rule", claim.rule))
    if claim.currency:
        return words.say("fact_of.balance", currency=names.of("currency", claim.currency))
    if claim.fact.startswith(LINE_ATTRIBUTE_PREFIX):
        code = claim.fact.removeprefix(LINE_ATTRIBUTE_PREFIX)
        return words.say("fact_of.attribute_claimed", code=code)
    if claim.fact.startswith(EVENT_ATTRIBUTE_PREFIX):
        code = claim.fact.removeprefix(EVENT_ATTRIBUTE_PREFIX)
        return words.say("fact_of.event_attribute_claimed", code=code)
    return fact_shown(claim.fact, words)


def fact_shown(fact: str, words: Catalogue) -> str:
    """What a given or state fact is called; an attribute by the code that the document declares."""
    if fact.startswith(LINE_ATTRIBUTE_PREFIX):
        return words.say("fact_of.attribute", code=fact.removeprefix(LINE_ATTRIBUTE_PREFIX))
    if fact.startswith(EVENT_ATTRIBUTE_PREFIX):
        return words.say("fact_of.event_attribute", code=fact.removeprefix(EVENT_ATTRIBUTE_PREFIX))
    return words.say(f"fact.{fact}")


def _value(claim: Claim, value: str | int, words: Catalogue, names: Names) -> str:  # noqa: PLR0911
    fact, word = claim.fact, claim.fact.partition(".")[2]
    if isinstance(value, str):
        kind = {"tier": "tier", "store": "store", "days": "day"}.get(word)
        return names.of(kind, value) if kind else value
    if word == "weekday" and 1 <= value <= 7:
        return words.say(f"weekday.{value}")
    if word == "month" and 1 <= value <= 12:
        return words.say(f"month.{value}")
    if word == "hour":
        return f"{value}:00"
    if word == "date":
        return f"{value // 10000:04d}-{value // 100 % 100:02d}-{value % 100:02d}"
    if word == "quantity_milli":
        return thousandths(value)
    # Units of a balance as they are shown; anything else without a currency is shown as it is.
    return names.amount(value) if fact.endswith("_minor") else names.units(value, claim.currency)
