"""The tables of what all members share: pools, leases, and what entries drew from them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, text
from sqlalchemy.dialects.postgresql import UUID

from jifen.store.columns import member_id, metadata, moment, of, sequence

pool = Table(
    "pool",
    metadata,
    Column("pool", Integer, primary_key=True, autoincrement=False),
    Column("leased", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    CheckConstraint("leased >= 0 AND used >= 0", name="a_pool_is_never_below_nothing"),
    comment="What of a pool (a rule's budget) is leased to processes, and what leases that are settled gave.",
    info=of("work", None),
)

lease = Table(
    "lease",
    metadata,
    Column("lease_id", UUID(as_uuid=True), primary_key=True),
    Column("pool", Integer, nullable=False),
    Column("units", BigInteger, nullable=False),
    moment("taken_at"),
    moment("ends_at"),
    Column("closed_by_xid", BigInteger),
    moment("settled_at", nullable=True),
    Column("used", BigInteger),
    CheckConstraint("units > 0", name="a_lease_is_of_something"),
    CheckConstraint("ends_at > taken_at", name="a_lease_ends_after_it_began"),
    CheckConstraint("used <= units", name="a_lease_gives_no_more_than_it_has"),
    CheckConstraint(
        "(settled_at IS NULL) = (used IS NULL)", name="a_lease_that_is_settled_says_what_it_gave"
    ),
    CheckConstraint(
        "settled_at IS NULL OR closed_by_xid IS NOT NULL", name="a_lease_is_closed_before_it_is_settled"
    ),
    Index("lease_unsettled", "pool", postgresql_where=text("settled_at IS NULL")),
    comment="Units of a pool that one process took ahead. What is not used when it ends comes back to the pool.",
    info=of("work", None),
)

pool_use = Table(
    "pool_use",
    metadata,
    member_id(),
    sequence(),
    Column("lease_id", UUID(as_uuid=True), primary_key=True),
    Column("pool", Integer, nullable=False),
    Column("units", BigInteger, nullable=False),
    CheckConstraint("units > 0", name="a_use_of_a_pool_takes_something"),
    Index("pool_use_lease_id", "lease_id"),
    comment="What an entry was granted out of a pool, and by which lease: a row only where a rule with a budget granted.",
    info=of("journal"),
)
