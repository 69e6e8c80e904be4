"""The table of events: what was told of something else than a sale. A part of the schema (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from jifen.store.columns import member_id, metadata, of, sequence

event = Table(
    "event",
    metadata,
    member_id(),
    sequence(),
    Column("code", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("business_no", Text, nullable=False),
    Column("attributes", JSONB, nullable=False),
    comment="What was told of an event: its code, its number outside, and of the attributes that the programme declares the "
    "integers and the texts that a rule names.",
    info=of("journal"),
)

event_text = Table(
    "event_text",
    metadata,
    member_id(),
    sequence(),
    Column("attributes", JSONB, nullable=False),
    comment="Texts of an event that no rule names. They may say anything, so they stand outside the journal and can be erased.",
    info=of("identity"),
)
