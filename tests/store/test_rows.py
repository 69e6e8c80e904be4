"""Values come back as they were put in, whatever stands in a text."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import FreshDatabase

from jifen.store.ledger import connect
from jifen.store.rows import Rows, array_text, json_text

COLUMNS = [
    ("n", "bigint"), ("t", "text"), ("u", "uuid"), ("b", "boolean"), ("at", "timestamptz"), ("d", "day"), ("ns", "bigint[]"),
    ("ts", "text[]"), ("y", "bytea"), ("j", "jsonb"),
]  # fmt: skip

# Quotes, backslashes, braces, commas, lines and the word NULL are what an array's text is made of.
texts = st.text(
    st.one_of(
        st.sampled_from('"\\{},\n\t\r\x01 NULnul'), st.characters(exclude_characters="\0", codec="utf-8")
    ),
    max_size=12,
)
moments = st.integers(0, 2**47).map(lambda second: datetime.fromtimestamp(second / 1_000, tz=UTC))
numbers = st.integers(-(2**63), 2**63 - 1)


def _or_none(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), of)


rows = st.tuples(
    _or_none(numbers), _or_none(texts), _or_none(st.uuids()), _or_none(st.booleans()), _or_none(moments),
    _or_none(st.integers(0, 100_000)), _or_none(st.lists(numbers, max_size=4)), st.lists(texts, max_size=4),
    _or_none(st.binary(max_size=12)),
    _or_none(st.dictionaries(texts, texts, min_size=1, max_size=3)),
)  # fmt: skip


def test_rows_come_back_as_they_were(fresh_database: FreshDatabase) -> None:
    with asyncio.Runner() as runner:
        connection = runner.run(connect(fresh_database.app))
        runner.run(
            connection.execute(
                """CREATE TEMP TABLE told (n bigint, t text, u uuid, b boolean, at timestamptz, d date, ns bigint[], ts text[],
                                           y bytea, j jsonb, i serial)"""
            )
        )
        told = Rows("told", COLUMNS)

        async def put(wanted: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
            await connection.execute("TRUNCATE told")
            await told.insert(
                connection,
                [(*plain, json_text(j)) for *plain, j in wanted],
            )
            found = await connection.fetch(
                "SELECT n, t, u, b, at, d - DATE '1970-01-01', ns, ts, y, j FROM told ORDER BY i"
            )
            return [tuple(row) for row in found]

        @settings(max_examples=150, deadline=None)
        @given(st.lists(rows, min_size=1, max_size=4))
        def come_back(wanted: list[tuple[Any, ...]]) -> None:
            assert runner.run(put(wanted)) == wanted

        come_back()
        runner.run(connection.close())


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1, None, -2], "{1,null,-2}"),
        (["a", None, "NULL"], '{"a",null,"NULL"}'),
        (['say "yes"', None, True], '{"say \\"yes\\"",null,true}'),
        ([UUID(int=1)], '{"00000000-0000-0000-0000-000000000001"}'),
        ([], "{}"),
    ],
)
def test_an_array_is_written_as_postgresql_reads_it(values: list[Any], text: str) -> None:
    assert array_text(values) == text
