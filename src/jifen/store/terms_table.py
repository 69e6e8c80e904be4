"""The table of the terms of membership."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from jifen.store.columns import metadata, moment, of

terms = Table(
    "terms",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("summary", JSONB),
    Column("is_worse", Boolean, nullable=False),
    moment("takes_effect_at"),
    moment("published_at"),
    Column("published_by", Text, nullable=False),
    CheckConstraint("number > 0", name="terms_are_counted_from_one"),
    CheckConstraint("takes_effect_at >= published_at", name="no_terms_take_effect_in_the_past"),
    CheckConstraint("(number = 1) = (summary IS NULL)", name="what_is_different_is_told"),
    Index("terms_version", "version", unique=True),
    Index("terms_takes_effect_at", "takes_effect_at"),
    comment="One version of the terms of membership, as it was published; it never changes.",
    info=of("reference-journal", None),
)

terms_withdrawal = Table(
    "terms_withdrawal",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    moment("withdrawn_at"),
    Column("withdrawn_by", Text, nullable=False),
    moment("would_take_effect_at"),
    CheckConstraint("withdrawn_at < would_take_effect_at", name="terms_in_force_are_not_called_off"),
    comment="A version of the terms that was called off before it took effect.",
    info=of("reference-journal", None),
)
