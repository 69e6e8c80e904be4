"""What a written condition means: the domain's condition, and its two halves for select and for the fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any as Anything

from jifen.document.conditions import AllDocument, AnyDocument, ClaimDocument, ConditionDocument, NotDocument
from jifen.domain.program.conditions import (
    ALWAYS,
    EVENT_ATTRIBUTE_PREFIX,
    FACTS,
    LINE_ATTRIBUTE_PREFIX,
    All,
    Any,
    Claim,
    Condition,
    Fact,
    FactKind,
    FactType,
    Not,
)
from jifen.domain.program.reading import claims_of, conjuncts, is_under, joined
from jifen.domain.texts import CODE, LINE_FORMS, PURCHASE_FORMS, TAG, WORDS, Form, canonical_or_same

FORM_OF_FACT = {
    **{f"line.{name}": form for name, form in LINE_FORMS.items()},
    **{f"purchase.{name}": form for name, form in PURCHASE_FORMS.items()},
    "event.store": CODE, "event.channel": CODE, "event.source": CODE,
    "line.tags": TAG, "purchase.tags": TAG, "purchase.payment_methods": CODE,
}  # fmt: skip
"""A rule names what it sees in the form in which it comes in; attributes that are text are WORDS."""


_ATTRIBUTES = (LINE_ATTRIBUTE_PREFIX, EVENT_ATTRIBUTE_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What a condition may speak of in one document."""

    tiers: tuple[str, ...]  # codes, lowest first
    currencies: frozenset[str]
    rules: frozenset[str]
    stores: frozenset[str] | None  # None: any store
    attributes: Mapping[str, str]  # of lines: code -> text | integer
    event: Mapping[str, str] | None = None  # of the event that the rule sees; None: it sees none
    tables: Mapping[str, Mapping[str, frozenset[str] | frozenset[int]]] = field(default_factory=dict)
    """By the last word of a fact that is looked up: value -> what it is found by (stores, days as yyyymmdd)."""

    def looked_up(self, fact: Fact) -> Mapping[str, frozenset[str] | frozenset[int]]:
        """What a fact may be that is looked up, and what it is found by."""
        return self.tables.get(fact.name.partition(".")[2], {})

    def fact(self, name: str) -> Fact | None:
        """The fact of that name, also when it is a declared attribute of the line or of the event."""
        for prefix, kind, declared in (
            (LINE_ATTRIBUTE_PREFIX, FactKind.LINE, self.attributes),
            (EVENT_ATTRIBUTE_PREFIX, FactKind.EVENT, self.event or {}),
        ):
            if name.startswith(prefix):
                type_ = declared.get(name.removeprefix(prefix))
                if type_ is None:
                    return None
                return Fact(
                    name=name, kind=kind, type=FactType.TEXT if type_ == "text" else FactType.INTEGER, unit=""
                )
        return FACTS.get(name)

    def form(self, fact: Fact) -> Form | None:
        """The form in which a till's text for this fact comes in; None: what it is compared with is no till's text."""
        return FORM_OF_FACT.get(fact.name) or (
            WORDS if fact.type is FactType.TEXT and fact.name.startswith(_ATTRIBUTES) else None
        )

    def names(self) -> list[str]:
        """Every fact that may be used."""
        return [
            *FACTS,
            *(LINE_ATTRIBUTE_PREFIX + code for code in self.attributes),
            *(EVENT_ATTRIBUTE_PREFIX + code for code in self.event or ()),
        ]


def condition_meaning(
    written: ConditionDocument | None, vocabulary: Vocabulary, smallest: Mapping[str, int] | None = None
) -> Condition:
    """The written condition in the domain's words. The document has been checked.

    Units
        smallest   by currency code how many smallest units a unit as shown has; balances are written as they are shown
    """
    if written is None:
        return ALWAYS
    if isinstance(written, AllDocument):
        return All(parts=tuple(condition_meaning(part, vocabulary, smallest) for part in written.all))
    if isinstance(written, AnyDocument):
        return Any(parts=tuple(condition_meaning(part, vocabulary, smallest) for part in written.any))
    if isinstance(written, NotDocument):
        return Not(part=condition_meaning(written.not_, vocabulary, smallest))
    return claim_meaning(written, vocabulary, (smallest or {}).get(written.currency or "", 1))


def claim_meaning(written: ClaimDocument, vocabulary: Vocabulary, smallest: int = 1) -> Condition:
    """One claim; the conveniences of the document become `in`, or an `any` of simple claims."""
    ((operator, value),) = written.written()
    fact = vocabulary.fact(written.fact)
    assert fact is not None
    form = vocabulary.form(fact)
    if form is not None:
        value = (
            canonical_or_same(value, form)
            if isinstance(value, str)
            else tuple(canonical_or_same(one, form) for one in value)
        )

    among: frozenset[str] | frozenset[int] | None = None
    if fact.looked_up_by:
        table = vocabulary.looked_up(fact)
        named = (value,) if isinstance(value, str) else value
        found: list[Anything] = [one for name in named for one in table.get(name, ())]
        among = frozenset(found)

    def claim(operator: str, value: str | int | tuple[str, ...] | tuple[int, int]) -> Claim:
        return Claim(
            fact=written.fact,
            operator=operator,
            value=value,
            window_days=written.window_days or 0,
            currency=written.currency or "",
            rule=written.rule or "",
            period=written.period or ("life" if written.rule else ""),
            among=among,
            of=None if written.of is None else condition_meaning(written.of, vocabulary),
        )

    if operator == "at_least":
        return claim("in", vocabulary.tiers[vocabulary.tiers.index(value) :])
    if operator == "under" and isinstance(value, tuple):
        return Any(parts=tuple(claim("under", path) for path in value))
    if fact.type is FactType.INTEGER:
        if operator == "in":
            return Any(parts=tuple(claim("eq", whole(one) * smallest) for one in value))
        if operator == "between":
            return claim("between", (whole(value[0]) * smallest, whole(value[1]) * smallest))
        return claim(operator, whole(value) * smallest)
    return claim(operator, value)


def whole(value: str | int) -> int:
    """An integer as it is, and a date such as "2026-10-01" as 20261001."""
    return value if isinstance(value, int) else int(value.replace("-", ""))


class Asking(IntEnum):
    """When a claim is asked: of what happened, of what the fold keeps, or of what is known of the member before the fold."""

    GIVEN = 0
    STATE = 1
    KNOWN = 2


class Mixed(Exception):
    """A part mixes facts that are asked at different times where they cannot be separated."""


def split(condition: Condition) -> tuple[Condition, Condition, Condition]:
    """The condition as (given, state, known), all of which must hold.

    Where a `not any` mixes, the `not` is pushed inwards, so that it separates like `all`. Refuses with `Mixed`
    what still mixes.
    """
    found: dict[Asking, list[Condition]] = {when: [] for when in Asking}
    for part in _pieces(condition):
        kinds = kinds_of(part)
        if len(kinds) > 1:
            raise Mixed
        found[next(iter(kinds), Asking.GIVEN)].append(part)
    return joined(found[Asking.GIVEN]), joined(found[Asking.STATE]), joined(found[Asking.KNOWN])


def _pieces(condition: Condition) -> list[Condition]:
    if isinstance(condition, All):
        return [piece for part in condition.parts for piece in _pieces(part)]
    return conjuncts(condition) if len(kinds_of(condition)) > 1 else [condition]


def kinds_of(condition: Condition) -> set[Asking]:
    """When the facts are asked that are spoken of; several when mixed."""
    facts = (FACTS.get(claim.fact) for claim in claims_of(condition))
    return {_WHEN.get(fact.kind, Asking.GIVEN) if fact else Asking.GIVEN for fact in facts}


_WHEN = {FactKind.STATE: Asking.STATE, FactKind.KNOWN: Asking.KNOWN}


def can_hold(condition: Condition) -> bool:
    """False when claims about one fact contradict each other, so that nothing can ever satisfy the condition.

    It is not a full proof: it looks at what must hold together, and at each branch of an `any` with what is around.
    """
    return _possible([], [condition])


_RANGES_OF_WORDS = {"weekday": (1, 7), "hour": (0, 23), "day_of_month": (1, 31), "month": (1, 12)}
_RANGES = {
    f"{noun}.{word}": ends for noun in ("purchase", "event") for word, ends in _RANGES_OF_WORDS.items()
}
_NEVER_NEGATIVE = frozenset(
    {
        "member.spend_minor",
        "member.visits",
        "member.days_since_purchase",
        "member.purchases_before",
        "member.days_since_joined",
        "member.times_granted",
    }
    | {fact.name for fact in FACTS.values() if fact.is_of_basket}
)
_BRANCHES_MAX = 64


def _possible(claims: list[Claim], open_parts: list[Condition]) -> bool:
    claims = list(claims)
    choices: list[Any] = []
    for part in (inner for one in open_parts for inner in conjuncts(one)):
        if isinstance(part, Claim):
            claims.append(part)
        elif isinstance(part, Any):
            choices.append(part)
        elif isinstance(part, Not) and isinstance(part.part, All) and not part.part.parts:
            return False
    if not _agree(claims):
        return False
    return all(
        len(choice.parts) > _BRANCHES_MAX or any(_possible(claims, [branch]) for branch in choice.parts)
        for choice in choices
    )


def _agree(claims: list[Claim]) -> bool:
    about: dict[tuple[str, Anything], list[Claim]] = {}
    for claim in claims:
        asked = (claim.window_days, claim.currency, claim.rule, claim.period, claim.of)
        about.setdefault((claim.fact, asked), []).append(claim)
    return all(_range_is_open(name[0], same) and _texts_meet(same) for name, same in about.items())


def _range_is_open(fact: str, claims: list[Claim]) -> bool:
    low, high = _RANGES.get(fact, (0 if fact in _NEVER_NEGATIVE else -(10**18), 10**18))
    excluded: set[int] = set()
    for claim in claims:
        value = claim.value
        if isinstance(value, tuple) and claim.operator == "between":
            low, high = max(low, int(value[0])), min(high, int(value[1]))
        elif isinstance(value, int):
            if claim.operator in ("eq", "ge", "gt"):
                low = max(low, value + (claim.operator == "gt"))
            if claim.operator in ("eq", "le", "lt"):
                high = min(high, value - (claim.operator == "lt"))
            if claim.operator == "ne":
                excluded.add(value)
    while low in excluded and low <= high:
        low += 1
    return low <= high


def _texts_meet(claims: list[Claim]) -> bool:
    possible: set[str] | None = None
    above: str | None = None
    for claim in claims:
        if claim.operator in ("is", "in"):
            values = {claim.value} if isinstance(claim.value, str) else {str(value) for value in claim.value}  # type: ignore[union-attr]
            possible = values if possible is None else possible & values
    for claim in claims:
        if claim.operator != "under" or not isinstance(claim.value, str):
            continue
        path = claim.value
        if possible is not None:
            possible = {value for value in possible if is_under(value, path)}
        if above is not None and not (is_under(path, above) or is_under(above, path)):
            return False
        above = path if above is None or is_under(path, above) else above
    return possible is None or bool(possible)
