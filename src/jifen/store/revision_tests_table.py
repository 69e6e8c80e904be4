"""The table of the tests that the document of a revision carries."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from jifen.store.columns import metadata, moment, of

revision_tests = Table(
    "revision_tests",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tests", JSONB, nullable=False),
    moment("kept_at", default=True),
    comment="The tests that the document of a revision carries: they may change, and mean nothing for members.",
    info=of("reference", None),
)
