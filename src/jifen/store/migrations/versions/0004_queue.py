"""The queue's own tables, in a schema of their own.

Revision ID: 0004
Revises: 0003
"""

import re
from pathlib import Path

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the frozen statements of `0004_queue.sql`; rights are given only where the application has a role of its own."""
    has_role = (
        op.get_bind().execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'jifen_app'")).first() is not None
    )
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    # A function's own statements end likewise, and are indented.
    for statement in re.split(r";\n\n(?=CREATE |GRANT )", script):
        if has_role or not statement.startswith("GRANT"):
            op.execute(statement.replace(":", r"\:"))
