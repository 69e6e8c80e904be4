"""Select for one basket: which rules see which line, and how much of it.

A rule's given condition comes apart into what must hold of the purchase, of one text of the line (category, brand,
sku, an attribute), and the rest. So one function is generated for each revision: it opens the rules whose purchase part
holds, then takes for each line the intersection of one table of masks for each text, and asks only the rest rule by
rule. The source stays readable in `Select.source`.

A mask is an integer with a bit for each rule, at the rule's position in its revision: bit 0 is the first rule of the document.
Stored masks are words of 63 bits; what they mean, their revision says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any as Anything
from typing import NamedTuple

from jifen.domain.program.conditions import (
    ALWAYS,
    BASKET_PREFIX,
    FACTS,
    LINE_ATTRIBUTE_PREFIX,
    All,
    Any,
    Claim,
    Condition,
    FactKind,
    FactType,
    Not,
)
from jifen.domain.program.meaning import EarnRule, Program
from jifen.domain.program.reading import (
    both_ends,
    claims_of,
    conjuncts,
    facts_of,
    holds,
    is_of_basket,
    joined,
    texts_in,
)

WORD_BITS = 63
WORD = (1 << WORD_BITS) - 1
MEMO_MAX = 50_000
"""Distinct categories and masks that are remembered; past it the memory starts anew."""


class Moment(NamedTuple):
    """When a purchase happened, in its store's zone: weekday 1 Monday .. 7 Sunday, hour 0 .. 23, date yyyymmdd."""

    weekday: int
    hour: int
    date: int

    @property
    def day_of_month(self) -> int:
        """1 .. 31."""
        return self.date % 100

    @property
    def month(self) -> int:
        """1 .. 12."""
        return self.date // 100 % 100


OF_MOMENT = (*Moment._fields, "day_of_month", "month")


class Hit(NamedTuple):
    """A rule that sees some line, with the sums of the lines it sees."""

    rule: int  # position in the revision
    amount: int
    quantity: int


class Selection(NamedTuple):
    """What select answers: a mask for each line, and the rules hit in the order of the programme."""

    masks: list[int]
    hits: list[
        tuple[int, int, int]
    ]  # Hit as a bare tuple: (position of the rule, amount_minor, quantity_milli)


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """The generated function of one revision and its source."""

    source: str
    function: Callable[[Anything, Moment], Selection]

    def __call__(self, purchase: Anything, moment: Moment) -> Selection:
        """Masks and hits of a purchase that happened at that moment of its store."""
        return self.function(purchase, moment)


def compile_select(program: Program) -> Select:
    """The function that selects by this programme's rules.

    Takes an object with the attributes of `domain.purchase.Purchase` (store, channel, source, amount_minor,
    payment_methods, tags, lines) and the moment in its store. Any fact but a line's amount and quantity may be None.
    """
    source, names = _Writer(program).written()
    space: dict[str, Anything] = dict(names)
    # The text holds only names made here, and literals through repr: see tests/select/test_hostile_texts.py.
    exec(compile(source, f"<select of revision {program.revision}>", "exec"), space)  # noqa: S102
    return Select(source=source, function=space["select"])


def mask_words(mask: int, count: int = 0) -> list[int]:
    """A mask in words of 63 bits, the lowest first: as many as it needs, at least one and at least `count`."""
    words = [mask & WORD]
    while mask := mask >> WORD_BITS:
        words.append(mask & WORD)
    return words + [0] * (count - len(words))


def mask_of(words: Sequence[int]) -> int:
    """The mask that was taken apart into these words."""
    return sum(word << WORD_BITS * at for at, word in enumerate(words))


def mask_of_positions(positions: Iterable[int]) -> int:
    """The mask of the rules at these positions."""
    return sum(1 << at for at in set(positions))


def word_count(program: Program) -> int:
    """Words that a mask of this programme takes."""
    return max(len(program.rules) - 1, 0) // WORD_BITS + 1


def matches(condition: Condition, purchase: Anything, line: Anything, moment: Moment) -> bool:
    """Whether a given condition holds of a line: the slow, plain reading that the generated function must equal."""

    def fetch(name: str) -> object:
        noun, _, word = name.partition(".")
        if name.startswith(LINE_ATTRIBUTE_PREFIX):
            return line.attributes.get(name.removeprefix(LINE_ATTRIBUTE_PREFIX))
        if name == "line.unit_price_minor":
            return line.amount_minor * 1_000 // line.quantity_milli if line.quantity_milli else None
        if noun == "line":
            return getattr(line, word)
        return getattr(moment if word in OF_MOMENT else purchase, word)

    def measure(claim: Claim) -> int:
        chosen = [one for one in purchase.lines if matches(claim.of or ALWAYS, purchase, one, moment)]
        if claim.fact == "basket.lines":
            return len(chosen)
        if claim.fact == "basket.skus":
            return len({one.sku for one in chosen if one.sku is not None})
        return sum(getattr(one, claim.fact.removeprefix(BASKET_PREFIX)) for one in chosen)

    return holds(condition, fetch, measure)


def is_text(claim: Claim) -> bool:
    """Whether a claim asks for one text, so that its answer can be looked up by the text."""
    if claim.among is not None:
        return FACTS[claim.asks].type is not FactType.INTEGER
    return claim.operator in ("is", "in", "under")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """A condition taken apart: all of `texts` (each about one text fact) and `rest` must hold."""

    texts: dict[str, Condition]
    rest: tuple[Condition, ...]


def factors(condition: Condition) -> Factors:
    """The condition with its conjuncts sorted by the single text fact they speak of."""
    texts: dict[str, list[Condition]] = {}
    rest: list[Condition] = []
    for part in conjuncts(condition):
        about = facts_of(part)
        if len(about) == 1 and all(is_text(claim) for claim in claims_of(part)):
            texts.setdefault(next(iter(about)), []).append(part)
        else:
            rest.append(part)
    return Factors(texts={fact: joined(parts) for fact, parts in texts.items()}, rest=tuple(rest))


def text_mask(rules: Sequence[tuple[int, Condition]], every: int, value: object) -> int:
    """The mask of `every` without the rules whose condition about one text is false of that value."""
    mask = every
    for number, condition in rules:
        if not holds(condition, lambda _: value):
            mask &= ~(1 << number)
    return mask


def is_of_purchase(condition: Condition) -> bool:
    """Whether a condition is the same for every line of a purchase."""
    return all(_kind(fact) in _OF_PURCHASE for fact in facts_of(condition))


_OF_PURCHASE = (FactKind.PURCHASE, FactKind.KNOWN)


def measures_of(program: Program) -> list[Claim]:
    """One claim for each sum or count over lines of the basket that rules ask for."""
    asked = (claim for rule in program.rules for claim in claims_of(rule.given) if is_of_basket(claim))
    return list({(claim.fact, claim.of): claim for claim in asked}.values())


def _kind(fact: str) -> FactKind:
    return FactKind.LINE if fact.startswith(LINE_ATTRIBUTE_PREFIX) else FACTS[fact].kind


class _Memo(dict[Anything, Anything]):
    """Answers that are worked out once for a key, and forgotten all together when there are too many."""

    def __init__(self, answer: Callable[[Anything], Anything]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, key: Anything) -> Anything:
        if len(self) >= MEMO_MAX:
            self.clear()
        found = self[key] = self._answer(key)
        return found


class _Writer:
    """Writes the source of one revision's function, and collects the constants that it names."""

    def __init__(self, program: Program) -> None:
        self.rules = program.rules
        self.names: dict[str, Anything] = {}
        self.every = (1 << len(program.rules)) - 1
        self.texts: dict[
            str, list[tuple[int, Condition]]
        ] = {}  # text fact of the line -> rules that ask for it
        self.of_purchase: list[tuple[int, Condition]] = []
        self.of_line: list[tuple[int, Condition]] = []
        self.measures = {f"measure_{at}": claim for at, claim in enumerate(measures_of(program))}
        self.measured = {(claim.fact, claim.of): name for name, claim in self.measures.items()}
        for position, rule in enumerate(program.rules):
            self._sort(position, rule)

    def _sort(self, position: int, rule: EarnRule) -> None:
        found = factors(rule.given)
        purchase = [part for part in (*found.texts.values(), *found.rest) if is_of_purchase(part)]
        line = [part for part in found.rest if not is_of_purchase(part)]
        for fact, condition in found.texts.items():
            if _kind(fact) is FactKind.LINE:
                self.texts.setdefault(fact, []).append((position, condition))
        if purchase:
            self.of_purchase.append((position, joined(purchase)))
        if line:
            self.of_line.append((position, joined(line)))

    def written(self) -> tuple[str, dict[str, Anything]]:
        """The source, and the names that it takes from outside."""
        free = self.every & ~sum(1 << position for position, _ in self.of_purchase)
        opening = [f"open_rules = {free}"]
        for position, condition in self.of_purchase:
            opening += [
                f"if {self._expression(condition)}:  # {self.rules[position].code!r}",
                f"    open_rules |= {1 << position}",
            ]
        body = [f"mask = open_rules{''.join(' & ' + self._table(fact) for fact in self.texts)}"]
        for position, condition in self.of_line:
            bit = 1 << position
            body += [
                f"if mask & {bit} and not {self._expression(condition)}:  # {self.rules[position].code!r}",
                f"    mask ^= {bit}",
            ]
        asked = {fact for _, condition in (*self.of_purchase, *self.of_line) for fact in facts_of(condition)}
        asked = {fact for fact in asked if not fact.startswith(BASKET_PREFIX)}
        before = [_reading(fact) for fact in sorted(asked) if _kind(fact) is FactKind.PURCHASE]
        before += self._measuring()
        inside = [_reading(fact) for fact in sorted(asked) if _kind(fact) is FactKind.LINE]
        order = tuple((position, 1 << position) for position in range(len(self.rules)))
        self.names["rules_of"] = _Memo(lambda mask: tuple(pair for pair in order if mask & pair[1]))
        self.names["Selection"] = Selection
        lines = _FUNCTION.splitlines()
        at = lines.index("    # open the rules")
        lines[at : at + 1] = ["    " + text for text in (*before, *opening)]
        at = lines.index("        # choose the rules")
        lines[at : at + 1] = ["        " + text for text in (*inside, *body)]
        return "\n".join(lines) + "\n", self.names

    def _measuring(self) -> list[str]:
        """What sums up and counts lines, before any rule is opened."""
        if not self.measures:
            return []
        parts = {claim.of or ALWAYS for claim in self.measures.values()}
        facts = sorted({fact for part in parts for fact in facts_of(part)})
        lines = [
            f"{name} = {'set()' if one.fact == 'basket.skus' else 0}" for name, one in self.measures.items()
        ]
        lines += ["for line in purchase.lines:", *("    " + _reading(fact) for fact in facts)]
        for name, claim in self.measures.items():
            counted = {
                "basket.lines": f"{name} += 1",
                "basket.skus": f"{name}.add(line.sku)",
            }.get(claim.fact, f"{name} += line.{claim.fact.removeprefix(BASKET_PREFIX)}")
            lines += [f"    if {self._expression(claim.of or ALWAYS)}:", f"        {counted}"]
        for name, claim in self.measures.items():
            if claim.fact == "basket.skus":
                lines.append(f"{name} = len({name} - {{None}})")
        return lines

    def _table(self, fact: str) -> str:
        """The expression for the mask that a line's text leaves."""
        rules = self.texts[fact]
        name = f"by_{len(self.names)}"
        if any(claim.operator == "under" for _, part in rules for claim in claims_of(part)):
            self.names[name] = _Memo(lambda value: text_mask(rules, self.every, value))
            return f"{name}[{_value(fact)}]"
        literals: set[str] = set()
        for _, part in rules:
            for claim in claims_of(part):
                literals |= texts_in(claim.value)
                assert claim.among is None, "no fact of a line is looked up"
        self.names[name] = {text: text_mask(rules, self.every, text) for text in sorted(literals)}
        return f"{name}.get({_value(fact)}, {text_mask(rules, self.every, None)})"

    def _expression(self, condition: Condition) -> str:
        """The condition as a Python expression in brackets."""
        if isinstance(condition, Claim):
            return self._claim(condition)
        if isinstance(condition, Not):
            return f"(not {self._expression(condition.part)})"
        if not condition.parts:
            return "True" if isinstance(condition, All) else "False"
        if isinstance(condition, Any) and (among := _integers_of_one_fact(condition)):
            fact, integers = among
            return f"({_local(fact)} in {self._constant(frozenset(integers))})"
        word = " and " if isinstance(condition, All) else " or "
        return "(" + word.join(self._expression(part) for part in condition.parts) + ")"

    def _claim(self, claim: Claim) -> str:  # noqa: PLR0911
        name, value = self.measured.get((claim.fact, claim.of)) or _local(claim.fact), claim.value
        if claim.among is not None:
            return f"({_local(claim.asks)} in {self._constant(claim.among)})"
        is_set = f"{name} is not None"
        if claim.fact.startswith(LINE_ATTRIBUTE_PREFIX):
            is_set = f"isinstance({name}, {'str' if is_text(claim) else 'int'})"
        match claim.operator:
            case "is":
                return f"({name} == {value!r})"
            case "in":
                return f"({name} in {self._constant(frozenset(value))})"  # type: ignore[arg-type]
            case "under":
                below = f"{value}/"
                return f"({is_set} and ({name} == {value!r} or {name}.startswith({below!r})))"
            case "has":
                return f"({is_set} and {value!r} in {name})"
            case "has_any":
                return f"({is_set} and not {self._constant(texts_in(value))}.isdisjoint({name}))"
            case "between":
                low, high = both_ends(value)
                return f"({is_set} and {low!r} <= {name} <= {high!r})"
        assert type(value) is int, "only an integer is compared"
        return f"({is_set} and {name} {_SIGNS[claim.operator]} {value!r})"

    def _constant(self, value: object) -> str:
        name = f"constant_{len(self.names)}"
        self.names[name] = value
        return name


def _integers_of_one_fact(condition: Any) -> tuple[str, list[int]] | None:
    """The fact and the integers of an `any` that says no more than that one fact is among them."""
    integers: list[int] = []
    for part in condition.parts:
        if not isinstance(part, Claim) or part.operator != "eq" or not isinstance(part.value, int):
            return None
        integers.append(part.value)
    facts = facts_of(condition)
    fact = next(iter(facts))
    # An attribute may hold a text where an integer is declared; its own claim looks at the type. Measures differ by their lines.
    return (
        None
        if len(facts) > 1 or fact.startswith((LINE_ATTRIBUTE_PREFIX, BASKET_PREFIX))
        else (fact, integers)
    )


_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

_FUNCTION = """\
def select(purchase, moment):
    # open the rules
    masks = []
    amounts = {}
    quantities = {}
    for line in purchase.lines:
        # choose the rules
        masks.append(mask)
        if mask in amounts:
            amounts[mask] += line.amount_minor
            quantities[mask] += line.quantity_milli
        else:
            amounts[mask] = line.amount_minor
            quantities[mask] = line.quantity_milli
    seen = 0
    for mask in amounts:
        seen |= mask
    hits = []
    for position, bit in rules_of[seen]:
        amount = quantity = 0
        for mask in amounts:
            if mask & bit:
                amount += amounts[mask]
                quantity += quantities[mask]
        hits.append((position, amount, quantity))
    return Selection(masks, hits)
"""


def _local(fact: str) -> str:
    """The name of the local variable that holds a fact."""
    if fact.startswith(LINE_ATTRIBUTE_PREFIX):
        return "attribute_" + fact.removeprefix(LINE_ATTRIBUTE_PREFIX).encode("utf-8", "surrogatepass").hex()
    return fact.replace(".", "_")


def _value(fact: str) -> str:
    """The expression that reads a fact."""
    noun, _, word = fact.partition(".")
    if fact.startswith(LINE_ATTRIBUTE_PREFIX):
        return f"line.attributes.get({fact.removeprefix(LINE_ATTRIBUTE_PREFIX)!r})"
    if fact == "line.unit_price_minor":
        return "line.amount_minor * 1000 // line.quantity_milli if line.quantity_milli else None"
    if noun == "line":
        return f"line.{word}"
    return f"moment.{word}" if word in OF_MOMENT else f"purchase.{word}"


def _reading(fact: str) -> str:
    return f"{_local(fact)} = {_value(fact)}"
