"""Alembic's entry: runs on the connection that `store.migrate` hands over."""

from alembic import context
from sqlalchemy import text

from jifen.store.columns import SCHEMA
from jifen.store.tables import metadata

connection = context.config.attributes["connection"]
# A migration waits a short time for its locks and then gives up: a queue behind it would stop every till.
connection.execute(text("SET LOCAL lock_timeout = '5s'"))
connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
context.configure(connection=connection, target_metadata=metadata, version_table_schema=SCHEMA)
with context.begin_transaction():
    context.run_migrations()
