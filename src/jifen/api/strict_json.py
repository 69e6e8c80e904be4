"""Bodies as strict JSON: no NaN, no key twice in one object, no character cut in half, and not nested too deep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pydantic_core

from jifen.domain.refusals import FieldWrong

_BLANKS = b" \t\r\n"


def parsed_json(raw: bytes, *, alone: str | None = None) -> Any:
    """The values of strict JSON.

    `alone` names the list at the top of which each item is refused alone ("": the whole is that list): in the place of one that
    says a key twice, or holds half a character, stands its refusal.

    Refuses
        FieldWrong   it is no JSON, or says a key twice, or holds half a character: its pointer names where
    """
    if not raw:
        raise FieldWrong("a body is needed", pointer="")
    try:
        value = pydantic_core.from_json(raw, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        no_json = FieldWrong(f"the body is no JSON: {error}", pointer="")
    else:
        if not has_key_twice(raw):
            return value
        no_json = FieldWrong("the body says a key twice", pointer="")
    try:
        read = _with_faults.decode(raw.decode())
        if next(_faults(read, ""), None) is None:
            raise no_json
        return _refused_alone(read, alone)
    except (ValueError, RecursionError):  # it is no JSON to this reader either; a refusal is none of these
        raise no_json from None


def has_key_twice(raw: bytes, *, known: int = 0) -> bool:
    """Whether some object of a JSON text says a key twice.

    `known` is `keys_in` what was understood of it: where the text has no more, as from most tills, it need not be read again.
    """
    if b"\\u00" not in raw:  # a quote, colon or blank that is escaped would be counted differently
        keys = keys_in(raw)
        if keys == known or keys == keys_in(_written_again(raw)):
            return False
    try:
        _keys_once.decode(raw.decode())
    except _KeyTwice:
        return True
    except (ValueError, RecursionError):  # no JSON at all, which whoever reads it for its values says
        return False
    return False


def keys_in(text: bytes) -> int:
    """How many quotes stand before a colon: one for each key, and for texts that begin with a colon or hold such a pair.

    A text that was read and written again has the same of the latter, and fewer of the former if a key stood twice.
    """
    return text.translate(None, _BLANKS).count(b'":')


def _written_again(raw: bytes) -> bytes:
    try:
        return msgspec.json.encode(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b""


class _KeyTwice(Exception):
    """A key stands twice."""


class _Doubled(dict[str, Any]):
    """An object that says a key twice."""

    key: str


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise _KeyTwice


def _marked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) == len(pairs):
        return told
    doubled, seen = _Doubled(told), set[str]()
    doubled.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return doubled


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


_keys_once = json.JSONDecoder(object_pairs_hook=_once, parse_int=len, parse_float=len)
_with_faults = json.JSONDecoder(object_pairs_hook=_marked, parse_constant=_no_constant)


def _faults(value: Any, pointer: str) -> Iterator[FieldWrong]:
    """Keys that stand twice and characters cut in half, in the order of the text."""
    if isinstance(value, str) and _shown(value) != value:
        yield FieldWrong(_HALF, pointer=pointer, value=_shown(value)[:80])
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _faults(one, f"{pointer}/{at}")
    elif isinstance(value, dict):
        if isinstance(value, _Doubled):
            key = _shown(value.key)
            yield FieldWrong(f"the key {key[:80]!r} stands twice", pointer=f"{pointer}/{_escaped(key)}")
        for key, one in value.items():
            if _shown(key) != key:
                yield FieldWrong(_HALF, pointer=f"{pointer}/{_escaped(_shown(key))}")
            yield from _faults(one, f"{pointer}/{_escaped(_shown(key))}")


_HALF = "the text holds half of a character (a lone surrogate), which is none"


def _refused_alone(read: Any, alone: str | None) -> Any:
    """The values with refusals in the place of items that have a fault; a fault anywhere else is raised."""
    items = read if alone == "" else read.get(alone) if alone and isinstance(read, dict) else None
    if isinstance(items, list):
        items[:] = [next(_faults(item, ""), item) for item in items]
    for fault in _faults(read, ""):  # anywhere else
        raise fault
    return read


def _shown(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")[:100]
