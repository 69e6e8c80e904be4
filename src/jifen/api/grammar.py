"""What a programme may be made of, derived from the code: parts and their fields, facts, operators, and the words for each.

A screen that builds documents reads it instead of knowing the document: what is added to the model or to `FACTS` appears there
with its words in the catalogues (table `designer`), and nothing else.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

from pydantic import Field

from jifen.api.fields import Answer
from jifen.document.check import GRANTS
from jifen.document.claims import condition_findings, operators_for, vocabulary_for, vocabulary_of
from jifen.document.conditions import CONDITION_DEPTH_MAX, OPERATORS_WRITTEN, ClaimDocument
from jifen.document.meaning import Vocabulary
from jifen.document.model import ProgramDocument
from jifen.document.schema import schema
from jifen.domain.program.conditions import FACTS, Fact, FactType
from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.rules import HAVE_NEGATIVES, fact_shown

WHOLE = "program_document"
"""The document itself, as a part."""
_CONDITIONS = frozenset({"AllDocument", "AnyDocument", "NotDocument", "ClaimDocument"})
_NAMES = {
    "currency": "currencies",
    "event": "events",
    "moment": "moments",
    "tier": "tiers",
    "store": "stores",
    "group": "stacking_groups",
    "shares": "shared_caps",
    "on": "occasions",
    ("multiple", "of"): "earn_rules",
    ("per_attribute", "attribute"): "event_attributes",
    ("tiers", "by"): "measures",
    ("claim", "rule"): "every_rule",
    ("earn_rule", "terms"): "terms",
    ("offer", "class"): "offer_classes",
    ("offer_class", "not_with"): "offer_classes",
}
"""What a field that holds a code names, by the field, or by part and field: a list of the document, or one made of several."""
_UNITS: Mapping[Any, str] = {
    ("currency", "worth"): "money",
    ("worth_per", "minor"): "money",
    ("tier", "reach"): "measure",
    ("band", "from"): "money",
    ("band", "per"): "money",
    ("amount_off", "minor"): "money",
    ("fixed_price", "minor"): "money",
}
_VALUES = {"tier": "tiers", "store": "stores", "days": "days"}
"""The list whose codes are values of a fact, by the fact's last word. One that is looked up otherwise is named by that word."""
_ALSO = {"times": "Caps"}
"""Fields whose part says something else there than where it is used first, and so has words of its own."""
_SAYS = {"between": "condition.between", "at_least": "condition.says.ge"}
"""Of operators that do not say `condition.says.<operator>`."""


class GrammarKind(Answer):
    """One way in which a field may be written."""

    kind: Literal[
        "code", "text", "date", "month_day", "names", "whole", "ratio", "decimal", "flag", "choice", "part", "list", "lines",
        "map", "condition",
    ]  # fmt: skip
    part: str | None = Field(
        default=None,
        description="Of `part`, `list` of parts with codes of their own, and `lines` of parts without: which.",
    )
    of: GrammarKind | None = Field(default=None, description="Of `list` and `map`: what stands in it.")
    choices: list[GrammarChoice] = Field(default=[], description="Of `choice`.")


class GrammarChoice(Answer):
    """A value that a field may take, by its word."""

    value: str | int
    label: str


class GrammarField(Answer):
    """A field of a part. `says` is its phrase in a sentence; its holes name fields of the part, or of what it holds."""

    name: str
    says: str | None
    is_required: bool
    is_amount: bool = Field(description="One of those of which a rule has exactly one.")
    unit: Literal["money", "units", "measure"] | None
    names: str | None = Field(description="The list of the document whose codes it names.")
    default: str | int | bool | None = Field(description="What it is where it is left out.")
    kinds: list[GrammarKind]


class GrammarPart(Answer):
    """A part of the document by its fields, in the order in which they are written."""

    part: str
    label: str
    fields: list[GrammarField]


class GrammarFact(Answer):
    """A fact that conditions may speak of. `unit` says how its values are shown."""

    fact: str
    label: str
    kind: Literal["line", "purchase", "event", "known", "state"]
    type: Literal["text", "path", "texts", "integer"]
    unit: Literal["money", "thousandths", "hour", "date"] | None
    operators: list[str]
    needs: list[str] = Field(description="Fields that a claim of the fact must have besides its operator.")
    allows: list[str] = Field(description="Fields that it may have, those that it needs included.")
    names: str | None = Field(
        description="The list of the document whose codes are its values; `store_<field>`: what stores say under that field."
    )
    choices: list[GrammarChoice]


class GrammarOperator(Answer):
    """An operator: its phrase, that of its negative (null: only `not` says it), and how many values it takes."""

    operator: str
    says: str
    says_not: str | None
    takes: list[Literal["one", "many", "two"]]


class GrammarAnswer(Answer):
    """What a programme may be made of, in one language."""

    parts: list[GrammarPart]
    facts: list[GrammarFact]
    fact_kinds: list[GrammarChoice]
    operators: list[GrammarOperator]
    claim: list[GrammarField] = Field(description="What a claim may say besides its fact and its operator.")
    declared: list[GrammarDeclared]


class GrammarDeclared(Answer):
    """Facts that a document declares itself: attributes of lines, of events. `says` has the hole `code`."""

    prefix: str
    kind: Literal["line", "event"]
    says: str
    operators_of_text: list[str]
    operators_of_integer: list[str]


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    """The schema, made once: it takes tens of milliseconds."""
    return schema()


@lru_cache(maxsize=16)
def grammar(language: str) -> GrammarAnswer:
    """The grammar in a language."""
    words = catalogue_of(language)
    found = _schema()
    claim = found["$defs"]["ClaimDocument"]["properties"]
    return GrammarAnswer(
        parts=[_part(name, shape, words) for name, shape in _parts(found)],
        facts=[_fact(fact, words) for fact in FACTS.values()],
        fact_kinds=[_choice(one, words.say(f"designer.fact_kind.{one}")) for one in _kinds_of_facts()],
        operators=[
            GrammarOperator(
                operator=one,
                says=_operator(one, words),
                says_not=_operator(f"not_{one}", words) if one in HAVE_NEGATIVES else None,
                takes=_takes(claim[one]),
            )
            for one in OPERATORS_WRITTEN
        ],
        claim=[_field("claim", name, claim[name], {"fact"}, words) for name in extras()],
        declared=list(_declared(words)),
    )


def extras() -> list[str]:
    """What a claim may say besides its fact and its operator."""
    names = (field.alias or name for name, field in ClaimDocument.model_fields.items())
    return [name for name in names if name != "fact" and name not in OPERATORS_WRITTEN]


def unsaid(language: str) -> list[str]:
    """The words that the language lacks: of parts, of choices, and of fields that no phrase shows, their own or that of the
    field that holds their part.
    """
    words = catalogue_of(language)
    shown: dict[str, set[str]] = {}
    told = grammar(language).parts
    for part, field in [(one, each) for one in told for each in one.fields if each.says]:
        for name in (part.part, *(one.part for one in field.kinds if one.part and one.kind == "part")):
            shown.setdefault(name, set()).update(re.findall(r"\{([a-z_]+)\}", field.says or ""))
    lacking = [key for key in (f"designer.part.{one.part}" for one in told) if not words.has(key)]
    lacking += [f"designer.claim.{one.name}" for one in grammar(language).claim if one.says is None]
    for part, field in [(one, each) for one in told for each in one.fields]:
        is_part = any(one.kind in ("part", "lines") for one in field.kinds)
        if (
            field.says is None
            and not is_part
            and field.name not in {"code", "names", *shown.get(part.part, ())}
        ):
            lacking.append(f"designer.{part.part}.{field.name}")
        for one in (choice for kind in field.kinds for choice in (kind.of or kind).choices):
            if one.label == str(one.value) and not words.has(
                f"designer.choice.{part.part}.{field.name}.{one.value}"
            ):
                lacking.append(f"designer.choice.{part.part}.{field.name}.{one.value}")
    return lacking


def _kinds_of_facts() -> Iterator[str]:
    yield from dict.fromkeys(str(fact.kind) for fact in FACTS.values())


def _parts(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield WHOLE, {**found, "required": found.get("required", ())}
    for name, shape in found["$defs"].items():
        if name not in _CONDITIONS:
            yield part_code(name), shape
    for field, name in _ALSO.items():
        if name in found["$defs"]:
            yield field, found["$defs"][name]


def part_code(name: str) -> str:
    """What a part is called here: `EarnRulePart` is `earn_rule`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Part")).lower()


def _part(code: str, shape: Mapping[str, Any], words: Catalogue) -> GrammarPart:
    required = set(shape.get("required", ()))
    return GrammarPart(
        part=code,
        label=words.say(f"designer.part.{code}") if words.has(f"designer.part.{code}") else code,
        fields=[_field(code, name, one, required, words) for name, one in shape["properties"].items()],
    )


def _field(
    part: str, name: str, shape: Mapping[str, Any], required: set[str], words: Catalogue
) -> GrammarField:
    key = f"designer.{part}.{name}"
    unit = _UNITS.get((part, name)) or ("money" if name.endswith("_minor") or "_minor_" in name else None)
    kinds = list(_kinds(shape, part, name, words))
    if unit is None and "units of the currency" in str(shape.get("description", "")):
        unit = "units"
    return GrammarField(
        name=name,
        says=words.say(f"designer.{part}.{name}", **_holes(key, words)) if words.has(key) else None,
        is_required=name in required,
        is_amount=part == "earn_rule" and name in GRANTS,
        unit=unit,  # type: ignore[arg-type]
        names=_NAMES.get((part, name)) or (_NAMES.get(name) if name != "of" else None),
        default=shape["default"] if isinstance(shape.get("default"), str | int | bool) else None,
        kinds=kinds,
    )


def _kinds(shape: Mapping[str, Any], part: str, name: str, words: Catalogue) -> Iterator[GrammarKind]:
    for one in shape.get("anyOf") or [shape]:
        yield _kind(one, part, name, words)


def _kind(shape: Mapping[str, Any], part: str, name: str, words: Catalogue) -> GrammarKind:
    referred = [one["$ref"].rsplit("/", 1)[-1] for one in (shape, *shape.get("oneOf", ())) if "$ref" in one]
    if referred and _CONDITIONS.issuperset(referred):
        return GrammarKind(kind="condition")
    if referred:
        return GrammarKind(kind="part", part=name if name in _ALSO else part_code(referred[0]))
    if "anyOf" in shape:  # of what stands in a list or a map the first way of writing it is offered
        return _kind(shape["anyOf"][0], part, name, words)
    values = shape.get("enum") or ([shape["const"]] if "const" in shape else [])
    if values:
        return GrammarKind(
            kind="choice", choices=[_choice(one, _chosen(part, name, one, words)) for one in values]
        )
    if str(shape.get("description", "")).startswith("1 Monday"):
        return GrammarKind(kind="choice", choices=_counted("weekday", words))
    return _collection(shape, part, name, words) or GrammarKind(kind=_scalar(shape))


def _chosen(part: str, name: str, value: Any, words: Catalogue) -> str:
    has_word = words.has(f"designer.choice.{part}.{name}.{value}")
    return words.say(f"designer.choice.{part}.{name}.{value}") if has_word else str(value)


def _counted(word: str, words: Catalogue) -> list[GrammarChoice]:
    """The values of what is counted from 1 and has a word for each, such as weekdays and months; nothing of anything else."""
    found = itertools.takewhile(lambda at: words.has(f"{word}.{at}"), itertools.count(1))
    return [_choice(at, words.say(f"{word}.{at}")) for at in found]


def _collection(shape: Mapping[str, Any], part: str, name: str, words: Catalogue) -> GrammarKind | None:
    if shape["type"] == "array":
        inner = _kind(shape["items"], part, name, words)
        referred = _schema()["$defs"].get(shape["items"].get("$ref", "").rsplit("/", 1)[-1])
        # A list of coded parts has a place of its own on the screen, but within a part of such a list.
        is_within = part not in (WHOLE, "tiers")
        is_lines = referred is not None and ("code" not in referred["properties"] or is_within)
        return GrammarKind(kind="lines" if is_lines else "list", part=inner.part, of=inner)
    if shape["type"] == "object":
        if name == "names":
            return GrammarKind(kind="names")
        inner = shape.get("additionalProperties") or next(iter(shape["patternProperties"].values()))
        return GrammarKind(kind="map", of=_kind(inner, part, name, words))
    return None


def _scalar(shape: Mapping[str, Any]) -> Any:
    pattern = shape.get("pattern", "")
    if shape["type"] in ("integer", "boolean"):
        return "whole" if shape["type"] == "integer" else "flag"
    if "(/[0-9]" in pattern:
        return "ratio"
    if "(\\.[0-9]" in pattern:
        return "decimal"
    if pattern.startswith("^[0-9]{4}-"):
        return "date" if pattern.count("-[") > 1 and "(" not in pattern else "text"
    if pattern.startswith("^[0-9]{2}-["):
        return "month_day"
    return "code" if pattern.startswith("^[a-z][a-z0-9_-]") else "text"


def _choice(value: Any, label: str) -> GrammarChoice:
    return GrammarChoice(value=value, label=label)


def _holes(key: str, words: Catalogue) -> dict[str, str]:
    """What leaves the holes of a message as they are."""
    return {name: "{" + name + "}" for name in words.messages[key].parameters}


def _fact(fact: Fact, words: Catalogue) -> GrammarFact:
    word = fact.name.partition(".")[2]
    needs, allows = _besides(fact)
    return GrammarFact(
        fact=fact.name,
        label=fact_shown(fact.name, words),
        kind=str(fact.kind),  # type: ignore[arg-type]
        type=str(fact.type),  # type: ignore[arg-type]
        unit=_unit_of(fact),
        operators=list(operators_for(fact)),
        needs=needs,
        allows=allows,
        names=_VALUES.get(word) or (word if fact.looked_up_by else None),
        choices=_counted(word, words) if fact.type is FactType.INTEGER else [],
    )


_BEGINS = {"minor money": "money", "thousandths": "thousandths", "0 .. 23": "hour", "yyyymmdd": "date"}


def _unit_of(fact: Fact) -> Any:
    return next((unit for begins, unit in _BEGINS.items() if fact.unit.startswith(begins)), None)


def _besides(fact: Fact) -> tuple[list[str], list[str]]:
    """What a claim of the fact must say besides its operator, and what it may: asked of the check itself."""
    whole: Any = 1 if fact.type is FactType.INTEGER else "a"
    bare = {"fact": fact.name, operators_for(fact)[0]: whole}
    needs = [name for name in extras() if f"{name}_missing" in _codes(bare)]
    allows = [
        name for name in extras() if f"{name}_does_not_fit" not in _codes({**bare, name: _any_value(name)})
    ]
    return needs, allows


def _any_value(name: str) -> Any:
    shape = _schema()["$defs"]["ClaimDocument"]["properties"][name]
    if "oneOf" in shape:
        return {"fact": "line.sku", "is": "a"}
    return 1 if shape.get("type") == "integer" else next(iter(shape.get("enum", ["a"])))


def _codes(written: dict[str, Any]) -> set[str]:
    around, _ = _vocabularies()
    claim = ClaimDocument.model_validate(written)
    return {one.code for one in condition_findings(claim, (), around, CONDITION_DEPTH_MAX)}


@lru_cache(maxsize=1)
def _vocabularies() -> tuple[Vocabulary, Vocabulary]:
    """What a purchase's rule and an event's rule may speak of in a document that declares an attribute of each type."""
    names, declared = {"en": "x"}, {"text": "text", "integer": "integer"}
    document = ProgramDocument.model_validate({
        "program": {"code": "x", "names": names}, "time_zone": "UTC", "money": {"code": "CNY"}, "any_store": True,
        "line_attributes": declared, "currencies": ({"code": "x", "names": names, "kind": "qualifying"},),
        "events": ({"code": "x", "names": names, "attributes": declared},),
        "earn_rules": ({"code": "x", "names": names, "currency": "x", "on": "x", "fixed": {"points": 1}},),
    })  # fmt: skip
    around = vocabulary_of(document)
    return around, vocabulary_for(document, document.earn_rules[0], around)


def _operator(operator: str, words: Catalogue) -> str:
    key = _SAYS.get(operator, f"condition.says.{operator}")
    return words.say(key, **_holes(key, words))


def _takes(shape: Mapping[str, Any]) -> list[Any]:
    """How many values an operator takes; where it takes one or many, one comes first."""
    kinds = shape.get("anyOf") or [shape]
    found = [
        "two" if "prefixItems" in one else "many" if one.get("type") == "array" else "one" for one in kinds
    ]
    return list(dict.fromkeys(found))


def _declared(words: Catalogue) -> Iterator[GrammarDeclared]:
    _, vocabulary = _vocabularies()
    declared = [name for name in vocabulary.names() if name not in FACTS]
    for prefix in dict.fromkeys(name.rpartition(".")[0] + "." for name in declared):
        text, integer = vocabulary.fact(prefix + "text"), vocabulary.fact(prefix + "integer")
        assert text is not None, "a fact of its own vocabulary is known"
        assert integer is not None, "a fact of its own vocabulary is known"
        yield GrammarDeclared(
            prefix=prefix,
            kind=str(text.kind),  # type: ignore[arg-type]
            says=fact_shown(prefix + "{code}", words),
            operators_of_text=list(operators_for(text)),
            operators_of_integer=list(operators_for(integer)),
        )


for _model in (GrammarKind, GrammarField, GrammarPart, GrammarAnswer):
    _model.model_rebuild()
