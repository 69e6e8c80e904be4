"""What is wrong with a condition: unknown facts, operators that do not fit, values of another type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date

from jifen.document.conditions import (
    CONDITION_DEPTH_MAX,
    AllDocument,
    AnyDocument,
    ClaimDocument,
    ConditionDocument,
    NotDocument,
)
from jifen.document.days import dates_of
from jifen.document.fields import CODE_PATTERN
from jifen.document.meaning import Vocabulary, condition_meaning
from jifen.document.model import EarnRulePart, ProgramDocument, StorePart
from jifen.document.problems import Finding, Steps
from jifen.domain.program.conditions import OPERATORS, SEGMENTS, Fact, FactKind, FactType
from jifen.domain.program.reading import claims_of
from jifen.domain.texts import Form, TextRefused, canonical
from jifen.present.said import Listed, Said

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PATH_DEPTH_MAX = 12
CODES_NAMED = 12


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, if any is."""
    found = difflib.get_close_matches(word, list(known)[:2_000], n=1, cutoff=0.6)
    return found[0] if found else None


def vocabulary_of(document: ProgramDocument) -> Vocabulary:
    """What the conditions of this document may speak of. Its days have been checked."""

    def stores_by(words: Callable[[StorePart], Iterable[str]]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for part in document.stores:
            for word in words(part):
                found.setdefault(word, set()).add(part.code)
        return {word: frozenset(codes) for word, codes in found.items()}

    return Vocabulary(
        tiers=tuple(tier.code for tier in document.tiers.list) if document.tiers else ("member",),
        currencies=frozenset(part.code for part in document.currencies),
        rules=frozenset(part.code for part in document.earn_rules),
        stores=None if document.any_store else frozenset(part.code for part in document.stores),
        attributes=document.line_attributes,
        tables={
            "days": {part.code: dates_of(part) for part in document.days},
            "store_region": stores_by(lambda part: [part.region] if part.region else []),
            "store_format": stores_by(lambda part: [part.format] if part.format else []),
            "store_tags": stores_by(lambda part: part.tags),
        },
    )


def vocabulary_for(document: ProgramDocument, rule: EarnRulePart, around: Vocabulary) -> Vocabulary:
    """What the condition of one rule may speak of: with the attributes of the event that it sees."""
    event = next((part for part in document.events if part.code == rule.on), None)
    return around if event is None else replace(around, event=event.attributes)


def condition_findings(
    written: ConditionDocument, steps: Steps, vocabulary: Vocabulary, depth_left: int
) -> Iterator[Finding]:
    """What is wrong with a condition and its parts."""
    if depth_left == 0:
        yield Finding(
            code="condition_too_deep", steps=steps, value="",
            said=Said("problem.condition_too_deep.said"), out=Said("problem.condition_too_deep.out"),
        )  # fmt: skip
    elif isinstance(written, AllDocument | AnyDocument):
        word, parts = ("all", written.all) if isinstance(written, AllDocument) else ("any", written.any)
        for at, part in enumerate(parts):
            yield from condition_findings(part, (*steps, word, at), vocabulary, depth_left - 1)
    elif isinstance(written, NotDocument):
        yield from condition_findings(written.not_, (*steps, "not"), vocabulary, depth_left - 1)
    else:
        yield from _claim(written, steps, vocabulary)


def operators_for(fact: Fact) -> tuple[str, ...]:
    """The operators that a document may use with a fact."""
    if fact.name == "member.tier":
        return (*OPERATORS[fact.type], "at_least")
    if fact.type is FactType.INTEGER:
        return (*OPERATORS[fact.type], "in")
    return OPERATORS[fact.type]


def _claim(written: ClaimDocument, steps: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    fact = vocabulary.fact(written.fact)
    if fact is None:
        near = nearest(written.fact, vocabulary.names())
        yield Finding(
            code="unknown_fact", steps=(*steps, "fact"), value=written.fact,
            said=Said("problem.unknown_fact.said", fact=repr(written.fact)),
            out=Said("problem.meant", near=repr(near)) if near else Said("problem.unknown_fact.out"),
        )  # fmt: skip
        return
    operators = written.written()
    allowed = operators_for(fact)
    if len(operators) != 1:
        yield Finding(
            code="operator_unclear", steps=steps, value=", ".join(name for name, _ in operators),
            said=Said("problem.operator_unclear.said", count=len(operators)),
            out=Said("problem.operator_unclear.out", operators=Listed("items", allowed)),
        )  # fmt: skip
        return
    ((operator, value),) = operators
    if operator not in allowed:
        yield Finding(
            code="operator_does_not_fit", steps=(*steps, operator), value=operator,
            said=Said("problem.operator_does_not_fit.said", operator=repr(operator), fact=fact.name),
            out=Said("problem.operator_does_not_fit.out", operators=Listed("items", allowed)),
        )  # fmt: skip
        return
    yield from _extras(written, fact, steps, vocabulary)
    values = list(value) if isinstance(value, tuple) else [value]
    for at, one in enumerate(values):
        where: Steps = (*steps, operator, at) if isinstance(value, tuple) else (*steps, operator)
        yield from _value(fact, one, where, vocabulary)


def _extras(written: ClaimDocument, fact: Fact, steps: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    windowed = fact.name in ("member.spend_minor", "member.visits")
    for name, given, needed, out in (
        ("window_days", written.window_days, windowed, Said("problem.extra_missing.window_days")),
        ("currency", written.currency, fact.name == "member.balance", Said("problem.extra_missing.currency")),
        ("rule", written.rule, fact.name == "member.times_granted", Said("problem.extra_missing.rule")),
    ):
        if needed and given is None:
            yield Finding(
                code=f"{name}_missing", steps=steps, value=fact.name,
                said=Said("problem.extra_missing.said", fact=fact.name, name=name),
                out=out,
            )  # fmt: skip
        elif given is not None and not needed:
            yield Finding(
                code=f"{name}_does_not_fit", steps=(*steps, name), value=given,
                said=Said("problem.extra_does_not_fit.said", name=name, fact=fact.name),
                out=Said("problem.extra_does_not_fit.out", name=name),
            )  # fmt: skip
    yield from _of(written, fact, steps, vocabulary)
    if written.period is not None and fact.name != "member.times_granted":
        yield Finding(
            code="period_does_not_fit", steps=(*steps, "period"), value=written.period,
            said=Said("problem.extra_does_not_fit.said", name="period", fact=fact.name),
            out=Said("problem.extra_does_not_fit.out", name="period"),
        )  # fmt: skip
    if written.rule is not None and fact.name == "member.times_granted":
        yield from _known((*steps, "rule"), written.rule, vocabulary.rules, "earn_rule")
    if fact.name == "member.balance" and written.currency is not None:
        yield from _known((*steps, "currency"), written.currency, vocabulary.currencies, "currency")


def _of(written: ClaimDocument, fact: Fact, steps: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    """What is wrong with the lines that a claim about the basket chooses."""
    if written.of is None:
        return
    here: Steps = (*steps, "of")
    if not fact.is_of_basket:
        yield Finding(
            code="of_does_not_fit", steps=here, value=fact.name,
            said=Said("problem.extra_does_not_fit.said", name="of", fact=fact.name),
            out=Said("problem.extra_does_not_fit.out", name="of"),
        )  # fmt: skip
        return
    wrong = list(condition_findings(written.of, here, vocabulary, CONDITION_DEPTH_MAX - 1))
    yield from wrong
    if wrong:
        return
    for claim in claims_of(condition_meaning(written.of, vocabulary)):
        found = vocabulary.fact(claim.fact)
        if found is None or found.kind is not FactKind.LINE:
            yield Finding(
                code="of_sees_lines", steps=here, value=claim.fact,
                said=Said("problem.of_sees_lines.said", fact=repr(claim.fact)), out=Said("problem.of_sees_lines.out"),
            )  # fmt: skip
            return


def _known(steps: Steps, value: str, known: Collection[str], what: str) -> Iterator[Finding]:
    # Looked up before anything is sorted: a rule may name a thousand of eight thousand stores.
    if value not in known:
        codes = sorted(known)
        near = nearest(value, codes)
        yield Finding(
            code="unknown_code", steps=steps, value=value, said=no_such(what, value),
            out=Said("problem.meant", near=repr(near)) if near
            else Said("problem.unknown_code.use", codes=Listed.of("items", codes[:CODES_NAMED])),
        )  # fmt: skip


def _value(fact: Fact, value: str | int, steps: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    form = vocabulary.form(fact)
    if fact.name in ("purchase.date", "event.date"):
        if not (isinstance(value, str) and _is_date(value)):
            yield _wrong(steps, value, "date", Said("problem.wrong_value.write_date"))
    elif fact.type is FactType.INTEGER:
        if not isinstance(value, int):
            yield _wrong(steps, value, "whole_number", Said("problem.wrong_value.write_unquoted"))
    elif not isinstance(value, str):
        yield _wrong(steps, value, "text", Said("problem.wrong_value.write_quoted", value=value))
    elif fact.type is FactType.PATH and not _is_path(value):
        yield _wrong(steps, value, "path", Said("problem.wrong_value.write_path"))
    elif form is not None and (problem := _no_form(value, form)):
        yield _wrong(steps, value, "tellable", Said("problem.wrong_value.never_matches", why=problem))
    elif fact.looked_up_by:
        what = {"days": "day"}.get(fact.name.partition(".")[2], "store_word")
        yield from _known(steps, value, vocabulary.looked_up(fact), what)
    elif fact.name == "member.tier":
        yield from _known(steps, value, vocabulary.tiers, "tier")
    elif fact.name == SEGMENTS and not re.fullmatch(CODE_PATTERN, value):
        yield _wrong(steps, value, "segment_code", Said("problem.wrong_value.write_code"))
    elif fact.name in ("purchase.store", "event.store") and vocabulary.stores is not None:
        yield from _known(steps, value, vocabulary.stores, "store")


def _wrong(steps: Steps, value: object, what: str, out: Said) -> Finding:
    said = Said("problem.wrong_value.said", what=Said(f"problem_word.{what}"))
    return Finding(code="wrong_value", steps=steps, value=value, said=said, out=out)


def no_such(what: str, value: str) -> Said:
    """That a code names nothing of its kind."""
    return Said("problem.unknown_code.said", what=Said(f"problem_word.{what}"), code=repr(value))


def _no_form(text: str, form: Form) -> str | None:
    """Why a till could never tell such a text; None: it could."""
    try:
        canonical(text, form)
    except TextRefused as refused:
        return str(refused)
    return None


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_path(text: str) -> bool:
    names = text.split("/")
    return len(names) <= PATH_DEPTH_MAX and all(name and name == name.strip() for name in names)
