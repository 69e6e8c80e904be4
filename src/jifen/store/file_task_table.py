"""The table of files that come in and go out at somebody's wish. A part of the schema (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from jifen.store.columns import metadata, moment, of

file_task = Table(
    "file_task",
    metadata,
    Column("task_id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("question", JSONB, nullable=False),
    Column("answer", JSONB),
    Column("failure", JSONB),
    Column("asked_by", Text, nullable=False),
    moment("asked_at", default=True),
    moment("started_at", nullable=True),
    moment("ended_at", nullable=True),
    Column("stage", Text),
    Column("percent", SmallInteger, nullable=False, server_default=text("0")),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    CheckConstraint("kind IN ('purchases', 'opening', 'journal')", name="a_file_task_has_a_known_kind"),
    CheckConstraint(
        "state IN ('ready', 'waiting', 'running', 'done', 'failed', 'cancelled')",
        name="a_file_task_has_a_known_state",
    ),
    CheckConstraint("(failure IS NULL) = (state <> 'failed')", name="a_file_task_that_failed_says_why"),
    comment="One file that is brought in (purchases, opening) or handed out (journal), how far that is and how it ended: "
    "numbers and codes, and nothing that the file holds. Removed after 30 days.",
    info=of("work", "task_id"),
)
