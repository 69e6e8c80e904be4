"""The schema is one thing however it is made, and fit for a cluster."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from tests.conftest import FreshDatabase

from jifen.store.columns import SCHEMA
from jifen.store.migrate import migrate, schema_is_current, url_of
from jifen.store.rights import RIGHTS, grants
from jifen.store.tables import metadata

CATALOG = {
    "columns": """SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default
                  FROM information_schema.columns WHERE table_schema = 'jifen' AND table_name <> 'alembic_version'
                  ORDER BY table_name, ordinal_position""",
    "constraints": """SELECT c.relname, o.conname, pg_get_constraintdef(o.oid) FROM pg_constraint o
                      JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE n.nspname = 'jifen' AND c.relname <> 'alembic_version' ORDER BY 1, 2""",
    "indexes": """SELECT tablename, indexname, indexdef FROM pg_indexes
                  WHERE schemaname = 'jifen' AND tablename <> 'alembic_version' ORDER BY 1, 2""",
    "tables": """SELECT c.relname, c.reloptions::text, obj_description(c.oid) FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = 'jifen' AND c.relkind = 'r' AND c.relname <> 'alembic_version' ORDER BY 1""",
    "rights": """SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
                 WHERE table_schema = 'jifen' AND table_name <> 'alembic_version' ORDER BY 1, 2, 3""",
}


async def _catalog(database: FreshDatabase) -> dict[str, list[tuple[object, ...]]]:
    connection = await asyncpg.connect(**database.owner.arguments())
    try:
        return {
            name: [tuple(row) for row in await connection.fetch(query)] for name, query in CATALOG.items()
        }
    finally:
        await connection.close()


def _made_from_metadata(database: FreshDatabase) -> None:
    async def make() -> None:
        engine = create_async_engine(url_of(database.owner), poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            await connection.run_sync(metadata.create_all)
            for grant in grants():
                await connection.execute(text(grant))
        await engine.dispose()

    asyncio.run(make())


def test_metadata_migrations_and_a_fresh_database_are_identical(
    fresh_database: FreshDatabase, empty_database: FreshDatabase
) -> None:
    _made_from_metadata(empty_database)

    migrated = asyncio.run(_catalog(fresh_database))
    declared = asyncio.run(_catalog(empty_database))

    for name in CATALOG:
        assert migrated[name] == declared[name], name


def test_migrating_again_changes_nothing(fresh_database: FreshDatabase) -> None:
    before = asyncio.run(_catalog(fresh_database))

    migrate(fresh_database.owner)

    assert schema_is_current(fresh_database.owner)
    assert asyncio.run(_catalog(fresh_database)) == before


def test_an_unmigrated_database_is_not_current(empty_database: FreshDatabase) -> None:
    assert not schema_is_current(empty_database.owner)


async def test_every_unique_key_holds_the_distribution_column_and_a_members_key_begins_with_it(
    fresh_database: FreshDatabase,
) -> None:
    """Law 11, and what Citus refuses: a unique constraint without the distribution column, a foreign key across shards,
    a sequence of its own, a distribution column that may be null."""
    connection = await asyncpg.connect(**fresh_database.owner.arguments())
    found: list[str] = []
    for table in metadata.tables.values():
        column = table.info["distributed_by"]
        if column is None:
            continue
        keys = await connection.fetch(
            """SELECT i.indisprimary, array_agg(a.attname::text ORDER BY k.n) AS columns
               FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k (attnum, n), pg_attribute a
               WHERE i.indrelid = $1::text::regclass AND i.indisunique AND a.attrelid = i.indrelid AND a.attnum = k.attnum
               GROUP BY i.indexrelid, i.indisprimary""",
            f"{SCHEMA}.{table.name}",
        )
        assert any(key["indisprimary"] for key in keys), f"{table.name} has no primary key"
        for key in keys:
            if column not in key["columns"]:
                found.append(f"{table.name}: a unique key {key['columns']} lacks {column}")
            if column == "member_id" and key["columns"][0] != "member_id":
                found.append(f"{table.name}: the key {key['columns']} does not begin with member_id")
        if table.c[str(column)].nullable:
            found.append(f"{table.name}.{column} may be null")
    foreign = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND connamespace = 'jifen'::regnamespace"
    )
    sequences = await connection.fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'jifen'")
    await connection.close()
    assert not found
    assert not foreign, "a foreign key would cross shards"
    assert not sequences, "a sequence is one place that every shard must ask"


def test_every_table_says_what_one_row_is_and_has_a_class() -> None:
    for table in metadata.tables.values():
        assert table.comment, table.name
        assert table.info["class"] in RIGHTS, table.name
        assert "distributed_by" in table.info, table.name


@pytest.mark.parametrize(
    "table", sorted(t.name for t in metadata.tables.values() if str(t.info["class"]).endswith("journal"))
)
async def test_the_application_cannot_change_or_delete_the_journal(
    fresh_database: FreshDatabase, table: str
) -> None:
    connection = await asyncpg.connect(**fresh_database.app.arguments())
    try:
        for statement in (
            f"DELETE FROM jifen.{table}",
            f"TRUNCATE jifen.{table}",
            f"DROP TABLE jifen.{table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        column = next(iter(metadata.tables[f"{SCHEMA}.{table}"].columns)).name
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"UPDATE jifen.{table} SET {column} = {column}")
    finally:
        await connection.close()
