"""Forge one cell of the cache, or of an array in the journal: the database refuses it, or reconcile names it. Every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, LargeBinary
from tests.builders import a_line, a_purchase
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger
from tests.store.occasions import buy_with_units, happen
from tests.store.test_laws_can_fail import _some_life

from jifen.document.load import parse_document
from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.domain.person import MemberKey
from jifen.domain.purchase import ReturnedLine
from jifen.operations.enrol_member import enrol_member
from jifen.operations.find_member import find_member
from jifen.operations.merge_members import merge_members
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Ledger
from jifen.store.once import Once
from jifen.store.tables import metadata
from jifen.templates import template_text

Cell = tuple[str, str, str, str]  # table, the row's key as SQL, column, SQL that forges the cell
NOT_OF_THE_BOOKS = {"inserted_at", "recorded_xid"}
"""Of no row here: when it was written, which nobody derives anything from."""
SAID_TWICE = (
    ("posting", "funder"), ("posting", "store"), ("posting", "channel"), ("posting", "actor"), ("posting", "revision"),
    ("posting", "recorded_at"), ("entry", "units"),
)  # fmt: skip
"""Cells of the journal that are no array and that something else in it tells too: forged in every row."""


def forged(type_: str, column: str, at: int | None) -> str:
    """The SQL of another value for a column, or for the cell of its array or of its bytes."""
    if type_ == "list":
        assert at is not None, "each number is a cell"
        numbers = f"unnest({column}::bigint[]) WITH ORDINALITY AS x (number, o)"
        return f"{column} = (SELECT array_agg(number + (o = {at})::int ORDER BY o) FROM {numbers})::text"
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
        "uuid": f"{cell} = gen_random_uuid()",
        "text": f"{cell} = CASE {cell} WHEN 'frozen' THEN 'active' ELSE 'frozen' END",
    }[type_]


async def _cells(admin: asyncpg.Connection) -> list[Cell]:
    """A cell of everything in the cache and of the journal's arrays."""
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
            is_list = "lists" in column.info
            is_array = isinstance(column.type, ARRAY | LargeBinary) or is_list
            if name in key or name in NOT_OF_THE_BOOKS or (class_ == "journal" and not is_array):
                continue
            counts = "length" if isinstance(column.type, LargeBinary) else "cardinality"
            array = f"{name}::bigint[]" if is_list else name
            size = f"{counts}({array})" if is_array else f"({name} IS NOT NULL)::int"
            row = await admin.fetchrow(
                f"SELECT *, {size} AS cells FROM jifen.{table.name} ORDER BY {size} DESC NULLS LAST, {', '.join(key)} LIMIT 1"
            )
            where = " AND ".join(f"{one} = '{row[one]}'" for one in key)
            if not row["cells"]:
                continue
            places: list[int | None] = [*range(1, row["cells"] + 1)] if is_array else [None]
            if (table.name, name) == ("entry", "hits"):
                # What an event's rules counted is said nowhere else until a document types the facts of events.
                places = [at for at in places if at is None or at % HIT_KEPT_WIDTH not in (2, 3)]
            type_ = "list" if is_list else types[name]
            found += [(table.name, where, name, forged(type_, name, at)) for at in places]
    return found


async def _cells_said_twice(admin: asyncpg.Connection) -> list[Cell]:
    """The same of what the journal says in two places, each row of it."""
    found = []
    for table, column in SAID_TWICE:
        key = [one.name for one in metadata.tables[f"jifen.{table}"].primary_key]
        type_ = await admin.fetchval(
            """SELECT data_type FROM information_schema.columns
               WHERE table_schema = 'jifen' AND table_name = $1 AND column_name = $2""",
            table,
            column,
        )
        own = ", ".join(key)
        rows = await admin.fetch(
            f"SELECT {own} FROM jifen.{table} WHERE {column} IS NOT NULL OR {type_ == 'text'} ORDER BY {own}"
        )
        for row in rows:
            where = " AND ".join(f"{one} = '{row[one]}'" for one in key)
            found.append((table, where, column, forged(type_, column, None)))
    return found


async def _is_named(ledger: Ledger) -> bool:
    books = await reconcile_books(ledger)
    return bool(books.differences) or any(one.verdict == "broken" for one in books.verdicts)


async def _overlooked(ledger: Ledger, admin: Any, cells: Sequence[Cell]) -> list[str]:
    """Those of the cells whose forgery the database takes and reconcile does not name."""
    overlooked = []
    for table, where, column, change in cells:
        before = await admin.fetchval(f"SELECT {column} FROM jifen.{table} WHERE {where}")
        try:
            await admin.execute(f"UPDATE jifen.{table} SET {change} WHERE {where}")
        except asyncpg.IntegrityConstraintViolationError:
            continue
        if not await _is_named(ledger):
            overlooked.append(f"{table}: {change} where {where}")
        await admin.execute(f"UPDATE jifen.{table} SET {column} = $1 WHERE {where}", before)
    return overlooked


TAGGED = """earn_rules:
  - code: tagged
    names: {en: On members' day}
    currency: points
    fixed: {points: 1}
    when: {fact: purchase.tags, has: members-day}
"""
PROGRAMME = parse_document(template_text("grocer").replace("earn_rules:\n", TAGGED, 1), name="grocer.yaml")


async def _every_kind_of_life(ledger: Ledger) -> None:
    """A life in which every array of the journal has cells."""
    await _some_life(ledger)
    member = await find_member(ledger, MemberKey("card", "1"))
    await _take_somebody_over(ledger, member)
    await happen(ledger, member, money="USD")
    await buy_with_units(ledger, member, 30, money="USD", tags=["members-day"])


async def _take_somebody_over(ledger: Ledger, member: UUID) -> None:
    """Merge another member into one, before and after he brings back some of what he bought."""
    enrolled = await enrol_member(ledger, [MemberKey("card", "3")], Once(key="3", body_hash=b""))
    other = UUID(enrolled["member_id"])
    lines = [a_line(1, 9_000, quantity_milli=3_000)]
    purchase = replace(a_purchase(at=datetime.now(UTC), no="3", lines=lines, store="7"), money="USD")
    await record_purchases(ledger, [PurchaseRequest(purchase=purchase, whose=other, body_hash=b"3")])
    for key in ("before", "after"):
        back = ReturnRequest(
            purchase=BusinessKey("pos", "3"), lines=(ReturnedLine(number=1, quantity_milli=1_000),)
        )
        await return_purchase(ledger, back, Once(key=key, body_hash=b""))
        if key == "before":
            await merge_members(ledger, other, member, request=Once(key="merge", body_hash=b""))


async def test_a_forged_cell_is_refused_or_named(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database, document=PROGRAMME) as ledger:
        await _every_kind_of_life(ledger)
        assert not await _is_named(ledger)
        admin: Any = await asyncpg.connect(**fresh_database.admin.arguments())
        cells = await _cells(admin)
        overlooked = await _overlooked(ledger, admin, cells)
        assert not overlooked, "\n".join(overlooked)[:3000]
        tried = [f"{table}.{column}" for table, _, column, _ in cells]
        assert len(tried) > 100
        named = {
            "entry.slices",
            "entry.moves",
            "entry.hits",
            "entry.carried",
            "carried_lot.first_number",
            "purchase.legs",
            "purchase.tags",
            "purchase.hits",
            "purchase.masks",
            "purchase_return.forgiven",
            "member.days",
        }
        assert named <= set(tried), "a life without a value for a column forges nothing of it"
        assert not await _is_named(ledger)
        await admin.close()


async def test_a_cell_that_is_said_twice_is_refused_or_named(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger:
        await _some_life(ledger)
        admin: Any = await asyncpg.connect(**fresh_database.admin.arguments())
        cells = await _cells_said_twice(admin)
        kinds = await admin.fetch("SELECT DISTINCT kind FROM jifen.entry WHERE units IS NOT NULL")
        assert {"gift_in", "gift_out", "adjust_up", "reserve"} <= {row["kind"] for row in kinds}
        overlooked = await _overlooked(ledger, admin, cells)
        assert not overlooked, "\n".join(overlooked)[:3000]
        assert not await _is_named(ledger)
        await admin.close()
