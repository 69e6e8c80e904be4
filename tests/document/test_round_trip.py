"""A document survives being written and read, whatever its texts hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jifen.document import yaml_text
from jifen.document.load import document_from, parse_document
from jifen.document.model import ProgramDocument
from jifen.document.schema import schema_text
from jifen.document.stored import document_published
from jifen.document.write import as_values, document_hash, document_json, document_yaml
from jifen.domain.texts import PRINTABLE
from jifen.templates import template_names, template_text

ROOT = Path(__file__).parents[2]

_code = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
_name = st.one_of(
    st.from_regex(PRINTABLE.replace("*$", "+$"), fullmatch=True).map(lambda text: text[:100]),
    st.sampled_from(
        [
            "no",
            "~",
            "12:30",
            "1e3",
            "-.5",
            "0x1F",
            "2026-01-01",
            " x ",
            "a: b",
            "# x",
            "'",
            "\\",
            "%",
            "? x",
            "- x",
        ]
    ),
)
_names = st.dictionaries(st.sampled_from(["zh", "en", "fr"]), _name, min_size=1)
_units = st.integers(1, 10**12)
_ratio = st.tuples(st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1)).map(
    lambda pair: f"{pair[0]}/{pair[1]}"
)
_small = st.integers(-(10**12), 10**12)


def _fields(needed: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed, optional=optional)


def _conditions() -> st.SearchStrategy[dict[str, Any]]:
    texts = st.lists(_name, min_size=1, max_size=3)
    claim = _fields(
        {"fact": _name},
        {
            "window_days": st.integers(1, 3660), "currency": _name, "is": _name,
            "in": st.lists(st.one_of(_name, _small), min_size=1),
            "under": st.one_of(_name, texts), "has": _name, "has_any": texts, "eq": _small,
            "ge": st.one_of(_name, _small),
            "between": st.tuples(_small, _small).map(list), "at_least": _name,
        },
    )  # fmt: skip
    return st.recursive(
        claim,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"not": inner}),
        ),
        max_leaves=5,
    )


_currency = _fields(
    {"code": _code, "names": _names, "kind": st.sampled_from(["spendable", "qualifying"])},
    {
        "scale": st.integers(0, 4),
        "worth": st.one_of(
            st.integers(0, 9), _ratio, st.fixed_dictionaries({"minor": st.integers(0, 9), "per": st.integers(0, 9)})),
        "expiry": st.one_of(st.just("never"), _fields({"months": st.integers(0, 24)}, {"round": st.just("month_end")})),
        "pending": st.fixed_dictionaries({"days": st.integers(0, 30)}),
        "debt": _fields({"policy": st.sampled_from(["allow", "forbid"])}, {"limit_units": _units}),
        "funded_by": _name,
    },
)  # fmt: skip
_rule = _fields(
    {"code": _code, "names": _names},
    {
        "currency": _code,
        "per_amount": _fields({"points": _units, "amount_minor": st.integers(1, 10**9)},
                              {"whole_steps": st.booleans()}),
        "per_quantity": _fields({"points": _units, "quantity": st.sampled_from(["1", "0.5", "007", "1.250"])}, {}),
        "fixed": st.fixed_dictionaries({"points": _units}),
        "multiple": st.fixed_dictionaries({"of": _code, "by": _ratio}),
        "rounding": st.sampled_from(["down", "half_up", "half_even", "up"]),
        "tier_multiplies": st.booleans(),
        "group": _code,
        "caps": _fields({}, {"purchase": _units, "day": _units, "month": _units}),
        "when": _conditions(),
    },
)  # fmt: skip
_tier = _fields({"code": _code, "names": _names, "reach": st.integers(0, 10**12)}, {"multiplier": _ratio})
_offer = _fields(
    {"code": _code, "names": _names},
    {
        "amount_off": _fields({"minor": st.integers(1, 10**9)}, {"each": st.sampled_from(["basket", "piece"])}),
        "nth": _fields({"n": st.integers(2, 100), "pays_bps": st.integers(0, 9_999)}, {"alike": st.booleans()}),
        "bundle": st.fixed_dictionaries({
            "price_minor": st.integers(0, 9),
            "items": st.lists(_fields({"names": _names, "lines": _conditions()}, {"pieces": st.integers(1, 20)}), min_size=1,
                              max_size=2),
        }),
        "lines": _conditions(),
        "when": _conditions(),
        "class": _code,
        "exclusive": st.booleans(),
        "most_minor": st.integers(1, 10**9),
        "on_return": st.sampled_from(["keep", "take_back_discount"]),
    },
)  # fmt: skip
_documents = _fields(
    {
        "program": st.fixed_dictionaries({"code": _code, "names": _names}),
        "time_zone": _name,
        "money": _fields({"code": st.just("CNY")}, {"decimals": st.integers(0, 4)}),
        "currencies": st.lists(_currency, min_size=1, max_size=2),
    },
    {
        "any_store": st.booleans(),
        "stores": st.lists(
            _fields({"code": st.sampled_from(["1", "0017", "a.b"]), "names": _names}, {"time_zone": _name}), max_size=2
        ),
        "line_attributes": st.dictionaries(_code, st.sampled_from(["text", "integer"]), max_size=2),
        "stacking_groups": st.lists(_fields({"code": _code, "mode": st.sampled_from(["add", "best"])}, {}), max_size=2),
        "earn_rules": st.lists(_rule, max_size=3),
        "offers": st.lists(_offer, max_size=2),
        "tiers": st.fixed_dictionaries(
            {"by": _name, "window_days": st.integers(1, 3660), "keeps_days": st.integers(1, 3660),
             "list": st.lists(_tier, min_size=1, max_size=3)}
        ),
    },
)  # fmt: skip


def as_model(values: Any) -> ProgramDocument:
    def tuples(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: tuples(one) for name, one in value.items()}
        return tuple(map(tuples, value)) if isinstance(value, list) else value

    return ProgramDocument.model_validate(tuples(values))


@settings(max_examples=200, deadline=None)
@given(_documents)
def test_a_document_survives_yaml_and_json(values: dict[str, Any]) -> None:
    document = as_model(values)

    for text in (document_yaml(document), document_json(document)):
        assert ProgramDocument.model_validate(yaml_text.read(text, name="again").value) == document
    assert as_model(json.loads(document_json(document))) == document


@pytest.mark.parametrize("name", template_names())
def test_a_template_survives_its_round_trip(name: str) -> None:
    document = parse_document(template_text(name), name=name)
    again = parse_document(document_yaml(document), name="again")

    assert again == document
    assert document_from(json.loads(document_json(document))) == document
    assert document_yaml(again) == document_yaml(document)


def test_the_hash_is_of_what_is_said_and_not_of_how() -> None:
    text = template_text("corner-shop")
    said_otherwise = "# another comment\n" + text.replace(
        "money: {code: CNY, decimals: 2}", "money:\n  code: CNY"
    )
    changed = text.replace("reach: 300000", "reach: 300001")

    hashes = [document_hash(parse_document(one, name="x")) for one in (text, said_otherwise, changed)]

    assert hashes[0] == hashes[1] != hashes[2]


def test_the_published_schema_is_fresh() -> None:
    published = (ROOT / "docs" / "reference" / "programme.schema.json").read_text(encoding="utf-8")

    assert published == schema_text()


def test_a_published_document_is_read_without_its_stores_being_validated_again_and_is_the_same() -> None:
    document = parse_document(
        template_text("corner-shop").replace(
            "stores:\n", "stores:\n  - {code: far, names: {en: Far}, time_zone: Asia/Tokyo}\n"
        ),
        name="corner-shop.yaml",
    )
    again = document_published(json.loads(document_json(document)))
    assert again == document
    assert document_hash(again) == document_hash(document)
    assert again.stores[0].time_zone == "Asia/Tokyo"


@pytest.mark.parametrize("name", template_names())
def test_the_text_that_is_hashed_is_the_canonical_json_of_the_whole(name: str) -> None:
    document = parse_document(template_text(name), name=name)
    values = document.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    whole = {"format": document.format, **values}
    assert as_values(document) == whole
    assert list(as_values(document)) == list(whole)
    assert document_json(document) == json.dumps(
        whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
