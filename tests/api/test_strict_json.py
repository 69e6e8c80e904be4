"""A key that stands twice is found at any depth, and looked for only where it may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.conftest import a_purchase_body

from jifen.api import told
from jifen.api.strict_json import has_key_twice, parsed_json
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import FieldWrong

values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.sampled_from(['":', '\\":', ":", '"'])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.text(max_size=3), st.just('a":')), inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip


@given(value=values, indent=st.sampled_from([None, 0, 3]), is_ascii=st.booleans(), known=st.integers(0, 3))
def test_what_says_each_key_once_passes(value: Any, indent: int | None, is_ascii: bool, known: int) -> None:
    spaced = json.dumps(value, indent=indent, ensure_ascii=is_ascii, separators=(" , ", "\t :\n")).encode()
    dense = json.dumps(value, ensure_ascii=is_ascii, separators=(",", ":")).encode()
    for raw in (spaced, dense):
        assert not has_key_twice(raw, known=known)
        assert parsed_json(raw) == json.loads(raw)


HIDING = ['":', '\\":', ":", '"', " :", '" :', "\\u0022:", "\\u003a", "\\u0020:", "\\\\", '\\":\\":', "x"]


@given(
    texts=st.lists(st.sampled_from(HIDING), min_size=1, max_size=5), key=st.sampled_from(["a", *HIDING]), at=st.integers(0, 5)
)  # fmt: skip
def test_no_text_hides_a_key_that_stands_twice(texts: list[str], key: str, at: int) -> None:
    """Texts that look like keys, escaped in one way here and in another when they are written again."""

    def quoted(text: str) -> str:
        return f'"{text}"' if text.startswith("\\") and text not in ('\\":', "\\") else json.dumps(text)

    members = [f"{quoted(f'k{n}')}:{quoted(text)}" for n, text in enumerate(texts)]
    doubled = [*members, f"{quoted(key)}:1"]
    doubled.insert(at % len(doubled), f"{quoted(key)} :2")
    raw = ("{" + ",".join(doubled) + "}").encode()
    json.loads(raw)
    assert has_key_twice(raw)
    once = ("{" + ",".join(members) + "}").encode()
    assert not has_key_twice(once)


@given(body=values, key=st.text(max_size=3), other=values)
def test_a_key_twice_is_found_at_any_depth(body: Any, key: str, other: Any) -> None:
    name = json.dumps(key)
    raw = f'{{"a":[{json.dumps(body)},{{{name}:{json.dumps(other)},"":0,{name} :1}}]}}'.encode()
    assert has_key_twice(raw)
    with pytest.raises(FieldWrong, match="stands twice"):
        parsed_json(raw)
    assert told.read_purchase_told(raw, LOCAL) is None
    assert isinstance(parsed_json(raw, alone="a")["a"][1], FieldWrong)
    assert parsed_json(raw, alone="a")["a"][0] == body


def test_defaults_that_are_written_out_still_take_the_short_road() -> None:
    body = a_purchase_body(None, store=None, tags=[], payments=[])
    body["lines"][0] |= {"quantity_milli": 1_000, "name": None, "attributes": {}}
    assert told.read_purchase_told(json.dumps(body).encode(), LOCAL) is not None
    assert (
        told.read_batch_told(json.dumps({"purchases": [body, a_purchase_body(None)]}).encode(), LOCAL)
        is not None
    )


@pytest.mark.parametrize("store", ["：main", "＂：", "\\\\u0022:", " :"])
def test_a_text_that_takes_another_form_hides_no_key_that_stands_twice(store: str) -> None:
    """A full-width colon becomes a plain one in what is kept, and would count like a key there."""
    body = json.dumps(a_purchase_body(None), separators=(",", ":"))[:-1]
    assert (
        told.read_purchase_told((body + f',"store":"{store}","tags":[],"tags":[]}}').encode(), LOCAL) is None
    )
    assert told.read_purchase_told((body + f',"store":"{store}","source":"pos"}}').encode(), LOCAL) is None
