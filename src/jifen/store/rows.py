"""Many rows in one statement: columns as arrays, put together again by `unnest`.

One statement for a batch costs PostgreSQL two thirds of one execution for each row, and one round trip. A column whose
values are arrays or JSON themselves travels as text, because arrays of arrays have one length in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_AS_TEXT = ("jsonb", "[]")


class Rows:
    """The rows of one table, to be inserted together.

    Shape
        columns   name and PostgreSQL type of each; a type that ends in [] or is jsonb takes text (`array_text`, `json_text`)
    """

    def __init__(self, table: str, columns: Sequence[tuple[str, str]], *, on_conflict: str = "") -> None:
        names = ", ".join(name for name, _ in columns)
        chosen = ", ".join(
            f"u.{name}::{type_}" if type_.endswith(_AS_TEXT) else f"u.{name}" for name, type_ in columns
        )
        self.insert_sql = (
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {unnested(columns)} {on_conflict}"
        )

    async def insert(self, connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows, in order; none is no statement."""
        if rows:
            await connection.execute(self.insert_sql, *zip(*rows, strict=True))


def unnested(columns: Sequence[tuple[str, str]]) -> str:
    """`unnest` of one parameter for each column, under the alias u."""
    arrays = ", ".join(
        f"${at}::{'text' if type_.endswith(_AS_TEXT) else type_}[]"
        for at, (_, type_) in enumerate(columns, start=1)
    )
    return f"unnest({arrays}) AS u ({', '.join(name for name, _ in columns)})"


def array_text(numbers: Sequence[int]) -> str:
    """Integers as PostgreSQL's array text. asyncpg would ask of each number whether it is an array itself."""
    return "{" + ",".join(map(str, numbers)) + "}"


def texts_text(texts: Sequence[str]) -> str | None:
    """Texts as PostgreSQL's array text; None for none at all."""
    if not texts:
        return None
    return "{" + ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts) + "}"


def json_text(value: Any) -> str | None:
    """A value as JSON text; None for nothing."""
    return msgspec.json.encode(value).decode() if value else None
