"""The table of the API's keys: a part of the schema (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from jifen.store.columns import metadata, moment, of

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("old_secret_hash", LargeBinary),  # what it was before the last rotation
    moment("old_secret_until", nullable=True),
    Column("roles", ARRAY(Text), nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),  # beyond those of its roles
    Column("stores", ARRAY(Text)),  # NULL: bound to none
    Column("adjustment_units_max", BigInteger),  # NULL: any number
    Column("needs_code", Boolean, nullable=False, server_default=text("false")),
    Column("requests_per_minute", Integer),  # NULL: as many as the ledger's own limit says
    Column("is_test", Boolean, nullable=False, server_default=text("false")),
    moment("created_at", default=True),
    moment("expires_at", nullable=True),
    moment("revoked_at", nullable=True),
    moment("last_used_at", nullable=True),  # within the hour: `touch_api_key`
    CheckConstraint("cardinality(roles) + cardinality(permissions) > 0", name="a_key_may_do_something"),
    CheckConstraint("cardinality(stores) > 0", name="a_bound_key_has_a_store"),
    CheckConstraint("adjustment_units_max >= 0", name="a_limit_is_no_debt"),
    CheckConstraint("requests_per_minute > 0", name="a_key_may_ask_something"),
    CheckConstraint(
        "(old_secret_hash IS NULL) = (old_secret_until IS NULL)", name="an_old_secret_has_an_end"
    ),
    comment="One key of the API: who asks with it, and what it may do. Only a hash of its secret is kept.",
    info=of("reference", None),
)
