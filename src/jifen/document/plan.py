"""What a new document changes: in plain words, in numbers, and what may not be changed at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, Final

from jifen.document.compile import TIER_OF_ALL, compile_program
from jifen.document.model import ProgramDocument
from jifen.document.write import as_values
from jifen.domain.program.meaning import Program
from jifen.domain.program.numbering import Numbering
from jifen.present.catalogue import catalogue_of
from jifen.present.offers import offer_sentence
from jifen.present.rules import rule_sentence
from jifen.present.said import Chosen, Said

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `before` and `after` are plain values; None where there is nothing."""

    path: str  # `earn_rules[base].per_amount.points`: parts of lists are named by their code
    kind: str  # added | removed | changed
    before: Any
    after: Any
    said: Said
    weight: str = "plain"  # plain | careful (members lose something) | refused (the books forbid it)

    def sentence(self, language: str) -> str:
        """The change in a language."""
        return self.said.in_language(language)

    @property
    def sentence_en(self) -> str:
        """The change in English."""
        return self.sentence("en")

    @property
    def sentence_zh(self) -> str:
        """The change in Chinese."""
        return self.sentence("zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All differences, in the order of the document."""

    changes: tuple[Change, ...] = field(default=())

    @property
    def is_refused(self) -> bool:
        """Whether some change may not be made, so that the document cannot become a revision."""
        return any(change.weight == REFUSED for change in self.changes)

    @property
    def is_empty(self) -> bool:
        """Whether both documents say the same."""
        return not self.changes

    def text(self, language: str = "en") -> str:
        """The plan for a terminal: a line a change; + added, - removed, ~ changed, ! careful, X refused."""
        words = catalogue_of(language)
        if self.is_empty:
            return words.say("plan.nothing")
        marks = {"careful": "! ", REFUSED: "X ", "plain": "  "}
        signs = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
        lines = [f"{marks[one.weight]}{signs[one.kind]} {one.sentence(language)}" for one in self.changes]
        added, removed, changed = (
            sum(one.kind == kind for one in self.changes) for kind in (ADDED, REMOVED, CHANGED)
        )
        lines.append(words.say("plan.counts", added=added, removed=removed, changed=changed))
        return "\n".join(lines)


def plan(old: ProgramDocument | None, new: ProgramDocument) -> Plan:
    """What publishing `new` after `old` changes. Both documents have been checked; `old` is None for the first one."""
    before = {} if old is None else as_values(old)
    words = _Words(old, new)
    return Plan(changes=tuple(words.change(*found) for found in _differences((), before, as_values(new))))


def forbidden_changes(old: ProgramDocument, new: ProgramDocument) -> tuple[Change, ...]:
    """The changes of the plan that the books forbid, for whoever publishes: stores are not looked at.

    A store may come, go and change, and thousands of them would be written and compared only to find that.
    """
    before, after = (
        as_values(document.model_copy(update={"stores": (), "tests": ()})) for document in (old, new)
    )
    words = _Words(old, new)
    return tuple(
        words.change(*found) for found in _differences((), before, after) if words.weight(*found) == REFUSED
    )


Where = tuple[str, ...]


def _differences(where: Where, before: Any, after: Any) -> Iterator[tuple[Where, Any, Any]]:
    """(where, before, after) of each difference; parts of a list are matched by code, and conditions kept whole."""
    if before == after:
        return
    if (
        isinstance(before, list | None)
        and isinstance(after, list | None)
        and _has_codes(before or after or [])
    ):
        old, new = _by_code(before), _by_code(after)
        for code in [*new, *(code for code in old if code not in new)]:
            one, other = old.get(code), new.get(code)
            if one is None or other is None:
                yield (*where[:-1], f"{where[-1]}[{code}]"), one, other
            else:
                yield from _differences((*where[:-1], f"{where[-1]}[{code}]"), one, other)
        if [code for code in old if code in new] != [code for code in new if code in old]:
            yield (*where, "order"), list(old), list(new)
    elif (
        isinstance(before, dict)
        and isinstance(after, dict)
        and where[-1:] not in (("when",), ("lines",))
        and not _is_test(where)
    ):
        if _is_offer(where) and _told_of_offer(before) != _told_of_offer(after):
            yield where, before, after
            before, after = ({name: one.get(name) for name in _UNTOLD} for one in (before, after))
        for name in [*after, *(name for name in before if name not in after)]:
            yield from _differences((*where, name), before.get(name), after.get(name))
    else:
        yield where, before, after


def _is_test(where: Where) -> bool:
    """Whether it is a test of the document: told whole, and nothing to any member."""
    return bool(where) and where[0].startswith("tests[")


_UNTOLD = ("names", "class")
"""What the sentence of an offer does not say."""


def _is_offer(where: Where) -> bool:
    """Whether it is a whole offer: its fields say little without one another."""
    return len(where) == 1 and where[0].startswith("offers[")


def _told_of_offer(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _UNTOLD}


def _has_codes(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(one, dict) and "code" in one for one in values)


def _by_code(values: list[Any] | None) -> dict[str, Any]:
    return {one["code"]: one for one in values or []}


class _Words:
    """Says a difference, and weighs it."""

    def __init__(self, old: ProgramDocument | None, new: ProgramDocument) -> None:
        self.old, self.new = old, new

    @cached_property
    def programs(self) -> tuple[Program | None, Program]:
        """Both, compiled only where a rule has to be told in words."""
        return None if self.old is None else _compiled(self.old), _compiled(self.new)

    def change(self, where: Where, before: Any, after: Any) -> Change:
        kind = ADDED if before is None else REMOVED if after is None else CHANGED
        weight = self.weight(where, before, after)
        if _is_offer(where):
            said = self._said_of_offer(where)
        else:
            said = _said_of_test(where, kind) if _is_test(where) else self._said(where, before, after, kind)
        if weight == REFUSED:
            said = Said("plan.refused", said=said, why=Said(f"plan_refuses.{_topic(where)}"))
        return Change(
            path=".".join(where),
            kind=kind,
            before=before,
            after=after,
            said=said,
            weight=weight,
        )

    def weight(self, where: Where, before: Any, after: Any) -> str:
        if self.old is None or _is_test(where):
            return "plain"
        topic = _topic(where)
        is_one = len(where) == 1 if topic == "currency" else len(where) == 2 and where[1].startswith("list[")
        if topic in ("tier", "currency") and is_one and after is None:
            return REFUSED
        if where == ("tiers",) and not _keeps_tier_of_all(before, after):
            return REFUSED
        if where == ("tiers", "by"):
            return REFUSED
        if topic in ("scale", "kind", "money", "time_zone", "program_code"):
            return REFUSED
        is_less = _offers_less(before, after) if _is_offer(where) else _takes_away(where, before, after)
        return "careful" if is_less else "plain"

    def _said(self, where: Where, before: Any, after: Any, kind: str) -> Said:
        path = ".".join(where)
        rule = (
            where[0].removeprefix("earn_rules[").removesuffix("]")
            if where[0].startswith("earn_rules[")
            else ""
        )
        if rule and kind == ADDED and len(where) == 1:
            return Said("plan.rule_added", rule=rule, now=self._rule(1, rule))
        if rule and kind == REMOVED and len(where) == 1:
            return Said("plan.rule_ends", rule=rule, before=self._rule(0, rule))
        if rule and where[-1] == "when":
            return Said(
                "plan.rule_asked_differently",
                rule=rule,
                before=self._rule(0, rule),
                now=self._rule(1, rule),
            )
        if kind == CHANGED:
            return self._said_of_value(path, rule, where, before, after)
        if kind == ADDED:
            return Said("plan.set", path=path, value=_shown(after))
        return Said("plan.removed", path=path, value=_shown(before))

    def _said_of_value(self, path: str, rule: str, where: Where, before: Any, after: Any) -> Said:
        old, new = _shown(before), _shown(after)
        if rule and where[-1] in ("amount_minor", "quantity"):
            # Twice the amount is half the points: a percentage of it would read as more.
            first, then = self._rule(0, rule), self._rule(1, rule)
            return Said("plan.rate_changed", path=path, old=old, new=new, before=first, now=then)
        return Said("plan.changed", path=path, old=old, new=new, change=_percent(before, after))

    def _said_of_offer(self, where: Where) -> Said:
        code = where[0].removeprefix("offers[").removesuffix("]")
        before, now = self._offer(0, code), self._offer(1, code)
        if before is None or now is None:
            return (
                Said("plan.offer.removed", offer=code, before=before)
                if now is None
                else Said("plan.offer.added", offer=code, now=now)
            )
        return Said("plan.offer.changed", offer=code, before=before, now=now)

    def _offer(self, which: int, code: str) -> Chosen | None:
        program = self.programs[which]
        offer = next((one for one in program.offers if one.code == code), None) if program else None
        return Chosen(partial(offer_sentence, offer, program)) if offer and program else None

    def _rule(self, which: int, code: str) -> Chosen:
        program = self.programs[which]
        assert program is not None
        rule = next(one for one in program.rules if one.code == code)
        return Chosen(partial(rule_sentence, rule, program))


def _said_of_test(where: Where, kind: str) -> Said:
    return Said(f"plan.test.{kind}", test=where[0].removeprefix("tests[").removesuffix("]"))


def _compiled(document: ProgramDocument) -> Program:
    return compile_program(
        document, revision=1, effective_at=datetime(2000, 1, 1, tzinfo=UTC), numbering=Numbering()
    )


def _topic(where: Where) -> str:
    """What kind of thing a difference is about, where the books care."""
    if where[0].startswith("currencies["):
        return where[1] if where[1:] in (("scale",), ("kind",)) else "currency"
    if where == ("tiers", "by"):
        return "ladder"
    if where[0] == "tiers":
        return "tier"
    if where[0] in ("money", "time_zone"):
        return where[0]
    return "program_code" if where == ("program", "code") else ""


def _keeps_tier_of_all(before: Any, after: Any) -> bool:
    """Whether members keep their tier when a whole ladder appears; one that disappears takes it from them."""
    return before is None and any(tier["code"] == TIER_OF_ALL for tier in after["list"])


_HARDNESS = {"none": -2, "one_level": -1, "reassess": 0, "base": 1}
"""Of where a tier falls to, against what holds where nothing is said."""


def _takes_away(where: Where, before: Any, after: Any) -> bool:
    """Whether members get less by a change, as far as one field shows it."""
    name = where[-1]
    if name == "time_zone" or name.startswith(("stores[", "earn_rules[", "exchanges[", "rewards[")):
        # Of a store its own zone; a rule and an exchange where they end.
        return before is not None if name == "time_zone" or name.startswith("stores[") else after is None
    if name in ("reach", "keep", "downgrade", "amount_minor", "quantity") or (
        len(where) > 1 and where[-2] in ("pending", "takes")
    ):
        return _number(after) > _number(before)
    if (
        name in ("points", "multiplier", "by", "months", "keeps_days", "window_days", "grace_days")
        or "worth" in where
    ):
        return _number(after) < _number(before)
    if name == "budget" or (len(where) > 1 and where[-2] == "caps"):
        return after is not None and (before is None or after < before)
    if where[0].startswith(("exchanges[", "rewards[")):
        return name in ("gives", "currency", "tiers", "stores", "when") or (
            name == "units" and _number(after) > _number(before)
        )
    return name in ("when", "expiry", "window", "keeps_until", "month_ends", "year_ends", "anniversaries")


_OFFERS_MORE = {
    ("amount_off", "minor"), ("percent_off", "bps"), ("threshold", "off_minor"), ("most_minor",), ("times",),
}  # fmt: skip
_OFFERS_LESS = {
    ("price", "minor"), ("nth", "pays_bps"), ("n_for_m", "m"), ("threshold", "spend_minor"), ("bundle", "price_minor"),
}  # fmt: skip
"""Numbers of an offer that give the more the larger they are, and the less."""


def _offers_less(before: Any, after: Any, where: Where = ()) -> bool:
    """Whether less may be taken off by a change of an offer: what is not plainly more is."""
    if before == after or (before is None and not where):
        return False
    if isinstance(before, dict) and isinstance(after, dict):
        names = [name for name in {**before, **after} if where or name not in _UNTOLD]
        return any(_offers_less(before.get(name), after.get(name), (*where, name)) for name in names)
    if where in _OFFERS_MORE:  # left out: without a ceiling
        return after is not None and (before is None or after < before)
    return not (where in _OFFERS_LESS and before is not None and after is not None and after < before)


def _number(value: Any) -> Fraction:
    if value is None:
        return Fraction(0)
    if isinstance(value, str) and value in _HARDNESS:
        return Fraction(_HARDNESS[value])
    if isinstance(value, dict):
        return Fraction(value.get("minor", 0), value.get("per", 1))
    try:
        return Fraction(value)
    except (ValueError, TypeError):
        return Fraction(0)


def _percent(before: Any, after: Any) -> str:
    numbers = all(isinstance(value, int) and not isinstance(value, bool) for value in (before, after))
    if not numbers or before <= 0:
        return ""
    tenths = (after - before) * 1000 // before
    sign = "+" if tenths >= 0 else "-"
    return f" ({sign}{abs(tenths) // 10}.{abs(tenths) % 10}%)"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_shown(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
