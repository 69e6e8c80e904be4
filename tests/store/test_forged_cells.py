"""Forge one cell of the cache, or of an array in the journal: the database refuses it, or reconcile names it. Every time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, LargeBinary
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger
from tests.store.test_laws_can_fail import _some_life

from jifen.operations.reconcile_books import reconcile_books
from jifen.store.ledger import Ledger
from jifen.store.tables import metadata

NOT_OF_THE_BOOKS = {"inserted_at", "recorded_xid"}
"""Of no row here: when it was written, which nobody derives anything from."""


def forged(type_: str, column: str, at: int | None) -> str:
    """The SQL of another value for a column, or for the cell of its array or of its bytes."""
    if type_ == "bytea":
        assert at is not None, "each byte is a cell"
        return f"{column} = set_byte({column}, {at - 1}, (get_byte({column}, {at - 1}) + 1) % 256)"
    cell = column if at is None else f"{column}[{at}]"
    if type_.startswith(("integer", "bigint", "smallint")):
        return f"{cell} = {cell} + 1"
    return {
        "date": f"{cell} = {cell} + 1",
        "timestamp with time zone": f"{cell} = {cell} + INTERVAL '1 second'",
        "boolean": f"{cell} = NOT {cell}",
        "text": f"{cell} = CASE {cell} WHEN 'frozen' THEN 'active' ELSE 'frozen' END",
    }[type_]


async def _cells(admin: asyncpg.Connection) -> Iterator[tuple[str, str, str, str]]:
    """(table, its key as SQL, column, SQL that forges a cell) of everything in the cache and of the journal's arrays."""
    found = []
    for table in metadata.tables.values():
        class_ = table.info["class"]
        if class_ not in ("cache", "journal"):
            continue
        key = [column.name for column in table.primary_key]
        types = dict(
            await admin.fetch(
                """SELECT column_name, replace(coalesce(e.data_type, c.data_type), '[]', '')
                   FROM information_schema.columns c LEFT JOIN information_schema.element_types e
                       ON e.object_schema = c.table_schema AND e.object_name = c.table_name
                       AND e.collection_type_identifier = c.dtd_identifier
                   WHERE c.table_schema = 'jifen' AND c.table_name = $1""",
                table.name,
            )
        )
        for column in table.columns:
            name = column.name
            is_array = isinstance(column.type, ARRAY | LargeBinary)
            if name in key or name in NOT_OF_THE_BOOKS or (class_ == "journal" and not is_array):
                continue
            counts = "length" if isinstance(column.type, LargeBinary) else "cardinality"
            size = f"{counts}({name})" if is_array else f"({name} IS NOT NULL)::int"
            row = await admin.fetchrow(
                f"SELECT *, {size} AS cells FROM jifen.{table.name} ORDER BY {size} DESC NULLS LAST, {', '.join(key)} LIMIT 1"
            )
            where = " AND ".join(f"{one} = '{row[one]}'" for one in key)
            if not row["cells"]:
                continue
            places: list[int | None] = [*range(1, row["cells"] + 1)] if is_array else [None]
            found += [(table.name, where, name, forged(types[name], name, at)) for at in places]
    return iter(found)


async def _is_named(ledger: Ledger) -> bool:
    books = await reconcile_books(ledger)
    return bool(books.differences) or any(one.verdict == "broken" for one in books.verdicts)


async def test_a_forged_cell_is_refused_or_named(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger:
        await _some_life(ledger)
        assert not await _is_named(ledger)
        admin: Any = await asyncpg.connect(**fresh_database.admin.arguments())
        overlooked, tried = [], []
        for table, where, column, change in await _cells(admin):
            tried.append(f"{table}.{column}")
            before = await admin.fetchval(f"SELECT {column} FROM jifen.{table} WHERE {where}")
            try:
                await admin.execute(f"UPDATE jifen.{table} SET {change} WHERE {where}")
            except asyncpg.IntegrityConstraintViolationError:
                continue
            if not await _is_named(ledger):
                overlooked.append(f"{table}: {change} where {where}")
            await admin.execute(f"UPDATE jifen.{table} SET {column} = $1 WHERE {where}", before)
        assert not overlooked, "\n".join(overlooked)[:3000]
        assert len(tried) > 100
        named = {
            "entry.slices",
            "entry.moves",
            "purchase.hits",
            "purchase.masks",
            "purchase_return.forgiven",
            "member.days",
        }
        assert named <= set(tried), "a life without a value for a column forges nothing of it"
        assert not await _is_named(ledger)
        await admin.close()
