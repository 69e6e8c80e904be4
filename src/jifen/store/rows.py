"""Many rows in one statement: columns as arrays, put together again by `unnest`.

One statement for a batch costs PostgreSQL two thirds of one execution for each row, and one round trip. A column whose
values are arrays or JSON themselves travels as texts, because arrays of arrays have one length in PostgreSQL. Most columns
travel as one text, an array as PostgreSQL writes it: asyncpg would ask of each value whether it is an array itself, which
costs more than all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

Columns: TypeAlias = Sequence[tuple[str, str]]
"""Name and PostgreSQL type of each; a type that ends in [] or is jsonb takes text (`array_text`, `json_text`). `day` is a
date that is told as its day number."""

_AS_TEXT = ("jsonb", "[]")
_IN_ONE_TEXT = ("bigint", "integer", "smallint", "boolean", "uuid", "text", "timestamptz", "day", "[]")
Plain: TypeAlias = int | bool | str | UUID | datetime | None
_encode = msgspec.json.Encoder().encode


class Together:
    """Rows of several tables, written in one statement: one round trip while the members are locked, instead of one a table.

    PostgreSQL runs data-modifying WITH parts to the end whatever is asked of them; none of them sees what another wrote,
    and none needs to.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[str, Columns, list[object]]] = []

    def add(self, statement: str, columns: Columns, values: list[object]) -> None:
        """One more part. Its statement has `{from_}` where the rows come from."""
        self._parts.append((statement, columns, values))

    async def write(self, connection: Connection) -> None:
        """Write everything; nothing is no statement."""
        if self._parts:
            text = _in_one(tuple((statement, tuple(columns)) for statement, columns, _ in self._parts))
            await connection.execute(text, *(value for _, _, values in self._parts for value in values))


@lru_cache(maxsize=256)
def _in_one(parts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> str:
    """The statement of some parts, with their parameters numbered on."""
    texts = []
    first = 1
    for statement, columns in parts:
        texts.append(statement.format(from_=unnested(columns, first=first)))
        first += len(columns)
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
        self._columns = columns
        self._insert = f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {{from_}} {on_conflict}"

    async def insert(self, target: Target, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, in order; none is no statement."""
        if rows:
            await written(target, self._insert, self._columns, rows)


async def written(target: Target, statement: str, columns: Columns, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement over rows (`{from_}` stands where they come from), or put it with others."""
    values = columns_of(columns, rows)
    if isinstance(target, Together):
        target.add(statement, columns, values)
    else:
        await target.execute(_in_one(((statement, tuple(columns)),)), *values)


def unnested(columns: Columns, *, first: int) -> str:
    """`unnest` of one parameter for each column (see `columns_of`), numbered from `first`, under the alias u."""
    arrays = ", ".join(f"${at}::{_parameter(type_)}" for at, (_, type_) in enumerate(columns, start=first))
    return f"unnest({arrays}) AS u ({', '.join(name for name, _ in columns)})"


def _chosen(name: str, type_: str) -> str:
    if type_ == "day":
        return f"DATE '1970-01-01' + u.{name}"
    return f"u.{name}::{type_}" if type_.endswith(_AS_TEXT) else f"u.{name}"


def _parameter(type_: str) -> str:
    element = "text" if type_.endswith(_AS_TEXT) else "integer" if type_ == "day" else type_
    return f"text::{element}[]" if type_.endswith(_IN_ONE_TEXT) else f"{element}[]"


def columns_of(columns: Columns, rows: Sequence[tuple[Any, ...]]) -> list[object]:
    """The parameters of `unnested` for some rows."""
    return [
        array_text(values) if type_.endswith(_IN_ONE_TEXT) else values
        for (_, type_), values in zip(columns, zip(*rows, strict=True), strict=True)
    ]


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
