"""The tables of compensations: units for many members at once, and for whom what became of them. A part of the schema."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from jifen.store.columns import among, metadata, moment, of

STATES = ("paying", "paid", "undoing", "undone")

compensation = Table(
    "compensation",
    metadata,
    Column("compensation_id", UUID(as_uuid=True), primary_key=True),
    Column("currency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    moment("made_at", default=True),
    Column("made_by", Text, nullable=False),
    moment("undone_at", nullable=True),
    Column("undone_by", Text),
    CheckConstraint(among("state", STATES), name="a_compensation_has_a_known_state"),
    comment="Units that many members are given at once, and why; it can be undone.",
    info=of("identity", None),
)

compensation_share = Table(
    "compensation_share",
    metadata,
    Column("compensation_id", UUID(as_uuid=True), primary_key=True),
    Column("member_id", UUID(as_uuid=True), primary_key=True),
    Column("units", BigInteger, nullable=False),
    Column("sequence", BigInteger),
    Column("undone_sequence", BigInteger),
    Column("refusal", Text),
    CheckConstraint("units > 0", name="a_share_gives_something"),
    Index(
        "compensation_share_open",
        "compensation_id",
        postgresql_where=text("sequence IS NULL AND refusal IS NULL"),
    ),
    comment="What one member is given by a compensation: the entry that gave it, the one that took it back, or why not.",
    info=of("identity", None),
)
