"""What the application role may do, by class of table. It owns nothing."""

from __future__ import annotations

from sqlalchemy import Table

from jifen.store.columns import SCHEMA
from jifen.store.tables import metadata

RIGHTS: dict[str, str] = {
    "journal": "SELECT, INSERT",
    "reference-journal": "SELECT, INSERT",
    "cache": "SELECT, INSERT, UPDATE, DELETE",
    "identity": "SELECT, INSERT, UPDATE, DELETE",
    "work": "SELECT, INSERT, UPDATE, DELETE",
    "reference": "SELECT, INSERT, UPDATE, DELETE",
}


def grants(role: str = "jifen_app") -> list[str]:
    """The statements that give the application role its rights, and no more."""
    tables: list[Table] = list(metadata.tables.values())
    return [
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}",
        *(f"GRANT {RIGHTS[str(table.info['class'])]} ON {SCHEMA}.{table.name} TO {role}" for table in tables),
    ]
