"""The tables of segments: named lists of members, given or by a condition. A part of the schema (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from jifen.store.columns import member_id, metadata, moment, of

segment = Table(
    "segment",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("names", JSONB, nullable=False),
    Column("condition", JSONB),
    moment("made_at"),
    Column("made_by", Text, nullable=False),
    moment("archived_at", nullable=True),
    moment("refreshed_at", nullable=True),
    Column("members", BigInteger, nullable=False),
    Column("left_out", BigInteger, nullable=False),
    UniqueConstraint("code", name="a_code_names_one_segment"),
    CheckConstraint("number > 0", name="segments_are_numbered_from_one"),
    CheckConstraint("members >= 0 AND left_out >= 0", name="a_segment_has_no_less_than_nobody"),
    comment="One segment: a named list of members, or the condition by which a job finds them; how many there were at last.",
    info=of("reference", None),
)

segment_size = Table(
    "segment_size",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("on_day", Date, primary_key=True),
    Column("members", BigInteger, nullable=False),
    Column("left_out", BigInteger, nullable=False),
    comment="How many were in a segment when it was counted last on a day.",
    info=of("reference", None),
)

segment_member = Table(
    "segment_member",
    metadata,
    member_id(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Index("segment_member_by_segment", "number", "member_id"),
    comment="One member who is in a segment now.",
    info=of("identity"),
)
