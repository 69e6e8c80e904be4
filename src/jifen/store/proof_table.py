"""The table of proofs: what was found when the books were last proven. A part of the schema (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB, UUID

from jifen.store.columns import metadata, moment, of

proof = Table(
    "proof",
    metadata,
    Column("proof_id", UUID(as_uuid=True), primary_key=True),
    moment("began_at"),
    Column("milliseconds", Integer, nullable=False),
    Column("members_replayed", BigInteger, nullable=False),
    Column("is_kept", Boolean, nullable=False),
    Column("laws", JSONB, nullable=False),
    comment="What one `jifen reconcile` found of each law. The newest are kept.",
    info=of("work", None),
)
