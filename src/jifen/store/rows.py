"""Many rows in one statement: columns as arrays, put together again by `unnest`.

One statement for a batch costs PostgreSQL two thirds of one execution for each row, and one round trip. A column whose
values are arrays or JSON themselves travels as texts, because arrays of arrays have one length in PostgreSQL. Every column
travels as one text, an array as PostgreSQL writes it: asyncpg would ask of each value whether it is an array itself, which
costs more than all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

Columns: TypeAlias = Sequence[tuple[str, str]]
"""Name and PostgreSQL type of each. A type that ends in [] takes a sequence, jsonb takes text (`json_text`). `day` is a date
that is told as its day number, `numbers` a text that lists numbers (`columns.listed`), told as a sequence of them."""

_AS_TEXT = ("jsonb", "[]")
_OF_NUMBERS = frozenset(("bigint[]", "integer[]", "smallint[]", "numbers"))
Plain: TypeAlias = int | bool | str | UUID | datetime | None
_encode = msgspec.json.Encoder().encode


class Statement:
    """SQL over rows of some columns; `{from_}` stands where they come from."""

    def __init__(self, text: str, columns: Columns) -> None:
        self.text = text
        self.columns = columns
        self._tellers = [_teller(type_) for _, type_ in columns]

    async def run(self, target: Target, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it over rows, or put it with others; no rows is no statement."""
        if not rows:
            return
        values = [tell(column) for tell, column in zip(self._tellers, zip(*rows, strict=True), strict=True)]
        if isinstance(target, Together):
            target.add(self, values)
        else:
            await target.execute(_in_one((self,)), *values)


class Together:
    """Rows of several tables, written in one statement: one round trip while the members are locked, instead of one a table.

    PostgreSQL runs data-modifying WITH parts to the end whatever is asked of them; none of them sees what another wrote,
    and none needs to.
    """

    def __init__(self) -> None:
        self._parts: list[Statement] = []
        self._values: list[object] = []

    def add(self, statement: Statement, values: Sequence[object]) -> None:
        """One more part, with a value for each of its columns."""
        self._parts.append(statement)
        self._values += values

    async def write(self, connection: Connection) -> None:
        """Write everything; nothing is no statement."""
        if self._parts:
            await connection.execute(_in_one(tuple(self._parts)), *self._values)


@lru_cache(maxsize=256)
def _in_one(parts: tuple[Statement, ...]) -> str:
    """The text of some statements as one, with their parameters numbered on."""
    texts = []
    first = 1
    for part in parts:
        texts.append(part.text.format(from_=unnested(part.columns, first=first)))
        first += len(part.columns)
    *others, last = texts
    before = ", ".join(f"part_{at} AS ({text})" for at, text in enumerate(others))
    return f"WITH {before} {last}" if others else last


Target: TypeAlias = "Connection | Together"
"""Where rows go: at once, or together with others."""


class Rows:
    """The rows of one table, to be inserted together."""

    def __init__(self, table: str, columns: Columns, *, on_conflict: str = "") -> None:
        names = ", ".join(name for name, _ in columns)
        chosen = ", ".join(_chosen(name, type_) for name, type_ in columns)
        self._insert = Statement(
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {{from_}} {on_conflict}", columns
        )

    async def insert(self, target: Target, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, in order; none is no statement."""
        await self._insert.run(target, rows)


def unnested(columns: Columns, *, first: int) -> str:
    """`unnest` of one parameter for each column, numbered from `first`, under the alias u."""
    arrays = ", ".join(f"${at}::{_parameter(type_)}" for at, (_, type_) in enumerate(columns, start=first))
    return f"unnest({arrays}) AS u ({', '.join(name for name, _ in columns)})"


def _chosen(name: str, type_: str) -> str:
    if type_ == "day":
        return f"DATE '1970-01-01' + u.{name}"
    return f"u.{name}::{type_}" if type_.endswith(_AS_TEXT) else f"u.{name}"


_ELEMENTS = {"day": "integer", "numbers": "text"}


def _parameter(type_: str) -> str:
    element = "text" if type_.endswith(_AS_TEXT) else _ELEMENTS.get(type_, type_)
    return f"text::{element}[]"


def _teller(type_: str) -> Callable[[Sequence[Any]], str]:
    """What tells the values of a column of a type."""
    if type_ in _OF_NUMBERS:
        return lists_text
    if type_.endswith("[]"):
        return _texts_of_arrays
    return _TELLERS.get(type_, array_text)


def _texts_of_json(values: Sequence[str | None]) -> str:
    """In a JSON text lines and the like are escaped already: only quotes and backslashes are left, which both escape alike."""
    return "{" + _encode(values)[1:-1].decode() + "}"


def _texts_of_bytes(values: Sequence[bytes | None]) -> str:
    return "{" + ",".join(["null" if one is None else f'"\\\\x{one.hex()}"' for one in values]) + "}"


_TELLERS: dict[str, Callable[[Sequence[Any]], str]] = {"jsonb": _texts_of_json, "bytea": _texts_of_bytes}


def _texts_of_arrays(values: Sequence[Sequence[Plain] | None]) -> str:
    return array_text([None if one is None else array_text(one) for one in values])


def lists_text(lists: Sequence[Sequence[int] | None]) -> str:
    """Lists of numbers as the text of an array of texts, each of which is the text of an array: a whole column at once."""
    return "{" + _encode(lists)[1:-1].replace(b"[", b'"{').replace(b"]", b'}"').decode() + "}"


def array_text(values: Sequence[Plain]) -> str:
    """Values as PostgreSQL's array text, which is JSON's in other brackets, but for what is escaped in a text."""
    encoded = _encode(values)
    if b"\\" in encoded:
        return "{" + ",".join(map(_element, values)) + "}"
    return "{" + encoded[1:-1].decode() + "}"


def _element(value: Plain) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _encode(value).decode()


def json_text(value: Any) -> str | None:
    """A value as JSON text; None for nothing."""
    return _encode(value).decode() if value else None
