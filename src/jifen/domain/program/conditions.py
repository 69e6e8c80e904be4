"""Conditions: structured data over typed facts, never a script.

A condition is a tree of `All`, `Any`, `Not` and `Claim`. Facts are of two kinds. *Given* facts are known before the fold
(the purchase, its lines, the store, the time). *Known* facts are given as well, but of the member: what is known of him from
outside the fold (his segments). *State* facts are kept by the fold itself (tier, spend in a window, ...) and are closed: each
is one integer. `FACTS` is the whole vocabulary; the document, the selector, the columnar selector,
the form in the console and the sentences all read it from here; what each is called stands in the catalogues
(`present/catalogues`, the table `fact`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FactKind(StrEnum):
    """Where a fact comes from."""

    LINE = "line"  # given; differs from line to line
    PURCHASE = "purchase"  # given; the same for every line of a purchase
    EVENT = "event"  # given; of an event
    KNOWN = "known"  # given; of the member, from outside the fold
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
    looked_up_by: str = ""  # the fact by which the document's own tables (days, stores) are asked for it

    @property
    def is_of_basket(self) -> bool:
        """Whether it sums up or counts the lines that a claim chooses (`Claim.of`)."""
        return self.name.startswith(BASKET_PREFIX)


BASKET_PREFIX = "basket."


def _fact(name: str, kind: FactKind, type_: FactType, unit: str = "", *, by: str = "") -> Fact:
    return Fact(name=name, kind=kind, type=type_, unit=unit, looked_up_by=by)


def _of_time_and_place(noun: str, kind: FactKind) -> tuple[Fact, ...]:
    """What is known of when and where a purchase or an event happened."""
    date, store = f"{noun}.date", f"{noun}.store"
    return (
        _fact(store, kind, FactType.TEXT),
        _fact(f"{noun}.store_region", kind, FactType.TEXT, by=store),
        _fact(f"{noun}.store_format", kind, FactType.TEXT, by=store),
        _fact(f"{noun}.store_tags", kind, FactType.TEXTS, by=store),
        _fact(f"{noun}.channel", kind, FactType.TEXT),
        _fact(f"{noun}.source", kind, FactType.TEXT),
        _fact(f"{noun}.weekday", kind, FactType.INTEGER, "1 Monday .. 7 Sunday"),
        _fact(f"{noun}.hour", kind, FactType.INTEGER, "0 .. 23, store's zone"),
        _fact(date, kind, FactType.INTEGER, "yyyymmdd, store's zone"),
        _fact(f"{noun}.day_of_month", kind, FactType.INTEGER, "1 .. 31, store's zone"),
        _fact(f"{noun}.month", kind, FactType.INTEGER, "1 .. 12, store's zone"),
        _fact(f"{noun}.days", kind, FactType.TEXTS, "days that the document names", by=date),
    )


_LINE, _PURCHASE, _EVENT, _STATE = FactKind.LINE, FactKind.PURCHASE, FactKind.EVENT, FactKind.STATE
SEGMENTS = "member.segments"

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        _fact("line.sku", _LINE, FactType.TEXT),
        _fact("line.category", _LINE, FactType.PATH),
        _fact("line.brand", _LINE, FactType.TEXT),
        _fact("line.tags", _LINE, FactType.TEXTS),
        _fact("line.amount_minor", _LINE, FactType.INTEGER, "minor money"),
        _fact("line.discount_minor", _LINE, FactType.INTEGER, "minor money"),
        _fact("line.quantity_milli", _LINE, FactType.INTEGER, "thousandths"),
        _fact(
            "line.unit_price_minor",
            _LINE,
            FactType.INTEGER,
            "minor money for one piece or measure, rounded down",
        ),
        _fact("purchase.amount_minor", _PURCHASE, FactType.INTEGER, "minor money"),
        _fact("basket.amount_minor", _PURCHASE, FactType.INTEGER, "minor money of the lines chosen by `of`"),
        _fact(
            "basket.quantity_milli", _PURCHASE, FactType.INTEGER, "thousandths of the lines chosen by `of`"
        ),
        _fact("basket.lines", _PURCHASE, FactType.INTEGER, "lines chosen by `of`"),
        _fact("basket.skus", _PURCHASE, FactType.INTEGER, "distinct skus of the lines chosen by `of`"),
        *_of_time_and_place("purchase", _PURCHASE),
        _fact("purchase.payment_methods", _PURCHASE, FactType.TEXTS),
        _fact("purchase.tags", _PURCHASE, FactType.TEXTS),
        *_of_time_and_place("event", _EVENT),
        _fact(SEGMENTS, FactKind.KNOWN, FactType.TEXTS),
        _fact("member.tier", _STATE, FactType.TEXT),
        _fact("member.spend_minor", _STATE, FactType.INTEGER, "minor money in window_days"),
        _fact("member.visits", _STATE, FactType.INTEGER, "visits in window_days"),
        _fact("member.days_since_purchase", _STATE, FactType.INTEGER, "days"),
        _fact("member.purchases_before", _STATE, FactType.INTEGER, "purchases"),
        _fact("member.balance", _STATE, FactType.INTEGER, "units of currency"),
        _fact("member.days_since_joined", _STATE, FactType.INTEGER, "days"),
        _fact(
            "member.times_granted", _STATE, FactType.INTEGER, "occasions on which a rule granted, in a period"
        ),
    )
}
# An attribute that the document declares is a given fact of the line: `line.attribute.<code>`, TEXT or INTEGER.
LINE_ATTRIBUTE_PREFIX = "line.attribute."
# One that an event declares is a fact of that event.
EVENT_ATTRIBUTE_PREFIX = "event.attribute."

Value = str | int | tuple[str, ...] | tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim about one fact. A fact that is missing makes the claim false, whatever the operator."""

    fact: str
    operator: str
    value: Value
    window_days: int = 0  # only for member.spend_minor and member.visits
    currency: str = ""  # only for member.balance
    rule: str = ""  # only for member.times_granted: the code of a rule, and the name of a period
    period: str = ""
    among: frozenset[str] | frozenset[int] | None = (
        None  # of a fact that is looked up: what the fact it is looked up by is among
    )
    of: Condition | None = None  # of a fact of the basket: which lines; None: every line

    @property
    def asks(self) -> str:
        """The fact that is asked: its own, or the one by which it is looked up."""
        return self.fact if self.among is None else FACTS[self.fact].looked_up_by


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
NEVER = Any(parts=())
