"""The ledger: journal, cache, identity, work and reference tables.

Revision ID: 0001
Revises:
"""

from pathlib import Path

from alembic import op
from sqlalchemy import text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the frozen statements of `0001_ledger.sql`; rights are given only where the application has a role of its own."""
    has_role = (
        op.get_bind().execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'jifen_app'")).first() is not None
    )
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n"):
        if statement.strip() and (has_role or not statement.startswith("GRANT")):
            op.execute(statement.replace(":", r"\:"))
