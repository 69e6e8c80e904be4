"""Bringing a database to the newest schema with Alembic, as the role that owns it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL
from sqlalchemy.engine import Connection as SyncConnection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from jifen.embedded.connection import Connection
from jifen.store.columns import SCHEMA

_MIGRATIONS = Path(__file__).with_name("migrations")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def url_of(connection: Connection) -> URL:
    """The SQLAlchemy URL of a connection."""
    query = {"host": connection.host, "port": str(connection.port)}
    return URL.create(
        "postgresql+asyncpg",
        username=connection.user,
        password=connection.password,
        database=connection.database,
        query=query,
    )


def migrate(owner: Connection) -> None:
    """Create the schema or bring it to the newest migration. Running it again changes nothing."""

    def upgrade(connection: SyncConnection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async def run() -> None:
        engine = create_async_engine(url_of(owner), poolclass=NullPool)
        async with engine.connect() as connection:
            await connection.run_sync(upgrade)
            await connection.commit()
        await engine.dispose()

    asyncio.run(run())


def schema_is_current(owner: Connection) -> bool:
    """Whether the database stands at the newest migration."""

    def heads(connection: SyncConnection) -> bool:
        context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
        return set(context.get_current_heads()) == set(ScriptDirectory.from_config(_config()).get_heads())

    async def run() -> bool:
        engine = create_async_engine(url_of(owner), poolclass=NullPool)
        async with engine.connect() as connection:
            current = await connection.run_sync(heads)
        await engine.dispose()
        return current

    return asyncio.run(run())
